/* Fine detail from the photo around. See detail.h. */
#include "engine/photo/detail.h"
#include "engine/photo/patch-match.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

#define MOST_PIXELS 1.5e6
#define LEAST_ENLARGEMENT 1.2
/* An octave more is begun where the last would be so much of one. */
#define PART_OF_OCTAVE 0.15
#define KEPT 0.98f
#define FREE 0.99f
/* Where more of the drawing than this is the photo but for its colours. */
#define UNMOVED 0.5f
/* Of all pixels: where the strokes leave fewer, detail comes from under them too. */
#define FEWEST_SOURCES (1 / 16.)
/* Of the first octave's search, which has no guess to begin with. The others' are near where their
 * guess is: looking further, or longer, made them no liker and less sharp. */
#define FIRST_PASSES 4
#define LATER_REACH 16
/* Little: a texture may be brighter. */
#define MEAN_WEIGHT 0.1f
/* Of the Gaussian by which overlapping patches are averaged, in pixels. */
#define VOTE_SIGMA 0.8f

/* One size between the drawing's and the photo's. */
typedef struct {
  int width, height;
  float *photo;  /* 3 x height x width, sRGB-encoded, -1 to 1 */
  float *detail; /* likewise: what was found of it so far */
  int *match;    /* height x width: sp_patch_search()'s */
} Level;

static void
level_clear (Level *level)
{
  g_clear_pointer (&level->photo, g_free);
  g_clear_pointer (&level->detail, g_free);
  g_clear_pointer (&level->match, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Level, level_clear)

typedef struct {
  const SpWindow *window;
  const SpPhoto *photo;
  const SpMasks *masks;
  float *drawn; /* 3 x window: the picture as far as it is free, else the photo */
} Scene;

static gsize
plane_of (const Level *level)
{
  return (gsize)level->width * level->height;
}

static gboolean
fail_for_memory (GError **error)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                       "There is not enough memory to look for fine detail in the photo.");
  return FALSE;
}

/* ---- From one size to another ---- */

static SpEnlarger
enlarger_new (int width, int height, const Level *to)
{
  return sp_enlarger_new (width, height, (SpAxis){ 0, (double)width / to->width, to->width },
                          (SpAxis){ 0, (double)height / to->height, to->height });
}

/* ---- What a level is matched by ---- */

typedef struct {
  SpPatchPicture target, source; /* the drawing so far; the photo without this level's detail */
  guint8 *is_target, *is_source, *is_unmoved; /* the last: NULL where nothing is */
  int *sources;
  int n_sources;
  float *plane; /* scratch */
} Match;

static void
match_clear (Match *match)
{
  sp_patch_picture_clear (&match->target);
  sp_patch_picture_clear (&match->source);
  g_free (match->is_target);
  g_free (match->is_source);
  g_free (match->is_unmoved);
  g_free (match->sources);
  g_free (match->plane);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Match, match_clear)

static gboolean
match_prepare (Match *match, const Level *level)
{
  gsize plane = plane_of (level);
  match->target = sp_patch_picture_new (level->width, level->height);
  match->source = sp_patch_picture_new (level->width, level->height);
  match->is_target = g_try_malloc_n (plane, 1);
  match->is_source = g_try_malloc_n (plane, 1);
  match->sources = g_try_malloc_n (plane, sizeof (int));
  match->plane = g_try_malloc_n (plane, sizeof (float));
  return match->target.memory != NULL && match->source.memory != NULL && match->is_target != NULL
         && match->is_source != NULL && match->sources != NULL && match->plane != NULL;
}

static void
put_channel (const SpPatchPicture *pixels, int channel, const float *plane)
{
#pragma omp parallel for
  for (int y = 0; y < pixels->height; y++)
    for (int x = 0; x < pixels->width; x++) {
      SpPatchPixel *pixel = &pixels->pixels[y * pixels->row + x];
      if (channel == 0)
        *pixel = (SpPatchPixel){ 0 };
      (*pixel)[channel] = plane[(gsize)y * pixels->width + x];
    }
}

/* A source's patch is the photo's as a whole. */
static gboolean
is_kept_around (const float *keep, const Level *level, int y, int x)
{
  for (int dy = -SP_PATCH_RADIUS; dy <= SP_PATCH_RADIUS; dy += SP_PATCH_RADIUS)
    for (int dx = -SP_PATCH_RADIUS; dx <= SP_PATCH_RADIUS; dx += SP_PATCH_RADIUS) {
      int at_y = CLAMP (y + dy, 0, level->height - 1), at_x = CLAMP (x + dx, 0, level->width - 1);
      if (keep[(gsize)at_y * level->width + at_x] < KEPT)
        return FALSE;
    }
  return TRUE;
}

/* These are found already. */
static gboolean
find_unmoved (Match *match, const Scene *scene, const SpEnlarger *whole, const Level *level)
{
  if (scene->masks->unmoved == NULL)
    return TRUE;
  match->is_unmoved = g_try_malloc_n (plane_of (level), 1);
  if (match->is_unmoved == NULL || !sp_enlarge (whole, scene->masks->unmoved, match->plane))
    return FALSE;
  for (gsize i = 0; i < plane_of (level); i++)
    match->is_unmoved[i] = match->plane[i] > UNMOVED;
  return TRUE;
}

static gboolean
find_places (Match *match, const Scene *scene, const Level *level)
{
  g_auto (SpEnlarger) whole = enlarger_new (scene->window->width, scene->window->height, level);
  if (!find_unmoved (match, scene, &whole, level)
      || !sp_enlarge (&whole, scene->masks->keep, match->plane))
    return FALSE;
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      int i = y * level->width + x;
      gboolean is_unmoved = match->is_unmoved != NULL && match->is_unmoved[i];
      match->is_target[i] = match->plane[i] < FREE && !is_unmoved;
      match->is_source[i] = is_kept_around (match->plane, level, y, x);
      if (match->is_source[i])
        match->sources[match->n_sources++] = i;
    }
  if (match->n_sources >= FEWEST_SOURCES * plane_of (level))
    return TRUE;
  match->n_sources = (int)plane_of (level);
  memset (match->is_source, TRUE, match->n_sources);
  for (int i = 0; i < match->n_sources; i++)
    match->sources[i] = i;
  return TRUE;
}

/* The two pictures, and the detail that the coarser level found, enlarged. */
static gboolean
find_pictures (Match *match, const Scene *scene, const Level *coarser, Level *level)
{
  g_auto (SpEnlarger) octave = enlarger_new (coarser->width, coarser->height, level);
  g_auto (SpEnlarger) whole = enlarger_new (scene->window->width, scene->window->height, level);
  gsize plane = plane_of (level), drawn_plane = (gsize)scene->window->width * scene->window->height;
  for (int c = 0; c < 3; c++) {
    float *detail = level->detail + c * plane;
    if (!sp_enlarge (&octave, coarser->photo + c * plane_of (coarser), match->plane))
      return FALSE;
    put_channel (&match->source, c, match->plane);
    if (!sp_enlarge (&octave, coarser->detail + c * plane_of (coarser), detail)
        || !sp_enlarge (&whole, scene->drawn + c * drawn_plane, match->plane))
      return FALSE;
    for (gsize i = 0; i < plane; i++)
      match->plane[i] += detail[i];
    put_channel (&match->target, c, match->plane);
  }
  sp_patch_picture_repeat_edges (&match->source);
  sp_patch_picture_repeat_edges (&match->target);
  return TRUE;
}

/* Where the coarser level found its places, as places of this one. */
static void
guess (const Level *coarser, Level *level)
{
  double down = (double)level->height / coarser->height;
  double across = (double)level->width / coarser->width;
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      int from_y = MIN ((int)(y / down), coarser->height - 1);
      int from_x = MIN ((int)(x / across), coarser->width - 1);
      int place = coarser->match[from_y * coarser->width + from_x];
      int *match = &level->match[y * level->width + x];
      *match = -1;
      if (place < 0)
        continue;
      int to_y = (int)lround ((place / coarser->width - from_y) * down + y);
      int to_x = (int)lround ((place % coarser->width - from_x) * across + x);
      if (to_y >= 0 && to_x >= 0 && to_y < level->height && to_x < level->width)
        *match = to_y * level->width + to_x;
    }
}

/* ---- Detail ---- */

/* What the patches that lie over pixel (y, x) say of it. */
static SpPatchPixel
vote (const Match *match, const Level *level, int y, int x)
{
  gsize plane = plane_of (level);
  SpPatchPixel sum = { 0 };
  float total = 0;
  for (int dy = -SP_PATCH_RADIUS; dy <= SP_PATCH_RADIUS; dy++)
    for (int dx = -SP_PATCH_RADIUS; dx <= SP_PATCH_RADIUS; dx++) {
      int at_y = y - dy, at_x = x - dx;
      if (at_y < 0 || at_x < 0 || at_y >= level->height || at_x >= level->width)
        continue;
      int place = level->match[at_y * level->width + at_x];
      if (place < 0)
        continue;
      int from_y = CLAMP (place / level->width + dy, 0, level->height - 1);
      int from_x = CLAMP (place % level->width + dx, 0, level->width - 1);
      const float *photo = level->photo + (gsize)from_y * level->width + from_x;
      SpPatchPixel fine = { photo[0], photo[plane], photo[2 * plane], 0 };
      float weight = expf (-(float)(dy * dy + dx * dx) / (2 * VOTE_SIGMA * VOTE_SIGMA));
      sum += (fine - match->source.pixels[from_y * match->source.row + from_x]) * weight;
      total += weight;
    }
  return sum / MAX (total, 1e-9f); /* 0 where there is none */
}

static void
add_votes (const Match *match, Level *level)
{
  gsize plane = plane_of (level);
#pragma omp parallel for schedule(dynamic, 8)
  for (int y = 0; y < level->height; y++)
    for (int x = 0; x < level->width; x++) {
      SpPatchPixel found = vote (match, level, y, x);
      for (int c = 0; c < 3; c++)
        level->detail[c * plane + (gsize)y * level->width + x] += found[c];
    }
}

static gboolean
read_level (const Scene *scene, Level *level, GError **error)
{
  SpWindow window = { scene->window->area, level->width, level->height };
  level->photo = sp_window_read (&window, scene->photo, error);
  if (level->photo == NULL)
    return FALSE;
  level->detail = g_try_new0 (float, 3 * plane_of (level));
  level->match = g_try_malloc_n (plane_of (level), sizeof (int));
  return (level->detail != NULL && level->match != NULL) || fail_for_memory (error);
}

/* What is known more finely needs none of the photo's, up to the octave that is as fine. */
static gboolean
take_finer (const Scene *scene, const Level *coarser, Level *level)
{
  const SpFiner *finer = scene->masks->finer;
  int width = SP_FINER * scene->window->width, height = SP_FINER * scene->window->height;
  gsize plane = plane_of (level), from = (gsize)width * height;
  if (finer == NULL || finer->share == NULL || coarser->width >= width)
    return TRUE;
  g_auto (SpEnlarger) to_level = enlarger_new (width, height, level);
  g_autofree float *share = g_try_new (float, plane), *own = g_try_new (float, plane);
  if (share == NULL || own == NULL || !sp_enlarge (&to_level, finer->share, share))
    return FALSE;
  for (gsize c = 0; c < 3; c++) {
    if (!sp_enlarge (&to_level, finer->detail + c * from, own))
      return FALSE;
    for (gsize i = 0; i < plane; i++)
      level->detail[c * plane + i] += share[i] * (own[i] - level->detail[c * plane + i]);
  }
  return TRUE;
}

static gboolean
find_octave (const Scene *scene, const Level *coarser, Level *level, guint number, GError **error)
{
  g_auto (Match) match = { .n_sources = 0 };
  if (!read_level (scene, level, error))
    return FALSE;
  if (!match_prepare (&match, level) || !find_places (&match, scene, level)
      || !find_pictures (&match, scene, coarser, level))
    return fail_for_memory (error);
  guess (coarser, level);
  SpPatchSearch search = { .target = &match.target,
                           .source = &match.source,
                           .is_target = match.is_target,
                           .is_source = match.is_source,
                           .sources = match.sources,
                           .n_sources = match.n_sources,
                           .match = level->match,
                           .mean_weight = MEAN_WEIGHT,
                           .seed = 1000 * number,
                           .passes = number == 0 ? FIRST_PASSES : 1,
                           .reach = number == 0 ? MAX (level->width, level->height) : LATER_REACH };
  if (!sp_patch_search (&search))
    return fail_for_memory (error);
  for (int i = 0; match.is_unmoved != NULL && i < (int)plane_of (level); i++)
    if (match.is_unmoved[i])
      level->match[i] = i;
  add_votes (&match, level);
  return take_finer (scene, coarser, level) || fail_for_memory (error);
}

/* ---- Octaves ---- */

static void
draw_scene (Scene *scene, const float *photo, const float *picture)
{
  gsize plane = (gsize)scene->window->width * scene->window->height;
  scene->drawn = g_new (float, 3 * plane);
  for (gsize i = 0; i < 3 * plane; i++)
    scene->drawn[i] = picture[i] + scene->masks->keep[i % plane] * (photo[i] - picture[i]);
}

static gboolean
find_octaves (Scene *scene, const float *picture, const Level *finest, int octaves, Level *found,
              GError **error)
{
  const SpWindow *window = scene->window;
  g_auto (Level) coarser = { window->width, window->height, NULL, NULL, NULL };
  if (!read_level (scene, &coarser, error))
    return FALSE;
  for (gsize i = 0; i < plane_of (&coarser); i++)
    coarser.match[i] = -1;
  draw_scene (scene, coarser.photo, picture);
  for (int k = 1; k <= octaves; k++) {
    double part = (double)k / octaves;
    g_auto (Level) level = {
      (int)lround (window->width * pow ((double)finest->width / window->width, part)),
      (int)lround (window->height * pow ((double)finest->height / window->height, part)), NULL,
      NULL, NULL
    };
    if (!find_octave (scene, &coarser, &level, (guint)k - 1, error))
      return FALSE;
    Level done = coarser;
    coarser = level;
    level = done;
  }
  *found = coarser;
  coarser = (Level){ 0 };
  return TRUE;
}

gboolean
sp_detail_find (const SpWindow *window, const SpPhoto *photo, const float *picture,
                const SpMasks *masks, SpDetail *detail, GError **error)
{
  const SpRectangle *area = &window->area;
  double reduction = MIN (1.0, sqrt (MOST_PIXELS / ((double)area->width * area->height)));
  Level finest = { MAX ((int)lround (area->width * reduction), window->width),
                   MAX ((int)lround (area->height * reduction), window->height), NULL, NULL, NULL };
  double enlargement =
      sqrt ((double)finest.width * finest.height / ((double)window->width * window->height));
  *detail = (SpDetail){ 0 };
  if (enlargement < LEAST_ENLARGEMENT)
    return TRUE;
  Scene scene = { window, photo, masks, NULL };
  int octaves = MAX (1, (int)ceil (log2 (enlargement) - PART_OF_OCTAVE));
  g_auto (Level) found = { 0 };
  gboolean is_found = find_octaves (&scene, picture, &finest, octaves, &found, error);
  g_free (scene.drawn);
  if (!is_found)
    return FALSE;
  *detail = (SpDetail){ found.width, found.height, g_steal_pointer (&found.detail) };
  return TRUE;
}

void
sp_detail_clear (SpDetail *detail)
{
  g_clear_pointer (&detail->values, g_free);
}

void
sp_finer_clear (SpFiner *finer)
{
  g_clear_pointer (&finer->share, g_free);
  g_clear_pointer (&finer->detail, g_free);
}
