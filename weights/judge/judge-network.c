/* The judge's network. See judge.h. */
#include "weights/judge/judge-network.h"

#define LARGEST_SIDE 128
#define SLOPE 0.2f

typedef struct {
  const char *name;
  int out, size, stride, upsample;
  int add; /* whose output is added to this one's; -1: none */
} Layer;

/* Sides for a picture of 128: 64, 32, 32, 16, 8, 8, 16, 32. */
static const Layer layers[] = {
  { "down1", 32, 3, 2, 1, -1 },
  { "down2", 48, 3, 2, 1, -1 },
  { "grid", SP_JUDGE_FEATURES, 3, 1, 1, -1 },
  { "down3", 64, 3, 2, 1, -1 },
  { "down4", 96, 3, 2, 1, -1 },
  { "deep", 96, 3, 1, 1, -1 },
  { "up1", 64, 3, 1, 2, 3 },
  { "up2", SP_JUDGE_FEATURES, 3, 1, 2, 2 },
};

SpJudge *
sp_judge_new (const SpDataset *dataset, int side, guint seed)
{
  SpJudge *judge = g_new0 (SpJudge, 1);
  const SpConceptRules *rules = sp_dataset_rules (dataset);
  judge->side = side;
  judge->n_concepts = sp_dataset_n_concepts (dataset);
  judge->names = g_new0 (char *, judge->n_concepts + 1);
  for (guint k = 0; k < judge->n_concepts; k++)
    judge->names[k] = g_strdup (((SpConceptRule *)g_ptr_array_index (rules->rules, k))->name);
  judge->parameters = sp_parameters_new (seed);
  return judge;
}

void
sp_judge_free (SpJudge *judge)
{
  if (judge == NULL)
    return;
  g_strfreev (judge->names);
  sp_parameters_free (judge->parameters);
  g_free (judge);
}

guint
sp_judge_n_concepts (const SpJudge *judge)
{
  return judge->n_concepts;
}

static int
reduction (int side)
{
  return MAX (side / LARGEST_SIDE, 1);
}

int
sp_judge_grid (const SpJudge *judge)
{
  return judge->side / reduction (judge->side) / SP_JUDGE_BLOCK;
}

/* ---- Building ---- */

typedef struct {
  const SpJudge *judge;
  SpGraph *graph;
  GPtrArray *leaves;
} Builder;

/* Names and shapes are the table's own, so that ensuring one cannot fail. */
static SpTensor *
leaf (const Builder *builder, const char *layer, const char *part, SpPackShape size, SpShape shape)
{
  g_autofree char *name = g_strdup_printf ("judge.%s.%s", layer, part);
  SpParameterStart start = size.n_dimensions > 1 ? SP_START_HE : SP_START_ZERO;
  SpParameter *parameter =
      sp_parameters_ensure (builder->judge->parameters, name, size, start, NULL);
  if (builder->leaves == NULL)
    return sp_graph_constant (builder->graph, name, shape, parameter->values);
  SpTensor *tensor = sp_graph_parameter (builder->graph, name, shape, parameter->values);
  g_ptr_array_add (builder->leaves, tensor);
  return tensor;
}

static SpTensor *
convolve (const Builder *builder, SpTensor *x, const Layer *layer, float slope)
{
  int in = sp_tensor_shape (x).channels;
  SpTensor *kernel = leaf (builder, layer->name, "weight",
                           (SpPackShape){ 4, { layer->out, in, layer->size, layer->size } },
                           SP_SHAPE (layer->out, in, layer->size, layer->size));
  SpTensor *bias = leaf (builder, layer->name, "bias", (SpPackShape){ 1, { layer->out, 1, 1, 1 } },
                         SP_SHAPE (1, layer->out, 1, 1));
  SpConvolution settings = { layer->stride, layer->size / 2, layer->upsample, slope };
  return sp_graph_convolution (builder->graph, x, kernel, bias, settings);
}

SpTensor *
sp_judge_network (const SpJudge *judge, SpGraph *graph, SpTensor *picture, GPtrArray *leaves,
                  SpTensor **features)
{
  Builder builder = { judge, graph, leaves };
  SpTensor *outputs[G_N_ELEMENTS (layers)], *x = picture;
  int factor = reduction (MIN (sp_tensor_shape (picture).height, sp_tensor_shape (picture).width));
  if (factor > 1)
    x = sp_graph_pool (graph, x, SP_POOL_AVERAGE, factor, factor, 0);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    x = convolve (&builder, i == 0 ? x : sp_graph_pixel_norm (graph, x), &layers[i], SLOPE);
    if (layers[i].add >= 0)
      x = sp_graph_sum (graph, 2, (SpTensor *[]){ x, outputs[layers[i].add] }, (float[]){ 1, 1 });
    outputs[i] = x;
  }
  const Layer head = { "head", (int)judge->n_concepts, 1, 1, 1, -1 };
  x = sp_graph_pixel_norm (graph, x);
  if (features != NULL)
    *features = x;
  return convolve (&builder, x, &head, 1);
}

SpTensor *
sp_judge_build (const SpJudge *judge, SpGraph *graph, SpTensor *picture, SpTensor **features)
{
  return sp_judge_network (judge, graph, picture, NULL, features);
}
