/* Squares of cells with a concept and without it, to remove from and to insert into. */
#pragma once

#include "weights/dissect/values.h"

G_BEGIN_DECLS

typedef struct {
  guint latent; /* of the survey */
  int left, top;
} SpSquare;

typedef struct {
  int side;
  GArray *with;    /* SpSquare: the labels cover it and the judge sees the concept in G (z4) */
  GArray *without; /* the judge does not see it there; drawn by where the concept usually lies */
} SpSquares;

/* The mean over the square of a map that is `width` cells wide. */
float sp_square_mean (const float *map, int width, int left, int top, int side);

/* At most one of each in a latent, in random order. */
void sp_squares_find (const SpSurvey *survey, const SpValues *values, guint concept, guint seed,
                      SpSquares *squares);
void sp_squares_clear (SpSquares *squares);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpSquares, sp_squares_clear)

G_END_DECLS
