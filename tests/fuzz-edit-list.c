/* libFuzzer target: any bytes as a list of edits; what is read is written and read again, the same.
 */
#include <stddef.h>
#include <stdint.h>

#include "engine/edit-list.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpEditList) list = sp_edit_list_read (bytes, length, &error);
  if (!list == !error)
    __builtin_trap (); /* one of the two, always */
  if (list == NULL)
    return 0;
  g_autoptr (GBytes) once = sp_edit_list_write (list, NULL);
  if (once == NULL)
    __builtin_trap (); /* what was read can be kept */
  g_autoptr (SpEditList) again =
      sp_edit_list_read (g_bytes_get_data (once, NULL), g_bytes_get_size (once), NULL);
  g_autoptr (GBytes) twice = again != NULL ? sp_edit_list_write (again, NULL) : NULL;
  if (twice == NULL || !g_bytes_equal (once, twice))
    __builtin_trap ();
  return 0;
}
