/* What the processor and the memory could do at best, measured; for bench's shares. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Peak of fused multiply-adds in fp32 (two operations each) and of copying memory (bytes read plus
 * bytes written), with `threads` threads, 0 all. FALSE with SP_ERROR_MEMORY. */
gboolean sp_machine_measure (int threads, double *fma_gflops, double *bandwidth_gbs,
                             GError **error);

G_END_DECLS
