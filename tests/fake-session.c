/* The engine's public functions that plug-in/job.c calls, pretended; see fake-session.h. */
#include "tests/fake-session.h"
#include "engine/pack.h"

#include <math.h>
#include <string.h>

#define SIDE 16

SpFake sp_fake;

struct _SpPack {
  int references;
};
struct _SpSession {
  float picture[3 * SIDE * SIDE];
  guint edits;
};

G_DEFINE_QUARK (sp - error - quark, sp_error)

SpPack *
sp_pack_open (const char *path, GError **error)
{
  if (strcmp (path, "missing") == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "no pack");
    return NULL;
  }
  SpPack *pack = g_new0 (SpPack, 1);
  pack->references = 1;
  sp_fake.packs_alive++;
  return pack;
}

void
sp_pack_unref (SpPack *pack)
{
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

int
sp_pack_find_concept (const SpPack *pack, const char *name, GError **error)
{
  if (strcmp (name, "tree") == 0)
    return 0;
  g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "no %s", name);
  return -1;
}

gboolean
sp_strokes_bounds (const SpStrokes *strokes, int photo_width, int photo_height, SpRectangle *bounds,
                   GError **error)
{
  *bounds = strokes->area;
  return TRUE;
}

SpSession *
sp_session_new (SpPack *pack, const SpPhoto *photo, SpRectangle bounds, const SpSettings *settings,
                GError **error)
{
  sp_fake.new_thread = g_thread_self ();
  sp_fake.sessions_alive++;
  return g_new0 (SpSession, 1);
}

void
sp_session_free (SpSession *session)
{
  sp_fake.sessions_alive--;
  g_free (session);
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
  return (SpRectangle){ 1, 2, 3, 4 };
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
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
sp_session_add_edit (SpSession *session, const SpEdit *edit, GError **error)
{
  sp_fake.edit_thread = g_thread_self ();
  sp_fake.edits++;
  session->edits++;
  return TRUE;
}

gboolean
sp_session_preview (SpSession *session, GError **error)
{
  sp_fake.draw_thread = g_thread_self ();
  session->picture[0] = 0.25f;
  return TRUE;
}

gboolean
sp_session_render (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                   gpointer user_data, GError **error)
{
  sp_fake.draw_thread = g_thread_self ();
  for (guint step = 1; step <= sp_fake.render_steps; step++) {
    g_usleep (5000);
    SpProgress said = { "adapt", step, sp_fake.render_steps, 0.1, 30, 1 };
    progress (&said, user_data);
    session->picture[0] = 0.5f;
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
  }
  if (sp_fake.fail_render)
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "no device");
  return !sp_fake.fail_render;
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
  SpLayer *layer = g_new0 (SpLayer, 1);
  layer->rgba = g_new0 (float, 4);
  return layer;
}

void
sp_layer_free (SpLayer *layer)
{
  g_free (layer->rgba);
  g_free (layer);
}

const char *
sp_stage_title (const char *stage)
{
  return stage;
}
