/* How well a pack holds photos. */
#pragma once

#include "weights/evaluate/studio.h"
#include "weights/common/sheet.h"

G_BEGIN_DECLS

/* Adds the figures of the studio's opened photo to the report. */
gboolean sp_holding_measure (SpStudio *studio, SpEvaluationReport *report, GError **error);

/* A row for each photo: it, G (E (x)), G (z4), G' (z4). */
typedef struct {
  SpSheet *sheet;
  int row;
} SpHoldingSheet;

SpHoldingSheet *sp_holding_sheet_new (const SpStudio *studio, guint photos);
void sp_holding_sheet_free (SpHoldingSheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpHoldingSheet, sp_holding_sheet_free)
void sp_holding_sheet_put (SpHoldingSheet *sheet, const SpStudio *studio);
gboolean sp_holding_sheet_save (const SpHoldingSheet *sheet, const SpHost *host, const char *folder,
                                GError **error);

/* Adds the figures on windows of 2 x 3 times the resolution of the photos in
 * options->large_folder; where there are sheets, large.png: photo, G (E (x)), G (z4). */
gboolean sp_holding_large (SpWork *work, const SpPack *pack, const SpEvaluateOptions *options,
                           SpEvaluationReport *report, GError **error);

G_END_DECLS
