/* The dialog's inside, shared by its files: dialog.c builds it and closes it, dialog-edits.c turns
 * strokes and choices into the history, dialog-work.c asks the engine and shows what it says,
 * dialog-explain.c what an edit moves. */
#pragma once

#include <gtk/gtk.h>
#include "ui/canvas.h"
#include "ui/concept-list.h"
#include "ui/dialog.h"
#include "ui/explanation.h"
#include "ui/history-list.h"
#include "ui/log.h"
#include "ui/model-panel.h"
#include "ui/render-panel.h"
#include "ui/toolbar.h"
#include "ui/worker.h"

G_BEGIN_DECLS

struct _SpDialog {
  const SpDialogHost *host;
  SpDialogChoices start;
  SpDialogClosed closed;
  gpointer user_data;
  gboolean is_closed;

  SpHistory *history;
  SpWorker *worker;
  SpPack *pack; /* NULL: none is open yet */
  SpLog *log;

  GtkWidget *window;
  GtkWidget *message_bar, *message;
  SpCanvas *canvas;
  GtkWidget *badge; /* says what the canvas shows */
  SpToolbar *toolbar;
  SpConceptList *concepts;
  GtkWidget *strength, *seed;
  GtkWidget *reference_box, *reference_combo, *reference_file;
  SpHistoryList *history_list;
  GtkWidget *change, *take, *sources;
  SpExplanationView *explanation;
  SpRenderPanel *render_panel;
  SpModelPanel *model_panel;
  GtkWidget *scale, *fit_text, *apply;

  /* dialog-edits.c */
  guint selected;            /* edit; 0: none */
  SpPackedMask *loaded_mask; /* what the canvas's mask was unpacked from; NULL: empty */
  SpReference *reference;    /* chosen; NULL: the concept's example */
  gboolean setting;          /* controls are being set, not used */
  guint gesture_source, keep_source;
  GPtrArray *kept; /* the state that the host has, or need not have; NULL: none */

  /* dialog-work.c */
  guint preview_source, frame_source;
  SpTask task;
  gboolean apply_pending;
  GPtrArray *rendering;     /* the state whose render was asked for and has not come; NULL: none */
  cairo_surface_t *fit;     /* the model's view, with what it loses; NULL: not known yet */
  cairo_surface_t *picture; /* of the engine, NULL: none */
  SpRectangle picture_area;
  SpRectangle session_area; /* the frame of the session; empty: there was none yet */
  SpRectangle asked_bounds; /* of the session that was asked for last */
  SpPictureKind picture_kind;
  gboolean stopped;
  guint outside;            /* edits that were told to be outside the frame */
  GPtrArray *picture_state; /* NULL: none */
};

/* dialog.c */
void sp_dialog_say (SpDialog *dialog, GtkMessageType type, const char *sentence);
void sp_dialog_unsay (SpDialog *dialog);
/* Unless something else is said by now. */
void sp_dialog_unsay_sentence (SpDialog *dialog, const char *sentence);
void sp_dialog_close (SpDialog *dialog, gboolean applied);
GtkWidget *sp_dialog_build (SpDialog *dialog); /* dialog-build.c: the window's content */

/* dialog-edits.c */
void sp_dialog_connect_edits (SpDialog *dialog);
void sp_dialog_history_changed (SpHistory *history, gpointer dialog);
char *sp_dialog_edit_title (const SpHistoryEdit *edit, gpointer dialog);
void sp_dialog_select (guint id, gpointer dialog);
void sp_dialog_point_at (guint id, gpointer dialog);
void sp_dialog_concept_chosen (const char *name, gpointer dialog);
void sp_dialog_operation_chosen (SpEditOperation operation, gpointer dialog);
void sp_dialog_strength_moved (GtkRange *range, SpDialog *dialog);
void sp_dialog_seed_changed (GtkSpinButton *button, SpDialog *dialog);
void sp_dialog_reference_chosen (GtkComboBox *combo, SpDialog *dialog);
void sp_dialog_reference_file_chosen (GtkFileChooserButton *button, SpDialog *dialog);
void sp_dialog_change_clicked (GtkButton *button, SpDialog *dialog);
/* What a preset says, for the next edit. */
void sp_dialog_use_choices (const SpDialogChoices *choices, gpointer dialog);
void sp_dialog_new_clicked (GtkButton *button, SpDialog *dialog);
void sp_dialog_take_clicked (GtkButton *button, SpDialog *dialog);
void sp_dialog_take_strokes (SpDialog *dialog, guint source);
void sp_dialog_keep_now (SpDialog *dialog); /* if there is anything new */
/* What there is now is not the user's doing, and does not take the place of what the host keeps. */
void sp_dialog_count_as_kept (SpDialog *dialog);
/* What is to be previewed: the history, with the stroke that is being painted. Free with
 * g_ptr_array_unref(). */
GPtrArray *sp_dialog_state (SpDialog *dialog);
void sp_dialog_clear_edits (SpDialog *dialog);

/* dialog-explain.c */
void sp_dialog_explain (gpointer dialog); /* what the selected edit moves, if anybody looks */
void sp_dialog_explained (guint id, const SpExplanation *explanation, gpointer dialog);

/* dialog-work.c */
gboolean sp_dialog_start_worker (SpDialog *dialog, GError **error);
void sp_dialog_prepare_session (SpDialog *dialog);
/* About all strokes that are on, when the frame does not hold them. */
void sp_dialog_frame_strokes (SpDialog *dialog);
void sp_dialog_queue_preview (SpDialog *dialog);
void sp_dialog_show_picture (SpDialog *dialog);
void sp_dialog_review (SpDialog *dialog); /* which buttons can be used */
void sp_dialog_render (gpointer dialog);
void sp_dialog_apply (SpDialog *dialog);
void sp_dialog_model_changed (gpointer dialog);
void sp_dialog_model_view (gboolean shown, gpointer dialog);
void sp_dialog_frame_moved (SpCanvas *canvas, SpDialog *dialog);
void sp_dialog_stop (gpointer dialog);
void sp_dialog_cancel (gpointer dialog);
void sp_dialog_stop_worker (SpDialog *dialog);

G_END_DECLS
