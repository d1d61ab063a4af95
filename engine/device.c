/* Opens the CPU backend or the CUDA module. See device.h. */
#include "engine/device.h"
#include "engine/cpu/cpu.h"
#include "engine/device-module.h"

#include <gmodule.h>

#define DRIVER "libcuda.so.1"

/* The driver's functions that are asked before anything else: 0 is success. */
typedef int (*DriverInit) (unsigned flags);
typedef int (*DriverDeviceGetCount) (int *count);

/* ---- The driver ---- */

static const char *
driver_path (void)
{
  const char *chosen = g_getenv ("SEMANTIC_PAINT_CUDA_DRIVER");
  return chosen != NULL && *chosen != '\0' ? chosen : DRIVER;
}

static guint
ask_driver (GModule *driver, GError **error)
{
  DriverInit init;
  DriverDeviceGetCount get_count;
  int count = 0, status;
  if (!g_module_symbol (driver, "cuInit", (gpointer *)&init)
      || !g_module_symbol (driver, "cuDeviceGetCount", (gpointer *)&get_count)) {
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "“%s” is not an NVIDIA driver.",
                 g_module_name (driver));
    return 0;
  }
  status = init (0);
  if (status == 0)
    status = get_count (&count);
  if (status != 0)
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The NVIDIA driver does not start (error %d).",
                 status);
  else if (count < 1)
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The NVIDIA driver finds no device.");
  return status == 0 && count > 0 ? (guint)count : 0;
}

guint
sp_device_count_cuda (GError **error)
{
  GModule *driver = g_module_open (driver_path (), G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (driver == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "There is no NVIDIA driver on this machine.");
    return 0;
  }
  guint count = ask_driver (driver, error);
  if (count > 0)
    g_module_make_resident (driver); /* a driver that has started is not unloaded */
  else
    g_module_close (driver);
  return count;
}

/* ---- The module ---- */

/* $SEMANTIC_PAINT_CUDA_MODULE, else the installed file, else that of the build. */
static const char *
module_path (void)
{
  const char *chosen = g_getenv ("SEMANTIC_PAINT_CUDA_MODULE");
  if (chosen != NULL && *chosen != '\0')
    return chosen;
#ifdef SP_INSTALLED_CUDA_MODULE
  return g_file_test (SP_INSTALLED_CUDA_MODULE, G_FILE_TEST_EXISTS) ? SP_INSTALLED_CUDA_MODULE
                                                                    : SP_BUILT_CUDA_MODULE;
#else
  return NULL;
#endif
}

static SpBackend *
open_module (const char *path, gboolean precise, GError **error)
{
  SpDeviceModuleEntry entry;
  GModule *module = g_module_open (path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (module == NULL || !g_module_symbol (module, SP_DEVICE_MODULE_ENTRY, (gpointer *)&entry)) {
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The CUDA module cannot be loaded: %s.",
                 g_module_error ());
    if (module != NULL)
      g_module_close (module);
    return NULL;
  }
  g_module_make_resident (module); /* CUDA's libraries do not survive being unloaded */
  return entry (g_strcmp0 (g_getenv ("SEMANTIC_PAINT_TF32"), "1") == 0, precise, error);
}

SpBackend *
sp_device_open_cuda (gboolean precise, GError **error)
{
  if (sp_device_count_cuda (error) == 0)
    return NULL;
  const char *path = module_path ();
  if (path != NULL)
    return open_module (path, precise, error);
  g_set_error (error, SP_ERROR, SP_ERROR_DEVICE,
               "This build of Semantic Paint has no CUDA module.");
  return NULL;
}

/* ---- The choice ---- */

static SpBackend *
open_cpu (const SpSettings *settings, GError **error)
{
  G_STATIC_ASSERT ((int)SP_INSTRUCTIONS_BEST == (int)SP_CPU_BEST
                   && (int)SP_INSTRUCTIONS_PLAIN == (int)SP_CPU_PLAIN
                   && (int)SP_INSTRUCTIONS_AVX2 == (int)SP_CPU_AVX2
                   && (int)SP_INSTRUCTIONS_AVX512 == (int)SP_CPU_AVX512
                   && (int)SP_INSTRUCTIONS_NEON == (int)SP_CPU_NEON);
  SpCpuInstructions instructions = (SpCpuInstructions)settings->instructions;
  SpBackend *backend = sp_cpu_backend_new (instructions, settings->threads, error);
  if (backend != NULL)
    sp_cpu_backend_set_precise (backend, settings->precise);
  return backend;
}

/* TRUE when a machine without CUDA would say the same: no news to someone who did not ask. */
static gboolean
nothing_to_tell (const SpSettings *settings)
{
  return settings->device == SP_DEVICE_AUTO
         && (module_path () == NULL || sp_device_count_cuda (NULL) == 0);
}

SpBackend *
sp_device_open_or_cpu (const SpSettings *settings, char **note, GError **error)
{
  g_autoptr (GError) reason = NULL;
  *note = NULL;
  if (settings->device != SP_DEVICE_CPU && !nothing_to_tell (settings)) {
    SpBackend *backend = sp_device_open_cuda (settings->precise, &reason);
    if (backend != NULL)
      return backend;
    *note = g_strdup_printf ("The CPU computes: %s", reason->message);
  }
  return open_cpu (settings, error);
}

SpBackend *
sp_device_open (const SpSettings *settings, GError **error)
{
  g_autofree char *note = NULL;
  if (settings->device == SP_DEVICE_CUDA)
    return sp_device_open_cuda (settings->precise, error);
  return sp_device_open_or_cpu (settings, &note, error);
}
