/* Hostile lists of edits: one for each rule of docs/edit-list.md, made from a table. The test holds
 * each against the message it must get; the fuzz target and the hosts' tests start from them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *name;     /* of the rule that the bytes break */
  const char *expected; /* part of the message; NULL: a good list */
  const char *text;     /* NULL: a good one. MASK in it stands for the mask's length */
  const char *magic;    /* NULL: the right one */
  guint32 version;      /* 0: the right one */
  guint32 text_bytes;   /* 0: the true number */
  guint mask_pixels;    /* that the mask's stream gives; 0: as many as the good text wants */
  guint padding;        /* spaces behind the text */
  gboolean bad_stream;  /* the mask is no zlib stream */
  const char *behind;   /* bytes behind the mask */
} HostileEditList;

extern const HostileEditList hostile_edit_lists[];
extern const guint n_hostile_edit_lists;

GByteArray *hostile_edit_list_bytes (const HostileEditList *hostile);

G_END_DECLS
