/* Rows of a form: a label with a mnemonic beside a control that assistive technology can name. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A name and, unless NULL, a description for screen readers; the description is the tooltip too. */
void sp_widget_describe (GtkWidget *widget, const char *name, const char *description);

/* Puts `control` into the grid's row behind a label; `mnemonic` is the label's text with its
 * underscore, and without it the control's accessible name. Returns the label. */
GtkWidget *sp_row_attach (GtkGrid *grid, int row, const char *mnemonic, GtkWidget *control,
                          const char *description);

/* Fills a combo box with the titles and selects `active`. */
GtkWidget *sp_row_combo (const char *const *titles, guint active);

/* A whole number from 0 to `maximum`. */
GtkWidget *sp_row_number (guint value, guint maximum);

G_END_DECLS
