/* Edits on photos, and what becomes of them. */
#pragma once

#include "weights/evaluate/places.h"
#include "weights/evaluate/studio.h"

G_BEGIN_DECLS

typedef struct _SpEditTrials SpEditTrials;

SpEditTrials *sp_edit_trials_new (SpStudio *studio, const SpPlaces *places,
                                  const SpEvaluateOptions *options, SpEvaluationReport *report);
void sp_edit_trials_free (SpEditTrials *trials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEditTrials, sp_edit_trials_free)

/* Looks at labelled photos, for what each concept's features really are. */
gboolean sp_edit_trials_learn_real (SpEditTrials *trials, SpDataset *dataset,
                                    const SpPhotoList *photos, GError **error);

/* Edits the studio's opened photo, number `photo`: in turn an insertion and a removal, of the
 * concept that has had the fewest so far and for which there is a place. */
gboolean sp_edit_trials_photo (SpEditTrials *trials, guint photo, GError **error);

/* Sets the report's distances. */
void sp_edit_trials_conclude (SpEditTrials *trials);

/* edits-1.png, edits-2.png, ...: two edits a row; for each the photo, the stroke (red: removal),
 * G (ze), G' (ze), the result, and Poisson's. */
gboolean sp_edit_trials_save (const SpEditTrials *trials, const char *folder, GError **error);

G_END_DECLS
