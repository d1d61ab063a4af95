/* The dialog: paint, see, compare, take back, render, apply. One window for every host.
 *
 * Knows no GIMP: a host says in SpDialogHost what there is and does what only it can. Only GTK's
 * own widgets, so the dialog serves every host that can open a GTK window. The engine works in a
 * thread (ui/worker.h), and the main thread never waits for it.
 *
 * Thread rule: everything here, and every function of the host, belongs to the thread that called
 * sp_dialog_prepare().
 */
#pragma once

#include "ui/history.h"

G_BEGIN_DECLS

/* Opens the display; to be called once before anything else here. `display_name` as for DISPLAY,
 * or NULL for the environment's. Fails with a sentence when there is no display. */
gboolean sp_dialog_prepare (const char *display_name, GError **error);

/* What is chosen: start values on the way in, the user's choices on the way out. */
typedef struct {
  char *concept; /* owned; NULL on the way in: the pack's first */
  SpEditOperation operation;
  double strength;
  guint seed;
  guint steps, seconds; /* of a render; no seconds: as long as the steps take */
  char *pack;           /* owned path; NULL: the bundled one */
  SpDevice device;
} SpDialogChoices;

void sp_dialog_choices_clear (SpDialogChoices *choices);

/* What a host is to put into its image. */
typedef struct {
  const SpLayer *layer;
  const GPtrArray *edits;    /* of SpHistoryEdit, those that are off too */
  const SpHistoryEdit *last; /* of those that are on */
  SpPack *pack;              /* that it was drawn with */
  SpRectangle window;        /* sp_session_window() */
  guint steps;               /* the most that the render might take; 0: a preview */
} SpDialogResult;

/* Everything belongs to the host and must outlive the dialog. */
typedef struct {
  const char *title; /* what is edited, for people */
  SpPhoto photo;
  const char *bundled_pack;      /* used when none is chosen; NULL: there is none */
  const char *const *strokes;    /* where strokes can come from, NULL-terminated; may be NULL */
  int first_strokes;             /* taken over when the dialog opens; -1: none */
  const char *const *references; /* where a look can come from, NULL-terminated; may be NULL */
  const char *apply_title;       /* of the button, with its mnemonic: "_Add layer" */
  const char *apply_description;
  guint64 parent_window; /* the host's window (an X window), 0: none */
  gpointer user_data;

  /* A mask of the photo's size from strokes[index]; the caller's. */
  SpPackedMask *(*take_strokes) (guint index, gpointer user_data, GError **error);
  /* The picture of references[index]; the caller's. */
  SpReference *(*take_reference) (guint index, gpointer user_data, GError **error);
  /* Puts the result where it belongs. An error is shown, and the dialog stays open. */
  gboolean (*apply) (const SpDialogResult *result, gpointer user_data, GError **error);
  /* The user changed the edits (of SpHistoryEdit; they never change) or applied them: to be kept,
   * however the dialog ends, for the next time. `pack` is what they are drawn with, NULL as long as
   * none is open. May be NULL. */
  void (*keep) (GPtrArray *edits, SpPack *pack, gpointer user_data);
} SpDialogHost;

typedef struct _SpDialog SpDialog;
typedef void (*SpDialogClosed) (gboolean applied, gpointer user_data);

/* Opens the window. `choices` are copied; `edits` (of SpHistoryEdit; NULL: none) are what was kept
 * last time. `closed` is called once, when the user is done. */
SpDialog *sp_dialog_new (const SpDialogHost *host, const SpDialogChoices *choices,
                         const GPtrArray *edits, SpDialogClosed closed, gpointer user_data,
                         GError **error);
/* As they are now; free with sp_dialog_choices_clear(). */
void sp_dialog_choices (SpDialog *dialog, SpDialogChoices *choices);
/* Closes the window and waits until the engine has let go, which takes a step. */
void sp_dialog_free (SpDialog *dialog);

/* Shows the dialog until the result was applied (TRUE) or the user closed it (FALSE). Without an
 * error set, FALSE is the user's wish. */
gboolean sp_dialog_run (const SpDialogHost *host, SpDialogChoices *choices, const GPtrArray *edits,
                        GError **error);

G_END_DECLS
