/* Copies that the host does not wait for, through pinned memory: the device takes what is uploaded
 * when its turn comes, and a result is on its way while other work is issued. */
#include "cuda/backend.cuh"

#define STAGING_HALF (8u << 20)

bool
staging_start (CudaBackend *cuda)
{
  const char *what = "starting the device";
  Staging *staging = &cuda->staging;
  bool fine =
      note (cuda, cudaMallocHost (reinterpret_cast<void **> (&staging->memory), 2 * STAGING_HALF),
            what)
      && note (cuda, cudaEventCreateWithFlags (&staging->arrived, cudaEventDisableTiming), what);
  for (int half = 0; half < 2 && fine; half++)
    fine =
        note (cuda, cudaEventCreateWithFlags (&staging->taken[half], cudaEventDisableTiming), what);
  return fine;
}

void
staging_stop (CudaBackend *cuda)
{
  Staging *staging = &cuda->staging;
  if (staging->memory != nullptr)
    cudaFreeHost (staging->memory);
  if (staging->result != nullptr)
    cudaFreeHost (staging->result);
  if (staging->arrived != nullptr)
    cudaEventDestroy (staging->arrived);
  for (int half = 0; half < 2; half++)
    if (staging->taken[half] != nullptr)
      cudaEventDestroy (staging->taken[half]);
}

/* The other half, once the device has taken what was in it. An event that was never recorded is not
 * waited for. */
static void
turn_over (CudaBackend *cuda)
{
  Staging *staging = &cuda->staging;
  note (cuda, cudaEventRecord (staging->taken[staging->half], cuda->stream), "copying");
  staging->half = 1 - staging->half;
  staging->used = 0;
  note (cuda, cudaEventSynchronize (staging->taken[staging->half]), "waiting for the device");
}

/* The host's memory may change as soon as this returns. */
void
staging_upload (SpBackend *backend, SpShape shape, const float *source, void *destination)
{
  CudaBackend *cuda = cuda_backend (backend);
  Staging *staging = &cuda->staging;
  size_t bytes = elements_of (shape) * sizeof (float);
  for (size_t done = 0; done < bytes;) {
    if (staging->used == STAGING_HALF)
      turn_over (cuda);
    size_t room = STAGING_HALF - staging->used, part = bytes - done < room ? bytes - done : room;
    char *stage = staging->memory + staging->half * STAGING_HALF + staging->used;
    memcpy (stage, reinterpret_cast<const char *> (source) + done, part);
    note (cuda,
          cudaMemcpyAsync (static_cast<char *> (destination) + done, stage, part,
                           cudaMemcpyHostToDevice, cuda->stream),
          "copying to the device");
    staging->used += part;
    done += part;
  }
}

static bool
make_room_for_result (CudaBackend *cuda, size_t bytes)
{
  Staging *staging = &cuda->staging;
  if (staging->result_bytes >= bytes)
    return true;
  if (staging->result != nullptr)
    note (cuda, cudaFreeHost (staging->result), "freeing memory");
  staging->result = nullptr;
  staging->result_bytes = 0;
  if (!note (cuda, cudaMallocHost (&staging->result, bytes), "getting memory"))
    return false;
  staging->result_bytes = bytes;
  return true;
}

void
staging_begin_download (SpBackend *backend, SpShape shape, const void *source)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t bytes = elements_of (shape) * sizeof (float);
  if (!make_room_for_result (cuda, bytes))
    return;
  note (cuda,
        cudaMemcpyAsync (cuda->staging.result, source, bytes, cudaMemcpyDeviceToHost, cuda->stream),
        "copying from the device");
  note (cuda, cudaEventRecord (cuda->staging.arrived, cuda->stream), "copying from the device");
}

void
staging_end_download (SpBackend *backend, SpShape shape, float *destination)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t bytes = elements_of (shape) * sizeof (float);
  if (cuda->staging.result != nullptr
      && note (cuda, cudaEventSynchronize (cuda->staging.arrived), "waiting for the device"))
    memcpy (destination, cuda->staging.result, bytes);
  else
    memset (destination, 0, bytes); /* values that mean nothing, but values */
}
