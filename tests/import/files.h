/* Small files of foreign formats, good and hostile, made byte by byte without the programs that
 * usually write them. The test holds each against the message it must get; the fuzz targets start
 * from them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  FILE_PICKLE, /* the bytes as they stand */
  FILE_LEGACY, /* the bytes are the object's pickle; two floats of storage "0" follow */
  FILE_ZIP     /* the bytes are data.pkl; two floats are data/0 */
} FileForm;

typedef struct {
  const char *name;     /* of what is wrong with it */
  const char *expected; /* part of the message; NULL: a good file */
  FileForm form;
  const char *bytes;
  gsize length;
  const char *repeated; /* put before the bytes so many times */
  guint times;
} HostileImport;

extern const HostileImport hostile_imports[];
extern const guint n_hostile_imports;

/* Its pickle alone, and the whole file. */
GByteArray *hostile_import_pickle (const HostileImport *file);
GByteArray *hostile_import_bytes (const HostileImport *file);

/* A file of that form around a pickle. */
GByteArray *file_of_pickle (FileForm form, const char *pickle, gsize length);

/* A zip file that differs from a good one (a/data.pkl and a/data/0) in one way. */
typedef enum {
  ZIP_GOOD,
  ZIP_GOOD_64,
  ZIP_COMPRESSED,
  ZIP_ENCRYPTED,
  ZIP_PARENT,
  ZIP_ABSOLUTE,
  ZIP_BACKSLASH,
  ZIP_EMPTY_NAME,
  ZIP_NAME_TWICE,
  ZIP_LOCAL_NAME_DIFFERS,
  ZIP_LOCAL_SIZE_DIFFERS,
  ZIP_SIZES_DIFFER,
  ZIP_BEYOND_END,
  ZIP_OVERLAP,
  ZIP_SAME_PLACE,
  ZIP_INTO_DIRECTORY,
  ZIP_DIRECTORY_OFFSET,
  ZIP_DIRECTORY_LENGTH,
  ZIP_COUNT_TOO_LARGE,
  ZIP_COUNT_TOO_SMALL,
  ZIP_DISKS,
  ZIP_COMMENT,
  ZIP_NO_PICKLE,
  ZIP_BIG_ENDIAN,
  ZIP_STORAGE_MISSING,
  ZIP_STORAGE_SHORT,
  ZIP_64_WITHOUT_EXTRA,
  ZIP_64_BAD_LOCATOR,
  ZIP_TRICKS
} ZipTrick;

/* Part of the message; NULL: a good file. */
const char *zip_trick_expected (ZipTrick trick);
GByteArray *zip_trick_bytes (ZipTrick trick);

/* A zip of a given data.pkl. */
GByteArray *zip_of_pickle (const char *pickle, gsize length, ZipTrick trick);

G_END_DECLS
