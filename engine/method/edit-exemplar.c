/* Exemplars: which one an edit takes, in which light and with which outline, and how its cells are
 * laid over others. See edit.h. */
#include "engine/method/edit-private.h"
#include "engine/method/light.h"

#include <math.h>

/* ---- Choosing ---- */

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
sp_edit_read_exemplar (const SpEditContext *context, gboolean in_photo_light, SpShape *shape,
                       GError **error)
{
  g_autofree char *name = sp_edit_tensor (context, "exemplars");
  SpPackShape expected = { 0 };
  sp_pack_tensor_shape (context->pack, name, &expected);
  expected.size[1] = context->shape.channels;
  g_autofree float *all = sp_pack_read (context->pack, name, expected, error);
  if (all == NULL)
    return NULL;
  *shape = SP_SHAPE (1, context->shape.channels, expected.size[2], expected.size[3]);
  gsize n = sp_shape_elements (*shape);
  guint chosen = context->edit->seed % context->concept->exemplars;
  g_autofree float *cells = g_memdup2 (all + chosen * n, n * sizeof (float));
  if (in_photo_light && !change_light (context, chosen, *shape, cells, error))
    return NULL;
  return g_steal_pointer (&cells);
}

/* ---- Laying ---- */

int
sp_edit_mirror (int i, int n)
{
  int k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k < n ? k : 2 * n - 1 - k;
}

/* Where its middle is half a cell off, it stays the higher and the more to the left. */
void
sp_edit_lay (const float *exemplar, SpShape size, SpRectangle box, SpRectangle area, SpShape shape,
             const float *latent, float *values)
{
  float length = sp_edit_mean_length (latent, shape);
  gsize n_source = (gsize)size.height * size.width, n_cells = (gsize)shape.height * shape.width;
  int down = (size.height - box.height) / 2 - box.y, across = (size.width - box.width) / 2 - box.x;
  for (int i = area.y; i < area.y + area.height; i++) {
    for (int j = area.x; j < area.x + area.width; j++) {
      gsize from = (gsize)sp_edit_mirror (i + down, size.height) * size.width
                   + sp_edit_mirror (j + across, size.width);
      sp_edit_copy_cell (shape.channels, exemplar, n_source, from, values, n_cells,
                         (gsize)i * shape.width + j, length);
    }
  }
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
sp_edit_read_outline (const SpEditContext *context, int height, int width, float *map,
                      GError **error)
{
  g_autofree float *outline = read_outline (context, error);
  if (outline == NULL)
    return FALSE;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      map[y * width + x] =
          outline_at (outline, ((float)y + 0.5f) / (float)height * SP_PACK_OUTLINE_SIDE,
                      ((float)x + 0.5f) / (float)width * SP_PACK_OUTLINE_SIDE);
  return TRUE;
}
