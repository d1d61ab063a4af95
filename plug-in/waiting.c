/* How the engine's threads wait for each other.
 *
 * GNU's OpenMP runtime lets idle threads spin for long. While other programs take the cores, that
 * keeps the thread that has work from running, and a step takes more than twice as long
 * (docs/performance.md). The runtime reads its environment when it is loaded, before main(), and
 * has no call for it: so the process starts itself once more with the variables set, which takes a
 * few milliseconds. Whoever has set one of them is left alone.
 */
#include "plug-in/waiting.h"

#include <unistd.h>

#define POLICY "OMP_WAIT_POLICY" /* every runtime's */
#define SPINS "GOMP_SPINCOUNT"   /* GNU's: a few microseconds first, which an idle machine likes */

void
sp_wait_politely (char **argv)
{
  if (g_getenv (POLICY) != NULL || g_getenv (SPINS) != NULL)
    return;
  g_setenv (POLICY, "passive", TRUE);
  g_setenv (SPINS, "5000", TRUE);
  /* by its path, so that the process keeps its name; returns only where it is not possible */
  g_autofree char *path = g_file_read_link ("/proc/self/exe", NULL);
  if (path != NULL)
    execv (path, argv);
}
