/* Exemplars as pictures. See example.h. */
#include "engine/method/example.h"

#include "engine/graph/plan.h"
#include "engine/method/edit-private.h"
#include "engine/method/enlarging.h"
#include "engine/method/light.h"
#include "engine/model/generator.h"
#include "engine/model/super-resolution.h"
#include "engine/photo/guided.h"
#include "engine/photo/parts.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* How likely a backdrop must be to be left a little, and wholly. */
#define UNSURE 0.1f
#define SURE 0.5f

/* Cells around the exemplar, mirrored: as far as the generator looks. */
#define MARGIN 2

/* What is less of an exemplar than this is an object. */
#define FULL 0.9

/* Of a map of outlines, to a cell's side, at most. */
#define OUTLINE_PLACES 8

struct _SpExamples {
  const SpPack *pack;
  SpBackend *backend;
  SpGraph *graph;
  SpPlan *plan;                          /* NULL: nothing was drawn yet */
  SpTensor *latent, *picture, *features; /* no features: there is no such layer */
  SpExample coarse, fine; /* the last that was made finer, before and after; all 0: none was yet */
  GPtrArray *enlargings;  /* SpEnlarging: of what was drawn, of what is twice as fine, ... */
};

void
sp_example_clear (SpExample *example)
{
  g_clear_pointer (&example->picture, g_free);
  g_clear_pointer (&example->object, g_free);
}

float
sp_example_left (float probability)
{
  float t = CLAMP ((probability - UNSURE) / (SURE - UNSURE), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

/* ---- Drawing ---- */

SpExamples *
sp_examples_new (const SpPack *pack, SpBackend *backend)
{
  SpExamples *examples = g_new0 (SpExamples, 1);
  examples->pack = pack;
  examples->backend = backend;
  examples->enlargings = g_ptr_array_new_with_free_func ((GDestroyNotify)sp_enlarging_free);
  return examples;
}

/* The exemplar with its margin. */
typedef struct {
  SpShape cells;    /* of the exemplar */
  SpShape picture;  /* 1 x 3 x H x W */
  SpShape features; /* 1 x F x H/4 x W/4; of no channels where the generator has none */
  float *own, *lit; /* pictures: in its own light and in the photo's */
  float *seen;      /* features, in its own light */
} Drawn;

static void
drawn_clear (Drawn *drawn)
{
  g_free (drawn->own);
  g_free (drawn->lit);
  g_free (drawn->seen);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Drawn, drawn_clear)

static SpShape
with_margin (SpShape cells)
{
  return SP_SHAPE (1, cells.channels, cells.height + 2 * MARGIN, cells.width + 2 * MARGIN);
}

static void
add_margin (const float *exemplar, SpShape cells, float *latent)
{
  int height = with_margin (cells).height, width = with_margin (cells).width;
  for (int c = 0; c < cells.channels; c++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        latent[(c * height + y) * width + x] =
            exemplar[(c * cells.height + sp_edit_mirror (y - MARGIN, cells.height)) * cells.width
                     + sp_edit_mirror (x - MARGIN, cells.width)];
}

static float *
read_latent (const SpEditContext *context, gboolean lit, SpShape *cells, GError **error)
{
  g_autofree float *exemplar = sp_edit_read_exemplar (context, lit, cells, error);
  if (exemplar == NULL)
    return NULL;
  float *latent = g_new (float, sp_shape_elements (with_margin (*cells)));
  add_margin (exemplar, *cells, latent);
  return latent;
}

/* `features` is left alone where the generator has no such layer. */
static SpTensor *
build (const SpPack *pack, const SpGeneratorShape *generator, SpGraph *graph, SpTensor *latent,
       SpTensor **features, GError **error)
{
  int layer = sp_generator_feature_layer (generator);
  SpTensor *x = latent;
  if (layer > 0) {
    x = *features = sp_generator_layers (graph, pack, generator, x, SP_LATENT_LAYER + 1, layer,
                                         NULL, NULL, error);
    if (x == NULL)
      return NULL;
    sp_tensor_keep (x);
  }
  x = sp_generator_layers (graph, pack, generator, x, MAX (layer, SP_LATENT_LAYER) + 1,
                           generator->last_layer, NULL, NULL, error);
  SpTensor *picture = x != NULL ? sp_generator_output (graph, pack, generator, x, error) : NULL;
  if (picture != NULL)
    sp_tensor_keep (picture);
  return picture;
}

static void
drop_plan (SpExamples *examples)
{
  g_clear_pointer (&examples->plan, sp_plan_free);
  g_clear_pointer (&examples->graph, sp_graph_free);
  examples->features = NULL;
}

void
sp_examples_free (SpExamples *examples)
{
  if (examples == NULL)
    return;
  drop_plan (examples);
  g_ptr_array_unref (examples->enlargings);
  sp_example_clear (&examples->coarse);
  sp_example_clear (&examples->fine);
  g_free (examples);
}

/* For a latent of this shape. */
static gboolean
plan (SpExamples *examples, SpShape shape, GError **error)
{
  SpGeneratorShape generator;
  if (examples->plan != NULL && sp_shape_equal (shape, sp_tensor_shape (examples->latent)))
    return TRUE;
  if (!sp_generator_shape (examples->pack, &generator, error))
    return FALSE;
  drop_plan (examples);
  examples->graph = sp_graph_new ();
  examples->latent = sp_graph_input (examples->graph, "latent", shape);
  examples->picture = build (examples->pack, &generator, examples->graph, examples->latent,
                             &examples->features, error);
  if (examples->picture != NULL)
    examples->plan = sp_plan_new_once (examples->graph, examples->backend, NULL, error);
  if (examples->plan == NULL)
    drop_plan (examples);
  return examples->plan != NULL;
}

static float *
read_tensor (const SpExamples *examples, SpTensor *tensor, SpShape *shape)
{
  *shape = sp_tensor_shape (tensor);
  float *values = g_new (float, sp_shape_elements (*shape));
  sp_plan_read (examples->plan, tensor, values);
  return values;
}

static float *
draw_picture (const SpExamples *examples, const float *latent, SpShape *shape)
{
  sp_plan_write (examples->plan, examples->latent, latent);
  sp_plan_forward (examples->plan);
  return read_tensor (examples, examples->picture, shape);
}

/* Twice only where its light stands out. */
static gboolean
draw (SpExamples *examples, const SpEditContext *context, Drawn *drawn, GError **error)
{
  g_autofree float *own = read_latent (context, FALSE, &drawn->cells, error);
  g_autofree float *lit = own != NULL ? read_latent (context, TRUE, &drawn->cells, error) : NULL;
  SpShape shape = with_margin (drawn->cells);
  if (lit == NULL || !plan (examples, shape, error))
    return FALSE;
  drawn->own = draw_picture (examples, own, &drawn->picture);
  if (examples->features != NULL)
    drawn->seen = read_tensor (examples, examples->features, &drawn->features);
  gboolean is_same = memcmp (own, lit, sp_shape_elements (shape) * sizeof (float)) == 0;
  drawn->lit = is_same ? g_memdup2 (drawn->own, sp_shape_elements (drawn->picture) * sizeof (float))
                       : draw_picture (examples, lit, &drawn->picture);
  return TRUE;
}

/* The middle of one of the planes without the margin: height x width. */
static void
cut_out (const float *plane, int plane_width, int margin, int height, int width, float *cut)
{
  for (int y = 0; y < height; y++)
    memcpy (cut + (gsize)y * width, plane + (gsize)(y + margin) * plane_width + margin,
            width * sizeof (float));
}

/* ---- What is the object ---- */

static gboolean
fail_for_memory (GError **error)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                       "There is not enough memory to find what stands behind the edit.");
  return FALSE;
}

/* Lowers the object to what is none of a coarse map, map_height x map_width, of what it is not. */
static gboolean
leave_by_map (const float *map, int map_height, int map_width, const float *own, SpExample *example,
              GError **error)
{
  g_autofree float *found =
      sp_map_along_edges (map, map_height, map_width, own, example->height, example->width);
  if (found == NULL)
    return fail_for_memory (error);
  for (gsize p = 0; p < (gsize)example->height * example->width; p++)
    example->object[p] = MIN (example->object[p], 1 - sp_example_left (found[p]));
  return TRUE;
}

/* Raises the map, h x w places of the exemplar's features, to the concept's probability. */
static gboolean
apply_probe (const SpEditContext *context, const Drawn *drawn, guint concept, int height, int width,
             float *map, GError **error)
{
  guint n;
  SpShape shape = drawn->features;
  int channels = shape.channels, margin = (shape.height - height) / 2;
  gsize places = (gsize)shape.height * shape.width;
  g_autofree char *name =
      g_strdup_printf ("concept.%s.probe", sp_pack_concepts (context->pack, &n)[concept].name);
  g_autofree float *probe =
      sp_pack_read (context->pack, name, (SpPackShape){ 1, { channels + 1, 1, 1, 1 } }, error);
  g_autofree float *place = g_new (float, channels);
  if (probe == NULL)
    return FALSE;
  for (int p = 0; p < height * width; p++) {
    gsize at = (gsize)(p / width + margin) * shape.width + p % width + margin;
    float odds = probe[channels];
    sp_light_read_cell (drawn->seen, places, channels, at, place);
    for (int c = 0; c < channels; c++)
      odds += probe[c] * place[c];
    map[p] = MAX (map[p], 1 / (1 + expf (-odds)));
  }
  return TRUE;
}

/* What the probes see. */
static gboolean
leave_backdrops (const SpEditContext *context, const Drawn *drawn, const float *own,
                 SpExample *example, GError **error)
{
  guint n;
  const guint *concepts = sp_pack_concept_backdrops (context->pack, context->edit->concept, &n);
  if (n == 0 || drawn->seen == NULL)
    return TRUE;
  int factor = drawn->picture.height / drawn->features.height;
  int height = example->height / factor, width = example->width / factor;
  g_autofree float *map = g_new0 (float, (gsize)height *width);
  for (guint i = 0; i < n; i++)
    if (!apply_probe (context, drawn, concepts[i], height, width, map, error))
      return FALSE;
  return leave_by_map (map, height, width, own, example, error);
}

/* What lies outside the outline. FALSE without an error where there is none. */
static gboolean
leave_surroundings (const SpEditContext *context, const Drawn *drawn, const float *own,
                    SpExample *example, GError **error)
{
  int fine = MIN (OUTLINE_PLACES, example->height / drawn->cells.height);
  int height = drawn->cells.height * fine, width = drawn->cells.width * fine;
  g_autofree float *map = g_new (float, (gsize)height *width);
  if (!sp_edit_read_outline (context, height, width, map, error))
    return FALSE;
  for (int p = 0; p < height * width; p++)
    map[p] = 1 - CLAMP (map[p], 0.0f, 1.0f);
  return leave_by_map (map, height, width, own, example, error);
}

/* What labels say goes before what probes see: a window shows a piece of sky that is its own. */
static gboolean
find_object (const SpEditContext *context, const Drawn *drawn, const float *own, SpExample *example,
             GError **error)
{
  GError *reason = NULL;
  for (gsize p = 0; p < (gsize)example->height * example->width; p++)
    example->object[p] = 1;
  if (leave_surroundings (context, drawn, own, example, &reason))
    return TRUE;
  if (reason == NULL)
    return leave_backdrops (context, drawn, own, example, error);
  g_propagate_error (error, reason);
  return FALSE;
}

gboolean
sp_examples_draw (SpExamples *examples, const SpLatentEdit *edit, SpShape latent,
                  SpExample *example, GError **error)
{
  g_auto (Drawn) drawn = { 0 };
  SpEditContext context = sp_edit_context (examples->pack, edit, latent, NULL);
  if (!draw (examples, &context, &drawn, error))
    return FALSE;
  int cell = drawn.picture.height / (drawn.cells.height + 2 * MARGIN);
  example->height = drawn.cells.height * cell;
  example->width = drawn.cells.width * cell;
  example->finer = 1;
  gsize pixels = (gsize)example->height * example->width;
  gsize plane = (gsize)drawn.picture.height * drawn.picture.width;
  g_autofree float *own = g_new (float, 3 * pixels);
  example->picture = g_new (float, 3 * pixels);
  example->object = g_new (float, pixels);
  for (gsize c = 0; c < 3; c++) {
    cut_out (drawn.own + c * plane, drawn.picture.width, MARGIN * cell, example->height,
             example->width, own + c * pixels);
    cut_out (drawn.lit + c * plane, drawn.picture.width, MARGIN * cell, example->height,
             example->width, example->picture + c * pixels);
  }
  if (!find_object (&context, &drawn, own, example, error))
    return FALSE;
  sp_drop_small_parts (example->object, example->height, example->width);
  return TRUE;
}

gboolean
sp_example_is_object (const SpExample *example)
{
  double sum = 0;
  for (int p = 0; p < example->height * example->width; p++)
    sum += (double)example->object[p];
  return sum <= FULL * example->height * example->width;
}

/* ---- Finer ---- */

/* For examples of this size; each that is twice as fine as the last has its own. */
static SpEnlarging *
find_enlarging (SpExamples *examples, const SpExample *example, GError **error)
{
  guint number = (guint)g_bit_nth_msf ((gulong)example->finer, -1);
  SpEnlarging *found =
      number < examples->enlargings->len ? examples->enlargings->pdata[number] : NULL;
  if (found != NULL && sp_enlarging_fits (found, example->height, example->width))
    return found;
  g_ptr_array_set_size (examples->enlargings, (int)number);
  found =
      sp_enlarging_new (examples->pack, examples->backend, example->height, example->width, error);
  if (found != NULL)
    g_ptr_array_add (examples->enlargings, found);
  return found;
}

/* Its rim stays as many pixels wide as it was, for it is of the finer pixels. */
static gboolean
enlarge_object (const SpExample *example, int height, int width, float *object)
{
  g_auto (SpEnlarger) enlarger = sp_enlarger_new (
      example->width, example->height, (SpAxis){ 0, (double)example->width / width, width },
      (SpAxis){ 0, (double)example->height / height, height });
  if (!sp_enlarge (&enlarger, example->object, object))
    return FALSE;
  for (gsize p = 0; p < (gsize)height * width; p++)
    object[p] = CLAMP (0.5f + SP_SUPER_RESOLUTION_FACTOR * (object[p] - 0.5f), 0.0f, 1.0f);
  return TRUE;
}

static gboolean
enlarge (SpExamples *examples, SpExample *example, GError **error)
{
  SpEnlarging *enlarging = find_enlarging (examples, example, error);
  if (enlarging == NULL)
    return FALSE;
  int height = SP_SUPER_RESOLUTION_FACTOR * example->height;
  int width = SP_SUPER_RESOLUTION_FACTOR * example->width;
  SpExample finer = { height, width, SP_SUPER_RESOLUTION_FACTOR * example->finer,
                      g_new (float, 3 * (gsize)height * width),
                      g_new (float, (gsize)height *width) };
  sp_enlarging_run (enlarging, example->picture, finer.picture);
  gboolean done = enlarge_object (example, height, width, finer.object);
  sp_example_clear (example);
  *example = finer;
  return done || fail_for_memory (error);
}

SpExample
sp_example_copy (const SpExample *example)
{
  gsize pixels = (gsize)example->height * example->width;
  SpExample copy = *example;
  copy.picture = g_memdup2 (example->picture, 3 * pixels * sizeof (float));
  copy.object = g_memdup2 (example->object, pixels * sizeof (float));
  return copy;
}

static gboolean
is_same (const SpExample *a, const SpExample *b)
{
  gsize pixels = (gsize)a->height * a->width;
  return a->picture != NULL && a->height == b->height && a->width == b->width
         && a->finer == b->finer
         && memcmp (a->picture, b->picture, 3 * pixels * sizeof (float)) == 0
         && memcmp (a->object, b->object, pixels * sizeof (float)) == 0;
}

static gboolean
find_fine (SpExamples *examples, int finer, const SpExample *example, GError **error)
{
  g_auto (SpExample) fine = sp_example_copy (example);
  while (fine.finer < finer)
    if (!enlarge (examples, &fine, error))
      return FALSE;
  sp_example_clear (&examples->coarse);
  sp_example_clear (&examples->fine);
  examples->coarse = sp_example_copy (example);
  examples->fine = fine;
  fine = (SpExample){ 0 };
  return TRUE;
}

/* While a stroke grows its example is the same. */
gboolean
sp_examples_enlarge (SpExamples *examples, int finer, SpExample *example, GError **error)
{
  if (!sp_pack_has_super_resolution (examples->pack))
    return TRUE;
  if ((!is_same (&examples->coarse, example) || examples->fine.finer < finer)
      && !find_fine (examples, finer, example, error))
    return FALSE;
  sp_example_clear (example);
  *example = sp_example_copy (&examples->fine);
  return TRUE;
}
