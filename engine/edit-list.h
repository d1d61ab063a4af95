/* A list of edits as it is kept with a picture, so that a result stays editable: what was done to a
 * photo, with which pack, and how. Hosts keep its bytes in the result's layer; the dialog's history
 * is such a list.
 *
 * The bytes (docs/edit-list.md) are versioned and bounded in size, and are read as foreign input:
 * an XCF file may come from anywhere. Masks have 8 bits a pixel, as strokes of 8-bit layers have.
 *
 * Thread rule: a list is used by one thread at a time.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

#define SP_EDIT_LIST_VERSION 1
#define SP_EDIT_LIST_MAXIMUM_EDITS 256
#define SP_EDIT_LIST_MAXIMUM_BYTES (16 << 20)   /* of the whole, as it is kept */
#define SP_EDIT_LIST_MAXIMUM_PIXELS (128 << 20) /* of all masks together */
#define SP_EDIT_LIST_MAXIMUM_SIDE (1 << 19)     /* of a mask, a photo, a window: GIMP's own */
#define SP_EDIT_LIST_MAXIMUM_NAME 256           /* bytes of a name */
#define SP_EDIT_LIST_DEFAULT_STEPS -1

/* One edit. Strings and mask belong to it. */
typedef struct {
  char *concept;
  SpEditOperation operation;
  double strength;  /* 0 to 1 */
  guint seed;       /* 0 to G_MAXINT */
  gboolean on;      /* FALSE: kept in the list, but not applied */
  SpRectangle area; /* of the mask, in the photo's pixels; may reach over the photo's edge */
  guint8 *mask;     /* area.height x area.width, rows from the top: 0 (not) to 255 (fully) */
  char *reference;  /* RESTYLE: the name of the layer whose look was taken; else NULL */
} SpEditEntry;

/* A list. Strings belong to it; NULL where unknown. */
typedef struct {
  char *program;                 /* the version that made the result: "0.1.0" */
  char *pack_name;               /* sp_pack_name() */
  char *pack_sha256;             /* sp_pack_sha256() */
  char *photo;                   /* the name of the photo's layer */
  int photo_width, photo_height; /* 0: unknown */
  SpRectangle window;            /* sp_session_window(); width 0: unknown */
  int steps; /* as hosts take them: the most of each stage; 0: a preview; -1: the default */
  GPtrArray *entries; /* of SpEditEntry, in the order they apply */
} SpEditList;

/* An empty list of this program's version, with the default steps. */
SpEditList *sp_edit_list_new (void);
void sp_edit_list_free (SpEditList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEditList, sp_edit_list_free)

/* An entry, switched on, of a copy of everything in `edit` but its reference photo. Coverage is
 * rounded to 8 bits; NULL with SP_ERROR_MEMORY, or SP_ERROR_STROKES for strokes beyond the bounds
 * above. Add it with g_ptr_array_add (list->entries, entry), or free it. */
SpEditEntry *sp_edit_entry_new (const SpEdit *edit, GError **error);
SpEditEntry *sp_edit_entry_copy (const SpEditEntry *entry);
void sp_edit_entry_free (SpEditEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEditEntry, sp_edit_entry_free)

/* The engine's edit of an entry, which strokes and concept belong to. There is no reference. */
SpEdit sp_edit_entry_get_edit (const SpEditEntry *entry);

/* The list as bytes, the same for the same list. Fails with SP_ERROR_EDITS when it is beyond a
 * bound above. */
GBytes *sp_edit_list_write (const SpEditList *list, GError **error);

/* The list of bytes from anywhere. Fails with SP_ERROR_EDITS and a sentence: damaged, beyond a
 * bound, or of a later version. Uses no more memory than the bounds above allow. */
SpEditList *sp_edit_list_read (gconstpointer bytes, gsize length, GError **error);

G_END_DECLS
