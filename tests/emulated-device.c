/* See emulated-device.h. */
#include "tests/emulated-device.h"

#include <gmodule.h>

gboolean
emulated_device_use (void)
{
  const char *path = g_getenv ("SP_EMULATED_MODULE");
  if (path == NULL || *path == '\0')
    return FALSE;
  g_setenv ("SEMANTIC_PAINT_CUDA_MODULE", path, TRUE);
  g_setenv ("SEMANTIC_PAINT_CUDA_DRIVER", path, TRUE);
  return TRUE;
}

static gpointer
symbol (const char *name)
{
  gpointer found = NULL;
  GModule *module =
      g_module_open (g_getenv ("SP_EMULATED_MODULE"), G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  g_assert_nonnull (module);
  g_module_make_resident (module);
  g_assert_true (g_module_symbol (module, name, &found));
  return found;
}

EmulationSettings *
emulated_device_settings (void)
{
  return ((EmulationSettingsFunction)symbol ("emulation_settings")) ();
}

const EmulationBooks *
emulated_device_books (void)
{
  return ((EmulationBooksFunction)symbol ("emulation_books")) ();
}

void
emulated_device_repair (void)
{
  emulated_device_settings ()->fail_launch = 0;
  ((EmulationRepairFunction)symbol ("emulation_repair")) ();
}
