/* Opcodes of plain data: constants, numbers, texts, lists, tuples, dictionaries; see pickle-data.h.
 */
#include "weights/import/pickle-data.h"

#include <string.h>

#include "weights/import/pickle-machine.h"

#define COPIED_STRING_BYTES 512 /* longer ones are data, and stay in the file */

static SpPickleValue *
new_value (SpUnpickler *machine, SpPickleKind kind, GError **error)
{
  return sp_pickle_value_new (machine->machine.arena, kind, error);
}

/* ---- Numbers and constants ---- */

gboolean
sp_operate_none (SpUnpickler *machine, guint8 opcode, GError **error)
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

gboolean
sp_operate_boolean (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return push_integer (machine, SP_PICKLE_BOOLEAN, opcode == 0x88, error);
}

gboolean
sp_operate_integer (SpUnpickler *machine, guint8 opcode, GError **error)
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
gboolean
sp_operate_long (SpUnpickler *machine, guint8 opcode, GError **error)
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

gboolean
sp_operate_float (SpUnpickler *machine, guint8 opcode, GError **error)
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

gboolean
sp_operate_string (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint width = strchr ("UC\x8c", opcode) ? 1 : strchr ("XTB", opcode) ? 4 : 8;
  guint64 length;

  return sp_machine_read_unsigned (machine, width, &length, error)
         && push_string (machine, length, error);
}

/* ---- Lists, tuples, dictionaries ---- */

gboolean
sp_operate_mark (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint height = machine->stack->len;

  if (machine->marks->len == SP_MACHINE_MAXIMUM_STACK)
    return sp_machine_malformed (machine, "its pickle stacks too much", error);
  g_array_append_val (machine->marks, height);
  return TRUE;
}

gboolean
sp_operate_empty (SpUnpickler *machine, guint8 opcode, GError **error)
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

gboolean
sp_operate_tuple (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint count;

  return sp_machine_pop_mark (machine, &count, error) && push_tuple (machine, count, error);
}

gboolean
sp_operate_short_tuple (SpUnpickler *machine, guint8 opcode, GError **error)
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

gboolean
sp_operate_add (SpUnpickler *machine, guint8 opcode, GError **error)
{
  return opcode == 'a' ? add_items (machine, 1, SP_PICKLE_LIST, error)
                       : add_items (machine, 2, SP_PICKLE_DICTIONARY, error);
}

gboolean
sp_operate_add_all (SpUnpickler *machine, guint8 opcode, GError **error)
{
  guint count;

  return sp_machine_pop_mark (machine, &count, error)
         && add_items (machine, count, opcode == 'e' ? SP_PICKLE_LIST : SP_PICKLE_DICTIONARY,
                       error);
}
