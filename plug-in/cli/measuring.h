/* What dissect and evaluate have in common: a pack, a folder of labelled photos, and a judge. */
#pragma once

#include "plug-in/cli/command.h"
#include "weights/judge/judge.h"

G_BEGIN_DECLS

typedef struct {
  /* The command's, with its defaults; what is given is written here. */
  SpSettings *settings; /* device and threads */
  SpJudgeOptions *judge;
  guint *photos, *seed;
  /* What is given; NULL where nothing is. The first and the last have entries of the command's. */
  char *held_list, *judge_file, *sheets;
  gboolean json, quiet;
  char **inputs; /* the pack and the folder of labelled photos */
} SpMeasuring;

void sp_measuring_clear (SpMeasuring *measuring);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpMeasuring, sp_measuring_clear)

/* Parses argv: the common options and `more` (ends with an empty entry). `page` of the
 * documentation is named in the help. FALSE with SP_ERROR_SETTING or a G_OPTION_ERROR: wrong usage.
 */
gboolean sp_measuring_parse (SpMeasuring *measuring, int argc, char **argv, const char *summary,
                             const char *page, const GOptionEntry *more, GError **error);

/* The command's own part, with the opened pack; the folder for sheets exists. */
typedef gboolean (*SpMeasure) (SpWork *work, const SpPack *pack, gpointer user_data,
                               GError **error);

/* Opens device and pack, takes Ctrl-C and measures; returns the exit status. */
int sp_measuring_run (const SpMeasuring *measuring, const char *command, SpMeasure measure,
                      gpointer user_data);

G_END_DECLS
