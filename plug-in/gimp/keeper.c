/* The dialog's edits, kept while it is open; see keeper.h. */
#include "plug-in/gimp/keeper.h"
#include "plug-in/gimp/history.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/kept.h"
#include "ui/words.h"

struct _SpGimpKeeper {
  gint32 image, photo, strokes;
  int width, height;
  GPtrArray *waiting; /* edits; NULL: none */
  SpPack *pack;       /* of the edits that came last; NULL: unknown */
  gboolean is_packing, has_told;
  /* The thread's while it packs: a pack's file is read but once. */
  SpPack *summed;
  char *sha256;
};

/* What the thread gets. */
typedef struct {
  SpGimpKeeper *keeper;
  GPtrArray *edits;
  SpPack *pack; /* NULL: unknown */
} Packing;

static void
packing_free (gpointer data)
{
  Packing *packing = data;
  g_ptr_array_unref (packing->edits);
  g_clear_pointer (&packing->pack, sp_pack_unref);
  g_free (packing);
}

/* ---- The thread ---- */

/* Without a sum the pack is unknown. */
static void
name_pack (SpGimpKeeper *keeper, SpPack *pack, SpEditList *list)
{
  if (pack && pack != keeper->summed) {
    g_clear_pointer (&keeper->summed, sp_pack_unref);
    g_free (keeper->sha256);
    keeper->summed = sp_pack_ref (pack);
    keeper->sha256 = sp_pack_sha256 (pack, NULL);
  }
  list->pack_name = pack ? g_strdup (sp_pack_name (pack)) : NULL;
  list->pack_sha256 = pack ? g_strdup (keeper->sha256) : NULL;
}

/* No edits are no bytes. */
static void
pack (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Packing *packing = data;
  GError *error = NULL;
  GBytes *bytes = NULL;
  g_autoptr (SpEditList) list = sp_gimp_list_of_history (packing->edits, &error);
  if (list && list->entries->len > 0) {
    list->photo_width = packing->keeper->width;
    list->photo_height = packing->keeper->height;
    name_pack (packing->keeper, packing->pack, list);
    bytes = sp_edit_list_write (list, &error);
  }
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, bytes, (GDestroyNotify)g_bytes_unref);
}

/* ---- The main thread ---- */

/* The image may have been closed. */
static gboolean
attach (const SpGimpKeeper *keeper, GBytes *bytes, GError **error)
{
  if (!sp_host_image_is_valid (keeper->image) || !sp_host_item_is_valid (keeper->photo))
    return TRUE;
  gint32 strokes = sp_host_item_is_valid (keeper->strokes) ? keeper->strokes : -1;
  return sp_gimp_keep_for_photo (keeper->image, keeper->photo, bytes, strokes, error);
}

static void
tell (SpGimpKeeper *keeper, const GError *error)
{
  if (keeper->has_told)
    return;
  keeper->has_told = TRUE;
  g_autofree char *text =
      g_strdup_printf (_ ("The edits cannot be kept with the image: %s"), error->message);
  sp_host_message (text);
}

static void packed (GObject *source, GAsyncResult *result, gpointer data);

static void
pack_waiting (SpGimpKeeper *keeper)
{
  Packing *packing = g_new0 (Packing, 1);
  *packing = (Packing){ keeper, g_steal_pointer (&keeper->waiting),
                        keeper->pack ? sp_pack_ref (keeper->pack) : NULL };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, packed, keeper);
  g_task_set_task_data (task, packing, packing_free);
  keeper->is_packing = TRUE;
  g_task_run_in_thread (task, pack);
}

static void
packed (GObject *source, GAsyncResult *result, gpointer data)
{
  SpGimpKeeper *keeper = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_task_propagate_pointer (G_TASK (result), &error);
  keeper->is_packing = FALSE;
  if (error || !attach (keeper, bytes, &error))
    tell (keeper, error);
  if (keeper->waiting)
    pack_waiting (keeper);
}

void
sp_gimp_keeper_keep (SpGimpKeeper *keeper, GPtrArray *edits, SpPack *pack, gint32 strokes)
{
  g_clear_pointer (&keeper->pack, sp_pack_unref);
  keeper->pack = pack ? sp_pack_ref (pack) : NULL;
  g_clear_pointer (&keeper->waiting, g_ptr_array_unref);
  keeper->waiting = g_ptr_array_ref (edits);
  keeper->strokes = strokes;
  if (!keeper->is_packing)
    pack_waiting (keeper);
}

/* ---- Making ---- */

SpGimpKeeper *
sp_gimp_keeper_new (gint32 image, gint32 photo, int width, int height)
{
  SpGimpKeeper *keeper = g_new0 (SpGimpKeeper, 1);
  keeper->image = image;
  keeper->photo = photo;
  keeper->strokes = -1;
  keeper->width = width;
  keeper->height = height;
  return keeper;
}

void
sp_gimp_keeper_free (SpGimpKeeper *keeper)
{
  while (keeper->is_packing)
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&keeper->pack, sp_pack_unref);
  g_clear_pointer (&keeper->summed, sp_pack_unref);
  g_free (keeper->sha256);
  g_free (keeper);
}
