/* What the processor and the memory could do at best, measured, for bench's shares; and what the
 * process used of the memory. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

int sp_machine_threads (void);

/* Peak of fused multiply-adds in fp32 (two operations each) with these instructions, and of copying
 * memory (bytes read plus bytes written), with `threads` threads. FALSE with SP_ERROR_MEMORY. */
gboolean sp_machine_measure (int threads, SpInstructions instructions, double *fma_gflops,
                             double *bandwidth_gbs, GError **error);

/* The most memory that the process held since it was last told to forget, in MB; since its start
 * where the system cannot forget. */
void sp_machine_forget_peak_memory (void);
double sp_machine_peak_memory (void);

G_END_DECLS
