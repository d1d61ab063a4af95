/* The generator's features at which probes look: engine/model/generator.h says of which layer. */
#pragma once

#include "engine/pack.h"
#include "weights/dissect/survey.h"

G_BEGIN_DECLS

typedef struct _SpFeatures SpFeatures;

/* Of latents of the survey's shape. NULL without an error where the generator has no features. */
SpFeatures *sp_features_new (SpWork *work, const SpPack *pack, const SpSurvey *survey,
                             GError **error);
void sp_features_free (SpFeatures *features);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpFeatures, sp_features_free)

/* 1 x C x h x w. */
SpShape sp_features_shape (const SpFeatures *features);
/* Those of a latent, C x h x w of the survey. */
void sp_features_draw (SpFeatures *features, const float *latent);
/* What was drawn at row y, column x of `rows` x `columns` that cover the map: C values,
 * pixel-normed, and then 1. Valid until the next call. */
const float *sp_features_at (SpFeatures *features, int rows, int columns, int y, int x);

G_END_DECLS
