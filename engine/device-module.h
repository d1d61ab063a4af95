/* The entry of a device module: a shared library of its own (cuda/), opened on demand by device.c.
 * Private to engine/ and cuda/. */
#pragma once

#include "engine/graph/backend.h"

G_BEGIN_DECLS

/* The first device's backend. `tf32`: matrix products may round their factors to 10 bits of
 * mantissa. `precise`: convolutions round no more than direct sums, in about twice the time. Fails
 * with SP_ERROR_DEVICE. */
typedef SpBackend *(*SpDeviceModuleEntry) (gboolean tf32, gboolean precise, GError **error);

SpBackend *sp_device_module_backend_new (gboolean tf32, gboolean precise, GError **error);
#define SP_DEVICE_MODULE_ENTRY "sp_device_module_backend_new"

G_END_DECLS
