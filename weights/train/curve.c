/* The losses as CSV. See curve.h. */
#include "weights/train/curve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

struct _SpCurve {
  char *path;
  FILE *file;
  guint n_columns; /* after step and seconds */
};

/* The header and the rows up to `step`. */
static char *
kept_text (const char *path, const char *header, guint step)
{
  GString *kept = g_string_new (header);
  g_autofree char *text = NULL;
  g_string_append_c (kept, '\n');
  if (!g_file_get_contents (path, &text, NULL, NULL) || step == 0)
    return g_string_free (kept, FALSE);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && strtoul (lines[i], NULL, 10) <= step)
      g_string_append_printf (kept, "%s\n", lines[i]);
  return g_string_free (kept, FALSE);
}

static gboolean
fail (const char *path, int reason, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be written: %s.",
               path, g_strerror (reason));
  return FALSE;
}

SpCurve *
sp_curve_open (const char *path, const char *header, guint n_columns, guint step, GError **error)
{
  g_autofree char *text = kept_text (path, header, step);
  if (!g_file_set_contents (path, text, -1, error))
    return NULL;
  FILE *file = g_fopen (path, "ae");
  if (file == NULL) {
    fail (path, errno, error);
    return NULL;
  }
  SpCurve *curve = g_new0 (SpCurve, 1);
  curve->path = g_strdup (path);
  curve->file = file;
  curve->n_columns = n_columns;
  return curve;
}

void
sp_curve_free (SpCurve *curve)
{
  if (curve == NULL)
    return;
  fclose (curve->file);
  g_free (curve->path);
  g_free (curve);
}

/* A point for decimals whatever the locale; nothing for what is not there. */
static void
append_number (GString *row, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_c (row, ',');
  if (isfinite (value))
    g_string_append (row, g_ascii_formatd (text, sizeof text, "%.6g", value));
}

gboolean
sp_curve_add (SpCurve *curve, guint step, double seconds, const double *values, GError **error)
{
  GString *row = g_string_new (NULL);
  g_string_append_printf (row, "%u", step);
  append_number (row, seconds);
  for (guint i = 0; i < curve->n_columns; i++)
    append_number (row, values[i]);
  g_string_append_c (row, '\n');
  gboolean fine = fputs (row->str, curve->file) >= 0 && fflush (curve->file) == 0;
  int reason = errno;
  g_string_free (row, TRUE);
  return fine || fail (curve->path, reason, error);
}
