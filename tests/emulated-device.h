/* The emulated CUDA device (tests/cuda-emulation/), for tests that compute on it. The build tells
 * them where it is. */
#pragma once

#include "tests/cuda-emulation/emulation.h"

#include <glib.h>

G_BEGIN_DECLS

/* Makes it the CUDA device that the engine finds. FALSE where it was not built. */
gboolean emulated_device_use (void);

EmulationSettings *emulated_device_settings (void);
const EmulationBooks *emulated_device_books (void);
/* After a kernel failed: a device that works. */
void emulated_device_repair (void);

G_END_DECLS
