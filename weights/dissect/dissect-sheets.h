/* Sheets of a dissection. */
#pragma once

#include "weights/dissect/dissect.h"

G_BEGIN_DECLS

/* A row for each concept: its three best units by overlap, each on the four pictures that it is
 * strongest in, dark where it is below its threshold. */
gboolean sp_dissect_unit_sheet (const SpDissection *dissection, const SpSurvey *survey,
                                const SpHost *host, const char *path, GError **error);

/* A row for each concept: a picture without it as the generator draws it, then after each setting
 * in the order of SpSetting; a picture with it, and after the settings that remove. */
gboolean sp_dissect_effect_sheet (const SpDissection *dissection, int side, const SpHost *host,
                                  const char *path, GError **error);

/* A row for each concept: a picture without it as the generator draws it, then with each of its
 * exemplars there, in the order of the seeds. */
gboolean sp_dissect_exemplar_sheet (const SpDissection *dissection, int side, const SpHost *host,
                                    const char *path, GError **error);

G_END_DECLS
