/* semantic-paint compare: how well the pack and each perturbation network hold given photos.
 *
 * The figures behind docs/perturbation.md and docs/results.md: PSNR by encoder and after inversion,
 * whether inversion finds the latent of the generator's own pictures again, and for each kind of R
 * and number of steps the figures of engine/method/measure.h. For people who choose defaults or
 * train packs.
 */
#include "plug-in/cli/command.h"

#include "engine/device.h"
#include "engine/method/adapt.h"
#include "engine/method/invert.h"
#include "engine/method/measure.h"
#include "engine/method/preview.h"
#include "engine/pack.h"
#include "engine/photo/photo.h"
#include "plug-in/cli/image-file.h"

#include <string.h>

#define MAXIMUM_COUNTS 8

/* ---- Options ---- */

typedef struct {
  char *pack, *perturbations, *layers, *steps, *device, *instructions;
  int inversion_steps, threads;
  double learning_rate, regularisation;
  gboolean constant_rate, no_hole, precise;
  char **photos;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->pack);
  g_free (options->perturbations);
  g_free (options->layers);
  g_free (options->steps);
  g_free (options->device);
  g_free (options->instructions);
  g_strfreev (options->photos);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse_options (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "pack", 0, 0, G_OPTION_ARG_FILENAME, &options->pack, "Pack (default: the bundled one)",
      "FILE" },
    { "perturbation", 0, 0, G_OPTION_ARG_STRING, &options->perturbations,
      "Kinds of R: free, lowrank, heads (default: all)", "LIST" },
    { "layers", 0, 0, G_OPTION_ARG_STRING, &options->layers,
      "Perturbed layers (default: the last of the four highest scales)", "LIST" },
    { "steps", 0, 0, G_OPTION_ARG_STRING, &options->steps,
      "Numbers of adaptation steps to measure (default: 100,1000)", "LIST" },
    { "learning-rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->learning_rate,
      "Learning rate of R (default: 0.01 free, 0.1 lowrank, 0.02 heads)", "X" },
    { "constant-rate", 0, 0, G_OPTION_ARG_NONE, &options->constant_rate,
      "Let R learn at the same rate throughout, as the paper's", NULL },
    { "regularisation", 0, 0, G_OPTION_ARG_DOUBLE, &options->regularisation,
      "Weight of the perturbations' mean square (default: 0.1)", "X" },
    { "invert-steps", 0, 0, G_OPTION_ARG_INT, &options->inversion_steps,
      "Steps of inversion (default: 100)", "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options->device, "auto (default), cpu or cuda",
      "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "Threads (default: all)", "N" },
    { "instructions", 0, 0, G_OPTION_ARG_STRING, &options->instructions,
      "Processor instructions: best (default), plain, avx2, avx512 or neon", "WORD" },
    { "precise", 0, 0, G_OPTION_ARG_NONE, &options->precise, "Round less where it costs time",
      NULL },
    { "no-hole", 0, 0, G_OPTION_ARG_NONE, &options->no_hole,
      "Keep the whole photo instead of leaving a rectangle out", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->photos, NULL, "PHOTO..." },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_set_summary (
      context, "Measures how well a pack and its perturbation network hold photos. Writes JSON.");
  g_option_context_add_main_entries (context, entries, NULL);
  options->inversion_steps = 100;
  options->regularisation = (double)sp_settings_default ().regularisation;
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (!(options->learning_rate >= 0 && options->learning_rate <= 10)
      || !(options->regularisation >= 0 && options->regularisation <= 1e6)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "The learning rate must be from 0 to 10 and the regularisation from 0 to 1e6.");
    return FALSE;
  }
  if (options->photos == NULL || options->inversion_steps < 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "compare needs at least one photo and a number of steps of 0 or more.");
    return FALSE;
  }
  return TRUE;
}

/* "6,8,10,12" into at most `most` numbers; returns how many, 0 with an error. */
static guint
parse_numbers (const char *list, int *numbers, guint most, GError **error)
{
  g_auto (GStrv) words = g_strsplit (list, ",", -1);
  guint n = g_strv_length (words);
  for (guint i = 0; i < n && n <= most; i++) {
    gint64 number;
    if (!g_ascii_string_to_signed (words[i], 10, 0, 1000000, &number, error))
      return 0;
    numbers[i] = (int)number;
  }
  if (n >= 1 && n <= most)
    return n;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "“%s” must be 1 to %u numbers.",
               list, most);
  return 0;
}

/* "free,heads" into kinds; returns how many, 0 with an error. */
static guint
parse_kinds (const char *list, SpPerturbationKind kinds[MAXIMUM_COUNTS], GError **error)
{
  g_auto (GStrv) words = g_strsplit (list, ",", MAXIMUM_COUNTS);
  for (guint n = 0; words[n] != NULL; n++)
    if (!sp_parse_perturbation (words[n], &kinds[n], error))
      return 0;
  return g_strv_length (words);
}

/* ---- One photo ---- */

typedef struct {
  const Options *options;
  SpPack *pack;
  SpBackend *backend;
  SpSettings settings;
  int steps[MAXIMUM_COUNTS];
  guint n_steps;
  SpPerturbationKind kinds[MAXIMUM_COUNTS];
  guint n_kinds;
  JsonBuilder *json;
} Comparison;

typedef struct {
  SpWindow window;
  float *photo;  /* 3 x H x W */
  float *latent; /* z4 after inversion */
  SpShape latent_shape;
} Subject;

static void
subject_clear (Subject *subject)
{
  g_free (subject->photo);
  g_free (subject->latent);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

static gboolean
read_subject (Comparison *comparison, const char *path, Subject *subject, GError **error)
{
  g_autoptr (GeglBuffer) buffer = sp_image_load (path, error);
  if (buffer == NULL)
    return FALSE;
  SpPhoto photo = sp_image_photo (buffer);
  int resolution = sp_pack_resolution (comparison->pack);
  SpRectangle whole = { 0, 0, photo.width, photo.height };
  if (!sp_window_choose (photo.width, photo.height, whole, resolution, resolution / 8, FALSE,
                         &subject->window, error))
    return FALSE;
  subject->photo = sp_window_read (&subject->window, &photo, error);
  return subject->photo != NULL;
}

static gboolean
invert (Comparison *comparison, SpInversion *inversion, const float *photo, guint steps,
        SpShape shape, float **latent, GError **error)
{
  if (!sp_inversion_run (inversion, photo, steps, NULL, NULL, NULL, error))
    return FALSE;
  *latent = g_new (float, sp_shape_elements (shape));
  sp_inversion_read_latent (inversion, *latent);
  return TRUE;
}

/* G(latent) without perturbations. */
static gboolean
draw (Comparison *comparison, const Subject *subject, const float *latent, float **picture,
      GError **error)
{
  g_autoptr (SpAdaptation) adaptation = sp_adaptation_new (
      comparison->pack, comparison->backend, subject->latent_shape, &comparison->settings, error);
  g_autoptr (SpPreview) preview =
      adaptation ? sp_preview_new (comparison->pack, comparison->backend, adaptation, error) : NULL;
  if (preview == NULL)
    return FALSE;
  *picture = g_new (float, 3 * (gsize)subject->window.height * subject->window.width);
  sp_preview_draw (preview, latent, NULL, *picture);
  return TRUE;
}

/* Inversion of the photo, and of the generator's own picture, whose true latent is known. */
static gboolean
measure_inversion (Comparison *comparison, Subject *subject, GError **error)
{
  int height = subject->window.height, width = subject->window.width;
  guint steps = (guint)comparison->options->inversion_steps;
  g_autofree float *encoded = NULL, *by_encoder = NULL, *inverted = NULL;
  g_autofree float *own_encoded = NULL, *own_inverted = NULL;
  g_autoptr (SpInversion) inversion =
      sp_inversion_new (comparison->pack, comparison->backend, height, width, error);
  if (inversion == NULL)
    return FALSE;
  subject->latent_shape = sp_inversion_latent_shape (inversion);
  SpShape shape = subject->latent_shape;
  if (!invert (comparison, inversion, subject->photo, 0, shape, &encoded, error)
      || !draw (comparison, subject, encoded, &by_encoder, error)
      || !invert (comparison, inversion, by_encoder, 0, shape, &own_encoded, error)
      || !invert (comparison, inversion, by_encoder, steps, shape, &own_inverted, error)
      || !invert (comparison, inversion, subject->photo, steps, shape, &subject->latent, error)
      || !draw (comparison, subject, subject->latent, &inverted, error))
    return FALSE;

  sp_json_add_number (comparison->json, "psnr_encoder",
                      sp_psnr (by_encoder, subject->photo, NULL, height, width));
  sp_json_add_number (comparison->json, "psnr_inverted",
                      sp_psnr (inverted, subject->photo, NULL, height, width));
  sp_json_add_number (comparison->json, "correlation_encoder",
                      sp_measure_correlation (encoded, own_encoded, shape));
  sp_json_add_number (comparison->json, "correlation_inverted",
                      sp_measure_correlation (encoded, own_inverted, shape));
  return TRUE;
}

static gboolean
measure_kind (Comparison *comparison, const Subject *subject, SpPerturbationKind kind,
              GError **error)
{
  comparison->settings.perturbation = kind;
  for (guint i = 0; i < comparison->n_steps; i++) {
    SpHoleFigures figures;
    if (!sp_measure_perturbation (
            comparison->pack, comparison->backend, subject->photo, subject->window.height,
            subject->window.width, subject->latent_shape, subject->latent, &comparison->settings,
            (guint)comparison->steps[i], !comparison->options->no_hole, NULL, &figures, error))
      return FALSE;
    json_builder_begin_object (comparison->json);
    sp_json_add_string (comparison->json, "perturbation", sp_perturbation_word (kind));
    sp_json_add_integer (comparison->json, "steps", comparison->steps[i]);
    sp_json_add_number (comparison->json, "psnr_outside", figures.psnr_outside);
    sp_json_add_number (comparison->json, "psnr_inside", figures.psnr_inside);
    sp_json_add_number (comparison->json, "rim", figures.rim);
    sp_json_add_number (comparison->json, "seconds", figures.seconds);
    json_builder_end_object (comparison->json);
  }
  return TRUE;
}

static gboolean
measure_photo (Comparison *comparison, const char *path, GError **error)
{
  g_auto (Subject) subject = { 0 };
  g_autofree char *name = g_path_get_basename (path);

  if (!read_subject (comparison, path, &subject, error))
    return FALSE;
  json_builder_begin_object (comparison->json);
  sp_json_add_string (comparison->json, "photo", name);
  if (!measure_inversion (comparison, &subject, error))
    return FALSE;
  json_builder_set_member_name (comparison->json, "adaptation");
  json_builder_begin_array (comparison->json);
  for (guint i = 0; i < comparison->n_kinds; i++)
    if (!measure_kind (comparison, &subject, comparison->kinds[i], error))
      return FALSE;
  json_builder_end_array (comparison->json);
  json_builder_end_object (comparison->json);
  return TRUE;
}

/* ---- The command ---- */

static SpPack *
open_pack (const Options *options, GError **error)
{
  g_autofree char *path = sp_job_find_pack (options->pack, error);
  return path != NULL ? sp_pack_open (path, error) : NULL;
}

static gboolean
prepare (Comparison *comparison, GError **error)
{
  const Options *options = comparison->options;
  const char *steps = options->steps != NULL ? options->steps : "100,1000";
  const char *kinds =
      options->perturbations != NULL ? options->perturbations : "free,lowrank,heads";
  comparison->settings = sp_settings_default ();
  comparison->settings.threads = options->threads;
  comparison->settings.precise = options->precise;
  comparison->settings.learning_rate = (float)options->learning_rate;
  comparison->settings.constant_rate = options->constant_rate;
  comparison->settings.regularisation = (float)options->regularisation;
  if ((options->device != NULL
       && !sp_parse_device (options->device, &comparison->settings.device, error))
      || (options->instructions != NULL
          && !sp_instructions_parse (options->instructions, &comparison->settings.instructions,
                                     error)))
    return FALSE;
  comparison->n_steps = parse_numbers (steps, comparison->steps, MAXIMUM_COUNTS, error);
  comparison->n_kinds = comparison->n_steps > 0 ? parse_kinds (kinds, comparison->kinds, error) : 0;
  if (comparison->n_kinds == 0)
    return FALSE;
  if (options->layers != NULL
      && parse_numbers (options->layers, comparison->settings.perturbed_layers,
                        SP_MAXIMUM_PERTURBED_LAYERS, error)
             == 0)
    return FALSE;
  comparison->pack = open_pack (options, error);
  if (comparison->pack == NULL)
    return FALSE;
  comparison->backend = sp_device_open (&comparison->settings, error);
  return comparison->backend != NULL;
}

static gboolean
compare (const Options *options, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Comparison comparison = { .options = options, .json = json };
  gboolean done = prepare (&comparison, error);
  json_builder_begin_array (json);
  for (char **path = options->photos; done && *path != NULL; path++) {
    g_printerr ("%s\n", *path);
    done = measure_photo (&comparison, *path, error);
  }
  if (done) {
    json_builder_end_array (json);
    sp_json_print (json);
  }
  g_clear_pointer (&comparison.backend, sp_backend_free);
  g_clear_pointer (&comparison.pack, sp_pack_unref);
  return done;
}

int
sp_command_compare (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  if (!parse_options (argc, argv, &options, &error))
    return sp_command_fail ("compare", SP_EXIT_USAGE, error);
  gegl_init (NULL, NULL);
  gboolean done = compare (&options, &error);
  gegl_exit ();
  if (!done)
    return sp_command_fail ("compare",
                            error->domain == G_OPTION_ERROR
                                    || g_error_matches (error, SP_ERROR, SP_ERROR_SETTING)
                                ? SP_EXIT_USAGE
                                : SP_EXIT_FAILED,
                            error);
  return SP_EXIT_DONE;
}
