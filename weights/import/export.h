/* The way back: a part of a pack as a plain safetensors file in the names that PyTorch users know,
 * netdissect's for the generator, ganseeing's for the encoder. */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

typedef enum { SP_EXPORT_GENERATOR, SP_EXPORT_ENCODER } SpExportPart;

/* Writes to a temporary file beside `path`, which is then renamed. One tensor is in memory at a
 * time; all are written as fp32. `count`: how many there were. */
gboolean sp_export_part (const SpPack *pack, SpExportPart part, const char *path, guint *count,
                         GError **error);

G_END_DECLS
