/* Lines for the user. See host.h. */
#include "weights/common/host.h"

void
sp_host_tell (const SpHost *host, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  host->tell (line);
}
