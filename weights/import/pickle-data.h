/* The opcodes that make plain data, for the table of unpickle.c. Private to the unpickler. */
#pragma once

#include "weights/import/unpickle.h"

G_BEGIN_DECLS

/* What one opcode does; the position stands after its byte. FALSE with an error: refused. */
typedef gboolean SpPickleOperate (SpUnpickler *machine, guint8 opcode, GError **error);

SpPickleOperate sp_operate_none;        /* NONE */
SpPickleOperate sp_operate_boolean;     /* NEWTRUE, NEWFALSE */
SpPickleOperate sp_operate_integer;     /* BININT1, BININT2, BININT */
SpPickleOperate sp_operate_long;        /* LONG1 */
SpPickleOperate sp_operate_float;       /* BINFLOAT */
SpPickleOperate sp_operate_string;      /* Texts and bytes, whatever their width of length */
SpPickleOperate sp_operate_mark;        /* MARK */
SpPickleOperate sp_operate_empty;       /* EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT */
SpPickleOperate sp_operate_tuple;       /* TUPLE */
SpPickleOperate sp_operate_short_tuple; /* TUPLE1 to TUPLE3 */
SpPickleOperate sp_operate_add;         /* APPEND, SETITEM */
SpPickleOperate sp_operate_add_all;     /* APPENDS, SETITEMS */

G_END_DECLS
