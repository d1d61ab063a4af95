/* What the chosen edit moves, behind an expander: a map of the latent's cells, and bars of the
 * units that were moved most. Draws what it is told; what the numbers mean is the engine's. */
#pragma once

#include <gtk/gtk.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpExplanationView SpExplanationView;

/* `wanted` is called when the expander is opened: until then nothing need be computed. */
SpExplanationView *sp_explanation_view_new (void (*wanted) (gpointer user_data),
                                            gpointer user_data);
void sp_explanation_view_free (SpExplanationView *view);
/* A floating reference; the view must outlive it. */
GtkWidget *sp_explanation_view_widget (SpExplanationView *view);
gboolean sp_explanation_view_is_open (const SpExplanationView *view);

/* `title`: of the edit, for people. NULL: none is chosen. */
void sp_explanation_view_set_title (SpExplanationView *view, const char *title);
/* NULL: it moves nothing, since it is off or outside the frame. */
void sp_explanation_view_set (SpExplanationView *view, const SpExplanation *explanation);

G_END_DECLS
