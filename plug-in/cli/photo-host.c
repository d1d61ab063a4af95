/* Image files for those who read many. See photo-host.h. */
#include "plug-in/cli/photo-host.h"

#include "plug-in/cli/image-file.h"

#include <stdio.h>

static gboolean
open_photo (const char *path, SpPhoto *photo, GError **error)
{
  GeglBuffer *buffer = sp_image_load (path, error);
  if (buffer == NULL)
    return FALSE;
  *photo = sp_image_photo (buffer);
  return TRUE;
}

static void
close_photo (SpPhoto *photo)
{
  g_object_unref (photo->user_data);
}

static gboolean
save_picture (const char *path, const float *picture, int width, int height, GError **error)
{
  g_autoptr (GeglBuffer) buffer = sp_image_of_picture (picture, width, height);
  return sp_image_save (buffer, path, error);
}

static void
tell (const char *line)
{
  /* not g_printerr(), which is silent while another thread reads a photo (image-file.c) */
  fprintf (stderr, "%s\n", line);
}

static void
tell_nobody (const char *line)
{
}

const SpHost sp_photo_host = { open_photo, close_photo, save_picture, tell };
const SpHost sp_quiet_photo_host = { open_photo, close_photo, save_picture, tell_nobody };
