/* The GTK 3 dialog: what to paint, where and how strongly; then the progress of the work.
 *
 * Knows no GIMP: a host says in SpDialogOptions what there is to choose from, and does the work in
 * a callback. Only GTK's own widgets, so the dialog serves every host that can open a GTK window.
 *
 * Thread rule: everything here belongs to the thread that called sp_dialog_prepare().
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* Opens the display; to be called once before anything else here. `display_name` as for DISPLAY,
 * or NULL for the environment's. Fails with a sentence when there is no display. */
gboolean sp_dialog_prepare (const char *display_name, GError **error);

/* What the host offers. Everything belongs to the host and must outlive the dialog. */
typedef struct {
  const char *photo;          /* what is edited, for people */
  const char *bundled_pack;   /* the pack that is used when none is chosen; NULL: there is none */
  const char *const *strokes; /* where strokes can come from, NULL-terminated */
  const char *const *references; /* where a look can come from, NULL-terminated; may be empty */
  guint64 parent_window;         /* the host's window (an X window), 0: none */
} SpDialogOptions;

/* What is chosen: start values on the way in, the user's choices on the way out. */
typedef struct {
  char *concept; /* owned; NULL on the way in: the pack's first */
  SpEditOperation operation;
  double strength;
  guint steps;
  guint seed;
  guint strokes;   /* index into SpDialogOptions.strokes */
  guint reference; /* index into SpDialogOptions.references; only for SP_EDIT_RESTYLE */
  char *pack;      /* owned path; NULL: the bundled one */
} SpDialogChoices;

void sp_dialog_choices_clear (SpDialogChoices *choices);

/* Does the work, on the dialog's thread: `progress` must be called about ten times a second, and
 * keeps the dialog alive meanwhile. The user's Cancel triggers `cancellable`. An error is shown in
 * the dialog, which stays open for another try. */
typedef gboolean (*SpDialogApply) (const SpDialogChoices *choices, SpProgressFunction progress,
                                   gpointer progress_data, GCancellable *cancellable,
                                   gpointer user_data, GError **error);

/* Shows the dialog until the work succeeded (TRUE) or the user closed it (FALSE, nothing done). */
gboolean sp_dialog_run (const SpDialogOptions *options, SpDialogChoices *choices,
                        SpDialogApply apply, gpointer user_data);

G_END_DECLS
