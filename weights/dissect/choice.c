/* A pack with other exemplars of its own. See choice.h. */
#include "weights/dissect/choice.h"

#include "engine/model/generator.h"
#include "engine/tensor-file.h"
#include "weights/common/rewrite.h"

#include <stdio.h>
#include <string.h>

/* A concept as it will be. */
typedef struct {
  float *value;
  GArray *units;
  SpExemplarSet exemplars;
  float *probe;
  const char **backdrops;
} Chosen;

static void
chosen_clear (gpointer data)
{
  Chosen *chosen = data;
  g_free (chosen->value);
  g_clear_pointer (&chosen->units, g_array_unref);
  sp_exemplar_set_clear (&chosen->exemplars);
  g_free (chosen->probe);
  g_free (chosen->backdrops);
}

static gboolean
refuse (GError **error, const char *format, const char *concept, guint number)
{
  g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, format, concept, number);
  return FALSE;
}

static gboolean
check (const SpExemplarChoice *choice, guint exemplars, GError **error)
{
  for (guint i = 0; i < choice->n; i++) {
    if (choice->numbers[i] >= exemplars)
      return refuse (error, "“%s” has no example number %u; they count from 0.", choice->concept,
                     choice->numbers[i]);
    for (guint k = 0; k < i; k++)
      if (choice->numbers[k] == choice->numbers[i])
        return refuse (error, "“%s”: example %u is named twice.", choice->concept,
                       choice->numbers[i]);
  }
  return choice->n > 0
         || refuse (error, "“%s”: one example of the %u must stay.", choice->concept, exemplars);
}

/* Rows of `row` floats, those that were chosen. */
static float *
pick (const float *all, gsize row, const SpExemplarChoice *choice)
{
  float *picked = g_new (float, choice->n *row);
  for (guint i = 0; i < choice->n; i++)
    memcpy (picked + i * row, all + choice->numbers[i] * row, row * sizeof (float));
  return picked;
}

static gboolean
pick_cells (const SpPack *pack, const SpExemplarChoice *choice, SpExemplarSet *set, GError **error)
{
  g_autofree char *tensor = g_strdup_printf ("concept.%s.exemplars", choice->concept);
  SpPackShape shape = { 0 };
  sp_pack_tensor_shape (pack, tensor, &shape);
  if (shape.size[2] != shape.size[3])
    return refuse (error, "“%s”: examples of %u cells a row are no squares.", choice->concept,
                   (guint)shape.size[3]);
  g_autofree float *all = sp_pack_read (pack, tensor, shape, error);
  if (all == NULL)
    return FALSE;
  set->n = choice->n;
  set->side = shape.size[2];
  set->cells = pick (all, (gsize)shape.size[1] * shape.size[2] * shape.size[3], choice);
  return TRUE;
}

/* Rows of `row` floats of a tensor that the pack may have; *picked stays NULL where it has not. */
static gboolean
pick_rows (const SpPack *pack, const char *part, gsize row, const SpExemplarChoice *choice,
           float **picked, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.%s", choice->concept, part);
  SpPackShape shape;
  if (!sp_pack_tensor_shape (pack, name, &shape))
    return TRUE;
  g_autofree float *all = sp_pack_read (pack, name, shape, error);
  if (all != NULL)
    *picked = pick (all, row, choice);
  return all != NULL;
}

static gboolean
pick_exemplars (const SpPack *pack, const SpExemplarChoice *choice, SpExemplarSet *set,
                GError **error)
{
  float *lights = NULL;
  gboolean picked =
      pick_cells (pack, choice, set, error)
      && pick_rows (pack, "light", SP_PACK_LIGHT_NUMBERS, choice, &lights, error)
      && pick_rows (pack, "outlines", (gsize)SP_PACK_OUTLINE_SIDE * SP_PACK_OUTLINE_SIDE, choice,
                    &set->outlines, error);
  set->lights = (SpLight *)(void *)lights;
  return picked;
}

/* FALSE: it is there and cannot be read. */
static gboolean
keep_probe (const SpPack *pack, Chosen *chosen, SpNewConcept *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.probe", concept->name);
  SpPackShape shape;
  if (!sp_pack_tensor_shape (pack, name, &shape))
    return TRUE;
  concept->probe = chosen->probe = sp_pack_read (pack, name, shape, error);
  concept->probe_length = shape.size[0];
  return chosen->probe != NULL;
}

/* What the pack says of the concept, and the exemplars that stay. */
static gboolean
choose (const SpPack *pack, const SpExemplarChoice *choice, Chosen *chosen, SpNewConcept *concept,
        int *channels, GError **error)
{
  guint n_concepts, n_units;
  int index = sp_pack_find_concept (pack, choice->concept, error);
  if (index < 0)
    return FALSE;
  const SpConcept *old = &sp_pack_concepts (pack, &n_concepts)[index];
  const int *units = sp_pack_concept_units (pack, (guint)index, &n_units);
  g_autofree char *value = g_strdup_printf ("concept.%s.value", choice->concept);
  SpPackShape shape = { 0 };
  sp_pack_tensor_shape (pack, value, &shape);
  *channels = shape.size[0];
  chosen->value = sp_pack_read (pack, value, shape, error);
  if (chosen->value == NULL || !check (choice, old->exemplars, error)
      || !pick_exemplars (pack, choice, &chosen->exemplars, error))
    return FALSE;
  *concept = (SpNewConcept){
    .name = old->name, .title = old->title, .value = chosen->value, .exemplars = &chosen->exemplars
  };
  if (n_units > 0) {
    concept->units = chosen->units = g_array_new (FALSE, FALSE, sizeof (int));
    g_array_append_vals (chosen->units, units, n_units);
  }
  concept->backdrops = chosen->backdrops = sp_pack_backdrop_names (pack, (guint)index);
  return keep_probe (pack, chosen, concept, error);
}

/* Channels of the latent, by any concept's value; 0: there is no concept. */
static int
channels_of (const SpPack *pack)
{
  guint n;
  const SpConcept *concepts = sp_pack_concepts (pack, &n);
  SpPackShape shape = { 0 };
  g_autofree char *name = n > 0 ? g_strdup_printf ("concept.%s.value", concepts[0].name) : NULL;
  if (name != NULL)
    sp_pack_tensor_shape (pack, name, &shape);
  return shape.size[0];
}

/* Layers 1 to 4 draw latents, and what a latent shows does not hang on them. */
static gboolean
draws_latents (const char *tensor)
{
  int layer = 0;
  return sscanf (tensor, "generator.layer%d.", &layer) == 1 && layer <= SP_LATENT_LAYER;
}

/* A tensor with the same values in both; *alike stays as it is where it cannot be read. */
static gboolean
compare_tensor (const SpPack *pack, const SpPack *from, const char *name, gboolean *alike,
                GError **error)
{
  SpPackShape own, other;
  if (!sp_pack_tensor_shape (pack, name, &own) || !sp_pack_tensor_shape (from, name, &other)
      || memcmp (&own, &other, sizeof own) != 0) {
    *alike = FALSE;
    return TRUE;
  }
  g_autofree float *first = sp_pack_read (pack, name, own, error);
  g_autofree float *second = first != NULL ? sp_pack_read (from, name, own, error) : NULL;
  gsize n;
  if (second == NULL || !sp_tensor_elements (own, &n))
    return FALSE;
  *alike = memcmp (first, second, n * sizeof (float)) == 0;
  return TRUE;
}

static gboolean
check_generators (const SpPack *pack, const SpPack *from, GError **error)
{
  gboolean alike = sp_pack_resolution (pack) == sp_pack_resolution (from);
  for (const char *const *name = sp_pack_tensor_names (pack); *name != NULL && alike; name++)
    if (g_str_has_prefix (*name, "generator.") && !draws_latents (*name)
        && !compare_tensor (pack, from, *name, &alike, error))
      return FALSE;
  if (!alike)
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "“%s” has another generator than “%s”, which would draw its examples as something "
                 "else. Take them from a dissection of the same pack.",
                 sp_pack_title (from), sp_pack_title (pack));
  return alike;
}

static gboolean
check_alike (const SpPack *pack, const SpPack *from, GError **error)
{
  int own = channels_of (pack), other = channels_of (from);
  if (own == 0 || other == 0 || own == other)
    return pack == from || check_generators (pack, from, error);
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "Examples of “%s” have %d channels, those of “%s” %d: they are of other generators.",
               sp_pack_title (from), other, sp_pack_title (pack), own);
  return FALSE;
}

gboolean
sp_exemplars_pick (const SpPack *pack, const SpPack *from, const SpExemplarChoice *choices,
                   guint n_choices, const char *path, GError **error)
{
  g_autoptr (GArray) chosen = g_array_new (FALSE, TRUE, sizeof (Chosen));
  g_autofree SpNewConcept *concepts = g_new0 (SpNewConcept, n_choices);
  SpPackChanges changes = { .concepts = concepts,
                            .n_concepts = n_choices,
                            .note = "Some examples were put in order by hand." };
  if (!check_alike (pack, from, error))
    return FALSE;
  g_array_set_clear_func (chosen, chosen_clear);
  g_array_set_size (chosen, n_choices);
  for (guint i = 0; i < n_choices; i++) {
    for (guint k = 0; k < i; k++)
      if (strcmp (choices[k].concept, choices[i].concept) == 0)
        return refuse (error, "“%s” is named twice, the second time as choice %u.",
                       choices[i].concept, i + 1);
    if (!choose (from, &choices[i], &g_array_index (chosen, Chosen, i), &concepts[i],
                 &changes.channels, error))
      return FALSE;
  }
  return sp_pack_rewrite (pack, &changes, path, error);
}
