/* Which device computes: the CPU, or a CUDA device through a module that is opened on demand.
 *
 * The program never links CUDA. The driver is asked first, which takes 10 ms; only when it finds a
 * device is the module opened, whose libraries take seconds to load. Whoever chose the CPU never
 * touches any of it. Every failure ends on the CPU, with one sentence that says why.
 *
 * $SEMANTIC_PAINT_CUDA_MODULE and $SEMANTIC_PAINT_CUDA_DRIVER name other files to open, which the
 * tests use; $SEMANTIC_PAINT_TF32=1 lets matrix products round their factors (docs/cuda.md).
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* How many CUDA devices the driver finds. 0 with SP_ERROR_DEVICE when there is no driver, it does
 * not start, or it finds none. */
guint sp_device_count_cuda (GError **error);

/* The CUDA backend, or NULL with SP_ERROR_DEVICE or SP_ERROR_MEMORY. `precise`: as
 * SpSettings.precise. Free with sp_backend_free(). */
SpBackend *sp_device_open_cuda (gboolean precise, GError **error);

/* The backend that the settings ask for. SP_DEVICE_AUTO: CUDA where it works, else the CPU.
 * Fails with SP_ERROR_DEVICE when the device asked for cannot be used, SP_ERROR_MEMORY. */
SpBackend *sp_device_open (const SpSettings *settings, GError **error);

/* The same, but where CUDA cannot be used it is the CPU's, and *note is one sentence that says why
 * (NULL: nothing to tell; free with g_free()). Without a driver or a device there is nothing to
 * tell whoever asked for SP_DEVICE_AUTO. */
SpBackend *sp_device_open_or_cpu (const SpSettings *settings, char **note, GError **error);

G_END_DECLS
