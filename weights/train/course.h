/* The course of a training, whatever it is that is trained: its folder, the checkpoint that it goes
 * on from, and the loop with its curve, sheets, checkpoints and clock.
 *
 * What is trained are networks (the subject of `train.c`) or the prior of a pack (`prior.c`); what
 * the two do differently stands in an SpCourseKind.
 */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct {
  const char *name;  /* in curve.csv */
  const char *words; /* to the user; NULL: not told */
} SpCourseColumn;

#define SP_COURSE_MOST_COLUMNS 10

typedef struct {
  const char *ending;            /* of the folder's name, after the pack's */
  const SpCourseColumn *columns; /* of the curve, after step and seconds: losses, then figures */
  guint n_losses, n_figures;
  /* One step; the state's step is one more after it. */
  gboolean (*step) (gpointer subject, GError **error);
  /* The losses of the last step, NAN where there is none. */
  gboolean (*losses) (gpointer subject, double *losses, GError **error);
  /* Measures the figures and writes a sheet. */
  gboolean (*look) (gpointer subject, const char *sheet_path, double *figures, GError **error);
  /* From the device into the state, to save it. */
  gboolean (*fetch) (gpointer subject, GError **error);
  /* Tells of what was met since the last time, in the host's thread. */
  void (*tell) (gpointer subject);
} SpCourseKind;

typedef struct {
  const SpCourseKind *kind;
  gpointer subject; /* the caller's, for the functions of `kind` */
  const SpTrainOptions *options;
  const SpHost *host;
  GCancellable *cancellable;
  char *folder;
  /* the course's own */
  char *checkpoint, *sheets;
  gint64 begin; /* of the whole */
} SpCourse;

/* Makes the folders: the options' or one beside the pack, of its name and the kind's ending. Fails
 * also when the pack could not be written. */
gboolean sp_course_begin (SpCourse *course, const char *pack_path, GError **error);
void sp_course_clear (SpCourse *course);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpCourse, sp_course_clear)

/* Loads the checkpoint, where there is one to go on from: *loaded. Fails also when there is none
 * and only a pack of it was asked for, or when there could be none of this state. */
gboolean sp_course_load (SpCourse *course, SpTrainState *state, gboolean *loaded, GError **error);

/* Steps until the last one, the clock or the cancellable; a last checkpoint. Cancelled: FALSE with
 * G_IO_ERROR_CANCELLED. */
gboolean sp_course_run (SpCourse *course, SpTrainState *state, GError **error);

G_END_DECLS
