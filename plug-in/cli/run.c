/* A job on the command line: progress on stderr, Ctrl-C; see command.h.
 *
 * SIGINT is taken by a thread that waits for it, not by a handler: cancelling a GCancellable is not
 * allowed inside a signal handler. sp_command_hold_interrupts() blocks the signal before any other
 * thread starts (GEGL's do in gegl_init()), so that only this thread gets it.
 */
#include "plug-in/cli/command.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define EXIT_INTERRUPTED 130 /* as shells say it: 128 + SIGINT */
#define LINE_MICROSECONDS G_USEC_PER_SEC

/* ---- Progress ---- */

typedef struct {
  gboolean quiet, terminal;
  gint64 last_line; /* when stderr is no terminal: one line a second at most */
  char *last_stage; /* a new stage is always told, a repeated step never */
  guint last_step;
  gsize last_length; /* to overwrite a longer line */
} Display;

/* Whether there is anything new to say; a stage of no steps is none for people. */
static gboolean
is_news (const Display *display, const SpProgress *progress, gboolean new_stage)
{
  if (display->quiet || progress->steps == 0)
    return FALSE;
  if (new_stage)
    return TRUE;
  return progress->step != display->last_step
         && (display->terminal
             || g_get_monotonic_time () - display->last_line >= LINE_MICROSECONDS);
}

static void
write_line (Display *display, const char *line, gboolean new_stage)
{
  gsize length = g_utf8_strlen (line, -1);
  gsize blanks = length < display->last_length ? display->last_length - length : 0;
  if (display->terminal)
    g_printerr ("%s\r%s%*s", new_stage && display->last_stage ? "\n" : "", line, (int)blanks, "");
  else
    g_printerr ("%s\n", line);
  display->last_length = length;
}

static void
show_progress (const SpProgress *progress, gpointer user_data)
{
  Display *display = user_data;
  gboolean new_stage = g_strcmp0 (display->last_stage, progress->stage) != 0;
  if (!is_news (display, progress, new_stage))
    return;
  g_autofree char *line = sp_job_describe_progress (progress);
  write_line (display, line, new_stage);
  display->last_line = g_get_monotonic_time ();
  display->last_step = progress->step;
  if (new_stage) {
    g_free (display->last_stage);
    display->last_stage = g_strdup (progress->stage);
  }
}

static void
end_display (Display *display)
{
  if (display->terminal && display->last_stage)
    g_printerr ("\n");
  g_free (display->last_stage);
}

/* ---- Ctrl-C ---- */

struct _SpInterruption {
  GCancellable *cancellable;
  pthread_t waiter;
  int ended; /* atomic: the work is over, SIGINT only wakes the thread */
};

static sigset_t
interrupt_signal (void)
{
  sigset_t set;
  sigemptyset (&set);
  sigaddset (&set, SIGINT);
  return set;
}

static gpointer
wait_for_interrupts (gpointer data)
{
  SpInterruption *interruption = data;
  sigset_t set = interrupt_signal ();
  for (guint presses = 0;;) {
    int signal_number;
    if (sigwait (&set, &signal_number) != 0)
      continue;
    if (g_atomic_int_get (&interruption->ended))
      return NULL;
    if (++presses > 1)
      _exit (EXIT_INTERRUPTED);
    g_cancellable_cancel (interruption->cancellable);
  }
}

void
sp_command_hold_interrupts (void)
{
  sigset_t set = interrupt_signal ();
  pthread_sigmask (SIG_BLOCK, &set, NULL);
}

SpInterruption *
sp_interruption_new (GCancellable *cancellable, GError **error)
{
  SpInterruption *interruption = g_new0 (SpInterruption, 1);
  interruption->cancellable = cancellable;
  int refused = pthread_create (&interruption->waiter, NULL, wait_for_interrupts, interruption);
  if (refused == 0)
    return interruption;
  g_free (interruption);
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "No thread can be started: %s.",
               g_strerror (refused));
  return NULL;
}

void
sp_interruption_free (SpInterruption *interruption)
{
  g_atomic_int_set (&interruption->ended, TRUE);
  pthread_kill (interruption->waiter, SIGINT);
  pthread_join (interruption->waiter, NULL);
  g_free (interruption);
}

/* ---- A job ---- */

gboolean
sp_command_run (SpJob *job, gboolean quiet, SpJobResult *result, GError **error)
{
  Display display = { .quiet = quiet, .terminal = isatty (STDERR_FILENO) };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SpInterruption *interruption = sp_interruption_new (cancellable, error);
  if (interruption == NULL)
    return FALSE;
  job->progress = show_progress;
  job->user_data = &display;
  job->cancellable = cancellable;
  gboolean done = sp_job_run (job, TRUE, result, error);
  end_display (&display);
  sp_interruption_free (interruption);
  if (done && result->note != NULL)
    g_printerr ("%s\n", result->note);
  return done;
}
