/* The bundled pack with concepts made here: with a probe, with an outline, without examples. */
#pragma once

#include "tests/session-fixture.h"

#include "weights/common/rewrite.h"

#include <glib/gstdio.h>

enum { CHANNELS = 256, FEATURES = 128, OUTLINE = SP_PACK_OUTLINE_SIDE };

/* The bundled pack with other concepts. */
static inline SpPack *
rewritten (SpPack *pack, const SpNewConcept *concepts, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-insertion-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "pack.safetensors", NULL);
  SpPackChanges changes = {
    .concepts = concepts, .n_concepts = n, .channels = CHANNELS, .note = "A test."
  };
  sp_pack_rewrite (pack, &changes, path, &error);
  g_assert_no_error (error);
  SpPack *changed = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return changed;
}

/* Another probe of the sky, whose weights are all 0, before which trees stand and roads do not. */
static inline SpPack *
pack_with_offset (SpPack *pack, float offset, int length)
{
  g_autofree float *probe = g_new0 (float, length);
  float value[CHANNELS] = { 1 };
  const char *const sky[] = { "sky", NULL };
  const SpExemplarSet exemplar = { .n = 1, .side = 1, .cells = value };
  const SpNewConcept concepts[] = {
    { .name = "sky", .title = "Sky", .value = value, .probe = probe, .probe_length = length },
    { .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar, .backdrops = sky },
    { .name = "road", .title = "Road", .value = value, .exemplars = &exemplar }
  };
  probe[length - 1] = offset;
  return rewritten (pack, concepts, G_N_ELEMENTS (concepts));
}

/* With one tree, of 2 x 2 cells of one channel, of which a column of places in the middle is the
 * tree: the second to the sixth eighth of its width, all of its height but the uppermost eighth. */
static inline SpPack *
pack_with_outline (SpPack *pack)
{
  float cells[CHANNELS * 4] = { 0 }, outline[OUTLINE * OUTLINE], value[CHANNELS] = { 1 };
  for (int i = 0; i < 4; i++)
    cells[i] = 1;
  for (int p = 0; p < OUTLINE * OUTLINE; p++) {
    int y = p / OUTLINE, x = p % OUTLINE;
    outline[p] = y >= OUTLINE / 8 && x >= OUTLINE / 8 && x < OUTLINE * 3 / 4;
  }
  const SpExemplarSet exemplar = { .n = 1, .side = 2, .cells = cells, .outlines = outline };
  const SpNewConcept tree = {
    .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar
  };
  return rewritten (pack, &tree, 1);
}

static inline SpPack *
pack_without_examples (SpPack *pack)
{
  float value[CHANNELS];
  for (int c = 0; c < CHANNELS; c++)
    value[c] = (float)(c % 7) - 3;
  const SpNewConcept tree = { .name = "tree", .title = "Tree", .value = value };
  return rewritten (pack, &tree, 1);
}
