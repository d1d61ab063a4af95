/* Photos without a concept. See removal.h. */
#include "engine/method/removal.h"

#include "engine/method/encode.h"
#include "engine/photo/complete.h"

#include <math.h>
#include <string.h>

/* What a filling that is the concept itself may be less of a misfit than one that is not at all. */
#define CONCEPT_MISFIT 0.02

/* ---- How much of the concept a latent shows ---- */

/* A concept's direction among the others': its value, of length 1, less the mean of all. */
typedef struct {
  int channels;
  float *mean, *direction; /* C each */
} Direction;

static void
direction_clear (Direction *direction)
{
  g_free (direction->mean);
  g_free (direction->direction);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Direction, direction_clear)

static float
length_of (const float *vector, int n)
{
  double squares = 0;
  for (int c = 0; c < n; c++)
    squares += (double)vector[c] * (double)vector[c];
  return (float)MAX (sqrt (squares), 1e-12);
}

static gboolean
find_direction (const SpPack *pack, guint concept, int channels, Direction *direction,
                GError **error)
{
  guint n;
  const SpConcept *concepts = sp_pack_concepts (pack, &n);
  direction->channels = channels;
  direction->mean = g_new0 (float, channels);
  direction->direction = g_new0 (float, channels);
  for (guint k = 0; k < n; k++) {
    g_autofree char *name = g_strdup_printf ("concept.%s.value", concepts[k].name);
    g_autofree float *value =
        sp_pack_read (pack, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, error);
    if (value == NULL)
      return FALSE;
    float length = length_of (value, channels);
    for (int c = 0; c < channels; c++) {
      direction->mean[c] += value[c] / length / (float)n;
      if (k == concept)
        direction->direction[c] = value[c] / length;
    }
  }
  for (int c = 0; c < channels; c++)
    direction->direction[c] -= direction->mean[c];
  return TRUE;
}

/* The cosine of cell i with the concept, both as seen from the mean of all concepts. */
static double
likeness (const Direction *direction, const float *latent, gsize n_cells, gsize i)
{
  int channels = direction->channels;
  g_autofree float *cell = g_new (float, channels);
  for (int c = 0; c < channels; c++)
    cell[c] = latent[c * n_cells + i];
  float length = length_of (cell, channels);
  double dot = 0;
  for (int c = 0; c < channels; c++) {
    cell[c] = cell[c] / length - direction->mean[c];
    dot += (double)cell[c] * (double)direction->direction[c];
  }
  return dot
         / ((double)length_of (cell, channels)
            * (double)length_of (direction->direction, channels));
}

static double
mean_likeness (const Direction *direction, const float *latent, const float *cells, gsize n_cells)
{
  double sum = 0, weights = 0;
  for (gsize i = 0; i < n_cells; i++) {
    if (cells[i] > 0)
      sum += (double)cells[i] * likeness (direction, latent, n_cells, i);
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
  g_auto (Direction) direction = { 0 };
  SpShape shape = fillings->shape;
  gsize n_cells = (gsize)shape.height * shape.width;
  g_autofree float *cells = g_new (float, n_cells);
  double best = HUGE_VAL;
  if (!find_direction (pack, removal->concept, shape.channels, &direction, error))
    return FALSE;
  sp_removal_cells (removal, removal->height / shape.height, cells);
  for (int k = 0; k < SP_N_COMPLETIONS; k++) {
    const float *latent = fillings->latents + k * shape.channels * n_cells;
    double like = mean_likeness (&direction, latent, cells, n_cells);
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
