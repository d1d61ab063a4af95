/* libFuzzer target: any bytes as a pickle. The first byte says in which file it stands: "l" in
 * PyTorch's legacy stream, "z" in its zip file, and otherwise alone, as TensorFlow's. The rest of
 * those files is good, so that the fuzzer needs not find it. */
#include <stdint.h>

#include "tests/import/files.h"
#include "tests/import/fuzz-file.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t length)
{
  if (length == 0)
    return 0;
  FileForm form = bytes[0] == 'l' ? FILE_LEGACY : bytes[0] == 'z' ? FILE_ZIP : FILE_PICKLE;
  g_autoptr (GByteArray) file = file_of_pickle (form, (const char *)bytes + 1, length - 1);
  fuzz_checkpoint (file->data, file->len);
  return 0;
}
