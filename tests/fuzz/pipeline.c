#include "tests/fuzz/pipeline.h"

#include "analyzer/analyzer.h"
#include "dissect/capture/filter.h"
#include "dissect/capture/timeline.h"
#include "dissect/dissect.h"
#include "tests/fuzz/schema.h"
#include "tests/fuzz/verdicts.h"

#include <endian.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT_FD    200
#define FILES_MAX   3
#define ERROR_BYTES 512

static const char *const input_paths[FILES_MAX] = {"/proc/self/fd/200", "/proc/self/fd/201",
                                                   "/proc/self/fd/202"};
static size_t input_count;

static void set_content(int fd, const void *bytes, size_t size)
{
    REQUIRE(ftruncate(fd, 0) == 0);
    const char *p = bytes;
    for (size_t done = 0; done < size;) {
        ssize_t written = pwrite(fd, p + done, size - done, (off_t)done);
        REQUIRE(written > 0);
        done += (size_t)written;
    }
}

static void memory_file_at(int fd)
{
    int memory = memfd_create("finwait", MFD_CLOEXEC);
    REQUIRE(memory >= 0 && dup2(memory, fd) == fd);
    close(memory);
}

void pipeline_input(const uint8_t *bytes, size_t size)
{
    static const char separator[] = "\xf1next";
    static bool made;
    for (int i = 0; !made && i < FILES_MAX; i++)
        memory_file_at(INPUT_FD + i);
    if (!made)
        memory_file_at(STDOUT_FILENO); /* reports go to standard output */
    made = true;
    const uint8_t *end = bytes + size;
    for (input_count = 0; input_count < FILES_MAX; input_count++) {
        const uint8_t *cut = memmem(bytes, (size_t)(end - bytes), separator, sizeof separator - 1);
        bool last = !cut || input_count == FILES_MAX - 1;
        set_content(INPUT_FD + (int)input_count, bytes, (size_t)((last ? end : cut) - bytes));
        if (last)
            break;
        bytes = cut + sizeof separator - 1;
    }
    input_count++;
}

/* ---- the run -------------------------------------------------------------------------------- */

struct run {
    struct pipeline *pipeline;
    struct capture_findings findings;
    struct timeline *timeline;
    struct filter *filter;
    struct dissector *dissector;
    struct analyzer *analyzer;
    struct segment_batch *batch;
    struct output *output;
    struct report *report;
    int64_t end_ns;
};

static bool take_connection(void *context, const struct connection_verdict *verdict)
{
    struct run *run = context;
    check_connection(verdict, run->findings.packets, &run->pipeline->verdicts);
    return report_connection(run->report, verdict);
}

static bool take_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    struct run *run = context;
    check_anomaly(anomaly, run->findings.packets, &run->pipeline->verdicts);
    return report_anomaly(run->report, anomaly);
}

static bool take_sample(void *context, const struct sample_verdict *sample)
{
    struct run *run = context;
    return report_sample(run->report, sample);
}

static bool take_host(void *context, const struct host_verdict *host)
{
    struct run *run = context;
    check_host(host, &run->pipeline->verdicts);
    return report_host(run->report, host);
}

static bool open_all(struct run *run, struct report_options *options)
{
    char error[ERROR_BYTES];
    const struct pipeline *p = run->pipeline;
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    if (p->max_memory_bytes)
        config.max_memory_bytes = p->max_memory_bytes;
    struct verdict_sink sink = {take_connection, take_anomaly, take_sample, take_host, run, false};
    *options = (struct report_options){.format = p->format,
                                       .connections = true,
                                       .style = {.columns = 80},
                                       .min_severity = SEVERITY_INFO};
    if (p->filter && !(run->filter = filter_create(p->filter, error, sizeof error)))
        return false;
    run->output = output_open(NULL, error, sizeof error);
    if (!run->output || (p->compressed && !output_compress(run->output, error, sizeof error)))
        return false;
    run->report = report_create(options, &run->findings, run->output, error, sizeof error);
    run->batch = malloc(sizeof *run->batch);
    run->dissector = dissector_create(&run->findings);
    if (run->report)
        sink.hosts_first = report_hosts_first(run->report);
    run->analyzer = analyzer_create(&config, sink);
    if (p->way == PIPELINE_THREADS && run->analyzer) {
        timeline_read_ahead(run->timeline, 1);
        analyzer_finish_with_thread(run->analyzer);
    }
    if (run->batch)
        batch_clear(run->batch);
    return run->report && run->batch && run->dissector && run->analyzer;
}

static enum analyzer_status feed(struct run *run)
{
    enum analyzer_status status = analyzer_feed(run->analyzer, run->batch);
    batch_clear(run->batch);
    return status;
}

static enum capture_status next(struct run *run, struct packet *one, const struct packet **packets,
                                uint32_t *count)
{
    if (run->pipeline->way == PIPELINE_RUNS)
        return timeline_next_run(run->timeline, packets, count);
    *packets = one;
    *count = 1;
    return timeline_next(run->timeline, one);
}

static uint32_t dissect_some(struct run *run, const struct packet *packets, uint32_t count)
{
    if (run->filter && !filter_pass(run->filter, packets))
        dissect_filtered(run->dissector);
    else if (run->filter || run->pipeline->way != PIPELINE_RUNS)
        dissect_packet(run->dissector, packets, run->batch);
    else
        return dissect_packets(run->dissector, packets, count, run->batch);
    return 1;
}

static void note_end(struct run *run, int64_t time_ns)
{
    if (time_ns > run->end_ns)
        run->end_ns = time_ns;
}

/* Of packets that need not be seen one by one. */
static bool dissect_straight_on(struct run *run)
{
    if (run->filter || run->pipeline->way != PIPELINE_RUNS ||
        !dissect_straight(run->dissector, run->timeline, run->batch))
        return false;
    note_end(run, timeline_highest_ns(run->timeline));
    return true;
}

static enum analyzer_status analyse(struct run *run)
{
    const struct packet *packets;
    struct packet packet;
    uint32_t count;
    enum capture_status status;
    enum analyzer_status fed = ANALYZER_OK;
    for (;;) {
        if (dissect_straight_on(run)) {
            if (batch_full(run->batch) && (fed = feed(run)) != ANALYZER_OK)
                return fed;
            continue;
        }
        status = next(run, &packet, &packets, &count);
        if (status != CAPTURE_PACKET)
            break;
        for (uint32_t i = 0; i < count; i++)
            note_end(run, packets[i].time_ns);
        for (uint32_t i = 0; i < count;) {
            i += dissect_some(run, packets + i, count - i);
            if (batch_full(run->batch) && (fed = feed(run)) != ANALYZER_OK)
                return fed;
        }
    }
    if (status == CAPTURE_NO_MEMORY)
        return ANALYZER_NO_MEMORY;
    do {
        if ((fed = feed(run)) != ANALYZER_OK)
            return fed;
    } while (dissect_flush(run->dissector, run->batch));
    fed = feed(run);
    return fed == ANALYZER_OK ? analyzer_finish(run->analyzer, run->end_ns) : fed;
}

static void decompress(struct pipeline *p)
{
    uint32_t plain_bytes; /* RFC 1952 section 2.3.1, ISIZE */
    REQUIRE(p->report_bytes > sizeof plain_bytes);
    memcpy(&plain_bytes, p->report + p->report_bytes - sizeof plain_bytes, sizeof plain_bytes);
    plain_bytes = le32toh(plain_bytes);
    z_stream stream = {.next_in = (unsigned char *)p->report, .avail_in = (uInt)p->report_bytes};
    char *plain = malloc((size_t)plain_bytes + 1);
    REQUIRE(plain && inflateInit2(&stream, 16 + 15) == Z_OK);
    stream.next_out = (unsigned char *)plain;
    stream.avail_out = plain_bytes;
    REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END && !stream.avail_in);
    REQUIRE(stream.total_out == plain_bytes);
    plain[plain_bytes] = '\0';
    inflateEnd(&stream);
    free(p->report);
    p->report = plain;
    p->report_bytes = plain_bytes;
}

void pipeline_keep(struct pipeline *p)
{
    struct stat status;
    REQUIRE(fstat(STDOUT_FILENO, &status) == 0);
    p->report_bytes = (size_t)status.st_size;
    p->report = malloc(p->report_bytes + 1);
    REQUIRE(p->report);
    REQUIRE(pread(STDOUT_FILENO, p->report, p->report_bytes, 0) == (ssize_t)p->report_bytes);
    p->report[p->report_bytes] = '\0';
    if (p->compressed)
        decompress(p);
}

static bool any_readable(const struct capture_findings *findings)
{
    for (uint32_t i = 0; i < findings->file_count; i++) {
        if (!findings->files[i].error)
            return true;
    }
    return false;
}

static enum pipeline_result write_report(struct run *run, enum analyzer_status status)
{
    char error[ERROR_BYTES];
    if (!any_readable(&run->findings))
        return PIPELINE_UNREADABLE;
    bool written =
        status == ANALYZER_OK && report_finish(run->report, analyzer_summary(run->analyzer), true);
    bool fine = output_ok(run->output);
    struct output *output = run->output;
    run->output = NULL;
    if (!written) {
        output_discard(output);
        return fine ? PIPELINE_NO_MEMORY : PIPELINE_OUTPUT_FAILED;
    }
    return output_commit(output, error, sizeof error) ? PIPELINE_WRITTEN : PIPELINE_OUTPUT_FAILED;
}

enum pipeline_result pipeline_run(struct pipeline *pipeline)
{
    struct run run = {.pipeline = pipeline, .end_ns = TIME_UNKNOWN};
    struct report_options options;
    enum pipeline_result result = PIPELINE_NO_MEMORY;
    pipeline->verdicts = DIGEST_BEGIN;
    REQUIRE(ftruncate(STDOUT_FILENO, 0) == 0 && lseek(STDOUT_FILENO, 0, SEEK_SET) == 0);
    run.timeline = timeline_open(input_paths, input_count, &run.findings);
    if (run.timeline && open_all(&run, &options))
        result = write_report(&run, analyse(&run));
    analyzer_destroy(run.analyzer);
    report_destroy(run.report);
    output_discard(run.output);
    dissector_destroy(run.dissector);
    free(run.batch);
    timeline_destroy(run.timeline);
    filter_destroy(run.filter);
    findings_finish(&run.findings);
    return result;
}

void pipeline_release(struct pipeline *p)
{
    free(p->report);
    p->report = NULL;
    p->report_bytes = 0;
}

/* ---- the report ----------------------------------------------------------------------------- */

static json_int_t sum_of(const json_t *object)
{
    json_int_t sum = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) sum += json_integer_value(value);
    return sum;
}

static void check_sums(const json_t *record)
{
    const json_t *packets = json_object_get(json_object_get(record, "capture"), "packets");
    if (!packets)
        return;
    json_int_t parts = json_integer_value(json_object_get(packets, "tcp")) +
                       sum_of(json_object_get(packets, "other")) +
                       sum_of(json_object_get(packets, "undecodable"));
    REQUIRE(json_integer_value(json_object_get(packets, "total")) == parts);
}

static json_t *parse(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fprintf(stderr, "no JSON: %s at %d\n", error.text, error.position);
    REQUIRE(value);
    return value;
}

static void check_lines(const char *text, size_t length)
{
    static const char prefix[] = "finwait.";
    const char *end = text + length;
    REQUIRE(length && end[-1] == '\n');
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        json_t *record = parse(text, (size_t)(line_end - text));
        const json_t *event = json_object_get(record, "event");
        const char *dataset = json_string_value(json_object_get(event, "dataset"));
        REQUIRE(dataset && !strncmp(dataset, prefix, sizeof prefix - 1));
        REQUIRE(schema_fits(schema_named(dataset + sizeof prefix - 1), record));
        check_sums(record);
        json_decref(record);
        text = line_end + 1;
    }
}

static void check_document(const char *text, size_t length)
{
    json_t *document = parse(text, length);
    REQUIRE(schema_fits(schema_named("document"), document));
    check_sums(document);
    json_decref(document);
}

void pipeline_check_octets(const struct pipeline *p)
{
    for (size_t i = 0; i < p->report_bytes; i++)
        REQUIRE(p->report[i] == '\n' || (p->report[i] >= ' ' && p->report[i] < 0x7f));
}

void pipeline_check(const struct pipeline *p)
{
    if (p->format == REPORT_NDJSON)
        check_lines(p->report, p->report_bytes);
    else if (p->format == REPORT_JSON)
        check_document(p->report, p->report_bytes);
}
