/* The course of a training. See course.h. */
#include "weights/train/course.h"

#include "weights/common/output.h"
#include "weights/train/checkpoint.h"
#include "weights/train/curve.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#define SECONDS_BETWEEN_LINES 15

/* ---- The folder ---- */

/* NAME and `ended` beside the pack NAME.safetensors. */
static char *
default_folder (const char *pack_path, const char *ended)
{
  static const char ending[] = ".safetensors";
  gsize length = strlen (pack_path);
  if (g_str_has_suffix (pack_path, ending))
    length -= strlen (ending);
  return g_strdup_printf ("%.*s%s", (int)length, pack_path, ended);
}

gboolean
sp_course_begin (SpCourse *course, const char *pack_path, GError **error)
{
  course->begin = g_get_monotonic_time ();
  course->folder = course->options->folder != NULL
                       ? g_strdup (course->options->folder)
                       : default_folder (pack_path, course->kind->ending);
  course->checkpoint = g_build_filename (course->folder, "checkpoint.safetensors", NULL);
  course->sheets = g_build_filename (course->folder, "sheets", NULL);
  if (g_mkdir_with_parents (course->sheets, 0777) == 0)
    return sp_output_check (pack_path, error);
  int reason = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason),
               "The folder “%s” cannot be made: %s.", course->sheets, g_strerror (reason));
  return FALSE;
}

void
sp_course_clear (SpCourse *course)
{
  g_free (course->folder);
  g_free (course->checkpoint);
  g_free (course->sheets);
}

gboolean
sp_course_load (SpCourse *course, SpTrainState *state, gboolean *loaded, GError **error)
{
  *loaded = FALSE;
  if (!sp_checkpoint_fits (state, course->options, error))
    return FALSE;
  if (course->options->restart || !g_file_test (course->checkpoint, G_FILE_TEST_EXISTS)) {
    if (!course->options->export_only)
      return TRUE;
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "There is no checkpoint in “%s” to make a pack of.", course->folder);
    return FALSE;
  }
  if (!sp_checkpoint_load (state, course->options, course->checkpoint, error))
    return FALSE;
  *loaded = TRUE;
  sp_host_tell (course->host, "Going on from step %u.", state->step);
  return TRUE;
}

/* ---- The loop ---- */

typedef struct {
  const SpCourse *course;
  const SpTrainState *state;
  SpCurve *curve;
  guint first_step;
  gint64 start, last_checkpoint, last_line;
} Loop;

static double
seconds_since (gint64 time)
{
  return (double)(g_get_monotonic_time () - time) / G_USEC_PER_SEC;
}

static gboolean
save (Loop *loop, GError **error)
{
  const SpCourse *course = loop->course;
  loop->last_checkpoint = g_get_monotonic_time ();
  return course->kind->fetch (course->subject, error)
         && sp_checkpoint_save (loop->state, course->options, course->checkpoint, error);
}

/* "WORDS VALUE, " for each that is there. */
static void
append_words (GString *line, const SpCourseColumn *columns, guint n, const double *values)
{
  for (guint i = 0; i < n; i++)
    if (columns[i].words != NULL && isfinite (values[i]))
      g_string_append_printf (line, "%s %.4g, ", columns[i].words, values[i]);
}

static gboolean
look (const Loop *loop, double *figures, GError **error)
{
  const SpCourse *course = loop->course;
  const SpCourseKind *kind = course->kind;
  g_autofree char *name = g_strdup_printf ("%07u.png", loop->state->step);
  g_autofree char *path = g_build_filename (course->sheets, name, NULL);
  g_autoptr (GString) words = g_string_new (NULL);
  if (!kind->look (course->subject, path, figures, error))
    return FALSE;
  append_words (words, kind->columns + kind->n_losses, kind->n_figures, figures);
  sp_host_tell (course->host, "step %u: %ssheet %s", loop->state->step, words->str, path);
  return TRUE;
}

static void
report (Loop *loop, const double *losses)
{
  const SpCourse *course = loop->course;
  guint step = loop->state->step, steps = course->options->steps;
  double each = seconds_since (loop->start) / (step - loop->first_step);
  g_autoptr (GString) words = g_string_new (NULL);
  loop->last_line = g_get_monotonic_time ();
  append_words (words, course->kind->columns, course->kind->n_losses, losses);
  sp_host_tell (course->host, "step %u of %u: %s%.2f s a step, %.1f hours left", step, steps,
                words->str, each, each * (steps - step) / 3600);
}

static gboolean
after_step (Loop *loop, GError **error)
{
  const SpTrainOptions *options = loop->course->options;
  const SpCourseKind *kind = loop->course->kind;
  gpointer subject = loop->course->subject;
  guint step = loop->state->step;
  gboolean is_sheet = step % options->sheet_steps == 0;
  gboolean is_row = is_sheet || step % options->curve_steps == 0;
  gboolean is_line = seconds_since (loop->last_line) >= SECONDS_BETWEEN_LINES;
  double values[SP_COURSE_MOST_COLUMNS];

  for (guint i = 0; i < kind->n_losses + kind->n_figures; i++)
    values[i] = NAN;
  kind->tell (subject);
  if ((is_row || is_line) && !kind->losses (subject, values, error))
    return FALSE;
  if (is_line)
    report (loop, values);
  if (is_sheet && !look (loop, values + kind->n_losses, error))
    return FALSE;
  if (is_row && !sp_curve_add (loop->curve, step, seconds_since (loop->start), values, error))
    return FALSE;
  return seconds_since (loop->last_checkpoint) < options->checkpoint_seconds || save (loop, error);
}

static gboolean
time_is_up (const SpCourse *course)
{
  return course->options->seconds > 0 && seconds_since (course->begin) >= course->options->seconds;
}

static gboolean
run_steps (Loop *loop, GError **error)
{
  const SpCourse *course = loop->course;
  while (loop->state->step < course->options->steps && !time_is_up (course)) {
    if (g_cancellable_is_cancelled (course->cancellable))
      break;
    if (!course->kind->step (course->subject, error) || !after_step (loop, error))
      return FALSE;
  }
  if (loop->state->step > loop->first_step && !save (loop, error))
    return FALSE;
  if (!g_cancellable_is_cancelled (course->cancellable))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
               "Interrupted after step %u; the same command goes on from there.",
               loop->state->step);
  return FALSE;
}

gboolean
sp_course_run (SpCourse *course, SpTrainState *state, GError **error)
{
  const SpCourseKind *kind = course->kind;
  g_autofree char *path = g_build_filename (course->folder, "curve.csv", NULL);
  g_autoptr (GString) header = g_string_new ("step,seconds");
  guint n_columns = kind->n_losses + kind->n_figures;
  for (guint i = 0; i < n_columns; i++)
    g_string_append_printf (header, ",%s", kind->columns[i].name);
  g_autoptr (SpCurve) curve = sp_curve_open (path, header->str, n_columns, state->step, error);
  Loop loop = { course, state, curve, state->step, 0, 0, 0 };
  loop.start = loop.last_checkpoint = loop.last_line = g_get_monotonic_time ();
  return curve != NULL && run_steps (&loop, error);
}
