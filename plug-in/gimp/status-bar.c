/* The engine's progress in GIMP's own status bar; see status-bar.h. */
#include "plug-in/gimp/status-bar.h"
#include "plug-in/gimp/host.h"
#include "plug-in/job.h"

gboolean
sp_gimp_is_verbose (void)
{
  return g_getenv ("SEMANTIC_PAINT_VERBOSE") != NULL;
}

/* Once a second at most, and whenever a stage begins. */
static void
write_line (SpGimpStatusBar *bar, const SpProgress *progress)
{
  gint64 now = g_get_monotonic_time ();
  if (bar->stage == progress->stage && now - bar->last_line < G_USEC_PER_SEC)
    return;
  bar->last_line = now;
  g_autofree char *line = sp_job_describe_progress (progress);
  g_printerr ("%s\n", line);
}

/* Begun with the engine's first word: begun earlier, GIMP would show an idle bar, and a window of
 * its own where there is no image window. */
void
sp_gimp_show_in_status_bar (const SpProgress *progress, gpointer user_data)
{
  SpGimpStatusBar *bar = user_data;
  if (sp_gimp_is_verbose () && progress->steps > 0)
    write_line (bar, progress);
  if (bar->stage == NULL)
    sp_host_progress_begin (sp_stage_title (progress->stage));
  else if (bar->stage != progress->stage)
    sp_host_progress_text (sp_stage_title (progress->stage));
  bar->stage = progress->stage;
  sp_host_progress (progress->steps ? (double)progress->step / progress->steps : 0.0);
}

void
sp_gimp_status_bar_end (const SpGimpStatusBar *bar)
{
  if (bar->stage != NULL)
    sp_host_progress_end ();
}
