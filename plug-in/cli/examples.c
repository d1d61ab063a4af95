/* semantic-paint examples: which examples of a concept a pack has, and in what order. */
#include "plug-in/cli/command.h"
#include "weights/dissect/choice.h"

#include <string.h>

#define SUMMARY                                                                                    \
  "Writes a pack with these examples of these concepts, in the order of the seeds to come:\n"      \
  "tree=0,4,1 keeps three trees. Other concepts keep all of theirs. The sheet of\n"                \
  "“semantic-paint dissect --sheets” shows which is which."

typedef struct {
  char **inputs; /* a pack, then the choices */
  char *output, *from;
} Options;

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Write this file", "PACK2" },
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &options->from,
      "Take the concepts from another dissection of the same generator", "PACK3" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("PACK CONCEPT=NUMBER,... [CONCEPT=...]");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (options->inputs != NULL && g_strv_length (options->inputs) > 1 && options->output != NULL)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       options->output == NULL ? "The file to write must be given with -o."
                                               : "A pack and one choice or more must be given.");
  return FALSE;
}

/* "tree=0,4,1"; appends the numbers and cuts the word after its name. */
static gboolean
parse_choice (char *word, GArray *numbers, GError **error)
{
  char *equals = strchr (word, '=');
  g_auto (GStrv) parts = equals != NULL ? g_strsplit (equals + 1, ",", -1) : NULL;
  for (guint i = 0; parts != NULL && parts[i] != NULL; i++) {
    guint64 number;
    if (!g_ascii_string_to_unsigned (parts[i], 10, 0, G_MAXINT, &number, NULL)) {
      equals = NULL;
      break;
    }
    guint plain = (guint)number;
    g_array_append_val (numbers, plain);
  }
  if (equals == NULL || numbers->len == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "“%s” is no choice of examples; one is like tree=0,4,1.", word);
    return FALSE;
  }
  *equals = '\0';
  return TRUE;
}

static gboolean
choose (const Options *options, GError **error)
{
  guint n = g_strv_length (options->inputs) - 1;
  g_autofree SpExemplarChoice *choices = g_new0 (SpExemplarChoice, n);
  g_autoptr (GPtrArray) numbers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  g_autofree char *path = sp_job_find_pack (options->inputs[0], error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  g_autofree char *from_path =
      pack != NULL && options->from != NULL ? sp_job_find_pack (options->from, error) : NULL;
  g_autoptr (SpPack) from = from_path != NULL ? sp_pack_open (from_path, error) : NULL;
  if (pack == NULL || (options->from != NULL && from == NULL))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    GArray *own = g_array_new (FALSE, FALSE, sizeof (guint));
    g_ptr_array_add (numbers, own);
    if (!parse_choice (options->inputs[i + 1], own, error))
      return FALSE;
    choices[i] =
        (SpExemplarChoice){ options->inputs[i + 1], (const guint *)(void *)own->data, own->len };
  }
  return sp_exemplars_pick (pack, from != NULL ? from : pack, choices, n, options->output, error);
}

int
sp_command_examples (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;
  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("examples", SP_EXIT_USAGE, error);
  else if (!choose (&options, &error))
    status = sp_command_fail ("examples", SP_EXIT_FAILED, error);
  g_strfreev (options.inputs);
  g_free (options.output);
  g_free (options.from);
  return status;
}
