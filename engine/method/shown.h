/* What an edit is to show where that is known: a picture, what it leaves as it was, and the latent
 * of it. R learns to draw the picture, and the latent is mixed in cell by cell (edit.h).
 */
#pragma once

#include "engine/method/encode.h"
#include "engine/photo/photo.h"

G_BEGIN_DECLS

typedef struct {
  float *picture;  /* 3 x height x width */
  float *keep;     /* height x width: where it stays as it was, 0 to 1 */
  float *outlined; /* height x width: where that ends at an outline (photo.h); NULL: nowhere */
  SpFiner finer;   /* of what is known more finely than the picture shows it */
  float *filling;  /* C x h x w: E of the picture */
  float *cells;    /* h x w: those in which there is some of it (edit.h) */
  gboolean is_object;
} SpShown;

/* Finds the filling and the cells of a picture of that height and what it keeps. */
void sp_shown_encode (SpShown *shown, SpEncoding *encoding, int height);
void sp_shown_clear (SpShown *shown);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpShown, sp_shown_clear)

G_END_DECLS
