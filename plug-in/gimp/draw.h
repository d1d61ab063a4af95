/* A list of edits of a GIMP image's layer, drawn as a new layer: the one way that all results go,
 * made for the first time or again. */
#pragma once

#include "engine/edit-list.h"

G_BEGIN_DECLS

typedef struct {
  gint32 image;
  gint32 photo;     /* the layer that is edited */
  gint32 reference; /* of all edits that restyle; -1: each edit's own, by name */
  gint32 replaced;  /* a result that gives its place to the new one; -1: none */
  gint32 hidden; /* a layer that is hidden then, after which the photo is the active one; -1: none
                  */
  gboolean of_dialog; /* the list is what the dialog has for the photo: the new layer is marked */
  const char *pack;   /* NULL: the bundled one */
  SpEditList *list;   /* what it is; how it was drawn is put in */
  SpProgressFunction progress;
  gpointer user_data;
  GCancellable *cancellable;
} SpGimpDrawing;

/* Runs on the thread that owns libgimp, and calls `progress` there. Returns the new layer, which
 * keeps the list. Failed or cancelled: -1, and the image is untouched. */
gint32 sp_gimp_draw (const SpGimpDrawing *drawing, GError **error);

/* The last part of it alone, for a dialog that has let the engine draw already: `layer` becomes a
 * new layer that keeps the list, in which the pack's name and SHA-256, the window and the steps
 * must be. */
gint32 sp_gimp_add_drawn (const SpGimpDrawing *drawing, const SpLayer *layer, GError **error);

G_END_DECLS
