/* Semantic Paint as a plug-in of GIMP 2.10: its procedures and their run modes.
 *
 * What they do is plug-in/gimp/'s business. Every failure goes
 * back to GIMP with a sentence: GIMP_PDB_CALLING_ERROR for arguments that make no sense, otherwise
 * GIMP_PDB_EXECUTION_ERROR.
 */
#include "plug-in/gimp/apply.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/render.h"
#include "plug-in/gimp/texts.h"
#include "plug-in/gimp2/parameters.h"
#include "plug-in/memory.h"
#include "plug-in/waiting.h"
#ifdef SP_WITH_DIALOG
#include "plug-in/gimp/interactive.h"
#endif

#include <string.h>

/* ---- Registration ---- */

#define PARAMETER(type, name, blurb)                                                               \
  {                                                                                                \
    GIMP_PDB_##type, (gchar *)name, (gchar *)blurb                                                 \
  }

static const GimpParamDef edit_parameters[] = {
  PARAMETER (INT32, "run-mode", SP_GIMP_RUN_MODE_BLURB),
  PARAMETER (IMAGE, "image", SP_GIMP_IMAGE_BLURB),
  PARAMETER (DRAWABLE, "drawable", SP_GIMP_DRAWABLE_BLURB),
  PARAMETER (DRAWABLE, "strokes", SP_GIMP_STROKES_BLURB),
  PARAMETER (STRING, "concept", SP_GIMP_CONCEPT_BLURB),
  PARAMETER (STRING, "operation", SP_GIMP_OPERATION_BLURB),
  PARAMETER (STRING, "strength", SP_GIMP_STRENGTH_BLURB),
  PARAMETER (DRAWABLE, "reference", SP_GIMP_REFERENCE_BLURB),
  PARAMETER (INT32, "steps", SP_GIMP_STEPS_BLURB),
  PARAMETER (INT32, "seed", SP_GIMP_SEED_BLURB),
  PARAMETER (STRING, "pack", SP_GIMP_PACK_BLURB),
};
static const GimpParamDef edit_values[] = {
  PARAMETER (LAYER, "layer", SP_GIMP_LAYER_BLURB),
};

static const GimpParamDef render_parameters[] = {
  PARAMETER (INT32, "run-mode", SP_GIMP_RUN_MODE_BLURB),
  PARAMETER (IMAGE, "image", SP_GIMP_IMAGE_BLURB),
  PARAMETER (DRAWABLE, "drawable", SP_GIMP_RESULT_BLURB),
  PARAMETER (DRAWABLE, "photo", SP_GIMP_PHOTO_BLURB),
  PARAMETER (STRING, "strength", SP_GIMP_AGAIN_STRENGTH_BLURB),
  PARAMETER (INT32, "steps", SP_GIMP_AGAIN_STEPS_BLURB),
  PARAMETER (INT32, "seed", SP_GIMP_AGAIN_SEED_BLURB),
  PARAMETER (STRING, "pack", SP_GIMP_AGAIN_PACK_BLURB),
};
static const GimpParamDef render_values[] = {
  PARAMETER (LAYER, "layer", SP_GIMP_AGAIN_LAYER_BLURB),
};

static const GimpParamDef concepts_parameters[] = {
  PARAMETER (STRING, "pack", SP_GIMP_PACK_BLURB),
};
static const GimpParamDef concepts_values[] = {
  PARAMETER (INT32, "num-concepts", "The number of concepts"),
  PARAMETER (STRINGARRAY, "concepts", SP_GIMP_CONCEPTS_VALUE_BLURB),
};

static void
query (void)
{
  gimp_install_procedure (SP_GIMP_PROCEDURE, SP_GIMP_EDIT_BLURB, SP_GIMP_EDIT_HELP, SP_GIMP_AUTHORS,
                          SP_GIMP_AUTHORS, SP_GIMP_YEAR, SP_GIMP_EDIT_LABEL, SP_GIMP_IMAGE_TYPES,
                          GIMP_PLUGIN, G_N_ELEMENTS (edit_parameters), G_N_ELEMENTS (edit_values),
                          edit_parameters, edit_values);
  gimp_plugin_menu_register (SP_GIMP_PROCEDURE, SP_GIMP_MENU);
  gimp_install_procedure (SP_GIMP_RENDER_PROCEDURE, SP_GIMP_RENDER_BLURB, SP_GIMP_RENDER_HELP,
                          SP_GIMP_AUTHORS, SP_GIMP_AUTHORS, SP_GIMP_YEAR, SP_GIMP_RENDER_LABEL,
                          SP_GIMP_IMAGE_TYPES, GIMP_PLUGIN, G_N_ELEMENTS (render_parameters),
                          G_N_ELEMENTS (render_values), render_parameters, render_values);
  gimp_plugin_menu_register (SP_GIMP_RENDER_PROCEDURE, SP_GIMP_MENU);
  gimp_install_procedure (SP_GIMP_CONCEPTS_PROCEDURE, SP_GIMP_CONCEPTS_BLURB, SP_GIMP_CONCEPTS_HELP,
                          SP_GIMP_AUTHORS, SP_GIMP_AUTHORS, SP_GIMP_YEAR, NULL, "", GIMP_PLUGIN,
                          G_N_ELEMENTS (concepts_parameters), G_N_ELEMENTS (concepts_values),
                          concepts_parameters, concepts_values);
}

/* ---- Editing ---- */

static gint32
edit_with_dialog (SpGimpArguments *arguments, GError **error)
{
  sp_gimp2_arguments_recall (arguments);
#ifdef SP_WITH_DIALOG
  gint32 layer = sp_gimp_interactive (arguments, error);
  if (layer >= 0)
    sp_gimp2_arguments_remember (arguments);
  return layer;
#else
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       "This Semantic Paint was built without its dialog: call " SP_GIMP_PROCEDURE
                       " from a script.");
  return -1;
#endif
}

static gint32
edit_as_last_time (SpGimpArguments *arguments, GError **error)
{
  sp_gimp2_arguments_recall (arguments);
  if (!sp_gimp_arguments_complete (arguments, error))
    return -1;
  return sp_gimp_apply_in_status_bar (arguments, TRUE, error);
}

static gboolean
check_number (const char *procedure, int n_parameters, guint wanted, GError **error)
{
  if (n_parameters == (int)wanted)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "%s takes %u parameters, not %d.", procedure,
               wanted, n_parameters);
  return FALSE;
}

static gint32
edit_by_script (SpGimpArguments *arguments, int n_parameters, const GimpParam *parameters,
                GError **error)
{
  if (!check_number (SP_GIMP_PROCEDURE, n_parameters, G_N_ELEMENTS (edit_parameters), error)
      || !sp_gimp2_arguments_read (arguments, parameters, error))
    return -1;
  return sp_gimp_apply_in_status_bar (arguments, FALSE, error);
}

/* A menu call brings run-mode, image and drawable only. */
static gint32
edit (int n_parameters, const GimpParam *parameters, GError **error)
{
  SpGimpArguments arguments = { .image = parameters[1].data.d_image, .strokes = -1 };
  GimpRunMode mode = parameters[0].data.d_int32;
  arguments.photo = sp_gimp_photo_layer (arguments.image, parameters[2].data.d_drawable, error);
  if (arguments.photo < 0)
    return -1;
  gint32 layer;
  if (mode == GIMP_RUN_NONINTERACTIVE)
    layer = edit_by_script (&arguments, n_parameters, parameters, error);
  else if (mode == GIMP_RUN_WITH_LAST_VALS)
    layer = edit_as_last_time (&arguments, error);
  else
    layer = edit_with_dialog (&arguments, error);
  sp_gimp_arguments_clear (&arguments);
  if (layer >= 0 && mode != GIMP_RUN_NONINTERACTIVE)
    gimp_displays_flush ();
  return layer;
}

/* As kept, but for what a script says. */
static gint32
render (int n_parameters, const GimpParam *parameters, GError **error)
{
  SpGimpAgain again = { .image = parameters[1].data.d_image,
                        .layer = parameters[2].data.d_drawable,
                        .photo = -1,
                        .steps = -1,
                        .seed = -1 };
  GimpRunMode mode = parameters[0].data.d_int32;
  if (mode == GIMP_RUN_NONINTERACTIVE) {
    if (!check_number (SP_GIMP_RENDER_PROCEDURE, n_parameters, G_N_ELEMENTS (render_parameters),
                       error))
      return -1;
    again.photo = parameters[3].data.d_drawable;
    again.strength = parameters[4].data.d_string;
    again.steps = parameters[5].data.d_int32;
    again.seed = parameters[6].data.d_int32;
    again.pack = parameters[7].data.d_string;
  }
  gint32 layer = sp_gimp_render_again (&again, error);
  if (layer >= 0 && mode != GIMP_RUN_NONINTERACTIVE)
    gimp_displays_flush ();
  return layer;
}

/* ---- Answers ---- */

/* GIMP reads them after run() has returned, so they outlive it. */
static GimpParam answers[3];

static void
answer_failure (const GError *error, int *n_answers)
{
  gboolean cancelled = sp_gimp_error_is_cancelled (error);
  answers[0].data.d_status = cancelled                          ? GIMP_PDB_CANCEL
                             : sp_gimp_error_is_calling (error) ? GIMP_PDB_CALLING_ERROR
                                                                : GIMP_PDB_EXECUTION_ERROR;
  *n_answers = 1;
  if (cancelled)
    return;
  answers[1].type = GIMP_PDB_STRING;
  answers[1].data.d_string = g_strdup (error->message);
  *n_answers = 2;
}

static void
answer_layer (gint32 layer, const GError *error, int *n_answers)
{
  if (layer < 0) {
    answer_failure (error, n_answers);
    return;
  }
  answers[1].type = GIMP_PDB_LAYER;
  answers[1].data.d_layer = layer;
  *n_answers = 2;
}

static void
answer_concepts (const char *path, int *n_answers)
{
  g_autoptr (GError) error = NULL;
  char **names = sp_gimp_concepts (path, &error);
  *n_answers = 3;
  if (names == NULL) {
    answer_failure (error, n_answers);
    /* GIMP fills up missing answers with their declared types, and would take the sentence's
     * pointer for the array's length, and crash. */
    answers[2].type = GIMP_PDB_INT32;
    *n_answers = 3;
    return;
  }
  answers[1].type = GIMP_PDB_INT32;
  answers[1].data.d_int32 = (gint32)g_strv_length (names);
  answers[2].type = GIMP_PDB_STRINGARRAY;
  answers[2].data.d_stringarray = names;
}

static void
run (const gchar *name, gint n_parameters, const GimpParam *parameters, gint *n_answers,
     GimpParam **values)
{
  g_autoptr (GError) error = NULL;
  *values = answers;
  answers[0].type = GIMP_PDB_STATUS;
  answers[0].data.d_status = GIMP_PDB_SUCCESS;
  if (strcmp (name, SP_GIMP_CONCEPTS_PROCEDURE) == 0) {
    answer_concepts (parameters[0].data.d_string, n_answers);
    return;
  }
  gegl_init (NULL, NULL);
  gint32 layer = strcmp (name, SP_GIMP_RENDER_PROCEDURE) == 0
                     ? render (n_parameters, parameters, &error)
                     : edit (n_parameters, parameters, &error);
  answer_layer (layer, error, n_answers);
}

const GimpPlugInInfo PLUG_IN_INFO = { NULL, NULL, query, run };

int
main (int argc, char **argv)
{
  sp_wait_politely (argv);
  sp_give_memory_back ();
  return gimp_main (&PLUG_IN_INFO, argc, argv);
}
