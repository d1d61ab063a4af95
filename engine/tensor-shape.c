/* Names and shapes of tensors, as files and packs may have them; see tensor-file.h. */
#include "engine/tensor-file.h"

#include <string.h>

gboolean
sp_tensor_name_valid (const char *name)
{
  gsize length = strlen (name);

  for (const char *character = name; *character; character++)
    if (!g_ascii_isalnum (*character) && !strchr ("._-", *character))
      return FALSE;
  return length >= 1 && length <= SP_TENSOR_NAME_MAXIMUM_LENGTH;
}

gboolean
sp_tensor_elements (SpPackShape shape, gsize *elements)
{
  *elements = 1;
  if (shape.n_dimensions < 0 || shape.n_dimensions > 4)
    return FALSE;
  for (int i = 0; i < shape.n_dimensions; i++)
    if (shape.size[i] < 1 || !g_size_checked_mul (elements, *elements, (gsize)shape.size[i])
        || *elements > SP_TENSOR_FILE_MAXIMUM_BYTES)
      return FALSE;
  return TRUE;
}

gsize
sp_tensor_element_bytes (SpPackPrecision precision)
{
  return precision == SP_PACK_FLOAT16 ? sizeof (guint16) : sizeof (float);
}
