/* Choosing exemplars and making them in several sizes. See exemplars.h. */
#include "weights/dissect/exemplars.h"

#include "engine/method/edit.h"
#include "engine/method/encode.h"
#include "engine/method/invert.h"
#include "weights/dissect/candidates.h"
#include "weights/dissect/feature-map.h"
#include "weights/dissect/squares.h"

#include <math.h>
#include <string.h>

#define LARGEST 6 /* cells a side */
#define MOST_OUTLINES 4u
#define USUAL_OBJECTS 10u
#define TRIED_IN 12u       /* squares */
#define WORTH 0.6          /* of the best's effect, at least, */
#define OUTLINE_WORTH 0.25 /* an outline is worth more than the judge knows */
#define FEWEST 4u          /* but so many in any case, to choose from */
#define LEAST_BEFORE 0.2   /* of a square, that is not backdrop */
#define MOST_MISTAKEN 0.1  /* of a square that the concept fills, for a backdrop */
#define BATCH 4u
#define OUTLINE_PLACES (SP_PACK_OUTLINE_SIDE * SP_PACK_OUTLINE_SIDE)

typedef struct {
  SpWork *work;
  const SpSurvey *survey;
  const SpValues *values;
  SpDrawing *drawing;
  SpEncoding *encoding;   /* NULL: exemplars are cut out of latents */
  SpInversion *inversion; /* NULL: what the encoder finds */
  SpFeatures *features;   /* NULL: no concept has a backdrop */
  const SpExemplarOptions *options;
  guint concept;
  SpConceptValues *own; /* the concept's */
  guint32 backdrops;    /* and its backdrops */
  int side;             /* of its candidates */
  float *picture, *scaled, *latent;
  guint32 *map; /* of a picture's labels */
} Context;

static void
context_clear (Context *context)
{
  sp_drawing_free (context->drawing);
  sp_encoding_free (context->encoding);
  sp_inversion_free (context->inversion);
  sp_features_free (context->features);
  g_free (context->picture);
  g_free (context->scaled);
  g_free (context->latent);
  g_free (context->map);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Context, context_clear)

/* ---- Sizes ---- */

/* Of one exemplar, in floats. */
static gsize
size_of (const Context *context, const SpExemplarSet *set)
{
  return (gsize)context->survey->channels * (gsize)(set->side * set->side);
}

static void
make_set (const Context *context, int side, SpExemplarSet *set)
{
  *set = (SpExemplarSet){ .side = side };
  set->cells = g_new0 (float, SP_MOST_EXEMPLARS *size_of (context, set));
  if (context->values->light.channels > 0)
    set->lights = g_new0 (SpLight, SP_MOST_EXEMPLARS);
}

/* As large as there is something to see: of the frames only the largest are looked at. */
static int
largest_side (const Context *context, const GArray *candidates)
{
  const SpSurvey *survey = context->survey;
  int most = MIN (LARGEST, MIN (survey->h, survey->w));
  for (guint i = 0; i < candidates->len; i++)
    if (g_array_index (candidates, SpCandidate, i).kind != SP_CANDIDATE_SQUARE)
      return most;
  return context->side;
}

static void
make_sets (const Context *context, const GArray *candidates, int tried)
{
  gboolean scaled = context->encoding != NULL;
  make_set (context, scaled ? largest_side (context, candidates) : context->side,
            &context->own->exemplars);
  context->own->exemplars.outlines = g_new (float, SP_MOST_EXEMPLARS *OUTLINE_PLACES);
  if (scaled)
    make_set (context, tried, &context->own->small);
}

static void
cut (const Context *context, const float *latent, int left, int top, int side, float *cells)
{
  const SpSurvey *survey = context->survey;
  for (int c = 0; c < survey->channels; c++)
    for (int y = top; y < top + side; y++)
      for (int x = left; x < left + side; x++)
        *cells++ = latent[c * sp_survey_cells (survey) + (gsize)y * survey->w + x];
}

/* The candidate as cells of side x side: as the encoder sees the scaled photo, or by inversion. */
static gboolean
make_exemplar (const Context *context, const SpCandidate *candidate, int side, gboolean invert,
               float *cells, GError **error)
{
  const SpSurvey *survey = context->survey;
  if (context->encoding == NULL) {
    cut (context, sp_survey_latent (survey, candidate->latent), candidate->left, candidate->top,
         side, cells);
    return TRUE;
  }
  sp_survey_picture (survey, candidate->latent, context->picture);
  sp_frame_picture (context->picture, survey->side, survey->h, &candidate->frame, side,
                    context->scaled);
  if (!invert || context->inversion == NULL) {
    sp_encoding_run (context->encoding, context->scaled, context->latent);
  } else {
    if (!sp_inversion_run (context->inversion, context->scaled, context->options->steps,
                           context->work->cancellable, NULL, NULL, error))
      return FALSE;
    sp_inversion_read_latent (context->inversion, context->latent);
  }
  cut (context, context->latent, (survey->w - side) / 2, (survey->h - side) / 2, side, cells);
  return TRUE;
}

/* ---- What they do elsewhere ---- */

/* The light of the photo that latent i is of. */
static SpLight
light_of (const Context *context, guint i)
{
  const SpLightModel *model = &context->values->light;
  return model->channels > 0 ? sp_light_of (model, context->drawing->latent_shape,
                                            sp_survey_latent (context->survey, i))
                             : (SpLight){ 0 };
}

/* Latent b of the drawing: a square's, with an exemplar laid over the square (NULL: as it is). */
static void
lay (const Context *context, guint b, const float *cells, int side, SpLight light,
     const SpSquares *squares, guint number)
{
  const SpSquare *square = &g_array_index (squares->without, SpSquare, number);
  SpShape shape = context->drawing->latent_shape;
  SpRectangle area = { square->left, square->top, squares->side, squares->side };
  gsize size = (gsize)shape.channels * sp_survey_cells (context->survey);
  float *latent = context->drawing->latents + b * size;
  memcpy (latent, sp_survey_latent (context->survey, square->latent), size * sizeof (float));
  if (cells != NULL)
    sp_exemplar_lay (&context->values->light, light, cells, side, area, shape, latent);
}

/* How much of the area of drawing b the judge takes for the concept, backdrops aside; 0 where they
 * are nearly all. */
static double
share_before_backdrops (const Context *context, guint b, SpRectangle area)
{
  const SpDrawing *drawing = context->drawing;
  int grid = drawing->odds_shape.height;
  gsize plane = (gsize)grid * grid;
  const float *odds = drawing->odds + b * context->survey->concepts * plane;
  double own = 0, rest = 0;
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++) {
      gsize at = (gsize)y * grid + x;
      float backdrop = 0;
      for (guint k = 0; k < context->survey->concepts; k++)
        if (context->backdrops & 1u << k)
          backdrop = MAX (backdrop, sp_probability (odds[k * plane + at]));
      own += (double)((1 - backdrop) * sp_probability (odds[context->concept * plane + at]));
      rest += 1 - (double)backdrop;
    }
  return rest >= LEAST_BEFORE * area.width * area.height ? own / rest : 0;
}

/* The same in squares that do not show the concept, with the exemplar there; their mean. */
static double
effect_of (const Context *context, const float *cells, int side, SpLight light,
           const SpSquares *squares, guint n)
{
  SpDrawing *drawing = context->drawing;
  int block = drawing->odds_shape.height / context->survey->h, wide = squares->side * block;
  double sum = 0;
  for (guint first = 0; first < n; first += BATCH) {
    guint count = MIN (BATCH, n - first);
    for (guint b = 0; b < count; b++)
      lay (context, b, cells, side, light, squares, 2 * (first + b));
    sp_drawing_run (drawing);
    for (guint b = 0; b < count; b++) {
      const SpSquare *square = &g_array_index (squares->without, SpSquare, 2 * (first + b));
      sum += share_before_backdrops (
          context, b, (SpRectangle){ square->left * block, square->top * block, wide, wide });
    }
  }
  return n > 0 ? sum / n : 0;
}

/* How much of the exemplar an edit that lays it would leave to the photo. */
static double
share_left (const Context *context, guint latent, const float *cells, int side)
{
  const SpSurvey *survey = context->survey;
  SpShape shape = SP_SHAPE (1, survey->channels, survey->h, survey->w);
  SpRectangle all = { 0, 0, survey->w, survey->h };
  SpRectangle box = { (survey->w - side) / 2, (survey->h - side) / 2, side, side };
  sp_edit_lay (cells, SP_SHAPE (1, survey->channels, side, side), box, all, shape,
               sp_survey_latent (survey, latent), context->latent);
  sp_features_draw (context->features, context->latent);
  return sp_probes_share (context->options->probes, context->features, survey, context->backdrops,
                          box);
}

/* That, of a square that the concept fills: there the probes are mistaken. Of outlines and of boxes
 * that are labelled something is to be left, and this is 0. */
static gboolean
find_mistaken (const Context *context, const SpCandidate *candidate, double *mistaken,
               GError **error)
{
  SpExemplarSet *set = &context->own->exemplars;
  *mistaken = 0;
  if (context->backdrops == 0 || candidate->kind != SP_CANDIDATE_SQUARE
      || (context->options->probes->boxes & 1u << context->concept) != 0)
    return TRUE;
  if (!make_exemplar (context, candidate, set->side, FALSE, set->cells, error))
    return FALSE;
  *mistaken = share_left (context, candidate->latent, set->cells, set->side);
  return TRUE;
}

static SpExemplarSet *
tried_set (const Context *context)
{
  return context->own->small.side > 0 ? &context->own->small : &context->own->exemplars;
}

/* The effect of those that are mistaken is 0: they are taken where there are too few. */
static gboolean
try_candidates (const Context *context, GArray *candidates, const SpSquares *squares,
                GError **error)
{
  const SpExemplarSet *set = tried_set (context);
  guint n = MIN (TRIED_IN, (squares->without->len + 1) / 2); /* even ones, as causal.c ranks by */
  for (guint i = 0; i < candidates->len; i++) {
    SpCandidate *candidate = &g_array_index (candidates, SpCandidate, i);
    double mistaken;
    if (!sp_work_go_on (context->work, "Trying exemplars", context->concept,
                        context->survey->concepts, error)
        || !find_mistaken (context, candidate, &mistaken, error)
        || !make_exemplar (context, candidate, set->side, FALSE, set->cells, error))
      return FALSE;
    if (mistaken <= MOST_MISTAKEN)
      candidate->effect = effect_of (context, set->cells, set->side,
                                     light_of (context, candidate->latent), squares, n);
  }
  return TRUE;
}

/* ---- Choosing ---- */

/* The most effective of its kind that is not taken; of cluster `cluster` alone, or of any
 * (negative). */
static SpCandidate *
most_effective (GArray *candidates, int cluster, SpCandidateKind kind)
{
  SpCandidate *best = NULL;
  for (guint i = 0; i < candidates->len; i++) {
    SpCandidate *candidate = &g_array_index (candidates, SpCandidate, i);
    if (!candidate->taken && candidate->kind == kind
        && (cluster < 0 || candidate->cluster == (guint)cluster)
        && (best == NULL || candidate->effect > best->effect))
      best = candidate;
  }
  return best;
}

/* All of it, but of an object's frame. */
static gboolean
outline (const Context *context, const SpCandidate *candidate, float *places, GError **error)
{
  const SpFrame *frame = &candidate->frame;
  for (int p = 0; p < OUTLINE_PLACES; p++)
    places[p] = 1;
  if (candidate->kind != SP_CANDIDATE_OBJECT)
    return TRUE;
  if (!sp_survey_map (context->survey, candidate->latent, context->map, error))
    return FALSE;
  sp_frame_outline (context->survey, context->map, candidate->latent, context->concept,
                    (int)(frame->left + frame->size / 2), (int)(frame->top + frame->size / 2),
                    frame, SP_PACK_OUTLINE_SIDE, places);
  return TRUE;
}

/* None of the exemplars has one. */
static void
drop_outlines (SpExemplarSet *set)
{
  for (guint i = 0; i < set->n * OUTLINE_PLACES; i++)
    if (set->outlines[i] < 1)
      return;
  g_clear_pointer (&set->outlines, g_free);
}

static gboolean
add_exemplar (const Context *context, const SpCandidate *candidate, gboolean invert,
              SpExemplarSet *set, GError **error)
{
  if (!make_exemplar (context, candidate, set->side, invert,
                      set->cells + set->n * size_of (context, set), error))
    return FALSE;
  if (set->lights != NULL)
    set->lights[set->n] = light_of (context, candidate->latent);
  set->n++;
  return TRUE;
}

static gboolean
take (const Context *context, SpCandidate *candidate, GError **error)
{
  SpExemplarSet *set = &context->own->exemplars, *small = &context->own->small;
  candidate->taken = TRUE;
  return sp_work_go_on (context->work, "Making exemplars", context->concept,
                        context->survey->concepts, error)
         && outline (context, candidate, set->outlines + set->n * OUTLINE_PLACES, error)
         && add_exemplar (context, candidate, TRUE, set, error)
         && (small->side == 0 || add_exemplar (context, candidate, FALSE, small, error));
}

/* The best, then the best of the next cluster that is worth it, and so on, until there are `most`;
 * `fewest` whatever they are worth. */
static gboolean
take_best (const Context *context, GArray *candidates, SpCandidateKind kind, double worth,
           guint fewest, guint most, GError **error)
{
  guint n_clusters = MAX (context->own->clusters.n, 1);
  const SpExemplarSet *set = &context->own->exemplars;
  SpCandidate *next = most_effective (candidates, -1, kind);
  guint cluster = next != NULL ? next->cluster : 0;
  while (next != NULL && set->n < most && (next->effect >= worth || set->n < fewest)) {
    if (!take (context, next, error))
      return FALSE;
    next = NULL;
    for (guint tries = 0; next == NULL && tries < n_clusters; tries++) {
      cluster = (cluster + 1) % n_clusters;
      next = most_effective (candidates, (int)cluster, kind);
      if (next != NULL && next->effect < worth && set->n >= fewest)
        next = NULL;
    }
  }
  return TRUE;
}

/* Squares first; room is kept for the outlines and objects that are worth it. */
static gboolean
take_all (const Context *context, GArray *candidates, GError **error)
{
  guint asked = MIN (context->options->objects, SP_MOST_OBJECTS);
  guint usual = SP_USUAL_EXEMPLARS, objects = asked > 0 ? asked : USUAL_OBJECTS;
  double best = 0;
  guint worthy[SP_N_CANDIDATE_KINDS] = { 0 };
  const SpExemplarSet *set = &context->own->exemplars;
  for (guint i = 0; i < candidates->len; i++)
    best = fmax (best, g_array_index (candidates, SpCandidate, i).effect);
  for (guint i = 0; i < candidates->len; i++) {
    const SpCandidate *candidate = &g_array_index (candidates, SpCandidate, i);
    worthy[candidate->kind] += candidate->effect >= OUTLINE_WORTH * best;
  }
  guint most = usual - MIN (worthy[SP_CANDIDATE_OUTLINE], MOST_OUTLINES)
               - MIN (worthy[SP_CANDIDATE_OBJECT], USUAL_OBJECTS);
  return take_best (context, candidates, SP_CANDIDATE_SQUARE, WORTH * best, MIN (FEWEST, most),
                    most, error)
         && take_best (context, candidates, SP_CANDIDATE_OUTLINE, OUTLINE_WORTH * best, 0,
                       set->n + MOST_OUTLINES, error)
         && take_best (context, candidates, SP_CANDIDATE_OBJECT,
                       asked > 0 ? 0 : OUTLINE_WORTH * best, 0,
                       MIN (set->n + objects, asked > 0 ? SP_MOST_EXEMPLARS : usual), error);
}

/* The first square, as it is and with each exemplar. */
static void
show (const Context *context, const SpSquares *squares)
{
  const SpExemplarSet *set = tried_set (context);
  SpShape one = context->drawing->picture_shape;
  one.batch = 1;
  gsize n = sp_shape_elements (one);
  if (squares->without->len == 0)
    return;
  context->own->shown = g_new (float, (set->n + 1) * n);
  for (guint first = 0; first <= set->n; first += BATCH) {
    guint count = MIN (BATCH, set->n + 1 - first);
    for (guint b = 0; b < count; b++)
      lay (context, b, first + b > 0 ? set->cells + (first + b - 1) * size_of (context, set) : NULL,
           set->side,
           first + b > 0 && set->lights != NULL ? set->lights[first + b - 1] : (SpLight){ 0 },
           squares, 0);
    sp_drawing_run (context->drawing);
    memcpy (context->own->shown + first * n, context->drawing->pictures,
            count * n * sizeof (float));
  }
}

static gboolean
choose_of_concept (Context *context, GError **error)
{
  g_auto (SpSquares) squares = { 0 };
  g_autoptr (GArray) candidates = sp_candidates_find (
      context->survey, context->values, context->concept, context->backdrops,
      context->encoding != NULL ? context->options->labels : NULL,
      (context->options->probes->boxes & 1u << context->concept) != 0, &context->side);
  sp_squares_find (context->survey, context->values, context->concept, context->options->seed,
                   &squares);
  make_sets (context, candidates, squares.side);
  if (!try_candidates (context, candidates, &squares, error)
      || !take_all (context, candidates, error))
    return FALSE;
  drop_outlines (&context->own->exemplars);
  show (context, &squares);
  return TRUE;
}

static gboolean
plan_features (Context *context, const SpPack *pack, GError **error)
{
  guint32 backdrops = 0;
  for (guint k = 0; k < context->survey->concepts; k++)
    backdrops |= context->options->backdrops[k];
  if (backdrops == 0)
    return TRUE;
  context->features = sp_features_new (context->work, pack, context->survey, error);
  return context->features != NULL;
}

static gboolean
plan (Context *context, const SpPack *pack, const SpJudge *judge, GError **error)
{
  const SpSurvey *survey = context->survey;
  SpBackend *backend = context->work->backend;
  gsize n = 3 * (gsize)survey->side * survey->side;
  context->picture = g_new (float, n);
  context->scaled = g_new (float, n);
  context->latent = g_new (float, survey->channels *sp_survey_cells (survey));
  context->map = g_new (guint32, (gsize)survey->side * survey->side);
  context->drawing = sp_drawing_new (pack, judge, backend, BATCH, survey->h, survey->w, error);
  if (context->drawing == NULL || !plan_features (context, pack, error))
    return FALSE;
  if (!context->options->encoded)
    return TRUE;
  context->encoding = sp_encoding_new (pack, backend, 1, survey->side, survey->side, error);
  if (context->encoding == NULL || context->options->steps == 0)
    return context->encoding != NULL;
  context->inversion = sp_inversion_new (pack, backend, survey->side, survey->side, error);
  return context->inversion != NULL;
}

gboolean
sp_exemplars_choose (SpWork *work, const SpPack *pack, const SpJudge *judge, const SpSurvey *survey,
                     SpValues *values, const SpExemplarOptions *options, GError **error)
{
  g_auto (Context)
      context = { .work = work, .survey = survey, .values = values, .options = options };
  if (!plan (&context, pack, judge, error))
    return FALSE;
  for (context.concept = 0; context.concept < survey->concepts; context.concept++) {
    context.own = &values->concepts[context.concept];
    context.backdrops = options->backdrops[context.concept];
    if (!choose_of_concept (&context, error))
      return FALSE;
  }
  return TRUE;
}
