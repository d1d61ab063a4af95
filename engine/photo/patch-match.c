/* Patches that look alike; see patch-match.h. */
#include "engine/photo/patch-match.h"

#include <stdlib.h>
#include <string.h>

#define SIDE (2 * SP_PATCH_RADIUS + 1)
#define AREA (SIDE * SIDE)
/* A new place must be so much better: what lies together in the source stays together. */
#define BETTER 0.98f

/* ---- Pictures with a margin ---- */

SpPatchPicture
sp_patch_picture_new (int width, int height)
{
  SpPatchPicture pixels = { .width = width, .height = height, .row = width + 2 * SP_PATCH_RADIUS };
  pixels.memory =
      g_try_malloc_n (pixels.row * (height + 2 * SP_PATCH_RADIUS), sizeof (SpPatchPixel));
  if (pixels.memory != NULL)
    pixels.pixels = pixels.memory + SP_PATCH_RADIUS * pixels.row + SP_PATCH_RADIUS;
  return pixels;
}

void
sp_patch_picture_clear (SpPatchPicture *pixels)
{
  g_clear_pointer (&pixels->memory, g_free);
}

void
sp_patch_picture_repeat_edges (const SpPatchPicture *pixels)
{
  for (int y = 0; y < pixels->height; y++) {
    SpPatchPixel *row = pixels->pixels + y * pixels->row;
    for (int i = 1; i <= SP_PATCH_RADIUS; i++) {
      row[-i] = row[0];
      row[pixels->width - 1 + i] = row[pixels->width - 1];
    }
  }
  gsize bytes = pixels->row * sizeof (SpPatchPixel);
  SpPatchPixel *first = pixels->pixels - SP_PATCH_RADIUS;
  SpPatchPixel *last = first + (pixels->height - 1) * pixels->row;
  for (int i = 1; i <= SP_PATCH_RADIUS; i++) {
    memcpy (first - i * (gssize)pixels->row, first, bytes);
    memcpy (last + i * pixels->row, last, bytes);
  }
}

/* ---- The search ---- */

typedef struct {
  const SpPatchSearch *search;
  int *match, *next;
  float *cost, *next_cost;
  guint pass;
} Search;

static float
distance (const Search *s, int y, int x, int place)
{
  const SpPatchPicture *target = s->search->target, *source = s->search->source;
  gsize corner = SP_PATCH_RADIUS * target->row + SP_PATCH_RADIUS;
  const SpPatchPixel *a = target->pixels + y * target->row + x - corner;
  const SpPatchPixel *b =
      source->pixels + place / source->width * source->row + place % source->width - corner;
  SpPatchPixel sum = { 0 }, squares = { 0 };
  for (int i = 0; i < SIDE; i++, a += target->row, b += source->row)
    for (int k = 0; k < SIDE; k++) {
      SpPatchPixel difference = a[k] - b[k];
      sum += difference;
      squares += difference * difference;
    }
  squares -= sum * sum * ((1 - s->search->mean_weight) / AREA);
  float penalty = s->search->row_penalty * (float)abs (y - place / source->width);
  return squares[0] + squares[1] + squares[2] + penalty;
}

/* 32 bits that look random, of what they are for. */
static guint32
scramble (guint32 a, guint32 b)
{
  guint32 x = a * 0x9e3779b9u ^ (b + 0x7f4a7c15u) * 0x85ebca6bu;
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

/* -reach to reach */
static int
random_step (guint32 bits, int reach)
{
  return (int)((guint64)bits * (2 * (guint)reach + 1) >> 32) - reach;
}

/* The best so far of pixel (y, x). */
typedef struct {
  int y, x, place;
  float cost;
} Best;

static void
try_place (const Search *s, Best *best, int y, int x)
{
  int width = s->search->source->width, place = y * width + x;
  if (y < 0 || x < 0 || y >= s->search->source->height || x >= width || place == best->place
      || !s->search->is_source[place])
    return;
  float cost = distance (s, best->y, best->x, place);
  if (cost < BETTER * best->cost) {
    best->place = place;
    best->cost = cost;
  }
}

/* Where the neighbours found theirs, near ones and some further away. */
static void
try_neighbours (const Search *s, Best *best)
{
  static const struct {
    int y, x;
  } around[] = { { 0, 1 }, { 1, 0 }, { 0, -1 }, { -1, 0 } };
  int width = s->search->target->width, height = s->search->target->height;
  for (int step = 1; step <= 4; step *= 2)
    for (guint i = 0; i < G_N_ELEMENTS (around); i++) {
      int dy = around[i].y * step, dx = around[i].x * step;
      int y = best->y + dy, x = best->x + dx;
      if (y < 0 || x < 0 || y >= height || x >= width || s->match[y * width + x] < 0)
        continue;
      int place = s->match[y * width + x];
      try_place (s, best, place / width - dy, place % width - dx);
    }
}

static void
try_random (const Search *s, Best *best)
{
  int width = s->search->source->width, pixel = best->y * width + best->x;
  guint32 state = scramble (s->search->seed + s->pass, (guint32)pixel);
  for (int reach = s->search->reach; reach >= 1; reach /= 2) {
    guint32 other = scramble (state, 1);
    int y = best->place / width + random_step (state, reach);
    int x = best->place % width + random_step (other, reach);
    try_place (s, best, y, x);
    state = scramble (other, 2);
  }
}

static void
start (Search *s)
{
  const SpPatchSearch *search = s->search;
  int n = search->target->width * search->target->height;
#pragma omp parallel for
  for (int i = 0; i < n; i++) {
    s->match[i] = -1;
    if (!search->is_target[i])
      continue;
    int guess = search->match[i];
    if (guess < 0 || guess >= n || !search->is_source[guess])
      guess =
          search->sources[(guint64)scramble (search->seed, (guint32)i) * search->n_sources >> 32];
    s->match[i] = guess;
    s->cost[i] = distance (s, i / search->target->width, i % search->target->width, guess);
  }
}

static void
pass (Search *s)
{
  int width = s->search->target->width, height = s->search->target->height;
#pragma omp parallel for schedule(dynamic, 8)
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      int i = y * width + x;
      s->next[i] = s->match[i];
      if (s->match[i] < 0)
        continue;
      Best best = { y, x, s->match[i], s->cost[i] };
      try_neighbours (s, &best);
      try_random (s, &best);
      s->next[i] = best.place;
      s->next_cost[i] = best.cost;
    }
  int *match = s->match;
  float *cost = s->cost;
  s->match = s->next;
  s->cost = s->next_cost;
  s->next = match;
  s->next_cost = cost;
}

gboolean
sp_patch_search (const SpPatchSearch *search)
{
  gsize n = (gsize)search->target->width * search->target->height;
  g_autofree int *places = g_try_malloc_n (2 * n, sizeof (int));
  g_autofree float *costs = g_try_malloc_n (2 * n, sizeof (float));
  if (places == NULL || costs == NULL)
    return FALSE;
  Search s = { search, places, places + n, costs, costs + n, 0 };
  start (&s);
  for (int i = 0; i < search->passes; i++) {
    s.pass++;
    pass (&s);
  }
  memcpy (search->match, s.match, n * sizeof (int));
  if (search->cost != NULL)
    memcpy (search->cost, s.cost, n * sizeof (float));
  return TRUE;
}
