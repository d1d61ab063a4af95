/* Tiles of a map to entries: what runs of bilinear convolutions and their kernel gradients share.
 */
#pragma once

#include "engine/cpu/bilinear.h"

/* A rectangle of tiles of one image. */
typedef struct {
  int image, row, rows, column, columns;
} SpTiles;

/* Entries of tiles: [entry row][entry column][block][tile][16]. */
typedef struct {
  float *values;
  int capacity; /* tiles */
  int blocks;
} SpEntries;

static inline gsize
sp_entries_block (const SpEntries *entries)
{
  return (gsize)entries->capacity * SP_BLOCK;
}

/* A line more than there is, so that entries of a tile do not all fall into one set of the cache.
 */
static inline gsize
sp_entries_plane (const SpEntries *entries)
{
  return sp_entries_block (entries) * entries->blocks + SP_BLOCK;
}

/* Room for the entries of `capacity` tiles. */
static inline SpEntries
sp_entries_take (SpDivision *division, const SpTiling *tiling, int capacity, int blocks)
{
  SpEntries entries = { NULL, capacity, blocks };
  entries.values =
      sp_cpu_take (division, sp_entries_plane (&entries) * tiling->entries * tiling->entries);
  return entries;
}

/* Pixels that `tiles` tiles in a row cover. */
static inline gsize
sp_tiling_width (const SpTiling *tiling, int tiles)
{
  return (gsize)(tiles - 1) * tiling->step + tiling->extent;
}

/* Floats that sp_tiles_enter() needs for rectangles of so many tiles. */
gsize sp_tiles_scratch_floats (const SpTiling *tiling, int rows, int columns);

/* The pixel norm of what the tiles cover, with zeros beyond the map, as a map of its own in
 * `values`, whose shape is returned; writes the scales of the tiles' own pixels, if the source has
 * where to. `scales`: scratch for a row of pixels. */
SpShape sp_tiles_normalise (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source,
                            SpShape shape, const SpTiles *tiles, float *values, float *scales);

/* Transforms one block of the tiles of `source`, a map of `shape`, into entries, `plane` floats
 * apart; `to` is where the first tile's first goes. */
void sp_tiles_enter (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source,
                     SpShape shape, const SpTiles *tiles, int block, float *to, gsize plane,
                     float *scratch);
