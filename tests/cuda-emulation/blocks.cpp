/* Runs a kernel's blocks one after the other. The threads of a block are fibers: a fiber runs one
 * thread after the other on its own stack until one has to wait for others; that one keeps the
 * stack and a fresh fiber goes on. So a kernel without barriers costs no switch at all. */
#include "tests/cuda-emulation/device.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
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
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef EMULATION_RACES /* with the kernels under ThreadSanitizer; this file is not */
#include <sanitizer/tsan_interface.h>
#endif

#define STACK_BYTES (128u << 10)
#define WARP 32u

/* ---- Switching stacks ---- */

struct Context {
  void *stack_pointer;
  void *fake_stack; /* AddressSanitizer's */
  const void *bottom;
  size_t bytes;
};

#if defined(__x86_64__)
extern "C" void emulation_switch_stack (void **save, void *to);
asm(".text\n"
    ".hidden emulation_switch_stack\n"
    ".globl emulation_switch_stack\n"
    ".type emulation_switch_stack, @function\n"
    "emulation_switch_stack:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size emulation_switch_stack, . - emulation_switch_stack\n");

static void *
start_stack (char *stack, size_t bytes, void (*entry) ())
{
  void **top = reinterpret_cast<void **> (stack + bytes);
  *--top = nullptr; /* where a return address would be: entry never returns */
  *--top = reinterpret_cast<void *> (entry);
  for (int i = 0; i < 6; i++)
    *--top = nullptr;
  return top;
}
#else
#include <ucontext.h>

static void
emulation_switch_stack (void **save, void *to)
{
  ucontext_t here;
  *save = &here;
  swapcontext (&here, static_cast<ucontext_t *> (to));
}

static void *
start_stack (char *stack, size_t bytes, void (*entry) ())
{
  ucontext_t *context = reinterpret_cast<ucontext_t *> (stack);
  getcontext (context);
  context->uc_stack.ss_sp = stack + sizeof *context;
  context->uc_stack.ss_size = bytes - sizeof *context;
  makecontext (context, entry, 0);
  return context;
}
#endif

/* ---- A running block ---- */

struct Barrier {
  unsigned size;
  const char *file;
  int line;
  std::vector<struct Fiber *> waiting;
};

struct Thread {
  uint3 index;
  unsigned number;
  unsigned shuffles; /* so far: their slots alternate */
#ifdef EMULATION_RACES
  void *tsan;
#endif
};

struct Fiber {
  Context context;
  Thread *thread; /* that it is running */
  std::unique_ptr<char[]> stack;
};

struct Grid {
  const cudaLaunchConfig_t *configuration;
  const std::function<void ()> *body;
  std::mt19937 random;
  std::vector<char> shared;
  char *shared_of_block;
  std::vector<Thread> threads; /* of the block, in the order in which they start */
  size_t started;
  Barrier whole;
  std::vector<Barrier> warps;
  std::vector<unsigned long long> slots; /* two for each thread, in turns */
  std::deque<Fiber *> ready;
  std::vector<Fiber *> free;
  std::vector<std::unique_ptr<Fiber> > fibers;
  Fiber *running;
  Context scheduler;
#ifdef EMULATION_RACES
  void *host;
  char starts, ends; /* addresses that stand for the kernel's start and end */
#endif
};

static Grid *grid; /* the one that runs */
uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

static void
switch_to (Context *from, Context *to)
{
#ifdef HAVE_ASAN
  __sanitizer_start_switch_fiber (&from->fake_stack, to->bottom, to->bytes);
#endif
  emulation_switch_stack (&from->stack_pointer, to->stack_pointer);
#ifdef HAVE_ASAN
  __sanitizer_finish_switch_fiber (from->fake_stack, &to->bottom, &to->bytes);
#endif
}

static void
enter_thread (Thread *thread)
{
  grid->running->thread = thread;
  if (thread != nullptr)
    threadIdx = thread->index;
#ifdef EMULATION_RACES
  __tsan_switch_to_fiber (thread != nullptr ? thread->tsan : grid->host,
                          __tsan_switch_to_fiber_no_sync);
#endif
}

static void
to_scheduler ()
{
  Fiber *fiber = grid->running;
  switch_to (&fiber->context, &grid->scheduler);
  if (fiber->thread == nullptr)
    return;
  threadIdx = fiber->thread->index;
#ifdef EMULATION_RACES
  __tsan_switch_to_fiber (fiber->thread->tsan, __tsan_switch_to_fiber_no_sync);
#endif
}

static void
run_thread (Thread *thread)
{
  enter_thread (thread);
#ifdef EMULATION_RACES
  __tsan_acquire (&grid->starts);
#endif
  (*grid->body) ();
#ifdef EMULATION_RACES
  __tsan_release (&grid->ends);
#endif
  enter_thread (nullptr);
}

static void
fiber_main ()
{
#ifdef HAVE_ASAN
  __sanitizer_finish_switch_fiber (nullptr, &grid->scheduler.bottom, &grid->scheduler.bytes);
#endif
  for (;;) {
    while (grid->started < grid->threads.size ())
      run_thread (&grid->threads[grid->started++]);
    grid->free.push_back (grid->running);
    to_scheduler ();
  }
}

static Fiber *
free_fiber ()
{
  if (!grid->free.empty ()) {
    Fiber *fiber = grid->free.back ();
    grid->free.pop_back ();
    return fiber;
  }
  grid->fibers.push_back (std::make_unique<Fiber> ());
  Fiber *fiber = grid->fibers.back ().get ();
  fiber->stack.reset (new char[STACK_BYTES]);
  fiber->context.bottom = fiber->stack.get ();
  fiber->context.bytes = STACK_BYTES;
  fiber->context.stack_pointer = start_stack (fiber->stack.get (), STACK_BYTES, fiber_main);
  return fiber;
}

static void
put_in_order (std::vector<Fiber *> &fibers)
{
  if (emulation_settings ()->order == EMULATION_REVERSE)
    std::reverse (fibers.begin (), fibers.end ());
  else if (emulation_settings ()->order == EMULATION_RANDOM)
    std::shuffle (fibers.begin (), fibers.end (), grid->random);
}

static void
stop_at_divergence (const Barrier &barrier, const char *why)
{
  emulation_stop ("%s:%d: %zu of %u threads of block %u wait here, %s", barrier.file, barrier.line,
                  barrier.waiting.size (), barrier.size, blockIdx.x, why);
}

static void
wait_at (Barrier *barrier, const char *file, int line)
{
  Fiber *fiber = grid->running;
#ifdef EMULATION_RACES
  __tsan_release (barrier);
  __tsan_switch_to_fiber (grid->host, __tsan_switch_to_fiber_no_sync); /* the books are its */
#endif
  if (!barrier->waiting.empty ()
      && (barrier->line != line || (barrier->file != file && strcmp (barrier->file, file) != 0)))
    emulation_stop ("%s:%d: a thread is here while others of its group wait at %s:%d", file, line,
                    barrier->file, barrier->line);
  barrier->file = file;
  barrier->line = line;
  barrier->waiting.push_back (fiber);
  if (barrier->waiting.size () == barrier->size) {
    put_in_order (barrier->waiting);
    grid->ready.insert (grid->ready.end (), barrier->waiting.begin (), barrier->waiting.end ());
    barrier->waiting.clear ();
  }
  to_scheduler ();
#ifdef EMULATION_RACES
  __tsan_acquire (barrier);
#endif
}

/* ---- What kernels call ---- */

void *
emulation_shared_memory ()
{
  return grid->shared_of_block;
}

void
emulation_barrier (const char *file, int line)
{
  wait_at (&grid->whole, file, line);
}

unsigned long long
emulation_shuffle (unsigned threads, unsigned long long bits, int lane_mask, const char *file,
                   int line)
{
  Thread *thread = grid->running->thread;
  if (threads != 0xffffffffu)
    emulation_stop ("%s:%d: only shuffles of whole warps are emulated", file, line);
  unsigned place = thread->shuffles++ % 2,
           other = thread->number ^ static_cast<unsigned> (lane_mask);
  grid->slots[thread->number * 2 + place] = bits;
  wait_at (&grid->warps[thread->number / WARP], file, line);
  return grid->slots[other * 2 + place];
}

/* ---- Blocks and grids ---- */

#ifdef EMULATION_RACES
/* ThreadSanitizer's threads are dear to make, so neighbouring blocks have different ones and every
 * second block the same. */
static void *
tsan_thread (size_t block, unsigned number)
{
  static std::vector<void *> made[2];
  std::vector<void *> &threads = made[block % 2];
  while (threads.size () <= number)
    threads.push_back (__tsan_create_fiber (0));
  return threads[number];
}
#endif

static void
make_threads (size_t block)
{
  (void)block;
  dim3 size = grid->configuration->blockDim;
  unsigned count = size.x * size.y * size.z;
  grid->threads.clear ();
  for (unsigned i = 0; i < count; i++) {
    Thread thread = {};
    thread.index = { i % size.x, i / size.x % size.y, i / size.x / size.y };
    thread.number = i;
#ifdef EMULATION_RACES
    thread.tsan = tsan_thread (block, i);
#endif
    grid->threads.push_back (thread);
  }
  if (emulation_settings ()->order == EMULATION_REVERSE)
    std::reverse (grid->threads.begin (), grid->threads.end ());
  else if (emulation_settings ()->order == EMULATION_RANDOM)
    std::shuffle (grid->threads.begin (), grid->threads.end (), grid->random);
  grid->started = 0;
}

static void
run_block (uint3 block, size_t index)
{
  blockIdx = block;
#ifdef EMULATION_RACES /* each block has its own, filled before the grid started */
  grid->shared_of_block = &grid->shared[index * grid->configuration->dynamicSmemBytes];
#else
  (void)index;
  grid->shared_of_block = grid->shared.data ();
  std::fill (grid->shared.begin (), grid->shared.end (), static_cast<char> (0xff)); /* NaN */
#endif
  make_threads (index);
  while (grid->started < grid->threads.size () || !grid->ready.empty ()) {
    if (grid->started < grid->threads.size ()) {
      grid->running = free_fiber ();
    } else {
      grid->running = grid->ready.front ();
      grid->ready.pop_front ();
    }
    switch_to (&grid->scheduler, &grid->running->context);
  }
  if (!grid->whole.waiting.empty ())
    stop_at_divergence (grid->whole, "and the others have ended");
  for (const Barrier &warp : grid->warps)
    if (!warp.waiting.empty ())
      stop_at_divergence (warp, "and the others of their warp have ended");
}

void
emulation_run_grid (const cudaLaunchConfig_t &configuration, const std::function<void ()> &body)
{
  static Grid memory; /* its fibers serve every kernel */
  dim3 size = configuration.gridDim, of_block = configuration.blockDim;
  unsigned threads = of_block.x * of_block.y * of_block.z;
  grid = &memory;
  grid->configuration = &configuration;
  gridDim = size;
  blockDim = of_block;
  grid->body = &body;
  grid->random.seed (emulation_settings ()->seed);
#ifdef EMULATION_RACES
  grid->shared.assign (configuration.dynamicSmemBytes * size.x * size.y * size.z + 1, '\xff');
#else
  grid->shared.resize (configuration.dynamicSmemBytes);
#endif
  grid->slots.resize (threads * 2);
  grid->whole.size = threads;
  grid->warps.assign ((threads + WARP - 1) / WARP, Barrier{ WARP, "", 0, {} });
#ifdef EMULATION_RACES
  grid->host = __tsan_get_current_fiber ();
  __tsan_release (&grid->starts);
#endif
  std::vector<uint3> blocks;
  for (unsigned z = 0; z < size.z; z++)
    for (unsigned y = 0; y < size.y; y++)
      for (unsigned x = 0; x < size.x; x++)
        blocks.push_back ({ x, y, z });
  if (emulation_settings ()->order == EMULATION_REVERSE)
    std::reverse (blocks.begin (), blocks.end ());
  else if (emulation_settings ()->order == EMULATION_RANDOM)
    std::shuffle (blocks.begin (), blocks.end (), grid->random);
  for (size_t i = 0; i < blocks.size (); i++)
    run_block (blocks[i], i);
#ifdef EMULATION_RACES
  __tsan_acquire (&grid->ends);
#endif
  emulation_open_books ()->kernels++;
}
