/* Writes the table of hostile lists of edits as files: make-edit-lists FOLDER. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "tests/hostile/edit-lists.h"

int
main (int argc, char **argv)
{
  if (argc != 2 || g_mkdir_with_parents (argv[1], 0755) != 0)
    return 2;
  for (guint i = 0; i < n_hostile_edit_lists; i++) {
    g_autoptr (GByteArray) bytes = hostile_edit_list_bytes (&hostile_edit_lists[i]);
    g_autofree char *path = g_build_filename (argv[1], hostile_edit_lists[i].name, NULL);
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
