/* The strength control: three words and a slider that say the same. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* `slider` receives the scale inside, which is where the value is read and the mnemonic goes. */
GtkWidget *sp_strength_new (double value, GtkWidget **slider);

G_END_DECLS
