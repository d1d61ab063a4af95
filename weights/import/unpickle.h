/* A restricted reader of Python's pickles, protocols 2 to 4.
 *
 * A pickle is a program for a stack machine, and Python's own machine calls whatever function the
 * file names. This one knows the opcodes that make plain data (unpickle.c, pickle-data.c) and the
 * few names that make dictionaries, storages and arrays (pickle-callables.c); it refuses every
 * other opcode and name, by name. It runs nothing of the file, has no recursion, and needs a
 * constant amount of memory whatever the file says; the numbers of arrays stay in the file.
 */
#pragma once

#include "weights/import/pickle-value.h"

G_BEGIN_DECLS

typedef struct _SpUnpickler SpUnpickler;

/* Reads the pickles that stand in `length` bytes from `offset`. `file` must outlive it. */
SpUnpickler *sp_unpickler_new (const SpForeignFile *file, guint64 offset, guint64 length);
void sp_unpickler_free (SpUnpickler *unpickler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpUnpickler, sp_unpickler_free)

/* The next pickle's value; lives as long as the unpickler. After an error do not call it again. */
SpPickleValue *sp_unpickler_next (SpUnpickler *unpickler, GError **error);

/* Where the next pickle would begin, in the file. */
guint64 sp_unpickler_position (const SpUnpickler *unpickler);

/* PyTorch's storages that the pickles so far have named, SpStorage by key; the unpickler's. */
GHashTable *sp_unpickler_storages (const SpUnpickler *unpickler);

G_END_DECLS
