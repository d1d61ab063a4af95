/* From published files to a pack; see import.h.
 *
 * In two steps: first a pack of the generator alone, beside the target, for the levels are measured
 * with the engine's own generator, which reads packs; then the whole.
 */
#include "weights/import/import.h"

#include <string.h>

#include <glib/gstdio.h>

#include "engine/cpu/cpu.h"
#include "engine/manifest-writer.h"
#include "engine/model/generator.h"
#include "engine/tensor-file.h"
#include "weights/import/concepts.h"
#include "weights/import/import-parts.h"
#include "weights/import/prior.h"

#define LEVEL_QUANTILE 0.99
#define MAXIMUM_NAME 40
#define DEFAULT_TAP "conv4_2"

static const char *const default_taps[] = { DEFAULT_TAP, NULL };

typedef struct {
  const SpImportOptions *options;
  SpImportReport *report;
  SpFoundGenerator found;
  SpPack *draft; /* the generator alone */
  SpTensorFile *draft_file;
  SpGeneratorShape shape;
  float *levels;       /* of z4's channels, or NULL */
  GPtrArray *concepts; /* SpImportedConcept */
} Import;

void
sp_import_report_clear (SpImportReport *report)
{
  g_clear_pointer (&report->generator, sp_known_model_free);
  g_clear_pointer (&report->encoder, sp_known_model_free);
  g_clear_pointer (&report->perceptual, sp_known_model_free);
}

static void
import_clear (Import *import)
{
  g_clear_pointer (&import->draft, sp_pack_unref);
  g_clear_pointer (&import->draft_file, sp_tensor_file_free);
  g_clear_pointer (&import->concepts, g_ptr_array_unref);
  g_free (import->levels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Import, import_clear)

static const char *const *
taps_of (const SpImportOptions *options)
{
  return options->taps ? options->taps : default_taps;
}

/* ---- What is known of the files ---- */

/* FALSE with an error; *known stays NULL when nothing is. */
static gboolean
identify (const char *path, const SpCheckpoint *checkpoint, const char *part, SpKnownModel **known,
          GError **error)
{
  GError *reason = NULL;
  g_autofree char *sha256 = sp_foreign_file_sha256 (sp_checkpoint_file (checkpoint), error);
  if (!sha256)
    return FALSE;
  *known = sp_known_model_find (path, sha256, &reason);
  if (reason) {
    g_propagate_error (error, reason);
    return FALSE;
  }
  if (*known && strcmp ((*known)->part, part) != 0)
    return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                   "it is known as one with %s, not with %s", (*known)->part, part);
  return TRUE;
}

/* Opens an optional file of a part: FALSE with an error; *checkpoint stays NULL when none is given.
 */
static gboolean
open_part (const char *path, const char *part, SpKnownModel **known, SpCheckpoint **checkpoint,
           GError **error)
{
  if (!path)
    return TRUE;
  *checkpoint = sp_checkpoint_open (path, error);
  return *checkpoint && identify (path, *checkpoint, part, known, error);
}

/* ---- The manifest ---- */

/* The generator file's name without its ending, as a pack may be called. */
static char *
name_of_file (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strchr (name, '.');

  if (dot && dot != name)
    *dot = 0;
  for (char *at = name; *at; at++)
    *at = g_ascii_isalnum (*at) ? g_ascii_tolower (*at) : '-';
  if (strlen (name) > MAXIMUM_NAME)
    name[MAXIMUM_NAME] = 0;
  return g_steal_pointer (&name);
}

static void
append_terms (GString *text, const char *part, const char *path, const SpKnownModel *known)
{
  if (!path)
    return;
  g_autofree char *shown = g_filename_display_basename (path);
  g_string_append_printf (text, "%s%s (“%s”): ", text->len ? "\n" : "", part, shown);
  if (known)
    g_string_append (text, known->licence);
  else
    g_string_append (text, "unknown; whoever published the file says what may be done with it.");
}

static char *
licence_text (const SpImportOptions *options, const SpImportReport *report)
{
  GString *text = g_string_new (NULL);

  if (options->licence)
    g_string_append_printf (text, "Generator: %s", options->licence);
  else
    append_terms (text, "Generator", options->generator, report->generator);
  append_terms (text, "Encoder", options->encoder, report->encoder);
  append_terms (text, "Perceptual net", options->perceptual, report->perceptual);
  return g_string_free (text, FALSE);
}

static char *
source_text (const SpImportOptions *options, const SpImportReport *report)
{
  if (options->source)
    return g_strdup (options->source);
  g_autofree char *shown = g_filename_display_basename (options->generator);
  return g_strdup_printf ("Imported from “%s”.%s%s", shown, report->generator ? " " : "",
                          report->generator ? report->generator->source : "");
}

static void
add_texts (JsonBuilder *builder, const Import *import)
{
  const SpImportOptions *options = import->options;
  const SpKnownModel *known = import->report->generator;
  g_autofree char *file_name = name_of_file (options->generator);
  g_autofree char *shown = g_filename_display_basename (options->generator);
  g_autofree char *licence = licence_text (options, import->report);
  g_autofree char *source = source_text (options, import->report);

  sp_manifest_add_text (builder, "name",
                        options->name ? options->name
                        : known       ? known->name
                                      : file_name);
  if (options->title || known)
    sp_manifest_add_text (builder, "title", options->title ? options->title : known->title);
  else /* a file's name may be longer than a title */
    sp_manifest_add_cut_text (builder, "title", shown, SP_MANIFEST_MAXIMUM_TITLE);
  sp_manifest_add_text (builder, "licence", licence);
  sp_manifest_add_text (builder, "source", source);
}

static void
add_units (JsonBuilder *builder, const char *key, const GArray *units)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (guint i = 0; i < units->len; i++)
    json_builder_add_int_value (builder, g_array_index (units, int, i));
  json_builder_end_array (builder);
}

/* All taps count alike, and together as one. */
static void
add_perceptual (JsonBuilder *builder, const SpImportOptions *options)
{
  const char *const *names = taps_of (options);
  guint n_taps = g_strv_length ((char **)(gsize)names);
  g_autofree SpPerceptualTap *taps = g_new (SpPerceptualTap, n_taps);
  for (guint i = 0; i < n_taps; i++)
    taps[i] = (SpPerceptualTap){ names[i], 1.0f / (float)n_taps };
  sp_manifest_add_perceptual (builder, n_taps, taps);
}

static void
add_concepts (JsonBuilder *builder, const GPtrArray *concepts)
{
  json_builder_set_member_name (builder, "concepts");
  json_builder_begin_array (builder);
  for (guint i = 0; concepts && i < concepts->len; i++) {
    const SpImportedConcept *concept = g_ptr_array_index (concepts, i);
    json_builder_begin_object (builder);
    sp_manifest_add_text (builder, "name", concept->name);
    sp_manifest_add_text (builder, "title", concept->title);
    add_units (builder, "units", concept->units);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static char *
make_manifest (const Import *import)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const SpKnownModel *known = import->report->generator;

  json_builder_begin_object (builder);
  add_texts (builder, import);
  sp_manifest_add_networks (builder, import->found.resolution, 1, import->options->clamp);
  if (import->draft && import->options->perceptual)
    add_perceptual (builder, import->options);
  if (import->concepts && known && known->excluded_units->len)
    add_units (builder, "excluded_units", known->excluded_units);
  add_concepts (builder, import->concepts);
  json_builder_end_object (builder);
  JsonNode *root = json_builder_get_root (builder);
  char *text = json_to_string (root, FALSE);
  json_node_unref (root);
  return text;
}

/* ---- Step 1: the generator alone ---- */

/* Saves under a name beside the target, opens that, and takes the name away again. */
static gboolean
open_draft (Import *import, SpPackWriter *writer, GError **error)
{
  g_autofree char *path = g_strconcat (import->options->output, ".XXXXXX", NULL);
  int descriptor = g_mkstemp (path);
  gboolean fine;

  if (descriptor < 0) {
    g_autofree char *shown = g_filename_display_name (import->options->output);
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "“%s” cannot be written there.", shown);
    return FALSE;
  }
  g_close (descriptor, NULL);
  fine = sp_pack_writer_save (writer, path, error);
  if (fine) {
    import->draft = sp_pack_open (path, error);
    import->draft_file = sp_tensor_file_open (path, import->options->output, error);
    fine = import->draft && import->draft_file;
  }
  g_unlink (path);
  return fine && sp_generator_shape (import->draft, &import->shape, error);
}

static gboolean
make_draft (Import *import, GError **error)
{
  const SpImportOptions *options = import->options;
  g_autoptr (SpCheckpoint) checkpoint = NULL;

  if (!open_part (options->generator, "generator", &import->report->generator, &checkpoint, error)
      || !sp_import_generator_find (checkpoint, &import->found, error))
    return FALSE;
  g_autofree char *manifest = make_manifest (import);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);
  return writer && sp_import_generator (checkpoint, &import->found, writer, error)
         && open_draft (import, writer, error);
}

/* ---- Concepts ---- */

static gboolean
find_levels (Import *import, GError **error)
{
  const SpImportOptions *options = import->options;

  if (options->levels) {
    import->levels =
        sp_import_levels (options->levels, import->shape.channels[SP_LATENT_LAYER], error);
    return import->levels != NULL;
  }
  if (options->samples == 0)
    return TRUE;
  g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, options->threads, error);
  if (backend)
    import->levels =
        sp_prior_levels (import->draft, backend, options->samples, LEVEL_QUANTILE, error);
  return import->levels != NULL;
}

static gboolean
find_concepts (Import *import, GError **error)
{
  const SpImportOptions *options = import->options;

  if (!find_levels (import, error))
    return FALSE;
  if (!options->rankings)
    return TRUE;
  if (!import->levels) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "Concepts need levels: give them with --levels, or samples to measure "
                         "them.");
    return FALSE;
  }
  import->concepts =
      sp_import_rankings (options->rankings, import->shape.channels[SP_LATENT_LAYER], error);
  return import->concepts != NULL;
}

/* p_c of a concept with units is each unit's level, as in the authors' demonstration. */
static gboolean
write_concepts (const Import *import, SpPackWriter *writer, GError **error)
{
  SpPackShape shape = SP_VECTOR_SHAPE (import->shape.channels[SP_LATENT_LAYER]);

  if (import->levels
      && !sp_pack_writer_add (writer, "latent.q99", shape, SP_PACK_FLOAT32, import->levels, error))
    return FALSE;
  for (guint i = 0; import->concepts && i < import->concepts->len; i++) {
    const SpImportedConcept *concept = g_ptr_array_index (import->concepts, i);
    g_autofree char *name = g_strdup_printf ("concept.%s.value", concept->name);
    if (!sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT32, import->levels, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- Step 2: the whole ---- */

static gboolean
write_generator (const Import *import, SpPackWriter *writer, GError **error)
{
  for (guint i = 0; i < sp_tensor_file_count (import->draft_file); i++) {
    const SpTensorEntry *entry = sp_tensor_file_entry (import->draft_file, i);
    g_autofree float *values = sp_tensor_file_read (import->draft_file, entry, error);
    if (!values
        || !sp_pack_writer_add (writer, entry->name, entry->shape, entry->precision, values, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_encoder (const Import *import, SpCheckpoint *checkpoint, SpPackWriter *writer, GError **error)
{
  if (!checkpoint)
    return TRUE;
  if (import->found.resolution != 128 && import->found.resolution != 256)
    return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                   "such an encoder serves generators of 128 or 256 pixels, not %d",
                                   import->found.resolution);
  return sp_import_encoder (checkpoint, import->shape.channels[SP_LATENT_LAYER], writer, error);
}

/* The names sort as the net runs. */
static const char *
deepest_tap (const SpImportOptions *options)
{
  const char *deepest = "";

  for (const char *const *tap = taps_of (options); *tap; tap++)
    if (strcmp (*tap, deepest) > 0)
      deepest = *tap;
  return deepest;
}

static gboolean
make_pack (Import *import, SpCheckpoint *encoder, SpCheckpoint *perceptual, GError **error)
{
  g_autofree char *manifest = make_manifest (import);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);

  return writer && write_generator (import, writer, error)
         && write_encoder (import, encoder, writer, error)
         && (!perceptual
             || sp_import_perceptual (perceptual, deepest_tap (import->options), writer, error))
         && write_concepts (import, writer, error)
         && sp_pack_writer_save (writer, import->options->output, error);
}

gboolean
sp_import (const SpImportOptions *options, SpImportReport *report, GError **error)
{
  g_auto (Import) import = { .options = options, .report = report };
  g_autoptr (SpCheckpoint) encoder = NULL;
  g_autoptr (SpCheckpoint) perceptual = NULL;

  *report = (SpImportReport){ 0 };
  if (!open_part (options->encoder, "encoder", &report->encoder, &encoder, error)
      || !open_part (options->perceptual, "perceptual", &report->perceptual, &perceptual, error)
      || !make_draft (&import, error) || !find_concepts (&import, error)
      || !make_pack (&import, encoder, perceptual, error))
    return FALSE;
  report->resolution = import.found.resolution;
  report->concepts = import.concepts ? import.concepts->len : 0;
  report->levels = import.levels != NULL;
  return TRUE;
}
