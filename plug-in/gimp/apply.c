/* One edit of a GIMP image; see apply.h. */
#include "plug-in/gimp/apply.h"
#include "plug-in/gimp/draw.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/status-bar.h"
#include "plug-in/gimp/strokes.h"

/* The arguments as a list of one edit. */
static SpEditList *
list_of (const SpGimpArguments *arguments, GError **error)
{
  SpEdit edit = { .concept = arguments->concept,
                  .operation = arguments->operation,
                  .strength = arguments->strength,
                  .seed = arguments->seed };
  g_autofree guint8 *coverage = sp_gimp_strokes_read (arguments, &edit.strokes, error);
  SpEditEntry *entry = coverage != NULL ? sp_edit_entry_new (&edit, error) : NULL;
  if (entry == NULL)
    return NULL;
  SpEditList *list = sp_edit_list_new ();
  g_ptr_array_add (list->entries, entry);
  list->steps = arguments->steps;
  return list;
}

gint32
sp_gimp_apply (const SpGimpArguments *arguments, gboolean hide_strokes, SpProgressFunction progress,
               gpointer user_data, GCancellable *cancellable, GError **error)
{
  if (!sp_gimp_check_drawables (arguments, error))
    return -1;
  g_autoptr (SpEditList) list = list_of (arguments, error);
  if (list == NULL)
    return -1;
  SpGimpDrawing drawing = { .image = arguments->image,
                            .photo = arguments->photo,
                            .reference = arguments->reference,
                            .replaced = -1,
                            .hidden = hide_strokes ? arguments->strokes : -1,
                            .pack = arguments->pack,
                            .list = list,
                            .progress = progress,
                            .user_data = user_data,
                            .cancellable = cancellable };
  return sp_gimp_draw (&drawing, error);
}

gint32
sp_gimp_apply_in_status_bar (const SpGimpArguments *arguments, gboolean hide_strokes,
                             GError **error)
{
  SpGimpStatusBar bar = { 0 };
  gint32 layer =
      sp_gimp_apply (arguments, hide_strokes, sp_gimp_show_in_status_bar, &bar, NULL, error);
  sp_gimp_status_bar_end (&bar);
  return layer;
}
