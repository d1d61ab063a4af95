/* Semantic Paint as a plug-in of GIMP 2.10: its procedures and their run modes.
 *
 * Drawables and pixels are apply.c's business, the dialog is interactive.c's. Every failure goes
 * back to GIMP with a sentence: GIMP_PDB_CALLING_ERROR for arguments that make no sense, otherwise
 * GIMP_PDB_EXECUTION_ERROR.
 */
#include "plug-in/gimp2/apply.h"
#include "plug-in/gimp2/drawables.h"
#include "plug-in/job.h"
#include "plug-in/memory.h"
#include "plug-in/waiting.h"
#ifdef SP_WITH_DIALOG
#include "plug-in/gimp2/interactive.h"
#endif

#include <string.h>

#define CONCEPTS_PROCEDURE SP_GIMP_PROCEDURE "-concepts"

/* ---- Registration ---- */

static const GimpParamDef edit_parameters[] = {
  { GIMP_PDB_INT32, (gchar *)"run-mode",
    (gchar *)"RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1), RUN-WITH-LAST-VALS (2)" },
  { GIMP_PDB_IMAGE, (gchar *)"image", (gchar *)"Image, RGB or grayscale, any precision" },
  { GIMP_PDB_DRAWABLE, (gchar *)"drawable", (gchar *)"The photo: a layer" },
  { GIMP_PDB_DRAWABLE, (gchar *)"strokes",
    (gchar *)"Where to edit: a layer (its alpha, else its lightness), a channel, a layer mask or "
             "the selection, of the same image" },
  { GIMP_PDB_STRING, (gchar *)"concept",
    (gchar *)"What: a name that " CONCEPTS_PROCEDURE " lists" },
  { GIMP_PDB_STRING, (gchar *)"operation", (gchar *)"add, remove or restyle" },
  { GIMP_PDB_STRING, (gchar *)"strength", (gchar *)"low, medium, high or a number from 0 to 1" },
  { GIMP_PDB_DRAWABLE, (gchar *)"reference",
    (gchar *)"For restyle: a layer of any image whose look to take; else -1" },
  { GIMP_PDB_INT32, (gchar *)"steps",
    (gchar *)"The most steps that each stage takes; 0: a preview without training; -1: the "
             "default" },
  { GIMP_PDB_INT32, (gchar *)"seed", (gchar *)"Which example of the concept to add, 0 or more" },
  { GIMP_PDB_STRING, (gchar *)"pack",
    (gchar *)"A pack's file with the generator and its concepts; \"\": the bundled one" },
};

static const GimpParamDef edit_values[] = {
  { GIMP_PDB_LAYER, (gchar *)"layer", (gchar *)"The new layer, just above the photo" },
};

static const GimpParamDef concepts_parameters[] = {
  { GIMP_PDB_STRING, (gchar *)"pack", (gchar *)"A pack's file; \"\": the bundled one" },
};

static const GimpParamDef concepts_values[] = {
  { GIMP_PDB_INT32, (gchar *)"num-concepts", (gchar *)"The number of concepts" },
  { GIMP_PDB_STRINGARRAY, (gchar *)"concepts", (gchar *)"Their names" },
};

#define AUTHORS "Semantic Paint's authors"
#define YEAR "2026"

static void
query (void)
{
  gimp_install_procedure (
      SP_GIMP_PROCEDURE, "Edit a photo by concept: paint strokes, choose \"tree\", get a tree",
      "Adds, removes or restyles a concept where strokes were painted, with a generative image "
      "prior that is fitted to the photo. The result is a new layer with alpha just above the "
      "photo, in one undo step; the photo itself is untouched, and only what is selected is "
      "edited. Interactively and with the last values the strokes' layer is hidden afterwards, so "
      "that the result shows, and the photo's layer stays the active one; run-mode "
      "RUN-NONINTERACTIVE leaves both to the script.",
      AUTHORS, AUTHORS, YEAR, "Semantic _Paint...", "RGB*, GRAY*", GIMP_PLUGIN,
      G_N_ELEMENTS (edit_parameters), G_N_ELEMENTS (edit_values), edit_parameters, edit_values);
  gimp_plugin_menu_register (SP_GIMP_PROCEDURE, "<Image>/Filters");
  gimp_install_procedure (CONCEPTS_PROCEDURE, "List the concepts that Semantic Paint can edit",
                          "The names that " SP_GIMP_PROCEDURE " takes, from a pack.", AUTHORS,
                          AUTHORS, YEAR, NULL, "", GIMP_PLUGIN, G_N_ELEMENTS (concepts_parameters),
                          G_N_ELEMENTS (concepts_values), concepts_parameters, concepts_values);
}

/* ---- Editing ---- */

/* Without a dialog the start values must be complete: the pack's first concept, as there. */
static gboolean
choose_concept (SpGimpArguments *arguments, GError **error)
{
  if (arguments->concept)
    return TRUE;
  g_autofree char *path =
      arguments->pack ? g_strdup (arguments->pack) : sp_job_bundled_pack (error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  if (!pack)
    return FALSE;
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  arguments->concept = g_strdup (n_concepts ? concepts[0].name : "");
  return TRUE;
}

static gint32
edit_with_dialog (SpGimpArguments *arguments, GError **error)
{
  sp_gimp_arguments_recall (arguments);
#ifdef SP_WITH_DIALOG
  gint32 layer = sp_gimp_interactive (arguments, error);
  if (layer >= 0)
    sp_gimp_arguments_remember (arguments);
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
  sp_gimp_arguments_recall (arguments);
  if (!choose_concept (arguments, error))
    return -1;
  return sp_gimp_apply_in_status_bar (arguments, TRUE, error);
}

static gint32
edit_by_script (SpGimpArguments *arguments, int n_parameters, const GimpParam *parameters,
                GError **error)
{
  if (n_parameters != (int)G_N_ELEMENTS (edit_parameters)) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 SP_GIMP_PROCEDURE " takes %d parameters, not %d.",
                 (int)G_N_ELEMENTS (edit_parameters), n_parameters);
    return -1;
  }
  if (!sp_gimp_arguments_read (arguments, parameters, error))
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
  gegl_init (NULL, NULL);
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

/* ---- Answers ---- */

/* GIMP reads them after run() has returned, so they outlive it. */
static GimpParam answers[3];

static void
answer_failure (const GError *error, int *n_answers)
{
  gboolean cancelled = !error || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gboolean calling = g_error_matches (error, SP_ERROR, SP_ERROR_SETTING)
                     || g_error_matches (error, SP_ERROR, SP_ERROR_CONCEPT);
  answers[0].data.d_status = cancelled ? GIMP_PDB_CANCEL
                             : calling ? GIMP_PDB_CALLING_ERROR
                                       : GIMP_PDB_EXECUTION_ERROR;
  *n_answers = 1;
  if (cancelled)
    return;
  answers[1].type = GIMP_PDB_STRING;
  answers[1].data.d_string = g_strdup (error->message);
  *n_answers = 2;
}

static void
answer_edit (int n_parameters, const GimpParam *parameters, int *n_answers)
{
  g_autoptr (GError) error = NULL;
  gint32 layer = edit (n_parameters, parameters, &error);
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
  g_autofree char *bundled = path && *path ? NULL : sp_job_bundled_pack (&error);
  if (bundled)
    path = bundled;
  g_autoptr (SpPack) pack = error ? NULL : sp_pack_open (path, &error);
  if (!pack) {
    answer_failure (error, n_answers);
    /* GIMP fills up missing answers with their declared types, and would take the sentence's
     * pointer for the array's length, and crash. */
    answers[2].type = GIMP_PDB_INT32;
    *n_answers = 3;
    return;
  }
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  char **names = g_new0 (char *, n_concepts + 1);
  for (guint i = 0; i < n_concepts; i++)
    names[i] = g_strdup (concepts[i].name);
  answers[1].type = GIMP_PDB_INT32;
  answers[1].data.d_int32 = (gint32)n_concepts;
  answers[2].type = GIMP_PDB_STRINGARRAY;
  answers[2].data.d_stringarray = names;
  *n_answers = 3;
}

static void
run (const gchar *name, gint n_parameters, const GimpParam *parameters, gint *n_answers,
     GimpParam **values)
{
  *values = answers;
  answers[0].type = GIMP_PDB_STATUS;
  answers[0].data.d_status = GIMP_PDB_SUCCESS;
  if (strcmp (name, CONCEPTS_PROCEDURE) == 0)
    answer_concepts (parameters[0].data.d_string, n_answers);
  else
    answer_edit (n_parameters, parameters, n_answers);
}

const GimpPlugInInfo PLUG_IN_INFO = { NULL, NULL, query, run };

int
main (int argc, char **argv)
{
  sp_wait_politely (argv);
  sp_give_memory_back ();
  return gimp_main (&PLUG_IN_INFO, argc, argv);
}
