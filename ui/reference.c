/* References; see reference.h. */
#include "ui/reference.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>

struct _SpReference {
  gatomicrefcount references;
  char *title;
  char *path; /* NULL: of no file */
  SpPhoto photo;
  GThread *home; /* NULL: any */
  GDestroyNotify destroy;
};

SpReference *
sp_reference_new (const char *title, const SpPhoto *photo, gboolean on_host_thread,
                  GDestroyNotify destroy)
{
  SpReference *reference = g_new0 (SpReference, 1);
  g_atomic_ref_count_init (&reference->references);
  reference->title = g_strdup (title);
  reference->photo = *photo;
  reference->home = on_host_thread ? g_thread_self () : NULL;
  reference->destroy = destroy;
  return reference;
}

SpReference *
sp_reference_new_missing (const char *title)
{
  return sp_reference_new (title, &(SpPhoto){ 0 }, FALSE, NULL);
}

/* ---- Files ---- */

static SpReference *
new_of_file (const char *path, const SpPhoto *photo, GDestroyNotify destroy)
{
  g_autofree char *name = g_filename_display_basename (path);
  SpReference *reference = sp_reference_new (name, photo, FALSE, destroy);
  reference->path = g_strdup (path);
  return reference;
}

SpReference *
sp_reference_new_missing_file (const char *path)
{
  return new_of_file (path, &(SpPhoto){ 0 }, NULL);
}

static float
linear_of_byte (guint8 byte)
{
  float encoded = byte / 255.0f;
  return encoded <= 0.04045f ? encoded / 12.92f : powf ((encoded + 0.055f) / 1.055f, 2.4f);
}

static gboolean
read_pixbuf (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  const GdkPixbuf *pixbuf = user_data;
  int channels = gdk_pixbuf_get_n_channels (pixbuf), stride = gdk_pixbuf_get_rowstride (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);
  float linear[256];
  for (int i = 0; i < 256; i++)
    linear[i] = linear_of_byte ((guint8)i);
  for (int y = 0; y < area.height; y++) {
    const guint8 *row = pixels + (gsize)(area.y + y) * stride + (gsize)area.x * channels;
    for (int x = 0; x < area.width; x++, row += channels)
      for (int channel = 0; channel < 3; channel++)
        *rgb++ = linear[row[channel]];
  }
  return TRUE;
}

SpReference *
sp_reference_load (const char *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) { /* a pipe would be waited for */
    g_autofree char *name = g_filename_display_name (path);
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
                 "The file “%s” with the look is not there: bring it back, or choose another.",
                 name);
    return NULL;
  }
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file (path, error);
  if (!pixbuf)
    return NULL;
  SpPhoto photo = { gdk_pixbuf_get_width (pixbuf), gdk_pixbuf_get_height (pixbuf), read_pixbuf,
                    pixbuf };
  SpReference *reference = new_of_file (path, &photo, g_object_unref);
  g_steal_pointer (&pixbuf);
  return reference;
}

/* ---- Access ---- */

SpReference *
sp_reference_ref (SpReference *reference)
{
  g_atomic_ref_count_inc (&reference->references);
  return reference;
}

static gboolean
free_now (gpointer data)
{
  SpReference *reference = data;
  if (reference->destroy)
    reference->destroy (reference->photo.user_data);
  g_free (reference->title);
  g_free (reference->path);
  g_free (reference);
  return G_SOURCE_REMOVE;
}

void
sp_reference_unref (SpReference *reference)
{
  if (!g_atomic_ref_count_dec (&reference->references))
    return;
  if (reference->home && reference->home != g_thread_self ())
    g_idle_add (free_now, reference);
  else
    free_now (reference);
}

const char *
sp_reference_title (const SpReference *reference)
{
  return reference->title;
}

const char *
sp_reference_path (const SpReference *reference)
{
  return reference->path;
}

const SpPhoto *
sp_reference_photo (const SpReference *reference)
{
  return reference->photo.read ? &reference->photo : NULL;
}

gboolean
sp_reference_on_host_thread (const SpReference *reference)
{
  return reference->home != NULL;
}
