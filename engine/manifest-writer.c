/* See manifest-writer.h. */
#include "engine/manifest-writer.h"

#include <string.h>

void
sp_manifest_add_text (JsonBuilder *builder, const char *key, const char *text)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, text);
}

void
sp_manifest_add_cut_text (JsonBuilder *builder, const char *key, const char *text, gsize maximum)
{
  gsize length = strlen (text);
  if (length > maximum)
    length = (gsize)(g_utf8_find_prev_char (text, text + maximum + 1) - text);
  g_autofree char *cut = g_strndup (text, length);
  sp_manifest_add_text (builder, key, cut);
}

static void
add_number (JsonBuilder *builder, const char *key, gint64 number)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, number);
}

void
sp_manifest_add_networks (JsonBuilder *builder, int resolution, int first_layer, gboolean clamps)
{
  json_builder_set_member_name (builder, "generator");
  json_builder_begin_object (builder);
  sp_manifest_add_text (builder, "family", "progressive-gan");
  add_number (builder, "resolution", resolution);
  add_number (builder, "first_layer", first_layer);
  json_builder_set_member_name (builder, "clamp");
  json_builder_add_boolean_value (builder, clamps);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "encoder");
  json_builder_begin_object (builder);
  sp_manifest_add_text (builder, "family", "resnet-18");
  json_builder_end_object (builder);
}

void
sp_manifest_add_perceptual (JsonBuilder *builder, guint n_taps, const SpPerceptualTap *taps)
{
  if (n_taps == 0)
    return;
  json_builder_set_member_name (builder, "perceptual");
  json_builder_begin_object (builder);
  sp_manifest_add_text (builder, "family", "vgg");
  json_builder_set_member_name (builder, "taps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n_taps; i++) {
    json_builder_begin_object (builder);
    sp_manifest_add_text (builder, "layer", taps[i].layer);
    json_builder_set_member_name (builder, "weight");
    json_builder_add_double_value (builder, (double)taps[i].weight);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}
