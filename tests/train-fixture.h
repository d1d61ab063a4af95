/* Training in miniature: pictures of 32 pixels, networks of a few channels, seconds in all.
 *
 * Photos are empty files whose pictures the host makes of their names, so that no image library is
 * needed. A picture is two colours, one beside the other; the labels of every other photo say which
 * half is "bright" and which "dark".
 *
 * For a test program: every function here asserts what it needs, and one fixture lives at a time.
 */
#pragma once

#include "engine/cpu/cpu.h"
#include "engine/pack.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

#define PHOTO_SIDE 40
#define SIDE 32 /* of a training picture */
#define PHOTOS 12

typedef struct {
  char *folder, *data, *photos, *labels, *pack;
  SpBackend *backend;
} TrainFixture;

void train_set_up (TrainFixture *fixture, gconstpointer data);
void train_tear_down (TrainFixture *fixture, gconstpointer data);

extern const SpHost train_host;
/* Every line that the host was told. */
const char *train_told (void);
/* Is cancelled by the first picture that is saved; NULL: nothing is. */
extern GCancellable *train_cancel_at_save;
/* The pixels of photo `number`, as SpPhoto has them. */
gboolean train_read_picture (gpointer number, SpRectangle area, float *rgb, GError **error);

SpTrainOptions train_tiny_options (void);
void train_write_text (const char *folder, const char *name, const char *text);

void train_run (TrainFixture *fixture, const SpTrainOptions *options);
void train_tiny_pack (TrainFixture *fixture); /* with the tiny options */
GError *train_and_fail (TrainFixture *fixture, const SpTrainOptions *options,
                        GCancellable *cancellable);
/* The checkpoint of a training that begins anew and is not interrupted. */
GBytes *train_whole_run (TrainFixture *fixture, SpTrainOptions options);

/* A column of the curve, by its number, of the training in this folder (NULL: the pack's own). NAN
 * where nothing stands. */
GArray *train_read_curve (TrainFixture *fixture, const char *folder, guint column);
double train_mean (const GArray *numbers, guint first, guint end);

/* A file of the training's folder; its bytes. */
char *train_training_file (TrainFixture *fixture, const char *name);
GBytes *train_read_bytes (const char *path);
void train_assert_same (GBytes *a, GBytes *b);
/* A tensor that both packs have. */
void train_assert_same_tensor (const SpPack *a, const SpPack *b, const char *name);

G_END_DECLS
