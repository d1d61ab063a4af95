/* How the engine's threads wait for each other. See waiting.c. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* To be called first in main(), with its argv. Returns once the process waits as it should. */
void sp_wait_politely (char **argv);

G_END_DECLS
