/* The numbers of a described array, from the file. */
#pragma once

#include "weights/import/pickle-value.h"

G_BEGIN_DECLS

/* As fp32 in row-major order; free with g_free(). Needs memory for the part of the storage that the
 * array spans, and for the result. Only for FLOAT16 and FLOAT32. */
float *sp_array_read (const SpForeignFile *file, const SpArray *array, GError **error);

G_END_DECLS
