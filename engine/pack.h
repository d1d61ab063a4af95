/* Packs inside the engine: tensors by name, and the manifest's figures for the models.
 *
 * A pack is a safetensors file (an 8-byte little-endian header length, a JSON header, raw tensors)
 * whose __metadata__ holds "format": "semantic-paint-pack", "version": "1" and "manifest": a JSON
 * text. docs/pack.md specifies it. The public part is in semantic-paint.h.
 *
 * Opening checks structure, manifest, concept tensors, every number and every tensor's prefix. The
 * exact names and shapes of generator.*, encoder.* and perceptual.* are checked by their models
 * when they are built, for the architecture is known there alone.
 *
 * Thread rule: an open pack is only read, from any thread.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* A tensor's dimensions: unused trailing ones are 1. */
typedef struct {
  int n_dimensions; /* 0 to 4 */
  int size[4];
} SpPackShape;

/* FALSE when the pack has no such tensor. */
gboolean sp_pack_tensor_shape (const SpPack *pack, const char *name, SpPackShape *shape);

/* The tensor's numbers as fp32 (fp16 is widened), row-major; free with g_free(). The shape must be
 * the expected one, exactly; SP_ERROR_PACK names the tensor otherwise. */
float *sp_pack_read (const SpPack *pack, const char *name, SpPackShape expected, GError **error);

/* Names in the file's order, NULL-terminated, the pack's. */
const char *const *sp_pack_tensor_names (const SpPack *pack);

/* Architecture, from the manifest. */
int
sp_pack_first_layer (const SpPack *pack); /* the generator's lowest layer in the file: 1, or 5 */
gboolean sp_pack_clamps (const SpPack *pack); /* the output is clamped to [-1, 1] */

/* One tap of the perceptual loss: mean |F(x) - F(y)| * weight, F after the ReLU of `layer`. */
typedef struct {
  const char *layer; /* "conv1_2" */
  float weight;
} SpPerceptualTap;
const SpPerceptualTap *sp_pack_perceptual_taps (const SpPack *pack, guint *n_taps);

#define SP_PACK_EXEMPLAR_SIDE 16 /* cells, at most */
#define SP_PACK_OUTLINE_SIDE 64  /* places of an exemplar's outline */
#define SP_PACK_LIGHT_NUMBERS                                                                      \
  3 /* of a photo's light, and what colours of a cell it is found by                               \
     */
#define SP_PACK_LIGHT_COLOURS 4

/* Units that carry a concept, best first; n_units 0: the concept lives in all channels. */
const int *sp_pack_concept_units (const SpPack *pack, guint concept_index, guint *n_units);
/* The concepts that this one stands before, and that an edit of it leaves as the photo has them
 * (engine/method/example.h): indices. Each has a tensor concept.NAME.probe. */
const guint *sp_pack_concept_backdrops (const SpPack *pack, guint concept_index, guint *n);
/* Units never edited (unit 418 of the church model). */
const int *sp_pack_excluded_units (const SpPack *pack, guint *n_units);

/* Index of a concept by name, or -1 with SP_ERROR_CONCEPT that lists the names there are. */
int sp_pack_find_concept (const SpPack *pack, const char *name, GError **error);

/* ---- Writing ---- */

typedef enum { SP_PACK_FLOAT16, SP_PACK_FLOAT32 } SpPackPrecision;

typedef struct _SpPackWriter SpPackWriter;

/* `manifest` is the manifest's JSON text, checked by the same rules as on reading. */
SpPackWriter *sp_pack_writer_new (const char *manifest, GError **error);
/* `values` are copied. Rejects NaN, infinity, and what overflows fp16. */
gboolean sp_pack_writer_add (SpPackWriter *writer, const char *name, SpPackShape shape,
                             SpPackPrecision precision, const float *values, GError **error);
/* Writes to a temporary file beside `path`, opens that as a check, and renames it: no half pack is
 * ever seen, and a good one is never replaced by a bad one. Frees nothing. */
gboolean sp_pack_writer_save (SpPackWriter *writer, const char *path, GError **error);
void sp_pack_writer_free (SpPackWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPackWriter, sp_pack_writer_free)

G_END_DECLS
