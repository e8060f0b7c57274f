/*
 * The whole way once more while memory and reads fail. Four octets say how, then the file follows:
 * which allocation fails (two octets), what comes then (one), how reads go (one).
 */
#include "tests/fuzz/failing.h"
#include "tests/fuzz/pipeline.h"

void fuzz_target(const uint8_t *bytes, size_t size)
{
    struct bytes in = {bytes, bytes + size};
    struct failing how = {.until_failure = bytes_u16(&in) % 4096u};
    uint8_t then = bytes_u8(&in);
    how.ever_after = then & 1;
    how.read_kind = bytes_u8(&in);
    pipeline_input(in.at, bytes_left(&in));
    struct pipeline p = {.format = then & 2 ? REPORT_JSON : REPORT_NDJSON,
                         .way = then & 4 ? PIPELINE_SINGLE : PIPELINE_RUNS};
    failing_begin(how);
    enum pipeline_result result = pipeline_run(&p);
    how = failing_end();
    REQUIRE(how.held == 0);
    REQUIRE(result != PIPELINE_NO_MEMORY || how.failures);
    REQUIRE(result != PIPELINE_OUTPUT_FAILED || how.failures);
    if (result == PIPELINE_WRITTEN) {
        pipeline_keep(&p);
        pipeline_check_octets(&p);
        if (fuzz_thorough(bytes, size))
            pipeline_check(&p);
        pipeline_release(&p);
    }
}
