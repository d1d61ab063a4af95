/* Evaluation of a pack: how well it holds photos, and whether its edits do what they say.
 *
 * Everything is measured on photos that neither the judge nor (with the list that it was trained
 * with) the pack was trained on, through the very steps of a session: inversion, a fit to the
 * photo, eq. 9, adaptation, blending. docs/evaluating.md says what each figure can tell.
 *
 * Thread rule: as sp_train().
 */
#pragma once

#include "engine/method/measure.h"
#include "weights/judge/sight.h"

G_BEGIN_DECLS

typedef struct {
  guint photos;          /* at most */
  guint edits;           /* of each photo, at most; half of them insert, half remove */
  guint large_photos;    /* at most */
  guint samples;         /* of the prior, where the pack has one */
  SpSettings settings;   /* steps, seed, R; the device is the work's */
  const char *held_list; /* photos that are measured; NULL: every fifth labelled one */
  SpJudgeOptions judge;
  const char *judge_file;   /* a judge to use, or where to keep it */
  const char *large_folder; /* photos at least 2 x 3 times the pack's resolution, better four
                               times; NULL: none */
  const char *sheet_folder; /* an existing folder; NULL: no sheets */
} SpEvaluateOptions;

SpEvaluateOptions sp_evaluate_options_default (void);

/* A picture against its photo. */
typedef struct {
  double psnr;       /* dB */
  double perceptual; /* the pack's own perceptual loss; NAN without such a net */
  double judged;     /* 1 - cosine of the judge's features, mean over blocks */
} SpLikeness;

/* Nothing edited. */
typedef struct {
  SpLikeness encoder, inverted, fitted; /* G (E (x)), G (z4), G' (z4) */
  double hole_encoder, hole_inverted;   /* PSNR in the middle 3/8 of both */
  SpHoleFigures hole;                   /* and of G' that never saw it, after all steps */
  double found_encoder, found_inverted; /* correlation with the latent of the pack's own picture */
} SpHolding;

typedef struct {
  guint photo, concept; /* numbers among the measured ones, and the judge's */
  SpEditOperation operation;
  SpRectangle area; /* that the stroke, an ellipse, fills; pixels of the photo */
  /* Shares of the stroke in which the judge sees the concept. */
  double before, generated, after; /* photo, G (ze), the result */
  double drawn; /* share of the stroke that the result has from the drawing; the rest is a backdrop
                   that stays the photo's */
  double after_drawn; /* the share of the concept in that part of the result */
  /* Shares of the blocks outside the soft mask whose likeliest concept changed: in G', in the
   * result (where only the judge's field of view can change it). */
  double outside_drawn, outside;
  double psnr_outside;   /* of G' outside the soft mask, dB */
  double rim_photo, rim; /* mean step between neighbours in the soft mask's rim */
} SpEditFigures;

/* How the result was made of G (ze), for comparison. */
typedef enum {
  SP_RESULT_ADAPTED, /* G' blended in: what the program does */
  SP_RESULT_DRAWN,   /* G (ze), as it is */
  SP_RESULT_COLOUR,  /* G (ze), its colours transferred (Reinhard et al. 2001), pasted softly */
  SP_RESULT_LAPLACE, /* G (ze) blended by Laplacian pyramids */
  SP_RESULT_POISSON, /* G (ze) blended by Poisson's equation (Perez et al. 2003) */
  SP_N_RESULTS
} SpResultKind;

const char *sp_result_name (SpResultKind kind);

/* On windows of 2 x 3 times the resolution. */
typedef struct {
  double encoder, inverted; /* PSNR, dB */
} SpLargeFigures;

/* A part of a photo of four times the resolution that was drawn anew and laid back, against it. */
typedef struct {
  double psnr;       /* dB */
  double perceptual; /* as in SpLikeness */
  double steps;      /* mean difference of neighbouring pixels, over the photo's */
} SpSharpness;

typedef struct {
  SpSharpness smooth, fine; /* without and with fine detail of the photo around */
} SpRedrawingFigures;

/* Of draws of z, where the generator begins there. */
typedef struct {
  guint samples; /* 0: the pack has no prior */
  /* Frechet distance of the judge's mean features to those of photos; of half of these to half. */
  double distance, floor;
  double found_encoder, found_inverted; /* correlation of z4 with what E and inversion find */
} SpPriorFigures;

typedef struct {
  guint n_concepts;
  char **names;
  gboolean *in_pack;     /* K */
  double *judge_overlap; /* K */
  GArray *holdings;      /* SpHolding */
  GArray *edits;         /* SpEditFigures, in the order of the sheets */
  GArray *large;         /* SpLargeFigures */
  GArray *redrawn;       /* SpRedrawingFigures */
  /* Frechet distance of the judge's features in the strokes of insertions to those of the same
   * concepts in photos; the floor is that of one half of the photos' to the other. */
  double distance[SP_N_RESULTS], distance_floor;
  SpPriorFigures prior;
} SpEvaluationReport;

SpEvaluationReport *sp_evaluate (SpWork *work, const SpPack *pack, const char *data_folder,
                                 const SpEvaluateOptions *options, GError **error);
void sp_evaluation_report_free (SpEvaluationReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEvaluationReport, sp_evaluation_report_free)

G_END_DECLS
