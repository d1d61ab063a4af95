/* Packs: a tensor file whose metadata holds a manifest, and the rules that tie the two together.
 *
 * Here a pack's own parts are checked: manifest, concept tensors, the latent's levels, the first
 * part of every name. What the generator's, the encoder's and the perceptual net's tensors must be
 * is known to their models alone (engine/model/), which check it exactly when they are built.
 */
#include "engine/pack.h"

#include <string.h>

#include "engine/pack-manifest.h"
#include "engine/tensor-file.h"

struct _SpPack {
  gatomicrefcount references;
  SpTensorFile *file;
  SpManifest *manifest;
  GPtrArray *names; /* the file's, NULL-terminated */
};

/* ---- Checks ---- */

static gboolean
shape_equal (SpPackShape a, SpPackShape b)
{
  for (int i = 0; i < MIN (a.n_dimensions, 4); i++)
    if (a.size[i] != b.size[i])
      return FALSE;
  return a.n_dimensions == b.n_dimensions;
}

static gboolean
check_metadata (SpPack *pack, const char *shown_path, GError **error)
{
  const char *format = sp_tensor_file_metadata (pack->file, "format");
  const char *version = sp_tensor_file_metadata (pack->file, "version");
  const char *text = sp_tensor_file_metadata (pack->file, "manifest");
  g_autofree char *shown_name = g_filename_display_basename (shown_path);
  GError *reason = NULL;

  if (g_strcmp0 (format, SP_MANIFEST_FORMAT) != 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” is not a Semantic Paint pack.", shown_name);
    return FALSE;
  }
  if (g_strcmp0 (version, SP_MANIFEST_VERSION) != 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "“%s” is a pack of another version; this program reads version %s.", shown_name,
                 SP_MANIFEST_VERSION);
    return FALSE;
  }
  if (!text)
    return sp_tensor_file_damaged (pack->file, error, "it has no manifest");
  pack->manifest = sp_manifest_parse (text, &reason);
  if (!pack->manifest) {
    sp_tensor_file_damaged (pack->file, error, "%s", reason->message);
    g_error_free (reason);
    return FALSE;
  }
  return TRUE;
}

/* All vectors over the latent's channels are of one length; *channels is 0 until the first. */
static gboolean
check_vector (const SpPack *pack, const SpTensorEntry *entry, int *channels, GError **error)
{
  if (entry->shape.n_dimensions != 1)
    return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is not one number a channel",
                                   entry->name);
  if (*channels && entry->shape.size[0] != *channels)
    return sp_tensor_file_damaged (pack->file, error,
                                   "tensor “%s” has %d channels where others have %d", entry->name,
                                   entry->shape.size[0], *channels);
  *channels = entry->shape.size[0];
  return TRUE;
}

/* concept.NAME.exemplars, K x C x h x w, there exactly if the manifest says K > 0. */
static gboolean
check_exemplars (const SpPack *pack, const SpConcept *concept, int channels, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept->name);
  const SpTensorEntry *entry = sp_tensor_file_find (pack->file, name);

  if (!entry && concept->exemplars == 0)
    return TRUE;
  if (!entry)
    return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is missing", name);
  SpPackShape shape = entry->shape;
  if (shape.n_dimensions == 4 && shape.size[0] == (int)concept->exemplars
      && shape.size[1] == channels && shape.size[2] <= SP_PACK_EXEMPLAR_SIDE
      && shape.size[3] <= SP_PACK_EXEMPLAR_SIDE)
    return TRUE;
  return sp_tensor_file_damaged (
      pack->file, error, "tensor “%s” is not of the shape that the manifest declares", name);
}

/* A tensor that may be there, in this shape. */
static gboolean
check_optional (const SpPack *pack, const char *name, SpPackShape shape, GError **error)
{
  const SpTensorEntry *entry = sp_tensor_file_find (pack->file, name);
  if (entry == NULL || shape_equal (entry->shape, shape))
    return TRUE;
  return sp_tensor_file_damaged (
      pack->file, error, "tensor “%s” is not of the shape that the manifest declares", name);
}

/* latent.colour and latent.light, both or none; concept.NAME.light where there are exemplars. */
static gboolean
check_light (const SpPack *pack, int channels, GError **error)
{
  SpPackShape colour = { 2, { SP_PACK_LIGHT_COLOURS, channels, 1, 1 } };
  SpPackShape change = { 3, { SP_PACK_LIGHT_NUMBERS, channels, channels, 1 } };
  const char *const names[] = { "latent.colour", "latent.light" };
  for (int i = 0; i < 2; i++)
    if (sp_tensor_file_find (pack->file, names[i]) == NULL
        && sp_tensor_file_find (pack->file, names[1 - i]) != NULL)
      return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is missing", names[i]);
  return check_optional (pack, names[0], colour, error)
         && check_optional (pack, names[1], change, error);
}

static gboolean
check_exemplar_light (const SpPack *pack, const SpConcept *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.light", concept->name);
  return check_optional (
      pack, name, (SpPackShape){ 2, { (int)concept->exemplars, SP_PACK_LIGHT_NUMBERS, 1, 1 } },
      error);
}

static gboolean
check_outlines (const SpPack *pack, const SpConcept *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.outlines", concept->name);
  return check_optional (
      pack, name,
      (SpPackShape){ 3,
                     { (int)concept->exemplars, SP_PACK_OUTLINE_SIDE, SP_PACK_OUTLINE_SIDE, 1 } },
      error);
}

/* concept.NAME.probe of every concept that is a backdrop. */
static gboolean
check_backdrops (const SpPack *pack, const GArray *backdrops, GError **error)
{
  for (guint i = 0; i < backdrops->len; i++) {
    guint backdrop = g_array_index (backdrops, guint, i);
    g_autofree char *name = g_strdup_printf (
        "concept.%s.probe", g_array_index (pack->manifest->concepts, SpConcept, backdrop).name);
    if (sp_tensor_file_find (pack->file, name) == NULL)
      return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is missing", name);
  }
  return TRUE;
}

/* How long it is, the generator says. */
static gboolean
check_probe (const SpPack *pack, const SpConcept *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.probe", concept->name);
  const SpTensorEntry *entry = sp_tensor_file_find (pack->file, name);
  if (entry == NULL || entry->shape.n_dimensions == 1)
    return TRUE;
  return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is not a row of numbers", name);
}

static gboolean
check_units (const SpPack *pack, const GArray *units, int channels, GError **error)
{
  for (guint i = 0; channels && i < units->len; i++)
    if (g_array_index (units, int, i) >= channels)
      return sp_tensor_file_damaged (pack->file, error,
                                     "its manifest names channel %d of a latent that has %d",
                                     g_array_index (units, int, i), channels);
  return TRUE;
}

static gboolean
check_concepts (const SpPack *pack, GError **error)
{
  const SpTensorEntry *levels = sp_tensor_file_find (pack->file, "latent.q99");
  int channels = 0;

  if (levels && !check_vector (pack, levels, &channels, error))
    return FALSE;
  for (guint i = 0; i < pack->manifest->concepts->len; i++) {
    const SpConcept *concept = &g_array_index (pack->manifest->concepts, SpConcept, i);
    g_autofree char *name = g_strdup_printf ("concept.%s.value", concept->name);
    const SpTensorEntry *value = sp_tensor_file_find (pack->file, name);
    if (!value)
      return sp_tensor_file_damaged (pack->file, error, "tensor “%s” is missing", name);
    if (!check_vector (pack, value, &channels, error)
        || !check_exemplars (pack, concept, channels, error)
        || !check_exemplar_light (pack, concept, error) || !check_outlines (pack, concept, error)
        || !check_probe (pack, concept, error)
        || !check_backdrops (pack, g_ptr_array_index (pack->manifest->backdrops, i), error)
        || !check_units (pack, g_ptr_array_index (pack->manifest->units, i), channels, error))
      return FALSE;
  }
  return check_units (pack, pack->manifest->excluded_units, channels, error)
         && check_light (pack, channels, error);
}

/* "concept.tree.value": is it of a concept that there is, and one of the kinds there are? */
static gboolean
concept_tensor_known (const SpPack *pack, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, ".", 5);
  guint n = g_strv_length (parts);

  return n == 3 && sp_pack_find_concept (pack, parts[1], NULL) >= 0
         && (g_str_equal (parts[2], "value") || g_str_equal (parts[2], "exemplars")
             || g_str_equal (parts[2], "light") || g_str_equal (parts[2], "probe")
             || g_str_equal (parts[2], "outlines"));
}

static gboolean
check_name (const SpPack *pack, const char *name, GError **error)
{
  gboolean known;

  if (g_str_has_prefix (name, "concept."))
    known = concept_tensor_known (pack, name);
  else if (g_str_has_prefix (name, "perceptual."))
    known = pack->manifest->taps != NULL;
  else
    known = g_str_has_prefix (name, "generator.") || g_str_has_prefix (name, "encoder.")
            || g_str_has_prefix (name, "super-resolution.") || g_str_equal (name, "latent.q99")
            || g_str_equal (name, "latent.light") || g_str_equal (name, "latent.colour");
  if (!known)
    return sp_tensor_file_damaged (
        pack->file, error, "tensor “%s” belongs to nothing that the manifest declares", name);
  return TRUE;
}

static gboolean
check_names (SpPack *pack, GError **error)
{
  for (guint i = 0; i < sp_tensor_file_count (pack->file); i++) {
    const char *name = sp_tensor_file_entry (pack->file, i)->name;
    if (!check_name (pack, name, error))
      return FALSE;
    g_ptr_array_add (pack->names, (gpointer)(gsize)name);
  }
  g_ptr_array_add (pack->names, NULL);
  return TRUE;
}

/* ---- Life ---- */

/* Values come last: they are the slow part, and a damaged file is mostly known before. */
SpPack *
sp_pack_open_as (const char *path, const char *shown_path, GError **error)
{
  g_autoptr (SpPack) pack = g_new0 (SpPack, 1);

  g_atomic_ref_count_init (&pack->references);
  pack->names = g_ptr_array_new ();
  pack->file = sp_tensor_file_open (path, shown_path, error);
  if (!pack->file || !check_metadata (pack, shown_path, error) || !check_names (pack, error)
      || !check_concepts (pack, error) || !sp_tensor_file_check_values (pack->file, error))
    return NULL;
  return g_steal_pointer (&pack);
}

SpPack *
sp_pack_open (const char *path, GError **error)
{
  return sp_pack_open_as (path, path, error);
}

SpPack *
sp_pack_ref (SpPack *pack)
{
  g_atomic_ref_count_inc (&pack->references);
  return pack;
}

void
sp_pack_unref (SpPack *pack)
{
  if (!pack || !g_atomic_ref_count_dec (&pack->references))
    return;
  g_ptr_array_unref (pack->names);
  sp_manifest_free (pack->manifest);
  sp_tensor_file_free (pack->file);
  g_free (pack);
}

/* ---- What it says of itself ---- */

const char *
sp_pack_name (const SpPack *pack)
{
  return pack->manifest->name;
}

const char *
sp_pack_title (const SpPack *pack)
{
  return pack->manifest->title;
}

const char *
sp_pack_licence (const SpPack *pack)
{
  return pack->manifest->licence;
}

const char *
sp_pack_source (const SpPack *pack)
{
  return pack->manifest->source;
}

int
sp_pack_resolution (const SpPack *pack)
{
  return pack->manifest->resolution;
}

int
sp_pack_first_layer (const SpPack *pack)
{
  return pack->manifest->first_layer;
}

gboolean
sp_pack_clamps (const SpPack *pack)
{
  return pack->manifest->clamp;
}

const SpPerceptualTap *
sp_pack_perceptual_taps (const SpPack *pack, guint *n_taps)
{
  const GArray *taps = pack->manifest->taps;

  *n_taps = taps ? taps->len : 0;
  return taps ? (const SpPerceptualTap *)taps->data : NULL;
}

const SpConcept *
sp_pack_concepts (const SpPack *pack, guint *n_concepts)
{
  *n_concepts = pack->manifest->concepts->len;
  return (const SpConcept *)pack->manifest->concepts->data;
}

const int *
sp_pack_concept_units (const SpPack *pack, guint concept_index, guint *n_units)
{
  const GArray *units = concept_index < pack->manifest->units->len
                            ? g_ptr_array_index (pack->manifest->units, concept_index)
                            : NULL;

  *n_units = units ? units->len : 0;
  return units ? (const int *)units->data : NULL;
}

const guint *
sp_pack_concept_backdrops (const SpPack *pack, guint concept_index, guint *n)
{
  const GArray *backdrops = concept_index < pack->manifest->backdrops->len
                                ? g_ptr_array_index (pack->manifest->backdrops, concept_index)
                                : NULL;
  *n = backdrops ? backdrops->len : 0;
  return backdrops ? (const guint *)(const void *)backdrops->data : NULL;
}

const int *
sp_pack_excluded_units (const SpPack *pack, guint *n_units)
{
  *n_units = pack->manifest->excluded_units->len;
  return (const int *)pack->manifest->excluded_units->data;
}

int
sp_pack_find_concept (const SpPack *pack, const char *name, GError **error)
{
  const GArray *concepts = pack->manifest->concepts;
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < concepts->len; i++) {
    const SpConcept *concept = &g_array_index (concepts, SpConcept, i);
    if (g_strcmp0 (concept->name, name) == 0)
      return (int)i;
    g_string_append_printf (known, "%s%s", i ? ", " : "", concept->name);
  }
  if (concepts->len)
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "“%s” has no concept “%s”; it has %s.",
                 pack->manifest->title, name ? name : "", known->str);
  else
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "“%s” has no concepts.", pack->manifest->title);
  return -1;
}

/* ---- Tensors ---- */

const char *const *
sp_pack_tensor_names (const SpPack *pack)
{
  return (const char *const *)pack->names->pdata;
}

gboolean
sp_pack_tensor_shape (const SpPack *pack, const char *name, SpPackShape *shape)
{
  const SpTensorEntry *entry = sp_tensor_file_find (pack->file, name);

  if (!entry)
    return FALSE;
  *shape = entry->shape;
  return TRUE;
}

/* "256 x 256 x 3 x 3" */
static char *
describe_shape (SpPackShape shape)
{
  GString *text = g_string_new (shape.n_dimensions ? NULL : "a single number");

  for (int i = 0; i < shape.n_dimensions; i++)
    g_string_append_printf (text, "%s%d", i ? " x " : "", shape.size[i]);
  return g_string_free (text, FALSE);
}

float *
sp_pack_read (const SpPack *pack, const char *name, SpPackShape expected, GError **error)
{
  const SpTensorEntry *entry = sp_tensor_file_find (pack->file, name);

  if (!entry) {
    sp_tensor_file_damaged (pack->file, error, "tensor “%s” is missing", name);
    return NULL;
  }
  if (!shape_equal (entry->shape, expected)) {
    g_autofree char *there = describe_shape (entry->shape);
    g_autofree char *wanted = describe_shape (expected);
    sp_tensor_file_damaged (pack->file, error, "tensor “%s” is %s where %s is needed", name, there,
                            wanted);
    return NULL;
  }
  return sp_tensor_file_read (pack->file, entry, error);
}

char *
sp_pack_sha256 (const SpPack *pack, GError **error)
{
  return sp_tensor_file_sha256 (pack->file, error);
}
