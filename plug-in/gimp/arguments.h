/* What one call of the plug-in is to do: from a procedure's parameters, or from the last dialog. */
#pragma once

#include <libgimp/gimp.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

#define SP_GIMP_PROCEDURE "plug-in-semantic-paint"

/* Steps: SP_GIMP_DEFAULT_STEPS, 0 for a preview without training, else the most that each stage of
 * the engine takes. */
#define SP_GIMP_DEFAULT_STEPS -1

typedef struct {
  gint32 image;
  gint32 photo;   /* layer */
  gint32 strokes; /* layer, channel, layer mask or the selection; -1: none */
  char *concept;  /* owned */
  SpEditOperation operation;
  double strength;
  gint32 reference; /* layer of any image; -1: none */
  int steps;
  guint seed;
  char *pack; /* owned; NULL: the bundled one */
} SpGimpArguments;

void sp_gimp_arguments_clear (SpGimpArguments *arguments);

/* From the parameters of SP_GIMP_PROCEDURE after run-mode, image and drawable (which the caller has
 * read). Words and numbers only; drawables are checked by sp_gimp_check_drawables(). */
gboolean sp_gimp_arguments_read (SpGimpArguments *arguments, const GimpParam *parameters,
                                 GError **error);

/* What the dialog used last in this run of GIMP, else defaults. Drawables are those of last time
 * where they still exist in the image. */
void sp_gimp_arguments_recall (SpGimpArguments *arguments);
void sp_gimp_arguments_remember (const SpGimpArguments *arguments);

/* "low", "medium" or "high", else the number: what sp_strength_parse() reads. Free with g_free().
 */
char *sp_gimp_strength_word (double strength);
const char *sp_gimp_operation_word (SpEditOperation operation);

SpSettings sp_gimp_settings (const SpGimpArguments *arguments);

G_END_DECLS
