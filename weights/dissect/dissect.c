/* Dissection, step by step. See dissect.h. */
#include "weights/dissect/dissect.h"

#include "engine/model/encoder.h"
#include "weights/dissect/dissect-sheets.h"
#include "weights/dissect/exemplars.h"
#include "weights/common/rewrite.h"

#include <math.h>
#include <string.h>

#define JUDGED_PHOTOS 400 /* that the judge's own overlap is measured on */
#define PRIOR_SAMPLES 1000
#define SMALLEST_RESOLUTION 32

SpDissectOptions
sp_dissect_options_default (void)
{
  return (SpDissectOptions){
    .photos = 1000, .causal = { 60, 24, 1 }, .exemplar_steps = 60, .judge = SP_JUDGE_OPTIONS_DEFAULT
  };
}

void
sp_dissection_free (SpDissection *dissection)
{
  if (dissection == NULL)
    return;
  g_strfreev (dissection->names);
  g_strfreev (dissection->titles);
  g_free (dissection->judge_overlap);
  sp_overlaps_free (dissection->overlaps);
  sp_values_free (dissection->values);
  sp_causal_free (dissection->causal);
  sp_probes_free (dissection->probes);
  for (guint k = 0; k < dissection->n_concepts; k++)
    g_strfreev (dissection->backdrops[k]);
  g_free (dissection->backdrops);
  g_free (dissection->by_units);
  g_free (dissection->absent);
  g_free (dissection);
}

static SpDissection *
dissection_new (const SpDataset *dataset)
{
  SpDissection *dissection = g_new0 (SpDissection, 1);
  const SpConceptRules *rules = sp_dataset_rules (dataset);
  guint n = dissection->n_concepts = sp_dataset_n_concepts (dataset);
  dissection->names = g_new0 (char *, n + 1);
  dissection->titles = g_new0 (char *, n + 1);
  for (guint k = 0; k < n; k++) {
    const SpConceptRule *rule = g_ptr_array_index (rules->rules, k);
    dissection->names[k] = g_strdup (rule->name);
    dissection->titles[k] = g_strdup (rule->title);
  }
  dissection->judge_overlap = g_new0 (double, n);
  dissection->backdrops = g_new0 (char **, n);
  dissection->by_units = g_new0 (gboolean, n);
  dissection->absent = g_new0 (gboolean, n);
  return dissection;
}

/* ---- What is looked at ---- */

static gboolean
has_encoder (const SpPack *pack)
{
  SpPackShape shape;
  return sp_pack_tensor_shape (pack, "encoder.conv1.weight", &shape);
}

static SpSurvey *
survey (SpWork *work, const SpPack *pack, const SpJudge *judge, SpDataset *dataset,
        const SpPhotoList *learnt, const SpDissectOptions *options, int side,
        SpDissection *dissection, GError **error)
{
  guint samples = options->samples;
  if (samples == 0 && !has_encoder (pack))
    samples = PRIOR_SAMPLES;
  dissection->from_prior = samples > 0;
  SpSurvey *found = samples > 0 ? sp_survey_prior (work, pack, judge, samples, error)
                                : sp_survey_photos (work, pack, judge, dataset, learnt,
                                                    options->photos, side, error);
  if (found != NULL)
    dissection->looked_at = found->n;
  return found;
}

/* ---- What the pack gets ---- */

/* What 15 channels do when they are set, to the better of p_c and their levels. */
static double
effect_of_units (const SpEffects *effects)
{
  return fmax (effects->after[SP_SET_HIGH], effects->after[SP_SET_HIGH_LEVELS]);
}

static double
effect_of_cells (const SpEffects *effects, SpExamples examples)
{
  SpSetting setting = examples == SP_EXAMPLES_EXEMPLARS  ? SP_SET_EXEMPLARS
                      : examples == SP_EXAMPLES_CLUSTERS ? SP_SET_CLUSTERS
                                                         : SP_SET_MEAN;
  double effect = effects->after[setting];
  return isnan (effect) ? effects->after[SP_SET_MEAN] : effect;
}

/* A generator that was trained from z has its concepts in channels. One over a spatial latent, with
 * an encoder that ends there, may have got a prior later; that changes nothing. */
static gboolean
is_made_from_z (const SpPack *pack)
{
  SpPackShape shape;
  return sp_pack_first_layer (pack) == 1
         && (sp_encoder_has_heads (pack)
             || !sp_pack_tensor_shape (pack, "encoder.conv1.weight", &shape));
}

static void
decide (SpDissection *dissection, const SpPack *pack, const SpDissectOptions *options)
{
  for (guint k = 0; k < dissection->n_concepts; k++) {
    const SpEffects *effects = &dissection->causal->effects[k];
    dissection->absent[k] = dissection->values->concepts[k].weight <= 0;
    dissection->by_units[k] =
        options->units == SP_UNITS_ALWAYS
        || (options->units == SP_UNITS_AUTO
            && (is_made_from_z (pack)
                || effect_of_units (effects) >= effect_of_cells (effects, options->examples)));
  }
}

/* Bits, for each concept that is found anywhere. */
static guint32 *
find_backdrops (const SpDissection *dissection)
{
  guint32 *bits = g_new0 (guint32, dissection->n_concepts);
  for (guint k = 0; k < dissection->n_concepts; k++)
    for (guint b = 0; b < dissection->n_concepts; b++)
      if (dissection->values->concepts[b].weight > 0
          && sp_probes_is_backdrop (dissection->probes, k, b))
        bits[k] |= 1u << b;
  return bits;
}

static guint32
all_of (const SpDissection *dissection, const guint32 *bits)
{
  guint32 all = 0;
  for (guint k = 0; k < dissection->n_concepts; k++)
    all |= bits[k];
  return all;
}

static void
name_backdrops (SpDissection *dissection, const guint32 *bits)
{
  for (guint k = 0; k < dissection->n_concepts; k++) {
    g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
    for (guint b = 0; b < dissection->n_concepts; b++)
      if (bits[k] & 1u << b)
        g_strv_builder_add (names, dissection->names[b]);
    dissection->backdrops[k] = g_strv_builder_end (names);
  }
}

/* A probe goes into the pack where it is some concept's backdrop. */
static gboolean
is_a_backdrop (const SpDissection *dissection, guint concept)
{
  for (guint k = 0; k < dissection->n_concepts; k++)
    if (g_strv_contains ((const char *const *)dissection->backdrops[k], dissection->names[concept]))
      return TRUE;
  return FALSE;
}

static SpNewConcept
describe (const SpDissection *dissection, const SpDissectOptions *options, guint k)
{
  const SpConceptValues *values = &dissection->values->concepts[k];
  const SpEffects *effects = &dissection->causal->effects[k];
  SpNewConcept concept = { .name = dissection->names[k],
                           .title = dissection->titles[k],
                           .value = values->mean,
                           .backdrops = (const char *const *)dissection->backdrops[k] };
  if (is_a_backdrop (dissection, k)) {
    concept.probe = dissection->probes->weights[k];
    concept.probe_length = dissection->probes->channels + 1;
  }
  if (dissection->by_units[k]) {
    concept.units = dissection->causal->units[k];
    if (effects->after[SP_SET_HIGH_LEVELS] > effects->after[SP_SET_HIGH])
      concept.value = dissection->overlaps->levels;
  }
  if (options->examples == SP_EXAMPLES_EXEMPLARS)
    concept.exemplars = &values->exemplars;
  else if (options->examples == SP_EXAMPLES_CLUSTERS)
    concept.exemplars = &values->clusters;
  return concept;
}

gboolean
sp_dissection_write (const SpDissection *dissection, const SpPack *pack,
                     const SpDissectOptions *options, const char *path, GError **error)
{
  g_autofree SpNewConcept *concepts = g_new0 (SpNewConcept, dissection->n_concepts);
  g_autofree char *note =
      g_strdup_printf ("Concepts by semantic-paint dissect, over %u %s.", dissection->looked_at,
                       dissection->from_prior ? "draws of z" : "labelled photos");
  guint n = 0;
  for (guint k = 0; k < dissection->n_concepts; k++)
    if (!dissection->absent[k])
      concepts[n++] = describe (dissection, options, k);
  SpPackChanges changes = { .concepts = concepts,
                            .n_concepts = n,
                            .levels = dissection->overlaps->levels,
                            .light = dissection->values->light.channels > 0
                                         ? &dissection->values->light
                                         : NULL,
                            .channels = dissection->overlaps->channels,
                            .note = note };
  return sp_pack_rewrite (pack, &changes, path, error);
}

/* ---- The steps ---- */

static gboolean
measure (SpWork *work, const SpPack *pack, const SpJudge *judge, const SpSurvey *looked_at,
         const SpConceptRules *rules, const SpDissectOptions *options, SpDissection *dissection,
         GError **error)
{
  dissection->overlaps = sp_overlaps_measure (work, looked_at, error);
  if (dissection->overlaps != NULL)
    dissection->values = sp_values_measure (work, pack, judge, looked_at, error);
  if (dissection->values != NULL)
    dissection->probes = sp_probes_measure (work, pack, looked_at, rules, error);
  if (dissection->probes == NULL)
    return FALSE;
  g_autofree guint32 *backdrops = find_backdrops (dissection);
  name_backdrops (dissection, backdrops);
  g_autofree guint32 *labels = sp_probes_label (work, pack, looked_at, dissection->probes,
                                                all_of (dissection, backdrops), error);
  SpExemplarOptions exemplars = { .seed = options->causal.seed,
                                  .steps = options->exemplar_steps,
                                  .objects = options->objects,
                                  .encoded = !dissection->from_prior,
                                  .backdrops = backdrops,
                                  .labels = labels,
                                  .probes = dissection->probes };
  if (labels == NULL)
    return FALSE;
  if ((dissection->from_prior
       || sp_light_measure (work, pack, looked_at, &dissection->values->light,
                            &dissection->values->light_fit, error))
      && sp_exemplars_choose (work, pack, judge, looked_at, dissection->values, &exemplars, error))
    dissection->causal = sp_causal_measure (work, pack, judge, looked_at, dissection->overlaps,
                                            dissection->values, &options->causal, error);
  return dissection->causal != NULL;
}

static gboolean
write_sheets (const SpWork *work, const SpDissection *dissection, const SpSurvey *looked_at,
              const SpDissectOptions *options, GError **error)
{
  return (options->unit_sheet == NULL
          || sp_dissect_unit_sheet (dissection, looked_at, work->host, options->unit_sheet, error))
         && (options->effect_sheet == NULL
             || sp_dissect_effect_sheet (dissection, looked_at->side, work->host,
                                         options->effect_sheet, error))
         && (options->exemplar_sheet == NULL
             || sp_dissect_exemplar_sheet (dissection, looked_at->side, work->host,
                                           options->exemplar_sheet, error));
}

/* The judge's blocks must not be larger than cells. */
static gboolean
check_size (const SpPack *pack, GError **error)
{
  if (sp_pack_resolution (pack) >= SMALLEST_RESOLUTION)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "“%s” draws %d pixels a side; to be dissected it must draw %d or more.",
               sp_pack_title (pack), sp_pack_resolution (pack), SMALLEST_RESOLUTION);
  return FALSE;
}

static SpDissection *
dissect (SpWork *work, const SpPack *pack, SpDataset *dataset, const SpDissectOptions *options,
         GError **error)
{
  int side = sp_pack_resolution (pack);
  g_auto (SpPhotoList) learnt = { 0 }, checked = { 0 }, measured = { 0 };
  if (!sp_photo_lists_split (dataset, &learnt, &checked, &measured, error))
    return NULL;
  g_autoptr (SpDissection) dissection = dissection_new (dataset);
  g_autoptr (SpJudge) judge =
      sp_judge_open (work, dataset, &learnt, side, &options->judge, options->judge_file, error);
  if (judge == NULL
      || !sp_judge_overlap (work, judge, dataset, &checked, JUDGED_PHOTOS,
                            dissection->judge_overlap, error))
    return NULL;
  g_autoptr (SpSurvey) looked_at =
      survey (work, pack, judge, dataset, &learnt, options, side, dissection, error);
  const SpConceptRules *rules = sp_dataset_rules (dataset);
  if (looked_at == NULL
      || !measure (work, pack, judge, looked_at, rules, options, dissection, error))
    return NULL;
  decide (dissection, pack, options);
  if (!write_sheets (work, dissection, looked_at, options, error))
    return NULL;
  return g_steal_pointer (&dissection);
}

SpDissection *
sp_dissect (SpWork *work, const SpPack *pack, const char *data_folder,
            const SpDissectOptions *options, GError **error)
{
  SpTrainOptions data = sp_train_options_default ();
  data.batch = 1;
  data.side = sp_pack_resolution (pack);
  data.held_list = options->held_list;
  g_autoptr (SpDataset) dataset =
      check_size (pack, error) ? sp_dataset_open (data_folder, &data, work->host, error) : NULL;
  if (dataset == NULL)
    return NULL;
  SpDissection *dissection = dissect (work, pack, dataset, options, error);
  sp_dataset_tell (dataset);
  return dissection;
}
