/* See operation-reference.h. */
#include "tests/operation-reference.h"

#include <math.h>

static gsize
at (SpShape s, int n, int c, int y, int x)
{
  return (((gsize)n * s.channels + c) * s.height + y) * s.width + x;
}

#define FOR_EACH(s, n, c, y, x)                                                                    \
  for (int n = 0; n < (s).batch; n++)                                                              \
    for (int c = 0; c < (s).channels; c++)                                                         \
      for (int y = 0; y < (s).height; y++)                                                         \
        for (int x = 0; x < (s).width; x++)

static double
leaky (double value, float slope)
{
  return value > 0 ? value : (double)slope * value;
}

static void
convolution (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape in = call->inputs[0], k = call->inputs[1], out = call->output;
  SpConvolution a = call->attributes.convolution;
  FOR_EACH (out, n, o, y, x)
  {
    double sum = call->n_inputs > 2 ? inputs[2][o] : 0.0;
    for (int i = 0; i < in.channels; i++)
      for (int ky = 0; ky < k.height; ky++)
        for (int kx = 0; kx < k.width; kx++) {
          int row = y * a.stride + ky - a.padding, column = x * a.stride + kx - a.padding;
          if (row >= 0 && row < in.height * a.upsample && column >= 0
              && column < in.width * a.upsample)
            sum += inputs[0][at (in, n, i, row / a.upsample, column / a.upsample)]
                   * inputs[1][at (k, o, i, ky, kx)];
        }
    output[at (out, n, o, y, x)] = leaky (sum, a.slope);
  }
}

static void
pixel_norm (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape s = call->output;
  FOR_EACH (s, n, c, y, x)
  {
    double squares = 0.0;
    for (int i = 0; i < s.channels; i++)
      squares += inputs[0][at (s, n, i, y, x)] * inputs[0][at (s, n, i, y, x)];
    output[at (s, n, c, y, x)] = inputs[0][at (s, n, c, y, x)] / sqrt (squares / s.channels + 1e-8);
  }
}

/* By the exact largest singular value, whatever the vector to start from: the root of the largest
 * eigenvalue of K K'. */
static void
spectral_norm (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  gsize rows = (gsize)call->output.batch, n = sp_shape_elements (call->output), columns = n / rows;
  g_autofree double *left = g_new (double, rows), *right = g_new (double, columns);
  double norm = 1;
  for (gsize row = 0; row < rows; row++)
    left[row] = 1.0 / (double)(1 + row);
  for (int i = 0; i < 2000; i++) {
    double squares = 0;
    for (gsize k = 0; k < columns; k++) {
      right[k] = 0;
      for (gsize row = 0; row < rows; row++)
        right[k] += left[row] * inputs[0][row * columns + k];
    }
    for (gsize row = 0; row < rows; row++) {
      left[row] = 0;
      for (gsize k = 0; k < columns; k++)
        left[row] += inputs[0][row * columns + k] * right[k];
      squares += left[row] * left[row];
    }
    norm = sqrt (squares); /* s^2, once `left` had the length 1 */
    for (gsize row = 0; row < rows; row++)
      left[row] /= norm;
  }
  for (gsize i = 0; i < n; i++)
    output[i] = inputs[0][i] / sqrt (norm);
}

static void
pool (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape in = call->inputs[0], out = call->output;
  int size = call->attributes.pool.size;
  gboolean maximum = call->attributes.pool.kind == SP_POOL_MAXIMUM;
  FOR_EACH (out, n, c, y, x)
  {
    double result = maximum ? -INFINITY : 0.0;
    for (int i = 0; i < size; i++)
      for (int j = 0; j < size; j++) {
        int row = y * call->attributes.pool.stride + i - call->attributes.pool.padding;
        int column = x * call->attributes.pool.stride + j - call->attributes.pool.padding;
        if (row < 0 || row >= in.height || column < 0 || column >= in.width)
          continue;
        double value = inputs[0][at (in, n, c, row, column)];
        result = maximum ? MAX (result, value) : result + value / (size * size);
      }
    output[at (out, n, c, y, x)] = result;
  }
}

static void
batch_norm (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape s = call->output;
  double count = (double)s.batch * s.height * s.width;
  for (int c = 0; c < s.channels; c++) {
    SpShape one = { s.batch, 1, s.height, s.width };
    double mean = 0.0, variance = 0.0;
    FOR_EACH (one, n, i, y, x) mean += inputs[0][at (s, n, c + i, y, x)] / count;
    FOR_EACH (one, n, i, y, x)
    {
      double d = inputs[0][at (s, n, c + i, y, x)] - mean;
      variance += d * d / count;
    }
    FOR_EACH (one, n, i, y, x)
    {
      double normal = (inputs[0][at (s, n, c + i, y, x)] - mean) / sqrt (variance + 1e-5);
      output[at (s, n, c + i, y, x)] = normal * inputs[1][c] + inputs[2][c];
    }
  }
}

/* The value of a map at a position between pixel centres, edges clamped. */
static double
between (const double *map, SpShape s, int n, int c, double y, double x)
{
  y = CLAMP (y, 0.0, s.height - 1.0);
  x = CLAMP (x, 0.0, s.width - 1.0);
  int top = (int)floor (y), left = (int)floor (x);
  int bottom = MIN (top + 1, s.height - 1), right = MIN (left + 1, s.width - 1);
  double upper =
      map[at (s, n, c, top, left)] * (1 - (x - left)) + map[at (s, n, c, top, right)] * (x - left);
  double lower = map[at (s, n, c, bottom, left)] * (1 - (x - left))
                 + map[at (s, n, c, bottom, right)] * (x - left);
  return upper * (1 - (y - top)) + lower * (y - top);
}

static void
resample (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape in = call->inputs[0], out = call->output;
  FOR_EACH (out, n, c, y, x)
  output[at (out, n, c, y, x)] =
      between (inputs[0], in, n, c, (y + 0.5) * in.height / out.height - 0.5,
               (x + 0.5) * in.width / out.width - 0.5);
}

static void
crop (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  SpShape in = call->inputs[0], out = call->output;
  FOR_EACH (out, n, c, y, x)
  {
    int row = MIN ((int)(inputs[1][2 * n] * (in.height - out.height + 1)), in.height - out.height);
    int column =
        MIN ((int)(inputs[1][2 * n + 1] * (in.width - out.width + 1)), in.width - out.width);
    output[at (out, n, c, y, x)] = inputs[0][at (in, n, c, y + row, x + column)];
  }
}

static long double
cosine_error (const ReferenceCall *call, const double *const *inputs)
{
  SpShape s = call->inputs[0], one = { s.batch, 1, s.height, s.width };
  long double sum = 0.0;
  FOR_EACH (one, n, ignored, y, x)
  {
    double xx = 0.0, tt = 0.0, xt = 0.0;
    for (int c = ignored; c < s.channels; c++) {
      double a = inputs[0][at (s, n, c, y, x)], b = inputs[1][at (s, n, c, y, x)];
      xx += a * a;
      tt += b * b;
      xt += a * b;
    }
    sum += 1.0 - xt / sqrt (xx * tt + 1e-12);
  }
  return sum / sp_shape_elements (one);
}

/* The term of a mean over elements. */
static double
term (const ReferenceCall *call, const double *const *inputs, gsize i, int n, int y, int x)
{
  double value = inputs[0][i];
  switch (call->kind) {
  case SP_OPERATION_L1:
    return fabs (value - inputs[1][i]);
  case SP_OPERATION_MASKED_L1:
    return fabs (inputs[2][at (call->inputs[2], n, 0, y, x)] * (value - inputs[1][i]));
  case SP_OPERATION_MEAN_SQUARE:
    return value * value;
  case SP_OPERATION_LOGISTIC:
    return inputs[2][i] * (log (1.0 + exp (value)) - inputs[1][i] * value);
  case SP_OPERATION_HINGE:
    return MAX (0.0, 1.0 - (double)call->attributes.sign * value);
  default:
    return value;
  }
}

static long double
mean_of_terms (const ReferenceCall *call, const double *const *inputs)
{
  SpShape s = call->inputs[0];
  long double sum = 0.0;
  FOR_EACH (s, n, c, y, x) sum += term (call, inputs, at (s, n, c, y, x), n, y, x);
  return sum / sp_shape_elements (s);
}

/* Element i of an operation that looks at one element at a time. */
static double
element (const ReferenceCall *call, const double *const *inputs, gsize i)
{
  double sum = 0.0;
  switch (call->kind) {
  case SP_OPERATION_PERTURB:
    return inputs[0][i] * (1.0 + inputs[1][i]);
  case SP_OPERATION_LEAKY_RELU:
    return leaky (inputs[0][i], call->attributes.slope);
  default: /* a weighted sum */
    for (guint k = 0; k < call->n_inputs; k++)
      sum += (double)call->attributes.weights[k] * inputs[k][i];
    return sum;
  }
}

void
reference_forward (const ReferenceCall *call, const double *const *inputs, long double *output)
{
  switch (call->kind) {
  case SP_OPERATION_CONVOLUTION:
    convolution (call, inputs, output);
    break;
  case SP_OPERATION_PIXEL_NORM:
    pixel_norm (call, inputs, output);
    break;
  case SP_OPERATION_SPECTRAL_NORM:
    spectral_norm (call, inputs, output);
    break;
  case SP_OPERATION_POOL:
    pool (call, inputs, output);
    break;
  case SP_OPERATION_BATCH_NORM:
    batch_norm (call, inputs, output);
    break;
  case SP_OPERATION_RESAMPLE:
    resample (call, inputs, output);
    break;
  case SP_OPERATION_CROP:
    crop (call, inputs, output);
    break;
  case SP_OPERATION_PERTURB:
  case SP_OPERATION_SUM:
  case SP_OPERATION_LEAKY_RELU:
    for (gsize i = 0; i < sp_shape_elements (call->output); i++)
      output[i] = element (call, inputs, i);
    break;
  case SP_OPERATION_COSINE_ERROR:
    output[0] = cosine_error (call, inputs);
    break;
  default:
    output[0] = mean_of_terms (call, inputs);
    break;
  }
}

long double
reference_loss (const ReferenceCall *call, const double *const *inputs, const double *weights)
{
  gsize n = sp_shape_elements (call->output);
  g_autofree long double *output = g_new (long double, n);
  long double sum = 0.0;
  reference_forward (call, inputs, output);
  for (gsize i = 0; i < n; i++)
    sum += weights[i] * output[i];
  return sum;
}

double
reference_cost (const ReferenceCall *call)
{
  double elements =
      (double)MAX (sp_shape_elements (call->output), sp_shape_elements (call->inputs[0]));
  SpShape k = call->inputs[1];
  switch (call->kind) {
  case SP_OPERATION_CONVOLUTION:
    return (double)sp_shape_elements (call->output) * k.channels * k.height * k.width;
  case SP_OPERATION_PIXEL_NORM:
    return elements * call->output.channels;
  case SP_OPERATION_SPECTRAL_NORM:
    return 4000 * elements;
  default:
    return 4.0 * elements;
  }
}
