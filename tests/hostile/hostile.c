/* The table of hostile packs; see hostile.h. */
#include "tests/hostile/hostile.h"

#include <string.h>

#define GENERATOR                                                                                  \
  "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"            \
  "\"clamp\":false}"
#define ENCODER "\"encoder\":{\"family\":\"resnet-18\"}"
#define TEXTS "\"name\":\"small\",\"title\":\"Small\",\"licence\":\"MIT\",\"source\":\"a test\""
#define TREE "{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[0,3],\"exemplars\":1}"
#define CONCEPTS "\"concepts\":[" TREE "]"
#define MANIFEST "{" TEXTS "," GENERATOR "," ENCODER "," CONCEPTS "}"
#define MANIFEST_OF(generator, encoder, rest) "{" TEXTS "," generator "," encoder "," rest "}"
#define MANIFEST_WITH(rest) MANIFEST_OF (GENERATOR, ENCODER, rest)
#define TAPS(taps)                                                                                 \
  MANIFEST_WITH ("\"perceptual\":{\"family\":\"vgg\",\"taps\":[" taps "]}," CONCEPTS)
#define CONCEPT(concept) MANIFEST_WITH ("\"concepts\":[" concept "]")

#define TENSOR(name, type, shape, offsets)                                                         \
  "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"
#define VALUE TENSOR ("concept.tree.value", "F16", "4", "16,24")
#define EXEMPLARS TENSOR ("concept.tree.exemplars", "F16", "1,4,1,1", "24,32")
#define WEIGHT TENSOR ("generator.a", "F32", "2,2", "0,16")
#define TENSORS WEIGHT "," VALUE "," EXEMPLARS
#define PROBE(shape) TENSOR ("concept.tree.probe", "F16", shape, "32,40")
#define BIRD(backdrops) "{\"name\":\"bird\",\"title\":\"Bird\",\"backdrops\":[" backdrops "]}"
#define BIRD_VALUE TENSOR ("concept.bird.value", "F16", "4", "40,48")
#define LIGHT(shape, offsets) TENSOR ("latent.light", "F16", shape, offsets)
#define COLOUR(shape, offsets) TENSOR ("latent.colour", "F16", shape, offsets)
#define N_DATA 32
#define HALF_OFFSET 16
#define FIRST(tensor) tensor "," VALUE "," EXEMPLARS
#define METADATA(metadata) "{\"__metadata__\":" metadata "," TENSORS "}"
#define FORMAT "\"format\":\"semantic-paint-pack\",\"version\":\"1\""

#define UNKNOWN_THING "something stands that does not belong there"

const HostileFile hostile_files[] = {
  { "good" },
  { "good-with-escapes",
    .manifest = "{\"name\":\"small\",\"title\":\"\\u00e9\\ud83c\\udf33 \\\"\\/\\\\\","
                "\"licence\":\"a\\nb\",\"source\":\"s\"," GENERATOR "," ENCODER "," CONCEPTS "}" },
  { "good-with-taps", .manifest = TAPS ("{\"layer\":\"conv1_2\",\"weight\":1.25e-2},"
                                        "{\"layer\":\"conv3_1\",\"weight\":1}") },
  { "good-without-concepts", .manifest = MANIFEST_WITH ("\"excluded_units\":[418],\"concepts\":[]"),
    .tensors = WEIGHT, .n_data = 16 },
  { "good-scalar", .tensors = FIRST (TENSOR ("generator.a", "F32", "", "0,4") "," TENSOR (
                       "encoder.b", "F32", "3,1,1,1", "4,16")) },

  /* The container. */
  { "header-over-1-mib", "over 1 MiB", .header = "{@}", .repeated = " ", .times = 1 << 20 },
  { "header-longer-than-file", "longer than the file", .length = 5000 },
  { "header-length-overflows", "longer than the file", .length = G_MAXINT64 },
  { "header-length-negative", "longer than the file", .length = -1 },
  { "header-length-one", "header is empty", .length = 1 },
  { "header-begins-otherwise", "does not begin with", .header = " {}" },
  { "header-is-an-array", "does not begin with", .header = "[1,2]" },
  { "header-does-not-end", "at byte", .header = "{\"generator.a\":{\"dtype\":" },
  { "header-cut-in-key", "a text does not end", .header = "{\"generator.a" },
  { "header-cut-in-escape", "a text does not end", .header = "{\"a\\" },
  { "header-too-deep", "nested too deeply", .tensors = TENSOR ("a", "F32", "[2]", "0,16") },
  { "header-deep-as-the-sea", "nested too deeply", .header = "{\"a\":{\"shape\":@", .repeated = "[",
    .times = 200000 },
  { "header-number-negative", "unsigned integer", .tensors = TENSOR ("a", "F32", "-2", "0,16") },
  { "header-number-fraction", "unsigned integer", .tensors = TENSOR ("a", "F32", "2.0", "0,16") },
  { "header-number-exponent", "unsigned integer", .tensors = TENSOR ("a", "F32", "2e0", "0,16") },
  { "header-number-leading-zero", "begins with a zero",
    .tensors = TENSOR ("a", "F32", "04", "0,16") },
  { "header-number-too-large", "number is too large",
    .tensors = TENSOR ("a", "F32", "18446744073709551616", "0,16") },
  { "header-literal", UNKNOWN_THING, .tensors = TENSOR ("a", "F32", "true", "0,16") },
  { "header-unknown-word", UNKNOWN_THING, .tensors = TENSOR ("a", "F32", "NaN", "0,16") },
  { "header-same-tensor-twice", "second time",
    .tensors = WEIGHT "," TENSOR ("generator.a", "F32", "2,2", "16,32") },
  { "header-same-tensor-twice-escaped", "second time",
    .tensors = WEIGHT "," TENSOR ("generator.\\u0061", "F32", "2,2", "16,32") },
  { "header-same-key-twice", "second time",
    .tensors =
        "\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,32]}" },
  { "header-same-metadata-twice", "second time",
    .header = "{\"__metadata__\":{},\"__metadata__\":{}}" },
  { "header-trailing-bytes", "something follows the end", .header = "{}x" },
  { "header-trailing-newline", "something follows the end", .header = "{}\n" },
  { "header-trailing-comma", UNKNOWN_THING, .header = "{\"__metadata__\":{},}" },
  { "header-no-comma", UNKNOWN_THING, .header = "{\"__metadata__\":{}\"a\":{}}" },
  { "header-no-colon", UNKNOWN_THING, .header = "{\"__metadata__\"{}}" },
  { "header-wrong-bracket", UNKNOWN_THING, .header = "{\"__metadata__\":{]}" },
  { "header-invalid-utf-8", "not valid UTF-8", .header = "{\"\xff\":{}}" },
  { "header-control-character", "control character", .header = "{\"a\nb\":{}}" },
  { "header-zero-character", "a character stands that is none", .header = "{\"a\\u0000\":{}}" },
  { "header-lone-surrogate", "a character stands that is none", .header = "{\"\\ud800\":{}}" },
  { "header-half-pair", "half a character", .header = "{\"\\ud800\\u0041\":{}}" },
  { "header-short-escape", "four hexadecimal digits", .header = "{\"\\u12g4\":{}}" },
  { "header-unknown-escape", "unknown escape", .header = "{\"\\x41\":{}}" },
  { "metadata-not-text", UNKNOWN_THING, .header = METADATA ("{\"format\":1}") },
  { "metadata-not-object", UNKNOWN_THING, .header = METADATA ("[]") },

  /* Tensors. */
  { "tensor-type-unknown", "has an unknown type",
    .tensors = TENSOR ("generator.a", "I64", "4", "0,32") },
  { "tensor-type-too-long", "has an unknown type",
    .tensors = TENSOR ("generator.a", "F32F32F32F32", "4", "0,32") },
  { "tensor-type-missing", "lacks its type, shape or place",
    .tensors = "\"generator.a\":{\"shape\":[4],\"data_offsets\":[0,16]}" },
  { "tensor-shape-missing", "lacks its type, shape or place",
    .tensors = "\"generator.a\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}" },
  { "tensor-offsets-missing", "lacks its type, shape or place",
    .tensors = "\"generator.a\":{\"dtype\":\"F32\",\"shape\":[4]}" },
  { "tensor-key-unknown", UNKNOWN_THING, .tensors = "\"generator.a\":{\"stride\":[4]}" },
  { "tensor-not-object", UNKNOWN_THING, .tensors = "\"generator.a\":4" },
  { "tensor-five-dimensions", "more than 4 dimensions",
    .tensors = TENSOR ("generator.a", "F32", "1,1,1,1,4", "0,16") },
  { "tensor-many-dimensions", "more than 4 dimensions",
    .tensors = TENSOR ("generator.a", "F32", "@4", "0,16"), .repeated = "1,", .times = 100000 },
  { "tensor-dimension-zero", "a dimension of zero",
    .tensors = TENSOR ("generator.a", "F32", "4,0", "0,0") },
  { "tensor-product-overflows", "larger than a file may be",
    .tensors =
        TENSOR ("generator.a", "F32", "2147483647,2147483647,2147483647,2147483647", "0,16") },
  { "tensor-product-wraps-to-fit", "larger than a file may be",
    .tensors = TENSOR ("generator.a", "F32", "65536,65536,65536,65536", "0,0") },
  { "tensor-dimension-over-32-bits", "larger than a file may be",
    .tensors = TENSOR ("generator.a", "F32", "4294967300", "0,16") },
  { "tensor-one-offset", "two data offsets", .tensors = TENSOR ("generator.a", "F32", "4", "0") },
  { "tensor-three-offsets", "two data offsets",
    .tensors = TENSOR ("generator.a", "F32", "4", "0,16,32") },
  { "tensor-first-not-at-start", "does not begin where",
    .tensors = TENSOR ("generator.a", "F32", "4", "16,32") },
  { "tensor-overlaps", "does not begin where",
    .tensors = WEIGHT "," TENSOR ("generator.b", "F32", "4", "8,24") },
  { "tensor-gap", "does not begin where",
    .tensors = WEIGHT "," TENSOR ("generator.b", "F32", "2", "20,28") },
  { "tensor-out-of-order", "does not begin where",
    .tensors = TENSOR ("generator.b", "F32", "4", "16,32") "," WEIGHT },
  { "tensor-offsets-reversed", "has not the length",
    .tensors = WEIGHT "," TENSOR ("generator.b", "F32", "4", "16,0") },
  { "tensor-length-wrong", "has not the length",
    .tensors = TENSOR ("generator.a", "F32", "4", "0,32") },
  { "tensor-beyond-file", "beyond the end of the file",
    .tensors = TENSOR ("generator.a", "F32", "1000000", "0,4000000") },
  { "file-has-more-bytes", "does not end where the file ends", .n_data = N_DATA + 1 },
  { "tensor-name-empty", "a tensor's name", .tensors = TENSOR ("", "F32", "4", "0,16") },
  { "tensor-name-path", "a tensor's name", .tensors = TENSOR ("../a", "F32", "4", "0,16") },
  { "tensor-name-markup", "a tensor's name", .tensors = TENSOR ("<b>", "F32", "4", "0,16") },
  { "tensor-name-too-long", "a tensor's name", .tensors = TENSOR ("@", "F32", "4", "0,16"),
    .repeated = "a", .times = 129 },
  { "value-nan", "“generator.a” holds a number that is not finite", .number = 0x7fc00000 },
  { "value-infinity", "“generator.a” holds a number that is not finite", .number = 0xff800000 },
  { "value-absurd", "absurdly large", .number = 0x49742410 /* 1,000,001 */ },
  { "value-half-nan", "“concept.tree.value” holds a number that is not finite", .half = 0x7e00 },
  { "value-half-infinity", "“concept.tree.value” holds a number that is not finite",
    .half = 0xfc00 },

  /* The pack. */
  { "no-metadata", "is not a Semantic Paint pack", .header = "{" TENSORS "}" },
  { "another-format", "is not a Semantic Paint pack", .header = METADATA ("{\"format\":\"pt\"}") },
  { "another-version", "another version",
    .header = METADATA ("{\"format\":\"semantic-paint-pack\",\"version\":\"2\"}") },
  { "no-manifest", "has no manifest", .header = METADATA ("{" FORMAT "}") },
  { "family-undeclared", "belongs to nothing",
    .tensors = FIRST (TENSOR ("perceptual.a", "F32", "4", "0,16")) },
  { "prefix-unknown", "belongs to nothing",
    .tensors = FIRST (TENSOR ("other.a", "F32", "4", "0,16")) },
  { "latent-unknown", "belongs to nothing",
    .tensors = FIRST (TENSOR ("latent.q98", "F32", "4", "0,16")) },
  { "concept-unknown", "belongs to nothing",
    .tensors = FIRST (TENSOR ("concept.dome.value", "F32", "4", "0,16")) },
  { "concept-part-unknown", "belongs to nothing",
    .tensors = FIRST (TENSOR ("concept.tree.mean", "F32", "4", "0,16")) },
  { "concept-value-missing", "“concept.tree.value” is missing", .tensors = WEIGHT, .n_data = 16 },
  { "concept-value-not-vector", "not one number a channel",
    .tensors = WEIGHT "," TENSOR ("concept.tree.value", "F16", "4,1", "16,24") "," EXEMPLARS },
  { "concept-channels-differ", "channels where others have",
    .tensors = FIRST (
        TENSOR ("latent.q99", "F32", "2", "0,8") "," TENSOR ("encoder.b", "F32", "2", "8,16")) },
  { "exemplars-missing", "“concept.tree.exemplars” is missing", .tensors = WEIGHT "," VALUE,
    .n_data = 24 },
  { "exemplars-count-differs", "shape that the manifest declares",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\",\"exemplars\":2}") },
  { "exemplars-undeclared", "shape that the manifest declares",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\"}") },
  { "exemplars-channels-differ", "shape that the manifest declares",
    .tensors = WEIGHT "," VALUE "," TENSOR ("concept.tree.exemplars", "F16", "1,2,2,1", "24,32") },
  { "exemplars-too-large", "shape that the manifest declares", .n_data = 24 + 136,
    .tensors =
        WEIGHT "," VALUE "," TENSOR ("concept.tree.exemplars", "F16", "1,4,17,1", "24,160") },
  { "exemplars-in-sizes", "concept.tree.exemplars.1", .n_data = 24 + 16,
    .tensors = TENSORS "," TENSOR ("concept.tree.exemplars.1", "F16", "1,4,1,1", "32,40") },
  { "light-of-another-count", "shape that the manifest declares", .n_data = 24 + 8 + 12,
    .tensors = TENSORS "," TENSOR ("concept.tree.light", "F16", "2,3", "32,44") },
  { "outlines-of-another-count", "shape that the manifest declares", .n_data = 24 + 8 + 16384,
    .tensors = TENSORS "," TENSOR ("concept.tree.outlines", "F16", "2,64,64", "32,16416") },
  { "outlines-of-another-size", "shape that the manifest declares", .n_data = 24 + 8 + 256,
    .tensors = TENSORS "," TENSOR ("concept.tree.outlines", "F16", "1,8,16", "32,288") },
  { "outlines-good", NULL, .n_data = 24 + 8 + 8192,
    .tensors = TENSORS "," TENSOR ("concept.tree.outlines", "F16", "1,64,64", "32,8224") },
  { "light-good", NULL, .n_data = 24 + 8 + 128,
    .tensors = TENSORS "," COLOUR ("4,4", "32,64") "," LIGHT ("3,4,4", "64,160") },
  { "light-without-colour", "“latent.colour” is missing", .n_data = 24 + 8 + 96,
    .tensors = TENSORS "," LIGHT ("3,4,4", "32,128") },
  { "colour-without-light", "“latent.light” is missing", .n_data = 24 + 8 + 32,
    .tensors = TENSORS "," COLOUR ("4,4", "32,64") },
  { "light-channels-differ", "shape that the manifest declares", .n_data = 24 + 8 + 56,
    .tensors = TENSORS "," COLOUR ("4,4", "32,64") "," LIGHT ("3,2,2", "64,88") },
  { "backdrop-good", NULL, .n_data = 24 + 24, .manifest = CONCEPT (TREE "," BIRD ("\"tree\"")),
    .tensors = TENSORS "," PROBE ("4") "," BIRD_VALUE },
  { "backdrop-without-probe", "“concept.tree.probe” is missing", .n_data = 24 + 24,
    .manifest = CONCEPT (TREE "," BIRD ("\"tree\"")),
    .tensors = TENSORS "," TENSOR ("generator.b", "F16", "4", "32,40") "," BIRD_VALUE },
  { "probe-of-two-dimensions", "is not a row of numbers", .n_data = 24 + 16,
    .tensors = TENSORS "," PROBE ("2,2") },
  { "probe-of-no-concept", "belongs to nothing", .n_data = 24 + 16,
    .tensors = TENSORS "," TENSOR ("concept.sea.probe", "F16", "4", "32,40") },
  { "unit-beyond-channels", "names channel 4 of a latent that has 4",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[4],\"exemplars\":1}") },
  { "excluded-beyond-channels", "names channel 9",
    .manifest = MANIFEST_WITH ("\"excluded_units\":[9]," CONCEPTS) },

  /* The manifest. */
  { "manifest-empty", "at byte 0 of its manifest", .manifest = "" },
  { "manifest-not-object", "not a JSON object", .manifest = "[]" },
  { "manifest-over-256-kib", "over 256 KiB", .manifest = MANIFEST "@", .repeated = " ",
    .times = 262144 },
  { "manifest-too-deep", "nested too deeply", .manifest = "{\"a\":@", .repeated = "[",
    .times = 100000 },
  { "manifest-seven-deep", "nested too deeply", .manifest = "[[[[[[[]]]]]]]" },
  { "manifest-key-twice", "second time", .manifest = "{\"name\":\"a\",\"name\":\"b\"}" },
  { "manifest-comment", UNKNOWN_THING, .manifest = "/* a */" MANIFEST },
  { "manifest-number-wraps", "number is too large",
    .manifest = "{\"name\":90000000000000000000000}" },
  { "manifest-number-infinite", "number is too large", .manifest = "{\"name\":1e999}" },
  { "manifest-number-malformed", "malformed number", .manifest = "{\"name\":-}" },
  { "manifest-number-leading-zero", "malformed number", .manifest = "{\"name\":01}" },
  { "manifest-trailing", "something follows the end", .manifest = MANIFEST "{}" },
  { "manifest-key-unknown", "“comment” is not a key",
    .manifest = MANIFEST_WITH ("\"comment\":1," CONCEPTS) },
  { "manifest-generator-key-unknown", "“generator.layers” is not a key",
    .manifest = MANIFEST_OF ("\"generator\":{\"layers\":4}", ENCODER, CONCEPTS) },
  { "manifest-name-missing", "“name” is not a name", .manifest = "{}" },
  { "manifest-name-capital", "“name” is not a name", .manifest = "{\"name\":\"Small\"}" },
  { "manifest-name-number", "“name” is not a name", .manifest = "{\"name\":1}" },
  { "manifest-name-too-long", "“name” is not a name", .manifest = "{\"name\":\"@\"}",
    .repeated = "a", .times = 41 },
  { "manifest-title-missing", "“title” is not a text", .manifest = "{\"name\":\"a\"}" },
  { "manifest-title-too-long", "“title” is not a text",
    .manifest = "{\"name\":\"a\",\"title\":\"@\"}", .repeated = "a", .times = 81 },
  { "manifest-title-control", "“title” has control characters",
    .manifest = "{\"name\":\"a\",\"title\":\"a\\nb\"}" },
  { "manifest-generator-missing", "“generator” is not an object",
    .manifest = "{" TEXTS "," ENCODER "," CONCEPTS "}" },
  { "manifest-generator-family", "“generator.family” is not one",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"stylegan\"}", ENCODER, CONCEPTS) },
  { "manifest-resolution-range", "“generator.resolution” is not a whole number in its range",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":4096}",
                             ENCODER, CONCEPTS) },
  { "manifest-resolution-fraction", "“generator.resolution” is not a whole number",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128.0}",
                             ENCODER, CONCEPTS) },
  { "manifest-resolution-power", "not a power of two",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":100,"
                             "\"first_layer\":5,\"clamp\":true}",
                             ENCODER, CONCEPTS) },
  { "manifest-first-layer", "neither 1 nor 5",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,"
                             "\"first_layer\":3,\"clamp\":true}",
                             ENCODER, CONCEPTS) },
  { "manifest-first-layer-above", "but 8 pixels are made by layers 1 to 4",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":8,"
                             "\"first_layer\":5,\"clamp\":true}",
                             ENCODER, CONCEPTS) },
  { "manifest-clamp-number", "neither true nor false",
    .manifest = MANIFEST_OF ("\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,"
                             "\"first_layer\":5,\"clamp\":1}",
                             ENCODER, CONCEPTS) },
  { "manifest-encoder-family", "“encoder.family” is not one",
    .manifest = MANIFEST_OF (GENERATOR, "\"encoder\":{\"family\":\"vit\"}", CONCEPTS) },
  { "manifest-taps-empty", "“perceptual.taps” is empty", .manifest = TAPS ("") },
  { "manifest-taps-too-many", "“perceptual.taps” is not a list, or too long",
    .manifest = TAPS ("@0"), .repeated = "0,", .times = 16 },
  { "manifest-tap-not-object", "not a list of objects", .manifest = TAPS ("1") },
  { "manifest-tap-layer", "not a layer of a VGG",
    .manifest = TAPS ("{\"layer\":\"conv9_1\",\"weight\":1}") },
  { "manifest-tap-weight-text", "is not a number",
    .manifest = TAPS ("{\"layer\":\"conv1_1\",\"weight\":\"1\"}") },
  { "manifest-tap-weight-range", "not in its range",
    .manifest = TAPS ("{\"layer\":\"conv1_1\",\"weight\":-1}") },
  { "manifest-tap-twice", "“perceptual.taps.layer” stands twice",
    .manifest =
        TAPS ("{\"layer\":\"conv1_1\",\"weight\":1},{\"layer\":\"conv1_1\",\"weight\":1}") },
  { "manifest-concepts-missing", "“concepts” is not a list",
    .manifest = "{" TEXTS "," GENERATOR "," ENCODER "}" },
  { "manifest-concepts-too-many", "“concepts” is not a list, or too long",
    .manifest = CONCEPT ("@0"), .repeated = "0,", .times = 256 },
  { "manifest-concept-name", "“concepts.name” is not a name",
    .manifest = CONCEPT ("{\"name\":\"a/b\",\"title\":\"A\"}") },
  { "manifest-concept-twice", "“concepts.name” stands twice", .manifest = CONCEPT (TREE "," TREE) },
  { "manifest-exemplars-range", "“concepts.exemplars” is not a whole number",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\",\"exemplars\":257}") },
  { "manifest-units-negative", "not a list of channel numbers",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[-1]}") },
  { "manifest-units-twice", "one channel twice",
    .manifest = CONCEPT ("{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[1,1]}") },
  { "manifest-backdrop-unknown", "“concepts.backdrops” is not a list of other concepts' names",
    .manifest = CONCEPT (TREE "," BIRD ("\"sea\"")) },
  { "manifest-backdrop-itself", "is not a list of other concepts' names",
    .manifest = CONCEPT (TREE "," BIRD ("\"bird\"")) },
  { "manifest-backdrop-number", "is not a list of other concepts' names",
    .manifest = CONCEPT (TREE "," BIRD ("0")) },
  { "manifest-backdrop-twice", "has one concept twice",
    .manifest = CONCEPT (TREE "," BIRD ("\"tree\",\"tree\"")) },
  { "manifest-backdrops-no-list", "“concepts.backdrops” is not a list",
    .manifest = CONCEPT (TREE ",{\"name\":\"bird\",\"title\":\"Bird\",\"backdrops\":\"tree\"}") },
  { "manifest-excluded-text", "not a list of channel numbers",
    .manifest = MANIFEST_WITH ("\"excluded_units\":[\"1\"]," CONCEPTS) },
};
const guint n_hostile_files = G_N_ELEMENTS (hostile_files);

/* `text` with "@" replaced, where something is to be repeated. */
static char *
expand (const HostileFile *file, const char *text)
{
  const char *mark = file->repeated ? strchr (text, '@') : NULL;
  GString *result = g_string_new_len (text, mark ? mark - text : (gssize)strlen (text));

  for (guint i = 0; mark && i < file->times; i++)
    g_string_append (result, file->repeated);
  if (mark)
    g_string_append (result, mark + 1);
  return g_string_free (result, FALSE);
}

static char *
make_header (const HostileFile *file)
{
  GString *header = g_string_new ("{\"__metadata__\":{" FORMAT ",\"manifest\":\"");
  g_autofree char *manifest = expand (file, file->manifest ? file->manifest : MANIFEST);
  g_autofree char *tensors = expand (file, file->tensors ? file->tensors : TENSORS);

  for (const char *character = manifest; *character; character++) {
    if (*character == '"' || *character == '\\')
      g_string_append_c (header, '\\');
    g_string_append_c (header, *character);
  }
  g_string_append_printf (header, "\"},%s}  ", tensors);
  return g_string_free (header, FALSE);
}

GByteArray *
hostile_file_bytes (const HostileFile *file)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree char *header = file->header ? expand (file, file->header) : make_header (file);
  guint64 true_length = strlen (header);
  guint64 length = GUINT64_TO_LE (file->length ? (guint64)file->length : true_length);
  gsize n_data = file->n_data ? file->n_data : N_DATA, start;
  guint32 number = GUINT32_TO_LE (file->number);
  guint16 half = GUINT16_TO_LE (file->half);

  g_byte_array_append (bytes, (const guint8 *)&length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *)header, (guint)true_length);
  start = bytes->len;
  g_byte_array_set_size (bytes, (guint)(start + n_data));
  memset (bytes->data + start, 0, n_data);
  memcpy (bytes->data + start, &number, sizeof number);
  if (n_data >= HALF_OFFSET + sizeof half)
    memcpy (bytes->data + start + HALF_OFFSET, &half, sizeof half);
  return bytes;
}
