/* Which pack and which device: choosers, and what is known of both. */
#pragma once

#include <gtk/gtk.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpModelPanel SpModelPanel;
typedef void (*SpModelChanged) (gpointer user_data);

/* `pack`: a path, NULL for `bundled_pack`, which may be NULL too: there is none. */
SpModelPanel *sp_model_panel_new (const char *bundled_pack, const char *pack, SpDevice device,
                                  SpModelChanged changed, gpointer user_data);
void sp_model_panel_free (SpModelPanel *panel);
GtkWidget *sp_model_panel_widget (SpModelPanel *panel);

/* The path to open; NULL: there is none. Free with g_free(). */
char *sp_model_panel_pack (const SpModelPanel *panel);
/* As chosen: NULL for the bundled one. Free with g_free(). */
char *sp_model_panel_choice (const SpModelPanel *panel);
SpDevice sp_model_panel_device (const SpModelPanel *panel);

void sp_model_panel_describe_pack (SpModelPanel *panel, const SpPack *pack);
/* `note`: why it is not the one that was wanted; NULL: nothing to tell. */
void sp_model_panel_describe_device (SpModelPanel *panel, const char *device, const char *note);

G_END_DECLS
