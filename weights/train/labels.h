/* Concepts and labels of the training data: which concept lies where in a photo.
 *
 * concepts.ini names the concepts; a group for each: title, classes (numbers of polygons), colours
 * (of label images, #rrggbb), boxes (true: its labels are boxes around it, with whatever else is in
 * them). A label map has a word of bits for each pixel: bit i for concept i,
 * and SP_LABEL_KNOWN where the labels say anything at all.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

#define SP_MAXIMUM_CONCEPTS 31
#define SP_LABEL_KNOWN (1u << 31)

typedef struct {
  char *name, *title;
  GArray *classes; /* int */
  GArray *colours; /* guint32, 0xrrggbb */
  gboolean boxes;
} SpConceptRule;

typedef struct {
  GPtrArray *rules; /* SpConceptRule */
} SpConceptRules;

/* Reads concepts.ini. Fails with SP_ERROR_SETTING or a G_FILE_ERROR, one sentence with the path. */
SpConceptRules *sp_concept_rules_read (const char *path, GError **error);
void sp_concept_rules_free (SpConceptRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpConceptRules, sp_concept_rules_free)

/* The map of `area` of a photo at width x height pixels; free with g_free(). A file of polygons in
 * the photo's pixels (`path` ends in .xml), or a label image opened as `image`. */
guint32 *sp_labels_from_polygons (const SpConceptRules *rules, const char *path, SpRectangle area,
                                  int width, int height, GError **error);
guint32 *sp_labels_from_image (const SpConceptRules *rules, const SpPhoto *image, int photo_width,
                               int photo_height, SpRectangle area, int width, int height,
                               GError **error);

G_END_DECLS
