/* Pictures side by side. See sheet.h. */
#include "weights/common/sheet.h"

#include <string.h>

SpSheet *
sp_sheet_new (int columns, int rows, int tile_height, int tile_width)
{
  SpSheet *sheet = g_new0 (SpSheet, 1);
  sheet->columns = MIN (columns, SP_SHEET_MAXIMUM_SIDE / tile_width);
  sheet->rows = MIN (rows, SP_SHEET_MAXIMUM_SIDE / tile_height);
  sheet->tile_height = tile_height;
  sheet->tile_width = tile_width;
  gsize n = 3 * (gsize)sheet->rows * tile_height * sheet->columns * tile_width;
  sheet->pixels = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    sheet->pixels[i] = -1;
  return sheet;
}

void
sp_sheet_free (SpSheet *sheet)
{
  if (sheet == NULL)
    return;
  g_free (sheet->pixels);
  g_free (sheet);
}

void
sp_sheet_put (SpSheet *sheet, int column, int row, const float *picture)
{
  gsize height = sheet->tile_height, width = sheet->tile_width, stride = width * sheet->columns;
  gsize plane = stride * height * sheet->rows;
  if (column >= sheet->columns || row >= sheet->rows)
    return;
  sheet->used = MAX (sheet->used, row + 1);
  for (gsize c = 0; c < 3; c++)
    for (gsize y = 0; y < height; y++)
      memcpy (sheet->pixels + c * plane + (row * height + y) * stride + column * width,
              picture + (c * height + y) * width, width * sizeof (float));
}

void
sp_sheet_put_row (SpSheet *sheet, int row, const float *pictures)
{
  gsize picture = 3 * (gsize)sheet->tile_height * sheet->tile_width;
  for (int column = 0; column < sheet->columns; column++)
    sp_sheet_put (sheet, column, row, pictures + column * picture);
}

gboolean
sp_sheet_save (const SpSheet *sheet, const SpHost *host, const char *path, GError **error)
{
  gsize width = (gsize)sheet->columns * sheet->tile_width;
  gsize plane = width * (gsize)sheet->rows * sheet->tile_height;
  int rows = MAX (sheet->used, 1) * sheet->tile_height;
  g_autofree float *used = g_new (float, 3 * width * rows);
  for (gsize c = 0; c < 3; c++)
    memcpy (used + c * width * rows, sheet->pixels + c * plane, width * rows * sizeof (float));
  return host->save_picture (path, used, (int)width, rows, error);
}
