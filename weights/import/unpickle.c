/* The pickle machine's opcodes; see unpickle.h.
 *
 * One table has every opcode of protocols 0 to 5, so that one that is refused can be named; those
 * with a function are the ones that are known.
 */
#include "weights/import/unpickle.h"

#include <string.h>

#include "weights/import/pickle-machine.h"

#define MAXIMUM_PROTOCOL 4
#define MAXIMUM_MEMO (1u << 18)
#define COPIED_STRING_BYTES 512 /* longer ones are data, and stay in the file */

typedef gboolean (*Operate) (SpUnpickler *machine, guint8 opcode, GError **error);

/* Of GLOBAL: a line of text. */
static gboolean
read_line (SpUnpickler *machine, char line[COPIED_STRING_BYTES], GError **error)
{
  for (gsize i = 0; i < COPIED_STRING_BYTES; i++) {
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

static SpPickleValue *
new_value (SpUnpickler *machine, SpPickleKind kind, GError **error)
{
  return sp_pickle_value_new (machine->machine.arena, kind, error);
}

/* ---- Numbers and constants ---- */

static gboolean
operate_none (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return sp_machine_push (machine, new_value (machine, SP_PICKLE_NONE, error), error);
}

static gboolean
push_integer (SpUnpickler *machine, SpPickleKind kind, gint64 number, GError **error)
{
  SpPickleValue *value = new_value (machine, kind, error);

  if (value)
    value->integer = number;
  return sp_machine_push (machine, value, error);
}

static gboolean
operate_boolean (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return push_integer (machine, SP_PICKLE_BOOLEAN, opcode == 0x88, error);
}

static gboolean
operate_integer (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 number;

  if (!sp_machine_read_unsigned (machine,
                                 opcode == 'K'   ? 1
                                 : opcode == 'M' ? 2
                                                 : 4,
                                 &number, error))
    return FALSE;
  return push_integer (machine, SP_PICKLE_INTEGER,
                       opcode == 'J' ? (gint32)(guint32)number : (gint64)number, error);
}

/* LONG1: two's complement of as many bytes as its first says. */
static gboolean
operate_long (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 width, number = 0;

  if (!sp_machine_read_unsigned (machine, 1, &width, error))
    return FALSE;
  if (width > sizeof number)
    return sp_machine_malformed (machine, "a whole number has more than 64 bits", error);
  if (width && !sp_machine_read_unsigned (machine, (guint)width, &number, error))
    return FALSE;
  if (width && width < sizeof number && number >> (8 * width - 1))
    number |= G_MAXUINT64 << (8 * width);
  return push_integer (machine, SP_PICKLE_INTEGER, (gint64)number, error);
}

static gboolean
operate_float (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint64 bits;
  SpPickleValue *value;

  if (!sp_machine_read_unsigned (machine, 8, &bits, error))
    return FALSE;
  value = new_value (machine, SP_PICKLE_NUMBER, error);
  bits = GUINT64_SWAP_LE_BE (bits); /* big-endian, alone among all */
  if (value)
    memcpy (&value->number, &bits, sizeof bits);
  return sp_machine_push (machine, value, error);
}

/* ---- Strings ---- */

static gboolean
push_string (SpUnpickler *machine, guint64 length, GError **error)
{
  SpPickleValue *value = new_value (machine, SP_PICKLE_STRING, error);

  if (!value)
    return FALSE;
  if (length > machine->end - machine->position)
    return sp_machine_malformed (machine, "a text is longer than its pickle", error);
  value->string.offset = machine->position;
  value->string.length = length;
  if (length <= COPIED_STRING_BYTES) {
    char *copy = sp_pickle_allocate (machine->machine.arena, length + 1, error);
    if (!copy || !sp_machine_read (machine, length, copy, error))
      return FALSE;
    value->string.copy = copy;
  } else {
    machine->position += length;
  }
  return sp_machine_push (machine, value, error);
}

static gboolean
operate_string (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint width = strchr ("UC\x8c", opcode) ? 1 : strchr ("XTB", opcode) ? 4 : 8;
  guint64 length;

  return sp_machine_read_unsigned (machine, width, &length, error)
         && push_string (machine, length, error);
}

/* ---- Lists, tuples, dictionaries ---- */

static gboolean
operate_mark (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint height = machine->stack->len;

  if (machine->marks->len == SP_MACHINE_MAXIMUM_STACK)
    return sp_machine_malformed (machine, "its pickle stacks too much", error);
  g_array_append_val (machine->marks, height);
  return TRUE;
}

static gboolean
operate_empty (SpUnpickler *machine, guint8 opcode, GError **error)
{
  SpPickleKind kind = opcode == ')'   ? SP_PICKLE_TUPLE
                      : opcode == ']' ? SP_PICKLE_LIST
                                      : SP_PICKLE_DICTIONARY;
  return sp_machine_push (machine, new_value (machine, kind, error), error);
}

static gboolean
push_tuple (SpUnpickler *machine, guint count, GError **error)
{
  SpPickleValue *tuple = new_value (machine, SP_PICKLE_TUPLE, error);

  return tuple && sp_machine_move_to (machine, tuple, count, error)
         && sp_machine_push (machine, tuple, error);
}

static gboolean
operate_tuple (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint count;

  return sp_machine_pop_mark (machine, &count, error) && push_tuple (machine, count, error);
}

static gboolean
operate_short_tuple (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint count = opcode - 0x84;

  if (machine->stack->len - sp_machine_floor (machine) < count)
    return sp_machine_malformed (machine, "its pickle takes what is not there", error);
  return push_tuple (machine, count, error);
}

/* APPEND, APPENDS, SETITEM, SETITEMS: `count` values above a list or dictionary go into it. */
static gboolean
add_items (SpUnpickler *machine, guint count, SpPickleKind kind, GError **error)
{
  if (machine->stack->len - sp_machine_floor (machine) < count + 1)
    return sp_machine_malformed (machine, "its pickle takes what is not there", error);
  SpPickleValue *list = g_ptr_array_index (machine->stack, machine->stack->len - count - 1);
  if (list->kind != kind || (kind == SP_PICKLE_DICTIONARY && count % 2 != 0))
    return sp_machine_malformed (machine, "its pickle fills what is no such list or dictionary",
                                 error);
  return sp_machine_move_to (machine, list, count, error);
}

static gboolean
operate_add (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return opcode == 'a' ? add_items (machine, 1, SP_PICKLE_LIST, error)
                       : add_items (machine, 2, SP_PICKLE_DICTIONARY, error);
}

static gboolean
operate_add_all (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint count;

  return sp_machine_pop_mark (machine, &count, error)
         && add_items (machine, count, opcode == 'e' ? SP_PICKLE_LIST : SP_PICKLE_DICTIONARY,
                       error);
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
  char module[COPIED_STRING_BYTES], name[COPIED_STRING_BYTES];

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
  const char *name; /* NULL: no opcode of any protocol */
  Operate operate;  /* NULL: refused */
} Opcode;

static const Opcode opcodes[256] = {
  [0x80] = { "PROTO", operate_protocol },
  [0x95] = { "FRAME", operate_frame },
  ['.'] = { "STOP", operate_stop },
  ['('] = { "MARK", operate_mark },
  ['N'] = { "NONE", operate_none },
  [0x88] = { "NEWTRUE", operate_boolean },
  [0x89] = { "NEWFALSE", operate_boolean },
  ['K'] = { "BININT1", operate_integer },
  ['M'] = { "BININT2", operate_integer },
  ['J'] = { "BININT", operate_integer },
  [0x8a] = { "LONG1", operate_long },
  ['G'] = { "BINFLOAT", operate_float },
  ['U'] = { "SHORT_BINSTRING", operate_string },
  ['T'] = { "BINSTRING", operate_string },
  ['C'] = { "SHORT_BINBYTES", operate_string },
  ['B'] = { "BINBYTES", operate_string },
  [0x8e] = { "BINBYTES8", operate_string },
  [0x8c] = { "SHORT_BINUNICODE", operate_string },
  ['X'] = { "BINUNICODE", operate_string },
  [0x8d] = { "BINUNICODE8", operate_string },
  [')'] = { "EMPTY_TUPLE", operate_empty },
  [']'] = { "EMPTY_LIST", operate_empty },
  ['}'] = { "EMPTY_DICT", operate_empty },
  ['t'] = { "TUPLE", operate_tuple },
  [0x85] = { "TUPLE1", operate_short_tuple },
  [0x86] = { "TUPLE2", operate_short_tuple },
  [0x87] = { "TUPLE3", operate_short_tuple },
  ['a'] = { "APPEND", operate_add },
  ['e'] = { "APPENDS", operate_add_all },
  ['s'] = { "SETITEM", operate_add },
  ['u'] = { "SETITEMS", operate_add_all },
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
