/* The values of a pickle; see pickle-value.h. */
#include "weights/import/pickle-value.h"

#include <string.h>

/* Constants, so that what a file can make the reader allocate is one too: about 40 MiB in all. */
#define MAXIMUM_VALUES (1u << 18)
#define MAXIMUM_BYTES (16u << 20)

struct _SpPickleArena {
  const SpForeignFile *file;
  GPtrArray *blocks;
  guint n_values;
  gsize n_bytes;
};

SpPickleArena *
sp_pickle_arena_new (const SpForeignFile *file)
{
  SpPickleArena *arena = g_new0 (SpPickleArena, 1);

  arena->file = file;
  arena->blocks = g_ptr_array_new_with_free_func (g_free);
  return arena;
}

void
sp_pickle_arena_free (SpPickleArena *arena)
{
  if (!arena)
    return;
  g_ptr_array_unref (arena->blocks);
  g_free (arena);
}

static void *
add_block (SpPickleArena *arena, gsize length, GError **error)
{
  void *block = g_try_malloc0 (MAX (length, 1));

  if (block)
    g_ptr_array_add (arena->blocks, block);
  else
    sp_foreign_file_no_memory (arena->file, error);
  return block;
}

SpPickleValue *
sp_pickle_value_new (SpPickleArena *arena, SpPickleKind kind, GError **error)
{
  if (arena->n_values == MAXIMUM_VALUES) {
    sp_foreign_file_refuse (arena->file, error, "it holds more than %u values", MAXIMUM_VALUES);
    return NULL;
  }
  SpPickleValue *value = add_block (arena, sizeof *value, error);
  if (!value)
    return NULL;
  arena->n_values++;
  value->kind = kind;
  return value;
}

void *
sp_pickle_allocate (SpPickleArena *arena, gsize length, GError **error)
{
  if (length > MAXIMUM_BYTES - arena->n_bytes) {
    sp_foreign_file_refuse (arena->file, error, "its lists and texts need more than %u MiB",
                            MAXIMUM_BYTES >> 20);
    return NULL;
  }
  arena->n_bytes += length;
  return add_block (arena, length, error);
}

/* Doubles the room; what was there stays in the arena, and all of it together is no more than what
 * is there now. */
gboolean
sp_pickle_append (SpPickleArena *arena, SpPickleValue *list, SpPickleValue *item, GError **error)
{
  if (list->list.n == list->list.capacity) {
    guint capacity = MAX (4, 2 * list->list.capacity);
    SpPickleValue **items = sp_pickle_allocate (arena, capacity * sizeof *items, error);
    if (!items)
      return FALSE;
    if (list->list.n)
      memcpy (items, list->list.items, list->list.n * sizeof *items);
    list->list.items = items;
    list->list.capacity = capacity;
  }
  list->list.items[list->list.n++] = item;
  return TRUE;
}

const char *
sp_pickle_text (const SpPickleValue *value)
{
  if (!value || value->kind != SP_PICKLE_STRING || !value->string.copy
      || strlen (value->string.copy) != value->string.length)
    return NULL;
  return value->string.copy;
}

SpPickleValue *
sp_pickle_lookup (const SpPickleValue *dictionary, const char *key)
{
  if (!dictionary || dictionary->kind != SP_PICKLE_DICTIONARY)
    return NULL;
  for (guint i = dictionary->list.n; i >= 2; i -= 2)
    if (g_strcmp0 (sp_pickle_text (dictionary->list.items[i - 2]), key) == 0)
      return dictionary->list.items[i - 1];
  return NULL;
}

SpPickleValue *
sp_pickle_item (const SpPickleValue *list, guint index)
{
  if (!list || (list->kind != SP_PICKLE_TUPLE && list->kind != SP_PICKLE_LIST)
      || index >= list->list.n)
    return NULL;
  return list->list.items[index];
}

gboolean
sp_pickle_unsigned (const SpPickleValue *value, guint64 *number)
{
  if (!value || value->kind != SP_PICKLE_INTEGER || value->integer < 0)
    return FALSE;
  *number = (guint64)value->integer;
  return TRUE;
}

const char *
sp_pickle_kind_name (SpPickleKind kind)
{
  static const char *const names[] = {
    [SP_PICKLE_NONE] = "nothing",
    [SP_PICKLE_BOOLEAN] = "a truth value",
    [SP_PICKLE_INTEGER] = "a whole number",
    [SP_PICKLE_NUMBER] = "a number",
    [SP_PICKLE_STRING] = "a text",
    [SP_PICKLE_TUPLE] = "a tuple",
    [SP_PICKLE_LIST] = "a list",
    [SP_PICKLE_DICTIONARY] = "a dictionary",
    [SP_PICKLE_CALLABLE] = "a name",
    [SP_PICKLE_STORAGE] = "a storage",
    [SP_PICKLE_ARRAY] = "a tensor",
    [SP_PICKLE_ELEMENT] = "a number type",
    [SP_PICKLE_NETWORK] = "a network",
  };
  return names[kind];
}

/* ---- Arrays ---- */

/* The last element's index must be within the storage; an empty array has none. */
static gboolean
within_storage (const SpArray *array)
{
  guint64 last = array->offset, step;

  if (array->elements == 0)
    return TRUE;
  for (guint i = 0; i < array->n_dimensions; i++)
    if (!g_uint64_checked_mul (&step, array->size[i] - 1, array->stride[i])
        || !g_uint64_checked_add (&last, last, step))
      return FALSE;
  return last < array->storage->elements;
}

gboolean
sp_array_set_shape (SpArray *array, const SpPickleValue *sizes, const SpPickleValue *strides,
                    const SpForeignFile *file, GError **error)
{
  if (sizes->kind != SP_PICKLE_TUPLE
      || (strides && (strides->kind != SP_PICKLE_TUPLE || strides->list.n != sizes->list.n)))
    return sp_foreign_file_refuse (file, error, "a tensor's shape is not one");
  if (sizes->list.n > SP_ARRAY_MAXIMUM_DIMENSIONS)
    return sp_foreign_file_refuse (file, error, "a tensor has more than %d dimensions",
                                   SP_ARRAY_MAXIMUM_DIMENSIONS);
  array->n_dimensions = sizes->list.n;
  array->elements = 1;
  for (guint i = array->n_dimensions; i-- > 0;) {
    array->stride[i] = array->elements;
    if (!sp_pickle_unsigned (sizes->list.items[i], &array->size[i])
        || (strides && !sp_pickle_unsigned (strides->list.items[i], &array->stride[i])))
      return sp_foreign_file_refuse (file, error,
                                     "a tensor's sizes or strides are not whole numbers from 0");
    if (!g_uint64_checked_mul (&array->elements, array->elements, array->size[i]))
      return sp_foreign_file_refuse (file, error, "a tensor's size overflows");
  }
  if (!within_storage (array))
    return sp_foreign_file_refuse (file, error, "a tensor reaches beyond its storage");
  return TRUE;
}
