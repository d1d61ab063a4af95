/* Looks whether an image file is whole before GEGL opens it.
 *
 * Needed because GEGL's readers trust their files: its PNG reader loops forever on a file that ends
 * within the header, and its JPEG reader fills the missing part of a picture with gray and says
 * nothing. What is checked is the file's own structure, not its pixels.
 */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

typedef enum { SP_IMAGE_PNG, SP_IMAGE_TIFF, SP_IMAGE_JPEG } SpImageKind;

/* The kind by the file's first bytes, when the file is whole. Fails with SP_ERROR_PHOTO or a
 * G_FILE_ERROR, one sentence with the path. */
gboolean sp_image_check (const char *path, SpImageKind *kind, GError **error);

/* The kind by the name's ending; FALSE with SP_ERROR_SETTING when it is none of them. */
gboolean sp_image_kind_of_name (const char *path, SpImageKind *kind, GError **error);

G_END_DECLS
