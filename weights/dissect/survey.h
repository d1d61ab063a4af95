/* What dissection looks at: many latents, with the pictures and the labels that belong to them.
 *
 * Of photos: z4 = E(photo), the labels are the photo's own. Of a prior: z4 of z = RandomState (1)'s
 * row i, the picture is G(z4), and the labels are what the judge sees in it, as netdissect has a
 * segmentation network see it.
 */
#pragma once

#include "weights/judge/drawing.h"
#include "weights/judge/pictures.h"

G_BEGIN_DECLS

typedef struct {
  guint n, concepts;
  int channels, h, w; /* cells of z4 */
  int grid, side;     /* of the labels, of the pictures */
  float *latents;     /* n x C x h x w */
  float *shares;      /* n x K x h x w: how much of a cell the concept covers */
  guint32 *labels;    /* n x g x g: bits as labels.h has them, of what is in most of a block */
  guint8 *pictures;   /* n x 3 x S x S */
  SpDataset *dataset; /* of photos; NULL: of a prior */
  SpDrawFrom from;    /* and which of them: */
  guint *numbers;     /* n */
} SpSurvey;

/* At most `most` photos of the list, spread over it; the dataset must outlive the survey. Fails
 * with SP_ERROR_PACK without encoder. */
SpSurvey *sp_survey_photos (SpWork *work, const SpPack *pack, const SpJudge *judge,
                            SpDataset *dataset, const SpPhotoList *photos, guint most, int side,
                            GError **error);
/* `samples` draws of the prior. Fails with SP_ERROR_PACK without one. */
SpSurvey *sp_survey_prior (SpWork *work, const SpPack *pack, const SpJudge *judge, guint samples,
                           GError **error);
void sp_survey_free (SpSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpSurvey, sp_survey_free)

/* Picture i, 3 x S x S in [-1, 1]. */
void sp_survey_picture (const SpSurvey *survey, guint i, float *picture);

/* What the labels say of each pixel of photo i, S x S bits as labels.h has them. Of photos. */
gboolean sp_survey_map (const SpSurvey *survey, guint i, guint32 *map, GError **error);

/* h x w. */
gsize sp_survey_cells (const SpSurvey *survey);
/* Latent i, C x h x w. */
const float *sp_survey_latent (const SpSurvey *survey, guint i);
/* Shares of concept k in latent i's cells, h x w. */
const float *sp_survey_shares (const SpSurvey *survey, guint i, guint k);

G_END_DECLS
