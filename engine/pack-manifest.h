/* A pack's manifest: what it says of itself, checked. Private to the pack's files. */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

#define SP_MANIFEST_FORMAT "semantic-paint-pack"
#define SP_MANIFEST_VERSION "1"
#define SP_MANIFEST_MAXIMUM_BYTES (256 * 1024)

typedef struct {
  char *name, *title, *licence, *source;
  int resolution, first_layer;
  gboolean clamp;
  GArray *taps;           /* SpPerceptualTap, in the manifest's order; NULL: no perceptual net */
  GArray *excluded_units; /* int */
  GArray *concepts;       /* SpConcept */
  GPtrArray *units;       /* for each concept a GArray of int */
  GPtrArray *backdrops;   /* for each concept a GArray of guint, indices of others */
} SpManifest;

/* NULL with SP_ERROR_PACK; the message is the part of a sentence that follows a colon. */
SpManifest *sp_manifest_parse (const char *text, GError **error);
void sp_manifest_free (SpManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpManifest, sp_manifest_free)

/* sp_pack_open(), with another name for the file in messages: a writer checks a pack before it has
 * its name. */
SpPack *sp_pack_open_as (const char *path, const char *shown_path, GError **error);

G_END_DECLS
