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

static __global__ void
update (size_t count, AdamParameter parameter, const float *gradient)
{
  size_t i = thread_index ();
  if (i < count)
    adam_element (parameter, i, gradient[i], parameter.value[i], parameter.moment1[i],
                  parameter.moment2[i]);
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

void
adam_update (SpBackend *backend, const SpAdamOperand *parameter, const SpAdam *settings, guint step)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t count = elements_of (parameter->shape);
  adam_begin (cuda, settings, step);
  for_each (cuda, "Adam", count, update, count, adam_parameter (cuda, parameter),
            static_cast<const float *> (parameter->gradient));
}
