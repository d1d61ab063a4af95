/* Bytes and the stack of the pickle machine; see pickle-machine.h. */
#include "weights/import/pickle-machine.h"

#include <string.h>

/* ---- Bytes ---- */

gboolean
sp_machine_malformed (SpUnpickler *machine, const char *what, GError **error)
{
  return sp_foreign_file_refuse (machine->machine.file, error, "at byte %" G_GUINT64_FORMAT ", %s",
                                 machine->position, what);
}

gboolean
sp_machine_read (SpUnpickler *machine, gsize length, void *destination, GError **error)
{
  guint8 *target = destination;

  if (length > machine->end - machine->position)
    return sp_machine_malformed (machine, "its pickle ends in the middle", error);
  while (length) {
    guint64 skip = machine->position - machine->window_start;
    if (machine->position < machine->window_start || skip >= machine->window_length) {
      machine->window_start = machine->position;
      machine->window_length = MIN (SP_MACHINE_WINDOW_BYTES, machine->end - machine->position);
      skip = 0;
      if (!sp_foreign_file_read (machine->machine.file, machine->window_start,
                                 machine->window_length, machine->window, error)) {
        machine->window_length = 0;
        return FALSE;
      }
    }
    gsize count = MIN (length, machine->window_length - skip);
    memcpy (target, machine->window + skip, count);
    target += count;
    length -= count;
    machine->position += count;
  }
  return TRUE;
}

gboolean
sp_machine_read_unsigned (SpUnpickler *machine, guint width, guint64 *number, GError **error)
{
  guint64 bytes = 0;

  if (!sp_machine_read (machine, width, &bytes, error))
    return FALSE;
  *number = GUINT64_FROM_LE (bytes);
  return TRUE;
}

/* ---- Stack ---- */

gboolean
sp_machine_push (SpUnpickler *machine, SpPickleValue *value, GError **error)
{
  if (!value)
    return FALSE;
  if (machine->stack->len == SP_MACHINE_MAXIMUM_STACK)
    return sp_machine_malformed (machine, "its pickle stacks too much", error);
  g_ptr_array_add (machine->stack, value);
  return TRUE;
}

guint
sp_machine_floor (const SpUnpickler *machine)
{
  return machine->marks->len ? g_array_index (machine->marks, guint, machine->marks->len - 1) : 0;
}

SpPickleValue *
sp_machine_pop (SpUnpickler *machine, GError **error)
{
  if (machine->stack->len > sp_machine_floor (machine))
    return g_ptr_array_steal_index (machine->stack, machine->stack->len - 1);
  sp_machine_malformed (machine, "its pickle takes what is not there", error);
  return NULL;
}

SpPickleValue *
sp_machine_top (SpUnpickler *machine, GError **error)
{
  if (machine->stack->len > sp_machine_floor (machine))
    return g_ptr_array_index (machine->stack, machine->stack->len - 1);
  sp_machine_malformed (machine, "its pickle takes what is not there", error);
  return NULL;
}

gboolean
sp_machine_pop_mark (SpUnpickler *machine, guint *count, GError **error)
{
  *count = machine->stack->len - sp_machine_floor (machine);
  if (machine->marks->len == 0)
    return sp_machine_malformed (machine, "its pickle takes what is not there", error);
  g_array_set_size (machine->marks, machine->marks->len - 1);
  return TRUE;
}

gboolean
sp_machine_move_to (SpUnpickler *machine, SpPickleValue *list, guint count, GError **error)
{
  guint first = machine->stack->len - count;

  for (guint i = 0; i < count; i++)
    if (!sp_pickle_append (machine->machine.arena, list,
                           g_ptr_array_index (machine->stack, first + i), error))
      return FALSE;
  g_ptr_array_set_size (machine->stack, (int)first);
  return TRUE;
}
