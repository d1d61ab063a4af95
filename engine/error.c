/* The engine's error domain; see error.h. */
#include "engine/error.h"

G_DEFINE_QUARK (sp - error - quark, sp_error)
