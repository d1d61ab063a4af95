/* Image files through GEGL; see image-file.h.
 *
 * GEGL's readers and writers have no errors: they log a warning and go on. So warnings are counted
 * while one of them runs, and any warning is a failure. GLib's handlers of warnings are the
 * process's, so one thread at a time reads or writes a file.
 */
#include "plug-in/cli/image-file.h"
#include "plug-in/cli/image-check.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRIP_ROWS 64

/* ---- GEGL's warnings ---- */

G_LOCK_DEFINE_STATIC (handlers);

static void
count_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL))
    ++*(guint *)user_data;
}

/* Some of them print instead of logging; the same failure shows as a warning or a broken file. */
static void
swallow (const char *message)
{
}

/* Runs a graph that ends in `sink`; FALSE when GEGL warned of anything. */
static gboolean
process_quietly (GeglNode *sink)
{
  guint warnings = 0;
  GLogFunc previous_log = g_log_set_default_handler (count_warning, &warnings);
  GPrintFunc previous_print = g_set_printerr_handler (swallow);
  gegl_node_process (sink);
  g_set_printerr_handler (previous_print);
  g_log_set_default_handler (previous_log, NULL);
  return warnings == 0;
}

/* ---- Loading ---- */

static gboolean
is_cmyk (const Babl *format)
{
  return g_ascii_strncasecmp (babl_get_name (format), "cmyk", 4) == 0;
}

/* Whatever the engine and the writers should not meet: CMYK, or a corner that is not (0, 0). */
static GeglBuffer *
normalise (GeglBuffer *loaded)
{
  const GeglRectangle *extent = gegl_buffer_get_extent (loaded);
  const Babl *format = gegl_buffer_get_format (loaded);
  if (!is_cmyk (format) && extent->x == 0 && extent->y == 0)
    return loaded;
  if (is_cmyk (format))
    format = babl_format ("R'G'B' u8");
  GeglBuffer *buffer =
      gegl_buffer_new (GEGL_RECTANGLE (0, 0, extent->width, extent->height), format);
  gegl_buffer_copy (loaded, extent, GEGL_ABYSS_NONE, buffer, GEGL_RECTANGLE (0, 0, 0, 0));
  g_object_unref (loaded);
  return buffer;
}

GeglBuffer *
sp_image_load (const char *path, GError **error)
{
  static const char *const readers[] = { "gegl:png-load", "gegl:tiff-load", "gegl:jpg-load" };
  SpImageKind kind;
  if (!sp_image_check (path, &kind, error))
    return NULL;
  GeglBuffer *buffer = NULL;
  G_LOCK (handlers);
  GeglNode *graph = gegl_node_new ();
  GeglNode *reader = gegl_node_new_child (graph, "operation", readers[kind], "path", path, NULL);
  GeglNode *sink = gegl_node_new_child (graph, "operation", "gegl:buffer-sink", "buffer", &buffer,
                                        "format", NULL, NULL);
  gegl_node_link (reader, sink);
  gboolean clean = process_quietly (sink);
  g_object_unref (graph);
  G_UNLOCK (handlers);
  if (clean && buffer)
    return normalise (buffer);
  g_clear_object (&buffer);
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
               "“%s” cannot be read: it is damaged, or of a variant that is not supported.", path);
  return NULL;
}

/* ---- Saving ---- */

/* Bits of a component as the file should hold them. */
static int
bits_of (GeglBuffer *buffer)
{
  const Babl *type = babl_format_get_type (gegl_buffer_get_format (buffer), 0);
  if (type == babl_type ("u8"))
    return 8;
  return type == babl_type ("u16") || type == babl_type ("half") ? 16 : 32;
}

static GeglNode *
writer_node (GeglNode *graph, SpImageKind kind, const char *path, int bits)
{
  switch (kind) {
  case SP_IMAGE_PNG:
    return gegl_node_new_child (graph, "operation", "gegl:png-save", "path", path, "bitdepth",
                                MIN (bits, 16), NULL);
  case SP_IMAGE_TIFF:
    return gegl_node_new_child (graph, "operation", "gegl:tiff-save", "path", path, "bitdepth",
                                bits, "fp", bits == 32, NULL);
  case SP_IMAGE_JPEG:
    break;
  }
  return gegl_node_new_child (graph, "operation", "gegl:jpg-save", "path", path, "quality", 95,
                              "smoothing", 0, NULL);
}

/* TRUE when `path` now holds a whole image. GEGL's writers do not report a full disk either. */
static gboolean
write_image (GeglBuffer *buffer, SpImageKind kind, const char *path)
{
  G_LOCK (handlers);
  GeglNode *graph = gegl_node_new ();
  GeglNode *source =
      gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", buffer, NULL);
  GeglNode *writer = writer_node (graph, kind, path, bits_of (buffer));
  gegl_node_link (source, writer);
  gboolean clean = process_quietly (writer);
  g_object_unref (graph);
  G_UNLOCK (handlers);
  SpImageKind written;
  return clean && sp_image_check (path, &written, NULL) && written == kind;
}

/* g_mkstemp() makes files that only their owner may read; a result is like any other new file. */
static void
set_usual_mode (const char *path)
{
  mode_t mask = umask (0);
  umask (mask);
  (void)g_chmod (path, 0666 & ~mask);
}

gboolean
sp_image_save (GeglBuffer *buffer, const char *path, GError **error)
{
  SpImageKind kind;
  if (!sp_image_kind_of_name (path, &kind, error))
    return FALSE;
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = g_build_filename (folder, ".semantic-paint-XXXXXX", NULL);
  int descriptor = g_mkstemp (temporary);
  if (descriptor < 0) {
    int reason = errno;
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason),
                 "“%s” cannot be written: %s.", path, g_strerror (reason));
    return FALSE;
  }
  close (descriptor);
  if (!write_image (buffer, kind, temporary)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
                 "“%s” cannot be written; is the disk full?", path);
    g_unlink (temporary);
    return FALSE;
  }
  set_usual_mode (temporary);
  if (g_rename (temporary, path) == 0)
    return TRUE;
  int reason = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be written: %s.",
               path, g_strerror (reason));
  g_unlink (temporary);
  return FALSE;
}

/* ---- Pixels for the engine ---- */

static gboolean
read_photo (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  gegl_buffer_get (user_data, GEGL_RECTANGLE (area.x, area.y, area.width, area.height), 1.0,
                   babl_format_with_space ("RGB float", NULL), rgb, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
  return TRUE;
}

SpPhoto
sp_image_photo (GeglBuffer *buffer)
{
  return (SpPhoto){ gegl_buffer_get_width (buffer), gegl_buffer_get_height (buffer), read_photo,
                    buffer };
}

/* ---- Strokes ---- */

/* A mask is read in strips of rows, since masks are as large as photos. */
typedef struct {
  GeglBuffer *buffer;
  int width, height;
  gboolean by_alpha; /* else by luminance */
  float *strip;      /* STRIP_ROWS x width x (luminance, alpha) */
  guint8 *coverage;  /* STRIP_ROWS x width */
} Mask;

/* Coverage of `rows` rows from y on. */
static void
read_strip (const Mask *mask, int y, int rows)
{
  gegl_buffer_get (mask->buffer, GEGL_RECTANGLE (0, y, mask->width, rows), 1.0,
                   babl_format ("Y'A float"), mask->strip, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (gsize i = 0; i < (gsize)mask->width * rows; i++)
    mask->coverage[i] = sp_stroke_coverage (mask->strip[2 * i + (mask->by_alpha ? 1 : 0)]);
}

static gboolean
is_opaque (Mask *mask)
{
  mask->by_alpha = babl_format_has_alpha (gegl_buffer_get_format (mask->buffer));
  for (int y = 0; mask->by_alpha && y < mask->height; y += STRIP_ROWS) {
    int rows = MIN (STRIP_ROWS, mask->height - y);
    read_strip (mask, y, rows);
    for (gsize i = 0; i < (gsize)mask->width * rows; i++)
      if (mask->coverage[i] < 255)
        return FALSE;
  }
  return TRUE;
}

/* The smallest rectangle with coverage > 0; width 0 when there is none. */
static SpRectangle
painted_area (const Mask *mask)
{
  int left = mask->width, right = -1, top = mask->height, bottom = -1;
  for (int y = 0; y < mask->height; y += STRIP_ROWS) {
    int rows = MIN (STRIP_ROWS, mask->height - y);
    read_strip (mask, y, rows);
    for (gsize i = 0; i < (gsize)mask->width * rows; i++) {
      if (mask->coverage[i] == 0)
        continue;
      int column = (int)(i % mask->width), row = y + (int)(i / mask->width);
      left = MIN (left, column);
      right = MAX (right, column);
      top = MIN (top, row);
      bottom = MAX (bottom, row);
    }
  }
  if (right < 0)
    return (SpRectangle){ 0 };
  return (SpRectangle){ left, top, right - left + 1, bottom - top + 1 };
}

static guint8 *
coverage_of (const Mask *mask, const char *path, SpStrokes *strokes, GError **error)
{
  SpRectangle area = painted_area (mask);
  if (area.width == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
                 "Nothing is painted in “%s”: paint in white on black, or on transparency.", path);
    return NULL;
  }
  guint8 *coverage = g_try_malloc_n (area.height, area.width);
  if (!coverage) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory for the strokes of “%s”.", path);
    return NULL;
  }
  for (int y = 0; y < area.height; y++) {
    read_strip (mask, area.y + y, 1);
    memcpy (coverage + (gsize)y * area.width, mask->coverage + area.x, area.width);
  }
  *strokes = (SpStrokes){ area, coverage };
  return coverage;
}

guint8 *
sp_image_strokes (const char *path, int photo_width, int photo_height, SpStrokes *strokes,
                  GError **error)
{
  g_autoptr (GeglBuffer) buffer = sp_image_load (path, error);
  if (!buffer)
    return NULL;
  int width = gegl_buffer_get_width (buffer), height = gegl_buffer_get_height (buffer);
  if (width != photo_width || height != photo_height) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
                 "The strokes “%s” are %d x %d pixels, the photo is %d x %d; they must be of the "
                 "same size.",
                 path, width, height, photo_width, photo_height);
    return NULL;
  }
  g_autofree float *strip = g_new (float, 2 * (gsize)width * STRIP_ROWS);
  g_autofree guint8 *coverage = g_malloc ((gsize)width * STRIP_ROWS);
  Mask mask = { buffer, width, height, FALSE, strip, coverage };
  mask.by_alpha = !is_opaque (&mask);
  return coverage_of (&mask, path, strokes, error);
}

/* ---- Results ---- */

/* Blends `width` layer pixels over photo pixels, both linear RGBA; photo alpha stays. */
static void
blend_row (const float *layer, float *photo, int width)
{
  for (int x = 0; x < width; x++) {
    const float *above = layer + 4 * x;
    float *below = photo + 4 * x;
    for (int channel = 0; channel < 3; channel++)
      below[channel] += above[3] * (above[channel] - below[channel]);
  }
}

void
sp_image_composite (GeglBuffer *photo, const SpLayer *layer)
{
  const Babl *format = gegl_buffer_get_format (photo);
  const Babl *linear = babl_format_with_space ("RGBA float", NULL);
  const Babl *to_linear = babl_fish (format, linear), *from_linear = babl_fish (linear, format);
  int width = layer->area.width, bytes = babl_format_get_bytes_per_pixel (format);
  g_autofree guint8 *original = g_malloc ((gsize)width * bytes);
  g_autofree guint8 *changed = g_malloc ((gsize)width * bytes);
  g_autofree float *row = g_new (float, 4 * (gsize)width);
  for (int y = 0; y < layer->area.height; y++) {
    const float *above = layer->rgba + 4 * (gsize)width * y;
    const GeglRectangle *where = GEGL_RECTANGLE (layer->area.x, layer->area.y + y, width, 1);
    gegl_buffer_get (photo, where, 1.0, format, original, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
    babl_process (to_linear, original, row, width);
    blend_row (above, row, width);
    babl_process (from_linear, row, changed, width);
    for (int x = 0; x < width; x++)
      if (above[4 * x + 3] > 0)
        memcpy (original + (gsize)bytes * x, changed + (gsize)bytes * x, bytes);
    gegl_buffer_set (photo, where, 0, format, original, GEGL_AUTO_ROWSTRIDE);
  }
}

GeglBuffer *
sp_image_of_layer (GeglBuffer *photo, const SpLayer *layer)
{
  static const char *const types[] = { "R'G'B'A u8", "R'G'B'A u16", "R'G'B'A float" };
  int bits = bits_of (photo);
  const Babl *space = babl_format_get_space (gegl_buffer_get_format (photo));
  const Babl *format = babl_format_with_space (types[bits == 8 ? 0 : bits == 16 ? 1 : 2], space);
  GeglBuffer *buffer = gegl_buffer_new (gegl_buffer_get_extent (photo), format);
  gegl_buffer_set (
      buffer, GEGL_RECTANGLE (layer->area.x, layer->area.y, layer->area.width, layer->area.height),
      0, babl_format_with_space ("RGBA float", NULL), layer->rgba, GEGL_AUTO_ROWSTRIDE);
  return buffer;
}

GeglBuffer *
sp_image_of_picture (const float *picture, int width, int height)
{
  GeglBuffer *buffer =
      gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), babl_format ("R'G'B' u8"));
  gsize plane = (gsize)width * height;
  g_autofree float *row = g_new (float, 3 * (gsize)width);
  for (int y = 0; y < height; y++) {
    for (int i = 0; i < 3 * width; i++)
      row[i] = 0.5f * (picture[(i % 3) * plane + (gsize)y * width + i / 3] + 1);
    gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, width, 1), 0, babl_format ("R'G'B' float"), row,
                     GEGL_AUTO_ROWSTRIDE);
  }
  return buffer;
}
