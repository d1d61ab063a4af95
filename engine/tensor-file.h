/* safetensors files: an 8-byte little-endian header length, a JSON header, raw tensors.
 *
 * Knows the container and nothing of packs: importers read foreign files with it, pack.c adds the
 * pack's own rules. docs/pack.md lists every rule and its message.
 *
 * Thread rule: an open file is only read (with pread, at offsets), from any thread.
 */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

#define SP_TENSOR_FILE_MAXIMUM_BYTES (G_GUINT64_CONSTANT (1) << 30)
#define SP_TENSOR_FILE_MAXIMUM_HEADER (1u << 20)
#define SP_TENSOR_NAME_MAXIMUM_LENGTH 128
#define SP_TENSOR_MAXIMUM_VALUE 1e6f

typedef struct {
  char *name;
  SpPackPrecision precision;
  SpPackShape shape;
  gsize elements;
  guint64 offset, bytes; /* offset from the file's start */
} SpTensorEntry;

typedef struct _SpTensorFile SpTensorFile;

/* Opens the file and checks its header against its size. The tensors' values are not looked at.
 * `shown_path` is what messages call the file. Fails with SP_ERROR_PACK or a G_FILE_ERROR. */
SpTensorFile *sp_tensor_file_open (const char *path, const char *shown_path, GError **error);
void sp_tensor_file_free (SpTensorFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpTensorFile, sp_tensor_file_free)

/* The whole file's SHA-256 in hexadecimal; NULL with a G_FILE_ERROR. Free with g_free(). */
char *sp_tensor_file_sha256 (const SpTensorFile *file, GError **error);

/* In the file's order. */
guint sp_tensor_file_count (const SpTensorFile *file);
const SpTensorEntry *sp_tensor_file_entry (const SpTensorFile *file, guint index);
/* NULL when there is none of that name. */
const SpTensorEntry *sp_tensor_file_find (const SpTensorFile *file, const char *name);

/* A text of __metadata__, or NULL. */
const char *sp_tensor_file_metadata (const SpTensorFile *file, const char *key);

/* Reads every tensor once: FALSE, naming the tensor, when one holds NaN, infinity or a number
 * beyond SP_TENSOR_MAXIMUM_VALUE. */
gboolean sp_tensor_file_check_values (const SpTensorFile *file, GError **error);

/* The tensor as fp32, checked once more; free with g_free(). */
float *sp_tensor_file_read (const SpTensorFile *file, const SpTensorEntry *entry, GError **error);

/* Sets SP_ERROR_PACK, "“FILE” is damaged: ..."; returns FALSE. */
gboolean sp_tensor_file_damaged (const SpTensorFile *file, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* What files and writers accept as a tensor's name: letters, digits and ._- */
gboolean sp_tensor_name_valid (const char *name);
/* Elements of a shape of 0 to 4 positive sizes; FALSE when there is one that is not, or when they
 * are more than a file can hold. */
gboolean sp_tensor_elements (SpPackShape shape, gsize *elements);
/* Bytes of one element. */
gsize sp_tensor_element_bytes (SpPackPrecision precision);

G_END_DECLS
