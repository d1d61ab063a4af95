/* What the writer and the reader of lists of edits share: docs/edit-list.md. */
#pragma once

#include "engine/edit-list.h"

G_BEGIN_DECLS

#define SP_EDIT_LIST_MAGIC                                                                         \
  {                                                                                                \
    's', 'p', '-', 'e', 'd', 'i', 't', 's'                                                         \
  }
#define SP_EDIT_LIST_TOO_LARGE "The strokes are too large to be kept with the result."

/* In front of the bytes; numbers are little-endian. The text and the masks follow. */
typedef struct {
  char magic[8];
  guint32 version;
  guint32 text_bytes;
} SpEditListHead;

extern const char *const sp_edit_list_operations[3]; /* by SpEditOperation */

/* Sets SP_ERROR_EDITS with the sentence; returns FALSE. */
gboolean sp_edit_list_fail (GError **error, const char *sentence);

G_END_DECLS
