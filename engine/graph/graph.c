/* Builds graphs: checks shapes, keeps host values, appends operations in order. See graph.h. */
#include "engine/error.h"
#include "engine/graph/operation.h"

#include <string.h>

/* ---- Shapes ---- */

gsize
sp_shape_elements (SpShape shape)
{
  return (gsize)shape.batch * shape.channels * shape.height * shape.width;
}

gboolean
sp_shape_equal (SpShape a, SpShape b)
{
  return a.batch == b.batch && a.channels == b.channels && a.height == b.height
         && a.width == b.width;
}

static gboolean
shape_is_valid (SpShape shape)
{
  const int limit = 1 << 20;
  const guint64 most_elements = G_GUINT64_CONSTANT (1) << 34;
  if (shape.batch < 1 || shape.channels < 1 || shape.height < 1 || shape.width < 1)
    return FALSE;
  if (shape.batch > limit || shape.channels > limit || shape.height > limit || shape.width > limit)
    return FALSE;
  /* two products of at most 2^40 each, so their own product is checked by division */
  guint64 maps = (guint64)shape.batch * shape.channels;
  guint64 pixels = (guint64)shape.height * shape.width;
  return maps <= most_elements / pixels;
}

static char *
shape_text (SpShape shape)
{
  return g_strdup_printf ("%d x %d x %d x %d", shape.batch, shape.channels, shape.height,
                          shape.width);
}

/* ---- Graphs and leaves ---- */

static void
tensor_free (gpointer data)
{
  SpTensor *tensor = data;
  g_free (tensor->name);
  g_free (tensor->values);
  g_free (tensor);
}

SpGraph *
sp_graph_new (void)
{
  SpGraph *graph = g_new0 (SpGraph, 1);
  graph->tensors = g_ptr_array_new_with_free_func (tensor_free);
  graph->nodes = g_ptr_array_new_with_free_func (g_free);
  return graph;
}

void
sp_graph_free (SpGraph *graph)
{
  if (graph == NULL)
    return;
  g_ptr_array_unref (graph->nodes);
  g_ptr_array_unref (graph->tensors);
  g_clear_error (&graph->error);
  g_free (graph);
}

gboolean
sp_graph_check (const SpGraph *graph, GError **error)
{
  if (graph->error == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (graph->error);
  return FALSE;
}

/* Records the first thing that does not fit. */
static void G_GNUC_PRINTF (2, 3) graph_fail (SpGraph *graph, const char *format, ...)
{
  if (graph->error != NULL)
    return;
  va_list arguments;
  va_start (arguments, format);
  graph->error = g_error_new_valist (SP_ERROR, SP_ERROR_GRAPH, format, arguments);
  va_end (arguments);
}

static SpTensor *
graph_add_tensor (SpGraph *graph, SpTensorRole role, const char *name, SpShape shape)
{
  if (!shape_is_valid (shape)) {
    g_autofree char *text = shape_text (shape);
    graph_fail (graph, "A tensor of %s elements cannot be made.", text);
    shape = SP_SHAPE_SCALAR;
  }
  SpTensor *tensor = g_new0 (SpTensor, 1);
  tensor->graph = graph;
  tensor->role = role;
  tensor->name = g_strdup (name);
  tensor->shape = shape;
  tensor->index = graph->tensors->len;
  tensor->rate = 1.0f;
  g_ptr_array_add (graph->tensors, tensor);
  return tensor;
}

static SpTensor *
graph_add_leaf (SpGraph *graph, SpTensorRole role, const char *name, SpShape shape,
                const float *values)
{
  SpTensor *tensor = graph_add_tensor (graph, role, name, shape);
  if (values != NULL)
    tensor->values = g_memdup2 (values, sp_shape_elements (tensor->shape) * sizeof (float));
  return tensor;
}

SpTensor *
sp_graph_input (SpGraph *graph, const char *name, SpShape shape)
{
  return graph_add_leaf (graph, SP_TENSOR_INPUT, name, shape, NULL);
}

SpTensor *
sp_graph_constant (SpGraph *graph, const char *name, SpShape shape, const float *values)
{
  return graph_add_leaf (graph, SP_TENSOR_CONSTANT, name, shape, values);
}

SpTensor *
sp_graph_parameter (SpGraph *graph, const char *name, SpShape shape, const float *values)
{
  return graph_add_leaf (graph, SP_TENSOR_PARAMETER, name, shape, values);
}

void
sp_graph_release_value (SpGraph *graph, const SpTensor *tensor)
{
  SpTensor *own = g_ptr_array_index (graph->tensors, tensor->index);
  g_clear_pointer (&own->values, g_free);
}

void
sp_graph_release_values (SpGraph *graph)
{
  for (guint i = 0; i < graph->tensors->len; i++) {
    SpTensor *tensor = g_ptr_array_index (graph->tensors, i);
    g_clear_pointer (&tensor->values, g_free);
  }
}

GPtrArray *
sp_graph_parameters (const SpGraph *graph)
{
  GPtrArray *parameters = g_ptr_array_new ();
  for (guint t = 0; t < graph->tensors->len; t++) {
    SpTensor *tensor = g_ptr_array_index (graph->tensors, t);
    if (tensor->role == SP_TENSOR_PARAMETER)
      g_ptr_array_add (parameters, tensor);
  }
  return parameters;
}

SpShape
sp_tensor_shape (const SpTensor *tensor)
{
  return tensor->shape;
}

const char *
sp_tensor_name (const SpTensor *tensor)
{
  return tensor->name;
}

void
sp_tensor_want_gradient (SpTensor *tensor)
{
  tensor->want_gradient = TRUE;
}

void
sp_tensor_set_rate (SpTensor *tensor, float rate)
{
  tensor->rate = rate;
}

void
sp_tensor_keep_average (SpTensor *tensor)
{
  tensor->keep_average = TRUE;
}

void
sp_tensor_keep (SpTensor *tensor)
{
  tensor->keep = TRUE;
}

/* ---- Operations ---- */

static SpTensor *
graph_add_operation (SpGraph *graph, SpOperationKind kind, const SpAttributes *attributes,
                     guint n_inputs, SpTensor *const *inputs, SpShape output)
{
  SpNode *node = g_new0 (SpNode, 1);
  node->kind = kind;
  if (attributes != NULL)
    node->attributes = *attributes;
  node->n_inputs = n_inputs;
  memcpy (node->inputs, inputs, n_inputs * sizeof *inputs);
  node->output = graph_add_tensor (graph, SP_TENSOR_RESULT, NULL, output);
  g_ptr_array_add (graph->nodes, node);
  return node->output;
}

/* Fails the graph unless `tensor` has the shape that operation `kind` needs there. */
static void
expect_shape (SpOperationKind kind, const char *what, const SpTensor *tensor, SpShape needed)
{
  if (sp_shape_equal (tensor->shape, needed))
    return;
  g_autofree char *has = shape_text (tensor->shape);
  g_autofree char *needs = shape_text (needed);
  graph_fail (tensor->graph, "The %s%s%s of a %s has %s elements where %s are needed.", what,
              tensor->name != NULL ? " " : "", tensor->name != NULL ? tensor->name : "",
              sp_operation_info (kind)->name, has, needs);
}

static SpShape
per_channel (int channels)
{
  return SP_SHAPE (1, channels, 1, 1);
}

static int
window_count (int extent, int size, int stride, int padding)
{
  return (extent + 2 * padding - size) / stride + 1;
}

static void
check_convolution (SpGraph *graph, SpShape x, SpShape kernel, SpConvolution settings)
{
  gboolean fits = (settings.stride == 1 || settings.stride == 2) && settings.padding >= 0
                  && settings.padding < kernel.height && kernel.height <= 7;
  if (!fits)
    graph_fail (graph, "A convolution of size %d, stride %d, padding %d is not supported.",
                kernel.height, settings.stride, settings.padding);
  if (settings.upsample == 2) {
    if (kernel.height != 3 || settings.padding != 1 || settings.stride != 1)
      graph_fail (graph, "An upsampling convolution must be 3x3, stride 1, padding 1.");
  } else if (settings.upsample != 1) {
    graph_fail (graph, "A convolution cannot upsample by %d.", settings.upsample);
  }
  if (x.height * settings.upsample + 2 * settings.padding < kernel.height
      || x.width * settings.upsample + 2 * settings.padding < kernel.width)
    graph_fail (graph, "A map of %d x %d is too small for a %dx%d convolution.", x.height, x.width,
                kernel.height, kernel.width);
}

SpTensor *
sp_graph_convolution (SpGraph *graph, SpTensor *x, SpTensor *kernel, SpTensor *bias,
                      SpConvolution settings)
{
  SpTensor *inputs[] = { x, kernel, bias };
  SpShape in = x->shape, k = kernel->shape;
  expect_shape (SP_OPERATION_CONVOLUTION, "kernel", kernel,
                SP_SHAPE (k.batch, in.channels, k.height, k.height));
  if (bias != NULL)
    expect_shape (SP_OPERATION_CONVOLUTION, "bias", bias, per_channel (k.batch));
  check_convolution (graph, in, k, settings);

  SpShape out = SP_SHAPE_SCALAR;
  if (graph->error == NULL) {
    int height = in.height * settings.upsample, width = in.width * settings.upsample;
    out = SP_SHAPE (in.batch, k.batch,
                    window_count (height, k.height, settings.stride, settings.padding),
                    window_count (width, k.width, settings.stride, settings.padding));
  }
  SpAttributes attributes = { .convolution = settings };
  return graph_add_operation (graph, SP_OPERATION_CONVOLUTION, &attributes, bias != NULL ? 3 : 2,
                              inputs, out);
}

SpTensor *
sp_graph_pixel_norm (SpGraph *graph, SpTensor *x)
{
  return graph_add_operation (graph, SP_OPERATION_PIXEL_NORM, NULL, 1, &x, x->shape);
}

SpTensor *
sp_graph_perturb (SpGraph *graph, SpTensor *x, SpTensor *delta)
{
  SpTensor *inputs[] = { x, delta };
  expect_shape (SP_OPERATION_PERTURB, "perturbation", delta, x->shape);
  return graph_add_operation (graph, SP_OPERATION_PERTURB, NULL, 2, inputs, x->shape);
}

SpTensor *
sp_graph_sum (SpGraph *graph, guint n_terms, SpTensor *const *terms, const float *weights)
{
  SpAttributes attributes = { 0 };
  if (n_terms < 1 || n_terms > SP_OPERATION_MAXIMUM_INPUTS) {
    graph_fail (graph, "A sum of %u terms is not supported.", n_terms);
    return graph_add_tensor (graph, SP_TENSOR_INPUT, NULL, SP_SHAPE_SCALAR);
  }
  for (guint i = 0; i < n_terms; i++) {
    expect_shape (SP_OPERATION_SUM, "term", terms[i], terms[0]->shape);
    attributes.weights[i] = weights[i];
  }
  return graph_add_operation (graph, SP_OPERATION_SUM, &attributes, n_terms, terms,
                              terms[0]->shape);
}

SpTensor *
sp_graph_leaky_relu (SpGraph *graph, SpTensor *x, float slope)
{
  SpAttributes attributes = { .slope = slope };
  return graph_add_operation (graph, SP_OPERATION_LEAKY_RELU, &attributes, 1, &x, x->shape);
}

SpTensor *
sp_graph_pool (SpGraph *graph, SpTensor *x, SpPooling kind, int size, int stride, int padding)
{
  SpAttributes attributes = { .pool = { kind, size, stride, padding } };
  SpShape out = x->shape;
  if (size < 1 || stride < 1 || padding < 0 || padding >= size
      || x->shape.height + 2 * padding < size || x->shape.width + 2 * padding < size) {
    graph_fail (graph, "A pooling of size %d, stride %d, padding %d does not fit %d x %d.", size,
                stride, padding, x->shape.height, x->shape.width);
  } else {
    out.height = window_count (x->shape.height, size, stride, padding);
    out.width = window_count (x->shape.width, size, stride, padding);
  }
  return graph_add_operation (graph, SP_OPERATION_POOL, &attributes, 1, &x, out);
}

SpTensor *
sp_graph_batch_norm (SpGraph *graph, SpTensor *x, SpTensor *scale, SpTensor *shift)
{
  SpTensor *inputs[] = { x, scale, shift };
  expect_shape (SP_OPERATION_BATCH_NORM, "scale", scale, per_channel (x->shape.channels));
  expect_shape (SP_OPERATION_BATCH_NORM, "shift", shift, per_channel (x->shape.channels));
  return graph_add_operation (graph, SP_OPERATION_BATCH_NORM, NULL, 3, inputs, x->shape);
}

SpTensor *
sp_graph_resample (SpGraph *graph, SpTensor *x, int height, int width)
{
  SpShape out = SP_SHAPE (x->shape.batch, x->shape.channels, height, width);
  return graph_add_operation (graph, SP_OPERATION_RESAMPLE, NULL, 1, &x, out);
}

SpTensor *
sp_graph_crop (SpGraph *graph, SpTensor *x, SpTensor *origin, int height, int width)
{
  SpTensor *inputs[] = { x, origin };
  SpShape out = SP_SHAPE (x->shape.batch, x->shape.channels, height, width);
  expect_shape (SP_OPERATION_CROP, "origin", origin, SP_SHAPE (x->shape.batch, 2, 1, 1));
  if (height < 1 || width < 1 || height > x->shape.height || width > x->shape.width) {
    graph_fail (graph, "A crop of %d x %d elements does not fit into %d x %d.", height, width,
                x->shape.height, x->shape.width);
    out = SP_SHAPE_SCALAR;
  }
  return graph_add_operation (graph, SP_OPERATION_CROP, NULL, 2, inputs, out);
}

SpTensor *
sp_graph_spectral_norm (SpGraph *graph, SpTensor *kernel, SpTensor *left)
{
  SpTensor *inputs[] = { kernel, left };
  expect_shape (SP_OPERATION_SPECTRAL_NORM, "singular vector", left,
                per_channel (kernel->shape.batch));
  return graph_add_operation (graph, SP_OPERATION_SPECTRAL_NORM, NULL, 2, inputs, kernel->shape);
}

/* ---- Losses ---- */

SpTensor *
sp_graph_l1 (SpGraph *graph, SpTensor *x, SpTensor *target)
{
  SpTensor *inputs[] = { x, target };
  expect_shape (SP_OPERATION_L1, "target", target, x->shape);
  return graph_add_operation (graph, SP_OPERATION_L1, NULL, 2, inputs, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_masked_l1 (SpGraph *graph, SpTensor *x, SpTensor *target, SpTensor *mask)
{
  SpTensor *inputs[] = { x, target, mask };
  expect_shape (SP_OPERATION_MASKED_L1, "target", target, x->shape);
  expect_shape (SP_OPERATION_MASKED_L1, "mask", mask,
                SP_SHAPE (x->shape.batch, 1, x->shape.height, x->shape.width));
  return graph_add_operation (graph, SP_OPERATION_MASKED_L1, NULL, 3, inputs, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_mean_square (SpGraph *graph, SpTensor *x)
{
  return graph_add_operation (graph, SP_OPERATION_MEAN_SQUARE, NULL, 1, &x, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_cosine_error (SpGraph *graph, SpTensor *x, SpTensor *target)
{
  SpTensor *inputs[] = { x, target };
  expect_shape (SP_OPERATION_COSINE_ERROR, "target", target, x->shape);
  return graph_add_operation (graph, SP_OPERATION_COSINE_ERROR, NULL, 2, inputs, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_logistic (SpGraph *graph, SpTensor *x, SpTensor *labels, SpTensor *weights)
{
  SpTensor *inputs[] = { x, labels, weights };
  expect_shape (SP_OPERATION_LOGISTIC, "labels", labels, x->shape);
  expect_shape (SP_OPERATION_LOGISTIC, "weights", weights, x->shape);
  return graph_add_operation (graph, SP_OPERATION_LOGISTIC, NULL, 3, inputs, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_hinge (SpGraph *graph, SpTensor *x, float sign)
{
  SpAttributes attributes = { .sign = sign };
  return graph_add_operation (graph, SP_OPERATION_HINGE, &attributes, 1, &x, SP_SHAPE_SCALAR);
}

SpTensor *
sp_graph_mean (SpGraph *graph, SpTensor *x)
{
  return graph_add_operation (graph, SP_OPERATION_MEAN, NULL, 1, &x, SP_SHAPE_SCALAR);
}
