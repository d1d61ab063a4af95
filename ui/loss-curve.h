/* The loss and the PSNR of a render as curves over its steps. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *sp_loss_curve_new (void);
/* The points so far; a PSNR of NAN leaves a gap. `share` of the steps, 0 to 1. */
void sp_loss_curve_add (GtkWidget *curve, double share, double loss, double psnr);
void sp_loss_curve_clear (GtkWidget *curve);

G_END_DECLS
