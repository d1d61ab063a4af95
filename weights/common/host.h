/* What the tools need of the program around them: image files, and lines for the user.
 *
 * Photos are opened and closed from several threads at once; the rest is called from the thread
 * that called the tool.
 */
#pragma once

#include "engine/photo/photo.h"

G_BEGIN_DECLS

typedef struct {
  /* Opens a file; `photo` is read until close_photo(). */
  gboolean (*open_photo) (const char *path, SpPhoto *photo, GError **error);
  void (*close_photo) (SpPhoto *photo);
  /* Writes 3 x height x width in [-1, 1] as a PNG. */
  gboolean (*save_picture) (const char *path, const float *picture, int width, int height,
                            GError **error);
  /* One line for the user. */
  void (*tell) (const char *line);
} SpHost;

/* host->tell() with a format. */
void sp_host_tell (const SpHost *host, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
