/* See files.h. Opcodes stand as letters where they are letters; pickletools has their names. */
#include "tests/import/files.h"

#include <string.h>

#define FILE(form, bytes) form, bytes, sizeof (bytes) - 1
#define PICKLE(bytes) FILE (FILE_PICKLE, "\x80\x02" bytes)
#define LEGACY(bytes) FILE (FILE_LEGACY, "\x80\x02" bytes)
#define SHORT(length, text) "U" length text

/* The storage "0" of two floats, and a tensor over it: offset, sizes, strides. */
#define STORAGE_OF(type, key, elements)                                                            \
  "(" SHORT ("\x07", "storage") "ctorch\n" type "\n" SHORT ("\x01", key) SHORT ("\x03", "cpu")     \
      elements "tQ"
#define STORAGE STORAGE_OF ("FloatStorage", "0", "K\x02")
#define TENSOR_OF(storage, offset, sizes, strides)                                                 \
  "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset sizes strides "\x89"                       \
  "ccollections\nOrderedDict\n)RtR"
#define TENSOR(offset, sizes, strides) TENSOR_OF (STORAGE, offset, sizes, strides)
#define GOOD_TENSOR TENSOR ("K\x00", "K\x02\x85", "K\x01\x85")
#define DICTIONARY(tensor) "}" SHORT ("\x01", "a") tensor "s."
#define HUGE_NUMBER "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"

#define DTYPE_OF(name, order)                                                                      \
  "cnumpy\ndtype\n" SHORT ("\x02", name) "K\x00K\x01\x87R(K\x03" SHORT (                           \
      "\x01", order) "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
#define DTYPE DTYPE_OF ("f4", "<")
#define ARRAY_OF(dtype, sizes, bytes)                                                              \
  "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" SHORT (                       \
      "\x01", "b") "\x87R(K\x01" sizes dtype "\x89" bytes "tb"
#define EIGHT SHORT ("\x08", "\x00\x00\x80\x3f\x00\x00\x00\x40")
#define NETWORK(variables) "ctfutil\nNetwork\n)\x81}" SHORT ("\x09", "variables") variables "sb"
#define TENSORFLOW(array) NETWORK ("](" SHORT ("\x01", "a") array "ta") "."

const HostileImport hostile_imports[] = {
  { "good-legacy", NULL, LEGACY (DICTIONARY (GOOD_TENSOR)) },
  { "good-zip", NULL, FILE (FILE_ZIP, "\x80\x02" DICTIONARY (GOOD_TENSOR)) },
  { "good-wrapped", NULL,
    LEGACY ("}(" SHORT ("\x05", "epoch") "K\x03" SHORT ("\x0a", "state_dict") "}" SHORT (
        "\x07", "model.a") GOOD_TENSOR "su.") },
  { "good-tensorflow", NULL, PICKLE (TENSORFLOW (ARRAY_OF (DTYPE, "K\x02\x85", EIGHT))) },
  { "good-tensorflow-encoded", NULL,
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE, "K\x01\x85",
                                  "c_codecs\nencode\nX\x05\x00\x00\x00\x00\x00\xc2\x80?" SHORT (
                                      "\x06", "latin1") "\x86R"))) },
  { "good-tensorflow-protocol-4", NULL,
    FILE (FILE_PICKLE, "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00"
                       "\x8c\x06tfutil\x94\x8c\x07Network\x94\x93\x94)\x81\x94}"
                       "\x94\x8c\x09variables\x94]\x94sb.") },
  { "good-cycle", NULL,
    LEGACY ("}q\x00(" SHORT ("\x01", "a") GOOD_TENSOR SHORT ("\x01", "b") "h"
                                                                          "\x00u.") },

  /* Names. */
  { "os-system", "“os.system”", PICKLE ("cos\nsystem\n(X\x02\x00\x00\x00idtR.") },
  { "posix-system", "“posix.system”", PICKLE ("cposix\nsystem\n(X\x02\x00\x00\x00idtR.") },
  { "eval", "“__builtin__.eval”",
    PICKLE ("c__builtin__\neval\n(U\x01"
            "1tR.") },
  { "exec-by-stack", "“builtins.exec”",
    FILE (FILE_PICKLE, "\x80\x04\x8c\x08"
                       "builtins\x8c\x04"
                       "exec\x93\x8c\x01"
                       "1\x85R.") },
  { "system-in-legacy", "“os.system”", LEGACY ("cos\nsystem\n(U\x02idtR.") },
  { "system-in-zip", "“os.system”",
    FILE (FILE_ZIP, "\x80\x02"
                    "cos\nsystem\n(U\x02idtR.") },
  { "getattr", "“__builtin__.getattr”", PICKLE ("c__builtin__\ngetattr\n.") },
  { "torch-load", "“torch.load”", LEGACY ("ctorch\nload\n(U\x01xtR.") },
  { "torch-prefix", "“torch.FloatStorage.x”", LEGACY ("ctorch\nFloatStorage.x\n.") },
  { "name-dotted-module", "“torch._utils.os.system”", PICKLE ("ctorch._utils.os\nsystem\n.") },
  { "name-with-escape", "“?[31m.?”", PICKLE ("c\x1b[31m\n\x07\n.") },
  { "name-endless", "a name does not end", PICKLE ("."), "cxxxxxxxxxxxxxxx", 64 },
  { "name-with-zero", "a name does not end", PICKLE ("ctorch\x00\nload\n.") },
  { "stack-name-of-numbers", "a name is none", FILE (FILE_PICKLE, "\x80\x04K\x01K\x02\x93.") },
  { "call-a-storage-type", "in a way that is not accepted", PICKLE ("ctorch\nFloatStorage\n)R.") },
  { "call-a-dictionary", "describes an object wrongly", PICKLE ("})R.") },
  { "call-with-a-list", "describes an object wrongly", PICKLE ("ccollections\nOrderedDict\n]R.") },
  { "dictionary-with-arguments", "in a way that is not accepted",
    PICKLE ("ccollections\nOrderedDict\n]\x85R.") },
  { "new-object-of-function", "describes an object wrongly",
    PICKLE ("ctorch._utils\n_rebuild_tensor\n)\x81.") },
  { "state-for-a-list", "gives a state to a list", PICKLE ("]}b.") },
  { "state-for-a-name", "gives a state to a name", PICKLE ("ccollections\nOrderedDict\n}b.") },

  /* The machine. */
  { "nothing", "ends in the middle", PICKLE ("") },
  { "stop-alone", "more or less than one value", PICKLE (".") },
  { "stop-with-two", "more or less than one value", PICKLE ("NN.") },
  { "stop-with-mark", "more or less than one value", PICKLE ("N(.") },
  { "protocol-5", "another protocol", FILE (FILE_PICKLE, "\x80\x05N.") },
  { "protocol-1", "another protocol", FILE (FILE_PICKLE, "\x80\x01N.") },
  { "take-from-nothing", "takes what is not there", PICKLE ("R") },
  { "take-below-mark", "takes what is not there", PICKLE ("NN(R") },
  { "tuple-without-mark", "takes what is not there", PICKLE ("Nt.") },
  { "tuple-below-mark", "takes what is not there", PICKLE ("N(\x85.") },
  { "append-to-nothing", "takes what is not there", PICKLE ("Na.") },
  { "append-to-dictionary", "is no such list", PICKLE ("}Na.") },
  { "set-in-list", "is no such list", PICKLE ("]NNs.") },
  { "set-odd", "is no such list", PICKLE ("}(NNNu.") },
  { "remember-nothing", "takes what is not there", PICKLE ("q\x00.") },
  { "remember-far", "remembers too much", PICKLE ("Nr\xff\xff\xff\xff.") },
  { "recall-nothing", "remembers what never was", PICKLE ("h\x07.") },
  { "recall-far", "remembers what never was", PICKLE ("j\xff\xff\xff\xff.") },
  { "long-of-255-bytes", "more than 64 bits", PICKLE ("\x8a\xff") },
  { "text-longer-than-file", "longer than its pickle",
    PICKLE ("X\xff\xff\xff\x7f"
            "abc") },
  { "text-of-2-to-the-64", "longer than its pickle",
    FILE (FILE_PICKLE, "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                       "abc") },
  { "frame-longer-than-file", "longer than its pickle",
    FILE (FILE_PICKLE, "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.") },
  { "many-lists", "more than 262144 values", PICKLE ("."), "]", 1 << 20 },
  { "many-marks", "stacks too much", PICKLE ("."), "(", 1 << 20 },
  { "many-recalls", "stacks too much", PICKLE ("."), "]q\x01h\x01h\x01h\x01h\x01", 1 << 16 },
  { "deep-lists", "more or less than one value", PICKLE ("."), "](", 100000 },
  { "list-bomb", "lists and texts need more", PICKLE ("."),
    "]q\x01(h\x01h\x01h\x01h\x01h\x01h\x01h\x01h\x01"
    "e",
    1 << 18 },

  /* Roots. */
  { "root-is-a-number", "it holds a whole number where", FILE (FILE_ZIP, "\x80\x02K\x01.") },
  { "root-is-a-tensor", "it holds a tensor where", FILE (FILE_ZIP, "\x80\x02" GOOD_TENSOR ".") },
  { "pickle-of-a-dictionary", "neither PyTorch's nor", PICKLE ("}.") },
  { "pickle-of-two", "neither PyTorch's nor", PICKLE ("NN\x86.") },
  { "network-without-state", "neither PyTorch's nor", PICKLE ("ctfutil\nNetwork\n)\x81.") },
  { "network-without-variables", "no list of variables", PICKLE ("ctfutil\nNetwork\n)\x81}b.") },
  { "network-of-odd-variables", "no list of variables",
    PICKLE (NETWORK ("]K\x01"
                     "a") ".") },
  { "trailing-byte", "something follows", PICKLE (NETWORK ("]") ".x") },
  { "same-name-twice", "two tensors “a”",
    LEGACY ("}(" SHORT ("\x01", "a") GOOD_TENSOR SHORT ("\x07", "model.a") GOOD_TENSOR "u.") },

  /* Tensors. */
  { "storage-of-a-list", "describes a storage wrongly", LEGACY ("]Q.") },
  { "storage-of-a-function", "describes a storage wrongly",
    LEGACY ("(" SHORT ("\x07", "storage") "ccollections\nOrderedDict\n" SHORT ("\x01", "0")
                SHORT ("\x03", "cpu") "K\x02tQ.") },
  { "storage-negative", "describes a storage wrongly",
    LEGACY (STORAGE_OF ("FloatStorage", "0", "J\xff\xff\xff\xff") ".") },
  { "storage-in-two-ways", "one storage in two ways",
    LEGACY (STORAGE STORAGE_OF ("HalfStorage", "0", "K\x02") "\x86.") },
  { "storage-too-long", "not the length",
    LEGACY (DICTIONARY (TENSOR_OF (STORAGE_OF ("FloatStorage", "0", "K\x03"), "K\x00", "K\x02\x85",
                                   "K\x01\x85"))) },
  { "storage-overflows", "not the length",
    LEGACY (DICTIONARY (TENSOR_OF (STORAGE_OF ("FloatStorage", "0", HUGE_NUMBER), "K\x00",
                                   "K\x02\x85", "K\x01\x85"))) },
  { "storage-unknown", "a storage that no tensor has",
    LEGACY (DICTIONARY (TENSOR_OF (STORAGE_OF ("FloatStorage", "1", "K\x02"), "K\x00", "K\x02\x85",
                                   "K\x01\x85"))) },
  { "tensor-of-no-storage", "describes a tensor wrongly",
    LEGACY (DICTIONARY (TENSOR_OF ("N", "K\x00", "K\x02\x85", "K\x01\x85"))) },
  { "tensor-too-long", "beyond its storage",
    LEGACY (DICTIONARY (TENSOR ("K\x00", "K\x03\x85", "K\x01\x85"))) },
  { "tensor-offset", "beyond its storage",
    LEGACY (DICTIONARY (TENSOR ("K\x01", "K\x02\x85", "K\x01\x85"))) },
  { "tensor-stride", "beyond its storage",
    LEGACY (DICTIONARY (TENSOR ("K\x00", "K\x02\x85", "K\x02\x85"))) },
  { "tensor-offset-overflows", "beyond its storage",
    LEGACY (DICTIONARY (TENSOR (HUGE_NUMBER, "K\x02\x85", HUGE_NUMBER "\x85"))) },
  { "tensor-stride-overflows", "beyond its storage",
    LEGACY (DICTIONARY (TENSOR ("K\x00", HUGE_NUMBER "\x85", HUGE_NUMBER "\x85"))) },
  { "tensor-size-overflows", "size overflows",
    LEGACY (DICTIONARY (TENSOR ("K\x00", HUGE_NUMBER HUGE_NUMBER "\x86", "K\x00K\x00\x86"))) },
  { "tensor-size-negative", "not whole numbers",
    LEGACY (DICTIONARY (TENSOR ("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85"))) },
  { "tensor-stride-negative", "not whole numbers",
    LEGACY (DICTIONARY (TENSOR ("K\x01", "K\x02\x85", "J\xff\xff\xff\xff\x85"))) },
  { "tensor-five-dimensions", "more than 4 dimensions",
    LEGACY (DICTIONARY (
        TENSOR ("K\x00", "(K\x01K\x01K\x01K\x01K\x01t", "(K\x01K\x01K\x01K\x01K\x01t"))) },
  { "tensor-strides-missing", "shape is not one",
    LEGACY (DICTIONARY (TENSOR ("K\x00", "K\x01K\x01\x86", "K\x01\x85"))) },
  { "array-too-long", "an array's length wrongly",
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE, "K\x03\x85", EIGHT))) },
  { "array-too-short", "an array's length wrongly",
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE, "K\x01\x85", EIGHT))) },
  { "array-overflows", "an array's length wrongly",
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE, HUGE_NUMBER HUGE_NUMBER "\x86", EIGHT))) },
  { "array-big-endian", "not little-endian",
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE_OF ("f4", ">"), "K\x02\x85", EIGHT))) },
  { "array-of-objects", "unknown type “O8”",
    PICKLE (TENSORFLOW (ARRAY_OF (DTYPE_OF ("O8", "|"), "K\x01\x85", EIGHT))) },
  { "array-without-state", "no contents",
    PICKLE (TENSORFLOW ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" SHORT (
        "\x01", "b") "\x87R")) },
  { "array-of-another-class", "describes an array wrongly",
    PICKLE ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85" SHORT (
        "\x01", "b") "\x87R.") },
  { "bytes-in-another-code", "describes bytes wrongly",
    PICKLE ("c_codecs\nencode\n" SHORT ("\x01", "x") SHORT ("\x05", "rot13") "\x86R.") },
};

const guint n_hostile_imports = G_N_ELEMENTS (hostile_imports);

/* ---- Legacy files ---- */

static void
append (GByteArray *bytes, const char *data, gsize length)
{
  g_byte_array_append (bytes, (const guint8 *)data, (guint)length);
}

#define APPEND(bytes, literal) append (bytes, literal, sizeof (literal) - 1)

static void
append_number (GByteArray *bytes, guint64 number, guint width)
{
  for (guint i = 0; i < width; i++) {
    guint8 byte = i < sizeof number ? (guint8)(number >> (8 * i)) : 0;
    g_byte_array_append (bytes, &byte, 1);
  }
}

static const char two_floats[8] = "\x00\x00\x80\x3f\x00\x00\x00\x40";

static void
append_legacy (GByteArray *file, const char *pickle, gsize length)
{
  APPEND (file, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                "\x80\x02M\xe9\x03."
                "\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s.");
  append (file, pickle, length);
  APPEND (file, "\x80\x02]q\x00" SHORT ("\x01", "0") "a.");
  append_number (file, 2, 8);
  append (file, two_floats, sizeof two_floats);
}

/* What is repeated stands after the protocol. */
GByteArray *
hostile_import_pickle (const HostileImport *file)
{
  GByteArray *pickle = g_byte_array_new ();

  append (pickle, file->bytes, 2);
  for (guint i = 0; i < file->times; i++)
    append (pickle, file->repeated, strlen (file->repeated));
  append (pickle, file->bytes + 2, file->length - 2);
  return pickle;
}

GByteArray *
file_of_pickle (FileForm form, const char *pickle, gsize length)
{
  if (form == FILE_ZIP)
    return zip_of_pickle (pickle, length, ZIP_GOOD);
  GByteArray *file = g_byte_array_new ();
  if (form == FILE_LEGACY)
    append_legacy (file, pickle, length);
  else
    append (file, pickle, length);
  return file;
}

GByteArray *
hostile_import_bytes (const HostileImport *file)
{
  g_autoptr (GByteArray) pickle = hostile_import_pickle (file);
  return file_of_pickle (file->form, (const char *)pickle->data, pickle->len);
}

/* ---- Zip files ---- */

typedef struct {
  const char *name, *local_name, *data;
  guint64 length, local_length, packed, offset;
  guint flags, method;
} Entry;

static void
append_local (GByteArray *file, const Entry *entry)
{
  append_number (file, 0x04034b50, 4);
  append_number (file, 0, 2);
  append_number (file, entry->flags, 2);
  append_number (file, entry->method, 2);
  append_number (file, 0, 8);
  append_number (file, entry->local_length, 4);
  append_number (file, entry->local_length, 4);
  append_number (file, strlen (entry->local_name), 2);
  append_number (file, 0, 2);
  append (file, entry->local_name, strlen (entry->local_name));
  append (file, entry->data, entry->length);
}

static void
append_central (GByteArray *file, const Entry *entry, ZipTrick trick)
{
  gboolean wide = trick == ZIP_GOOD_64 || trick == ZIP_64_BAD_LOCATOR;
  gboolean ones = wide || trick == ZIP_64_WITHOUT_EXTRA;
  append_number (file, 0x02014b50, 4);
  append_number (file, 0, 4);
  append_number (file, entry->flags, 2);
  append_number (file, entry->method, 2);
  append_number (file, 0, 8);
  append_number (file, ones ? G_MAXUINT32 : entry->packed, 4);
  append_number (file, ones ? G_MAXUINT32 : entry->length, 4);
  append_number (file, strlen (entry->name), 2);
  append_number (file, wide ? 28 : 0, 2);
  append_number (file, 0, 10);
  append_number (file, ones ? G_MAXUINT32 : entry->offset, 4);
  append (file, entry->name, strlen (entry->name));
  if (wide) {
    append_number (file, 1, 2);
    append_number (file, 24, 2);
    append_number (file, entry->length, 8);
    append_number (file, entry->packed, 8);
    append_number (file, entry->offset, 8);
  }
}

static void
append_end (GByteArray *file, guint entries, guint64 start, guint64 length, ZipTrick trick)
{
  guint64 end = file->len;

  if (trick == ZIP_GOOD_64 || trick == ZIP_64_BAD_LOCATOR) {
    append_number (file, 0x06064b50, 4);
    append_number (file, 44, 8);
    append_number (file, 0, 12);
    append_number (file, entries, 8);
    append_number (file, entries, 8);
    append_number (file, length, 8);
    append_number (file, start, 8);
    append_number (file, 0x07064b50, 4);
    append_number (file, 0, 4);
    append_number (file, trick == ZIP_64_BAD_LOCATOR ? G_MAXUINT64 - 8 : end, 8);
    append_number (file, 1, 4);
  }
  append_number (file, 0x06054b50, 4);
  append_number (file, trick == ZIP_DISKS ? 1 : 0, 4);
  append_number (file, entries, 2);
  append_number (file, entries, 2);
  append_number (file, length, 4);
  append_number (file, start, 4);
  append_number (file, 0, 2);
}

static void
apply_trick (Entry *pickle, Entry *data, ZipTrick trick)
{
  static const char *const names[ZIP_TRICKS] = {
    [ZIP_PARENT] = "a/../data/0",    [ZIP_ABSOLUTE] = "/a/data/0",
    [ZIP_BACKSLASH] = "a\\data\\0",  [ZIP_EMPTY_NAME] = "",
    [ZIP_NAME_TWICE] = "a/data.pkl", [ZIP_STORAGE_MISSING] = "a/data/1"
  };
  if (names[trick])
    data->name = data->local_name = names[trick];
  if (trick == ZIP_NO_PICKLE)
    pickle->name = pickle->local_name = "a/data.txt";
  data->method = trick == ZIP_COMPRESSED ? 8 : 0;
  if (trick == ZIP_ENCRYPTED)
    data->flags = 1;
  if (trick == ZIP_LOCAL_NAME_DIFFERS)
    data->local_name = "a/data/9";
  if (trick == ZIP_LOCAL_SIZE_DIFFERS)
    data->local_length = 4;
  if (trick == ZIP_SIZES_DIFFER)
    data->packed = 7;
  if (trick == ZIP_STORAGE_SHORT)
    data->length = data->local_length = data->packed = 4;
}

/* What the directory says of the places. */
static void
misplace (Entry *pickle, Entry *data, ZipTrick trick)
{
  if (trick == ZIP_BEYOND_END)
    data->offset = 1u << 30;
  if (trick == ZIP_SAME_PLACE)
    data->offset = pickle->offset;
  if (trick == ZIP_OVERLAP)
    pickle->length = pickle->packed = pickle->length + 1;
  if (trick == ZIP_INTO_DIRECTORY)
    data->length = data->packed = data->length + 1;
}

GByteArray *
zip_of_pickle (const char *pickle_bytes, gsize length, ZipTrick trick)
{
  GByteArray *file = g_byte_array_new ();
  Entry pickle = { .name = "a/data.pkl",
                   .local_name = "a/data.pkl",
                   .data = pickle_bytes,
                   .length = length,
                   .local_length = length,
                   .packed = length };
  Entry data = { .name = "a/data/0",
                 .local_name = "a/data/0",
                 .data = two_floats,
                 .length = sizeof two_floats,
                 .local_length = sizeof two_floats,
                 .packed = sizeof two_floats };
  Entry order = { .name = "a/byteorder",
                  .local_name = "a/byteorder",
                  .data = "big",
                  .length = 3,
                  .local_length = 3,
                  .packed = 3 };

  if (trick == ZIP_OVERLAP || trick == ZIP_INTO_DIRECTORY)
    pickle.flags = data.flags = 8; /* the sizes do not stand in the local header */
  apply_trick (&pickle, &data, trick);
  append_local (file, &pickle);
  data.offset = file->len;
  append_local (file, &data);
  order.offset = file->len;
  if (trick == ZIP_BIG_ENDIAN)
    append_local (file, &order);
  misplace (&pickle, &data, trick);
  guint64 start = file->len;
  append_central (file, &pickle, trick);
  append_central (file, &data, trick);
  if (trick == ZIP_BIG_ENDIAN)
    append_central (file, &order, trick);
  guint64 directory = file->len - start;
  append_end (file,
              trick == ZIP_BIG_ENDIAN || trick == ZIP_COUNT_TOO_LARGE ? 3
              : trick == ZIP_COUNT_TOO_SMALL                          ? 1
                                                                      : 2,
              trick == ZIP_DIRECTORY_OFFSET ? start - 1 : start,
              trick == ZIP_DIRECTORY_LENGTH ? directory + 1 : directory, trick);
  if (trick == ZIP_COMMENT)
    APPEND (file, "x");
  return file;
}

GByteArray *
zip_trick_bytes (ZipTrick trick)
{
  static const char pickle[] = "\x80\x02" DICTIONARY (GOOD_TENSOR);
  return zip_of_pickle (pickle, sizeof pickle - 1, trick);
}

const char *
zip_trick_expected (ZipTrick trick)
{
  static const char *const expected[ZIP_TRICKS] = {
    [ZIP_COMPRESSED] = "is compressed or encrypted",
    [ZIP_ENCRYPTED] = "is compressed or encrypted",
    [ZIP_PARENT] = "has a name that is not accepted",
    [ZIP_ABSOLUTE] = "has a name that is not accepted",
    [ZIP_BACKSLASH] = "has a name that is not accepted",
    [ZIP_EMPTY_NAME] = "has a name that is not accepted",
    [ZIP_NAME_TWICE] = "or is there twice",
    [ZIP_LOCAL_NAME_DIFFERS] = "contradicts the directory",
    [ZIP_LOCAL_SIZE_DIFFERS] = "contradicts the directory",
    [ZIP_SIZES_DIFFER] = "contradictory sizes",
    [ZIP_BEYOND_END] = "ends in the middle",
    [ZIP_OVERLAP] = "overlaps what follows",
    [ZIP_SAME_PLACE] = "contradicts the directory",
    [ZIP_INTO_DIRECTORY] = "overlaps what follows",
    [ZIP_DIRECTORY_OFFSET] = "not where it should be",
    [ZIP_DIRECTORY_LENGTH] = "not where it should be",
    [ZIP_COUNT_TOO_LARGE] = "directory is damaged",
    [ZIP_COUNT_TOO_SMALL] = "directory is damaged",
    [ZIP_DISKS] = "several disks",
    [ZIP_COMMENT] = "does not end as a zip file does",
    [ZIP_NO_PICKLE] = "not one of PyTorch's",
    [ZIP_BIG_ENDIAN] = "not little-endian",
    [ZIP_STORAGE_MISSING] = "storage “0” is missing",
    [ZIP_STORAGE_SHORT] = "not the length",
    [ZIP_64_WITHOUT_EXTRA] = "contradictory sizes",
    [ZIP_64_BAD_LOCATOR] = "ends in the middle",
  };
  return expected[trick];
}
