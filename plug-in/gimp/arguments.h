/* What one call of the plug-in is to do: from a procedure's parameters, or from the last dialog. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

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

/* A script's words and numbers as they came; NULL is "". */
typedef struct {
  const char *concept, *operation, *strength, *pack;
  int steps, seed;
} SpGimpWords;

/* Everything but the drawables, which sp_gimp_check_drawables() checks. */
gboolean sp_gimp_arguments_parse (SpGimpArguments *arguments, const SpGimpWords *words,
                                  GError **error);

/* Without a dialog the start values must be complete: the pack's first concept where there is
 * none, as there. */
gboolean sp_gimp_arguments_complete (SpGimpArguments *arguments, GError **error);

/* "low", "medium" or "high", else the number: what sp_strength_parse() reads. Free with g_free().
 */
char *sp_gimp_strength_word (double strength);
const char *sp_gimp_operation_word (SpEditOperation operation);

/* Checks the steps that a script gives. */
gboolean sp_gimp_check_steps (int steps, GError **error);
SpSettings sp_gimp_settings (int steps);

/* The names of a pack's concepts, NULL-terminated; `pack` NULL or "": the bundled one. Free with
 * g_strfreev(). */
char **sp_gimp_concepts (const char *pack, GError **error);

/* How a host is to answer: the arguments make no sense, or the user changed his mind (no error at
 * all: the dialog was closed); else it went wrong. */
gboolean sp_gimp_error_is_calling (const GError *error);
gboolean sp_gimp_error_is_cancelled (const GError *error);

G_END_DECLS
