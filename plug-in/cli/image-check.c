/* Whole or not: PNG by its chunks and their check sums, JPEG by its end, TIFF by its header; see
 * image-check.h. */
#include "plug-in/cli/image-check.h"

#include <string.h>

#define LARGEST_SIDE 1000000u /* libpng refuses more */

static guint32
big_endian_32 (const guint8 *bytes)
{
  return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

/* CRC-32 as the PNG specification, annex D, gives it. */
static void
make_crc_table (guint32 table[256])
{
  for (guint32 n = 0; n < 256; n++) {
    guint32 value = n;
    for (int bit = 0; bit < 8; bit++)
      value = value & 1 ? 0xedb88320u ^ (value >> 1) : value >> 1;
    table[n] = value;
  }
}

static guint32
crc (const guint32 table[256], const guint8 *bytes, gsize length)
{
  guint32 value = 0xffffffffu;
  for (gsize i = 0; i < length; i++)
    value = table[(value ^ bytes[i]) & 0xff] ^ (value >> 8);
  return value ^ 0xffffffffu;
}

/* Depths that the specification allows for a colour type, as a bit mask of depth values. */
static gboolean
png_header_is_valid (const guint8 *header)
{
  static const guint depths[7] = {
    1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16
  };
  guint32 width = big_endian_32 (header), height = big_endian_32 (header + 4);
  guint depth = header[8], colour = header[9];
  return width >= 1 && width <= LARGEST_SIDE && height >= 1 && height <= LARGEST_SIDE && colour < 7
         && (depth & (depth - 1)) == 0 && (depths[colour] & depth) != 0 && header[10] == 0
         && header[11] == 0 && header[12] <= 1;
}

/* What has been seen of a PNG's critical chunks. */
typedef struct {
  gboolean header, palette, data, end, indexed;
} PngProgress;

static gboolean
png_chunk_fits (PngProgress *seen, const guint8 *type, const guint8 *content, guint32 length)
{
  if (!seen->header) {
    seen->header = memcmp (type, "IHDR", 4) == 0 && length == 13 && png_header_is_valid (content);
    seen->indexed = seen->header && content[9] == 3;
    return seen->header;
  }
  if (memcmp (type, "PLTE", 4) == 0) {
    gboolean fits =
        !seen->palette && !seen->data && length % 3 == 0 && length >= 3 && length <= 768;
    seen->palette = TRUE;
    return fits;
  }
  if (memcmp (type, "IDAT", 4) == 0) {
    seen->data = TRUE;
    return !seen->indexed || seen->palette;
  }
  seen->end = memcmp (type, "IEND", 4) == 0;
  if (seen->end)
    return seen->data;
  return (type[0] & 0x20) != 0; /* no other critical chunk exists */
}

static gboolean
png_is_whole (const guint8 *bytes, gsize length)
{
  guint32 table[256];
  make_crc_table (table);
  PngProgress seen = { 0 };
  gsize at = 8;
  while (!seen.end) {
    if (length - at < 12)
      return FALSE;
    guint32 content = big_endian_32 (bytes + at);
    if (content > length - at - 12
        || crc (table, bytes + at + 4, content + 4u) != big_endian_32 (bytes + at + 8 + content)
        || !png_chunk_fits (&seen, bytes + at + 4, bytes + at + 8, content))
      return FALSE;
    at += 12 + (gsize)content;
  }
  return TRUE;
}

/* The end-of-image marker need not be the file's last bytes (cameras append previews), but a file
 * without one is cut off. Markers cannot occur inside the compressed data. */
static gboolean
jpeg_is_whole (const guint8 *bytes, gsize length)
{
  gsize at = 2;
  while (at + 4 <= length) { /* segments, up to the first scan: FF, marker, length, content */
    if (bytes[at] != 0xff)
      return FALSE;
    guint8 marker = bytes[at + 1];
    if (marker == 0xff) {
      at++;
      continue;
    }
    at += 2 + ((gsize)bytes[at + 2] << 8 | bytes[at + 3]);
    if (marker == 0xda)
      break;
  }
  for (; at + 2 <= length; at++)
    if (bytes[at] == 0xff && bytes[at + 1] == 0xd9)
      return TRUE;
  return FALSE;
}

static gboolean
is_tiff (const guint8 *bytes, gsize length)
{
  return length >= 8
         && (memcmp (bytes, "II*\0", 4) == 0 || memcmp (bytes, "MM\0*", 4) == 0
             || memcmp (bytes, "II+\0", 4) == 0 || memcmp (bytes, "MM\0+", 4) == 0);
}

/* A regular file's bytes, mapped: a folder, a pipe or a device is refused with words. */
static GMappedFile *
map_regular_file (const char *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "There is no file “%s”.", path);
    return NULL;
  }
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
                 "“%s” is a folder or a device, not an image file.", path);
    return NULL;
  }
  return g_mapped_file_new (path, FALSE, error);
}

gboolean
sp_image_check (const char *path, SpImageKind *kind, GError **error)
{
  GMappedFile *file = map_regular_file (path, error);
  if (!file)
    return FALSE;
  const guint8 *bytes = (const guint8 *)g_mapped_file_get_contents (file);
  gsize length = g_mapped_file_get_length (file);
  gboolean whole = TRUE, known = TRUE;
  if (length >= 8 && memcmp (bytes, "\x89PNG\r\n\x1a\n", 8) == 0) {
    *kind = SP_IMAGE_PNG;
    whole = png_is_whole (bytes, length);
  } else if (length >= 3 && memcmp (bytes, "\xff\xd8\xff", 3) == 0) {
    *kind = SP_IMAGE_JPEG;
    whole = jpeg_is_whole (bytes, length);
  } else if (is_tiff (bytes, length))
    *kind = SP_IMAGE_TIFF;
  else
    known = FALSE;
  g_mapped_file_unref (file);
  if (!known)
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "“%s” is not a PNG, TIFF or JPEG image.", path);
  else if (!whole)
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "“%s” is damaged or cut off.", path);
  return known && whole;
}

gboolean
sp_image_kind_of_name (const char *path, SpImageKind *kind, GError **error)
{
  static const struct {
    const char *ending;
    SpImageKind kind;
  } endings[] = { { ".png", SP_IMAGE_PNG },
                  { ".tif", SP_IMAGE_TIFF },
                  { ".tiff", SP_IMAGE_TIFF },
                  { ".jpg", SP_IMAGE_JPEG },
                  { ".jpeg", SP_IMAGE_JPEG } };
  g_autofree char *lower = g_ascii_strdown (path, -1);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i].ending)) {
      *kind = endings[i].kind;
      return TRUE;
    }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "“%s” must end in .png, .tif, .tiff, .jpg or .jpeg.", path);
  return FALSE;
}
