/* Adam (Kingma and Ba 2015, algorithm 1), with its step count and rates in device memory. */
#include "cuda/adam.cuh"

static __global__ void
set_state (AdamState *state, AdamState values)
{
  *state = values;
}

/* One step on: a single thread, in fp64 as on the CPU. */
static __global__ void
advance (AdamState *state)
{
  AdamState next = *state;
  next.step++;
  double correction1 = 1.0 - pow (static_cast<double> (next.settings.beta1), next.step);
  double correction2 = 1.0 - pow (static_cast<double> (next.settings.beta2), next.step);
  next.rate = static_cast<float> (next.settings.learning_rate / correction1);
  next.scale2 = static_cast<float> (1.0 / correction2);
  float early = static_cast<float> (1 + next.step) / static_cast<float> (10 + next.step);
  next.keep = next.settings.averaging < early ? next.settings.averaging : early;
  *state = next;
}

static bool
same_settings (const SpAdam *a, const SpAdam *b)
{
  return a->learning_rate == b->learning_rate && a->beta1 == b->beta1 && a->beta2 == b->beta2
         && a->epsilon == b->epsilon && a->gradient_limit == b->gradient_limit
         && a->averaging == b->averaging;
}

/* Makes the device's state that before step `step`; usually it is so already. */
void
adam_set_state (CudaBackend *cuda, const SpAdam *settings, unsigned step)
{
  if (cuda->adam_step + 1 == step && same_settings (&cuda->adam_settings, settings))
    return;
  AdamState state = {};
  state.settings = *settings;
  state.step = step - 1;
  note (cuda, launch (set_state, dim3 (1), dim3 (1), 0, cuda->stream, cuda->adam_state, state),
        "Adam's settings");
  cuda->adam_settings = *settings;
  cuda->adam_step = step - 1;
}

void
adam_advance (CudaBackend *cuda)
{
  note (cuda, launch (advance, dim3 (1), dim3 (1), 0, cuda->stream, cuda->adam_state),
        "Adam's step count");
}

void
adam_begin (CudaBackend *cuda, const SpAdam *settings, unsigned step)
{
  if (cuda->in_step)
    return;
  adam_set_state (cuda, settings, step);
  adam_advance (cuda);
  cuda->adam_step = step;
}

/* ---- Updates ----
 * A network has dozens of parameters, most of them small: one launch takes many. */

#ifndef ADAM_PARAMETERS     /* the emulation's are few, so that its small networks take several */
#define ADAM_PARAMETERS 32u /* of a launch, whose arguments must fit into 4 KB */
#endif

struct AdamBatch {
  unsigned n_parameters, n_blocks;
  unsigned first_block[ADAM_PARAMETERS];
  AdamParameter parameters[ADAM_PARAMETERS];
  const float *gradients[ADAM_PARAMETERS];
  size_t counts[ADAM_PARAMETERS];
};

static __global__ void
update (AdamBatch batch)
{
  unsigned k = 0;
  while (k + 1 < batch.n_parameters && blockIdx.x >= batch.first_block[k + 1])
    k++;
  const AdamParameter &parameter = batch.parameters[k];
  size_t i = static_cast<size_t> (blockIdx.x - batch.first_block[k]) * blockDim.x + threadIdx.x;
  if (i < batch.counts[k])
    adam_element (parameter, i, batch.gradients[k][i], parameter.value[i], parameter.moment1[i],
                  parameter.moment2[i]);
}

static void
add_to_batch (const CudaBackend *cuda, AdamBatch *batch, const SpAdamOperand *operand)
{
  unsigned k = batch->n_parameters++;
  batch->first_block[k] = batch->n_blocks;
  batch->parameters[k] = adam_parameter (cuda, operand);
  batch->gradients[k] = static_cast<const float *> (operand->gradient);
  batch->counts[k] = elements_of (operand->shape);
  batch->n_blocks += blocks_for (batch->counts[k], THREADS);
}

void
adam_update (SpBackend *backend, const SpAdamOperand *parameters, guint n_parameters,
             const SpAdam *settings, guint step)
{
  CudaBackend *cuda = cuda_backend (backend);
  adam_begin (cuda, settings, step);
  for (guint first = 0; first < n_parameters; first += ADAM_PARAMETERS) {
    AdamBatch batch = {};
    for (guint i = first; i < n_parameters && batch.n_parameters < ADAM_PARAMETERS; i++)
      add_to_batch (cuda, &batch, &parameters[i]);
    note (cuda, launch (update, dim3 (batch.n_blocks), dim3 (THREADS), 0, cuda->stream, batch),
          "Adam");
  }
}
