/* Writing the pack. See export.h.
 *
 * Kernels, concept values and exemplars become fp16. What has one number a channel stays fp32: it
 * is little, and a variance or an offset that is rounded shifts a whole channel.
 *
 * First a pack without concepts is written to the work folder: the codes of the concepts are
 * measured with its encoder, rounded and folded as every user's will be.
 */
#include "weights/train/export.h"

#include "engine/manifest-writer.h"
#include "engine/model/generator.h"
#include "engine/pack.h"
#include "weights/train/codes.h"
#include "weights/train/statistics.h"

#include <string.h>

#include <glib/gstdio.h>

#define MOST_LICENCE_BYTES 4000

typedef struct {
  const SpTrainOptions *options;
  const SpTrainState *state;
  const SpPack *perceptual;
  const SpConceptRules *rules;
  const GArray *statistics; /* SpNormStatistics */
  const SpCodes *codes;     /* NULL in the first, passing pack */
  char *name;
} Export;

/* ---- The manifest ---- */

static void
add_licence (JsonBuilder *json, const Export *export)
{
  const char *own = export->options->licence;
  g_autofree char *both = g_strdup_printf (
      "%s%s%s", own != NULL ? own : "Not stated: ask who trained it, and of what photos.",
      export->perceptual != NULL ? " Perceptual net, from another pack: " : "",
      export->perceptual != NULL ? sp_pack_licence (export->perceptual) : "");
  sp_manifest_add_cut_text (json, "licence", both, MOST_LICENCE_BYTES);
}

static void
add_taps (JsonBuilder *json, const SpPack *perceptual)
{
  guint n_taps;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (perceptual, &n_taps);
  sp_manifest_add_perceptual (json, n_taps, taps);
}

/* A concept that no photo shows is none. */
static gboolean
has_concept (const Export *export, guint k)
{
  return export->codes->concepts[k].weight > 0;
}

static void
add_concepts (JsonBuilder *json, const Export *export)
{
  json_builder_set_member_name (json, "concepts");
  json_builder_begin_array (json);
  for (guint k = 0; export->codes != NULL && k < export->codes->n_concepts; k++) {
    const SpConceptRule *rule = g_ptr_array_index (export->rules->rules, k);
    if (!has_concept (export, k))
      continue;
    json_builder_begin_object (json);
    sp_manifest_add_text (json, "name", rule->name);
    sp_manifest_add_text (json, "title", rule->title);
    json_builder_set_member_name (json, "exemplars");
    json_builder_add_int_value (json, export->codes->concepts[k].n_exemplars);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static char *
make_manifest (const Export *export)
{
  const SpTrainOptions *options = export->options;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree char *described = sp_train_options_describe (options);
  g_autofree char *source = g_strdup_printf ("Trained by semantic-paint train, %u steps (%s).",
                                             export->state->step, described);
  json_builder_begin_object (json);
  sp_manifest_add_text (json, "name", export->name);
  sp_manifest_add_text (json, "title", options->title != NULL ? options->title : export->name);
  add_licence (json, export);
  sp_manifest_add_text (json, "source", options->source != NULL ? options->source : source);
  sp_manifest_add_networks (json, options->resolution, SP_LATENT_LAYER + 1, FALSE);
  if (export->perceptual != NULL)
    add_taps (json, export->perceptual);
  add_concepts (json, export);
  json_builder_end_object (json);
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  return json_to_string (root, FALSE);
}

/* From the file's name, of the characters that a pack's name may have. */
static char *
choose_name (const SpTrainOptions *options, const char *path)
{
  if (options->name != NULL)
    return g_strdup (options->name);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *lower = g_ascii_strdown (base, 40);
  char *dot = strrchr (lower, '.');
  if (dot != NULL && dot != lower)
    *dot = '\0';
  return g_strdup (g_strcanon (lower, "abcdefghijklmnopqrstuvwxyz0123456789-", '-'));
}

/* ---- Tensors ---- */

static gboolean
add_tensor (SpPackWriter *writer, const char *name, SpPackShape shape, const float *values,
            GError **error)
{
  SpPackPrecision precision = shape.n_dimensions > 1 ? SP_PACK_FLOAT16 : SP_PACK_FLOAT32;
  return sp_pack_writer_add (writer, name, shape, precision, values, error);
}

/* A pack has no place for the concept head. */
static gboolean
add_parameters (SpPackWriter *writer, const Export *export, GError **error)
{
  const SpOptimiser *model = export->state->model;
  for (guint i = 0; i < sp_parameters_count (model->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (model->parameters, i);
    if (!g_str_has_prefix (parameter->name, "concepts.")
        && !add_tensor (writer, parameter->name, parameter->shape,
                        g_array_index (model->moments, SpMoments, i).average, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_statistics (SpPackWriter *writer, const Export *export, GError **error)
{
  for (guint i = 0; i < export->statistics->len; i++) {
    const SpNormStatistics *norm = &g_array_index (export->statistics, SpNormStatistics, i);
    SpPackShape shape = { 1, { norm->channels, 1, 1, 1 } };
    g_autofree char *mean = g_strconcat (norm->norm, ".running_mean", NULL);
    g_autofree char *variance = g_strconcat (norm->norm, ".running_var", NULL);
    if (!add_tensor (writer, mean, shape, norm->mean, error)
        || !add_tensor (writer, variance, shape, norm->variance, error))
      return FALSE;
  }
  return TRUE;
}

/* As they are in the other pack. The input's 1x1 kernel holds offsets of colours and stays fp32. */
static gboolean
add_perceptual (SpPackWriter *writer, const SpPack *perceptual, GError **error)
{
  for (const char *const *name = sp_pack_tensor_names (perceptual); *name != NULL; name++) {
    SpPackShape shape;
    if (!g_str_has_prefix (*name, "perceptual.")
        || !sp_pack_tensor_shape (perceptual, *name, &shape))
      continue;
    g_autofree float *values = sp_pack_read (perceptual, *name, shape, error);
    gboolean whole = g_str_has_prefix (*name, "perceptual.input.") || shape.n_dimensions == 1;
    if (values == NULL
        || !sp_pack_writer_add (writer, *name, shape, whole ? SP_PACK_FLOAT32 : SP_PACK_FLOAT16,
                                values, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_codes (SpPackWriter *writer, const Export *export, GError **error)
{
  const SpCodes *codes = export->codes;
  SpPackShape of_channel = { 1, { codes->channels, 1, 1, 1 } };
  for (guint k = 0; k < codes->n_concepts; k++) {
    const SpConceptRule *rule = g_ptr_array_index (export->rules->rules, k);
    const SpConceptCodes *concept = &codes->concepts[k];
    g_autofree char *value = g_strdup_printf ("concept.%s.value", rule->name);
    g_autofree char *exemplars = g_strdup_printf ("concept.%s.exemplars", rule->name);
    SpPackShape shape = {
      4, { (int)concept->n_exemplars, codes->channels, codes->exemplar_side, codes->exemplar_side }
    };
    if (has_concept (export, k)
        && (!add_tensor (writer, value, of_channel, concept->value, error)
            || (concept->n_exemplars > 0
                && !add_tensor (writer, exemplars, shape, concept->exemplars, error))))
      return FALSE;
  }
  return add_tensor (writer, "latent.q99", of_channel, codes->levels, error);
}

static gboolean
write_pack (const Export *export, const char *path, GError **error)
{
  g_autofree char *manifest = make_manifest (export);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);
  return writer != NULL && add_parameters (writer, export, error)
         && add_statistics (writer, export, error)
         && (export->perceptual == NULL || add_perceptual (writer, export->perceptual, error))
         && (export->codes == NULL || add_codes (writer, export, error))
         && sp_pack_writer_save (writer, path, error);
}

/* ---- The whole ---- */

/* The manifest is what the reader of packs is asked about, with every concept in it. */
gboolean
sp_export_check (const SpDataset *dataset, const SpTrainOptions *options, const SpTrainState *state,
                 const SpPack *perceptual, const char *path, GError **error)
{
  guint n_concepts = sp_dataset_n_concepts (dataset);
  g_autofree SpConceptCodes *concepts = g_new0 (SpConceptCodes, n_concepts);
  g_autofree char *name = choose_name (options, path);
  SpCodes codes = { .n_concepts = n_concepts, .concepts = concepts };
  Export export = { .options = options,
                    .state = state,
                    .perceptual = perceptual,
                    .rules = sp_dataset_rules (dataset),
                    .codes = &codes,
                    .name = name };
  for (guint k = 0; k < n_concepts; k++)
    concepts[k].weight = 1;
  g_autofree char *manifest = make_manifest (&export);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);
  return writer != NULL;
}

static SpCodes *
measure_codes (Export *export, SpDataset *dataset, SpBackend *backend, const char *work_folder,
               GCancellable *cancellable, GError **error)
{
  g_autofree char *passing = g_build_filename (work_folder, "encoder.safetensors", NULL);
  g_autoptr (SpPack) encoder =
      write_pack (export, passing, error) ? sp_pack_open (passing, error) : NULL;
  SpCodes *codes = encoder ? sp_codes_measure (dataset, export->options, export->state, encoder,
                                               backend, cancellable, error)
                           : NULL;
  g_unlink (passing);
  return codes;
}

gboolean
sp_export (SpDataset *dataset, const SpTrainOptions *options, const SpTrainState *state,
           const SpPack *perceptual, SpBackend *backend, const char *work_folder, const char *path,
           GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) statistics =
      sp_statistics_measure (dataset, options, state, backend, cancellable, error);
  if (statistics == NULL)
    return FALSE;
  g_autofree char *name = choose_name (options, path);
  Export export = { .options = options,
                    .state = state,
                    .perceptual = perceptual,
                    .rules = sp_dataset_rules (dataset),
                    .statistics = statistics,
                    .name = name };
  g_autoptr (SpCodes) codes =
      measure_codes (&export, dataset, backend, work_folder, cancellable, error);
  export.codes = codes;
  return codes != NULL && write_pack (&export, path, error);
}
