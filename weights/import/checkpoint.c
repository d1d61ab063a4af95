/* From a file to named tensors; see checkpoint.h. */
#include "weights/import/checkpoint.h"

#include <string.h>

#include "weights/import/array-read.h"
#include "weights/import/unpickle.h"
#include "weights/import/zip.h"

/* How a legacy file begins: protocol 2, and the number 0x1950a86a20f9469cfc6c. */
static const guint8 legacy_magic[] = { 0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                       0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.' };
#define LEGACY_PROTOCOL 1001
#define SHARED_BYTES (G_GUINT64_CONSTANT (64) << 20)

struct _SpCheckpoint {
  SpForeignFile *file;
  SpUnpickler *unpickler;
  GPtrArray *names;    /* NULL-terminated */
  GHashTable *tensors; /* name to SpArray */
  guint64 bytes_read;
};

static gboolean
refuse (const SpCheckpoint *checkpoint, const char *reason, GError **error)
{
  return sp_foreign_file_refuse (checkpoint->file, error, "%s", reason);
}

/* ---- Storages ---- */

static gboolean
locate (const SpCheckpoint *checkpoint, SpStorage *storage, guint64 offset, guint64 length,
        GError **error)
{
  guint64 wanted;

  if (storage->located || !g_uint64_checked_mul (&wanted, storage->elements, storage->element.bytes)
      || wanted != length) {
    g_autofree char *shown = sp_foreign_shown (storage->key);
    return sp_foreign_file_refuse (checkpoint->file, error,
                                   "its storage “%s” has not the length that it declares, or is "
                                   "there twice",
                                   shown);
  }
  storage->located = TRUE;
  storage->offset = offset;
  storage->length = length;
  return TRUE;
}

static gboolean
all_located (const SpCheckpoint *checkpoint, GError **error)
{
  GHashTableIter each;
  gpointer value;

  g_hash_table_iter_init (&each, sp_unpickler_storages (checkpoint->unpickler));
  while (g_hash_table_iter_next (&each, NULL, &value)) {
    const SpStorage *storage = value;
    if (!storage->located) {
      g_autofree char *shown = sp_foreign_shown (storage->key);
      return sp_foreign_file_refuse (checkpoint->file, error, "its storage “%s” is missing", shown);
    }
  }
  return TRUE;
}

/* ---- Tensors ---- */

/* The name without what wrappers put before it. */
static const char *
bare_name (const char *name)
{
  static const char *const wrappers[] = { "module.", "model." };
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    if (g_str_has_prefix (name, wrappers[i]))
      name += strlen (wrappers[i]);
  return name;
}

static gboolean
add_tensor (SpCheckpoint *checkpoint, const SpPickleValue *name, const SpPickleValue *value,
            GError **error)
{
  const char *text = sp_pickle_text (name);

  if (!text || value->kind != SP_PICKLE_ARRAY)
    return TRUE; /* an epoch's number, say */
  if (!value->array->storage)
    return refuse (checkpoint, "an array has no contents", error);
  text = bare_name (text);
  if (!g_hash_table_insert (checkpoint->tensors, (gpointer)(gsize)text, value->array)) {
    g_autofree char *shown = sp_foreign_shown (text);
    return sp_foreign_file_refuse (checkpoint->file, error, "it has two tensors “%s”", shown);
  }
  g_ptr_array_add (checkpoint->names, (gpointer)(gsize)text);
  return TRUE;
}

static gboolean
add_state_dictionary (SpCheckpoint *checkpoint, const SpPickleValue *root, GError **error)
{
  const SpPickleValue *wrapped = sp_pickle_lookup (root, "state_dict");

  if (wrapped)
    root = wrapped;
  if (root->kind != SP_PICKLE_DICTIONARY)
    return sp_foreign_file_refuse (checkpoint->file, error,
                                   "it holds %s where a dictionary of tensors is expected",
                                   sp_pickle_kind_name (root->kind));
  for (guint i = 0; i + 1 < root->list.n; i += 2)
    if (!add_tensor (checkpoint, root->list.items[i], root->list.items[i + 1], error))
      return FALSE;
  return TRUE;
}

/* ---- PyTorch, legacy: a stream of pickles, then the storages ---- */

static gboolean
little_endian (const SpPickleValue *system)
{
  const SpPickleValue *little = sp_pickle_lookup (system, "little_endian");
  return little && little->kind == SP_PICKLE_BOOLEAN && little->integer;
}

/* For each key in turn: the number of elements, 64 bits, then they themselves. */
static gboolean
locate_stream (SpCheckpoint *checkpoint, const SpPickleValue *keys, guint64 position,
               GError **error)
{
  GHashTable *storages = sp_unpickler_storages (checkpoint->unpickler);
  guint64 size = sp_foreign_file_size (checkpoint->file);

  for (guint i = 0; i < keys->list.n; i++) {
    const char *key = sp_pickle_text (keys->list.items[i]);
    SpStorage *storage = key ? g_hash_table_lookup (storages, key) : NULL;
    guint64 elements, length;
    if (!storage)
      return refuse (checkpoint, "it lists a storage that no tensor has", error);
    if (!sp_foreign_file_read (checkpoint->file, position, sizeof elements, &elements, error))
      return FALSE;
    position += sizeof elements;
    if (!g_uint64_checked_mul (&length, GUINT64_FROM_LE (elements), storage->element.bytes)
        || length > size - position)
      return refuse (checkpoint, "it ends in the middle", error);
    if (!locate (checkpoint, storage, position, length, error))
      return FALSE;
    position += length;
  }
  return position == size || refuse (checkpoint, "something follows its last storage", error);
}

static gboolean
read_legacy (SpCheckpoint *checkpoint, GError **error)
{
  guint64 start = sizeof legacy_magic, protocol;
  checkpoint->unpickler =
      sp_unpickler_new (checkpoint->file, start, sp_foreign_file_size (checkpoint->file) - start);

  const SpPickleValue *number = sp_unpickler_next (checkpoint->unpickler, error);
  if (!number)
    return FALSE;
  if (!sp_pickle_unsigned (number, &protocol) || protocol != LEGACY_PROTOCOL)
    return refuse (checkpoint, "it is of an unknown version of PyTorch's format", error);
  const SpPickleValue *system = sp_unpickler_next (checkpoint->unpickler, error);
  if (!system)
    return FALSE;
  if (!little_endian (system))
    return refuse (checkpoint, "its numbers are not little-endian", error);
  const SpPickleValue *root = sp_unpickler_next (checkpoint->unpickler, error);
  const SpPickleValue *keys = root ? sp_unpickler_next (checkpoint->unpickler, error) : NULL;
  if (!keys)
    return FALSE;
  if (keys->kind != SP_PICKLE_LIST)
    return refuse (checkpoint, "it has no list of storages", error);
  return locate_stream (checkpoint, keys, sp_unpickler_position (checkpoint->unpickler), error)
         && add_state_dictionary (checkpoint, root, error);
}

/* ---- PyTorch, zip: data.pkl and an entry for each storage, all in one folder ---- */

static const SpZipEntry *
find_pickle (const SpZip *zip)
{
  for (guint i = 0; i < sp_zip_count (zip); i++) {
    const SpZipEntry *entry = sp_zip_entry (zip, i);
    const char *slash = strchr (entry->name, '/');
    if (slash && strcmp (slash, "/data.pkl") == 0)
      return entry;
  }
  return NULL;
}

/* The file's note on its byte order, in versions that write one. */
static gboolean
check_byte_order (const SpCheckpoint *checkpoint, const SpZip *zip, const char *folder,
                  GError **error)
{
  g_autofree char *name = g_strconcat (folder, "byteorder", NULL);
  const SpZipEntry *entry = sp_zip_find (zip, name);
  char order[6];

  if (!entry)
    return TRUE;
  if (entry->length != sizeof order)
    return refuse (checkpoint, "its numbers are not little-endian", error);
  if (!sp_foreign_file_read (checkpoint->file, entry->offset, sizeof order, order, error))
    return FALSE;
  return memcmp (order, "little", sizeof order) == 0
         || refuse (checkpoint, "its numbers are not little-endian", error);
}

static gboolean
locate_entries (SpCheckpoint *checkpoint, const SpZip *zip, const char *folder, GError **error)
{
  GHashTableIter each;
  gpointer value;

  g_hash_table_iter_init (&each, sp_unpickler_storages (checkpoint->unpickler));
  while (g_hash_table_iter_next (&each, NULL, &value)) {
    SpStorage *storage = value;
    g_autofree char *name = g_strconcat (folder, "data/", storage->key, NULL);
    const SpZipEntry *entry = sp_zip_find (zip, name);
    if (entry && !locate (checkpoint, storage, entry->offset, entry->length, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_zip (SpCheckpoint *checkpoint, GError **error)
{
  g_autoptr (SpZip) zip = sp_zip_open (checkpoint->file, error);
  const SpZipEntry *pickle = zip ? find_pickle (zip) : NULL;

  if (!zip)
    return FALSE;
  if (!pickle)
    return refuse (checkpoint, "it is a zip file, but not one of PyTorch's tensors", error);
  g_autofree char *folder = g_strndup (pickle->name, strlen (pickle->name) - strlen ("data.pkl"));
  checkpoint->unpickler = sp_unpickler_new (checkpoint->file, pickle->offset, pickle->length);
  const SpPickleValue *root = sp_unpickler_next (checkpoint->unpickler, error);
  if (!root)
    return FALSE;
  if (sp_unpickler_position (checkpoint->unpickler) != pickle->offset + pickle->length)
    return refuse (checkpoint, "something follows its pickle", error);
  return check_byte_order (checkpoint, zip, folder, error)
         && locate_entries (checkpoint, zip, folder, error)
         && add_state_dictionary (checkpoint, root, error);
}

/* ---- TensorFlow's release: (G, D, Gs) ---- */

static gboolean
read_tensorflow (SpCheckpoint *checkpoint, GError **error)
{
  guint64 size = sp_foreign_file_size (checkpoint->file);
  checkpoint->unpickler = sp_unpickler_new (checkpoint->file, 0, size);
  const SpPickleValue *root = sp_unpickler_next (checkpoint->unpickler, error);

  if (!root)
    return FALSE;
  if (sp_unpickler_position (checkpoint->unpickler) != size)
    return refuse (checkpoint, "something follows its pickle", error);
  const SpPickleValue *network = root->kind == SP_PICKLE_NETWORK ? root : sp_pickle_item (root, 2);
  if (!network || network->kind != SP_PICKLE_NETWORK || !network->state)
    return refuse (checkpoint,
                   "it is a pickle, but neither PyTorch's nor of the networks G, D and Gs", error);
  const SpPickleValue *variables = sp_pickle_lookup (network->state, "variables");
  if (!variables || variables->kind != SP_PICKLE_LIST)
    return refuse (checkpoint, "its network has no list of variables", error);
  for (guint i = 0; i < variables->list.n; i++) {
    const SpPickleValue *name = sp_pickle_item (variables->list.items[i], 0);
    const SpPickleValue *value = sp_pickle_item (variables->list.items[i], 1);
    if (!value)
      return refuse (checkpoint, "its network has no list of variables", error);
    if (!add_tensor (checkpoint, name, value, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- The whole ---- */

static gboolean
read_any (SpCheckpoint *checkpoint, GError **error)
{
  guint8 start[sizeof legacy_magic] = { 0 };
  guint64 size = sp_foreign_file_size (checkpoint->file);

  if (!sp_foreign_file_read (checkpoint->file, 0, MIN (size, sizeof start), start, error))
    return FALSE;
  if (memcmp (start, legacy_magic, sizeof start) == 0)
    return read_legacy (checkpoint, error);
  if (sp_zip_recognise (checkpoint->file))
    return read_zip (checkpoint, error);
  if (start[0] == 0x80)
    return read_tensorflow (checkpoint, error);
  return refuse (checkpoint, "it is neither a PyTorch file nor a pickle of Progressive GANs",
                 error);
}

SpCheckpoint *
sp_checkpoint_open (const char *path, GError **error)
{
  g_autoptr (SpCheckpoint) checkpoint = g_new0 (SpCheckpoint, 1);

  checkpoint->names = g_ptr_array_new ();
  checkpoint->tensors = g_hash_table_new (g_str_hash, g_str_equal);
  checkpoint->file = sp_foreign_file_open (path, SP_CHECKPOINT_MAXIMUM_BYTES, error);
  if (!checkpoint->file || !read_any (checkpoint, error) || !all_located (checkpoint, error))
    return NULL;
  g_ptr_array_add (checkpoint->names, NULL);
  return g_steal_pointer (&checkpoint);
}

void
sp_checkpoint_free (SpCheckpoint *checkpoint)
{
  if (!checkpoint)
    return;
  g_hash_table_unref (checkpoint->tensors);
  g_ptr_array_unref (checkpoint->names);
  sp_unpickler_free (checkpoint->unpickler);
  sp_foreign_file_free (checkpoint->file);
  g_free (checkpoint);
}

const SpForeignFile *
sp_checkpoint_file (const SpCheckpoint *checkpoint)
{
  return checkpoint->file;
}

const char *const *
sp_checkpoint_names (const SpCheckpoint *checkpoint)
{
  return (const char *const *)checkpoint->names->pdata;
}

gboolean
sp_checkpoint_shape (const SpCheckpoint *checkpoint, const char *name, SpPackShape *shape)
{
  const SpArray *array = g_hash_table_lookup (checkpoint->tensors, name);

  *shape = (SpPackShape){ 0, { 1, 1, 1, 1 } };
  if (!array || array->elements == 0)
    return FALSE;
  shape->n_dimensions = (int)array->n_dimensions;
  for (guint i = 0; i < array->n_dimensions; i++) {
    if (array->size[i] > G_MAXINT)
      return FALSE;
    shape->size[i] = (int)array->size[i];
  }
  return TRUE;
}

SpPackPrecision
sp_checkpoint_precision (const SpCheckpoint *checkpoint, const char *name)
{
  const SpArray *array = g_hash_table_lookup (checkpoint->tensors, name);
  return array && array->storage->element.kind == SP_ELEMENT_FLOAT16 ? SP_PACK_FLOAT16
                                                                     : SP_PACK_FLOAT32;
}

/* "3 x 64 x 1 x 1" */
static char *
describe (SpPackShape shape)
{
  GString *text = g_string_new (shape.n_dimensions ? NULL : "a single number");

  for (int i = 0; i < shape.n_dimensions; i++)
    g_string_append_printf (text, "%s%d", i ? " x " : "", shape.size[i]);
  return g_string_free (text, FALSE);
}

static gboolean
check_shape (const SpCheckpoint *checkpoint, const char *name, SpPackShape expected, GError **error)
{
  SpPackShape shape;
  gboolean fine =
      sp_checkpoint_shape (checkpoint, name, &shape) && shape.n_dimensions == expected.n_dimensions;

  for (int i = 0; i < expected.n_dimensions; i++)
    fine = fine && shape.size[i] == expected.size[i];
  if (fine)
    return TRUE;
  g_autofree char *there = describe (shape);
  g_autofree char *wanted = describe (expected);
  return sp_foreign_file_refuse (checkpoint->file, error, "tensor “%s” is %s where %s is needed",
                                 name, there, wanted);
}

float *
sp_checkpoint_read (SpCheckpoint *checkpoint, const char *name, SpPackShape expected,
                    GError **error)
{
  const SpArray *array = g_hash_table_lookup (checkpoint->tensors, name);

  if (!array) {
    sp_foreign_file_refuse (checkpoint->file, error, "tensor “%s” is missing", name);
    return NULL;
  }
  if (!check_shape (checkpoint, name, expected, error))
    return NULL;
  if (array->storage->element.kind == SP_ELEMENT_OTHER) {
    sp_foreign_file_refuse (checkpoint->file, error,
                            "tensor “%s” has other numbers than 16-bit or 32-bit floats", name);
    return NULL;
  }
  /* no overflow: each size is an int, and the product was checked */
  checkpoint->bytes_read +=
      MIN (array->elements, SP_CHECKPOINT_MAXIMUM_BYTES) * array->storage->element.bytes;
  if (checkpoint->bytes_read > sp_foreign_file_size (checkpoint->file) + SHARED_BYTES) {
    sp_foreign_file_refuse (checkpoint->file, error,
                            "its tensors would be much larger than the file");
    return NULL;
  }
  return sp_array_read (checkpoint->file, array, error);
}
