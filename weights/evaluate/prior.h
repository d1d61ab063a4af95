/* The prior of packs whose generator begins at z. */
#pragma once

#include "weights/evaluate/studio.h"

G_BEGIN_DECLS

/* Draws `samples` z of the studio's pack, compares the pictures with the listed photos, and looks
 * for the latents of the first few; sets report->prior. */
gboolean sp_prior_measure (SpStudio *studio, SpDataset *dataset, const SpPhotoList *photos,
                           guint samples, SpEvaluationReport *report, GError **error);

G_END_DECLS
