/*
 * The entry that libFuzzer calls, and AFL++ through its driver for libFuzzer's targets. Both hand
 * over buffers of the exact size.
 */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_target(bytes, size);
    return 0;
}
