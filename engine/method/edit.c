/* Edits of the latent, eq. 9. See edit.h.
 *
 * Each operation makes a value map v (C x h x w, the paper's s p_c) and the mask and strength blend
 * it in. Pixel norm follows z4, so a cell's direction is all that the generator sees: values from
 * elsewhere are brought to the length of the photo's own cells, or they would drown or be drowned
 * in the blend.
 */
#include "engine/method/edit.h"

#include "engine/method/light.h"

#include <math.h>
#include <string.h>

#define MOSTLY 0.5f /* of a cell is edited */

typedef struct {
  const SpPack *pack;
  const SpLatentEdit *edit;
  const SpConcept *concept;
  const int *units;
  guint n_units;
  SpShape shape;
  gsize n_cells;
  float *latent;
} Context;

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

static char *
concept_tensor (const Context *context, const char *part)
{
  return g_strdup_printf ("concept.%s.%s", context->concept->name, part);
}

static float *
read_value (const Context *context, GError **error)
{
  g_autofree char *name = concept_tensor (context, "value");
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

static float
mean_cell_length (const float *map, SpShape shape)
{
  gsize n_cells = (gsize)shape.height * shape.width;
  double sum = 0;
  for (gsize i = 0; i < n_cells; i++)
    sum += cell_length (map, n_cells, shape.channels, i);
  return (float)(sum / n_cells);
}

/* Copies cell `from` of `source` (n_source cells) to cell `to` of `values` (n_cells), brought to
 * `length`. */
static void
copy_cell (int channels, const float *source, gsize n_source, gsize from, float *values,
           gsize n_cells, gsize to, float length)
{
  float factor = length / MAX (cell_length (source, n_source, channels, from), 1e-6f);
  for (int c = 0; c < channels; c++)
    values[c * n_cells + to] = factor * source[c * n_source + from];
}

/* 0 1 2 3 3 2 1 0 0 1 ..., and -1 is 0: tiles without a seam. */
static int
mirror (int i, int n)
{
  int k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k < n ? k : 2 * n - 1 - k;
}

/* ---- Exemplars ---- */

/* The rows and columns in which the mask is at least `least` somewhere; of no size if nowhere. */
static SpRectangle
box_of_cells (const Context *context, float least)
{
  int height = context->shape.height, width = context->shape.width;
  int top = height, left = width, bottom = 0, right = 0;
  for (int i = 0; i < height; i++) {
    for (int j = 0; j < width; j++) {
      float cell = context->edit->cells[i * width + j];
      if (cell > 0 && cell >= least) {
        top = MIN (top, i);
        left = MIN (left, j);
        bottom = MAX (bottom, i + 1);
        right = MAX (right, j + 1);
      }
    }
  }
  return (SpRectangle){ left, top, MAX (right - left, 0), MAX (bottom - top, 0) };
}

/* What an object is to fill: the cells that are edited for the most part, not those that the mask
 * only touches; where there are none, these. */
static SpRectangle
mask_box (const Context *context)
{
  SpRectangle box = box_of_cells (context, MOSTLY);
  return box.width > 0 ? box : box_of_cells (context, 0);
}

/* A concept's exemplars as a tensor of the pack: those of one size. */
typedef struct {
  char *name;
  SpPackShape shape;
} Exemplars;

gboolean
sp_edit_side_suits (int needed, int side, int other)
{
  return other < needed ? side > other : side >= needed && side < other;
}

/* Those that suit `needed` cells a side best. Caller frees the name. */
static Exemplars
fitting_exemplars (const Context *context, int needed)
{
  g_autofree char *plain = concept_tensor (context, "exemplars");
  Exemplars best = { g_strdup (plain), { 0 } };
  sp_pack_tensor_shape (context->pack, plain, &best.shape);
  for (int side = 1; side <= SP_PACK_EXEMPLAR_SIDE; side++) {
    g_autofree char *name = g_strdup_printf ("%s.%d", plain, side);
    SpPackShape shape;
    int other = MAX (best.shape.size[2], best.shape.size[3]);
    if (!sp_pack_tensor_shape (context->pack, name, &shape)
        || !sp_edit_side_suits (needed, side, other))
      continue;
    g_free (best.name);
    best = (Exemplars){ g_steal_pointer (&name), shape };
  }
  return best;
}

/* From the light of its own photo to that of the edit's. */
static gboolean
change_light (const Context *context, guint exemplar, SpShape shape, float *cells, GError **error)
{
  g_auto (SpLightModel) model = { 0 };
  g_autofree char *name = concept_tensor (context, "light");
  SpPackShape of_all = { 2, { (int)context->concept->exemplars, SP_PACK_LIGHT_NUMBERS, 1, 1 } },
              found;
  if (context->edit->operation != SP_EDIT_ADD || context->edit->photo == NULL
      || !sp_pack_tensor_shape (context->pack, name, &found))
    return TRUE;
  g_autofree float *lights = sp_pack_read (context->pack, name, of_all, error);
  if (lights == NULL
      || !sp_light_model_read (context->pack, context->shape.channels, &model, error))
    return FALSE;
  if (model.channels == 0)
    return TRUE;
  const float *row = lights + (gsize)exemplar * SP_PACK_LIGHT_NUMBERS;
  SpLight own = { row[0], row[1], row[2] };
  SpLight light = sp_light_of (&model, context->shape, context->edit->photo);
  if (!sp_light_stands_out (own, light))
    return TRUE;
  if (!sp_light_model_read_changes (context->pack, &model, error))
    return FALSE;
  sp_light_change (&model, own, light, shape, cells);
  return TRUE;
}

/* The exemplar that the seed chooses, of the size that suits the stroke; C x h x w. Caller frees.
 */
static float *
read_exemplar (const Context *context, SpShape *shape, GError **error)
{
  SpRectangle box = mask_box (context);
  Exemplars exemplars = fitting_exemplars (context, MAX (box.width, box.height));
  g_autofree char *name = exemplars.name;
  const int *size = exemplars.shape.size;
  SpPackShape expected = {
    4, { (int)context->concept->exemplars, context->shape.channels, size[2], size[3] }
  };
  g_autofree float *all = sp_pack_read (context->pack, name, expected, error);
  if (all == NULL)
    return NULL;
  *shape = SP_SHAPE (1, context->shape.channels, size[2], size[3]);
  gsize n = sp_shape_elements (*shape);
  guint chosen = context->edit->seed % context->concept->exemplars;
  g_autofree float *cells = g_memdup2 (all + chosen * n, n * sizeof (float));
  return change_light (context, chosen, *shape, cells, error) ? g_steal_pointer (&cells) : NULL;
}

/* ---- Blending ---- */

/* ze = (1 - a) z + a v in channels [c, c + 1) where the mask says so. */
static void
blend_channel (Context *context, int c, const float *values, float strength)
{
  float *z = context->latent + c * context->n_cells;
  for (gsize i = 0; i < context->n_cells; i++) {
    float a = context->edit->cells[i] * strength;
    z[i] = (1 - a) * z[i] + a * values[i];
  }
}

static void
blend_all (Context *context, const float *values)
{
  for (int c = 0; c < context->shape.channels; c++)
    blend_channel (context, c, values + c * context->n_cells, (float)context->edit->strength);
}

/* ---- Concepts with units ---- */

/* As in the authors' demonstration, low, medium and high (0.5, 0.75, 1) edit the best 4, 10 and 15
 * units. */
static guint
units_for_strength (const Context *context)
{
  double strength = context->edit->strength;
  double n = strength <= 0.5    ? 8 * strength
             : strength <= 0.75 ? 4 + (strength - 0.5) * 24
                                : 10 + (strength - 0.75) * 20;
  return CLAMP ((guint)lround (n), 1, context->n_units);
}

static gboolean
unit_is_excluded (const Context *context, int unit)
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
edit_units (Context *context, const SpLatent *reference, GError **error)
{
  g_autofree float *value = read_value (context, error);
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

/* The exemplar's middle comes to the box's, for an object is in the middle of its exemplar; where
 * that is half a cell off, it stays the higher and the more to the left. */
void
sp_edit_lay (const float *exemplar, SpShape size, SpRectangle box, SpRectangle area, SpShape shape,
             const float *latent, float *values)
{
  float length = mean_cell_length (latent, shape);
  gsize n_source = (gsize)size.height * size.width, n_cells = (gsize)shape.height * shape.width;
  int down = (size.height - box.height) / 2 - box.y, across = (size.width - box.width) / 2 - box.x;
  for (int i = area.y; i < area.y + area.height; i++) {
    for (int j = area.x; j < area.x + area.width; j++) {
      gsize from =
          (gsize)mirror (i + down, size.height) * size.width + mirror (j + across, size.width);
      copy_cell (shape.channels, exemplar, n_source, from, values, n_cells,
                 (gsize)i * shape.width + j, length);
    }
  }
}

static gboolean
add_to_cells (Context *context, GError **error)
{
  SpShape size =
      SP_SHAPE (1, context->shape.channels, 1, 1); /* of p_c where there is no exemplar */
  g_autofree float *source = context->concept->exemplars > 0 ? read_exemplar (context, &size, error)
                                                             : read_value (context, error);
  g_autofree float *values = g_new0 (float, sp_shape_elements (context->shape));
  if (source == NULL)
    return FALSE;
  sp_edit_lay (source, size, mask_box (context), box_of_cells (context, 0), context->shape,
               context->latent, values);
  blend_all (context, values);
  return TRUE;
}

/* ---- Concepts in all channels: remove ---- */

/* Cosine of cell `i` of a map with a concept's own direction. */
static float
likeness (const float *map, gsize n_cells, const float *value, int channels, gsize i)
{
  double dot = 0, length = 0;
  for (int c = 0; c < channels; c++) {
    dot += (double)map[c * n_cells + i] * value[c];
    length += (double)value[c] * value[c];
  }
  return (float)(dot / MAX (sqrt (length) * cell_length (map, n_cells, channels, i), 1e-12));
}

/* How willingly cell (i, j) takes what lies at (y, x): near, rather beside than above or below
 * (scenes lie in layers), and not itself the concept that is to go. */
static double
willingness (int i, int j, int y, int x, float concept_likeness)
{
  double down = 2.0 * (y - i), across = x - j;
  double distance = sqrt (down * down + across * across);
  return exp (-6.0 * MAX (concept_likeness, 0)) / (distance * distance * distance);
}

/* The cell outside the strokes that cell (i, j) takes most willingly; there is one. */
static gsize
most_willing (const Context *context, const float *likenesses, int i, int j)
{
  double best = -1;
  gsize chosen = 0;
  for (int y = 0; y < context->shape.height; y++) {
    for (int x = 0; x < context->shape.width; x++) {
      gsize k = (gsize)y * context->shape.width + x;
      if (context->edit->cells[k] > 0)
        continue;
      double wish = willingness (i, j, y, x, likenesses[k]);
      if (wish > best) {
        best = wish;
        chosen = k;
      }
    }
  }
  return chosen;
}

static gboolean
check_surroundings (const Context *context, GError **error)
{
  for (gsize k = 0; k < context->n_cells; k++)
    if (context->edit->cells[k] == 0)
      return TRUE;
  g_set_error (
      error, SP_ERROR, SP_ERROR_STROKES,
      "The strokes cover the whole window, so there is nothing to put in the place of “%s”.",
      context->concept->title);
  return FALSE;
}

/* Every stroked cell becomes what surrounds the strokes: one cell from there, so that texture is
 * copied rather than averaged away. */
static void
fill_from_surroundings (const Context *context, const float *value, float *values)
{
  int channels = context->shape.channels, width = context->shape.width;
  g_autofree float *likenesses = g_new (float, context->n_cells);
  for (gsize k = 0; k < context->n_cells; k++)
    likenesses[k] = likeness (context->latent, context->n_cells, value, channels, k);
  for (gsize to = 0; to < context->n_cells; to++) {
    if (context->edit->cells[to] == 0)
      continue;
    gsize from = most_willing (context, likenesses, (int)(to / width), (int)(to % width));
    copy_cell (channels, context->latent, context->n_cells, from, values, context->n_cells, to,
               cell_length (context->latent, context->n_cells, channels, from));
  }
}

static gboolean
remove_from_cells (Context *context, GError **error)
{
  g_autofree float *value = read_value (context, error);
  g_autofree float *values = g_new0 (float, sp_shape_elements (context->shape));
  if (value == NULL || !check_surroundings (context, error))
    return FALSE;
  fill_from_surroundings (context, value, values);
  blend_all (context, values);
  return TRUE;
}

/* ---- Concepts in all channels: restyle ---- */

/* Mean and deviation of one channel over weighted cells. */
typedef struct {
  double mean, deviation;
} Moments;

static Moments
channel_moments (const float *map, const float *weights, gsize n)
{
  double total = 1e-12, sum = 0, square = 0;
  for (gsize i = 0; i < n; i++) {
    total += weights[i];
    sum += (double)weights[i] * map[i];
    square += (double)weights[i] * map[i] * map[i];
  }
  double mean = sum / total;
  return (Moments){ mean, sqrt (MAX (square / total - mean * mean, 0)) };
}

/* The reference's cells count as far as they look like the concept. */
static float *
reference_weights (const Context *context, const SpLatent *reference, const float *value)
{
  gsize n = (gsize)reference->shape.height * reference->shape.width;
  float *weights = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    weights[i] = expf (6 * likeness (reference->values, n, value, context->shape.channels, i));
  return weights;
}

/* Gives the stroked cells the reference's mean and deviation in every channel, so that they keep
 * their own pattern and take its look. */
static gboolean
restyle_cells (Context *context, const SpLatent *reference, GError **error)
{
  g_autofree float *value = read_value (context, error);
  if (value == NULL)
    return FALSE;
  g_autofree float *weights = reference_weights (context, reference, value);
  g_autofree float *map = g_new (float, context->n_cells);
  gsize n_reference = (gsize)reference->shape.height * reference->shape.width;
  for (int c = 0; c < context->shape.channels; c++) {
    const float *own_map = context->latent + c * context->n_cells;
    Moments own = channel_moments (own_map, context->edit->cells, context->n_cells);
    Moments theirs = channel_moments (reference->values + c * n_reference, weights, n_reference);
    double scale = own.deviation > 1e-6 ? MIN (theirs.deviation / own.deviation, 3) : 0;
    for (gsize i = 0; i < context->n_cells; i++)
      map[i] = (float)(theirs.mean + scale * (own_map[i] - own.mean));
    blend_channel (context, c, map, (float)context->edit->strength);
  }
  return TRUE;
}

static gboolean
restyle (Context *context, GError **error)
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
    values = read_exemplar (context, &exemplar.shape, error);
    if (values == NULL)
      return FALSE;
    exemplar.values = values;
    reference = &exemplar;
  }
  return context->n_units > 0 ? edit_units (context, reference, error)
                              : restyle_cells (context, reference, error);
}

gboolean
sp_edit_latent (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, float *latent,
                GError **error)
{
  guint n_concepts;
  Context context = { .pack = pack,
                      .edit = edit,
                      .concept = &sp_pack_concepts (pack, &n_concepts)[edit->concept],
                      .shape = shape,
                      .n_cells = (gsize)shape.height * shape.width,
                      .latent = latent };
  context.units = sp_pack_concept_units (pack, edit->concept, &context.n_units);
  if (edit->operation == SP_EDIT_RESTYLE)
    return restyle (&context, error);
  if (context.n_units > 0)
    return edit_units (&context, NULL, error);
  return edit->operation == SP_EDIT_ADD ? add_to_cells (&context, error)
                                        : remove_from_cells (&context, error);
}
