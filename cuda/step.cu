/* A whole optimisation step as one CUDA graph: run plainly the first time (cuBLAS chooses and loads
 * its kernels then), recorded the second time, replayed from then on. */
#include "cuda/backend.cuh"

struct Recording {
  bool has_run;
  bool is_hopeless; /* could not be recorded: run plainly for ever */
  bool began_well;  /* nothing had failed before the recording began */
  cudaGraphExec_t graph;
};

gboolean
step_begin (SpBackend *backend, void **place, const SpAdam *settings, guint step)
{
  CudaBackend *cuda = cuda_backend (backend);
  if (*place == nullptr)
    *place = g_new0 (Recording, 1);
  Recording *recording = static_cast<Recording *> (*place);
  adam_set_state (cuda, settings, step);
  cuda->adam_step = step;
  if (recording->graph != nullptr) {
    note (cuda, cudaGraphLaunch (recording->graph, cuda->stream), "a recorded step");
    return FALSE;
  }
  if (recording->has_run && !recording->is_hopeless) {
    recording->began_well = cuda->failure == nullptr;
    recording->is_hopeless =
        cudaStreamBeginCapture (cuda->stream, cudaStreamCaptureModeThreadLocal) != cudaSuccess;
  }
  cuda->in_step = true;
  adam_advance (cuda);
  return TRUE;
}

/* What failed while recording never was to run: it is forgotten, and comes back if the step that is
 * issued in its place fails too. */
static void
give_up_recording (CudaBackend *cuda, Recording *recording)
{
  cudaGetLastError ();
  recording->graph = nullptr;
  recording->is_hopeless = true;
  if (recording->began_well)
    g_clear_pointer (&cuda->failure, g_free);
}

/* Instantiates what was captured and runs it. Failing, nothing of the step has run. */
static bool
finish_recording (CudaBackend *cuda, Recording *recording)
{
  cudaGraph_t graph = nullptr;
  bool is_recorded = cudaStreamEndCapture (cuda->stream, &graph) == cudaSuccess;
  if (recording->began_well && cuda->failure != nullptr)
    is_recorded = false; /* a capture may survive a refused launch, which is then missing from it */
  if (is_recorded)
    is_recorded = cudaGraphInstantiateWithFlags (&recording->graph, graph, 0) == cudaSuccess;
  if (graph != nullptr)
    cudaGraphDestroy (graph);
  if (!is_recorded) {
    give_up_recording (cuda, recording);
    return false;
  }
  note (cuda, cudaGraphLaunch (recording->graph, cuda->stream), "a recorded step");
  return true;
}

gboolean
step_end (SpBackend *backend, void **place)
{
  CudaBackend *cuda = cuda_backend (backend);
  Recording *recording = static_cast<Recording *> (*place);
  bool is_recording = recording->has_run && !recording->is_hopeless;
  if (is_recording && !finish_recording (cuda, recording)) {
    adam_advance (cuda); /* that which was captured has not run */
    return FALSE;        /* still in the step: its operations come once more */
  }
  recording->has_run = true;
  cuda->in_step = false;
  return TRUE;
}

void
step_free_recording (SpBackend *backend, void *place)
{
  CudaBackend *cuda = cuda_backend (backend);
  Recording *recording = static_cast<Recording *> (place);
  if (recording == nullptr)
    return;
  if (recording->graph != nullptr) {
    note (cuda, cudaStreamSynchronize (cuda->stream), "waiting for the device");
    cudaGraphExecDestroy (recording->graph);
  }
  g_free (recording);
}
