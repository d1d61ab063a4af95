/* The engine's public functions that plug-in/job.c and ui/ call, pretended; see fake-session.h.
 *
 * Its pictures say what they are: red is 1 after a preview and 0 after a render, green the number
 * of edits over 8, blue the strength of the last. */
#include "tests/fake-session.h"
#include "engine/pack.h"

#include <math.h>
#include <string.h>

#define SIDE 16

SpFake sp_fake;

struct _SpPack {
  gatomicrefcount references;
};
struct _SpSession {
  SpRectangle area;
  float picture[3 * SIDE * SIDE], photo[3 * SIDE * SIDE], keep[SIDE * SIDE];
  guint edits, steps;
  gboolean warm;
  double strength;
};

/* Computes rather than sleeps. */
static void
hold_a_core (guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + (gint64)milliseconds * 1000;
  while (g_get_monotonic_time () < end)
    ;
}

static void
draw (SpSession *session, float red)
{
  const float colour[3] = { red, session->edits / 8.0f, (float)session->strength };
  for (int i = 0; i < 3 * SIDE * SIDE; i++)
    session->picture[i] = 2 * colour[i / (SIDE * SIDE)] - 1;
  for (int i = 0; i < SIDE * SIDE; i++)
    session->keep[i] = session->edits ? 0 : 1;
}

G_DEFINE_QUARK (sp - error - quark, sp_error)

SpPack *
sp_pack_open (const char *path, GError **error)
{
  if (g_str_has_suffix (path, "missing")) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "no pack");
    return NULL;
  }
  hold_a_core (sp_fake.pack_milliseconds);
  SpPack *pack = g_new0 (SpPack, 1);
  g_atomic_ref_count_init (&pack->references);
  sp_fake.packs_alive++;
  return pack;
}

SpPack *
sp_pack_ref (SpPack *pack)
{
  g_atomic_ref_count_inc (&pack->references);
  return pack;
}

void
sp_pack_unref (SpPack *pack)
{
  if (!g_atomic_ref_count_dec (&pack->references))
    return;
  sp_fake.packs_alive--;
  g_free (pack);
}

const char *
sp_pack_name (const SpPack *pack)
{
  return "fake";
}

char *
sp_pack_sha256 (const SpPack *pack, GError **error)
{
  return g_strnfill (64, '0');
}

const char *
sp_pack_title (const SpPack *pack)
{
  return "Pretended";
}

const char *
sp_pack_licence (const SpPack *pack)
{
  return "none";
}

int
sp_pack_resolution (const SpPack *pack)
{
  return SIDE;
}

const SpConcept *
sp_pack_concepts (const SpPack *pack, guint *n_concepts)
{
  static const SpConcept concepts[] = { { "sky", "Sky", 3 },
                                        { "tree", "Tree", 2 },
                                        { "door", "Door", 0 } };
  *n_concepts = G_N_ELEMENTS (concepts);
  return concepts;
}

int
sp_pack_find_concept (const SpPack *pack, const char *name, GError **error)
{
  if (strcmp (name, "tree") == 0)
    return 0;
  g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "no %s", name);
  return -1;
}

struct _SpConceptPictures {
  float picture[3 * SIDE * SIDE];
};

SpConceptPictures *
sp_concept_pictures_new (SpPack *pack, GError **error)
{
  if (sp_fake.fail_examples) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "no examples");
    return NULL;
  }
  g_atomic_int_inc (&sp_fake.examples_alive);
  return g_new0 (SpConceptPictures, 1);
}

/* Concept 0 is red, 1 green, 2 blue. */
const float *
sp_concept_pictures_draw (SpConceptPictures *examples, guint concept, int *width, int *height,
                          GError **error)
{
  sp_fake.example_thread = g_thread_self ();
  hold_a_core (sp_fake.example_milliseconds);
  g_atomic_int_inc (&sp_fake.examples);
  for (guint i = 0; i < 3 * SIDE * SIDE; i++)
    examples->picture[i] = i / (SIDE * SIDE) == concept ? 1 : -1;
  *width = *height = SIDE;
  return examples->picture;
}

void
sp_concept_pictures_free (SpConceptPictures *examples)
{
  if (examples)
    g_atomic_int_add (&sp_fake.examples_alive, -1);
  g_free (examples);
}

gboolean
sp_strokes_bounds (const SpStrokes *strokes, int photo_width, int photo_height, SpRectangle *bounds,
                   GError **error)
{
  *bounds = strokes->area;
  return TRUE;
}

gboolean
sp_strokes_touch (const SpStrokes *strokes, SpRectangle area)
{
  return strokes->area.x < area.x + area.width && strokes->area.x + strokes->area.width > area.x;
}

static gboolean
read_photo (const SpPhoto *photo, GError **error)
{
  g_autofree float *rgb = g_new (float, (gsize)3 * photo->width * photo->height);
  SpRectangle whole = { 0, 0, photo->width, photo->height };
  return photo->read (photo->user_data, whole, rgb, error);
}

SpSession *
sp_session_new (SpPack *pack, const SpPhoto *photo, SpRectangle bounds, const SpSettings *settings,
                GError **error)
{
  sp_fake.new_thread = g_thread_self ();
  if (sp_fake.reads_photo && !read_photo (photo, error))
    return NULL;
  hold_a_core (sp_fake.new_milliseconds);
  sp_fake.sessions_alive++;
  SpSession *session = g_new0 (SpSession, 1);
  session->area = bounds;
  session->steps = settings->adaptation_steps;
  draw (session, 0);
  return session;
}

SpSession *
sp_session_new_in_window (SpPack *pack, const SpPhoto *photo, SpRectangle window,
                          const SpSettings *settings, GError **error)
{
  if (window.x + window.width <= photo->width)
    return sp_session_new (pack, photo, window, settings, error);
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "no such window");
  return NULL;
}

void
sp_session_free (SpSession *session)
{
  sp_fake.sessions_alive--;
  g_free (session);
}

const char *
sp_session_device (const SpSession *session)
{
  return "a pretended device";
}

const char *
sp_session_device_note (const SpSession *session)
{
  return NULL;
}

SpRectangle
sp_session_window (const SpSession *session, int *width, int *height)
{
  *width = *height = SIDE;
  return session->area;
}

gboolean
sp_session_open (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                 gpointer user_data, GError **error)
{
  sp_fake.open_thread = g_thread_self ();
  if (sp_fake.fail_open) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "no memory");
    return FALSE;
  }
  SpProgress said = { "invert", 1, 1, 0.5, 20, NAN };
  progress (&said, user_data);
  for (guint step = 1; step <= sp_fake.open_steps && !g_cancellable_is_cancelled (cancellable);
       step++) {
    g_usleep (5000);
    said = (SpProgress){ "fit", step, sp_fake.open_steps, 0.5, 20, 1 };
    progress (&said, user_data);
  }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
sp_session_add_edit (SpSession *session, const SpEdit *edit, GError **error)
{
  sp_fake.edit_thread = g_thread_self ();
  if (edit->strokes.area.x >= session->area.x + session->area.width) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES, "outside");
    return FALSE;
  }
  if (sp_fake.failing_seed && edit->seed == sp_fake.failing_seed) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES, "nothing around");
    return FALSE;
  }
  sp_fake.edits++;
  sp_fake.reference_width = edit->reference ? edit->reference->width : 0;
  session->edits++;
  session->strength = edit->strength;
  return TRUE;
}

void
sp_session_clear_edits (SpSession *session)
{
  session->edits = 0;
}

gboolean
sp_session_preview (SpSession *session, GError **error)
{
  sp_fake.draw_thread = g_thread_self ();
  hold_a_core (sp_fake.preview_milliseconds);
  g_atomic_int_inc (&sp_fake.previews);
  draw (session, 1);
  if (sp_fake.fail_preview)
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "no preview");
  return !sp_fake.fail_preview;
}

/* Of the last edit: its first cell, and units 7 (of the concept, up by its strength) and 3. */
SpExplanation *
sp_session_explain (const SpSession *session, guint edit, GError **error)
{
  static const SpMovedUnit units[] = { { 7, 2, 0.8f, TRUE }, { 3, -1, 0.2f, FALSE } };
  sp_fake.explain_thread = g_thread_self ();
  g_atomic_int_inc (&sp_fake.explanations);
  SpExplanation *explanation = g_new0 (SpExplanation, 1);
  explanation->rows = 2;
  explanation->columns = 3;
  explanation->cells = g_new0 (float, 6);
  explanation->cells[edit] = 1;
  explanation->n_units = session->strength > 0 ? 2 : 0;
  explanation->units = g_memdup2 (units, sizeof units);
  explanation->units[0].share = (float)session->strength / 2;
  return explanation;
}

void
sp_explanation_free (SpExplanation *explanation)
{
  if (!explanation)
    return;
  g_free (explanation->cells);
  g_free (explanation->units);
  g_free (explanation);
}

void
sp_session_rest (SpSession *session)
{
  (void)session;
}

void
sp_session_set_warm (SpSession *session, gboolean warm)
{
  session->warm = warm;
}

void
sp_session_set_steps (SpSession *session, guint adaptation_steps)
{
  session->steps = adaptation_steps;
}

gboolean
sp_session_look (SpSession *session)
{
  return TRUE;
}

gboolean
sp_session_render (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                   gpointer user_data, GError **error)
{
  sp_fake.draw_thread = g_thread_self ();
  g_atomic_int_inc (&sp_fake.renders);
  g_atomic_int_add (&sp_fake.warm_renders, session->warm);
  for (guint step = 1; step <= MIN (session->steps, sp_fake.render_steps); step++) {
    g_usleep (5000);
    SpProgress said = { "adapt", step, sp_fake.render_steps, 0.1, 30, 1 };
    progress (&said, user_data);
    draw (session, 0);
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
  }
  if (sp_fake.fail_render)
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "no device");
  return !sp_fake.fail_render;
}

const float *
sp_session_photo (const SpSession *session, int *width, int *height)
{
  *width = *height = SIDE;
  return session->photo;
}

const float *
sp_session_keep (const SpSession *session, int *width, int *height)
{
  *width = *height = SIDE;
  return session->keep;
}

const float *
sp_session_picture (const SpSession *session, int *width, int *height)
{
  *width = *height = SIDE;
  return session->picture;
}

double
sp_session_psnr (const SpSession *session)
{
  return 42;
}

SpLayer *
sp_session_layer (const SpSession *session, const SpPhoto *photo, GError **error)
{
  sp_fake.layer_thread = g_thread_self ();
  hold_a_core (sp_fake.layer_milliseconds);
  SpLayer *layer = g_new0 (SpLayer, 1);
  layer->area = (SpRectangle){ 0, 0, 1, 1 };
  layer->rgba = g_new0 (float, 4);
  layer->rgba[0] = session->picture[0];
  return layer;
}

void
sp_layer_free (SpLayer *layer)
{
  g_free (layer->rgba);
  g_free (layer);
}

float
sp_srgb_encode (float linear)
{
  return linear;
}

const char *
sp_stage_title (const char *stage)
{
  return stage;
}

SpSettings
sp_settings_default (void)
{
  return (SpSettings){ .adaptation_steps = 10 };
}

const char *
sp_settings_cache_folder (void)
{
  return NULL;
}
