/* The image files of training, dissection and evaluation, through GEGL. */
#pragma once

#include "weights/common/host.h"

G_BEGIN_DECLS

/* Tells on stderr. */
extern const SpHost sp_photo_host;
/* Tells nothing. */
extern const SpHost sp_quiet_photo_host;

G_END_DECLS
