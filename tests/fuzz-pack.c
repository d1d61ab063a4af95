/* libFuzzer target: any bytes as a pack, opened and then read as the models read it.
 *
 * An input that begins with "{" is a header up to its first zero byte, and the data: the length in
 * front is put in here, for the fuzzer would seldom keep it right. Another that begins with "m" is
 * a manifest. Everything else is a file as it stands.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/pack-manifest.h"
#include "engine/pack.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length);

static void
read_all (const SpPack *pack)
{
  const char *const *names = sp_pack_tensor_names (pack);

  for (; *names; names++) {
    SpPackShape shape;
    g_autofree float *values = NULL;
    if (sp_pack_tensor_shape (pack, *names, &shape))
      values = sp_pack_read (pack, *names, shape, NULL);
    if (!values)
      __builtin_trap (); /* an open pack can be read */
  }
}

static void
open_bytes (const uint8_t *bytes, size_t length)
{
  int descriptor = memfd_create ("pack", MFD_CLOEXEC);
  uint64_t header_length = GUINT64_TO_LE (strnlen ((const char *)bytes, length));
  char path[64];
  g_autoptr (SpPack) pack = NULL;
  g_autoptr (GError) error = NULL;

  if (length && bytes[0] == '{' && write (descriptor, &header_length, 8) != 8)
    __builtin_trap ();
  if (write (descriptor, bytes, length) != (ssize_t)length)
    __builtin_trap ();
  snprintf (path, sizeof path, "/proc/self/fd/%d", descriptor);
  pack = sp_pack_open (path, &error);
  close (descriptor);
  if (!pack == !error)
    __builtin_trap (); /* one of the two, always */
  if (pack)
    read_all (pack);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length)
{
  if (length && bytes[0] == 'm') {
    g_autofree char *text = g_strndup ((const char *)bytes + 1, length - 1);
    sp_manifest_free (sp_manifest_parse (text, NULL));
  } else {
    open_bytes (bytes, length);
  }
  return 0;
}
