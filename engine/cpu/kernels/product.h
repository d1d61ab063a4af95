/* The tile sizes that product.c makes instances of, for this variant's register file. */
#pragma once

#include "engine/cpu/kernels/vector.h"

void SP_KERNEL (sp_product) (SpProductKind kind, const SpProduct *product);

/* clang-format off */
#define SP_UP_TO_3(M, ...) M (__VA_ARGS__, 1) M (__VA_ARGS__, 2) M (__VA_ARGS__, 3)
#define SP_UP_TO_6(M, ...) SP_UP_TO_3 (M, __VA_ARGS__) M (__VA_ARGS__, 4) M (__VA_ARGS__, 5) M (__VA_ARGS__, 6)
#define SP_UP_TO_14(M, ...) SP_UP_TO_6 (M, __VA_ARGS__) M (__VA_ARGS__, 7) M (__VA_ARGS__, 8) \
  M (__VA_ARGS__, 9) M (__VA_ARGS__, 10) M (__VA_ARGS__, 11) M (__VA_ARGS__, 12) M (__VA_ARGS__, 13) M (__VA_ARGS__, 14)

#if SP_TILE_ELEMENTS == 14
#define SP_ALL_TILES(M) SP_UP_TO_14 (M, 1) SP_UP_TO_14 (M, 2)
#define SP_TILE_ROWS(M, kind) { SP_UP_TO_14 (M, kind, 1) }, { SP_UP_TO_14 (M, kind, 2) }
#elif SP_TILE_ELEMENTS == 6
#define SP_ALL_TILES(M) SP_UP_TO_6 (M, 1)
#define SP_TILE_ROWS(M, kind) { SP_UP_TO_6 (M, kind, 1) }
#else
#define SP_ALL_TILES(M) SP_UP_TO_3 (M, 1)
#define SP_TILE_ROWS(M, kind) { SP_UP_TO_3 (M, kind, 1) }
#endif
/* clang-format on */
