/* Edits of the latent, eq. 9. See edit.h.
 *
 * Each operation makes a value map v (C x h x w, the paper's s p_c) and the mask and strength blend
 * it in. Pixel norm follows z4, so a cell's direction is all that the generator sees: values from
 * elsewhere are brought to the length of the photo's own cells, or they would drown or be drowned
 * in the blend.
 */
#include "engine/method/edit-private.h"

#include <math.h>
#include <string.h>

void
sp_edit_cells (const float *strokes, int height, int width, int cell, float *cells)
{
  int rows = height / cell, columns = width / cell;
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      double sum = 0;
      for (int y = i * cell; y < (i + 1) * cell; y++)
        for (int x = j * cell; x < (j + 1) * cell; x++)
          sum += strokes[(gsize)y * width + x];
      cells[i * columns + j] = MIN (1.0f, 2 * (float)sum / (cell * cell));
    }
  }
}

/* ---- Tensors of a concept ---- */

char *
sp_edit_tensor (const SpEditContext *context, const char *part)
{
  return g_strdup_printf ("concept.%s.%s", context->concept->name, part);
}

float *
sp_edit_read_value (const SpEditContext *context, GError **error)
{
  g_autofree char *name = sp_edit_tensor (context, "value");
  return sp_pack_read (context->pack, name,
                       (SpPackShape){ 1, { context->shape.channels, 1, 1, 1 } }, error);
}

/* ---- Cells ---- */

static float
cell_length (const float *map, gsize n_cells, int channels, gsize cell)
{
  double sum = 0;
  for (int c = 0; c < channels; c++)
    sum += (double)map[c * n_cells + cell] * map[c * n_cells + cell];
  return (float)sqrt (sum);
}

float
sp_edit_mean_length (const float *map, SpShape shape)
{
  gsize n_cells = (gsize)shape.height * shape.width;
  double sum = 0;
  for (gsize i = 0; i < n_cells; i++)
    sum += cell_length (map, n_cells, shape.channels, i);
  return (float)(sum / n_cells);
}

void
sp_edit_copy_cell (int channels, const float *source, gsize n_source, gsize from, float *values,
                   gsize n_cells, gsize to, float length)
{
  float factor = length / MAX (cell_length (source, n_source, channels, from), 1e-6f);
  for (int c = 0; c < channels; c++)
    values[c * n_cells + to] = factor * source[c * n_source + from];
}

/* ---- Blending ---- */

/* ze = (1 - a) z + a v in channels [c, c + 1) where the mask says so. */
static void
blend_channel (SpEditContext *context, int c, const float *values, float strength)
{
  float *z = context->latent + c * context->n_cells;
  for (gsize i = 0; i < context->n_cells; i++) {
    float a = context->edit->cells[i] * strength;
    z[i] = (1 - a) * z[i] + a * values[i];
  }
}

static void
blend_all (SpEditContext *context, const float *values)
{
  for (int c = 0; c < context->shape.channels; c++)
    blend_channel (context, c, values + c * context->n_cells, (float)context->edit->strength);
}

/* ---- Concepts with units ---- */

/* As in the authors' demonstration, low, medium and high (0.5, 0.75, 1) edit the best 4, 10 and 15
 * units. */
static guint
units_for_strength (const SpEditContext *context)
{
  double strength = context->edit->strength;
  double n = strength <= 0.5    ? 8 * strength
             : strength <= 0.75 ? 4 + (strength - 0.5) * 24
                                : 10 + (strength - 0.75) * 20;
  return CLAMP ((guint)lround (n), 1, context->n_units);
}

static gboolean
unit_is_excluded (const SpEditContext *context, int unit)
{
  guint n_excluded;
  const int *excluded = sp_pack_excluded_units (context->pack, &n_excluded);
  for (guint i = 0; i < n_excluded; i++)
    if (excluded[i] == unit)
      return TRUE;
  return FALSE;
}

/* The paper's style edit: the mean of a channel's positive activations in the reference. */
static float
mean_positive (const SpLatent *reference, int c)
{
  gsize n = (gsize)reference->shape.height * reference->shape.width;
  double sum = 0;
  guint count = 0;
  for (gsize i = 0; i < n; i++) {
    float value = reference->values[c * n + i];
    if (value > 0) {
      sum += value;
      count++;
    }
  }
  return count > 0 ? (float)(sum / count) : 0;
}

static gboolean
edit_units (SpEditContext *context, const SpLatent *reference, GError **error)
{
  g_autofree float *value = sp_edit_read_value (context, error);
  g_autofree float *map = g_new (float, context->n_cells);
  if (value == NULL)
    return FALSE;
  guint n = units_for_strength (context);
  for (guint u = 0; u < context->n_units && n > 0; u++) {
    int c = context->units[u];
    if (c >= context->shape.channels || unit_is_excluded (context, c))
      continue;
    float level = context->edit->operation == SP_EDIT_REMOVE    ? 0
                  : context->edit->operation == SP_EDIT_RESTYLE ? mean_positive (reference, c)
                                                                : value[c];
    for (gsize i = 0; i < context->n_cells; i++)
      map[i] = level;
    blend_channel (context, c, map, 1);
    n--;
  }
  return TRUE;
}

/* ---- Concepts in all channels: add ---- */

/* The rows and columns in which something is edited. */
static SpRectangle
box_of_cells (const SpEditContext *context)
{
  int height = context->shape.height, width = context->shape.width;
  int top = height, left = width, bottom = 0, right = 0;
  for (int i = 0; i < height; i++)
    for (int j = 0; j < width; j++)
      if (context->edit->cells[i * width + j] > 0) {
        top = MIN (top, i);
        left = MIN (left, j);
        bottom = MAX (bottom, i + 1);
        right = MAX (right, j + 1);
      }
  return (SpRectangle){ left, top, MAX (right - left, 0), MAX (bottom - top, 0) };
}

static gboolean
add_to_cells (SpEditContext *context, GError **error)
{
  if (context->edit->filling != NULL) {
    blend_all (context, context->edit->filling);
    return TRUE;
  }
  SpShape size = SP_SHAPE (1, context->shape.channels, 1, 1); /* of p_c */
  g_autofree float *source = context->concept->exemplars > 0
                                 ? sp_edit_read_exemplar (context, TRUE, &size, error)
                                 : sp_edit_read_value (context, error);
  g_autofree float *values = g_new0 (float, sp_shape_elements (context->shape));
  if (source == NULL)
    return FALSE;
  SpRectangle box = box_of_cells (context);
  sp_edit_lay (source, size, box, box, context->shape, context->latent, values);
  blend_all (context, values);
  return TRUE;
}

/* ---- Concepts in all channels: remove, restyle ---- */

static gboolean
fill_cells (SpEditContext *context, GError **error)
{
  if (context->edit->filling == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT,
                 "To remove or restyle “%s” it must be known what is to be seen there.",
                 context->concept->title);
    return FALSE;
  }
  blend_all (context, context->edit->filling);
  return TRUE;
}

/* ---- Units: restyle ---- */

static gboolean
restyle_units (SpEditContext *context, GError **error)
{
  const SpLatent *reference = context->edit->reference;
  SpLatent exemplar;
  g_autofree float *values = NULL;
  if (reference == NULL) {
    if (context->concept->exemplars == 0) {
      g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT,
                   "To restyle “%s” a reference photo is needed: the pack has no example of it.",
                   context->concept->title);
      return FALSE;
    }
    values = sp_edit_read_exemplar (context, FALSE, &exemplar.shape, error);
    if (values == NULL)
      return FALSE;
    exemplar.values = values;
    reference = &exemplar;
  }
  return edit_units (context, reference, error);
}

SpEditContext
sp_edit_context (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, float *latent)
{
  guint n_concepts;
  SpEditContext context = { .pack = pack,
                            .edit = edit,
                            .concept = &sp_pack_concepts (pack, &n_concepts)[edit->concept],
                            .shape = shape,
                            .n_cells = (gsize)shape.height * shape.width,
                            .latent = latent };
  context.units = sp_pack_concept_units (pack, edit->concept, &context.n_units);
  return context;
}

gboolean
sp_edit_latent (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, float *latent,
                GError **error)
{
  SpEditContext context = sp_edit_context (pack, edit, shape, latent);
  if (edit->strength <= 0)
    return TRUE;
  if (context.n_units > 0)
    return edit->operation == SP_EDIT_RESTYLE ? restyle_units (&context, error)
                                              : edit_units (&context, NULL, error);
  return edit->operation == SP_EDIT_ADD ? add_to_cells (&context, error)
                                        : fill_cells (&context, error);
}
