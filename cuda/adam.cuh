/* Adam's update of one element, for the kernels that make it. */
#pragma once

#include "cuda/backend.cuh"

struct AdamParameter {
  const AdamState *state;
  float rate, decay;
  float *value, *moment1, *moment2, *average;
};

static inline AdamParameter
adam_parameter (const CudaBackend *cuda, const SpAdamOperand *operand)
{
  return AdamParameter{ cuda->adam_state,
                        operand->rate,
                        operand->decay,
                        static_cast<float *> (operand->value),
                        static_cast<float *> (operand->moment1),
                        static_cast<float *> (operand->moment2),
                        static_cast<float *> (operand->average) };
}

/* What is no number stays none. */
static __device__ inline float
limited (float gradient, float limit)
{
  if (limit <= 0.0f)
    return gradient;
  return gradient > limit ? limit : gradient < -limit ? -limit : gradient;
}

/* `value`, `moment1`, `moment2`: what is there now. */
static __device__ inline void
adam_element (const AdamParameter &parameter, size_t i, float gradient, float value, float moment1,
              float moment2)
{
  const AdamState *state = parameter.state;
  const SpAdam &adam = state->settings;
  float g = limited (gradient + parameter.decay * value, adam.gradient_limit);
  float m = moment1 + (1.0f - adam.beta1) * (g - moment1);
  float v = moment2 + (1.0f - adam.beta2) * (g * g - moment2);
  parameter.moment1[i] = m;
  parameter.moment2[i] = v;
  float now = value - parameter.rate * state->rate * m / (sqrtf (v * state->scale2) + adam.epsilon);
  parameter.value[i] = now;
  if (parameter.average != nullptr)
    parameter.average[i] = state->keep * parameter.average[i] + (1.0f - state->keep) * now;
}
