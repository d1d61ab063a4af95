/* The registry of published files; see known-models.h. It is compiled in. */
#include "weights/import/known-models.h"

#include "weights/import/known-models-data.h"

#define REGISTRY_PATH "/semantic-paint/known-models.ini"

void
sp_known_model_free (SpKnownModel *model)
{
  if (!model)
    return;
  g_free (model->file);
  g_free (model->name);
  g_free (model->title);
  g_free (model->licence);
  g_free (model->source);
  g_free (model->part);
  if (model->excluded_units)
    g_array_unref (model->excluded_units);
  g_free (model);
}

static GKeyFile *
open_registry (GError **error)
{
  g_autoptr (GKeyFile) registry = g_key_file_new ();
  g_autoptr (GBytes) bytes = g_resource_lookup_data (sp_known_models_get_resource (), REGISTRY_PATH,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  return bytes && g_key_file_load_from_bytes (registry, bytes, G_KEY_FILE_NONE, error)
             ? g_steal_pointer (&registry)
             : NULL;
}

char **
sp_known_model_names (GError **error)
{
  g_autoptr (GKeyFile) registry = open_registry (error);
  return registry ? g_key_file_get_groups (registry, NULL) : NULL;
}

/* An entry's value, or an empty text. */
static char *
get_text (GKeyFile *registry, const char *group, const char *key)
{
  char *value = g_key_file_get_string (registry, group, key, NULL);
  return value ? value : g_strdup ("");
}

static SpKnownModel *
read_model (GKeyFile *registry, const char *group, gboolean by_hash)
{
  SpKnownModel *model = g_new0 (SpKnownModel, 1);
  gsize n_units = 0;
  g_autofree int *units =
      g_key_file_get_integer_list (registry, group, "excluded_units", &n_units, NULL);

  model->file = g_strdup (group);
  model->name = get_text (registry, group, "name");
  model->title = get_text (registry, group, "title");
  model->licence = get_text (registry, group, "licence");
  model->source = get_text (registry, group, "source");
  model->part = get_text (registry, group, "part");
  model->resolution = g_key_file_get_integer (registry, group, "resolution", NULL);
  model->excluded_units = g_array_new (FALSE, FALSE, sizeof (int));
  if (n_units)
    g_array_append_vals (model->excluded_units, units, (guint)n_units);
  model->by_hash = by_hash;
  return model;
}

SpKnownModel *
sp_known_model_find (const char *path, const char *sha256, GError **error)
{
  g_autoptr (GKeyFile) registry = open_registry (error);
  g_autofree char *file = g_path_get_basename (path);
  if (!registry)
    return NULL;
  g_auto (GStrv) groups = g_key_file_get_groups (registry, NULL);

  for (char **group = groups; *group; group++) {
    g_autofree char *prefix = g_key_file_get_string (registry, *group, "sha256", NULL);
    if (prefix && g_str_has_prefix (sha256, prefix))
      return read_model (registry, *group, TRUE);
  }
  return g_key_file_has_group (registry, file) ? read_model (registry, file, FALSE) : NULL;
}
