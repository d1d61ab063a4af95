/* Semantic Paint: edit a photo by concept. The engine's public header.
 *
 *   g_autoptr (SpPack) pack = sp_pack_open (path, &error);
 *   SpSettings settings = sp_settings_default ();
 *   g_autoptr (SpSession) session = sp_session_new (pack, &photo, bounds, &settings, &error);
 *   // invert, fit to the photo; "tree" into these strokes; one forward pass
 *   sp_session_open (session, cancellable, progress, data, &error);
 *   sp_session_add_edit (session, &edit, &error);
 *   sp_session_preview (session, &error);
 *   // G' trained around the strokes; full resolution, with alpha
 *   sp_session_render (session, cancellable, progress, data, &error);
 *   SpLayer *layer = sp_session_layer (session, &photo, &error);
 *
 * Thread rule: one session is used by one thread at a time. Only sp_session_new(),
 * sp_session_add_edit() and sp_session_layer() read photos, so a host whose pixels belong to its
 * main thread calls those there and the rest (open, preview, render) in a worker.
 *
 * Colour: photos are linear-light RGB with sRGB primaries, 0 to 1 nominally; the engine encodes to
 * sRGB for the generator itself. Host formats, profiles and alpha are the host's business.
 */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

/* ---- Packs: a generator with its encoder, perceptual net and concepts ---- */

typedef struct _SpPack SpPack;

typedef struct {
  const char *name;  /* "tree": what procedures and the command line take */
  const char *title; /* "Tree": what people read */
  guint
      exemplars; /* how many examples of it the pack holds to choose from by seed; 0: only a mean */
} SpConcept;

/* Opens and checks a pack: its structure, manifest and concepts, every number finite. That the
 * networks' tensors are complete and of the right shapes is checked when a session builds them.
 * Fails with SP_ERROR_PACK or a G_FILE_ERROR. */
SpPack *sp_pack_open (const char *path, GError **error);
SpPack *sp_pack_ref (SpPack *pack);
void sp_pack_unref (SpPack *pack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPack, sp_pack_unref)

/* Strings belong to the pack. */
const char *sp_pack_name (const SpPack *pack);
const char *sp_pack_title (const SpPack *pack);
const char *sp_pack_licence (const SpPack *pack);
const char *sp_pack_source (const SpPack *pack);
/* Of the pack's file, 64 hexadecimal digits: what results name it by. Reads the whole file; NULL
 * with a G_FILE_ERROR when it cannot. Free with g_free(). */
char *sp_pack_sha256 (const SpPack *pack, GError **error);
int sp_pack_resolution (const SpPack *pack); /* of the generator, pixels */
const SpConcept *sp_pack_concepts (const SpPack *pack, guint *n_concepts);

/* Draws what the pack's concepts look like, one by one, on the CPU. Used by one thread at a time;
 * holds a copy of the generator's weights while it lives. */
typedef struct _SpConceptPictures SpConceptPictures;

/* Fails with SP_ERROR_PACK or SP_ERROR_MEMORY. */
SpConceptPictures *sp_concept_pictures_new (SpPack *pack, GError **error);
/* The concept by itself: its first exemplar or, where the pack has none, its value. 3 x height x
 * width, sRGB-encoded, nominally -1 to 1, as large as the generator draws the exemplar; the
 * object's until the next call. Some ten milliseconds. Fails with SP_ERROR_CONCEPT or
 * SP_ERROR_PACK. */
const float *sp_concept_pictures_draw (SpConceptPictures *pictures, guint concept, int *width,
                                       int *height, GError **error);
void sp_concept_pictures_free (SpConceptPictures *pictures);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpConceptPictures, sp_concept_pictures_free)

/* ---- Photos, strokes, edits ---- */

typedef struct {
  int x, y, width, height; /* pixels, from the photo's top left corner */
} SpRectangle;

/* Where pixels come from: a host's buffer, read piece by piece so that a photo of any size fits. */
typedef struct {
  int width, height;
  /* Fills `rgb` (area.width * area.height * 3, rows from the top) with linear-light RGB. `area`
   * lies within the photo. Called from the thread that called the engine. */
  gboolean (*read) (gpointer user_data, SpRectangle area, float *rgb, GError **error);
  gpointer user_data;
} SpPhoto;

/* Where the user painted. Coverage 0 (not) to 255 (fully), rows from the top, area.width *
 * area.height values; everything outside `area` is 0. `area` may overlap the photo's edge. */
typedef struct {
  SpRectangle area;
  const guint8 *coverage;
} SpStrokes;

typedef enum { SP_EDIT_ADD, SP_EDIT_REMOVE, SP_EDIT_RESTYLE } SpEditOperation;

/* Strength: 0 (nothing happens) to 1 (the concept fully replaces what was there). */
#define SP_STRENGTH_LOW 0.5
#define SP_STRENGTH_MEDIUM 0.75
#define SP_STRENGTH_HIGH 1.0

typedef struct {
  SpStrokes strokes;
  const char *concept;
  SpEditOperation operation;
  double strength;
  guint seed;               /* ADD: which exemplar (seed modulo their number) */
  const SpPhoto *reference; /* RESTYLE: a photo whose look to take; else NULL */
} SpEdit;

/* "add", "remove", "restyle"; FALSE with SP_ERROR_SETTING for any other word. */
gboolean sp_edit_operation_parse (const char *word, SpEditOperation *operation, GError **error);
/* "low", "medium", "high" or a number 0 to 1. */
gboolean sp_strength_parse (const char *word, double *strength, GError **error);

/* Coverage of a pixel that is covered by this share; what is not from 0 to 1 is brought there, NaN
 * to 0. */
guint8 sp_stroke_coverage (float share);

/* The smallest rectangle that holds every stroke of coverage > 0, cut to the photo. Fails with
 * SP_ERROR_STROKES when there is none. */
gboolean sp_strokes_bounds (const SpStrokes *strokes, int photo_width, int photo_height,
                            SpRectangle *bounds, GError **error);

/* Whether any stroke of coverage > 0 lies in the area. */
gboolean sp_strokes_touch (const SpStrokes *strokes, SpRectangle area);

/* ---- Settings ---- */

typedef enum { SP_DEVICE_AUTO, SP_DEVICE_CPU, SP_DEVICE_CUDA } SpDevice;

/* Which of the processor's vector instructions to use: for measurements and tests, since the best
 * are also the fastest. Results differ in their last bits. */
typedef enum {
  SP_INSTRUCTIONS_BEST, /* the widest that the processor has */
  SP_INSTRUCTIONS_PLAIN,
  SP_INSTRUCTIONS_AVX2,
  SP_INSTRUCTIONS_AVX512,
  SP_INSTRUCTIONS_NEON
} SpInstructions;

/* "best", "plain", "avx2", "avx512", "neon". */
gboolean sp_instructions_parse (const char *word, SpInstructions *instructions, GError **error);

/* What R is. */
typedef enum {
  SP_PERTURBATION_FREE,    /* the perturbations themselves, one number a channel and pixel */
  SP_PERTURBATION_LOWRANK, /* R-A: a skip network of rank 4 over fixed noise */
  SP_PERTURBATION_HEADS    /* R-A2: the same trunk with 3x3 heads */
} SpPerturbationKind;

#define SP_MAXIMUM_PERTURBED_LAYERS 8

typedef struct {
  SpDevice device;
  SpInstructions instructions;
  gboolean precise;       /* less rounding error of convolutions, slower (engine/cpu/cpu.h) */
  int threads;            /* 0: all */
  guint seed;             /* of R's noise and start */
  guint inversion_steps;  /* eq. 1 */
  guint warm_start_steps; /* R fitted to the unedited photo when it is opened */
  guint adaptation_steps; /* eq. 3 to 8, for each render */
  SpPerturbationKind perturbation;
  int perturbed_layers[SP_MAXIMUM_PERTURBED_LAYERS]; /* ends at 0; all 0: the four scales below the
                                                        output */
  float learning_rate;                               /* of R; 0: what suits the kind */
  gboolean constant_rate;   /* R's rate stays the same, as the authors'; else it rises and falls */
  float regularisation;     /* lambda of eq. 8 */
  gboolean perturb_strokes; /* a render has R's perturbations under the strokes too, as the paper's;
                               else they are faded out there as in a preview (docs/method.md) */
  gboolean fill_strokes; /* the result is the drawing in the whole of the strokes, as the paper's;
                            else the photo's own backdrop, and what is around an object, stays
                            (engine/method/example.h) */
  gboolean smooth; /* a layer is the drawing enlarged, as the paper's; else with the fine detail of
                      the photo around (docs/method.md) */
  const char *cache_folder; /* where fits of photos are kept for the next opening (engine/cache.h);
                               NULL: nowhere */
} SpSettings;

SpSettings sp_settings_default (void);

/* The user's cache folder for cache_folder, or $SEMANTIC_PAINT_CACHE; NULL when that is set and
 * empty. Owned by the library. */
const char *sp_settings_cache_folder (void);

/* ---- Sessions ---- */

typedef struct {
  const char
      *stage; /* "invert", "fit", "adapt": a word for programs; sp_stage_title() for people */
  guint step, steps;
  double loss;
  double psnr;         /* dB outside the strokes, at the generator's resolution; NAN if unknown */
  double seconds_left; /* an estimate; NAN while there is none */
} SpProgress;

/* Called from the thread that called the engine, about ten times a second. */
typedef void (*SpProgressFunction) (const SpProgress *progress, gpointer user_data);

const char *sp_stage_title (const char *stage);

typedef struct _SpSession SpSession;

/* Chooses the window around `bounds` (the strokes', or the whole photo's), reads it, checks the
 * networks and plans the first one. `photo` is not kept. Fails with SP_ERROR_PHOTO (too small,
 * unreadable), SP_ERROR_SETTING, SP_ERROR_MEMORY, and SP_ERROR_DEVICE when the processor lacks the
 * instructions asked for. */
SpSession *sp_session_new (SpPack *pack, const SpPhoto *photo, SpRectangle bounds,
                           const SpSettings *settings, GError **error);
/* As sp_session_new(), in exactly the window that an earlier session of the photo had
 * (sp_session_window()). Fails with SP_ERROR_SETTING also where that is none that a session of this
 * photo and pack can have. */
SpSession *sp_session_new_in_window (SpPack *pack, const SpPhoto *photo, SpRectangle window,
                                     const SpSettings *settings, GError **error);
void sp_session_free (SpSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpSession, sp_session_free)

/* The device that computes, for people ("CPU, AVX2, 2 threads"). A graphics card that fails or runs
 * out of memory, at any time, leaves the work to the CPU; then, and when CUDA was asked for in
 * vain, the note is one sentence that says why, else NULL. Both are the session's. */
const char *sp_session_device (const SpSession *session);
const char *sp_session_device_note (const SpSession *session);

/* The photo's part that is edited, and the generator's size for it. */
SpRectangle sp_session_window (const SpSession *session, int *width, int *height);

/* Inversion and warm start. Cancelled: FALSE with G_IO_ERROR_CANCELLED, but what was reached is
 * kept and the session stays usable. */
gboolean sp_session_open (SpSession *session, GCancellable *cancellable,
                          SpProgressFunction progress, gpointer user_data, GError **error);

/* Adds an edit on top of the earlier ones; the session copies it. One that puts in a concept
 * without units draws an example of it, some hundredths of a second. One that removes such a
 * concept completes the photo, some tenths, and goes on with those right before it that remove the
 * same as strongly: together they are one. Fails with SP_ERROR_STROKES where the
 * strokes miss the window, or leave nothing of it to fill their place with. */
gboolean sp_session_add_edit (SpSession *session, const SpEdit *edit, GError **error);
void sp_session_clear_edits (SpSession *session);

/* Section 3.4: one forward pass of the fitted generator over the edited latent. */
gboolean sp_session_preview (SpSession *session, GError **error);

/* TRUE: a render begins where the last one of this session ended, finished or cancelled, when that
 * fits the photo better than the start that every render has otherwise: R as fitted to the unedited
 * photo. Pack, window and settings are the session's, so such a state always belongs to them. The
 * result then depends on the renders before, not only on the edits and the seed. FALSE at first,
 * and FALSE forgets the last render. */
void sp_session_set_warm (SpSession *session, gboolean warm);

/* How many steps the next render takes at most. */
void sp_session_set_steps (SpSession *session, guint adaptation_steps);

/* Section 3.3: trains G' for the edits. Cancelled: FALSE with G_IO_ERROR_CANCELLED, and the picture
 * is the best so far. */
gboolean sp_session_render (SpSession *session, GCancellable *cancellable,
                            SpProgressFunction progress, gpointer user_data, GError **error);

/* Gives back the memory that drawing takes, most of a session's: a large photo's layer needs as
 * much. The results stay; the next preview or render takes it again. */
void sp_session_rest (SpSession *session);

/* The last preview's or render's picture: 3 x height x width, sRGB-encoded, -1 to 1, the session's.
 */
const float *sp_session_picture (const SpSession *session, int *width, int *height);

/* The photo as the generator sees it, likewise; and what of it the result keeps, height x width: 1
 * keeps the photo, 0 is the edits'. What is put in keeps what is around its object in its strokes.
 * Both are the session's, the second until the next edit. */
const float *sp_session_photo (const SpSession *session, int *width, int *height);
const float *sp_session_keep (const SpSession *session, int *width, int *height);

/* Within a progress callback only: makes sp_session_picture() the present step's, with R under the
 * strokes too, which the result of a render leaves out. FALSE while there is none, which is so
 * while inverting. */
gboolean sp_session_look (SpSession *session);

/* PSNR of the picture against the photo at the generator's resolution over pixels that the result
 * keeps wholly, peak 255 of 8 bits (picture clamped, not rounded). */
double sp_session_psnr (const SpSession *session);

/* ---- What an edit moves ---- */

typedef struct {
  int unit;            /* channel of the latent */
  float change;        /* the length of its map of ze - z4, with the sign of that map's sum */
  float share;         /* 0 to 1: of all squares of ze - z4 */
  gboolean of_concept; /* one of the units that the pack has for the concept */
} SpMovedUnit;

/* z4 is the latent before this edit and ze after it (eq. 9), so that what edits below it did does
 * not count. */
typedef struct {
  int rows, columns;  /* of the latent: a cell is 16 x 16 pixels of a generator of 128 */
  float *cells;       /* rows x columns: the length of ze - z4 in the cell */
  guint n_units;      /* that moved at all */
  SpMovedUnit *units; /* the most moved first */
} SpExplanation;

/* Of the edit that was added as number `edit`, from 0; some milliseconds. Works on the host, not on
 * the device, and changes nothing. NULL with SP_ERROR_SETTING when there is none, or with the
 * edit's own error. */
SpExplanation *sp_session_explain (const SpSession *session, guint edit, GError **error);
void sp_explanation_free (SpExplanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpExplanation, sp_explanation_free)

/* ---- The result ---- */

/* Linear-light RGB and alpha, 4 floats a pixel, not premultiplied, rows from the top. Alpha is
 * exactly 0 outside the feathered strokes. */
typedef struct {
  SpRectangle area;
  float *rgba;
} SpLayer;

/* Blends the picture into the photo at full resolution. `photo` is the one given to
 * sp_session_new(). Caller frees with sp_layer_free(). */
SpLayer *sp_session_layer (const SpSession *session, const SpPhoto *photo, GError **error);
void sp_layer_free (SpLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpLayer, sp_layer_free)

/* For showing layers: sRGB's encoding of linear light, both 0 to 1. */
float sp_srgb_encode (float linear);

G_END_DECLS
