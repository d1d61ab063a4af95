/* What the two fuzz targets of the import share. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A path under which the bytes can be opened; *descriptor is to be closed afterwards. */
char *fuzz_file_path (const void *bytes, gsize length, int *descriptor);

/* Opens the bytes as a checkpoint and reads every tensor; traps unless there is either a checkpoint
 * or an error. */
void fuzz_checkpoint (const void *bytes, gsize length);

G_END_DECLS
