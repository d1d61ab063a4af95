/* An engine that only pretends, for tests of what drives it: slow, failing or cancelled as told. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* What the fake engine is to do, and what it saw. Reset with a zero struct, while no thread uses
 * it. */
typedef struct {
  guint render_steps; /* each takes 5 ms */
  guint pack_milliseconds, new_milliseconds, preview_milliseconds,
      layer_milliseconds; /* each takes, and holds a core */
  guint open_steps;       /* each takes 5 ms */
  guint example_milliseconds;
  guint failing_seed; /* for an edit of it there is nothing around; 0: for none */
  gboolean fail_open, fail_preview, fail_render, fail_examples;
  gboolean reads_photo; /* as a real session does, all of it */
  GThread *new_thread, *open_thread, *edit_thread, *draw_thread, *layer_thread, *explain_thread,
      *example_thread;
  int previews, renders, warm_renders; /* how often drawn */
  int explanations, examples, examples_alive;
  guint edits, sessions_alive, packs_alive;
  int reference_width; /* of the last edit; 0: it had none */
} SpFake;

extern SpFake sp_fake;

G_END_DECLS
