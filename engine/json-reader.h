/* A strict reader of JSON, for text from downloaded files.
 *
 * json-glib 1.6 recurses until the stack ends on nested brackets, accepts a key twice and wraps
 * large numbers. This reader has no recursion, refuses all that, and hands out one event after the
 * other, so its user decides what to keep. The header of a safetensors file is read by it alone; a
 * manifest must pass it before json-glib may see it.
 */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

#define SP_JSON_MAXIMUM_DEPTH 8

typedef struct {
  const char *what;       /* for messages: "header" */
  guint maximum_depth;    /* of objects and arrays; at most SP_JSON_MAXIMUM_DEPTH */
  gboolean header_subset; /* numbers are unsigned integers, and only spaces may follow the end */
} SpJsonRules;

typedef enum {
  SP_JSON_ERROR,
  SP_JSON_OBJECT,
  SP_JSON_OBJECT_END,
  SP_JSON_ARRAY,
  SP_JSON_ARRAY_END,
  SP_JSON_KEY,
  SP_JSON_STRING,
  SP_JSON_NUMBER,
  SP_JSON_LITERAL, /* true, false, null */
  SP_JSON_END
} SpJsonEvent;

typedef struct _SpJsonReader SpJsonReader;

/* `text` need not end in a zero byte and must outlive the reader. */
SpJsonReader *sp_json_reader_new (const char *text, gsize length, const SpJsonRules *rules);
void sp_json_reader_free (SpJsonReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpJsonReader, sp_json_reader_free)

/* After SP_JSON_ERROR (which sets `error`, SP_ERROR_PACK) and SP_JSON_END do not call it again. */
SpJsonEvent sp_json_reader_next (SpJsonReader *reader, GError **error);

/* TRUE when the next event is `wanted`; else FALSE with an error. */
gboolean sp_json_reader_expect (SpJsonReader *reader, SpJsonEvent wanted, GError **error);

/* Sets the error of an event that the user of the reader has no use for. Returns FALSE. */
gboolean sp_json_reader_unexpected (const SpJsonReader *reader, GError **error);

/* Of the last KEY or STRING: UTF-8 without a zero byte, valid until the next event. */
const char *sp_json_reader_string (const SpJsonReader *reader);

/* Of the last NUMBER, under `header_subset`. */
guint64 sp_json_reader_unsigned (const SpJsonReader *reader);

/* Runs through the whole text: TRUE when it is well formed under the rules. */
gboolean sp_json_check (const char *text, gsize length, const SpJsonRules *rules, GError **error);

G_END_DECLS
