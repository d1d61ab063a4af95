/* make-import-files PICKLES ZIPS: writes the small files, seed corpora for the fuzz targets. A
 * pickle has the letter of its file's form in front, see fuzz-unpickle.c. */
#include <stdio.h>

#include "tests/import/files.h"

#define LONGEST 4096 /* long ones are long for the sake of it: they only slow the fuzzer down */

static gboolean
write_file (const char *folder, const char *name, const GByteArray *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  if (bytes->len > LONGEST
      || g_file_set_contents (path, (const char *)bytes->data, (gssize)bytes->len, &error))
    return TRUE;
  fprintf (stderr, "%s\n", error->message);
  return FALSE;
}

static gboolean
write_pickle (const char *folder, const HostileImport *file)
{
  g_autoptr (GByteArray) pickle = hostile_import_pickle (file);

  g_byte_array_prepend (pickle, (const guint8 *)&"plz"[file->form], 1);
  return write_file (folder, file->name, pickle);
}

static gboolean
write_zip (const char *folder, ZipTrick trick)
{
  g_autoptr (GByteArray) bytes = zip_trick_bytes (trick);
  g_autofree char *name = g_strdup_printf ("trick-%d", trick);

  return write_file (folder, name, bytes);
}

int
main (int argc, char **argv)
{
  if (argc != 3 || g_mkdir_with_parents (argv[1], 0777) < 0
      || g_mkdir_with_parents (argv[2], 0777) < 0) {
    fprintf (stderr, "usage: %s PICKLES ZIPS\n", argv[0]);
    return 2;
  }
  for (guint i = 0; i < n_hostile_imports; i++)
    if (!write_pickle (argv[1], &hostile_imports[i]))
      return 1;
  for (ZipTrick trick = ZIP_GOOD; trick < ZIP_TRICKS; trick++)
    if (!write_zip (argv[2], trick))
      return 1;
  return 0;
}
