/* A session's inside, shared by session.c, which works, and session-results.c, which tells. */
#pragma once

#include "engine/device.h"
#include "engine/method/adapt.h"
#include "engine/method/edit.h"
#include "engine/method/invert.h"
#include "engine/method/preview.h"
#include "engine/photo/photo.h"

G_BEGIN_DECLS

/* An edit as the session keeps it: on the window, not on the photo. */
typedef struct {
  SpLatentEdit latent_edit;
  float *strokes; /* height x width */
  float *cells;   /* h x w */
  SpLatent reference;
  float *reference_values;
} StoredEdit;

struct _SpSession {
  SpPack *pack;
  SpSettings settings;
  SpGeneratorShape generator;
  SpWindow window;
  int cell; /* generator pixels to a latent cell */
  SpBackend *backend;
  char *device_note; /* why it is not CUDA, when there is something to tell */
  SpInversion *inversion;
  SpAdaptation *adaptation;
  SpPreview *preview;
  float *photo;      /* 3 x H x W */
  float *latent;     /* z4 */
  float *edited;     /* ze, scratch */
  float *keep;       /* H x W; all ones without edits */
  float *picture;    /* 3 x H x W */
  float *warm_start; /* R as fitted to the unedited photo */
  SpShape latent_shape;
  GPtrArray *edits; /* StoredEdit */
};

G_END_DECLS
