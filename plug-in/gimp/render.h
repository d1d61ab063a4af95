/* A result, drawn again from the edits that its layer keeps. */
#pragma once

#include "engine/edit-list.h"

G_BEGIN_DECLS

/* What is to be otherwise than last time. */
typedef struct {
  gint32 image;
  gint32 layer;         /* the result, or its mask */
  gint32 photo;         /* -1: the one that it was made of */
  const char *strength; /* NULL or "": as kept */
  int steps;            /* -1: as kept */
  int seed;             /* -1: as kept */
  const char *pack;     /* NULL or "": the same pack */
} SpGimpAgain;

/* The layer that a result was made of; -1: it is not there any more, in its size. */
gint32 sp_gimp_photo_of_result (gint32 image, gint32 result, const SpEditList *list);

/* Progress goes to the status bar. Returns the new layer; -1 with an error, and the image is
 * untouched. */
gint32 sp_gimp_render_again (const SpGimpAgain *again, GError **error);

G_END_DECLS
