/* What the files of the emulation share. */
#pragma once

#include "tests/cuda-emulation/emulation.h"

#include <cuda_runtime.h>

#define EXPORTED extern "C" __attribute__ ((visibility ("default")))

/* A mistake of the program that a device would not forgive, or would: says so and ends it. */
[[noreturn]] void emulation_stop (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

/* runtime.cpp: puts work into a stream's queue, or into what it records. */
cudaError_t emulation_enqueue (cudaStream_t stream, std::function<void ()> work);
/* Ends the program unless all the bytes lie in one allocation of the device. */
void emulation_check_range (const void *memory, size_t bytes, const char *what);

/* blocks.cpp: runs a grid, now. */
void emulation_run_grid (const cudaLaunchConfig_t &configuration,
                         const std::function<void ()> &body);

EmulationBooks *emulation_open_books ();
