/* Random numbers of a training: a generator for each step and purpose, made of the seed alone, so
 * that a training that goes on from a checkpoint draws what it would have drawn. */
#pragma once

#include <glib.h>

typedef enum {
  SP_DRAW_PHOTOS = 1, /* which photos, their crops and flips, and the perceptual crops */
  SP_DRAW_MIXING,     /* which cells of which pictures */
  SP_DRAW_SHEET,      /* the same for sample sheets */
  SP_DRAW_NOISE,      /* of replaced cells */
  SP_DRAW_LATENTS,    /* which latents of photos a prior learns from */
  SP_DRAW_Z,          /* what a prior draws from */
  SP_DRAW_SOFTNESS    /* of the pictures that super-resolution learns from */
} SpDrawPurpose;

static inline GRand *
sp_draw_new (guint seed, SpDrawPurpose purpose, guint step)
{
  guint32 seeds[] = { seed, (guint32)purpose, step };
  return g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
}
