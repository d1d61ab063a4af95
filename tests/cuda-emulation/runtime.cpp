/* The emulated device's memory, streams and recorded graphs, and its driver. */
#include "tests/cuda-emulation/device.h"

#include <algorithm>
#include <map>
#include <memory>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) ((void)(memory), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) ((void)(memory), (void)(bytes))
#endif

/* Of new memory, to save the tests time: cuBLAS is given a large workspace. */
#define MOST_FILLED (size_t{ 4 } << 20)

typedef std::vector<std::function<void ()> > Queue;

struct EmulatedStream {
  Queue queue;
  bool records, is_spoilt; /* by a call that may not be recorded */
};

struct EmulatedGraph {
  Queue queue;
};

struct EmulatedEvent {
  EmulatedStream *stream; /* NULL: never recorded */
  bool is_done;
};

/* By address. Poisoned while host code runs, so that a host access of device memory is caught. */
static std::map<const char *, size_t> allocations;
static std::vector<EmulatedStream *> streams;
static cudaError_t device_failure; /* of a kernel: it stays */
static EmulationBooks books;

void
emulation_stop (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  fputs ("CUDA emulation: ", stderr);
  vfprintf (stderr, format, arguments);
  fputs ("\n", stderr);
  va_end (arguments);
  abort ();
}

/* ---- Settings and books ---- */

static unsigned
number_in (const char *list, const char *name)
{
  const char *at = list != nullptr ? strstr (list, name) : nullptr;
  return at != nullptr ? static_cast<unsigned> (strtoul (at + strlen (name), nullptr, 10)) : 0;
}

static EmulationSettings
settings_from_environment ()
{
  const char *list = getenv ("SP_EMULATION");
  EmulationSettings settings = {};
  settings.devices = 1;
  if (list == nullptr)
    return settings;
  if (strstr (list, "order=reverse") != nullptr)
    settings.order = EMULATION_REVERSE;
  if (strstr (list, "order=random") != nullptr)
    settings.order = EMULATION_RANDOM;
  settings.seed = number_in (list, "seed=");
  settings.fail_allocation = number_in (list, "fail-allocation=");
  settings.fail_launch = number_in (list, "fail-launch=");
  settings.refuse_launch = number_in (list, "refuse-launch=");
  settings.memory = number_in (list, "memory=");
  settings.driver_error = static_cast<int> (number_in (list, "driver-error="));
  if (strstr (list, "devices=0") != nullptr)
    settings.devices = 0;
  return settings;
}

EXPORTED EmulationSettings *
emulation_settings ()
{
  static EmulationSettings settings = settings_from_environment ();
  return &settings;
}

EXPORTED const EmulationBooks *
emulation_books ()
{
  return &books;
}

EXPORTED void
emulation_repair ()
{
  device_failure = cudaSuccess;
}

EmulationBooks *
emulation_open_books ()
{
  return &books;
}

/* TRUE once, when the counter of a failure to come runs out. */
static bool
comes_due (unsigned *counter)
{
  return *counter > 0 && --*counter == 0;
}

/* ---- The driver ---- */

EXPORTED int
cuInit (unsigned)
{
  return emulation_settings ()->driver_error;
}

EXPORTED int
cuDeviceGetCount (int *count)
{
  *count = emulation_settings ()->devices;
  return 0;
}

/* ---- Errors and the device ---- */

const char *
cudaGetErrorString (cudaError_t error)
{
  switch (error) {
  case cudaSuccess:
    return "no error";
  case cudaErrorMemoryAllocation:
    return "out of memory";
  case cudaErrorNoKernelImageForDevice:
    return "no kernel image is available for execution on the device";
  case cudaErrorLaunchFailure:
    return "unspecified launch failure";
  case cudaErrorStreamCaptureUnsupported:
    return "operation not permitted when stream is capturing";
  case cudaErrorStreamCaptureInvalidated:
    return "operation failed due to a previous error during capture";
  default:
    return "invalid argument";
  }
}

cudaError_t
cudaGetLastError ()
{
  return device_failure;
}

cudaError_t
cudaGetDevice (int *device)
{
  *device = 0;
  return device_failure;
}

cudaError_t
cudaGetDeviceProperties (cudaDeviceProp *properties, int)
{
  strcpy (properties->name, "emulated on the CPU");
  return cudaSuccess;
}

/* ---- Memory ---- */

static std::map<const char *, size_t>::iterator
allocation_of (const void *memory)
{
  const char *at = static_cast<const char *> (memory);
  auto next = allocations.upper_bound (at);
  if (next == allocations.begin ())
    return allocations.end ();
  --next;
  return at < next->first + next->second ? next : allocations.end ();
}

void
emulation_check_range (const void *memory, size_t bytes, const char *what)
{
  auto found = allocation_of (memory);
  if (found == allocations.end ())
    emulation_stop ("%s is not in the device's memory", what);
  if (static_cast<const char *> (memory) + bytes > found->first + found->second)
    emulation_stop ("%s ends beyond the device's memory", what);
}

void
emulation_check_pointer (const void *pointer)
{
  if (pointer != nullptr)
    emulation_check_range (pointer, 1, "what a kernel's pointer points to");
}

static EmulatedStream *
recording_stream ()
{
  for (EmulatedStream *stream : streams)
    if (stream->records)
      return stream;
  return nullptr;
}

/* Calls that a recording does not survive. */
static bool
spoils_recording ()
{
  EmulatedStream *stream = recording_stream ();
  if (stream != nullptr)
    stream->is_spoilt = true;
  return stream != nullptr;
}

static void run_all ();

cudaError_t
cudaMalloc (void **memory, size_t bytes)
{
  EmulationSettings *settings = emulation_settings ();
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  bool is_full = settings->memory > 0 && books.bytes + bytes > settings->memory;
  if (comes_due (&settings->fail_allocation) || is_full)
    return cudaErrorMemoryAllocation;
  if (device_failure != cudaSuccess)
    return device_failure;
  char *allocation = static_cast<char *> (aligned_alloc (256, (bytes + 255) & ~size_t{ 255 }));
  memset (allocation, 0xff, std::min (bytes, MOST_FILLED)); /* NaN */
  ASAN_POISON_MEMORY_REGION (allocation, bytes);
  allocations[allocation] = bytes;
  books.allocations++;
  books.bytes += bytes;
  books.peak_bytes = std::max (books.peak_bytes, books.bytes);
  *memory = allocation;
  return cudaSuccess;
}

cudaError_t
cudaFree (void *memory)
{
  auto found = allocations.find (static_cast<char *> (memory));
  if (found == allocations.end ())
    emulation_stop ("what is freed was never allocated");
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  run_all ();
  ASAN_UNPOISON_MEMORY_REGION (found->first, found->second);
  books.allocations--;
  books.bytes -= found->second;
  allocations.erase (found);
  free (memory);
  return device_failure;
}

/* Pinned memory is the host's, and counts as an allocation. */
cudaError_t
cudaMallocHost (void **memory, size_t bytes)
{
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  if (comes_due (&emulation_settings ()->fail_allocation))
    return cudaErrorMemoryAllocation;
  if (device_failure != cudaSuccess)
    return device_failure;
  *memory = malloc (bytes);
  memset (*memory, 0xff, std::min (bytes, MOST_FILLED));
  books.allocations++;
  return cudaSuccess;
}

cudaError_t
cudaFreeHost (void *memory)
{
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  run_all ();
  books.allocations--;
  free (memory);
  return device_failure;
}

cudaError_t
cudaMemsetAsync (void *memory, int value, size_t bytes, cudaStream_t stream)
{
  emulation_check_range (memory, bytes, "what is to be set");
  return emulation_enqueue (stream, [=] { memset (memory, value, bytes); });
}

static void
check_copy (const void *memory, size_t bytes, bool is_device, const char *what)
{
  if (is_device)
    emulation_check_range (memory, bytes, what);
  else if (allocation_of (memory) != allocations.end ())
    emulation_stop ("%s is called the host's, and is the device's", what);
}

cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  check_copy (to, bytes, kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice,
              "what is copied to");
  check_copy (from, bytes, kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice,
              "what is copied from");
  return emulation_enqueue (stream, [=] { memcpy (to, from, bytes); });
}

/* ---- Streams: queues that run when the host waits ---- */

static void
set_poison (bool poison)
{
  for (auto &allocation : allocations) {
    if (poison)
      ASAN_POISON_MEMORY_REGION (allocation.first, allocation.second);
    else
      ASAN_UNPOISON_MEMORY_REGION (allocation.first, allocation.second);
  }
}

static void
run_queue (Queue *queue)
{
  Queue works;
  works.swap (*queue);
  if (works.empty ())
    return;
  set_poison (false);
  for (const std::function<void ()> &work : works)
    if (device_failure == cudaSuccess)
      work ();
  set_poison (true);
}

static void
run_all ()
{
  for (EmulatedStream *stream : streams)
    run_queue (&stream->queue);
}

cudaError_t
emulation_enqueue (cudaStream_t stream, std::function<void ()> work)
{
  if (stream == nullptr)
    emulation_stop ("work without a stream: all of it should be in the backend's");
  stream->queue.push_back (std::move (work));
  return device_failure;
}

cudaError_t
cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned)
{
  *stream = new EmulatedStream ();
  streams.push_back (*stream);
  return device_failure;
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  run_queue (&stream->queue);
  streams.erase (std::find (streams.begin (), streams.end (), stream));
  delete stream;
  return device_failure;
}

cudaError_t
cudaStreamSynchronize (cudaStream_t stream)
{
  if (stream->records) {
    stream->is_spoilt = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  run_queue (&stream->queue);
  return device_failure;
}

/* ---- Events: no more than what stands before them need have run ---- */

cudaError_t
cudaEventCreateWithFlags (cudaEvent_t *event, unsigned)
{
  *event = new EmulatedEvent ();
  return device_failure;
}

cudaError_t
cudaEventDestroy (cudaEvent_t event)
{
  run_all ();
  delete event;
  return device_failure;
}

cudaError_t
cudaEventRecord (cudaEvent_t event, cudaStream_t stream)
{
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  event->stream = stream;
  event->is_done = false;
  return emulation_enqueue (stream, [=] { event->is_done = true; });
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  if (spoils_recording ())
    return cudaErrorStreamCaptureUnsupported;
  if (event->stream == nullptr || event->is_done)
    return device_failure;
  Queue &queue = event->stream->queue;
  set_poison (false);
  size_t next = 0;
  while (next < queue.size () && !event->is_done && device_failure == cudaSuccess)
    queue[next++]();
  queue.erase (queue.begin (), queue.begin () + static_cast<std::ptrdiff_t> (next));
  set_poison (true);
  return device_failure;
}

cudaError_t
emulation_launch (const cudaLaunchConfig_t &configuration, std::function<void ()> body)
{
  const dim3 &grid = configuration.gridDim, &block = configuration.blockDim;
  size_t threads = size_t{ block.x } * block.y * block.z;
  if (grid.x == 0 || grid.y == 0 || grid.y > 65535 || grid.z == 0 || grid.z > 65535
      || grid.x > 0x7fffffffu || threads == 0 || threads > 1024
      || configuration.dynamicSmemBytes > (48u << 10))
    return cudaErrorInvalidValue;
  if (comes_due (&emulation_settings ()->refuse_launch))
    return cudaErrorNoKernelImageForDevice;
  return emulation_enqueue (configuration.stream, [=] {
    if (comes_due (&emulation_settings ()->fail_launch))
      device_failure = cudaErrorLaunchFailure;
    else
      emulation_run_grid (configuration, body);
  });
}

/* ---- Recorded graphs ---- */

cudaError_t
cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode)
{
  run_queue (&stream->queue); /* the queue is from here on the recording */
  stream->records = true;
  stream->is_spoilt = false;
  return device_failure;
}

cudaError_t
cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph)
{
  if (!stream->records)
    return cudaErrorInvalidValue;
  stream->records = false;
  Queue recorded;
  recorded.swap (stream->queue);
  if (stream->is_spoilt)
    return cudaErrorStreamCaptureInvalidated;
  *graph = new EmulatedGraph{ recorded };
  return cudaSuccess;
}

cudaError_t
cudaGraphInstantiateWithFlags (cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long)
{
  if (comes_due (&emulation_settings ()->fail_recording))
    return cudaErrorMemoryAllocation;
  *executable = new EmulatedGraph (*graph);
  books.recordings++;
  return cudaSuccess;
}

cudaError_t
cudaGraphDestroy (cudaGraph_t graph)
{
  delete graph;
  return cudaSuccess;
}

cudaError_t
cudaGraphExecDestroy (cudaGraphExec_t executable)
{
  delete executable;
  return cudaSuccess;
}

cudaError_t
cudaGraphLaunch (cudaGraphExec_t executable, cudaStream_t stream)
{
  stream->queue.insert (stream->queue.end (), executable->queue.begin (), executable->queue.end ());
  books.replays++;
  return device_failure;
}
