/* Freed memory goes back to the system.
 *
 * GNU's malloc begins with large pieces in mappings of their own, which go back when they are
 * freed; but with each one that is freed it takes pieces of up to that size, 32 MB in the end, from
 * a heap that keeps them. The networks' weights pass through such pieces, and an edit would hold up
 * to 140 MB of them that nobody uses.
 */
#include "plug-in/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_BYTES (1 << 20)

void
sp_give_memory_back (void)
{
#ifdef __GLIBC__
  mallopt (M_MMAP_THRESHOLD, LARGE_BYTES); /* setting it also stops it from moving */
#endif
}
