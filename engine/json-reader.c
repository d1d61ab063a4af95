/* A strict, iterative JSON reader; see json-reader.h.
 *
 * The state says what may come next, a stack of key sets says in which objects and arrays the
 * reader is. Numbers are kept short and finite, so that whatever reads them later cannot overflow.
 */
#include "engine/json-reader.h"

#include <math.h>
#include <string.h>

#define MAXIMUM_NUMBER_LENGTH 32
#define MAXIMUM_INTEGER_DIGITS 15 /* exact in an int64 and in a double */

typedef enum {
  STATE_VALUE,
  STATE_VALUE_OR_END, /* after [ */
  STATE_KEY,
  STATE_KEY_OR_END, /* after { */
  STATE_COMMA_OR_END,
  STATE_DONE
} State;

struct _SpJsonReader {
  const char *start, *position, *end;
  SpJsonRules rules;
  State state;
  guint depth;
  GHashTable *keys[SP_JSON_MAXIMUM_DEPTH]; /* of each open object; NULL for an array */
  GString *string;
  guint64 number;
};

SpJsonReader *
sp_json_reader_new (const char *text, gsize length, const SpJsonRules *rules)
{
  SpJsonReader *reader = g_new0 (SpJsonReader, 1);

  reader->start = reader->position = text;
  reader->end = text + length;
  reader->rules = *rules;
  reader->rules.maximum_depth = MIN (rules->maximum_depth, SP_JSON_MAXIMUM_DEPTH);
  reader->state = STATE_VALUE;
  reader->string = g_string_new (NULL);
  return reader;
}

void
sp_json_reader_free (SpJsonReader *reader)
{
  if (!reader)
    return;
  for (guint level = 0; level < reader->depth; level++)
    g_clear_pointer (&reader->keys[level], g_hash_table_unref);
  g_string_free (reader->string, TRUE);
  g_free (reader);
}

const char *
sp_json_reader_string (const SpJsonReader *reader)
{
  return reader->string->str;
}

guint64
sp_json_reader_unsigned (const SpJsonReader *reader)
{
  return reader->number;
}

static gboolean
fail (const SpJsonReader *reader, const char *reason, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "at byte %" G_GSIZE_FORMAT " of its %s, %s",
               (gsize)(reader->position - reader->start), reader->rules.what, reason);
  return FALSE;
}

gboolean
sp_json_reader_unexpected (const SpJsonReader *reader, GError **error)
{
  return fail (reader, "something stands that does not belong there", error);
}

/* The next character, or -1 at the end. */
static int
peek (const SpJsonReader *reader)
{
  return reader->position < reader->end ? (guchar)*reader->position : -1;
}

static void
skip_space (SpJsonReader *reader)
{
  while (reader->position < reader->end && *reader->position
         && strchr (" \t\n\r", *reader->position))
    reader->position++;
}

/* ---- Strings ---- */

static gboolean
read_four_digits (SpJsonReader *reader, gunichar *code, GError **error)
{
  *code = 0;
  for (int i = 0; i < 4; i++) {
    int digit = reader->position < reader->end ? g_ascii_xdigit_value (*reader->position) : -1;
    if (digit < 0)
      return fail (reader, "a \\u is not followed by four hexadecimal digits", error);
    *code = *code * 16 + (gunichar)digit;
    reader->position++;
  }
  return TRUE;
}

/* After "\u". Two surrogates make one character; one alone is none. */
static gboolean
read_unicode_escape (SpJsonReader *reader, GError **error)
{
  gunichar code, low;

  if (!read_four_digits (reader, &code, error))
    return FALSE;
  if (code >= 0xd800 && code < 0xdc00 && reader->end - reader->position >= 2
      && reader->position[0] == '\\' && reader->position[1] == 'u') {
    reader->position += 2;
    if (!read_four_digits (reader, &low, error))
      return FALSE;
    if (low < 0xdc00 || low > 0xdfff)
      return fail (reader, "half a character stands", error);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code == 0 || (code >= 0xd800 && code < 0xe000))
    return fail (reader, "a character stands that is none", error);
  g_string_append_unichar (reader->string, code);
  return TRUE;
}

static gboolean
read_escape (SpJsonReader *reader, GError **error)
{
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  int character = peek (reader);
  const char *found = character > 0 ? strchr (names, character) : NULL;

  if (character < 0)
    return fail (reader, "a text does not end", error);
  reader->position++;
  if (character == 'u')
    return read_unicode_escape (reader, error);
  if (!found)
    return fail (reader, "an unknown escape stands", error);
  g_string_append_c (reader->string, meanings[found - names]);
  return TRUE;
}

/* With the opening quote still to come. */
static gboolean
read_string (SpJsonReader *reader, GError **error)
{
  g_string_truncate (reader->string, 0);
  reader->position++;
  for (;;) {
    int character = peek (reader);
    if (character < 0)
      return fail (reader, "a text does not end", error);
    if (character < 0x20)
      return fail (reader, "a control character stands in a text", error);
    reader->position++;
    if (character == '"')
      break;
    if (character == '\\') {
      if (!read_escape (reader, error))
        return FALSE;
    } else {
      g_string_append_c (reader->string, (char)character);
    }
  }
  if (!g_utf8_validate_len (reader->string->str, reader->string->len, NULL))
    return fail (reader, "a text ends that is not valid UTF-8", error);
  return TRUE;
}

/* ---- Numbers and literals ---- */

static guint
skip_digits (SpJsonReader *reader)
{
  const char *first = reader->position;
  while (reader->position < reader->end && g_ascii_isdigit (*reader->position))
    reader->position++;
  return (guint)MIN (reader->position - first, G_MAXINT);
}

static gboolean
read_unsigned (SpJsonReader *reader, GError **error)
{
  const char *first = reader->position;

  if (!skip_digits (reader))
    return fail (reader, "something else than an unsigned integer stands", error);
  if (*first == '0' && reader->position - first > 1)
    return fail (reader, "a number begins with a zero", error);
  reader->number = 0;
  for (const char *digit = first; digit < reader->position; digit++)
    if (!g_uint64_checked_mul (&reader->number, reader->number, 10)
        || !g_uint64_checked_add (&reader->number, reader->number, (guint64)(*digit - '0')))
      return fail (reader, "a number is too large", error);
  if (peek (reader) == '.' || peek (reader) == 'e' || peek (reader) == 'E')
    return fail (reader, "something else than an unsigned integer stands", error);
  return TRUE;
}

static gboolean
read_number (SpJsonReader *reader, GError **error)
{
  const char *first = reader->position;
  char copy[MAXIMUM_NUMBER_LENGTH + 1] = "";
  guint digits;
  gboolean integer = TRUE, valid = TRUE;

  if (peek (reader) == '-')
    reader->position++;
  valid = peek (reader) != '0' || reader->end - reader->position < 2
          || !g_ascii_isdigit (reader->position[1]);
  digits = skip_digits (reader);
  valid = valid && digits;
  if (peek (reader) == '.') {
    integer = FALSE;
    reader->position++;
    valid = skip_digits (reader) && valid;
  }
  if (peek (reader) == 'e' || peek (reader) == 'E') {
    integer = FALSE;
    reader->position++;
    if (peek (reader) == '+' || peek (reader) == '-')
      reader->position++;
    valid = skip_digits (reader) && valid;
  }
  if (!valid)
    return fail (reader, "a malformed number ends", error);
  if (reader->position - first > MAXIMUM_NUMBER_LENGTH
      || (integer && digits > MAXIMUM_INTEGER_DIGITS))
    return fail (reader, "a number is too large", error);
  memcpy (copy, first, (gsize)(reader->position - first));
  if (!isfinite (g_ascii_strtod (copy, NULL)))
    return fail (reader, "a number is too large", error);
  return TRUE;
}

static gboolean
read_literal (SpJsonReader *reader, GError **error)
{
  static const char *const literals[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (literals); i++) {
    gsize length = strlen (literals[i]);
    if ((gsize)(reader->end - reader->position) >= length
        && memcmp (reader->position, literals[i], length) == 0) {
      reader->position += length;
      return TRUE;
    }
  }
  return sp_json_reader_unexpected (reader, error);
}

/* ---- Structure ---- */

static void
after_value (SpJsonReader *reader)
{
  reader->state = reader->depth ? STATE_COMMA_OR_END : STATE_DONE;
}

static SpJsonEvent
open_container (SpJsonReader *reader, gboolean object, GError **error)
{
  if (reader->depth == reader->rules.maximum_depth) {
    fail (reader, "brackets are nested too deeply", error);
    return SP_JSON_ERROR;
  }
  reader->position++;
  reader->keys[reader->depth++] =
      object ? g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) : NULL;
  reader->state = object ? STATE_KEY_OR_END : STATE_VALUE_OR_END;
  return object ? SP_JSON_OBJECT : SP_JSON_ARRAY;
}

static SpJsonEvent
close_container (SpJsonReader *reader)
{
  GHashTable *keys = g_steal_pointer (&reader->keys[--reader->depth]);

  reader->position++;
  after_value (reader);
  if (!keys)
    return SP_JSON_ARRAY_END;
  g_hash_table_unref (keys);
  return SP_JSON_OBJECT_END;
}

static SpJsonEvent
read_value (SpJsonReader *reader, GError **error)
{
  int character = peek (reader);
  gboolean fine;
  SpJsonEvent event;

  if (character == '{' || character == '[')
    return open_container (reader, character == '{', error);
  if (character == '"') {
    event = SP_JSON_STRING;
    fine = read_string (reader, error);
  } else if (character == '-' || (character >= '0' && character <= '9')) {
    event = SP_JSON_NUMBER;
    fine =
        reader->rules.header_subset ? read_unsigned (reader, error) : read_number (reader, error);
  } else {
    event = SP_JSON_LITERAL;
    fine = read_literal (reader, error);
  }
  after_value (reader);
  return fine ? event : SP_JSON_ERROR;
}

static SpJsonEvent
read_key (SpJsonReader *reader, GError **error)
{
  if (peek (reader) != '"') {
    sp_json_reader_unexpected (reader, error);
    return SP_JSON_ERROR;
  }
  if (!read_string (reader, error))
    return SP_JSON_ERROR;
  if (!g_hash_table_add (reader->keys[reader->depth - 1], g_strdup (reader->string->str))) {
    fail (reader, "a key stands for the second time", error);
    return SP_JSON_ERROR;
  }
  skip_space (reader);
  if (peek (reader) != ':') {
    sp_json_reader_unexpected (reader, error);
    return SP_JSON_ERROR;
  }
  reader->position++;
  reader->state = STATE_VALUE;
  return SP_JSON_KEY;
}

static SpJsonEvent
read_end (SpJsonReader *reader, GError **error)
{
  if (reader->rules.header_subset)
    while (peek (reader) == ' ')
      reader->position++;
  else
    skip_space (reader);
  if (reader->position == reader->end)
    return SP_JSON_END;
  fail (reader, "something follows the end", error);
  return SP_JSON_ERROR;
}

SpJsonEvent
sp_json_reader_next (SpJsonReader *reader, GError **error)
{
  gboolean in_object = reader->depth && reader->keys[reader->depth - 1];

  if (reader->state == STATE_DONE)
    return read_end (reader, error);
  skip_space (reader);
  if (reader->state == STATE_COMMA_OR_END && peek (reader) == ',') {
    reader->position++;
    reader->state = in_object ? STATE_KEY : STATE_VALUE;
    skip_space (reader);
  } else if (reader->state == STATE_COMMA_OR_END || reader->state == STATE_KEY_OR_END
             || reader->state == STATE_VALUE_OR_END) {
    if (peek (reader) == (in_object ? '}' : ']'))
      return close_container (reader);
    if (reader->state == STATE_COMMA_OR_END) {
      sp_json_reader_unexpected (reader, error);
      return SP_JSON_ERROR;
    }
  }
  if (reader->state == STATE_KEY || reader->state == STATE_KEY_OR_END)
    return read_key (reader, error);
  return read_value (reader, error);
}

gboolean
sp_json_reader_expect (SpJsonReader *reader, SpJsonEvent wanted, GError **error)
{
  SpJsonEvent event = sp_json_reader_next (reader, error);

  if (event == wanted)
    return TRUE;
  return event == SP_JSON_ERROR ? FALSE : sp_json_reader_unexpected (reader, error);
}

gboolean
sp_json_check (const char *text, gsize length, const SpJsonRules *rules, GError **error)
{
  g_autoptr (SpJsonReader) reader = sp_json_reader_new (text, length, rules);
  SpJsonEvent event;

  do
    event = sp_json_reader_next (reader, error);
  while (event != SP_JSON_ERROR && event != SP_JSON_END);
  return event == SP_JSON_END;
}
