/* A session's steps, one by one. See studio.h. */
#include "weights/evaluate/studio.h"

#include "engine/method/adapt.h"
#include "engine/method/insertion.h"
#include "engine/method/invert.h"
#include "engine/method/preview.h"
#include "engine/method/removal.h"
#include "engine/model/generator.h"
#include "engine/model/perceptual.h"
#include "weights/common/planar.h"

#include <math.h>
#include <string.h>

struct _SpStudioPlans {
  SpInversion *inversion;
  SpAdaptation *adaptation;
  SpPreview *preview;
  SpInserter *inserter;
  SpDrawing *drawing;
  float *fresh, *warm; /* R at its start, R fitted to the photo */
  SpGraph *perceptual_graph;
  SpPlan *perceptual_plan; /* NULL: the pack has no such net */
  SpTensor *one, *other, *distance;
  float *features; /* the judge's, of the photo */
};

void
sp_studio_free (SpStudio *studio)
{
  if (studio == NULL)
    return;
  SpStudioPlans *plans = studio->plans;
  sp_inversion_free (plans->inversion);
  sp_inserter_free (plans->inserter);
  sp_preview_free (plans->preview);
  sp_adaptation_free (plans->adaptation);
  sp_drawing_free (plans->drawing);
  sp_plan_free (plans->perceptual_plan);
  g_clear_pointer (&plans->perceptual_graph, sp_graph_free);
  sp_sight_free (studio->sight);
  float *buffers[] = { plans->fresh,    plans->warm,    plans->features, studio->photo,
                       studio->encoded, studio->latent, studio->drawn,   studio->inverted,
                       studio->fitted,  studio->shown,  studio->keep,    studio->generated,
                       studio->adapted, studio->kept,   studio->outlined };
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    g_free (buffers[i]);
  g_free (plans);
  g_free (studio);
}

/* ---- Planning ---- */

static gboolean
plan_perceptual (SpStudio *studio, GError **error)
{
  SpStudioPlans *plans = studio->plans;
  SpShape shape = SP_SHAPE (1, 3, studio->side, studio->side);
  SpTensor *a[SP_MAXIMUM_TAPS], *b[SP_MAXIMUM_TAPS], *terms[SP_MAXIMUM_TAPS];
  float weights[SP_MAXIMUM_TAPS];
  guint n;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (studio->pack, &n);
  if (n == 0)
    return TRUE;
  SpGraph *graph = plans->perceptual_graph = sp_graph_new ();
  plans->one = sp_graph_input (graph, "one", shape);
  plans->other = sp_graph_input (graph, "other", shape);
  if (!sp_perceptual_features (graph, studio->pack, plans->one, a, error)
      || !sp_perceptual_features (graph, studio->pack, plans->other, b, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    terms[i] = sp_graph_l1 (graph, a[i], b[i]);
    weights[i] = taps[i].weight;
  }
  plans->distance = sp_graph_sum (graph, n, terms, weights);
  sp_tensor_keep (plans->distance);
  plans->perceptual_plan = sp_plan_new (graph, studio->work->backend, NULL, error);
  return plans->perceptual_plan != NULL;
}

static gboolean
plan_all (SpStudio *studio, const SpJudge *judge, GError **error)
{
  SpStudioPlans *plans = studio->plans;
  SpBackend *backend = studio->work->backend;
  int side = studio->side;
  plans->inversion = sp_inversion_new (studio->pack, backend, side, side, error);
  if (plans->inversion == NULL)
    return FALSE;
  SpShape shape = studio->latent_shape = sp_inversion_latent_shape (plans->inversion);
  plans->adaptation = sp_adaptation_new (studio->pack, backend, shape, &studio->settings, error);
  if (plans->adaptation != NULL)
    plans->preview = sp_preview_new (studio->pack, backend, plans->adaptation, error);
  if (plans->preview != NULL)
    plans->inserter = sp_inserter_new (studio->pack, backend, side, side, error);
  if (plans->inserter != NULL)
    plans->drawing =
        sp_drawing_new (studio->pack, judge, backend, 1, shape.height, shape.width, error);
  if (plans->drawing != NULL)
    studio->sight = sp_sight_new (judge, backend, side, side, error);
  return studio->sight != NULL && plan_perceptual (studio, error);
}

static void
make_buffers (SpStudio *studio)
{
  SpStudioPlans *plans = studio->plans;
  gsize picture = 3 * (gsize)studio->side * studio->side;
  gsize latent = sp_shape_elements (studio->latent_shape);
  gsize snapshot = sp_adaptation_snapshot_size (plans->adaptation);
  float **pictures[] = { &studio->photo,  &studio->drawn,     &studio->inverted,
                         &studio->fitted, &studio->generated, &studio->adapted };
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    *pictures[i] = g_new0 (float, picture);
  studio->encoded = g_new0 (float, latent);
  studio->latent = g_new0 (float, latent);
  plans->fresh = g_new0 (float, snapshot);
  plans->warm = g_new0 (float, snapshot);
  plans->features = g_new0 (
      float,
      SP_JUDGE_FEATURES *(gsize)studio->sight->grid_height *(gsize)studio->sight->grid_width);
  sp_adaptation_save (plans->adaptation, plans->fresh);
}

SpStudio *
sp_studio_new (SpWork *work, const SpPack *pack, const SpJudge *judge, const SpSettings *settings,
               int side, GError **error)
{
  g_autoptr (SpStudio) studio = g_new0 (SpStudio, 1);
  studio->plans = g_new0 (SpStudioPlans, 1);
  studio->work = work;
  studio->pack = pack;
  studio->settings = *settings;
  studio->side = side;
  studio->window = (SpWindow){ { 0, 0, side, side }, side, side };
  if (!plan_all (studio, judge, error))
    return NULL;
  make_buffers (studio);
  return g_steal_pointer (&studio);
}

/* ---- A photo ---- */

static void
draw (SpStudio *studio, const float *latent, float *picture)
{
  SpDrawing *drawing = studio->plans->drawing;
  memcpy (drawing->latents, latent, sp_shape_elements (studio->latent_shape) * sizeof (float));
  sp_drawing_run (drawing);
  memcpy (picture, drawing->pictures, sp_shape_elements (drawing->picture_shape) * sizeof (float));
}

static gboolean
invert (SpStudio *studio, const float *photo, guint steps, float *latent, GError **error)
{
  SpInversion *inversion = studio->plans->inversion;
  if (!sp_inversion_run (inversion, photo, steps, studio->work->cancellable, NULL, NULL, error))
    return FALSE;
  sp_inversion_read_latent (inversion, latent);
  return TRUE;
}

gboolean
sp_studio_open (SpStudio *studio, GError **error)
{
  SpStudioPlans *plans = studio->plans;
  if (!invert (studio, studio->photo, 0, studio->encoded, error)
      || !invert (studio, studio->photo, studio->settings.inversion_steps, studio->latent, error))
    return FALSE;
  draw (studio, studio->encoded, studio->drawn);
  draw (studio, studio->latent, studio->inverted);
  sp_adaptation_restore (plans->adaptation, plans->fresh);
  sp_adaptation_set_target (plans->adaptation, studio->photo, NULL);
  sp_adaptation_set_latent (plans->adaptation, studio->latent);
  if (!sp_adaptation_run (plans->adaptation, "fit", studio->settings.warm_start_steps,
                          studio->work->cancellable, NULL, NULL, error))
    return FALSE;
  sp_adaptation_save (plans->adaptation, plans->warm);
  sp_adaptation_read_picture (plans->adaptation, studio->fitted);
  sp_sight_look (studio->sight, studio->photo);
  memcpy (plans->features, studio->sight->features,
          SP_JUDGE_FEATURES * sizeof (float) * (gsize)studio->sight->grid_height
              * (gsize)studio->sight->grid_width);
  return sp_backend_check (studio->work->backend, error);
}

/* As a session's render ends. */
static gboolean
finish (SpStudio *studio, const float *edited, GError **error)
{
  gboolean fades = studio->shown == NULL && !studio->settings.perturb_strokes;
  sp_preview_draw (studio->plans->preview, edited, fades ? studio->kept : NULL, studio->adapted);
  return sp_backend_check (studio->work->backend, error);
}

/* As a session does it, where a concept lives in all channels; nothing where units carry it. */
static gboolean
take_away (SpStudio *studio, SpLatentEdit *edit, float *cells, float **filling, GError **error)
{
  SpRemoval removal = { edit->concept, studio->side, studio->side, studio->photo, studio->keep };
  if (!sp_removal_find (studio->pack, studio->work->backend, &removal, &studio->shown, filling,
                        error))
    return FALSE;
  sp_removal_cells (&removal, studio->side / studio->latent_shape.height, cells);
  edit->filling = *filling;
  return TRUE;
}

static gboolean
put_in (SpStudio *studio, const float *strokes, SpLatentEdit *edit, float *cells, float **filling,
        GError **error)
{
  SpInsertion insertion = { .edit = edit,
                            .photo = studio->photo,
                            .strokes = strokes,
                            .keep = studio->keep,
                            .fills = studio->settings.fill_strokes };
  g_auto (SpShown) inserted = { 0 };
  SpShape shape = studio->latent_shape;
  if (!sp_inserter_find (studio->plans->inserter, &insertion, &inserted, error))
    return FALSE;
  memcpy (studio->kept, inserted.keep, (gsize)studio->side * studio->side * sizeof (float));
  memcpy (cells, inserted.cells, (gsize)shape.height * shape.width * sizeof (float));
  edit->filling = *filling = g_steal_pointer (&inserted.filling);
  studio->shown = g_steal_pointer (&inserted.picture);
  studio->outlined = g_steal_pointer (&inserted.outlined);
  edit->strength = sp_insertion_strength (inserted.is_object, edit->strength);
  return TRUE;
}

static gboolean
find_filling (SpStudio *studio, const float *strokes, SpLatentEdit *edit, float *cells,
              float **filling, GError **error)
{
  g_clear_pointer (&studio->shown, g_free);
  g_clear_pointer (&studio->outlined, g_free);
  if (sp_removal_fills (studio->pack, edit->operation, edit->concept))
    return take_away (studio, edit, cells, filling, error);
  return !sp_insertion_places (studio->pack, edit->operation, edit->concept)
         || put_in (studio, strokes, edit, cells, filling, error);
}

gboolean
sp_studio_edit (SpStudio *studio, guint concept, SpEditOperation operation, guint seed,
                const float *strokes, GError **error)
{
  SpStudioPlans *plans = studio->plans;
  SpShape shape = studio->latent_shape;
  int side = studio->side;
  g_autofree float *cells = g_new (float, (gsize)shape.height *shape.width);
  g_autofree float *edited = g_memdup2 (studio->latent, sp_shape_elements (shape) * sizeof (float));
  SpLatentEdit edit = { .concept = concept,
                        .operation = operation,
                        .strength = SP_STRENGTH_HIGH,
                        .seed = seed,
                        .cells = cells,
                        .photo = studio->latent };
  g_autofree float *filling = NULL;
  sp_edit_cells (strokes, side, side, side / shape.height, cells);
  g_free (studio->keep);
  g_free (studio->kept);
  studio->keep = sp_window_keep_mask (&studio->window, strokes, side);
  studio->kept = g_memdup2 (studio->keep, (gsize)side * side * sizeof (float));
  if (!find_filling (studio, strokes, &edit, cells, &filling, error))
    return FALSE;
  if (!sp_edit_latent (studio->pack, &edit, shape, edited, error))
    return FALSE;
  draw (studio, edited, studio->generated);
  sp_adaptation_restore (plans->adaptation, plans->warm);
  sp_adaptation_set_target (plans->adaptation,
                            studio->shown != NULL ? studio->shown : studio->photo,
                            studio->shown != NULL ? NULL : studio->kept);
  sp_adaptation_set_latent (plans->adaptation, edited);
  if (!sp_adaptation_run (plans->adaptation, "adapt", studio->settings.adaptation_steps,
                          studio->work->cancellable, NULL, NULL, error)
      || !sp_preview_fit (plans->preview, plans->adaptation, error))
    return FALSE;
  return finish (studio, edited, error);
}

/* ---- Blending ---- */

float *
sp_studio_blend (SpStudio *studio, const float *picture, const float *keep, const float *outlined,
                 GError **error)
{
  SpPlanar planar = { studio->side, studio->side, studio->photo };
  SpPhoto photo = sp_planar_photo (&planar);
  g_autoptr (SpLayer) layer = sp_window_blend (&studio->window, &photo, picture,
                                               &(SpMasks){ keep, outlined, NULL }, TRUE, error);
  return layer != NULL ? sp_planar_lay_over (&planar, layer) : NULL;
}

/* ---- Likeness ---- */

static double
feature_distance (const float *a, const float *b, gsize places)
{
  double sum = 0;
  for (gsize p = 0; p < places; p++) {
    double ab = 0, aa = 1e-12, bb = 1e-12;
    for (gsize f = 0; f < SP_JUDGE_FEATURES; f++) {
      double u = (double)a[f * places + p], v = (double)b[f * places + p];
      ab += u * v;
      aa += u * u;
      bb += v * v;
    }
    sum += 1 - ab / sqrt (aa * bb);
  }
  return sum / (double)places;
}

double
sp_studio_perceptual_distance (SpStudio *studio, const float *a, const float *b)
{
  SpStudioPlans *plans = studio->plans;
  if (plans->perceptual_plan == NULL)
    return NAN;
  sp_plan_write (plans->perceptual_plan, plans->one, a);
  sp_plan_write (plans->perceptual_plan, plans->other, b);
  sp_plan_forward (plans->perceptual_plan);
  return (double)sp_plan_read_scalar (plans->perceptual_plan, plans->distance);
}

void
sp_studio_compare (SpStudio *studio, const float *picture, SpLikeness *likeness)
{
  SpStudioPlans *plans = studio->plans;
  likeness->psnr = sp_psnr (picture, studio->photo, NULL, studio->side, studio->side);
  likeness->perceptual = sp_studio_perceptual_distance (studio, picture, studio->photo);
  sp_sight_look (studio->sight, picture);
  likeness->judged =
      feature_distance (studio->sight->features, plans->features,
                        (gsize)studio->sight->grid_height * (gsize)studio->sight->grid_width);
}

gboolean
sp_studio_find_own (SpStudio *studio, double *by_encoder, double *by_inversion, GError **error)
{
  g_autofree float *found = g_new (float, sp_shape_elements (studio->latent_shape));
  if (!invert (studio, studio->drawn, 0, found, error))
    return FALSE;
  *by_encoder = sp_measure_correlation (studio->encoded, found, studio->latent_shape);
  if (!invert (studio, studio->drawn, studio->settings.inversion_steps, found, error))
    return FALSE;
  *by_inversion = sp_measure_correlation (studio->encoded, found, studio->latent_shape);
  return TRUE;
}
