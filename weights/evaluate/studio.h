/* Everything planned to find, draw, edit and judge photos of one size: a session's steps, one by
 * one, so that each can be measured. */
#pragma once

#include "engine/method/edit.h"
#include "engine/photo/photo.h"
#include "weights/evaluate/evaluate.h"
#include "weights/judge/drawing.h"

G_BEGIN_DECLS

typedef struct _SpStudioPlans SpStudioPlans;

typedef struct {
  SpWork *work;
  const SpPack *pack;
  SpSettings settings;
  int side;
  SpWindow window; /* the whole photo */
  SpShape latent_shape;
  SpSight *sight;
  /* The photo at hand, 3 x side x side, and what sp_studio_open() made of it. */
  float *photo;
  float *encoded, *latent;          /* E (x), z4 after inversion */
  float *drawn, *inverted, *fitted; /* G (E (x)), G (z4), G' (z4) */
  /* What sp_studio_edit() made. */
  float *keep, *kept;         /* side x side: the mask; and what the result keeps of the photo */
  float *outlined;            /* likewise, where that ends at an outline; NULL: nowhere */
  float *shown;               /* the photo with what was put in, or without what was removed; NULL:
                               * the edit was made in the latent alone */
  float *generated, *adapted; /* G (ze), G' (ze) */
  SpStudioPlans *plans;
} SpStudio;

SpStudio *sp_studio_new (SpWork *work, const SpPack *pack, const SpJudge *judge,
                         const SpSettings *settings, int side, GError **error);
void sp_studio_free (SpStudio *studio);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpStudio, sp_studio_free)

/* Encodes, inverts and fits studio->photo. */
gboolean sp_studio_open (SpStudio *studio, GError **error);

/* Edits the opened photo: `concept` of the pack, `strokes` side x side, full strength. */
gboolean sp_studio_edit (SpStudio *studio, guint concept, SpEditOperation operation, guint seed,
                         const float *strokes, GError **error);

/* The picture blended into the photo where `keep` (side x side) lets it, as the program does it;
 * caller frees. */
float *sp_studio_blend (SpStudio *studio, const float *picture, const float *keep,
                        const float *outlined, GError **error);

/* How like the photo the picture is. */
void sp_studio_compare (SpStudio *studio, const float *picture, SpLikeness *likeness);

/* By the pack's own perceptual net, of two pictures of studio->side; NAN without such a net. */
double sp_studio_perceptual_distance (SpStudio *studio, const float *a, const float *b);

/* Whether E, and then inversion, find the latent of the pack's own picture G (E (x)). */
gboolean sp_studio_find_own (SpStudio *studio, double *by_encoder, double *by_inversion,
                             GError **error);

G_END_DECLS
