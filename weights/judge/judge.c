/* Training the judge, and how well it knows its concepts. See judge.h. */
#include "weights/judge/judge.h"

#include "weights/judge/augment.h"
#include "weights/judge/judge-network.h"
#include "weights/judge/sight.h"

#include <math.h>
#include <string.h>

#define RATE 0.002f
#define MOST_EMPHASIS 8.0f
#define FREQUENCY_PHOTOS 256 /* that a concept's rarity is counted on */

/* ---- One batch ---- */

typedef struct {
  SpDataset *dataset;
  const SpPhotoList *learnt;
  int side, grid;
  guint concepts, batch;
  float *emphasis;         /* K: the weight of a concept's own pixels */
  float *photos;           /* N x 3 x S x S */
  float *labels, *weights; /* N x K x g x g */
  guint32 *map;
  float *shares, *known;
} Lesson;

static void
lesson_clear (Lesson *lesson)
{
  g_free (lesson->emphasis);
  g_free (lesson->photos);
  g_free (lesson->labels);
  g_free (lesson->weights);
  g_free (lesson->map);
  g_free (lesson->shares);
  g_free (lesson->known);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lesson, lesson_clear)

static void
lesson_init (Lesson *lesson, const SpJudge *judge, SpDataset *dataset, const SpPhotoList *learnt,
             guint batch)
{
  int grid = sp_judge_grid (judge);
  gsize places = (gsize)judge->n_concepts * grid * grid;
  *lesson = (Lesson){ .dataset = dataset,
                      .learnt = learnt,
                      .side = judge->side,
                      .grid = grid,
                      .concepts = judge->n_concepts,
                      .batch = batch,
                      .emphasis = g_new0 (float, judge->n_concepts),
                      .photos = g_new (float, (gsize)batch * 3 * judge->side * judge->side),
                      .labels = g_new (float, batch *places),
                      .weights = g_new (float, batch *places),
                      .map = g_new (guint32, (gsize)judge->side * judge->side),
                      .shares = g_new (float, places),
                      .known = g_new (float, (gsize)grid *grid) };
}

/* Photo `number` as picture n of the batch. */
static gboolean
lesson_put (Lesson *lesson, guint n, guint number, const SpView *view, GError **error)
{
  gsize image = 3 * (gsize)lesson->side * lesson->side, plane = (gsize)lesson->grid * lesson->grid;
  float *photo = lesson->photos + n * image;
  float *labels = lesson->labels + n * lesson->concepts * plane;
  float *weights = lesson->weights + n * lesson->concepts * plane;
  if (!sp_picture_read (lesson->dataset, lesson->learnt->from, number, lesson->side, photo,
                        lesson->map, error))
    return FALSE;
  sp_view_apply (view, lesson->side, photo, lesson->map);
  sp_picture_shares (lesson->map, lesson->side, lesson->side / lesson->grid, lesson->concepts,
                     lesson->shares, lesson->known);
  for (guint k = 0; k < lesson->concepts; k++)
    for (gsize i = 0; i < plane; i++) {
      float known = lesson->known[i], share = known > 0 ? lesson->shares[k * plane + i] / known : 0;
      labels[k * plane + i] = share;
      weights[k * plane + i] = known * (1 + (lesson->emphasis[k] - 1) * share);
    }
  return TRUE;
}

/* The root of how rare a concept is among known pixels. */
static gboolean
weigh_concepts (SpWork *work, Lesson *lesson, GError **error)
{
  g_auto (SpPhotoList) photos = { 0 };
  gsize plane = (gsize)lesson->grid * lesson->grid;
  g_autofree double *sums = g_new0 (double, lesson->concepts);
  double known = 0;
  if (!sp_photo_list_choose (work, lesson->dataset, lesson->learnt, FREQUENCY_PHOTOS, &photos,
                             error))
    return FALSE;
  for (guint i = 0; i < photos.numbers->len; i++) {
    if (!lesson_put (lesson, 0, g_array_index (photos.numbers, guint, i), &SP_VIEW_PLAIN, error))
      return FALSE;
    for (gsize p = 0; p < plane; p++)
      known += (double)lesson->known[p];
    for (guint k = 0; k < lesson->concepts; k++)
      for (gsize p = 0; p < plane; p++)
        sums[k] += (double)lesson->shares[k * plane + p];
  }
  for (guint k = 0; k < lesson->concepts; k++)
    lesson->emphasis[k] = CLAMP ((float)sqrt (known / MAX (sums[k], 1e-9)), 1, MOST_EMPHASIS);
  return TRUE;
}

/* ---- Training ---- */

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  GPtrArray *leaves;
  SpTensor *photo, *labels, *weights, *loss;
} School;

static void
school_clear (School *school)
{
  sp_plan_free (school->plan);
  g_clear_pointer (&school->graph, sp_graph_free);
  g_clear_pointer (&school->leaves, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (School, school_clear)

static gboolean
plan_school (School *school, const SpJudge *judge, guint batch, SpBackend *backend, GError **error)
{
  int grid = sp_judge_grid (judge), side = judge->side;
  SpShape shape = SP_SHAPE ((int)batch, (int)judge->n_concepts, grid, grid);
  school->graph = sp_graph_new ();
  school->leaves = g_ptr_array_new ();
  school->photo = sp_graph_input (school->graph, "photo", SP_SHAPE ((int)batch, 3, side, side));
  school->labels = sp_graph_input (school->graph, "labels", shape);
  school->weights = sp_graph_input (school->graph, "weights", shape);
  SpTensor *odds = sp_judge_network (judge, school->graph, school->photo, school->leaves, NULL);
  school->loss = sp_graph_logistic (school->graph, odds, school->labels, school->weights);
  school->plan = sp_plan_new (school->graph, backend, school->loss, error);
  return school->plan != NULL;
}

static gboolean
draw_lesson (Lesson *lesson, GRand *random, GError **error)
{
  for (guint n = 0; n < lesson->batch; n++) {
    guint place = (guint)g_rand_int_range (random, 0, (gint32)lesson->learnt->numbers->len);
    SpView view = sp_view_draw (random);
    guint number = sp_photo_list_draw (lesson->learnt, lesson->dataset, place);
    if (!lesson_put (lesson, n, number, &view, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
learn (SpWork *work, School *school, Lesson *lesson, const SpJudgeOptions *options, GError **error)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (options->seed);
  for (guint step = 0; step < options->steps; step++) {
    SpAdam adam = SP_ADAM_DEFAULT;
    adam.learning_rate = RATE * (float)(options->steps - step) / (float)options->steps;
    if (!sp_work_go_on (work, "Training the judge", step, options->steps, error)
        || !draw_lesson (lesson, random, error))
      return FALSE;
    sp_plan_write (school->plan, school->photo, lesson->photos);
    sp_plan_write (school->plan, school->labels, lesson->labels);
    sp_plan_write (school->plan, school->weights, lesson->weights);
    sp_plan_step (school->plan, &adam);
  }
  return sp_plan_check (school->plan, error);
}

SpJudge *
sp_judge_train (SpWork *work, SpDataset *dataset, const SpPhotoList *learnt, int side,
                const SpJudgeOptions *options, GError **error)
{
  g_autoptr (SpJudge) judge = sp_judge_new (dataset, side, options->seed);
  g_auto (School) school = { 0 };
  g_auto (Lesson) lesson = { 0 };
  lesson_init (&lesson, judge, dataset, learnt, options->batch);
  if (!plan_school (&school, judge, options->batch, work->backend, error)
      || !weigh_concepts (work, &lesson, error) || !learn (work, &school, &lesson, options, error))
    return NULL;
  for (guint i = 0; i < sp_parameters_count (judge->parameters); i++)
    sp_plan_read (school.plan, g_ptr_array_index (school.leaves, i),
                  sp_parameters_get (judge->parameters, i)->values);
  return g_steal_pointer (&judge);
}

SpJudge *
sp_judge_open (SpWork *work, SpDataset *dataset, const SpPhotoList *learnt, int side,
               const SpJudgeOptions *options, const char *path, GError **error)
{
  if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    return sp_judge_load (path, dataset, side, error);
  g_autoptr (SpJudge) judge = sp_judge_train (work, dataset, learnt, side, options, error);
  if (judge == NULL || (path != NULL && !sp_judge_save (judge, path, error)))
    return NULL;
  return g_steal_pointer (&judge);
}

/* ---- How well it knows them ---- */

typedef struct {
  guint both, either;
} Overlap;

static void
count_overlap (Overlap *counts, const float *odds, const float *shares, const float *known,
               guint concepts, gsize plane)
{
  for (guint k = 0; k < concepts; k++)
    for (gsize i = 0; i < plane; i++) {
      gboolean seen = odds[k * plane + i] > 0, there = shares[k * plane + i] > 0.5f * known[i];
      if (known[i] < 0.5f)
        continue;
      counts[k].both += seen && there;
      counts[k].either += seen || there;
    }
}

gboolean
sp_judge_overlap (SpWork *work, const SpJudge *judge, SpDataset *dataset,
                  const SpPhotoList *measured, guint most, double *overlap, GError **error)
{
  g_autoptr (SpSight) sight = sp_sight_new (judge, work->backend, judge->side, judge->side, error);
  g_auto (SpPhotoList) photos = { 0 };
  gsize plane = (gsize)sp_judge_grid (judge) * sp_judge_grid (judge);
  g_autofree Overlap *counts = g_new0 (Overlap, judge->n_concepts);
  g_auto (Lesson) lesson = { 0 };
  lesson_init (&lesson, judge, dataset, measured, 1);
  if (sight == NULL || !sp_photo_list_choose (work, dataset, measured, most, &photos, error))
    return FALSE;
  for (guint i = 0, n = photos.numbers->len; i < n; i++) {
    if (!sp_work_go_on (work, "Judging the judge", i, n, error)
        || !lesson_put (&lesson, 0, g_array_index (photos.numbers, guint, i), &SP_VIEW_PLAIN,
                        error))
      return FALSE;
    sp_sight_look (sight, lesson.photos);
    count_overlap (counts, sight->odds, lesson.shares, lesson.known, judge->n_concepts, plane);
  }
  for (guint k = 0; k < judge->n_concepts; k++)
    overlap[k] = counts[k].either > 0 ? (double)counts[k].both / counts[k].either : NAN;
  return TRUE;
}
