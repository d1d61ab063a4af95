/* From the file's bytes to fp32; see array-read.h. */
#include "weights/import/array-read.h"

#include <string.h>

#include "engine/half.h"

/* Undoes UTF-8: exactly `length` bytes must come out of `text_length`, each a character below 256.
 */
static gboolean
decode (const guint8 *text, gsize text_length, guint8 *bytes, gsize length)
{
  gsize at = 0, n = 0;

  while (at < text_length && n < length) {
    guint8 byte = text[at++];
    if (byte >= 0x80) {
      if ((byte & 0xfc) != 0xc0 || at == text_length || (text[at] & 0xc0) != 0x80)
        return FALSE;
      byte = (guint8)((byte & 0x03) << 6 | (text[at++] & 0x3f));
    }
    bytes[n++] = byte;
  }
  return at == text_length && n == length;
}

static guint8 *
read_plain (const SpForeignFile *file, guint64 offset, gsize length, GError **error)
{
  g_autofree guint8 *bytes = g_try_malloc (MAX (length, 1));

  if (!bytes)
    sp_foreign_file_no_memory (file, error);
  return bytes && sp_foreign_file_read (file, offset, length, bytes, error)
             ? g_steal_pointer (&bytes)
             : NULL;
}

/* `count` elements of the storage, from element `first`. */
static guint8 *
read_elements (const SpForeignFile *file, const SpStorage *storage, guint64 first, guint64 count,
               GError **error)
{
  guint width = storage->element.bytes;

  if (!storage->encoded)
    return read_plain (file, storage->offset + first * width, count * width, error);

  gsize length = storage->elements * width;
  g_autofree guint8 *text = read_plain (file, storage->offset, storage->length, error);
  g_autofree guint8 *bytes = text ? g_try_malloc (MAX (length, 1)) : NULL;
  if (!bytes) {
    if (text)
      sp_foreign_file_no_memory (file, error);
    return NULL;
  }
  if (!decode (text, storage->length, bytes, length)) {
    sp_foreign_file_refuse (file, error, "an array is not encoded as it should be");
    return NULL;
  }
  memmove (bytes, bytes + first * width, count * width);
  return g_steal_pointer (&bytes);
}

static float
element_at (const guint8 *bytes, SpElementKind kind, guint64 index)
{
  SpFloatBits number;
  guint16 half;

  if (kind == SP_ELEMENT_FLOAT16) {
    memcpy (&half, bytes + index * sizeof half, sizeof half);
    return sp_half_to_float (GUINT16_FROM_LE (half));
  }
  memcpy (&number.bits, bytes + index * sizeof number.bits, sizeof number.bits);
  number.bits = GUINT32_FROM_LE (number.bits);
  return number.value;
}

/* Four nested loops, those of dimensions that are not there run once. */
static void
gather (const SpArray *array, const guint8 *bytes, float *values)
{
  guint64 size[SP_ARRAY_MAXIMUM_DIMENSIONS], stride[SP_ARRAY_MAXIMUM_DIMENSIONS];

  for (guint i = 0; i < SP_ARRAY_MAXIMUM_DIMENSIONS; i++) {
    size[i] = i < array->n_dimensions ? array->size[i] : 1;
    stride[i] = i < array->n_dimensions ? array->stride[i] : 0;
  }
  for (guint64 a = 0; a < size[0]; a++)
    for (guint64 b = 0; b < size[1]; b++)
      for (guint64 c = 0; c < size[2]; c++)
        for (guint64 d = 0; d < size[3]; d++)
          *values++ = element_at (bytes, array->storage->element.kind,
                                  a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]);
}

float *
sp_array_read (const SpForeignFile *file, const SpArray *array, GError **error)
{
  guint64 span = array->elements ? 1 : 0;

  for (guint i = 0; span && i < array->n_dimensions; i++)
    span += (array->size[i] - 1) * array->stride[i];
  g_autofree guint8 *bytes = read_elements (file, array->storage, array->offset, span, error);
  g_autofree float *values = bytes ? g_try_new (float, MAX (array->elements, 1)) : NULL;
  if (!values) {
    if (bytes)
      sp_foreign_file_no_memory (file, error);
    return NULL;
  }
  gather (array, bytes, values);
  return g_steal_pointer (&values);
}
