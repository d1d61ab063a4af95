/* The light of a photo, and a latent in another light.
 *
 * An exemplar brings the light that it was photographed in: a red tree into a black and white
 * photo, a dark wall into fog. Where a pack says how, an edit changes that to the photo's first.
 *
 * Both are linear in pixel-normed cells to a good approximation (docs/dissecting.md has how good):
 * `latent.colour` (4 x C) finds a cell's mean red, green and blue, 0 to 1, and the deviation of its
 * brightness; `latent.light` (3 x C x C) is by how much a cell changes when its picture's black
 * rises by 1, its white rises by 1, or its saturation rises by the factor 1 + 1. Measured by
 * semantic-paint dissect (weights/dissect/light.h).
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* Of a whole picture, from its cells: the 0.1 quantile of brightness less its deviation, the 0.9
 * quantile of brightness more its deviation, and the root mean square of colour without brightness.
 * As the pack keeps it of the photos that its exemplars come from: SP_PACK_LIGHT_NUMBERS numbers.
 */
typedef struct {
  float black, white, saturation;
} SpLight;

typedef struct {
  int channels;
  float *colour; /* SP_PACK_LIGHT_COLOURS x C */
  float *change; /* SP_PACK_LIGHT_NUMBERS x C x C: [number][from channel][to channel] */
} SpLightModel;

/* The pack's colours; a model of no channels where it has none, which is no error. Its matrices are
 * large and rarely wanted in a preview: sp_light_model_read_changes() adds them. */
gboolean sp_light_model_read (const SpPack *pack, int channels, SpLightModel *model,
                              GError **error);
gboolean sp_light_model_read_changes (const SpPack *pack, SpLightModel *model, GError **error);
void sp_light_model_clear (SpLightModel *model);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpLightModel, sp_light_model_clear)

/* Cell `i` of a map of n_cells, pixel-normed: C numbers. */
void sp_light_read_cell (const float *map, gsize n_cells, int channels, gsize i, float *cell);

/* Brightness of red, green and blue, Rec. 601's luma. */
float sp_light_brightness (float red, float green, float blue);

/* Of the picture that `latent` (C x h x w) is of. */
SpLight sp_light_of (const SpLightModel *model, SpShape shape, const float *latent);

/* Whether a picture in light `from` stands out in light `to`: else sp_light_change() changes
 * nothing. */
gboolean sp_light_stands_out (SpLight from, SpLight to);

/* Cells (C x h x w) of a picture in light `from` become those of it in light `to`, pixel-normed. */
void sp_light_change (const SpLightModel *model, SpLight from, SpLight to, SpShape shape,
                      float *cells);

G_END_DECLS
