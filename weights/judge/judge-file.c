/* The judge as a safetensors file: its parameters in fp32, its concepts' names and its pictures'
 * side in the metadata. See judge.h. */
#include "engine/half.h"
#include "engine/tensor-file.h"
#include "weights/judge/judge-network.h"

#include <string.h>

#define FORMAT "semantic-paint-judge"

static GString *
make_header (const SpJudge *judge)
{
  GString *header = g_string_new (NULL);
  g_autofree char *names = g_strjoinv (" ", judge->names);
  guint64 start = 0;
  g_string_printf (header,
                   "{\"__metadata__\":{\"format\":\"" FORMAT "\",\"concepts\":\"%s\","
                   "\"side\":\"%d\"}",
                   names, judge->side);
  for (guint i = 0; i < sp_parameters_count (judge->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (judge->parameters, i);
    guint64 end = start + parameter->elements * sizeof (float);
    g_string_append_printf (header, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", parameter->name);
    for (int d = 0; d < parameter->shape.n_dimensions; d++)
      g_string_append_printf (header, "%s%d", d > 0 ? "," : "", parameter->shape.size[d]);
    g_string_append_printf (
        header, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}", start, end);
    start = end;
  }
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');
  return header;
}

gboolean
sp_judge_save (const SpJudge *judge, const char *path, GError **error)
{
  GString *header = make_header (judge);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64)header->len);
  g_byte_array_append (bytes, (const guint8 *)&length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *)header->str, (guint)header->len);
  g_string_free (header, TRUE);
  for (guint i = 0; i < sp_parameters_count (judge->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (judge->parameters, i);
    for (gsize k = 0; k < parameter->elements; k++) {
      SpFloatBits number = { .value = parameter->values[k] };
      guint32 bits = GUINT32_TO_LE (number.bits);
      g_byte_array_append (bytes, (const guint8 *)&bits, sizeof bits);
    }
  }
  return g_file_set_contents (path, (const char *)bytes->data, (gssize)bytes->len, error);
}

static gboolean
check_metadata (const SpTensorFile *file, const SpJudge *judge, const char *path, GError **error)
{
  g_autofree char *names = g_strjoinv (" ", judge->names);
  g_autofree char *side = g_strdup_printf ("%d", judge->side);
  if (g_strcmp0 (sp_tensor_file_metadata (file, "format"), FORMAT) != 0)
    return sp_tensor_file_damaged (file, error, "it is no judge");
  if (g_strcmp0 (sp_tensor_file_metadata (file, "concepts"), names) == 0
      && g_strcmp0 (sp_tensor_file_metadata (file, "side"), side) == 0)
    return TRUE;
  g_set_error (
      error, SP_ERROR, SP_ERROR_SETTING,
      "The judge “%s” knows other concepts than concepts.ini, or pictures of another size.", path);
  return FALSE;
}

/* The builder knows which tensors there are, and their shapes. */
static gboolean
read_parameters (const SpTensorFile *file, const SpJudge *judge, GError **error)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *picture = sp_graph_input (graph, "picture", SP_SHAPE (1, 3, judge->side, judge->side));
  sp_judge_network (judge, graph, picture, NULL, NULL);
  for (guint i = 0; i < sp_parameters_count (judge->parameters); i++) {
    SpParameter *parameter = sp_parameters_get (judge->parameters, i);
    const SpTensorEntry *entry = sp_tensor_file_find (file, parameter->name);
    if (entry == NULL || entry->elements != parameter->elements)
      return sp_tensor_file_damaged (file, error, "“%s” is missing or of another shape",
                                     parameter->name);
    g_autofree float *values = sp_tensor_file_read (file, entry, error);
    if (values == NULL)
      return FALSE;
    memcpy (parameter->values, values, parameter->elements * sizeof (float));
  }
  return TRUE;
}

SpJudge *
sp_judge_load (const char *path, const SpDataset *dataset, int side, GError **error)
{
  g_autofree char *shown = g_filename_display_basename (path);
  g_autoptr (SpTensorFile) file = sp_tensor_file_open (path, shown, error);
  g_autoptr (SpJudge) judge = sp_judge_new (dataset, side, 0);
  if (file == NULL || !check_metadata (file, judge, shown, error)
      || !read_parameters (file, judge, error))
    return NULL;
  return g_steal_pointer (&judge);
}
