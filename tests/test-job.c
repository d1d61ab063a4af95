/* plug-in/job.c with an engine that only pretends: threads, progress, cancelling, failures. */
#include "plug-in/job.h"
#include "tests/fake-session.h"

typedef struct {
  GThread *thread;
  guint calls, cancel_at;
  GCancellable *cancellable;
  SpRectangle window;
  gboolean both; /* edits: at 3 and at 40 */
} Host;

static void
on_progress (const SpProgress *progress, gpointer user_data)
{
  Host *host = user_data;
  g_assert_true (g_thread_self () == host->thread);
  host->calls++;
  if (host->cancel_at && g_str_equal (progress->stage, "adapt")
      && progress->step == host->cancel_at)
    g_cancellable_cancel (host->cancellable);
}

static gboolean
run (Host *host, const char *concept, gboolean preview, gboolean keep_partial, SpJobResult *result,
     GError **error)
{
  static const guint8 coverage[1] = { 255 };
  const SpPhoto photo = { 64, 64, NULL, NULL };
  const SpEdit edits[] = { { .strokes = { { 3, 3, 1, 1 }, coverage }, .concept = concept },
                           { .strokes = { { 40, 3, 1, 1 }, coverage }, .concept = concept } };
  host->thread = g_thread_self ();
  host->cancellable = g_cancellable_new ();
  SpJob job = { .pack_path = "pack",
                .photo = &photo,
                .n_edits = host->both ? 2 : 1,
                .edits = edits,
                .window = host->window,
                .settings = { .adaptation_steps = sp_fake.render_steps },
                .preview_only = preview,
                .progress = on_progress,
                .user_data = host,
                .cancellable = host->cancellable };
  gboolean done = sp_job_run (&job, keep_partial, result, error);
  g_object_unref (host->cancellable);
  g_assert_cmpuint (sp_fake.sessions_alive, ==, 0);
  g_assert_cmpuint (sp_fake.packs_alive, ==, 0);
  return done;
}

static void
test_threads (void)
{
  sp_fake = (SpFake){ .render_steps = 3 };
  Host host = { 0 };
  SpJobResult result;
  g_assert_true (run (&host, "tree", FALSE, FALSE, &result, NULL));
  g_assert_true (sp_fake.new_thread == host.thread && sp_fake.edit_thread == host.thread);
  g_assert_true (sp_fake.layer_thread == host.thread);
  g_assert_true (sp_fake.open_thread != host.thread && sp_fake.draw_thread != host.thread);
  g_assert_cmpuint (host.calls, >=, 4);
  g_assert_cmpuint (result.adaptation_steps, ==, 3);
  g_assert_false (result.cancelled);
  g_assert_cmpfloat (result.picture[0], ==, -1.0f);
  g_assert_nonnull (result.layer);
  sp_job_result_clear (&result);
  g_assert_null (result.picture);
}

static void
test_preview (void)
{
  sp_fake = (SpFake){ 0 };
  Host host = { 0 };
  SpJobResult result;
  g_assert_true (run (&host, "tree", TRUE, FALSE, &result, NULL));
  g_assert_cmpfloat (result.picture[0], ==, 1.0f);
  g_assert_cmpuint (result.adaptation_steps, ==, 0);
  sp_job_result_clear (&result);
}

static void
test_cancel_keeps (void)
{
  sp_fake = (SpFake){ .render_steps = 2000 };
  Host host = { .cancel_at = 5 };
  SpJobResult result;
  g_assert_true (run (&host, "tree", FALSE, TRUE, &result, NULL));
  g_assert_true (result.cancelled);
  g_assert_nonnull (result.layer);
  g_assert_cmpuint (result.adaptation_steps, >=, 5);
  g_assert_cmpuint (result.adaptation_steps, <, 1000);
  sp_job_result_clear (&result);
}

static void
test_cancel_drops (void)
{
  sp_fake = (SpFake){ .render_steps = 2000 };
  Host host = { .cancel_at = 5 };
  SpJobResult result;
  g_autoptr (GError) error = NULL;
  g_assert_false (run (&host, "tree", FALSE, FALSE, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (result.layer);
}

static void
test_failures (void)
{
  Host host = { 0 };
  SpJobResult result;
  g_autoptr (GError) open_error = NULL, render_error = NULL, concept_error = NULL;
  sp_fake = (SpFake){ .fail_open = TRUE };
  g_assert_false (run (&host, "tree", FALSE, TRUE, &result, &open_error));
  g_assert_error (open_error, SP_ERROR, SP_ERROR_MEMORY);
  sp_fake = (SpFake){ .fail_render = TRUE };
  g_assert_false (run (&host, "tree", FALSE, TRUE, &result, &render_error));
  g_assert_error (render_error, SP_ERROR, SP_ERROR_DEVICE);
  sp_fake = (SpFake){ 0 };
  g_assert_false (run (&host, "unicorn", FALSE, TRUE, &result, &concept_error));
  g_assert_error (concept_error, SP_ERROR, SP_ERROR_CONCEPT);
  g_assert_null (sp_fake.open_thread); /* told before any work */
}

static void
test_chosen_pack (void)
{
  g_setenv ("SEMANTIC_PAINT_PACK", "/some/pack", TRUE);
  g_autofree char *path = sp_job_bundled_pack (NULL);
  g_assert_cmpstr (path, ==, "/some/pack");
}

/* In the window of last time, with the edits that are in it; else around them all. */
static void
test_window (void)
{
  const SpRectangle windows[] = { { 2, 2, 32, 32 }, { 48, 2, 32, 32 }, { 0 } };
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++) {
    sp_fake = (SpFake){ .render_steps = 1 };
    Host host = { .window = windows[i], .both = TRUE };
    SpJobResult result;
    g_assert_true (run (&host, "tree", FALSE, FALSE, &result, NULL));
    g_assert_cmpint (result.window.x, ==, i == 0 ? 2 : 3);
    g_assert_cmpint (result.window.width, ==, i == 0 ? 32 : 38);
    g_assert_cmpuint (sp_fake.edits, ==, i == 0 ? 1 : 2);
    sp_job_result_clear (&result);
  }
  Host beside = { .window = { 10, 2, 20, 20 }, .both = TRUE };
  SpJobResult result;
  g_autoptr (GError) error = NULL;
  g_assert_false (run (&beside, "tree", FALSE, FALSE, &result, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
}

/* The pretended packs all have the same sum. */
static void
test_same_pack (void)
{
  g_autofree char *sum = g_strnfill (64, '0'), *other = g_strnfill (64, '1');
  g_autofree char *path = sp_job_find_same_pack (sum, NULL, "/some/pack");
  g_assert_cmpstr (path, ==, "/some/pack");
  g_autofree char *bundled = sp_job_find_same_pack (sum, "rooms-128", "/some/missing");
  g_assert_true (g_str_has_suffix (bundled, "rooms-128.safetensors"));
  g_assert_null (sp_job_find_same_pack (sum, "../packs/rooms-128", "/some/missing"));
  g_assert_null (sp_job_find_same_pack (other, "rooms-128", "/some/pack"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/job/threads", test_threads);
  g_test_add_func ("/job/preview", test_preview);
  g_test_add_func ("/job/cancel-keeps", test_cancel_keeps);
  g_test_add_func ("/job/cancel-drops", test_cancel_drops);
  g_test_add_func ("/job/failures", test_failures);
  g_test_add_func ("/job/chosen-pack", test_chosen_pack);
  g_test_add_func ("/job/window", test_window);
  g_test_add_func ("/job/same-pack", test_same_pack);
  return g_test_run ();
}
