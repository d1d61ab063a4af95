/* The dialog's choices: one row for each, and the pack that they depend on. */
#pragma once

#include <gtk/gtk.h>
#include "ui/dialog.h"

G_BEGIN_DECLS

typedef struct _SpForm SpForm;

/* Called whenever the choices may have become complete, incomplete or impossible. `problem` is a
 * sentence, or NULL when all is well. */
typedef void (*SpFormChanged) (const char *problem, gpointer user_data);

/* `options` must outlive the form; `start` is copied. */
SpForm *sp_form_new (const SpDialogOptions *options, const SpDialogChoices *start,
                     SpFormChanged changed, gpointer user_data);
/* The rows, a floating reference. The form must outlive them. */
GtkWidget *sp_form_widget (SpForm *form);
/* Tells `changed` about the present state. */
void sp_form_review (SpForm *form);
/* Fills `choices`; free with sp_dialog_choices_clear(). */
void sp_form_read (const SpForm *form, SpDialogChoices *choices);
void sp_form_free (SpForm *form);

G_END_DECLS
