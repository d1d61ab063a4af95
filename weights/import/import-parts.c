/* What the importers of the parts share; see import-parts.h. */
#include "weights/import/import-parts.h"

gboolean
sp_import_copy (SpCheckpoint *checkpoint, const char *from, const char *to, SpPackShape shape,
                SpPackWriter *writer, GError **error)
{
  g_autofree float *values = sp_checkpoint_read (checkpoint, from, shape, error);
  return values
         && sp_pack_writer_add (writer, to, shape, sp_checkpoint_precision (checkpoint, from),
                                values, error);
}

gboolean
sp_import_check_names (const SpCheckpoint *checkpoint, GHashTable *known,
                       gboolean (*ignored) (const char *name), const char *what, GError **error)
{
  for (const char *const *name = sp_checkpoint_names (checkpoint); *name; name++) {
    if (!g_hash_table_contains (known, *name) && !(ignored && ignored (*name))) {
      g_autofree char *shown = sp_foreign_shown (*name);
      return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                     "its tensor “%s” belongs to no %s", shown, what);
    }
  }
  return TRUE;
}
