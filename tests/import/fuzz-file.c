/* See fuzz-file.h. */
#include "tests/import/fuzz-file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "weights/import/checkpoint.h"

char *
fuzz_file_path (const void *bytes, gsize length, int *descriptor)
{
  *descriptor = memfd_create ("file", MFD_CLOEXEC);
  if (write (*descriptor, bytes, length) != (gssize)length)
    __builtin_trap ();
  return g_strdup_printf ("/proc/self/fd/%d", *descriptor);
}

void
fuzz_checkpoint (const void *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  int descriptor;
  g_autofree char *path = fuzz_file_path (bytes, length, &descriptor);
  g_autoptr (SpCheckpoint) checkpoint = sp_checkpoint_open (path, &error);

  close (descriptor);
  if (!checkpoint == !error)
    __builtin_trap (); /* one of the two, always */
  for (const char *const *name = checkpoint ? sp_checkpoint_names (checkpoint) : NULL;
       name && *name; name++) {
    SpPackShape shape;
    g_autofree float *values = NULL;
    if (sp_checkpoint_shape (checkpoint, *name, &shape))
      values = sp_checkpoint_read (checkpoint, *name, shape, NULL);
  }
}
