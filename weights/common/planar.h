/* The engine's pictures as photos, to lay layers over. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* 3 x height x width, sRGB-encoded, -1 to 1. */
typedef struct {
  int height, width;
  const float *values;
} SpPlanar;

/* Reads the picture, which must outlive it. On any thread. */
SpPhoto sp_planar_photo (SpPlanar *planar);

/* The picture with the layer over it, clamped there; caller frees 3 x height x width floats. */
float *sp_planar_lay_over (const SpPlanar *planar, const SpLayer *layer);

G_END_DECLS
