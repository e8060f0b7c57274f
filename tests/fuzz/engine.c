/*
 * The entry that libFuzzer calls, and AFL++ through its driver for libFuzzer's targets. Both hand
 * over buffers of the exact size.
 */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
const char *__asan_default_options(void);

/* What is checked of one input in three. The engine makes thousands of an input's likes, and each
 * that it keeps is run again by replay.c. */
bool fuzz_thorough(const uint8_t *bytes, size_t size)
{
    struct digest digest = DIGEST_BEGIN;
    digest_add(&digest, bytes, size);
    return digest.value % 3 == 0;
}

/* Memory that was released soon comes again, out of the caches: of the usual 256 MiB each octet
 * would be fetched anew. And of large blocks only the beginning is filled with what is no zero. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:malloc_context_size=12:max_malloc_fill_size=512";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_target(bytes, size);
    return 0;
}
