/* The image files of training, dissection and evaluation, through GEGL. */
#pragma once

#include "weights/train/train.h"

G_BEGIN_DECLS

/* Tells on stderr. */
extern const SpTrainHost sp_photo_host;
/* Tells nothing. */
extern const SpTrainHost sp_quiet_photo_host;

G_END_DECLS
