/* Filling holes with patches. See complete.h. */
#include "engine/photo/complete.h"
#include "engine/photo/patch-match.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

#define AREA (3.f * (2 * SP_PATCH_RADIUS + 1) * (2 * SP_PATCH_RADIUS + 1)) /* values of a patch */
#define COARSEST_SIDE 16
#define FINER 1.5
#define FEWEST_SOURCES 24
/* A place of a coarse level that the hole has more of is of the hole. */
#define HOLE_SHARE 0.05f
/* Rounds of search and vote, of all levels but the finest, where little is left to find. */
#define ROUNDS 12
#define LAST_ROUNDS 6
#define PASSES 2
#define LEAST_VOTE 1e-12f /* of a patch that fits badly, where no other is */
#define DIFFUSION_STEPS 400
/* Scenes lie in layers: what a place costs that lies the whole picture's height away. */
#define HEIGHT 0.05f

/* The picture at one size. */
typedef struct {
  int width, height;
  SpPatchPicture target, source; /* with the filling so far; as far as it is known */
  guint8 *is_hole, *is_target, *is_source;
  int *sources;
  int n_sources;
  float *cost;
  int *match;
} Level;

static void
level_clear (Level *level)
{
  sp_patch_picture_clear (&level->target);
  sp_patch_picture_clear (&level->source);
  g_clear_pointer (&level->is_hole, g_free);
  g_clear_pointer (&level->is_target, g_free);
  g_clear_pointer (&level->is_source, g_free);
  g_clear_pointer (&level->sources, g_free);
  g_clear_pointer (&level->cost, g_free);
  g_clear_pointer (&level->match, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Level, level_clear)

static gboolean
fail_for_memory (GError **error)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                       "There is not enough memory to fill what is taken out of the photo.");
  return FALSE;
}

static gboolean
level_allocate (Level *level)
{
  gsize plane = (gsize)level->width * level->height;
  level->target = sp_patch_picture_new (level->width, level->height);
  level->source = sp_patch_picture_new (level->width, level->height);
  level->is_hole = g_try_malloc0_n (plane, 1);
  level->is_target = g_try_malloc0_n (plane, 1);
  level->is_source = g_try_malloc0_n (plane, 1);
  level->sources = g_try_malloc_n (plane, sizeof (int));
  level->cost = g_try_malloc_n (plane, sizeof (float));
  level->match = g_try_malloc_n (plane, sizeof (int));
  return level->target.memory != NULL && level->source.memory != NULL && level->is_hole != NULL
         && level->is_target != NULL && level->is_source != NULL && level->sources != NULL
         && level->cost != NULL && level->match != NULL;
}

static SpPatchPixel *
at (const SpPatchPicture *picture, int y, int x)
{
  return &picture->pixels[y * (gssize)picture->row + x];
}

/* ---- From the whole picture ---- */

typedef struct {
  const SpCompletion *of;
  SpFilter *horizontal, *vertical;
  float *whole, *known, *plane; /* scratch: one of the picture's planes; of the level's */
} Reducer;

static void
reducer_clear (Reducer *reducer)
{
  sp_filter_free (reducer->horizontal);
  sp_filter_free (reducer->vertical);
  g_free (reducer->whole);
  g_free (reducer->known);
  g_free (reducer->plane);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reducer, reducer_clear)

static gboolean
reducer_prepare (Reducer *reducer, const SpCompletion *of, const Level *level)
{
  gsize plane = (gsize)level->width * level->height;
  reducer->of = of;
  reducer->horizontal = sp_filter_new (SP_FILTER_AREA, SP_EDGE_REPEAT, 0,
                                       (double)of->width / level->width, level->width, of->width);
  reducer->vertical = sp_filter_new (SP_FILTER_AREA, SP_EDGE_REPEAT, 0,
                                     (double)of->height / level->height, level->height, of->height);
  reducer->whole = g_try_malloc_n ((gsize)of->width * of->height, sizeof (float));
  reducer->known = g_try_malloc_n (plane, sizeof (float));
  reducer->plane = g_try_malloc_n (plane, sizeof (float));
  return reducer->whole != NULL && reducer->known != NULL && reducer->plane != NULL;
}

static gboolean
reduce (const Reducer *reducer, const float *whole, float *plane)
{
  return sp_resample_plane (reducer->horizontal, reducer->vertical, whole, reducer->of->width,
                            plane);
}

/* Means over what is no hole. */
static gboolean
reduce_picture (const Reducer *reducer, const float *picture, Level *level)
{
  gsize whole = (gsize)reducer->of->width * reducer->of->height;
  for (int c = 0; c < 3; c++) {
    for (gsize i = 0; i < whole; i++)
      reducer->whole[i] = reducer->of->is_hole[i] ? 0 : picture[c * whole + i];
    if (!reduce (reducer, reducer->whole, reducer->plane))
      return FALSE;
    for (int y = 0; y < level->height; y++)
      for (int x = 0; x < level->width; x++) {
        gsize i = (gsize)y * level->width + x;
        SpPatchPixel *pixel = at (&level->source, y, x);
        if (c == 0)
          *pixel = (SpPatchPixel){ 0 };
        (*pixel)[c] = reducer->plane[i] / MAX (reducer->known[i], 1e-3f);
      }
  }
  return TRUE;
}

/* Whether a patch around (y, x) has a place of the hole. */
static gboolean
meets_hole (const Level *level, int y, int x)
{
  int bottom = MIN (y + SP_PATCH_RADIUS, level->height - 1);
  int right = MIN (x + SP_PATCH_RADIUS, level->width - 1);
  for (int v = MAX (y - SP_PATCH_RADIUS, 0); v <= bottom; v++)
    for (int u = MAX (x - SP_PATCH_RADIUS, 0); u <= right; u++)
      if (level->is_hole[v * level->width + u])
        return TRUE;
  return FALSE;
}

/* A place at the picture's edge is a source too, as if its edges went on: else there is nothing to
 * take of a narrow strip of sky above a tower. */
static void
find_places (Level *level)
{
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      int i = y * level->width + x;
      level->is_target[i] = meets_hole (level, y, x);
      level->is_source[i] = !level->is_target[i];
      if (level->is_source[i])
        level->sources[level->n_sources++] = i;
    }
}

static gboolean
reduce_places (const Reducer *reducer, Level *level)
{
  gsize whole = (gsize)reducer->of->width * reducer->of->height;
  gsize plane = (gsize)level->width * level->height;
  for (gsize i = 0; i < whole; i++)
    reducer->whole[i] = reducer->of->is_hole[i] ? 0 : 1;
  if (!reduce (reducer, reducer->whole, reducer->known))
    return FALSE;
  for (gsize i = 0; i < plane; i++)
    level->is_hole[i] = 1 - reducer->known[i] > HOLE_SHARE;
  find_places (level);
  return TRUE;
}

static gboolean
read_level (const SpCompletion *of, const float *picture, Level *level)
{
  g_auto (Reducer) reducer = { 0 };
  if (!level_allocate (level) || !reducer_prepare (&reducer, of, level)
      || !reduce_places (&reducer, level) || !reduce_picture (&reducer, picture, level))
    return FALSE;
  sp_patch_picture_repeat_edges (&level->source);
  memcpy (level->target.memory, level->source.memory,
          level->source.row * (level->height + 2 * SP_PATCH_RADIUS) * sizeof (SpPatchPixel));
  return TRUE;
}

/* ---- The first guess ---- */

static SpPatchPixel
mean_of_sources (const Level *level)
{
  SpPatchPixel mean = { 0 };
  for (int i = 0; i < level->n_sources; i++)
    mean +=
        *at (&level->source, level->sources[i] / level->width, level->sources[i] % level->width);
  return mean / (float)level->n_sources;
}

static void
spread_evenly (Level *level)
{
  gssize row = level->target.row;
  for (int step = 0; step < DIFFUSION_STEPS; step++) {
    sp_patch_picture_repeat_edges (&level->target);
    for (int y = 0; y < level->height; y++)
      for (int x = 0; x < level->width; x++) {
        SpPatchPixel *here = at (&level->target, y, x);
        if (level->is_hole[y * level->width + x])
          *here = 0.25f * (here[1] + here[-1] + here[row] + here[-row]);
      }
  }
}

/* What is met first in that direction, if anything. */
static void
go_on_from (Level *level, int down, int across)
{
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      int v = y, u = x;
      while (v >= 0 && u >= 0 && v < level->height && u < level->width
             && level->is_hole[v * level->width + u]) {
        v += down;
        u += across;
      }
      if (v >= 0 && u >= 0 && v < level->height && u < level->width)
        *at (&level->target, y, x) = *at (&level->source, v, u);
    }
}

/* Nothing is known of places yet. */
static void
begin (Level *level, SpCompletionStart start)
{
  static const struct {
    int down, across;
  } directions[SP_N_COMPLETIONS] = { { 0, 0 }, { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
  SpPatchPixel mean = mean_of_sources (level);
  for (int i = 0; i < level->width * level->height; i++) {
    level->match[i] = -1;
    if (level->is_hole[i])
      *at (&level->target, i / level->width, i % level->width) = mean;
  }
  if (start == SP_COMPLETE_EVENLY)
    spread_evenly (level);
  else
    go_on_from (level, directions[start].down, directions[start].across);
}

/* Where the coarser level found its places, as places of this one, and its filling, for want of
 * better. */
static void
go_on (const Level *coarser, Level *level)
{
  double down = (double)level->height / coarser->height;
  double across = (double)level->width / coarser->width;
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      int i = y * level->width + x;
      int from_y = MIN ((int)(y / down), coarser->height - 1);
      int from_x = MIN ((int)(x / across), coarser->width - 1);
      int place = coarser->match[from_y * coarser->width + from_x];
      level->match[i] = -1;
      if (level->is_hole[i])
        *at (&level->target, y, x) = *at (&coarser->target, from_y, from_x);
      if (place < 0)
        continue;
      int to_y = (int)lround ((place / coarser->width - from_y) * down + y);
      int to_x = (int)lround ((place % coarser->width - from_x) * across + x);
      if (to_y >= 0 && to_x >= 0 && to_y < level->height && to_x < level->width)
        level->match[i] = to_y * level->width + to_x;
    }
}

/* ---- Rounds ---- */

static float
mean_cost (const Level *level)
{
  double sum = 0;
  int n = 0;
  for (int i = 0; i < level->width * level->height; i++)
    if (level->match[i] >= 0) {
      sum += (double)level->cost[i];
      n++;
    }
  return (float)(sum / MAX (n, 1)) + 1e-6f;
}

/* What the patches that lie over pixel (y, x) say of it. */
static SpPatchPixel
vote (const Level *level, float mean, int y, int x)
{
  SpPatchPixel sum = { 0 };
  float total = 0;
  int bottom = MIN (y + SP_PATCH_RADIUS, level->height - 1);
  int right = MIN (x + SP_PATCH_RADIUS, level->width - 1);
  for (int v = MAX (y - SP_PATCH_RADIUS, 0); v <= bottom; v++)
    for (int u = MAX (x - SP_PATCH_RADIUS, 0); u <= right; u++) {
      int near = v * level->width + u, place = level->match[near];
      int from_y = place / level->width + y - v, from_x = place % level->width + x - u;
      float weight = expf (-0.5f * level->cost[near] / mean) + LEAST_VOTE;
      sum += *at (&level->source, from_y, from_x) * weight;
      total += weight;
    }
  return sum / total;
}

static void
fill (Level *level)
{
  float mean = mean_cost (level);
#pragma omp parallel for schedule(dynamic, 4)
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++)
      if (level->is_hole[y * level->width + x])
        *at (&level->target, y, x) = vote (level, mean, y, x);
}

static gboolean
find_and_fill (Level *level, guint number, int rounds)
{
  SpPatchSearch search = { .target = &level->target,
                           .source = &level->source,
                           .is_target = level->is_target,
                           .is_source = level->is_source,
                           .sources = level->sources,
                           .n_sources = level->n_sources,
                           .match = level->match,
                           .cost = level->cost,
                           .row_penalty = HEIGHT * AREA / (float)level->height,
                           .mean_weight = 1,
                           .passes = PASSES,
                           .reach = MAX (level->width, level->height) };
  /* First of all what the guesses say, which is sharper than what was enlarged. */
  search.passes = 0;
  sp_patch_picture_repeat_edges (&level->target);
  if (number > 0) {
    if (!sp_patch_search (&search))
      return FALSE;
    fill (level);
  }
  search.passes = PASSES;
  for (int round = 0; round < rounds; round++) {
    search.seed = 100000 * number + 1000 * (guint)round;
    sp_patch_picture_repeat_edges (&level->target);
    if (!sp_patch_search (&search))
      return FALSE;
    fill (level);
  }
  return TRUE;
}

/* ---- Levels ---- */

static void
write_hole (const Level *level, const guint8 *is_hole, float *picture)
{
  gsize plane = (gsize)level->width * level->height;
  for (gsize i = 0; i < plane; i++)
    if (is_hole[i])
      for (int c = 0; c < 3; c++)
        picture[c * plane + i] =
            (*at (&level->target, (int)i / level->width, (int)i % level->width))[c];
}

/* Size number `step` of the steps from the coarsest, 0, to the picture's own. */
static int
side_at (int whole, double ratio, int steps, int step)
{
  return (int)lround (whole * pow (ratio, (double)(steps - step)));
}

gboolean
sp_complete (const SpCompletion *completion, float *picture, double *misfit, GError **error)
{
  g_auto (Level) coarser = { 0 };
  int shorter = MIN (completion->width, completion->height);
  int steps = MAX (0, (int)lround (log ((double)shorter / COARSEST_SIDE) / log (FINER)));
  double ratio = steps > 0 ? pow ((double)COARSEST_SIDE / shorter, 1. / steps) : 1;
  for (int step = 0; step <= steps; step++) {
    g_auto (Level) level = { side_at (completion->width, ratio, steps, step),
                             side_at (completion->height, ratio, steps, step) };
    if (!read_level (completion, picture, &level))
      return fail_for_memory (error);
    if (level.n_sources < (step < steps ? FEWEST_SOURCES : 1))
      continue; /* a hole so large leaves no whole patch of this size */
    if (coarser.n_sources == 0)
      begin (&level, completion->start);
    else
      go_on (&coarser, &level);
    if (!find_and_fill (&level, (guint)step, step < steps ? ROUNDS : LAST_ROUNDS))
      return fail_for_memory (error);
    Level done = coarser;
    coarser = level;
    level = done;
  }
  if (coarser.width != completion->width) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES,
                         "The strokes leave too little of the photo to fill their place with.");
    return FALSE;
  }
  if (misfit != NULL)
    *misfit = (double)mean_cost (&coarser) / (double)AREA;
  write_hole (&coarser, completion->is_hole, picture);
  return TRUE;
}
