/* What the opcodes of unpickle.c work on: the file's bytes in order, the stack and its marks, the
 * memo. Private to the unpickler. */
#pragma once

#include "weights/import/pickle-callables.h"
#include "weights/import/unpickle.h"

G_BEGIN_DECLS

#define SP_MACHINE_WINDOW_BYTES 65536
#define SP_MACHINE_MAXIMUM_STACK (1u << 18)

struct _SpUnpickler {
  SpPickleMachine machine;
  guint64 position, end;
  guint8 window[SP_MACHINE_WINDOW_BYTES]; /* of the file, from window_start */
  guint64 window_start;
  gsize window_length;
  GPtrArray *stack; /* SpPickleValue */
  GArray *marks;    /* guint: heights of the stack */
  GPtrArray *memo;  /* SpPickleValue, NULL where nothing was put */
  guint next_memo;  /* MEMOIZE numbers its entries itself */
  gboolean stopped;
};

/* Refuses, with the place; returns FALSE. */
gboolean sp_machine_malformed (SpUnpickler *machine, const char *what, GError **error);

gboolean sp_machine_read (SpUnpickler *machine, gsize length, void *destination, GError **error);
/* A little-endian number of `width` bytes. */
gboolean sp_machine_read_unsigned (SpUnpickler *machine, guint width, guint64 *number,
                                   GError **error);

/* FALSE for NULL too, whose maker has set the error. */
gboolean sp_machine_push (SpUnpickler *machine, SpPickleValue *value, GError **error);
SpPickleValue *sp_machine_pop (SpUnpickler *machine, GError **error);
/* The value on top, which stays. */
SpPickleValue *sp_machine_top (SpUnpickler *machine, GError **error);
/* The height that nothing below the last mark may sink under. */
guint sp_machine_floor (const SpUnpickler *machine);
/* How many values stand above the last mark, which is taken away. */
gboolean sp_machine_pop_mark (SpUnpickler *machine, guint *count, GError **error);
/* Moves the topmost `count` values to the end of `list`. */
gboolean sp_machine_move_to (SpUnpickler *machine, SpPickleValue *list, guint count,
                             GError **error);

G_END_DECLS
