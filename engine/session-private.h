/* A session's inside, shared by session.c, which opens, session-edits.c, which takes edits,
 * session-masks.c, which finds what they leave, session-draw.c, which draws them, session-cache.c,
 * which keeps the fit for the next time, and session-results.c, which tells. */
#pragma once

#include "engine/device.h"
#include "engine/method/adapt.h"
#include "engine/method/edit.h"
#include "engine/method/insertion.h"
#include "engine/method/invert.h"
#include "engine/method/look.h"
#include "engine/method/preview.h"
#include "engine/photo/photo.h"

G_BEGIN_DECLS

#define SP_SESSION_MOST_STEPS 1000000u

/* An edit as the session keeps it: on the window, not on the photo. */
typedef struct {
  SpLatentEdit latent_edit; /* of objects that are put in its strength is 1, and `strength` says how
                             * large they are */
  double strength;          /* as asked */
  float *strokes;           /* height x width */
  float *keep;              /* height x width: what this edit leaves as it is */
  float *cells;             /* h x w */
  SpLatent reference;       /* of units that get another's look */
  float *reference_values;
  float *look; /* 3 x look_height x look_width: of cells that do; NULL: an exemplar's */
  int look_height, look_width;
  /* NULL, all: the edit is made in the latent alone. */
  float *picture;  /* 3 x H x W: the photo with what is put in, or without what is removed */
  float *filling;  /* C x h x w: its latent */
  float *outlined; /* H x W: where keep ends at an outline; NULL as well where it does not */
  SpFiner finer;   /* of objects: what more is known of them */
  gboolean is_object;
  char *key; /* a hash of all that they depend on */
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
  SpInserter *inserter;      /* NULL: nothing was put in yet */
  float *photo;              /* 3 x H x W */
  float *latent;             /* z4 */
  float *edited;             /* ze, scratch */
  float *keep;               /* H x W; all ones without edits */
  float *outlined, *unmoved; /* H x W: where it ends at an object's outline, and where nothing but
                              * colours is new (photo.h) */
  SpFiner finer;             /* of objects that are seen */
  float *target, *held;      /* 3 x H x W, H x W: what R is to show, and where: the photo with
                              * what is put in and without what is removed, all but new looks */
  float *picture;            /* 3 x H x W */
  float *warm_start;         /* R as fitted to the unedited photo */
  gboolean preview_is_of_render; /* and no longer of the fit */
  gboolean warm;                 /* sp_session_set_warm() */
  float *rendered;               /* R as the last render left it; NULL: none yet, or not warm */
  SpShape latent_shape;
  GPtrArray *edits;   /* StoredEdit */
  GPtrArray *cleared; /* those before they were last cleared */
};

/* session.c */
gboolean sp_session_plan_edits (SpSession *session, GError **error);
void sp_session_drop_plans (SpSession *session);
/* The fit to the photo as it was. */
gboolean sp_session_restore_fit (SpSession *session, GError **error);
/* TRUE when what failed with `failure` should be done once more, on the CPU; else *error is set.
 * Takes the failure. */
gboolean sp_session_try_again (SpSession *session, GError *failure, GError **error);

/* Whether what failed with `error` would go on the CPU. */
gboolean sp_session_can_move_to_cpu (const SpSession *session, const GError *error);

/* session-masks.c: keep, outlined, unmoved, target and held, of the edits that there are. */
void sp_session_update_masks (SpSession *session);

/* session-edits.c: of a StoredEdit. */
void sp_session_free_edit (gpointer edit);

/* session-cache.c: what the fit depends on, to find it again; NULL: it is not kept. Free with
 * g_free(). */
char *sp_session_cache_key (const SpSession *session);
/* FALSE: there is no kept fit, or it is of no use, and everything is as before. */
gboolean sp_session_open_from_cache (SpSession *session, const char *key);
void sp_session_store_in_cache (const SpSession *session, const char *key);

G_END_DECLS
