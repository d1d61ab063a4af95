/* What the commands of semantic-paint share: options, progress, interruption, JSON.
 *
 * A command is a function of its own file that gets the arguments after its name and returns the
 * exit status: 0, 1 (failed, one line on stderr) or 2 (wrong usage).
 */
#pragma once

#include "engine/semantic-paint.h"
#include "plug-in/job.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum { SP_EXIT_DONE = 0, SP_EXIT_FAILED = 1, SP_EXIT_USAGE = 2 } SpExit;

int sp_command_edit (int argc, char **argv);
int sp_command_invert (int argc, char **argv);
int sp_command_compare (int argc, char **argv);
int sp_command_info (int argc, char **argv);
int sp_command_bench (int argc, char **argv);
int sp_command_import (int argc, char **argv);
int sp_command_sample (int argc, char **argv);
int sp_command_export (int argc, char **argv);
int sp_command_train (int argc, char **argv);
int sp_command_dissect (int argc, char **argv);
int sp_command_evaluate (int argc, char **argv);
int sp_command_examples (int argc, char **argv);
int sp_command_ui (int argc, char **argv); /* only with SP_WITH_DIALOG */

/* Prints "semantic-paint COMMAND: sentence" on stderr, for usage with where to read on; returns the
 * status. Takes the error. */
int sp_command_fail (const char *command, SpExit status, GError *error);

/* ---- Options that edit and invert have in common ---- */

typedef struct {
  char *output, *pack;
  char **inputs; /* what stands outside options; one photo */
  gboolean json, quiet;
  SpSettings settings;
} SpCommonOptions;

void sp_common_options_init (SpCommonOptions *options);
void sp_common_options_clear (SpCommonOptions *options);

/* Parses argv: the common options and `more` (ends with an empty entry), whose callbacks get
 * `user_data`. FALSE with SP_ERROR_SETTING or a G_OPTION_ERROR: wrong usage. */
gboolean sp_common_options_parse (SpCommonOptions *options, int argc, char **argv,
                                  const char *summary, const char *description,
                                  const GOptionEntry *more, gpointer user_data, GError **error);

/* A whole number of an option's value, `minimum` to `maximum`. */
gboolean sp_parse_number (const char *option, const char *value, guint minimum, guint maximum,
                          guint *number, GError **error);

/* The same for several; those not given (`word` NULL) are left as they are. */
typedef struct {
  const char *option, *word;
  guint minimum, maximum;
  guint *number;
} SpNumberOption;

gboolean sp_parse_numbers (const SpNumberOption *numbers, guint n_numbers, GError **error);

/* "auto", "cpu" or "cuda". */
gboolean sp_parse_device (const char *word, SpDevice *device, GError **error);

/* "free", "lowrank" or "heads". */
gboolean sp_parse_perturbation (const char *word, SpPerturbationKind *kind, GError **error);
const char *sp_perturbation_word (SpPerturbationKind kind);

/* ---- Running a job ---- */

/* Holds Ctrl-C back until there is an interruption; to be called before anything starts a thread.
 */
void sp_command_hold_interrupts (void);

/* Takes Ctrl-C: the first cancels, the second ends the program at once. `cancellable` must outlive
 * it. */
typedef struct _SpInterruption SpInterruption;
SpInterruption *sp_interruption_new (GCancellable *cancellable, GError **error);
void sp_interruption_free (SpInterruption *interruption);

/* Runs the job with progress on stderr. The first Ctrl-C ends it with the best so far, the second
 * ends the program at once. */
gboolean sp_command_run (SpJob *job, gboolean quiet, SpJobResult *result, GError **error);

/* ---- JSON ---- */

/* Prints what has been built, on stdout. */
void sp_json_print (JsonBuilder *builder);
/* A member with a number, or null where it is not finite (JSON has no NaN). */
void sp_json_add_number (JsonBuilder *builder, const char *name, double value);
void sp_json_add_integer (JsonBuilder *builder, const char *name, gint64 value);
void sp_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void sp_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value);

G_END_DECLS
