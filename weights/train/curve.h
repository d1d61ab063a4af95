/* The losses of a training as CSV, a row every few steps. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SpCurve SpCurve;

/* `header`: the columns' names, step, seconds and `n_columns` more. Goes on with the file at
 * `path`; rows after `step` are of a run that was not kept and are dropped. */
SpCurve *sp_curve_open (const char *path, const char *header, guint n_columns, guint step,
                        GError **error);
void sp_curve_free (SpCurve *curve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCurve, sp_curve_free)

/* A value for each column, NAN for none. Fails with a G_FILE_ERROR. */
gboolean sp_curve_add (SpCurve *curve, guint step, double seconds, const double *values,
                       GError **error);

G_END_DECLS
