/* The names that a pickle may use, and what the machine does for each; private to the unpickler.
 *
 * Nothing is called: a name is a row of a table, and each row's function takes the arguments apart
 * and makes a description.
 */
#pragma once

#include "weights/import/pickle-value.h"

G_BEGIN_DECLS

/* What the functions below work with. */
typedef struct {
  const SpForeignFile *file;
  SpPickleArena *arena;
  GHashTable *storages; /* key to SpStorage */
} SpPickleMachine;

/* module.name as a value; NULL with an error that names it when it is not in the table. */
SpPickleValue *sp_pickle_callable (SpPickleMachine *machine, const char *module, const char *name,
                                   GError **error);

/* REDUCE: callable (*arguments). */
SpPickleValue *sp_pickle_reduce (SpPickleMachine *machine, const SpPickleValue *callable,
                                 const SpPickleValue *arguments, GError **error);

/* NEWOBJ: an empty object of a class. */
SpPickleValue *sp_pickle_new_object (SpPickleMachine *machine, const SpPickleValue *callable,
                                     const SpPickleValue *arguments, GError **error);

/* BUILD: gives an object its state. */
gboolean sp_pickle_build (SpPickleMachine *machine, SpPickleValue *object, SpPickleValue *state,
                          GError **error);

/* BINPERSID: PyTorch's ("storage", type, key, device, elements [, None]). */
SpPickleValue *sp_pickle_persistent (SpPickleMachine *machine, const SpPickleValue *id,
                                     GError **error);

G_END_DECLS
