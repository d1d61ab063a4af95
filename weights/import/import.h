/* Makes a pack of published files: the whole of semantic-paint import but its options and words. */
#pragma once

#include "engine/error.h"
#include "weights/import/known-models.h"

G_BEGIN_DECLS

typedef struct {
  const char *generator;            /* the file; the others are optional, NULL */
  const char *encoder, *perceptual; /* files */
  const char *rankings, *levels;    /* netdissect's JSON */
  const char *output;
  const char *name, *title, *licence, *source; /* NULL: the registry's, or the file's name */
  const char *const *taps; /* layers of the perceptual net, NULL-terminated; NULL: conv4_2 */
  gboolean clamp;          /* the output is clamped to [-1, 1], as some authors' class does */
  guint samples;           /* draws of z that levels are measured over, where none are given */
  int threads;             /* for that; 0: all */
} SpImportOptions;

typedef struct {
  SpKnownModel *generator, *encoder,
      *perceptual; /* what the registry knows of the files, or NULL */
  int resolution;
  guint concepts;
  gboolean levels; /* the pack has levels, given or measured */
} SpImportReport;

void sp_import_report_clear (SpImportReport *report);

gboolean sp_import (const SpImportOptions *options, SpImportReport *report, GError **error);

G_END_DECLS
