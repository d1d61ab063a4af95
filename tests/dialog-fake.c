/* A dialog under test with an engine that only pretends; see dialog-fixture.h. */
#include "tests/dialog-fixture.h"
#include "tests/fake-session.h"

void
dialog_set_up (Fixture *fixture, gconstpointer unused)
{
  sp_fake = (SpFake){ .render_steps = 40, .reads_photo = TRUE };
  dialog_fill_host (fixture);
  dialog_open (fixture, NULL);
  dialog_wait_for (fixture, "Fit to the photo 42.0 dB");
}

void
dialog_tear_down (Fixture *fixture, gconstpointer unused)
{
  sp_dialog_free (fixture->dialog);
  sp_test_wait (NULL, NULL, 5);
  g_assert_cmpuint (sp_fake.sessions_alive, ==, 0);
  g_assert_cmpuint (sp_fake.packs_alive, ==, 0);
  g_assert_cmpint (sp_fake.examples_alive, ==, 0);
}
