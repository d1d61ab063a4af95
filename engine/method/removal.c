/* Photos without a concept. See removal.h. */
#include "engine/method/removal.h"

#include "engine/method/encode.h"
#include "engine/method/likeness.h"
#include "engine/photo/complete.h"

#include <math.h>
#include <string.h>

/* What a filling that is the concept itself may be less of a misfit than one that is not at all. */
#define CONCEPT_MISFIT 0.02

/* ---- How much of the concept a latent shows ---- */

static double
mean_likeness (const SpDirections *directions, guint concept, const float *latent,
               const float *cells, gsize n_cells)
{
  double sum = 0, weights = 0;
  for (gsize i = 0; i < n_cells; i++) {
    if (cells[i] > 0)
      sum += (double)cells[i] * sp_likeness (directions, concept, latent, n_cells, i);
    weights += (double)cells[i];
  }
  return sum / MAX (weights, 1e-12);
}

/* ---- Ways to fill ---- */

/* All ways, one after the other. */
typedef struct {
  float *pictures; /* n x 3 x height x width */
  float *latents;  /* n x C x h x w */
  double misfit[SP_N_COMPLETIONS];
  SpShape shape; /* n x C x h x w */
} Fillings;

static void
fillings_clear (Fillings *fillings)
{
  g_free (fillings->pictures);
  g_free (fillings->latents);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fillings, fillings_clear)

static gboolean
fill (const SpRemoval *removal, Fillings *fillings, GError **error)
{
  gsize pixels = (gsize)removal->height * removal->width;
  g_autofree guint8 *is_hole = g_new (guint8, pixels);
  for (gsize i = 0; i < pixels; i++)
    is_hole[i] = sp_removal_is_filled (removal->keep[i]);
  fillings->pictures = g_new (float, SP_N_COMPLETIONS * 3 * pixels);
  for (int k = 0; k < SP_N_COMPLETIONS; k++) {
    SpCompletion completion = { removal->height, removal->width, is_hole, (SpCompletionStart)k };
    float *picture = fillings->pictures + k * 3 * pixels;
    memcpy (picture, removal->photo, 3 * pixels * sizeof (float));
    if (!sp_complete (&completion, picture, &fillings->misfit[k], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
choose (const SpPack *pack, const SpRemoval *removal, const Fillings *fillings, int *chosen,
        GError **error)
{
  g_auto (SpDirections) directions = { 0 };
  SpShape shape = fillings->shape;
  gsize n_cells = (gsize)shape.height * shape.width;
  g_autofree float *cells = g_new (float, n_cells);
  double best = HUGE_VAL;
  if (!sp_directions_find (pack, shape.channels, &directions, error))
    return FALSE;
  sp_removal_cells (removal, removal->height / shape.height, cells);
  for (int k = 0; k < SP_N_COMPLETIONS; k++) {
    const float *latent = fillings->latents + k * shape.channels * n_cells;
    double like = mean_likeness (&directions, removal->concept, latent, cells, n_cells);
    double bad = fillings->misfit[k] + CONCEPT_MISFIT * like;
    if (bad < best) {
      best = bad;
      *chosen = k;
    }
  }
  return TRUE;
}

gboolean
sp_removal_is_filled (float keep)
{
  return keep < 0.5f;
}

gboolean
sp_removal_fills (const SpPack *pack, SpEditOperation operation, guint concept)
{
  guint n_units;
  sp_pack_concept_units (pack, concept, &n_units);
  return operation == SP_EDIT_REMOVE && n_units == 0;
}

void
sp_removal_cells (const SpRemoval *removal, int cell, float *cells)
{
  gsize pixels = (gsize)removal->height * removal->width;
  g_autofree float *filled = g_new (float, pixels);
  for (gsize i = 0; i < pixels; i++)
    filled[i] = 1 - removal->keep[i];
  sp_edit_cells (filled, removal->height, removal->width, cell, cells);
}

gboolean
sp_removal_find (const SpPack *pack, SpBackend *backend, const SpRemoval *removal,
                 float **completed, float **filling, GError **error)
{
  g_auto (Fillings) fillings = { 0 };
  gsize pixels = (gsize)removal->height * removal->width;
  int chosen = 0;
  if (!fill (removal, &fillings, error))
    return FALSE;
  fillings.latents = sp_encode_pictures (pack, backend, fillings.pictures, SP_N_COMPLETIONS,
                                         removal->height, removal->width, &fillings.shape, error);
  if (fillings.latents == NULL || !choose (pack, removal, &fillings, &chosen, error))
    return FALSE;
  gsize latent = sp_shape_elements (fillings.shape) / SP_N_COMPLETIONS;
  *completed = g_memdup2 (fillings.pictures + chosen * 3 * pixels, 3 * pixels * sizeof (float));
  *filling = g_memdup2 (fillings.latents + chosen * latent, latent * sizeof (float));
  return TRUE;
}
