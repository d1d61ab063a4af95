/* Semantic Paint as a plug-in of GIMP 3: its procedures, their arguments and their run modes.
 *
 * What they do is plug-in/gimp/'s business. GIMP itself keeps the last values, in the procedure's
 * config, and holds calls to the ranges and choices that are declared here. Every failure goes back
 * with a sentence: GIMP_PDB_CALLING_ERROR for arguments that make no sense, otherwise
 * GIMP_PDB_EXECUTION_ERROR.
 */
#include <libgimp/gimp.h>

#include "plug-in/gimp/apply.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/render.h"
#include "plug-in/gimp/texts.h"
#include "plug-in/memory.h"
#include "plug-in/waiting.h"
#ifdef SP_WITH_DIALOG
#include "plug-in/gimp/interactive.h"
#endif

/* GIMP wants names of three letters or more in front of a type's. */
#define SEM_TYPE_PAINT (sem_paint_get_type ())
G_DECLARE_FINAL_TYPE (SemPaint, sem_paint, SEM, PAINT, GimpPlugIn)

struct _SemPaint {
  GimpPlugIn parent_instance;
};

G_DEFINE_TYPE (SemPaint, sem_paint, GIMP_TYPE_PLUG_IN)

/* ---- Arguments ---- */

static gint32
item_argument (GimpProcedureConfig *config, const char *name)
{
  g_autoptr (GObject) item = NULL;
  g_object_get (config, name, &item, NULL);
  return item != NULL ? gimp_item_get_id (GIMP_ITEM (item)) : -1;
}

/* The path of a file argument; NULL: none. Free with g_free(). */
static char *
path_argument (GimpProcedureConfig *config, const char *name)
{
  g_autoptr (GFile) file = NULL;
  g_object_get (config, name, &file, NULL);
  return file != NULL ? g_file_get_path (file) : NULL;
}

static char *
choice_argument (GimpProcedureConfig *config, const char *name)
{
  char *choice = NULL;
  g_object_get (config, name, &choice, NULL);
  return choice;
}

static gboolean
read_arguments (SpGimpArguments *arguments, GimpProcedureConfig *config, GError **error)
{
  g_autofree char *concept = choice_argument (config, "concept");
  g_autofree char *operation = choice_argument (config, "operation");
  g_autofree char *strength = choice_argument (config, "strength");
  g_autofree char *pack = path_argument (config, "pack");
  SpGimpWords words = { concept, operation, strength, pack };
  g_object_get (config, "steps", &words.steps, "seed", &words.seed, NULL);
  arguments->strokes = item_argument (config, "strokes");
  arguments->reference = item_argument (config, "reference");
  return sp_gimp_arguments_parse (arguments, &words, error);
}

/* What the dialog used last, else defaults: whatever it is, it is a start and no error. */
static void
recall_arguments (SpGimpArguments *arguments, GimpProcedureConfig *config)
{
  g_autofree char *concept = choice_argument (config, "concept");
  g_autofree char *operation = choice_argument (config, "operation");
  g_autofree char *strength = choice_argument (config, "strength");
  int seed = 0;
  g_object_get (config, "steps", &arguments->steps, "seed", &seed, NULL);
  arguments->seed = (guint)seed;
  arguments->concept = concept != NULL && *concept != '\0' ? g_strdup (concept) : NULL;
  if (!sp_edit_operation_parse (operation, &arguments->operation, NULL))
    arguments->operation = SP_EDIT_ADD;
  if (!sp_strength_parse (strength, &arguments->strength, NULL))
    arguments->strength = SP_STRENGTH_HIGH;
  arguments->pack = path_argument (config, "pack");
  arguments->reference = item_argument (config, "reference");
  arguments->strokes = item_argument (config, "strokes");
  if (!sp_gimp_can_be_strokes (arguments->strokes, arguments->image, arguments->photo))
    arguments->strokes = sp_gimp_likely_strokes (arguments->image, arguments->photo);
}

#ifdef SP_WITH_DIALOG
/* GIMP keeps the config of a call that succeeded. */
static void
remember_arguments (const SpGimpArguments *arguments, GimpProcedureConfig *config)
{
  g_autofree char *strength = sp_gimp_strength_word (arguments->strength);
  g_autoptr (GFile) pack = arguments->pack != NULL ? g_file_new_for_path (arguments->pack) : NULL;
  GimpItem *reference = gimp_item_id_is_valid (arguments->reference)
                            ? gimp_item_get_by_id (arguments->reference)
                            : NULL;
  g_object_set (config, "strokes", gimp_item_get_by_id (arguments->strokes), "concept",
                arguments->concept, "operation", sp_gimp_operation_word (arguments->operation),
                "strength", strength, "reference", reference, "steps", arguments->steps, "seed",
                (int)arguments->seed, "pack", pack, NULL);
}
#endif

/* ---- Editing ---- */

/* -1 with an error unless the user has chosen one layer. */
static gint32
chosen_layer (GimpDrawable **drawables, gint32 image, GError **error)
{
  if (drawables == NULL || drawables[0] == NULL || drawables[1] != NULL) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "Choose one layer.");
    return -1;
  }
  return sp_gimp_photo_layer (image, gimp_item_get_id (GIMP_ITEM (drawables[0])), error);
}

static gint32
edit_with_dialog (SpGimpArguments *arguments, GimpProcedureConfig *config, GError **error)
{
  recall_arguments (arguments, config);
#ifdef SP_WITH_DIALOG
  gint32 layer = sp_gimp_interactive (arguments, error);
  if (layer >= 0)
    remember_arguments (arguments, config);
  return layer;
#else
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       "This Semantic Paint was built without its dialog: call " SP_GIMP_PROCEDURE
                       " from a script.");
  return -1;
#endif
}

static gint32
edit (SpGimpArguments *arguments, GimpRunMode mode, GimpProcedureConfig *config, GError **error)
{
  switch (mode) {
  case GIMP_RUN_NONINTERACTIVE:
    return read_arguments (arguments, config, error)
               ? sp_gimp_apply_in_status_bar (arguments, FALSE, error)
               : -1;
  case GIMP_RUN_WITH_LAST_VALS:
    recall_arguments (arguments, config);
    return sp_gimp_arguments_complete (arguments, error)
               ? sp_gimp_apply_in_status_bar (arguments, TRUE, error)
               : -1;
  default:
    return edit_with_dialog (arguments, config, error);
  }
}

/* ---- Answers ---- */

/* Takes the error. */
static GimpValueArray *
answer_failure (GimpProcedure *procedure, GError *error)
{
  if (sp_gimp_error_is_cancelled (error)) {
    g_clear_error (&error);
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
  }
  return gimp_procedure_new_return_values (
      procedure,
      sp_gimp_error_is_calling (error) ? GIMP_PDB_CALLING_ERROR : GIMP_PDB_EXECUTION_ERROR, error);
}

static GimpValueArray *
answer_layer (GimpProcedure *procedure, gint32 layer, GimpRunMode mode, GError *error)
{
  if (layer < 0)
    return answer_failure (procedure, error);
  if (mode != GIMP_RUN_NONINTERACTIVE)
    gimp_displays_flush ();
  GimpValueArray *values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  GIMP_VALUES_SET_LAYER (values, 1, GIMP_LAYER (gimp_item_get_by_id (layer)));
  return values;
}

static GimpValueArray *
run_edit (GimpProcedure *procedure, GimpRunMode mode, GimpImage *image, GimpDrawable **drawables,
          GimpProcedureConfig *config, gpointer data)
{
  GError *error = NULL;
  SpGimpArguments arguments = { .image = gimp_image_get_id (image), .strokes = -1 };
  gegl_init (NULL, NULL);
  arguments.photo = chosen_layer (drawables, arguments.image, &error);
  gint32 layer = arguments.photo >= 0 ? edit (&arguments, mode, config, &error) : -1;
  sp_gimp_arguments_clear (&arguments);
  return answer_layer (procedure, layer, mode, error);
}

/* As kept, but for what a script says. */
static GimpValueArray *
run_render (GimpProcedure *procedure, GimpRunMode mode, GimpImage *image, GimpDrawable **drawables,
            GimpProcedureConfig *config, gpointer data)
{
  GError *error = NULL;
  g_autofree char *strength = NULL, *pack = NULL;
  SpGimpAgain again = { .image = gimp_image_get_id (image), .photo = -1, .steps = -1, .seed = -1 };
  gegl_init (NULL, NULL);
  if (mode == GIMP_RUN_NONINTERACTIVE) {
    again.photo = item_argument (config, "photo");
    again.strength = strength = choice_argument (config, "strength");
    again.pack = pack = path_argument (config, "pack");
    g_object_get (config, "steps", &again.steps, "seed", &again.seed, NULL);
  }
  again.layer = chosen_layer (drawables, again.image, &error);
  gint32 layer = again.layer >= 0 ? sp_gimp_render_again (&again, &error) : -1;
  return answer_layer (procedure, layer, mode, error);
}

static GimpValueArray *
run_concepts (GimpProcedure *procedure, GimpProcedureConfig *config, gpointer data)
{
  GError *error = NULL;
  g_autofree char *pack = path_argument (config, "pack");
  char **names = sp_gimp_concepts (pack, &error);
  if (names == NULL)
    return answer_failure (procedure, error);
  GimpValueArray *values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  GIMP_VALUES_TAKE_STRV (values, 1, names);
  return values;
}

/* ---- Registration ---- */

static void
describe (GimpProcedure *procedure, const char *label, const char *blurb, const char *help)
{
  gimp_procedure_set_documentation (procedure, blurb, help, NULL);
  gimp_procedure_set_attribution (procedure, SP_GIMP_AUTHORS, SP_GIMP_AUTHORS, SP_GIMP_YEAR);
  if (label == NULL)
    return;
  gimp_procedure_set_image_types (procedure, SP_GIMP_IMAGE_TYPES);
  gimp_procedure_set_sensitivity_mask (procedure, GIMP_PROCEDURE_SENSITIVE_DRAWABLE);
  gimp_procedure_set_menu_label (procedure, label);
  gimp_procedure_add_menu_path (procedure, SP_GIMP_MENU);
}

/* Any file, for GIMP's own check of one that must exist has no words for people. */
static void
add_pack_argument (GimpProcedure *procedure, const char *blurb)
{
  gimp_procedure_add_file_argument (procedure, "pack", "Pac_k", blurb, GIMP_FILE_CHOOSER_ACTION_ANY,
                                    TRUE, NULL, G_PARAM_READWRITE);
}

static GimpChoice *
operations (void)
{
  GimpChoice *choice = gimp_choice_new ();
  gimp_choice_add (choice, "add", SP_EDIT_ADD, "Add", "The concept appears where the strokes are");
  gimp_choice_add (choice, "remove", SP_EDIT_REMOVE, "Remove",
                   "The concept disappears where the strokes are");
  gimp_choice_add (choice, "restyle", SP_EDIT_RESTYLE, "Restyle",
                   "The concept takes the look that it has in the reference");
  return choice;
}

static GimpProcedure *
create_edit (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_image_procedure_new (
      plug_in, SP_GIMP_PROCEDURE, GIMP_PDB_PROC_TYPE_PLUGIN, run_edit, NULL, NULL);
  describe (procedure, SP_GIMP_EDIT_LABEL, SP_GIMP_EDIT_BLURB, SP_GIMP_EDIT_HELP);
  gimp_procedure_add_drawable_argument (procedure, "strokes", "S_trokes", SP_GIMP_STROKES_BLURB,
                                        TRUE, G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "concept", "_Concept", SP_GIMP_CONCEPT_BLURB, "",
                                      G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "operation", "_Operation", SP_GIMP_OPERATION_BLURB,
                                      operations (), "add", G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "strength", "St_rength", SP_GIMP_STRENGTH_BLURB,
                                      "high", G_PARAM_READWRITE);
  gimp_procedure_add_layer_argument (procedure, "reference", "_Look of", SP_GIMP_REFERENCE_BLURB,
                                     TRUE, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "steps", "St_eps", SP_GIMP_STEPS_BLURB,
                                   SP_GIMP_DEFAULT_STEPS, 1000000, SP_GIMP_DEFAULT_STEPS,
                                   G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "seed", "See_d", SP_GIMP_SEED_BLURB, 0, G_MAXINT, 0,
                                   G_PARAM_READWRITE);
  add_pack_argument (procedure, SP_GIMP_PACK_BLURB);
  gimp_procedure_add_layer_return_value (procedure, "layer", "Layer", SP_GIMP_LAYER_BLURB, FALSE,
                                         G_PARAM_READWRITE);
  return procedure;
}

static GimpProcedure *
create_render (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_image_procedure_new (
      plug_in, SP_GIMP_RENDER_PROCEDURE, GIMP_PDB_PROC_TYPE_PLUGIN, run_render, NULL, NULL);
  describe (procedure, SP_GIMP_RENDER_LABEL, SP_GIMP_RENDER_BLURB, SP_GIMP_RENDER_HELP);
  gimp_procedure_add_layer_argument (procedure, "photo", "_Photo", SP_GIMP_PHOTO_BLURB, TRUE,
                                     G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "strength", "St_rength",
                                      SP_GIMP_AGAIN_STRENGTH_BLURB, "", G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "steps", "St_eps", SP_GIMP_AGAIN_STEPS_BLURB, -1,
                                   1000000, -1, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "seed", "See_d", SP_GIMP_AGAIN_SEED_BLURB, -1,
                                   G_MAXINT, -1, G_PARAM_READWRITE);
  add_pack_argument (procedure, SP_GIMP_AGAIN_PACK_BLURB);
  gimp_procedure_add_layer_return_value (procedure, "layer", "Layer", SP_GIMP_AGAIN_LAYER_BLURB,
                                         FALSE, G_PARAM_READWRITE);
  return procedure;
}

static GimpProcedure *
create_concepts (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_procedure_new (
      plug_in, SP_GIMP_CONCEPTS_PROCEDURE, GIMP_PDB_PROC_TYPE_PLUGIN, run_concepts, NULL, NULL);
  describe (procedure, NULL, SP_GIMP_CONCEPTS_BLURB, SP_GIMP_CONCEPTS_HELP);
  add_pack_argument (procedure, SP_GIMP_PACK_BLURB);
  gimp_procedure_add_string_array_return_value (procedure, "concepts", "Concepts",
                                                SP_GIMP_CONCEPTS_VALUE_BLURB, G_PARAM_READWRITE);
  return procedure;
}

static GList *
query_procedures (GimpPlugIn *plug_in)
{
  GList *names = g_list_append (NULL, g_strdup (SP_GIMP_PROCEDURE));
  names = g_list_append (names, g_strdup (SP_GIMP_RENDER_PROCEDURE));
  return g_list_append (names, g_strdup (SP_GIMP_CONCEPTS_PROCEDURE));
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in, const gchar *name)
{
  if (g_str_equal (name, SP_GIMP_PROCEDURE))
    return create_edit (plug_in);
  if (g_str_equal (name, SP_GIMP_RENDER_PROCEDURE))
    return create_render (plug_in);
  return g_str_equal (name, SP_GIMP_CONCEPTS_PROCEDURE) ? create_concepts (plug_in) : NULL;
}

/* There are no translations. */
static gboolean
set_i18n (GimpPlugIn *plug_in, const gchar *procedure_name, gchar **gettext_domain,
          gchar **catalog_dir)
{
  return FALSE;
}

static void
sem_paint_class_init (SemPaintClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);
  plug_in_class->query_procedures = query_procedures;
  plug_in_class->create_procedure = create_procedure;
  plug_in_class->set_i18n = set_i18n;
}

static void
sem_paint_init (SemPaint *plug_in)
{
}

int
main (int argc, char **argv)
{
  sp_wait_politely (argv);
  sp_give_memory_back ();
  return gimp_main (SEM_TYPE_PAINT, argc, argv);
}
