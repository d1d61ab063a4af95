/* A session under test on the bundled pack and a small made-up photo. */
#pragma once

#include "engine/semantic-paint.h"

#include <string.h>

enum { WIDTH = 200, HEIGHT = 150, STROKE = 40 };

/* A sky over a ground, smooth but for a little texture. */
static inline gboolean
read_photo (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  for (int y = area.y; y < area.y + area.height; y++) {
    for (int x = area.x; x < area.x + area.width; x++) {
      float grain = 0.05f * (float)((x * 7 + y * 13) % 11) / 11;
      *rgb++ = (y < 70 ? 0.3f : 0.1f) + grain;
      *rgb++ = (y < 70 ? 0.5f : 0.3f) + grain;
      *rgb++ = (y < 70 ? 0.9f : 0.1f) + grain;
    }
  }
  return TRUE;
}

static const SpPhoto photo = { WIDTH, HEIGHT, read_photo, NULL };

static inline SpSettings
quick_settings (void)
{
  SpSettings settings = sp_settings_default ();
  settings.inversion_steps = 3;
  settings.warm_start_steps = 3;
  settings.adaptation_steps = 4;
  return settings;
}

static inline SpSession *
make_session (SpPack *pack, const SpSettings *settings)
{
  GError *error = NULL;
  SpSession *session =
      sp_session_new (pack, &photo, (SpRectangle){ 60, 50, 80, 60 }, settings, &error);
  g_assert_no_error (error);
  return session;
}

/* STROKE x STROKE pixels, fully covered, from (x, y). */
static inline SpEdit
make_edit (const char *concept, SpEditOperation operation, int x, int y, guint8 *coverage)
{
  for (int i = 0; i < STROKE * STROKE; i++)
    coverage[i] = 255;
  return (SpEdit){ .strokes = { { x, y, STROKE, STROKE }, coverage },
                   .concept = concept,
                   .operation = operation,
                   .strength = SP_STRENGTH_HIGH };
}

static inline void
add_edit (SpSession *session, const char *concept, SpEditOperation operation, int x, int y)
{
  guint8 coverage[STROKE * STROKE];
  GError *error = NULL;
  SpEdit edit = make_edit (concept, operation, x, y, coverage);
  sp_session_add_edit (session, &edit, &error);
  g_assert_no_error (error);
}

static inline float *
copy_picture (const SpSession *session, gsize *n)
{
  int width, height;
  const float *picture = sp_session_picture (session, &width, &height);
  *n = 3 * (gsize)width * height;
  return g_memdup2 (picture, *n * sizeof (float));
}

static inline SpPack *
open_bundled_pack (void)
{
  GError *error = NULL;
  g_autofree char *path = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "weights", "packs",
                                            "outdoor-128.safetensors", NULL);
  SpPack *pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  return pack;
}
