/* Pictures side by side, to be looked at. */
#pragma once

#include "weights/common/host.h"

G_BEGIN_DECLS

/* The most pixels on a side of a sheet; what would be longer is cut off. */
#define SP_SHEET_MAXIMUM_SIDE 16384

typedef struct {
  int columns, rows, tile_height, tile_width;
  int used;      /* rows that something was put into, the empty ones between included */
  float *pixels; /* 3 x rows tile_height x columns tile_width, black where nothing was put */
} SpSheet;

SpSheet *sp_sheet_new (int columns, int rows, int tile_height, int tile_width);
void sp_sheet_free (SpSheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpSheet, sp_sheet_free)

/* `picture`: 3 x tile_height x tile_width in [-1, 1]; a place beyond the sheet is ignored. */
void sp_sheet_put (SpSheet *sheet, int column, int row, const float *picture);
/* As many pictures, one after the other, as there are columns. */
void sp_sheet_put_row (SpSheet *sheet, int row, const float *pictures);

/* The used rows as a PNG. */
gboolean sp_sheet_save (const SpSheet *sheet, const SpHost *host, const char *path, GError **error);

G_END_DECLS
