/* A judge: a small segmentation network, trained on labelled photos alone.
 *
 * What says whether an edit shows its concept must not be the generator's own idea of it. The judge
 * shares nothing with a pack: not its weights, not its losses. It is small and far from a published
 * segmentation network, so its own intersection over union on photos that it never saw is told with
 * every figure that rests on it.
 *
 * Eight 3x3 convolutions (three halvings below the grid, and the way back up with sums), pixel norm
 * before each but the first, and a 1x1 head: the log odds of each concept in each block of 4 x 4
 * pixels, independent of one another, as labels overlap (a window lies in a building). It sees
 * pictures of at most 128 pixels; larger ones are averaged down.
 */
#pragma once

#include "weights/judge/pictures.h"
#include "weights/common/work.h"

G_BEGIN_DECLS

#define SP_JUDGE_BLOCK 4
#define SP_JUDGE_FEATURES 64

typedef struct {
  guint steps, batch, seed;
} SpJudgeOptions;

#define SP_JUDGE_OPTIONS_DEFAULT ((SpJudgeOptions){ 12000, 16, 1 })

typedef struct _SpJudge SpJudge;

/* Trains on the learnt photos of `side` pixels; logistic loss over known pixels, in which rare
 * concepts count more (by the root of how rare, up to 8 times). Adam, learning rate 0.002 falling
 * to 0; every picture seen another way (augment.h). The same bits for the same data and options. */
SpJudge *sp_judge_train (SpWork *work, SpDataset *dataset, const SpPhotoList *learnt, int side,
                         const SpJudgeOptions *options, GError **error);
void sp_judge_free (SpJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpJudge, sp_judge_free)

/* As a safetensors file, and back for the concepts of `dataset`. Fail with a G_FILE_ERROR,
 * SP_ERROR_PACK (damaged), SP_ERROR_SETTING (of other concepts or another size). */
gboolean sp_judge_save (const SpJudge *judge, const char *path, GError **error);
SpJudge *sp_judge_load (const char *path, const SpDataset *dataset, int side, GError **error);

/* The judge of `path`, trained and saved there first if there is no such file; NULL: not saved. */
SpJudge *sp_judge_open (SpWork *work, SpDataset *dataset, const SpPhotoList *learnt, int side,
                        const SpJudgeOptions *options, const char *path, GError **error);

guint sp_judge_n_concepts (const SpJudge *judge);
/* Blocks on a side, for pictures of the side that it was trained for. */
int sp_judge_grid (const SpJudge *judge);

/* Adds the judge on top of a picture (N x 3 x H x W): log odds, N x K x H/b x W/b, b the pixels of
 * a block. `features`, if not NULL, gets what the head reads, N x SP_JUDGE_FEATURES x H/b x W/b.
 * The weights are constants. */
SpTensor *sp_judge_build (const SpJudge *judge, SpGraph *graph, SpTensor *picture,
                          SpTensor **features);

/* Intersection over union of each concept (log odds above 0 against blocks that are mostly it),
 * over known blocks of at most `most` photos; NAN where neither ever is. */
gboolean sp_judge_overlap (SpWork *work, const SpJudge *judge, SpDataset *dataset,
                           const SpPhotoList *measured, guint most, double *overlap,
                           GError **error);

G_END_DECLS
