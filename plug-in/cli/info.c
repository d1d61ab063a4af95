/* semantic-paint info: what a pack is and holds, and which devices there are. */
#include "engine/cpu/cpu.h"
#include "engine/device.h"
#include "engine/model/super-resolution.h"
#include "engine/pack.h"
#include "plug-in/cli/command.h"

#define SUMMARY "Describes a pack (the bundled one when none is named), or the devices."

typedef struct {
  char **packs;
  gboolean json, devices;
} Options;

/* ---- Devices ---- */

static const struct {
  SpCpuInstructions instructions;
  const char *name;
} instruction_sets[] = { { SP_CPU_PLAIN, "plain C" },
                         { SP_CPU_AVX2, "AVX2" },
                         { SP_CPU_AVX512, "AVX-512" } };

static void
add_cuda_json (JsonBuilder *builder)
{
  g_autoptr (GError) why_not = NULL;
  g_autoptr (SpBackend) backend = sp_device_open_cuda (FALSE, &why_not);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "usable");
  json_builder_add_boolean_value (builder, backend != NULL);
  sp_json_add_integer (builder, "devices", sp_device_count_cuda (NULL));
  if (backend)
    sp_json_add_string (builder, "description", backend->description);
  else
    sp_json_add_string (builder, "why_not", why_not->message);
  json_builder_end_object (builder);
}

static void
print_devices_json (void)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "cpu");
  json_builder_begin_object (builder);
  sp_json_add_integer (builder, "threads", g_get_num_processors ());
  json_builder_set_member_name (builder, "instructions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (instruction_sets); i++)
    if (sp_cpu_supports (instruction_sets[i].instructions))
      json_builder_add_string_value (builder, instruction_sets[i].name);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "cuda");
  add_cuda_json (builder);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

static void
print_devices (void)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (instruction_sets); i++)
    if (sp_cpu_supports (instruction_sets[i].instructions))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", instruction_sets[i].name);
  g_autoptr (GError) why_not = NULL;
  g_autoptr (SpBackend) cuda = sp_device_open_cuda (FALSE, &why_not);
  g_print ("CPU:  %s; %u threads\n", names->str, g_get_num_processors ());
  if (cuda)
    g_print ("CUDA: %s; devices: %u\n", cuda->description, sp_device_count_cuda (NULL));
  else
    g_print ("CUDA: not used. %s\n", why_not->message);
}

/* ---- Packs ---- */

static void
print_pack_json (const SpPack *pack, const char *path)
{
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "file", path);
  sp_json_add_string (builder, "name", sp_pack_name (pack));
  sp_json_add_string (builder, "title", sp_pack_title (pack));
  sp_json_add_string (builder, "licence", sp_pack_licence (pack));
  sp_json_add_string (builder, "source", sp_pack_source (pack));
  sp_json_add_integer (builder, "resolution", sp_pack_resolution (pack));
  json_builder_set_member_name (builder, "prior");
  json_builder_add_boolean_value (builder, sp_pack_first_layer (pack) == 1);
  json_builder_set_member_name (builder, "super-resolution");
  json_builder_add_boolean_value (builder, sp_pack_has_super_resolution (pack));
  json_builder_set_member_name (builder, "concepts");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n_concepts; i++) {
    json_builder_begin_object (builder);
    sp_json_add_string (builder, "name", concepts[i].name);
    sp_json_add_string (builder, "title", concepts[i].title);
    sp_json_add_integer (builder, "exemplars", concepts[i].exemplars);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

static void
print_pack (const SpPack *pack, const char *path)
{
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  g_print ("File:       %s\nName:       %s\nTitle:      %s\nLicence:    %s\nSource:     %s\n"
           "Resolution: %d x %d%s\nPrior:      %s\nConcepts:   %u\n",
           path, sp_pack_name (pack), sp_pack_title (pack), sp_pack_licence (pack),
           sp_pack_source (pack), sp_pack_resolution (pack), sp_pack_resolution (pack),
           sp_pack_has_super_resolution (pack) ? ", objects four times as fine" : "",
           sp_pack_first_layer (pack) == 1 ? "yes, “semantic-paint sample” draws from it" : "none",
           n_concepts);
  for (guint i = 0; i < n_concepts; i++)
    g_print ("  %-16s %s, %u exemplar%s\n", concepts[i].name, concepts[i].title,
             concepts[i].exemplars, concepts[i].exemplars == 1 ? "" : "s");
}

static gboolean
describe_pack (const Options *options, GError **error)
{
  g_autofree char *path = sp_job_find_pack (options->packs ? options->packs[0] : NULL, error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  if (!pack)
    return FALSE;
  if (options->json)
    print_pack_json (pack, path);
  else
    print_pack (pack, path);
  return TRUE;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "devices", 0, 0, G_OPTION_ARG_NONE, &options->devices, "List the devices", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->packs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[PACK]");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  guint named = options->packs ? g_strv_length (options->packs) : 0;
  if (named <= (options->devices ? 0 : 1))
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       options->devices ? "--devices takes no pack." : "One pack at a time.");
  return FALSE;
}

int
sp_command_info (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;
  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("info", SP_EXIT_USAGE, error);
  else if (options.devices && options.json)
    print_devices_json ();
  else if (options.devices)
    print_devices ();
  else if (!describe_pack (&options, &error))
    status = sp_command_fail ("info", SP_EXIT_FAILED, error);
  g_strfreev (options.packs);
  return status;
}
