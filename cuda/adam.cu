/* Adam (Kingma and Ba 2015, algorithm 1), with its step count and rates in device memory. */
#include "cuda/backend.cuh"

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

/* What is no number stays none. */
static __device__ inline float
limited (float gradient, float limit)
{
  if (limit <= 0.0f)
    return gradient;
  return gradient > limit ? limit : gradient < -limit ? -limit : gradient;
}

static __global__ void
update (size_t count, const AdamState *state, float rate, float decay, const float *gradient,
        float *value, float *moment1, float *moment2, float *average)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  SpAdam adam = state->settings;
  float before = value[i], g = limited (gradient[i] + decay * before, adam.gradient_limit);
  float m = moment1[i] + (1.0f - adam.beta1) * (g - moment1[i]);
  float v = moment2[i] + (1.0f - adam.beta2) * (g * g - moment2[i]);
  moment1[i] = m;
  moment2[i] = v;
  float now = before - rate * state->rate * m / (sqrtf (v * state->scale2) + adam.epsilon);
  value[i] = now;
  if (average != nullptr)
    average[i] = state->keep * average[i] + (1.0f - state->keep) * now;
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
adam_update (SpBackend *backend, const SpAdamOperand *parameter, const SpAdam *settings, guint step)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t count = elements_of (parameter->shape);
  if (!cuda->in_step) { /* called by itself */
    adam_set_state (cuda, settings, step);
    adam_advance (cuda);
    cuda->adam_step = step;
  }
  for_each (cuda, "Adam", count, update, count, cuda->adam_state, parameter->rate, parameter->decay,
            static_cast<const float *> (parameter->gradient),
            static_cast<float *> (parameter->value), static_cast<float *> (parameter->moment1),
            static_cast<float *> (parameter->moment2), static_cast<float *> (parameter->average));
}
