/* The parts of a pack's manifest that every writer of packs makes alike (docs/pack.md); what
 * pack-manifest.c reads. Into an object that the caller has begun. */
#pragma once

#include "engine/pack.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SP_MANIFEST_MAXIMUM_TITLE 80 /* bytes */

void sp_manifest_add_text (JsonBuilder *builder, const char *key, const char *text);

/* At most so many bytes of it, cut between characters. */
void sp_manifest_add_cut_text (JsonBuilder *builder, const char *key, const char *text,
                               gsize maximum);

/* A Progressive GAN from `first_layer` up, and a ResNet-18 for it. */
void sp_manifest_add_networks (JsonBuilder *builder, int resolution, int first_layer,
                               gboolean clamps);

/* A VGG that is read at `taps`; nothing where there are none. */
void sp_manifest_add_perceptual (JsonBuilder *builder, guint n_taps, const SpPerceptualTap *taps);

G_END_DECLS
