/* The engine's error domain. Whoever detects an error writes one sentence a user can act on;
 * callers pass it up, or prefix what they were doing. Cancelling is G_IO_ERROR_CANCELLED. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SP_ERROR (sp_error_quark ())
GQuark sp_error_quark (void);

typedef enum {
  SP_ERROR_PACK,    /* a pack is missing, damaged or of another kind */
  SP_ERROR_PHOTO,   /* the photo cannot be edited: size, type, unreadable */
  SP_ERROR_STROKES, /* no strokes, or none on the photo */
  SP_ERROR_CONCEPT, /* the pack has no such concept, or it cannot be used so */
  SP_ERROR_SETTING, /* a number out of its range */
  SP_ERROR_MEMORY,  /* not enough memory */
  SP_ERROR_DEVICE,  /* the device asked for cannot be used */
  SP_ERROR_GRAPH,   /* shapes that do not fit: a model that contradicts itself */
  SP_ERROR_EDITS    /* a kept list of edits is damaged, too large or of a later version */
} SpError;

G_END_DECLS
