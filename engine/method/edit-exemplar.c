/* Exemplars: which one an edit takes, in which light, and how it is laid over the stroke. See
 * edit.h. */
#include "engine/method/edit-private.h"
#include "engine/method/light.h"

#include <math.h>

#define MOSTLY 0.5f /* of a cell is edited */

/* ---- The stroke ---- */

SpRectangle
sp_edit_box (const SpEditContext *context, float least)
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

SpRectangle
sp_edit_mask_box (const SpEditContext *context)
{
  SpRectangle box = sp_edit_box (context, MOSTLY);
  return box.width > 0 ? box : sp_edit_box (context, 0);
}

/* ---- Choosing ---- */

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
fitting_exemplars (const SpEditContext *context, int needed)
{
  g_autofree char *plain = sp_edit_tensor (context, "exemplars");
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
change_light (const SpEditContext *context, guint exemplar, SpShape shape, float *cells,
              GError **error)
{
  g_auto (SpLightModel) model = { 0 };
  g_autofree char *name = sp_edit_tensor (context, "light");
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

float *
sp_edit_read_exemplar (const SpEditContext *context, SpShape *shape, GError **error)
{
  SpRectangle box = sp_edit_mask_box (context);
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

/* ---- Laying ---- */

/* 0 1 2 3 3 2 1 0 0 1 ..., and -1 is 0: tiles without a seam. */
static int
mirror (int i, int n)
{
  int k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k < n ? k : 2 * n - 1 - k;
}

static int
nearest (int i, int n)
{
  return CLAMP (i, 0, n - 1);
}

/* From a cell's place to that in an exemplar of height x width whose middle comes to the box's, for
 * an object is in the middle of its exemplar; where that is half a cell off, it stays the higher
 * and the more to the left. */
typedef struct {
  int down, across;
} Offset;

static Offset
offset_to (int height, int width, SpRectangle box)
{
  return (Offset){ (height - box.height) / 2 - box.y, (width - box.width) / 2 - box.x };
}

/* `beyond`: the place in n of one that lies beyond. */
static void
lay (const float *exemplar, SpShape size, SpRectangle box, SpRectangle area, SpShape shape,
     const float *latent, int (*beyond) (int i, int n), float *values)
{
  float length = sp_edit_mean_length (latent, shape);
  gsize n_source = (gsize)size.height * size.width, n_cells = (gsize)shape.height * shape.width;
  Offset offset = offset_to (size.height, size.width, box);
  for (int i = area.y; i < area.y + area.height; i++) {
    for (int j = area.x; j < area.x + area.width; j++) {
      gsize from = (gsize)beyond (i + offset.down, size.height) * size.width
                   + beyond (j + offset.across, size.width);
      sp_edit_copy_cell (shape.channels, exemplar, n_source, from, values, n_cells,
                         (gsize)i * shape.width + j, length);
    }
  }
}

void
sp_edit_lay (const float *exemplar, SpShape size, SpRectangle box, SpRectangle area, SpShape shape,
             const float *latent, float *values)
{
  lay (exemplar, size, box, area, shape, latent, mirror, values);
}

float *
sp_edit_read_source (const SpEditContext *context, SpShape *size, GError **error)
{
  *size = SP_SHAPE (1, context->shape.channels, 1, 1); /* of p_c where there is no exemplar */
  return context->concept->exemplars > 0 ? sp_edit_read_exemplar (context, size, error)
                                         : sp_edit_read_value (context, error);
}

/* ---- Outlines ---- */

/* Of the exemplar that the edit lays, S x S; NULL: it has none, or with an error. */
static float *
read_outline (const SpEditContext *context, GError **error)
{
  enum { SIDE = SP_PACK_OUTLINE_SIDE, PLACES = SIDE * SIDE };
  g_autofree char *name = sp_edit_tensor (context, "outlines");
  SpPackShape expected = { 3, { (int)context->concept->exemplars, SIDE, SIDE, 1 } }, found;
  if (!sp_pack_tensor_shape (context->pack, name, &found))
    return NULL;
  g_autofree float *all = sp_pack_read (context->pack, name, expected, error);
  if (all == NULL)
    return NULL;
  const float *row = all + (context->edit->seed % context->concept->exemplars) * PLACES;
  for (int i = 0; i < PLACES; i++)
    if (row[i] < 1)
      return g_memdup2 (row, PLACES * sizeof (float));
  return NULL;
}

/* Between the middles of places; nothing of the object lies beyond the edges. */
static float
outline_at (const float *outline, float y, float x)
{
  int top = (int)floorf (y - 0.5f), left = (int)floorf (x - 0.5f);
  float down = y - 0.5f - (float)top, across = x - 0.5f - (float)left, sum = 0;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      int v = top + i, u = left + j;
      if (v >= 0 && u >= 0 && v < SP_PACK_OUTLINE_SIDE && u < SP_PACK_OUTLINE_SIDE)
        sum += (i ? down : 1 - down) * (j ? across : 1 - across)
               * outline[v * SP_PACK_OUTLINE_SIDE + u];
    }
  return sum;
}

gboolean
sp_edit_outline (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, int fine, float *map,
                 GError **error)
{
  SpEditContext context = sp_edit_context (pack, edit, shape, NULL);
  if (edit->operation != SP_EDIT_ADD || context.n_units > 0 || context.concept->exemplars == 0)
    return FALSE;
  g_autofree float *outline = read_outline (&context, error);
  if (outline == NULL)
    return FALSE;
  SpRectangle box = sp_edit_mask_box (&context);
  Exemplars exemplars = fitting_exemplars (&context, MAX (box.width, box.height));
  int height = exemplars.shape.size[2], width = exemplars.shape.size[3];
  Offset offset = offset_to (height, width, box);
  g_free (exemplars.name);
  for (int y = 0; y < shape.height * fine; y++)
    for (int x = 0; x < shape.width * fine; x++) {
      float v = ((float)y + 0.5f) / (float)fine + (float)offset.down;
      float u = ((float)x + 0.5f) / (float)fine + (float)offset.across;
      map[y * shape.width * fine + x] =
          outline_at (outline, v / (float)height * SP_PACK_OUTLINE_SIDE,
                      u / (float)width * SP_PACK_OUTLINE_SIDE);
    }
  return TRUE;
}

gboolean
sp_edit_exemplar (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, gboolean mirrored,
                  float *latent, GError **error)
{
  SpLatentEdit in_own_light = *edit;
  in_own_light.photo = NULL;
  SpEditContext context = sp_edit_context (pack, &in_own_light, shape, latent);
  if (edit->operation != SP_EDIT_ADD || context.n_units > 0 || context.concept->exemplars == 0)
    return FALSE;
  SpShape size;
  SpRectangle all = { 0, 0, shape.width, shape.height };
  g_autofree float *source = sp_edit_read_source (&context, &size, error);
  if (source == NULL)
    return FALSE;
  lay (source, size, sp_edit_mask_box (&context), all, shape, latent, mirrored ? mirror : nearest,
       latent);
  return TRUE;
}
