/* make-hostile-files FOLDER: writes the hostile packs, a seed corpus for the fuzz target. */
#include <stdio.h>

#include "tests/hostile/hostile.h"

int
main (int argc, char **argv)
{
  if (argc != 2 || g_mkdir_with_parents (argv[1], 0777) < 0) {
    fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  for (guint i = 0; i < n_hostile_files; i++) {
    g_autoptr (GByteArray) bytes = hostile_file_bytes (&hostile_files[i]);
    g_autofree char *path = g_build_filename (argv[1], hostile_files[i].name, NULL);
    g_autoptr (GError) error = NULL;
    /* Long ones are long for the sake of it: they only slow the fuzzer down. */
    if (bytes->len < 8192
        && !g_file_set_contents (path, (const char *)bytes->data, (gssize)bytes->len, &error)) {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  }
  return 0;
}
