/*
 * Capture files to reports: valid JSON that its schema allows, or a page without an octet that a
 * terminal obeys; and the same bytes again, with packets taken another way. How the report looks is
 * chosen by the input's size.
 */
#include "tests/fuzz/pipeline.h"

void fuzz_target(const uint8_t *bytes, size_t size)
{
    static const enum report_format formats[] = {REPORT_NDJSON, REPORT_JSON, REPORT_TEXT};
    pipeline_input(bytes, size);
    struct pipeline first = {.format = formats[size % 3]};
    if (size % 4 == 3)
        first.max_memory_bytes = 8192; /* a few connections: the others are evicted */
    if (size % 5 == 4)
        first.filter = "tcp port 80 or ip6";
    struct pipeline second = first;
    second.way = size % 2 ? PIPELINE_THREADS : PIPELINE_SINGLE;
    enum pipeline_result result = pipeline_run(&first);
    REQUIRE(result == PIPELINE_WRITTEN || result == PIPELINE_UNREADABLE);
    if (result == PIPELINE_UNREADABLE)
        return;
    pipeline_keep(&first);
    pipeline_check_octets(&first);
    if (fuzz_thorough(bytes, size)) {
        REQUIRE(pipeline_run(&second) == PIPELINE_WRITTEN);
        pipeline_keep(&second);
        REQUIRE(first.verdicts.value == second.verdicts.value);
        REQUIRE(first.report_bytes == second.report_bytes);
        REQUIRE(!memcmp(first.report, second.report, first.report_bytes));
        pipeline_release(&second);
        pipeline_check(&first);
    }
    pipeline_release(&first);
}
