/* Freed memory goes back to the system. See memory.c. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* To be called in main(), before anything large is allocated. */
void sp_give_memory_back (void);

G_END_DECLS
