/* What light does to a pack's latents (engine/method/light.h), measured: survey photos are encoded
 * again with raised black, lowered white and without colour, and the change of their pixel-normed
 * cells is regressed on the cells; so are their pictures' mean colours.
 */
#pragma once

#include "engine/method/light.h"
#include "weights/dissect/survey.h"

G_BEGIN_DECLS

/* How much of the variance is explained, on photos that were left out: of the change by black, by
 * white, by saturation; of red, green, blue and the brightness's deviation. */
typedef struct {
  double change[SP_PACK_LIGHT_NUMBERS], colour[SP_PACK_LIGHT_COLOURS];
} SpLightFit;

/* Needs the encoder, and a survey of photos. `model` (empty before) stays empty where it would find
 * little of the changes, or the photos are too few to tell. */
gboolean sp_light_measure (SpWork *work, const SpPack *pack, const SpSurvey *survey,
                           SpLightModel *model, SpLightFit *fit, GError **error);

G_END_DECLS
