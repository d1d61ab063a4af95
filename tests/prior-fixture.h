/* Packs whose generator begins at layer 1, of random weights and 4 channels. */
#pragma once

#include "engine/model/generator.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* A generator of layers 1 to `last_layer`, no concepts. */
SpPackWriter *prior_writer_new (int resolution, int last_layer);
/* An encoder as a training starts it, of 2 channels. */
void prior_add_encoder (SpPackWriter *writer, const SpGeneratorShape *shape);
/* A pack of 32 pixels, without an encoder. */
void prior_write (const char *path);

G_END_DECLS
