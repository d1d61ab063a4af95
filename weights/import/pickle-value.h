/* What a pickle may build here: plain data in a tree, and descriptions of arrays whose numbers stay
 * in the file. Nothing of it has behaviour.
 *
 * Values are shared freely (a pickle's memo makes any graph, cycles too), so nobody walks them
 * without a bound, and all live and die with their arena. The arena gives out a fixed number at
 * most: a real checkpoint needs some thousands, and a hostile one gets no more.
 */
#pragma once

#include "weights/import/foreign-file.h"

G_BEGIN_DECLS

#define SP_ARRAY_MAXIMUM_DIMENSIONS 4

typedef enum { SP_ELEMENT_FLOAT16, SP_ELEMENT_FLOAT32, SP_ELEMENT_OTHER } SpElementKind;

/* OTHER is for numbers that are no weights (counters): known, skipped, never read. */
typedef struct {
  SpElementKind kind;
  guint bytes;
} SpElement;

/* A row of numbers somewhere in the file. */
typedef struct {
  char *key; /* PyTorch's name of it; NULL for numpy's, which belongs to one array */
  SpElement element;
  guint64 elements;
  gboolean located;       /* whether `offset` is known yet */
  gboolean encoded;       /* bytes stand as UTF-8 of Latin-1 text, as numpy does in old protocols */
  guint64 offset, length; /* in the file, bytes */
} SpStorage;

typedef struct {
  SpStorage *storage; /* NULL until numpy's state has come */
  guint64 offset;     /* in elements, as the strides are */
  guint n_dimensions;
  guint64 size[SP_ARRAY_MAXIMUM_DIMENSIONS], stride[SP_ARRAY_MAXIMUM_DIMENSIONS];
  guint64 elements; /* of the array itself: the product of its sizes */
} SpArray;

typedef enum {
  SP_PICKLE_NONE,
  SP_PICKLE_BOOLEAN,
  SP_PICKLE_INTEGER,
  SP_PICKLE_NUMBER,
  SP_PICKLE_STRING, /* text or bytes: old pickles do not tell them apart */
  SP_PICKLE_TUPLE,
  SP_PICKLE_LIST,
  SP_PICKLE_DICTIONARY,
  SP_PICKLE_CALLABLE, /* one of those that pickle-callables.c lists */
  SP_PICKLE_STORAGE,
  SP_PICKLE_ARRAY,
  SP_PICKLE_ELEMENT, /* numpy's dtype */
  SP_PICKLE_NETWORK  /* the TensorFlow release's object: only its state is kept */
} SpPickleKind;

typedef struct _SpPickleValue SpPickleValue;

struct _SpPickleValue {
  SpPickleKind kind;
  union {
    gint64 integer; /* BOOLEAN too */
    double number;
    struct {
      guint64 offset, length; /* in the file */
      const char *copy;       /* with a zero byte behind; NULL when it is long */
      gboolean encoded;
    } string;
    struct {
      SpPickleValue **items; /* DICTIONARY: key, value, key, value... */
      guint n, capacity;
    } list;
    guint callable; /* its row in the table */
    SpStorage *storage;
    SpArray *array;
    SpElement element;
    SpPickleValue *state; /* NETWORK: a dictionary, or NULL before it came */
  };
};

typedef struct _SpPickleArena SpPickleArena;

SpPickleArena *sp_pickle_arena_new (const SpForeignFile *file);
void sp_pickle_arena_free (SpPickleArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPickleArena, sp_pickle_arena_free)

/* Zeroed, the arena's; NULL with an error when the file has had its share. */
SpPickleValue *sp_pickle_value_new (SpPickleArena *arena, SpPickleKind kind, GError **error);
/* `length` bytes, zeroed, the arena's. */
void *sp_pickle_allocate (SpPickleArena *arena, gsize length, GError **error);
/* Appends to a TUPLE, LIST or DICTIONARY. */
gboolean sp_pickle_append (SpPickleArena *arena, SpPickleValue *list, SpPickleValue *item,
                           GError **error);

/* The text if the value is a short string without zero bytes; else NULL. */
const char *sp_pickle_text (const SpPickleValue *value);
/* The last value of that key in a dictionary; NULL when there is none or it is no dictionary. */
SpPickleValue *sp_pickle_lookup (const SpPickleValue *dictionary, const char *key);
/* An element of a tuple or list; NULL beyond its end or when it is neither. */
SpPickleValue *sp_pickle_item (const SpPickleValue *list, guint index);
/* A whole number 0 or larger; FALSE for anything else. */
gboolean sp_pickle_unsigned (const SpPickleValue *value, guint64 *number);
/* "a dictionary", for messages. */
const char *sp_pickle_kind_name (SpPickleKind kind);

/* Fills sizes, elements and, where `strides` is NULL, the strides of rows laid out one after the
 * other; checks that all lies within the storage. Both are tuples. */
gboolean sp_array_set_shape (SpArray *array, const SpPickleValue *sizes,
                             const SpPickleValue *strides, const SpForeignFile *file,
                             GError **error);

G_END_DECLS
