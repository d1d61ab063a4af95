/* What tests see of the emulated device: its settings and its books. The module that holds it is
 * also its driver (cuInit, cuDeviceGetCount).
 *
 * Settings start from the environment, for programs that a test runs from outside: SP_EMULATION is
 * a list such as "order=random,seed=2,fail-allocation=3". */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { EMULATION_FORWARD, EMULATION_REVERSE, EMULATION_RANDOM } EmulationOrder;

typedef struct {
  EmulationOrder order; /* of blocks, of threads, and of threads that leave a barrier */
  unsigned seed;
  unsigned fail_allocation; /* the nth from now fails; 0: none */
  unsigned fail_launch;     /* the nth kernel from now fails, and all that follow */
  unsigned refuse_launch;   /* the nth launch from now returns an error, and no other does */
  unsigned fail_recording;  /* the nth instantiation of a recorded graph from now fails */
  size_t memory;            /* bytes in all; 0: no limit */
  int devices;              /* that the driver finds */
  int driver_error;         /* of cuInit; 0: none */
} EmulationSettings;

typedef struct {
  size_t allocations, bytes, peak_bytes; /* of now, of now, ever */
  size_t kernels, recordings, replays;   /* ever */
} EmulationBooks;

/* Exported under these names by the module. */
EmulationSettings *emulation_settings (void);
const EmulationBooks *emulation_books (void);
void emulation_repair (void); /* forgets that a kernel failed */

typedef EmulationSettings *(*EmulationSettingsFunction) (void);
typedef const EmulationBooks *(*EmulationBooksFunction) (void);
typedef void (*EmulationRepairFunction) (void);

#ifdef __cplusplus
}
#endif
