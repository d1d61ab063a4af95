/* Arguments from GIMP 2.10's parameters, and from the last dialog. */
#pragma once

#include <libgimp/gimp.h>
#include "plug-in/gimp/arguments.h"

G_BEGIN_DECLS

/* From the parameters of SP_GIMP_PROCEDURE after run-mode, image and drawable (which the caller has
 * read). */
gboolean sp_gimp2_arguments_read (SpGimpArguments *arguments, const GimpParam *parameters,
                                  GError **error);

/* What the dialog used last in this run of GIMP, else defaults. Drawables are those of last time
 * where they still exist in the image. */
void sp_gimp2_arguments_recall (SpGimpArguments *arguments);
void sp_gimp2_arguments_remember (const SpGimpArguments *arguments);

G_END_DECLS
