/* The parts of a pack that come out of checkpoints: generator, encoder, perceptual net. Each knows
 * the names that its kind of file uses, takes exactly those tensors, in exactly their shapes, and
 * says which one is missing, wrong or too much.
 */
#pragma once

#include "weights/import/checkpoint.h"

G_BEGIN_DECLS

/* ---- Generator ---- */

typedef enum {
  SP_GENERATOR_NETDISSECT, /* layer{i}.conv.weight, layer{i}.wscale.b, output_{R}x{R}... */
  SP_GENERATOR_FEATURES,   /* features.{i-1}.conv.weight, .wscale.b, .wscale.scale, output... */
  SP_GENERATOR_TENSORFLOW  /* {R}x{R}/Conv0_up/weight... */
} SpGeneratorNaming;

typedef struct {
  SpGeneratorNaming naming;
  int last_layer, resolution;
} SpFoundGenerator;

/* Which names the generator has, and how large it is. */
gboolean sp_import_generator_find (const SpCheckpoint *checkpoint, SpFoundGenerator *found,
                                   GError **error);

/* Adds generator.* to a pack, from layer 1 up. */
gboolean sp_import_generator (SpCheckpoint *checkpoint, const SpFoundGenerator *found,
                              SpPackWriter *writer, GError **error);

/* ---- Encoder ---- */

/* Adds encoder.* to a pack, of ganseeing's resnet.* and, where they are, inv1.* to inv4.*.
 * `latent_channels`: of the generator's z4. */
gboolean sp_import_encoder (SpCheckpoint *checkpoint, int latent_channels, SpPackWriter *writer,
                            GError **error);

/* ---- Perceptual net ---- */

/* Adds perceptual.* to a pack, of torchvision's VGG16 or VGG19, up to `deepest` ("conv4_2"). The
 * net sees RGB in [-1, 1] as it is, as in the authors' own loss. */
gboolean sp_import_perceptual (SpCheckpoint *checkpoint, const char *deepest, SpPackWriter *writer,
                               GError **error);

/* ---- What they share ---- */

/* Copies the file's tensor `from` to the pack's tensor `to`, with its own precision. */
gboolean sp_import_copy (SpCheckpoint *checkpoint, const char *from, const char *to,
                         SpPackShape shape, SpPackWriter *writer, GError **error);

/* FALSE, naming the tensor, when the file has one that `known` does not hold (a set of names) and
 * that `ignored` does not know. */
gboolean sp_import_check_names (const SpCheckpoint *checkpoint, GHashTable *known,
                                gboolean (*ignored) (const char *name), const char *what,
                                GError **error);

#define SP_KERNEL_SHAPE(out, in, size) ((SpPackShape){ 4, { (out), (in), (size), (size) } })
#define SP_VECTOR_SHAPE(channels) ((SpPackShape){ 1, { (channels), 1, 1, 1 } })

G_END_DECLS
