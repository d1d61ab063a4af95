/* semantic-paint: the command line. Finds the command; each is a file of its own. */
#include "plug-in/cli/command.h"
#include "plug-in/memory.h"
#include "plug-in/waiting.h"

#include <locale.h>
#include <string.h>

typedef struct {
  const char *name;
  int (*run) (int argc, char **argv);
  const char *what;
} Command;

static const Command commands[] = {
#ifdef SP_WITH_DIALOG
  { "ui", sp_command_ui, "Paint concepts into a photo in a window" },
#endif
  { "edit", sp_command_edit, "Paint concepts into a photo" },
  { "invert", sp_command_invert, "Show a photo as the generator draws it" },
  { "compare", sp_command_compare, "Measure how well a pack holds photos" },
  { "info", sp_command_info, "Describe a pack, or the devices" },
  { "train", sp_command_train, "Make a pack of a folder of photos" },
  { "dissect", sp_command_dissect, "Find which channels of a pack carry which concept" },
  { "examples", sp_command_examples, "Choose among a pack's examples of a concept" },
  { "evaluate", sp_command_evaluate, "Measure what a pack holds and what its edits do" },
  { "bench", sp_command_bench, "Measure the speed of this machine" },
  { "import", sp_command_import, "Make a pack of published models" },
  { "sample", sp_command_sample, "Draw a picture from a pack's prior" },
  { "export", sp_command_export, "Write a pack's networks for PyTorch users" },
};

static void
print_help (void)
{
  g_print ("Usage: semantic-paint COMMAND [OPTION...]\n\n"
           "Edits photos by concept: paint strokes, name what should be there.\n\nCommands:\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-8s %s\n", commands[i].name, commands[i].what);
  g_print ("\n“semantic-paint COMMAND --help” tells a command's options; --version this program's "
           "version.\n\nExample:\n"
           "  semantic-paint edit meadow.jpg -o tree.png --strokes strokes.png --concept tree\n");
}

int
sp_command_fail (const char *command, SpExit status, GError *error)
{
  g_printerr ("semantic-paint %s: %s", command, error->message);
  if (status == SP_EXIT_USAGE)
    g_printerr (" See semantic-paint %s --help.", command);
  g_printerr ("\n");
  g_error_free (error);
  return status;
}

/* GLib takes the program's name for its own help text ("Usage: semantic-paint edit ...") from here.
 */
static int
run_command (const Command *command, int argc, char **argv)
{
  g_autofree char *name = g_strdup_printf ("semantic-paint %s", command->name);
  g_set_prgname (name);
  argv[0] = name;
  return command->run (argc, argv);
}

int
main (int argc, char **argv)
{
  sp_wait_politely (argv);
  sp_give_memory_back ();
  setlocale (LC_ALL, "");
  const char *word = argc > 1 ? argv[1] : "";
  if (strcmp (word, "--version") == 0) {
    g_print ("semantic-paint %s\n", SP_VERSION);
    return SP_EXIT_DONE;
  }
  if (strcmp (word, "--help") == 0 || strcmp (word, "-h") == 0 || strcmp (word, "help") == 0) {
    print_help ();
    return SP_EXIT_DONE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (word, commands[i].name) == 0)
      return run_command (&commands[i], argc - 1, argv + 1);
  if (*word)
    g_printerr ("semantic-paint: There is no command “%s”. See semantic-paint --help.\n", word);
  else
    g_printerr ("semantic-paint: A command is missing. See semantic-paint --help.\n");
  return SP_EXIT_USAGE;
}
