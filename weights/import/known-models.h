/* The registry of published files, weights/known-models.ini: what a file is, by its contents' hash
 * or its name, and the terms that come with it. */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

typedef struct {
  char *file;         /* as it is published */
  char *name, *title; /* of a pack made of it */
  char *licence, *source;
  char *part;             /* "generator", "encoder" or "perceptual" */
  int resolution;         /* of generators; else 0 */
  GArray *excluded_units; /* int */
  gboolean by_hash;       /* else only by its name */
} SpKnownModel;

void sp_known_model_free (SpKnownModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpKnownModel, sp_known_model_free)

/* NULL without an error when nothing is known of it. By the contents' hash (`sha256`, hexadecimal
 * digits) if some entry's begins so, else by the file's name. */
SpKnownModel *sp_known_model_find (const char *path, const char *sha256, GError **error);

/* The published files' names; free with g_strfreev(). */
char **sp_known_model_names (GError **error);

G_END_DECLS
