/* The pickle machine: its table of opcodes, and those of memo, names, objects and framing; see
 * unpickle.h. Those of plain data are in pickle-data.c.
 *
 * The table has every opcode of protocols 0 to 5, so that one that is refused can be named; those
 * with a function are the ones that are known.
 */
#include "weights/import/unpickle.h"

#include "weights/import/pickle-data.h"
#include "weights/import/pickle-machine.h"

#define MAXIMUM_PROTOCOL 4
#define MAXIMUM_MEMO (1u << 18)
#define MAXIMUM_NAME_BYTES 512 /* of modules and what stands in them */

/* Of GLOBAL: a line of text. */
static gboolean
read_line (SpUnpickler *machine, char line[MAXIMUM_NAME_BYTES], GError **error)
{
  for (gsize i = 0; i < MAXIMUM_NAME_BYTES; i++) {
    if (!sp_machine_read (machine, 1, &line[i], error))
      return FALSE;
    if (line[i] == 0)
      break;
    if (line[i] == '\n') {
      line[i] = 0;
      return TRUE;
    }
  }
  return sp_machine_malformed (machine, "a name does not end", error);
}

/* ---- Memo ---- */

static gboolean
put (SpUnpickler *machine, guint64 index, GError **error)
{
  SpPickleValue *value = sp_machine_top (machine, error);

  if (!value)
    return FALSE;
  if (index >= MAXIMUM_MEMO)
    return sp_machine_malformed (machine, "its pickle remembers too much", error);
  if (index >= machine->memo->len)
    g_ptr_array_set_size (machine->memo, (int)index + 1);
  g_ptr_array_index (machine->memo, index) = value;
  return TRUE;
}

static gboolean
operate_put (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 index;

  return sp_machine_read_unsigned (machine, opcode == 'q' ? 1 : 4, &index, error)
         && put (machine, index, error);
}

static gboolean
operate_memoize (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return put (machine, machine->next_memo++, error);
}

static gboolean
operate_get (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 index;

  if (!sp_machine_read_unsigned (machine, opcode == 'h' ? 1 : 4, &index, error))
    return FALSE;
  if (index >= machine->memo->len || !g_ptr_array_index (machine->memo, index))
    return sp_machine_malformed (machine, "its pickle remembers what never was", error);
  return sp_machine_push (machine, g_ptr_array_index (machine->memo, index), error);
}

/* ---- Names and objects ---- */

static gboolean
operate_global (SpUnpickler *machine, guint8 opcode, GError **error)
{
  char module[MAXIMUM_NAME_BYTES], name[MAXIMUM_NAME_BYTES];

  return read_line (machine, module, error) && read_line (machine, name, error)
         && sp_machine_push (machine, sp_pickle_callable (&machine->machine, module, name, error),
                             error);
}

static gboolean
operate_stack_global (SpUnpickler *machine, guint8 opcode, GError **error)
{
  SpPickleValue *name = sp_machine_pop (machine, error);
  SpPickleValue *module = name ? sp_machine_pop (machine, error) : NULL;

  if (!module)
    return FALSE;
  if (!sp_pickle_text (name) || !sp_pickle_text (module))
    return sp_machine_malformed (machine, "a name is none", error);
  return sp_machine_push (
      machine,
      sp_pickle_callable (&machine->machine, sp_pickle_text (module), sp_pickle_text (name), error),
      error);
}

static gboolean
operate_call (SpUnpickler *machine, guint8 opcode, GError **error)
{
  SpPickleValue *arguments = sp_machine_pop (machine, error);
  SpPickleValue *callable = arguments ? sp_machine_pop (machine, error) : NULL;

  if (!callable)
    return FALSE;
  return sp_machine_push (
      machine,
      opcode == 'R' ? sp_pickle_reduce (&machine->machine, callable, arguments, error)
                    : sp_pickle_new_object (&machine->machine, callable, arguments, error),
      error);
}

static gboolean
operate_build (SpUnpickler *machine, guint8 opcode, GError **error)
{
  SpPickleValue *state = sp_machine_pop (machine, error);
  SpPickleValue *object = state ? sp_machine_top (machine, error) : NULL;

  return object && sp_pickle_build (&machine->machine, object, state, error);
}

static gboolean
operate_persistent (SpUnpickler *machine, guint8 opcode, GError **error)
{
  SpPickleValue *id = sp_machine_pop (machine, error);

  return id
         && sp_machine_push (machine, sp_pickle_persistent (&machine->machine, id, error), error);
}

/* ---- Framing ---- */

static gboolean
operate_protocol (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 protocol;

  if (!sp_machine_read_unsigned (machine, 1, &protocol, error))
    return FALSE;
  return (protocol >= 2 && protocol <= MAXIMUM_PROTOCOL)
         || sp_machine_malformed (machine, "its pickle is of another protocol than 2 to 4", error);
}

/* Only a hint for reading ahead; that opcodes keep within it matters to nobody. */
static gboolean
operate_frame (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 length;

  return sp_machine_read_unsigned (machine, 8, &length, error)
         && (length <= machine->end - machine->position
             || sp_machine_malformed (machine, "a frame is longer than its pickle", error));
}

static gboolean
operate_stop (SpUnpickler *machine, guint8 opcode, GError **error)
{
  machine->stopped = TRUE;
  return (machine->stack->len == 1 && machine->marks->len == 0)
         || sp_machine_malformed (machine, "its pickle ends with more or less than one value",
                                  error);
}

/* ---- The table ---- */

typedef struct {
  const char *name;         /* NULL: no opcode of any protocol */
  SpPickleOperate *operate; /* NULL: refused */
} Opcode;

static const Opcode opcodes[256] = {
  [0x80] = { "PROTO", operate_protocol },
  [0x95] = { "FRAME", operate_frame },
  ['.'] = { "STOP", operate_stop },
  ['('] = { "MARK", sp_operate_mark },
  ['N'] = { "NONE", sp_operate_none },
  [0x88] = { "NEWTRUE", sp_operate_boolean },
  [0x89] = { "NEWFALSE", sp_operate_boolean },
  ['K'] = { "BININT1", sp_operate_integer },
  ['M'] = { "BININT2", sp_operate_integer },
  ['J'] = { "BININT", sp_operate_integer },
  [0x8a] = { "LONG1", sp_operate_long },
  ['G'] = { "BINFLOAT", sp_operate_float },
  ['U'] = { "SHORT_BINSTRING", sp_operate_string },
  ['T'] = { "BINSTRING", sp_operate_string },
  ['C'] = { "SHORT_BINBYTES", sp_operate_string },
  ['B'] = { "BINBYTES", sp_operate_string },
  [0x8e] = { "BINBYTES8", sp_operate_string },
  [0x8c] = { "SHORT_BINUNICODE", sp_operate_string },
  ['X'] = { "BINUNICODE", sp_operate_string },
  [0x8d] = { "BINUNICODE8", sp_operate_string },
  [')'] = { "EMPTY_TUPLE", sp_operate_empty },
  [']'] = { "EMPTY_LIST", sp_operate_empty },
  ['}'] = { "EMPTY_DICT", sp_operate_empty },
  ['t'] = { "TUPLE", sp_operate_tuple },
  [0x85] = { "TUPLE1", sp_operate_short_tuple },
  [0x86] = { "TUPLE2", sp_operate_short_tuple },
  [0x87] = { "TUPLE3", sp_operate_short_tuple },
  ['a'] = { "APPEND", sp_operate_add },
  ['e'] = { "APPENDS", sp_operate_add_all },
  ['s'] = { "SETITEM", sp_operate_add },
  ['u'] = { "SETITEMS", sp_operate_add_all },
  ['q'] = { "BINPUT", operate_put },
  ['r'] = { "LONG_BINPUT", operate_put },
  [0x94] = { "MEMOIZE", operate_memoize },
  ['h'] = { "BINGET", operate_get },
  ['j'] = { "LONG_BINGET", operate_get },
  ['c'] = { "GLOBAL", operate_global },
  [0x93] = { "STACK_GLOBAL", operate_stack_global },
  ['R'] = { "REDUCE", operate_call },
  [0x81] = { "NEWOBJ", operate_call },
  ['b'] = { "BUILD", operate_build },
  ['Q'] = { "BINPERSID", operate_persistent },
  /* Refused: other protocols' text forms, classes by instance, extensions, the rare. */
  ['0'] = { "POP" },
  ['1'] = { "POP_MARK" },
  ['2'] = { "DUP" },
  ['F'] = { "FLOAT" },
  ['I'] = { "INT" },
  ['L'] = { "LONG" },
  ['P'] = { "PERSID" },
  ['S'] = { "STRING" },
  ['V'] = { "UNICODE" },
  ['d'] = { "DICT" },
  ['g'] = { "GET" },
  ['i'] = { "INST" },
  ['l'] = { "LIST" },
  ['o'] = { "OBJ" },
  ['p'] = { "PUT" },
  [0x82] = { "EXT1" },
  [0x83] = { "EXT2" },
  [0x84] = { "EXT4" },
  [0x8b] = { "LONG4" },
  [0x8f] = { "EMPTY_SET" },
  [0x90] = { "ADDITEMS" },
  [0x91] = { "FROZENSET" },
  [0x92] = { "NEWOBJ_EX" },
  [0x96] = { "BYTEARRAY8" },
  [0x97] = { "NEXT_BUFFER" },
  [0x98] = { "READONLY_BUFFER" },
};

static gboolean
refuse_opcode (SpUnpickler *machine, guint8 opcode, GError **error)
{
  if (opcodes[opcode].name)
    return sp_foreign_file_refuse (machine->machine.file, error,
                                   "its pickle uses the opcode %s, which makes no tensors, "
                                   "dictionaries or numbers here",
                                   opcodes[opcode].name);
  return sp_foreign_file_refuse (machine->machine.file, error,
                                 "its pickle has the byte 0x%02x where an opcode should stand",
                                 opcode);
}

static gboolean
step (SpUnpickler *machine, GError **error)
{
  guint8 opcode;

  if (!sp_machine_read (machine, 1, &opcode, error))
    return FALSE;
  return opcodes[opcode].operate ? opcodes[opcode].operate (machine, opcode, error)
                                 : refuse_opcode (machine, opcode, error);
}

/* ---- The whole ---- */

SpUnpickler *
sp_unpickler_new (const SpForeignFile *file, guint64 offset, guint64 length)
{
  SpUnpickler *machine = g_new0 (SpUnpickler, 1);

  machine->machine.file = file;
  machine->machine.arena = sp_pickle_arena_new (file);
  machine->machine.storages = g_hash_table_new (g_str_hash, g_str_equal);
  machine->position = offset;
  machine->end = offset + length;
  machine->stack = g_ptr_array_new ();
  machine->marks = g_array_new (FALSE, FALSE, sizeof (guint));
  machine->memo = g_ptr_array_new ();
  return machine;
}

void
sp_unpickler_free (SpUnpickler *machine)
{
  if (!machine)
    return;
  g_ptr_array_unref (machine->memo);
  g_array_unref (machine->marks);
  g_ptr_array_unref (machine->stack);
  g_hash_table_unref (machine->machine.storages);
  sp_pickle_arena_free (machine->machine.arena);
  g_free (machine);
}

SpPickleValue *
sp_unpickler_next (SpUnpickler *machine, GError **error)
{
  g_ptr_array_set_size (machine->stack, 0);
  g_array_set_size (machine->marks, 0);
  g_ptr_array_set_size (machine->memo, 0);
  machine->next_memo = 0;
  machine->stopped = FALSE;
  while (!machine->stopped)
    if (!step (machine, error))
      return NULL;
  return g_ptr_array_index (machine->stack, 0);
}

guint64
sp_unpickler_position (const SpUnpickler *machine)
{
  return machine->position;
}

GHashTable *
sp_unpickler_storages (const SpUnpickler *machine)
{
  return machine->machine.storages;
}
