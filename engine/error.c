/* The engine's error domain; see error.h. */
#include "engine/error.h"

GQuark
sp_error_quark (void)
{
  return g_quark_from_static_string ("sp-error-quark");
}
