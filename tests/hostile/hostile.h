/* Hostile packs: one small file for each rule of docs/pack.md, made from a table.
 *
 * The test holds each against the message it must get; the fuzz target starts from them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *name;     /* of the rule that the file breaks */
  const char *expected; /* part of the message; NULL: the file is a good pack */
  const char *manifest; /* NULL: a good one. "@" stands for `repeated` */
  const char *tensors;  /* of the header; NULL: good ones that fit the manifest. "@" likewise */
  const char *header;   /* the whole header instead; "@" likewise */
  const char *repeated;
  guint times;
  gsize n_data;   /* bytes of data; 0: as many as the good tensors need */
  gint64 length;  /* the header length that the file claims; 0: the true one */
  guint32 number; /* bits of the fp32 tensor's first number */
  guint16 half;   /* bits of the fp16 tensor's first number */
} HostileFile;

extern const HostileFile hostile_files[];
extern const guint n_hostile_files;

/* The file's bytes. */
GByteArray *hostile_file_bytes (const HostileFile *file);

G_END_DECLS
