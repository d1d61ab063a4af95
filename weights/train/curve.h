/* The losses of a training as CSV, a row every few steps. */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct _SpCurve SpCurve;

/* Goes on with the file at `path`; rows after `step` are of a run that was not kept and are
 * dropped. */
SpCurve *sp_curve_open (const char *path, guint step, GError **error);
void sp_curve_free (SpCurve *curve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCurve, sp_curve_free)

/* `psnr` may be NAN. Fails with a G_FILE_ERROR. */
gboolean sp_curve_add (SpCurve *curve, guint step, double seconds, const SpLosses *losses,
                       double psnr, GError **error);

G_END_DECLS
