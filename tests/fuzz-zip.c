/* libFuzzer target: any bytes as a zip file: its directory, and then all of it as PyTorch's. */
#include <stdint.h>
#include <unistd.h>

#include "tests/import/fuzz-file.h"
#include "weights/import/zip.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length);

/* Every entry that is told lies within the file. */
static void
check_entries (const SpForeignFile *file, const SpZip *zip)
{
  for (guint i = 0; i < sp_zip_count (zip); i++) {
    const SpZipEntry *entry = sp_zip_entry (zip, i);
    guint64 size = sp_foreign_file_size (file);
    if (entry->offset > size || entry->length > size - entry->offset
        || sp_zip_find (zip, entry->name) != entry)
      __builtin_trap ();
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length)
{
  int descriptor;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = fuzz_file_path (bytes, length, &descriptor);
  g_autoptr (SpForeignFile) file = sp_foreign_file_open (path, 1 << 20, NULL);
  g_autoptr (SpZip) zip = file ? sp_zip_open (file, &error) : NULL;

  close (descriptor);
  if (file && !zip == !error)
    __builtin_trap ();
  if (zip)
    check_entries (file, zip);
  fuzz_checkpoint (bytes, length);
  return 0;
}
