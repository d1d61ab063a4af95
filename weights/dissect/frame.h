/* A square part of a survey's picture, anywhere and of any size, and that part at another scale. */
#pragma once

#include "weights/dissect/survey.h"

G_BEGIN_DECLS

/* In pixels of the picture. */
typedef struct {
  float left, top, size;
} SpFrame;

/* The whole object of concept k that lies at (x, y) of picture i: the part that the labels give the
 * concept and that hangs together there, with what it goes all around, in the middle of a square
 * with a margin. FALSE when there is none, when it reaches the picture's edge, for then it is cut,
 * or when it fills less than most of the box around it: what has no shape of its own, such as
 * grass, is no object. */
gboolean sp_frame_of_object (const SpSurvey *survey, guint i, guint k, int x, int y,
                             SpFrame *frame);

/* How much of each of side x side places of the frame is that object: as the survey's blocks tell
 * it or, with the `map` of the picture (sp_survey_map()), to the pixel. */
void sp_frame_outline (const SpSurvey *survey, const guint32 *map, guint i, guint k, int x, int y,
                       const SpFrame *frame, int side, float *outline);

/* The picture, 3 x side x side of `cells` cells a side, scaled so that the frame is `to` cells wide
 * and lies in the middle, its left upper corner on a cell's; what lies beyond the picture's edge is
 * mirrored. */
void sp_frame_picture (const float *picture, int side, int cells, const SpFrame *frame, int to,
                       float *scaled);

G_END_DECLS
