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

/* With a super-resolution network of no blocks, which adds `raised` to all that it enlarges. */
static inline SpPack *
pack_that_enlarges (SpPack *pack, float raised)
{
  enum { LAYERS = 4, WIDTH_OF = 3 };
  static const char *const names[LAYERS] = { "enter", "enlarge", "refine", "leave" };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "semantic-paint-enlarges", NULL);
  float kernel[WIDTH_OF * 3 * 9] = { 0 }, nothing[3] = { 0 };
  float offset[3] = { 10 * raised, 10 * raised, 10 * raised }; /* a tenth of it is added */
  SpNewTensor tensors[2 * LAYERS];
  char *full[2 * LAYERS];
  for (int i = 0; i < LAYERS; i++) {
    full[2 * i] = g_strdup_printf ("super-resolution.%s.weight", names[i]);
    full[2 * i + 1] = g_strdup_printf ("super-resolution.%s.bias", names[i]);
    tensors[2 * i] = (SpNewTensor){ full[2 * i], { 4, { 3, 3, 3, 3 } }, kernel };
    tensors[2 * i + 1] =
        (SpNewTensor){ full[2 * i + 1], { 1, { 3, 1, 1, 1 } }, i == LAYERS - 1 ? offset : nothing };
  }
  SpPackChanges changes = { .super_resolution = tensors,
                            .n_super_resolution = 2 * LAYERS,
                            .note = "A test." };
  sp_pack_rewrite (pack, &changes, path, &error);
  g_assert_no_error (error);
  SpPack *changed = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  for (int i = 0; i < 2 * LAYERS; i++)
    g_free (full[i]);
  return changed;
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
