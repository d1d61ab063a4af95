/* What the way back into a photo of higher resolution costs, and what fine detail brings back. */
#pragma once

#include "weights/evaluate/studio.h"

G_BEGIN_DECLS

/* Adds the figures of the photos in options->large_folder to the report: of each the middle
 * square, of four times the resolution, whose middle is drawn anew as by a generator without fault,
 * and laid back smooth and with fine detail (engine/photo/detail.h). Where there are sheets,
 * detail.png: the middle of the photo, smooth, with detail. */
gboolean sp_redrawing_measure (SpStudio *studio, const SpEvaluateOptions *options,
                               SpEvaluationReport *report, GError **error);

G_END_DECLS
