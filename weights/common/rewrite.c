/* A pack with other parts. See rewrite.h.
 *
 * A pack does not tell which of its tensors are fp16. One whose numbers all survive the way to fp16
 * and back loses nothing by it and is written so; any other was fp32 and stays it.
 */
#include "weights/common/rewrite.h"

#include "engine/half.h"
#include "engine/manifest-writer.h"
#include "engine/tensor-file.h"

#include <string.h>

#define MOST_SOURCE_BYTES 4000

typedef struct {
  const SpPack *pack;
  const SpPackChanges *changes;
} Rewriting;

static const SpNewConcept *
find_new (const Rewriting *rewriting, const char *name)
{
  for (guint i = 0; i < rewriting->changes->n_concepts; i++)
    if (strcmp (rewriting->changes->concepts[i].name, name) == 0)
      return &rewriting->changes->concepts[i];
  return NULL;
}

/* Whether concept.NAME.probe will be there. */
static gboolean
has_probe (const Rewriting *rewriting, const char *name)
{
  SpPackShape shape;
  const SpNewConcept *concept = find_new (rewriting, name);
  g_autofree char *tensor = g_strdup_printf ("concept.%s.probe", name);
  return concept != NULL ? concept->probe != NULL
                         : sp_pack_tensor_shape (rewriting->pack, tensor, &shape);
}

/* ---- The manifest ---- */

static void
add_number (JsonBuilder *json, const char *key, gint64 number)
{
  json_builder_set_member_name (json, key);
  json_builder_add_int_value (json, number);
}

static void
add_units (JsonBuilder *json, const char *key, const int *units, guint n)
{
  json_builder_set_member_name (json, key);
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    json_builder_add_int_value (json, units[i]);
  json_builder_end_array (json);
}

/* What is said already is not said again. */
static void
add_source (JsonBuilder *json, const Rewriting *rewriting)
{
  const char *source = sp_pack_source (rewriting->pack), *note = rewriting->changes->note;
  g_autofree char *both =
      strstr (source, note) != NULL ? g_strdup (source) : g_strdup_printf ("%s %s", source, note);
  sp_manifest_add_cut_text (json, "source", both, MOST_SOURCE_BYTES);
}

static void
add_networks (JsonBuilder *json, const Rewriting *rewriting)
{
  const SpPack *pack = rewriting->pack;
  int first_layer = rewriting->changes->n_layers > 0 ? 1 : sp_pack_first_layer (pack);
  guint n_taps;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (pack, &n_taps);
  sp_manifest_add_networks (json, sp_pack_resolution (pack), first_layer, sp_pack_clamps (pack));
  sp_manifest_add_perceptual (json, n_taps, taps);
}

void
sp_exemplar_set_clear (SpExemplarSet *set)
{
  g_free (set->cells);
  g_free (set->lights);
  g_free (set->outlines);
  *set = (SpExemplarSet){ 0 };
}

/* Names that have a probe in the new pack. */
static void
add_backdrops (JsonBuilder *json, const Rewriting *rewriting, const char *const *names)
{
  json_builder_set_member_name (json, "backdrops");
  json_builder_begin_array (json);
  for (; *names != NULL; names++)
    if (has_probe (rewriting, *names))
      json_builder_add_string_value (json, *names);
  json_builder_end_array (json);
}

static void
add_concept (JsonBuilder *json, const Rewriting *rewriting, const char *name, const char *title,
             const int *units, guint n_units, guint exemplars, const char *const *backdrops)
{
  json_builder_begin_object (json);
  sp_manifest_add_text (json, "name", name);
  sp_manifest_add_text (json, "title", title);
  if (n_units > 0)
    add_units (json, "units", units, n_units);
  if (exemplars > 0)
    add_number (json, "exemplars", exemplars);
  if (backdrops != NULL && backdrops[0] != NULL)
    add_backdrops (json, rewriting, backdrops);
  json_builder_end_object (json);
}

static void
add_new (JsonBuilder *json, const Rewriting *rewriting, const SpNewConcept *concept)
{
  add_concept (json, rewriting, concept->name, concept->title,
               concept->units != NULL ? (const int *)(const void *)concept->units->data : NULL,
               concept->units != NULL ? concept->units->len : 0,
               concept->exemplars != NULL ? concept->exemplars->n : 0, concept->backdrops);
}

static void
add_old (JsonBuilder *json, const Rewriting *rewriting, guint index)
{
  guint n, n_units;
  const SpConcept *concept = &sp_pack_concepts (rewriting->pack, &n)[index];
  const int *units = sp_pack_concept_units (rewriting->pack, index, &n_units);
  g_autofree const char **backdrops = sp_pack_backdrop_names (rewriting->pack, index);
  add_concept (json, rewriting, concept->name, concept->title, units, n_units, concept->exemplars,
               backdrops);
}

/* The pack's own in their order, then those that it did not have. */
static void
add_concepts (JsonBuilder *json, const Rewriting *rewriting)
{
  guint n_old;
  const SpConcept *old = sp_pack_concepts (rewriting->pack, &n_old);
  json_builder_set_member_name (json, "concepts");
  json_builder_begin_array (json);
  for (guint i = 0; i < n_old; i++) {
    const SpNewConcept *replacement = find_new (rewriting, old[i].name);
    if (replacement != NULL)
      add_new (json, rewriting, replacement);
    else
      add_old (json, rewriting, i);
  }
  for (guint i = 0; i < rewriting->changes->n_concepts; i++)
    if (sp_pack_find_concept (rewriting->pack, rewriting->changes->concepts[i].name, NULL) < 0)
      add_new (json, rewriting, &rewriting->changes->concepts[i]);
  json_builder_end_array (json);
}

static char *
make_manifest (const Rewriting *rewriting)
{
  const SpPack *pack = rewriting->pack;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  guint n_excluded;
  const int *excluded = sp_pack_excluded_units (pack, &n_excluded);
  json_builder_begin_object (json);
  sp_manifest_add_text (json, "name", sp_pack_name (pack));
  sp_manifest_add_text (json, "title", sp_pack_title (pack));
  sp_manifest_add_text (json, "licence", sp_pack_licence (pack));
  add_source (json, rewriting);
  add_networks (json, rewriting);
  if (n_excluded > 0)
    add_units (json, "excluded_units", excluded, n_excluded);
  add_concepts (json, rewriting);
  json_builder_end_object (json);
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  return json_to_string (root, FALSE);
}

const char **
sp_pack_backdrop_names (const SpPack *pack, guint concept)
{
  guint n, n_concepts;
  const guint *backdrops = sp_pack_concept_backdrops (pack, concept, &n);
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  const char **names = g_new0 (const char *, n + 1);
  for (guint i = 0; i < n; i++)
    names[i] = concepts[backdrops[i]].name;
  return names;
}

/* ---- Tensors ---- */

static SpPackPrecision
precision_of (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (sp_half_to_float (sp_half_from_float (values[i])) != values[i])
      return SP_PACK_FLOAT32;
  return SP_PACK_FLOAT16;
}

static gboolean
is_new_layer (const Rewriting *rewriting, const char *tensor)
{
  for (guint i = 0; i < rewriting->changes->n_layers; i++)
    if (strcmp (rewriting->changes->layers[i].name, tensor) == 0)
      return TRUE;
  return FALSE;
}

/* concept.NAME.value of a concept that is replaced. NAME has no dots. */
static gboolean
is_replaced (const Rewriting *rewriting, const char *tensor)
{
  g_auto (GStrv) parts = g_strsplit (tensor, ".", 3);
  const SpPackChanges *changes = rewriting->changes;
  return (changes->levels != NULL && strcmp (tensor, "latent.q99") == 0)
         || (changes->light != NULL
             && (strcmp (tensor, "latent.light") == 0 || strcmp (tensor, "latent.colour") == 0))
         || is_new_layer (rewriting, tensor)
         || (changes->n_super_resolution > 0 && g_str_has_prefix (tensor, "super-resolution."))
         || (g_strv_length (parts) == 3 && strcmp (parts[0], "concept") == 0
             && find_new (rewriting, parts[1]) != NULL);
}

static gboolean
copy_tensors (const Rewriting *rewriting, SpPackWriter *writer, GError **error)
{
  for (const char *const *name = sp_pack_tensor_names (rewriting->pack); *name != NULL; name++) {
    SpPackShape shape;
    gsize n;
    if (is_replaced (rewriting, *name) || !sp_pack_tensor_shape (rewriting->pack, *name, &shape)
        || !sp_tensor_elements (shape, &n))
      continue;
    g_autofree float *values = sp_pack_read (rewriting->pack, *name, shape, error);
    if (values == NULL
        || !sp_pack_writer_add (writer, *name, shape, precision_of (values, n), values, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_lights (SpPackWriter *writer, const SpNewConcept *concept, GError **error)
{
  const SpExemplarSet *set = concept->exemplars;
  g_autofree char *name = g_strdup_printf ("concept.%s.light", concept->name);
  SpPackShape shape = { 2, { (int)set->n, SP_PACK_LIGHT_NUMBERS, 1, 1 } };
  return set->lights == NULL
         || sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT32, &set->lights->black, error);
}

static gboolean
write_outlines (SpPackWriter *writer, const SpNewConcept *concept, GError **error)
{
  const SpExemplarSet *set = concept->exemplars;
  g_autofree char *name = g_strdup_printf ("concept.%s.outlines", concept->name);
  SpPackShape shape = { 3, { (int)set->n, SP_PACK_OUTLINE_SIDE, SP_PACK_OUTLINE_SIDE, 1 } };
  return set->outlines == NULL
         || sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT16, set->outlines, error);
}

static gboolean
write_exemplars (const Rewriting *rewriting, SpPackWriter *writer, const SpNewConcept *concept,
                 GError **error)
{
  const SpExemplarSet *set = concept->exemplars;
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept->name);
  SpPackShape shape = { 4, { (int)set->n, rewriting->changes->channels, set->side, set->side } };
  return set->n == 0
         || (sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT16, set->cells, error)
             && write_lights (writer, concept, error) && write_outlines (writer, concept, error));
}

static gboolean
write_probe (SpPackWriter *writer, const SpNewConcept *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.probe", concept->name);
  SpPackShape shape = { 1, { concept->probe_length, 1, 1, 1 } };
  return sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT32, concept->probe, error);
}

static gboolean
add_new_tensors (const Rewriting *rewriting, SpPackWriter *writer, GError **error)
{
  SpPackShape vector = { 1, { rewriting->changes->channels, 1, 1, 1 } };
  for (guint i = 0; i < rewriting->changes->n_concepts; i++) {
    const SpNewConcept *concept = &rewriting->changes->concepts[i];
    g_autofree char *value = g_strdup_printf ("concept.%s.value", concept->name);
    if (!sp_pack_writer_add (writer, value, vector, SP_PACK_FLOAT32, concept->value, error)
        || (concept->exemplars != NULL && !write_exemplars (rewriting, writer, concept, error))
        || (concept->probe != NULL && !write_probe (writer, concept, error)))
      return FALSE;
  }
  return rewriting->changes->levels == NULL
         || sp_pack_writer_add (writer, "latent.q99", vector, SP_PACK_FLOAT32,
                                rewriting->changes->levels, error);
}

static gboolean
add_light (const SpLightModel *light, SpPackWriter *writer, GError **error)
{
  SpPackShape colour = { 2, { SP_PACK_LIGHT_COLOURS, light->channels, 1, 1 } };
  SpPackShape change = { 3, { SP_PACK_LIGHT_NUMBERS, light->channels, light->channels, 1 } };
  return sp_pack_writer_add (writer, "latent.colour", colour, SP_PACK_FLOAT32, light->colour, error)
         && sp_pack_writer_add (writer, "latent.light", change, SP_PACK_FLOAT16, light->change,
                                error);
}

/* Kernels in fp16; offsets are few, and stay fp32. */
static gboolean
write_networks (const SpNewTensor *tensors, guint n, SpPackWriter *writer, GError **error)
{
  for (guint i = 0; i < n; i++) {
    const SpNewTensor *tensor = &tensors[i];
    SpPackPrecision precision = tensor->shape.n_dimensions > 1 ? SP_PACK_FLOAT16 : SP_PACK_FLOAT32;
    if (!sp_pack_writer_add (writer, tensor->name, tensor->shape, precision, tensor->values, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
sp_pack_rewrite (const SpPack *pack, const SpPackChanges *changes, const char *path, GError **error)
{
  Rewriting rewriting = { pack, changes };
  g_autofree char *manifest = make_manifest (&rewriting);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);
  return writer != NULL && copy_tensors (&rewriting, writer, error)
         && add_new_tensors (&rewriting, writer, error)
         && (changes->light == NULL || add_light (changes->light, writer, error))
         && write_networks (changes->layers, changes->n_layers, writer, error)
         && write_networks (changes->super_resolution, changes->n_super_resolution, writer, error)
         && sp_pack_writer_save (writer, path, error);
}
