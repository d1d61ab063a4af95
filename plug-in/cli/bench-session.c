/* What a user waits for, through the public interface: from a stroke to its preview, and a whole
 * edit of a photo of 12 megapixels. The photo is computed as it is read, so that its own size
 * counts in no memory figure but the engine's. */
#include "engine/cache.h"
#include "plug-in/cli/bench.h"

#include <glib/gstdio.h>

#define PHOTO_WIDTH 4000
#define PHOTO_HEIGHT 3000
#define STROKE_SIDE 1000 /* the window is a square of twice that */
#define EDIT_STEPS 100

static gboolean
read_photo (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++, rgb += 3) {
      rgb[0] = (x & 255) / 255.0f;
      rgb[1] = (y & 255) / 255.0f;
      rgb[2] = ((x ^ y) & 255) / 255.0f;
    }
  return TRUE;
}

typedef struct {
  SpPhoto photo;
  guint8 *coverage;
  SpEdit edit;
  SpSession *session;
} Subject;

static void
subject_init (Subject *subject, const SpPack *pack)
{
  gsize pixels = (gsize)STROKE_SIDE * STROKE_SIDE;
  guint n_concepts;
  *subject = (Subject){ .photo = { PHOTO_WIDTH, PHOTO_HEIGHT, read_photo, NULL },
                        .coverage = g_malloc (pixels) };
  memset (subject->coverage, 255, pixels);
  SpRectangle middle = { (PHOTO_WIDTH - STROKE_SIDE) / 2, (PHOTO_HEIGHT - STROKE_SIDE) / 2,
                         STROKE_SIDE, STROKE_SIDE };
  subject->edit = (SpEdit){ .strokes = { middle, subject->coverage },
                            .concept = sp_pack_concepts (pack, &n_concepts)[0].name,
                            .operation = SP_EDIT_ADD,
                            .strength = SP_STRENGTH_HIGH };
}

static void
subject_clear (Subject *subject)
{
  g_clear_pointer (&subject->session, sp_session_free);
  g_free (subject->coverage);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

static gboolean
make_session (Subject *subject, SpPack *pack, const SpSettings *settings, GError **error)
{
  subject->session =
      sp_session_new (pack, &subject->photo, subject->edit.strokes.area, settings, error);
  return subject->session != NULL;
}

/* Of another example each time, or it would be known already what stands there then. */
static gboolean
preview (gpointer data, GError **error)
{
  Subject *subject = data;
  subject->edit.seed++;
  sp_session_clear_edits (subject->session);
  return sp_session_add_edit (subject->session, &subject->edit, error)
         && sp_session_preview (subject->session, error);
}

gboolean
sp_bench_preview (SpBench *bench, int size, GError **error)
{
  SpSettings settings = bench->settings;
  settings.inversion_steps = settings.warm_start_steps = 1; /* it costs the same after more */
  SpPack *pack = sp_bench_pack (bench, size, error);
  if (!pack)
    return FALSE;
  g_auto (Subject) subject;
  subject_init (&subject, pack);
  if (!make_session (&subject, pack, &settings, error)
      || !sp_session_open (subject.session, NULL, NULL, NULL, error))
    return FALSE;
  SpTiming time;
  if (!sp_bench_time (bench, preview, &subject, &time, error))
    return FALSE;
  sp_bench_add (bench, "preview", size, time, NULL);
  return TRUE;
}

/* ---- The whole of an edit ---- */

typedef struct {
  SpBench *bench;
  const char *name;
  int size;
  SpTiming start; /* of the part that is going on */
} Parts;

/* Adds the time since the last part as "edit-open", and the next one starts. */
static void
end_part (Parts *parts, const char *part)
{
  g_autofree char *name = g_strconcat (parts->name, "-", part, NULL);
  sp_bench_add (parts->bench, name, parts->size, sp_timing_since (parts->start), NULL);
  parts->start = sp_timing_now ();
}

/* Planning and reading; finding the fit, or making it with its default steps; 100 steps of
 * adaptation; the layer at the photo's resolution. */
static gboolean
time_edit (Parts *parts, SpPack *pack, const SpSettings *settings, GError **error)
{
  g_auto (Subject) subject;
  subject_init (&subject, pack);
  SpTiming begin = parts->start = sp_timing_now ();
  if (!make_session (&subject, pack, settings, error))
    return FALSE;
  end_part (parts, "plan");
  if (!sp_session_open (subject.session, NULL, NULL, NULL, error))
    return FALSE;
  end_part (parts, "open");
  if (!sp_session_add_edit (subject.session, &subject.edit, error)
      || !sp_session_render (subject.session, NULL, NULL, NULL, error))
    return FALSE;
  end_part (parts, "render");
  g_autoptr (SpLayer) layer = sp_session_layer (subject.session, &subject.photo, error);
  if (!layer)
    return FALSE;
  end_part (parts, "layer");
  sp_bench_add (parts->bench, parts->name, parts->size, sp_timing_since (begin), NULL);
  return TRUE;
}

/* Once with nothing known of the photo, and once more with the fit that the first has kept. Not
 * repeated: it is long. */
gboolean
sp_bench_edit (SpBench *bench, int size, GError **error)
{
  SpSettings settings = bench->settings;
  settings.adaptation_steps = EDIT_STEPS;
  SpPack *pack = sp_bench_pack (bench, size, error);
  g_autofree char *folder = pack ? g_dir_make_tmp ("semantic-paint-XXXXXX", error) : NULL;
  if (!folder)
    return FALSE;
  settings.cache_folder = folder;
  Parts first = { .bench = bench, .name = "edit", .size = size };
  Parts again = { .bench = bench, .name = "edit-again", .size = size };
  gboolean fine =
      time_edit (&first, pack, &settings, error) && time_edit (&again, pack, &settings, error);
  sp_cache_shrink (folder, 0);
  g_rmdir (folder);
  return fine;
}
