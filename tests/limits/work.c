/* Analyses standard input as finwait does, and says how much work that was: `work MAX_MEMORY SEED`.
 *
 * Work is counted, not timed. All code of dissect/ and analyzer/ is compiled once more so that each
 * basic block calls __sanitizer_cov_trace_pc(): `steps` is how many were passed through, whatever
 * loop they belong to. What the C library does in one call is counted in octets beside it. With a
 * hash key that SEED makes (hexadecimal), instead of a random one, both depend on the input alone.
 */
#include "analyzer/analyzer.h"
#include "analyzer/test_keys.h"
#include "dissect/capture/timeline.h"
#include "dissect/dissect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static uint64_t steps, octets;
static uint64_t seed;

void __sanitizer_cov_trace_pc(void);
ssize_t getrandom(void *buffer, size_t length, unsigned flags);

void __sanitizer_cov_trace_pc(void)
{
    steps++;
}

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    const struct hash_key key = test_key(seed);
    if (length > sizeof key)
        length = sizeof key;
    memcpy(buffer, &key, length);
    return (ssize_t)length;
}

/* ---- the C library -------------------------------------------------------------------------- */

void *__real_memcpy(void *to, const void *from, size_t length);
void *__real_memmove(void *to, const void *from, size_t length);
void *__real_memset(void *to, int value, size_t length);
void *__real_memchr(const void *in, int value, size_t length);
int __real_memcmp(const void *a, const void *b, size_t length);
void *__wrap_memcpy(void *to, const void *from, size_t length);
void *__wrap_memmove(void *to, const void *from, size_t length);
void *__wrap_memset(void *to, int value, size_t length);
void *__wrap_memchr(const void *in, int value, size_t length);
int __wrap_memcmp(const void *a, const void *b, size_t length);

void *__wrap_memcpy(void *to, const void *from, size_t length)
{
    octets += length;
    return __real_memcpy(to, from, length);
}

void *__wrap_memmove(void *to, const void *from, size_t length)
{
    octets += length;
    return __real_memmove(to, from, length);
}

void *__wrap_memset(void *to, int value, size_t length)
{
    octets += length;
    return __real_memset(to, value, length);
}

void *__wrap_memchr(const void *in, int value, size_t length)
{
    const uint8_t *found = __real_memchr(in, value, length);
    octets += found ? (size_t)(found - (const uint8_t *)in) + 1 : length;
    return (void *)(uintptr_t)found;
}

int __wrap_memcmp(const void *a, const void *b, size_t length)
{
    octets += length;
    return __real_memcmp(a, b, length);
}

/* ---- the run -------------------------------------------------------------------------------- */

static bool take_connection(void *context, const struct connection_verdict *verdict)
{
    (void)context;
    (void)verdict;
    return true;
}

static bool take_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    (void)context;
    (void)anomaly;
    return true;
}

static bool take_sample(void *context, const struct sample_verdict *sample)
{
    (void)context;
    (void)sample;
    return true;
}

static bool take_host(void *context, const struct host_verdict *host)
{
    (void)context;
    (void)host;
    return true;
}

static int run(struct timeline *timeline, struct dissector *dissector, struct analyzer *analyzer,
               struct segment_batch *batch)
{
    struct packet packet;
    enum capture_status status;
    int64_t end_ns = TIME_UNKNOWN;
    enum analyzer_status fed = ANALYZER_OK;
    while (fed == ANALYZER_OK && (status = timeline_next(timeline, &packet)) == CAPTURE_PACKET) {
        if (packet.time_ns > end_ns)
            end_ns = packet.time_ns;
        dissect_packet(dissector, &packet, batch);
        if (!batch_full(batch))
            continue;
        fed = analyzer_feed(analyzer, batch);
        batch_clear(batch);
    }
    do {
        if (fed == ANALYZER_OK)
            fed = analyzer_feed(analyzer, batch);
        batch_clear(batch);
    } while (fed == ANALYZER_OK && dissect_flush(dissector, batch));
    if (fed == ANALYZER_OK)
        fed = analyzer_feed(analyzer, batch);
    return fed == ANALYZER_OK && analyzer_finish(analyzer, end_ns) == ANALYZER_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const char *const input = "-";
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    struct capture_findings findings = {0};
    struct verdict_sink sink = {take_connection, take_anomaly, take_sample, take_host, NULL, false};
    char *end = NULL;
    seed = argc == 3 ? strtoull(argv[2], &end, 16) : 0;
    if (!end || *end) {
        fprintf(stderr, "usage: %s MAX_MEMORY SEED <CAPTURE; SEED: hexadecimal\n", argv[0]);
        return 2;
    }
    config.max_memory_bytes = strtoull(argv[1], NULL, 10);
    struct timeline *timeline = timeline_open(&input, 1, &findings);
    struct dissector *dissector = dissector_create(&findings);
    struct analyzer *analyzer = analyzer_create(&config, sink);
    struct segment_batch *batch = malloc(sizeof *batch);
    int status = 1;
    if (timeline && dissector && analyzer && batch) {
        batch_clear(batch);
        status = run(timeline, dissector, analyzer, batch);
        const struct summary_verdict *summary = analyzer_summary(analyzer);
        printf("packets %" PRIu64 "\nconnections %" PRIu64 "\nevicted %" PRIu64 "\nsteps %" PRIu64
               "\noctets %" PRIu64 "\n",
               findings.packets, summary->connections, summary->evicted, steps, octets);
    }
    free(batch);
    analyzer_destroy(analyzer);
    dissector_destroy(dissector);
    timeline_destroy(timeline);
    findings_finish(&findings);
    return status;
}
