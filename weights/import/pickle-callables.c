/* The names that a pickle may use; see pickle-callables.h. */
#include "weights/import/pickle-callables.h"

#include <string.h>

#define FLOAT16                                                                                    \
  {                                                                                                \
    SP_ELEMENT_FLOAT16, 2                                                                          \
  }
#define FLOAT32                                                                                    \
  {                                                                                                \
    SP_ELEMENT_FLOAT32, 4                                                                          \
  }
#define OTHER(bytes)                                                                               \
  {                                                                                                \
    SP_ELEMENT_OTHER, bytes                                                                        \
  }

/* `arguments` has been held against the row's numbers. */
typedef SpPickleValue *(*Reduce) (SpPickleMachine *machine, const SpPickleValue *arguments,
                                  GError **error);

static SpPickleValue *reduce_dictionary (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_size (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_parameter (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_tensor (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_array (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_element (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_scalar (SpPickleMachine *, const SpPickleValue *, GError **);
static SpPickleValue *reduce_bytes (SpPickleMachine *, const SpPickleValue *, GError **);

typedef struct {
  const char *module, *name;
  Reduce reduce; /* NULL: it stands only as an argument of others */
  guint minimum_arguments, maximum_arguments;
  SpElement element; /* of PyTorch's storage types; bytes 0 for all else */
} Callable;

static const Callable callables[] = {
  { "collections", "OrderedDict", reduce_dictionary, 0, 0 },
  { "torch", "Size", reduce_size, 1, 1 },
  { "torch._utils", "_rebuild_tensor", reduce_tensor, 4, 4 },
  { "torch._utils", "_rebuild_tensor_v2", reduce_tensor, 6, 7 },
  { "torch._utils", "_rebuild_parameter", reduce_parameter, 3, 3 },
  { "torch", "HalfStorage", .element = FLOAT16 },
  { "torch", "FloatStorage", .element = FLOAT32 },
  { "torch", "DoubleStorage", .element = OTHER (8) },
  { "torch", "BFloat16Storage", .element = OTHER (2) },
  { "torch", "LongStorage", .element = OTHER (8) },
  { "torch", "IntStorage", .element = OTHER (4) },
  { "torch", "ShortStorage", .element = OTHER (2) },
  { "torch", "CharStorage", .element = OTHER (1) },
  { "torch", "ByteStorage", .element = OTHER (1) },
  { "torch", "BoolStorage", .element = OTHER (1) },
  { "numpy", "ndarray" },
  { "numpy", "dtype", reduce_element, 3, 3 },
  { "numpy.core.multiarray", "_reconstruct", reduce_array, 3, 3 },
  { "numpy.core.multiarray", "scalar", reduce_scalar, 2, 2 },
  { "numpy._core.multiarray", "_reconstruct", reduce_array, 3, 3 },
  { "numpy._core.multiarray", "scalar", reduce_scalar, 2, 2 },
  { "_codecs", "encode", reduce_bytes, 2, 2 },
  { "tfutil", "Network" },
};

SpPickleValue *
sp_pickle_callable (SpPickleMachine *machine, const char *module, const char *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (callables); i++) {
    if (strcmp (callables[i].module, module) == 0 && strcmp (callables[i].name, name) == 0) {
      SpPickleValue *value = sp_pickle_value_new (machine->arena, SP_PICKLE_CALLABLE, error);
      if (value)
        value->callable = i;
      return value;
    }
  }
  g_autofree char *shown_module = sp_foreign_shown (module);
  g_autofree char *shown_name = sp_foreign_shown (name);
  sp_foreign_file_refuse (machine->file, error,
                          "it wants to use “%s.%s”, and only names that make tensors, dictionaries "
                          "and numbers are accepted",
                          shown_module, shown_name);
  return NULL;
}

/* A callable of the table by its full name; FALSE for any other value. */
static gboolean
is_callable (const SpPickleValue *value, const char *module, const char *name)
{
  return value && value->kind == SP_PICKLE_CALLABLE
         && strcmp (callables[value->callable].module, module) == 0
         && strcmp (callables[value->callable].name, name) == 0;
}

static SpPickleValue *
malformed (SpPickleMachine *machine, const char *what, GError **error)
{
  sp_foreign_file_refuse (machine->file, error, "its pickle describes %s wrongly", what);
  return NULL;
}

SpPickleValue *
sp_pickle_reduce (SpPickleMachine *machine, const SpPickleValue *callable,
                  const SpPickleValue *arguments, GError **error)
{
  if (callable->kind != SP_PICKLE_CALLABLE || arguments->kind != SP_PICKLE_TUPLE)
    return malformed (machine, "an object", error);
  const Callable *row = &callables[callable->callable];
  if (!row->reduce || arguments->list.n < row->minimum_arguments
      || arguments->list.n > row->maximum_arguments) {
    sp_foreign_file_refuse (machine->file, error, "it uses “%s.%s” in a way that is not accepted",
                            row->module, row->name);
    return NULL;
  }
  return row->reduce (machine, arguments, error);
}

/* ---- Plain data ---- */

static SpPickleValue *
reduce_dictionary (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  return sp_pickle_value_new (machine->arena, SP_PICKLE_DICTIONARY, error);
}

static SpPickleValue *
reduce_size (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  SpPickleValue *sizes = sp_pickle_item (arguments, 0);
  return sizes->kind == SP_PICKLE_TUPLE ? sizes : malformed (machine, "a size", error);
}

/* Python 3 writes bytes into a protocol 2 pickle as text, each byte a character, with an order to
 * encode it. */
static SpPickleValue *
reduce_bytes (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  const SpPickleValue *text = sp_pickle_item (arguments, 0);
  const char *encoding = sp_pickle_text (sp_pickle_item (arguments, 1));

  if (text->kind != SP_PICKLE_STRING || !encoding
      || (strcmp (encoding, "latin1") != 0 && strcmp (encoding, "latin-1") != 0))
    return malformed (machine, "bytes", error);
  SpPickleValue *bytes = sp_pickle_value_new (machine->arena, SP_PICKLE_STRING, error);
  if (bytes) {
    bytes->string = text->string;
    bytes->string.encoded = TRUE;
  }
  return bytes;
}

/* ---- PyTorch ---- */

SpPickleValue *
sp_pickle_persistent (SpPickleMachine *machine, const SpPickleValue *id, GError **error)
{
  const SpPickleValue *type = sp_pickle_item (id, 1);
  const char *word = sp_pickle_text (sp_pickle_item (id, 0));
  const char *key = sp_pickle_text (sp_pickle_item (id, 2));
  const SpPickleValue *view = sp_pickle_item (id, 5);
  guint64 elements;

  if (g_strcmp0 (word, "storage") != 0 || !key || !type || type->kind != SP_PICKLE_CALLABLE
      || callables[type->callable].element.bytes == 0
      || !sp_pickle_unsigned (sp_pickle_item (id, 4), &elements)
      || (view && view->kind != SP_PICKLE_NONE))
    return malformed (machine, "a storage", error);
  SpElement element = callables[type->callable].element;
  SpStorage *storage = g_hash_table_lookup (machine->storages, key);
  if (!storage) {
    storage = sp_pickle_allocate (machine->arena, sizeof *storage, error);
    if (!storage)
      return NULL;
    *storage = (SpStorage){ .key = (char *)(gsize)key, .element = element, .elements = elements };
    g_hash_table_insert (machine->storages, storage->key, storage);
  }
  if (storage->element.kind != element.kind || storage->element.bytes != element.bytes
      || storage->elements != elements)
    return malformed (machine, "one storage in two ways", error);
  SpPickleValue *value = sp_pickle_value_new (machine->arena, SP_PICKLE_STORAGE, error);
  if (value)
    value->storage = storage;
  return value;
}

static SpPickleValue *
new_array (SpPickleMachine *machine, SpStorage *storage, GError **error)
{
  SpPickleValue *value = sp_pickle_value_new (machine->arena, SP_PICKLE_ARRAY, error);
  if (value)
    value->array = sp_pickle_allocate (machine->arena, sizeof *value->array, error);
  if (!value || !value->array)
    return NULL;
  value->array->storage = storage;
  return value;
}

/* storage, offset, size, stride [, requires gradient, hooks [, metadata]] */
static SpPickleValue *
reduce_tensor (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  const SpPickleValue *storage = sp_pickle_item (arguments, 0);

  if (storage->kind != SP_PICKLE_STORAGE)
    return malformed (machine, "a tensor", error);
  SpPickleValue *value = new_array (machine, storage->storage, error);
  if (!value)
    return NULL;
  if (!sp_pickle_unsigned (sp_pickle_item (arguments, 1), &value->array->offset))
    return malformed (machine, "a tensor", error);
  return sp_array_set_shape (value->array, sp_pickle_item (arguments, 2),
                             sp_pickle_item (arguments, 3), machine->file, error)
             ? value
             : NULL;
}

/* tensor, requires gradient, hooks */
static SpPickleValue *
reduce_parameter (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  SpPickleValue *tensor = sp_pickle_item (arguments, 0);
  return tensor->kind == SP_PICKLE_ARRAY ? tensor : malformed (machine, "a parameter", error);
}

/* ---- NumPy ---- */

/* ndarray, (0,), b"b": an empty array, whose state comes with BUILD. */
static SpPickleValue *
reduce_array (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  if (!is_callable (sp_pickle_item (arguments, 0), "numpy", "ndarray"))
    return malformed (machine, "an array", error);
  return new_array (machine, NULL, error);
}

/* "f4", align, copy */
static SpPickleValue *
reduce_element (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  static const struct {
    const char *name;
    SpElement element;
  } known[] = {
    { "f4", FLOAT32 },   { "f2", FLOAT16 },   { "f8", OTHER (8) }, { "i8", OTHER (8) },
    { "i4", OTHER (4) }, { "i2", OTHER (2) }, { "i1", OTHER (1) }, { "u8", OTHER (8) },
    { "u4", OTHER (4) }, { "u2", OTHER (2) }, { "u1", OTHER (1) }, { "b1", OTHER (1) }
  };
  const char *name = sp_pickle_text (sp_pickle_item (arguments, 0));

  for (guint i = 0; name && i < G_N_ELEMENTS (known); i++) {
    if (strcmp (name, known[i].name) == 0) {
      SpPickleValue *value = sp_pickle_value_new (machine->arena, SP_PICKLE_ELEMENT, error);
      if (value)
        value->element = known[i].element;
      return value;
    }
  }
  g_autofree char *shown = sp_foreign_shown (name ? name : "?");
  sp_foreign_file_refuse (machine->file, error, "it has an array of the unknown type “%s”", shown);
  return NULL;
}

/* The array's own storage, which is the string itself. */
static SpStorage *
storage_of_bytes (SpPickleMachine *machine, const SpPickleValue *bytes, SpElement element,
                  guint64 elements, GError **error)
{
  guint64 length;
  SpStorage *storage = sp_pickle_allocate (machine->arena, sizeof *storage, error);

  if (!storage)
    return NULL;
  /* encoded, a byte takes one byte or two, and which is known only when it is read */
  if (!g_uint64_checked_mul (&length, elements, element.bytes) || length > bytes->string.length
      || (!bytes->string.encoded && length != bytes->string.length)
      || (bytes->string.encoded && bytes->string.length > 2 * length)) {
    malformed (machine, "an array's length", error);
    return NULL;
  }
  *storage = (SpStorage){ .element = element,
                          .elements = elements,
                          .located = TRUE,
                          .encoded = bytes->string.encoded,
                          .offset = bytes->string.offset,
                          .length = bytes->string.length };
  return storage;
}

/* dtype, bytes: a single number. */
static SpPickleValue *
reduce_scalar (SpPickleMachine *machine, const SpPickleValue *arguments, GError **error)
{
  const SpPickleValue *element = sp_pickle_item (arguments, 0);
  const SpPickleValue *bytes = sp_pickle_item (arguments, 1);

  if (element->kind != SP_PICKLE_ELEMENT || bytes->kind != SP_PICKLE_STRING)
    return malformed (machine, "a number", error);
  SpStorage *storage = storage_of_bytes (machine, bytes, element->element, 1, error);
  SpPickleValue *value = storage ? new_array (machine, storage, error) : NULL;
  if (value)
    value->array->elements = 1;
  return value;
}

/* Fortran's order: the first index runs fastest. */
static void
reverse_strides (SpArray *array)
{
  guint64 stride = 1;
  for (guint i = 0; i < array->n_dimensions; i++) {
    array->stride[i] = stride;
    stride *= array->size[i]; /* a part of the product that was checked */
  }
}

static guint64
product_of_sizes (const SpPickleValue *sizes)
{
  guint64 product = 1, size;
  for (guint i = 0; i < sizes->list.n; i++)
    if (!sp_pickle_unsigned (sizes->list.items[i], &size)
        || !g_uint64_checked_mul (&product, product, size))
      return G_MAXUINT64; /* too many for any string */
  return product;
}

/* version, sizes, dtype, Fortran's order, bytes */
static gboolean
build_array (SpPickleMachine *machine, SpArray *array, const SpPickleValue *state, GError **error)
{
  const SpPickleValue *sizes = sp_pickle_item (state, 1), *element = sp_pickle_item (state, 2);
  const SpPickleValue *order = sp_pickle_item (state, 3), *bytes = sp_pickle_item (state, 4);

  if (array->storage || !bytes || state->list.n != 5 || sizes->kind != SP_PICKLE_TUPLE
      || element->kind != SP_PICKLE_ELEMENT || order->kind != SP_PICKLE_BOOLEAN
      || bytes->kind != SP_PICKLE_STRING)
    return malformed (machine, "an array", error) != NULL;
  array->storage =
      storage_of_bytes (machine, bytes, element->element, product_of_sizes (sizes), error);
  if (!array->storage || !sp_array_set_shape (array, sizes, NULL, machine->file, error))
    return FALSE;
  if (order->integer)
    reverse_strides (array);
  return TRUE;
}

/* version, byte order, ...: nothing else is set for plain numbers. */
static gboolean
build_element (SpPickleMachine *machine, const SpPickleValue *state, GError **error)
{
  const char *order = sp_pickle_text (sp_pickle_item (state, 1));

  if (order && (strcmp (order, "<") == 0 || strcmp (order, "|") == 0))
    return TRUE;
  return sp_foreign_file_refuse (machine->file, error, "its arrays are not little-endian");
}

/* ---- Objects ---- */

SpPickleValue *
sp_pickle_new_object (SpPickleMachine *machine, const SpPickleValue *callable,
                      const SpPickleValue *arguments, GError **error)
{
  if (is_callable (callable, "tfutil", "Network") && arguments->kind == SP_PICKLE_TUPLE
      && arguments->list.n == 0)
    return sp_pickle_value_new (machine->arena, SP_PICKLE_NETWORK, error);
  if (is_callable (callable, "collections", "OrderedDict") && arguments->kind == SP_PICKLE_TUPLE
      && arguments->list.n == 0)
    return sp_pickle_value_new (machine->arena, SP_PICKLE_DICTIONARY, error);
  return malformed (machine, "an object", error);
}

gboolean
sp_pickle_build (SpPickleMachine *machine, SpPickleValue *object, SpPickleValue *state,
                 GError **error)
{
  switch (object->kind) {
  case SP_PICKLE_ARRAY:
    return build_array (machine, object->array, state, error);
  case SP_PICKLE_ELEMENT:
    return build_element (machine, state, error);
  case SP_PICKLE_NETWORK:
    if (object->state || state->kind != SP_PICKLE_DICTIONARY)
      return malformed (machine, "a network", error) != NULL;
    object->state = state;
    return TRUE;
  case SP_PICKLE_DICTIONARY: /* a state dictionary's own notes on versions */
    return state->kind == SP_PICKLE_DICTIONARY || malformed (machine, "a dictionary", error);
  default:
    return sp_foreign_file_refuse (machine->file, error, "it gives a state to %s",
                                   sp_pickle_kind_name (object->kind));
  }
}
