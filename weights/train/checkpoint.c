/* The state of a training as a file. See checkpoint.h.
 *
 * One function walks over everything there is to keep; saving and loading are what it does with
 * each array.
 */
#include "weights/train/checkpoint.h"

#include "engine/tensor-file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define FORMAT "semantic-paint-training"
#define VERSION "2" /* 1: the discriminator had averages */

/* ---- What there is ---- */

typedef struct {
  char *name;
  gsize elements;
  float *values;
} Array;

static void
array_clear (gpointer data)
{
  g_free (((Array *)data)->name);
}

static void
add (GArray *arrays, char *name, gsize elements, float *values)
{
  Array array = { name, elements, values };
  if (elements > 0)
    g_array_append_val (arrays, array);
  else
    g_free (name);
}

static void
add_optimiser (GArray *arrays, const SpOptimiser *optimiser)
{
  for (guint i = 0; i < optimiser->moments->len; i++) {
    const SpParameter *parameter = sp_parameters_get (optimiser->parameters, i);
    const SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, i);
    const char *name = parameter->name;
    add (arrays, g_strconcat ("value.", name, NULL), parameter->elements, parameter->values);
    if (moments->average != NULL)
      add (arrays, g_strconcat ("average.", name, NULL), parameter->elements, moments->average);
    add (arrays, g_strconcat ("moment1.", name, NULL), parameter->elements, moments->moment1);
    add (arrays, g_strconcat ("moment2.", name, NULL), parameter->elements, moments->moment2);
  }
}

static void
add_mixing (GArray *arrays, const SpMixing *mixing)
{
  add (arrays, g_strdup ("mixing.donors"),
       (gsize)mixing->pictures * mixing->channels * mixing->cells * mixing->cells, mixing->donors);
  add (arrays, g_strdup ("mixing.sums"), (gsize)mixing->concepts * mixing->channels, mixing->sums);
  add (arrays, g_strdup ("mixing.weights"), mixing->concepts, mixing->weights);
}

static void
add_matching (GArray *arrays, const SpMatching *matching)
{
  gsize n = sp_matching_elements (matching);
  add (arrays, g_strdup ("moments.drawn"), n, matching->drawn);
  add (arrays, g_strdup ("moments.photos"), n, matching->photos);
  add (arrays, g_strdup ("moments.root"), (gsize)matching->channels * matching->channels,
       matching->root);
}

static void
add_scenes (GArray *arrays, const SpScenes *scenes)
{
  add (arrays, g_strdup ("scenes.drawn"), sp_scenes_elements (scenes), scenes->drawn);
  add (arrays, g_strdup ("scenes.photos"), sp_scenes_elements (scenes), scenes->photos);
}

static GArray *
list_arrays (const SpTrainState *state)
{
  GArray *arrays = g_array_new (FALSE, FALSE, sizeof (Array));
  g_array_set_clear_func (arrays, array_clear);
  add_optimiser (arrays, state->model);
  add_optimiser (arrays, state->discriminator->optimiser);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    add (arrays, g_strdup_printf ("discriminator.%u.left", layer),
         sp_discriminator_outputs (state->discriminator, layer), state->discriminator->left[layer]);
  if (state->mixing != NULL)
    add_mixing (arrays, state->mixing);
  if (state->matching != NULL)
    add_matching (arrays, state->matching);
  if (state->scenes != NULL)
    add_scenes (arrays, state->scenes);
  return arrays;
}

/* ---- Saving ---- */

static char *
make_header (const SpTrainState *state, const SpTrainOptions *options, const GArray *arrays)
{
  g_autofree char *described = sp_train_options_describe (options);
  GString *text = g_string_new (NULL);
  guint64 offset = 0;
  g_string_append_printf (text,
                          "{\"__metadata__\":{\"format\":\"" FORMAT "\",\"version\":\"" VERSION
                          "\",\"options\":\"%s\",\"step\":\"%u\",\"updates\":\"%u %u\"}",
                          described, state->step, state->model->step,
                          state->discriminator->optimiser->step);
  for (guint i = 0; i < arrays->len; i++) {
    const Array *array = &g_array_index (arrays, Array, i);
    guint64 end = offset + array->elements * sizeof (float);
    g_string_append_printf (text,
                            ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%" G_GSIZE_FORMAT
                            "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
                            array->name, array->elements, offset, end);
    offset = end;
  }
  g_string_append_c (text, '}');
  while (text->len % 8 != 0)
    g_string_append_c (text, ' ');
  return g_string_free (text, FALSE);
}

gboolean
sp_checkpoint_fits (const SpTrainState *state, const SpTrainOptions *options, GError **error)
{
  g_autoptr (GArray) arrays = list_arrays (state);
  g_autofree char *header = make_header (state, options, arrays);
  guint64 bytes = sizeof (guint64) + strlen (header);
  for (guint i = 0; i < arrays->len; i++)
    bytes += g_array_index (arrays, Array, i).elements * sizeof (float);
  if (bytes <= SP_TENSOR_FILE_MAXIMUM_BYTES)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "A checkpoint of this training would have %.2f GiB; it can have %.0f. Train smaller "
               "networks, or with smaller or fewer pictures at a step.",
               (double)bytes / (1 << 30), (double)SP_TENSOR_FILE_MAXIMUM_BYTES / (1 << 30));
  return FALSE;
}

/* What the reader takes for damage must not get into a file. */
static gboolean
check_values (const SpTrainState *state, const GArray *arrays, GError **error)
{
  for (guint i = 0; i < arrays->len; i++) {
    const Array *array = &g_array_index (arrays, Array, i);
    gsize wrong = 0;
    for (gsize k = 0; k < array->elements; k++)
      wrong += !(fabsf (array->values[k]) <= SP_TENSOR_MAXIMUM_VALUE); /* also NaN */
    if (wrong == 0)
      continue;
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The training is coming apart at step %u: “%s” holds a number beyond a million, "
                 "which no checkpoint can. Go on from the last checkpoint with lower learning "
                 "rates or weights.",
                 state->step, array->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
write_all (int file, const void *bytes, gsize n)
{
  for (gsize done = 0; done < n;) {
    gssize written = write (file, (const char *)bytes + done, n - done);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return FALSE;
    done += (gsize)written;
  }
  return TRUE;
}

/* Little-endian, as every safetensors file. */
static gboolean
write_floats (int file, const float *values, gsize n)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  return write_all (file, values, n * sizeof (float));
#else
  g_autofree guint32 *swapped = g_new (guint32, n);
  memcpy (swapped, values, n * sizeof (float));
  for (gsize i = 0; i < n; i++)
    swapped[i] = GUINT32_TO_LE (swapped[i]);
  return write_all (file, swapped, n * sizeof (float));
#endif
}

static gboolean
write_file (int file, const char *header, const GArray *arrays)
{
  guint64 length = GUINT64_TO_LE ((guint64)strlen (header));
  gboolean fine =
      write_all (file, &length, sizeof length) && write_all (file, header, strlen (header));
  for (guint i = 0; i < arrays->len && fine; i++) {
    const Array *array = &g_array_index (arrays, Array, i);
    fine = write_floats (file, array->values, array->elements);
  }
  return fine && fsync (file) == 0;
}

gboolean
sp_checkpoint_save (const SpTrainState *state, const SpTrainOptions *options, const char *path,
                    GError **error)
{
  g_autoptr (GArray) arrays = list_arrays (state);
  g_autofree char *header = make_header (state, options, arrays);
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  if (!check_values (state, arrays, error))
    return FALSE;
  int file = g_open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  gboolean fine = file >= 0 && write_file (file, header, arrays);
  int reason = errno;
  if (file >= 0 && close (file) != 0 && fine) {
    reason = errno;
    fine = FALSE;
  }
  if (fine && g_rename (temporary, path) != 0) {
    reason = errno;
    fine = FALSE;
  }
  if (fine)
    return TRUE;
  if (file >= 0)
    g_unlink (temporary);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason),
               "The checkpoint “%s” cannot be written: %s.", path, g_strerror (reason));
  return FALSE;
}

/* ---- Loading ---- */

static gboolean
check_kind (const SpTensorFile *file, const SpTrainOptions *options, const char *path,
            GError **error)
{
  const char *format = sp_tensor_file_metadata (file, "format");
  const char *version = sp_tensor_file_metadata (file, "version");
  const char *saved = sp_tensor_file_metadata (file, "options");
  g_autofree char *described = sp_train_options_describe (options);
  if (g_strcmp0 (format, FORMAT) != 0 || version == NULL || saved == NULL)
    return sp_tensor_file_damaged (file, error, "it is no checkpoint");
  if (strcmp (version, VERSION) != 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The checkpoint “%s” is of another version of this program. Begin anew with "
                 "--restart or in another folder.",
                 path);
    return FALSE;
  }
  if (strcmp (saved, described) == 0)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "The checkpoint “%s” is of another training (%s; asked for: %s). Give the same "
               "options, another folder, or --restart.",
               path, saved, described);
  return FALSE;
}

static gboolean
load_array (const SpTensorFile *file, const Array *array, GError **error)
{
  const SpTensorEntry *entry = sp_tensor_file_find (file, array->name);
  if (entry == NULL || entry->precision != SP_PACK_FLOAT32 || entry->elements != array->elements)
    return sp_tensor_file_damaged (file, error, "“%s” is missing or of another size", array->name);
  g_autofree float *values = sp_tensor_file_read (file, entry, error);
  if (values != NULL)
    memcpy (array->values, values, array->elements * sizeof (float));
  return values != NULL;
}

static gboolean
load_counts (const SpTensorFile *file, SpTrainState *state, GError **error)
{
  const char *step = sp_tensor_file_metadata (file, "step");
  const char *updates = sp_tensor_file_metadata (file, "updates");
  char rest;
  if (step != NULL && updates != NULL && sscanf (step, "%u%c", &state->step, &rest) == 1
      && sscanf (updates, "%u %u%c", &state->model->step, &state->discriminator->optimiser->step,
                 &rest)
             == 2)
    return TRUE;
  return sp_tensor_file_damaged (file, error, "it does not say how many steps it has done");
}

gboolean
sp_checkpoint_load (SpTrainState *state, const SpTrainOptions *options, const char *path,
                    GError **error)
{
  g_autoptr (GArray) arrays = list_arrays (state);
  SpTensorFile *file = sp_tensor_file_open (path, path, error);
  if (file == NULL)
    return FALSE;
  gboolean fine = check_kind (file, options, path, error) && load_counts (file, state, error);
  for (guint i = 0; i < arrays->len && fine; i++)
    fine = load_array (file, &g_array_index (arrays, Array, i), error);
  sp_tensor_file_free (file);
  return fine;
}
