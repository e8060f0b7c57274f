#include "cli/reading.h"

#include "cli/analysis.h"
#include "cli/heap.h"
#include "cli/interrupt.h"
#include "cli/tell.h"
#include "reports/temporary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool fail(const char *sentence)
{
    tell("%s", sentence);
    return false;
}

bool reading_any(const struct capture_findings *findings)
{
    for (uint32_t i = 0; i < findings->file_count; i++) {
        if (!findings->files[i].error)
            return true;
    }
    return false;
}

void reading_tell_unreadable(const struct capture_findings *findings)
{
    for (uint32_t i = 0; i < findings->file_count; i++) {
        if (findings->files[i].error)
            tell("%s", findings->files[i].error);
    }
}

/* Address space that threads take: each its stack, all of them what is decompressed ahead. As much
 * is left for the analysis. */
#define BYTES_A_THREAD ((size_t)16 << 20)
#define BYTES_BESIDE   ((size_t)128 << 20)

static bool bears(uint32_t threads)
{
    size_t bytes;
    if (__builtin_mul_overflow(BYTES_A_THREAD, threads - 1, &bytes) ||
        __builtin_add_overflow(bytes, BYTES_BESIDE, &bytes))
        return false;
    void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

/* Under a limit of address space (ulimit -v) what threads take would be lacking elsewhere. */
static uint32_t threads_borne(uint32_t wanted)
{
    while (wanted > 1 && !bears(wanted))
        wanted--;
    return wanted;
}

/* Where there is something to decompress, that is most of the work and comes first; the analyzer
 * has a thread of its own when there are more than two, or nothing else to do for them; and one
 * more counts what becomes final when there are more than these have use for. Any others take part
 * in the analysis. */
static void share_out(struct reading *r)
{
    uint32_t threads = r->threads;
    uint32_t inflating = timeline_inflating(r->timeline);
    r->analyses_apart = threads > (inflating ? 2 : 1);
    uint32_t left = threads - (r->analyses_apart ? 2 : 1);
    uint32_t ahead = left < inflating ? left : inflating;
    r->counts_apart = left > ahead;
    r->helpers = left - ahead - r->counts_apart;
    if (ahead)
        timeline_read_ahead(r->timeline, ahead);
}

bool reading_open(struct reading *r, const struct options *o)
{
    *r = (struct reading){.options = o};
    progress_init(&r->progress);
    heap_prepare();
    r->timeline = timeline_open(o->inputs, o->input_count, &r->findings);
    if (!r->timeline)
        return fail("out of memory while opening the captures");
    if (!reading_any(&r->findings)) {
        reading_tell_unreadable(&r->findings);
        return false;
    }
    r->dissector = dissector_create(&r->findings);
    r->batch = malloc(sizeof *r->batch);
    if (!r->dissector || !r->batch)
        return fail("out of memory");
    batch_clear(r->batch);
    r->threads = threads_borne(o->jobs);
    share_out(r);
    return true;
}

void reading_close(struct reading *r)
{
    dissector_destroy(r->dissector);
    free(r->batch);
    timeline_destroy(r->timeline);
    findings_finish(&r->findings);
}

/* One packet, or as many as the batch can take. */
static uint32_t dissect_some(struct reading *r, enum reading_step step,
                             const struct packet *packets, uint32_t count)
{
    struct filter *filter = r->options->packet_filter;
    if (filter && !filter_pass(filter, packets))
        dissect_filtered(r->dissector);
    else if (filter || step == READING_PACKETS)
        dissect_packet(r->dissector, packets, r->batch);
    else
        return dissect_packets(r->dissector, packets, count, r->batch);
    return 1;
}

static bool take_run(struct reading *r, enum reading_step step, const struct packet *packets,
                     uint32_t count, reading_taker *take, void *context)
{
    for (uint32_t i = 0; i < count;) {
        i += dissect_some(r, step, packets + i, count - i);
        bool due = step == READING_PACKETS ? r->batch->count > 0 : batch_full(r->batch);
        if (due && !take(context, &packets[i - 1], r->batch))
            return false;
    }
    return true;
}

/* The next packets, where nobody asks for them one by one: how many. */
static uint32_t dissect_straight_on(struct reading *r, enum reading_step step)
{
    if (step == READING_PACKETS || r->options->packet_filter)
        return 0;
    return dissect_straight(r->dissector, r->timeline, r->batch);
}

bool reading_run(struct reading *r, enum reading_step step, reading_taker *take, void *context)
{
    const struct packet *packets;
    uint32_t count;
    enum capture_status status = CAPTURE_END;
    while (!interrupted()) {
        count = dissect_straight_on(r, step);
        if (count && batch_full(r->batch) && !take(context, NULL, r->batch))
            return false;
        if (!count) {
            status = timeline_next_run(r->timeline, &packets, &count);
            if (status != CAPTURE_PACKET)
                break;
            if (!take_run(r, step, packets, count, take, context))
                return false;
        }
        progress_packets(&r->progress, r->timeline, count);
    }
    if (status == CAPTURE_NO_MEMORY)
        return fail("out of memory while reading the captures");
    do {
        if (!take(context, NULL, r->batch))
            return false;
    } while (dissect_flush(r->dissector, r->batch));
    return take(context, NULL, r->batch);
}

bool reading_tell_status(const struct analyzer *analyzer, enum analyzer_status status)
{
    switch (status) {
    case ANALYZER_OK:
        return true;
    case ANALYZER_NO_MEMORY:
        return fail("out of memory; a lower --max-memory reports connections earlier instead");
    case ANALYZER_LOST:
        tell("the temporary file in %s, which held closed connections, failed: %s; TMPDIR names "
             "another folder",
             temporary_folder(), strerror(analyzer_spill_error(analyzer)));
        return false;
    case ANALYZER_STOPPED:
        break;
    }
    return false; /* who stopped it says why: an output when it is closed */
}

static bool feed(void *context, const struct packet *packet, struct segment_batch *batch)
{
    (void)packet;
    bool fed = reading_tell_status(context, analyzer_feed(context, batch));
    analyzer_clear(context, batch);
    return fed;
}

struct handing {
    struct reading *reading;
    struct analysis *analysis;
};

static bool pass_on(void *context, const struct packet *packet, struct segment_batch *batch)
{
    struct handing *h = context;
    (void)packet;
    if (batch->count)
        h->reading->batch = analysis_pass(h->analysis, batch);
    return !analysis_stopped(h->analysis);
}

static bool is_interrupted(void)
{
    return interrupted() != 0;
}

/* False after its line, or after the sink's. */
static bool feed_all(struct reading *r, struct analyzer *analyzer)
{
    analyzer_finish_hurried(analyzer, is_interrupted);
    if (r->threads > 1)
        analyzer_finish_with_thread(analyzer);
    if (r->counts_apart)
        analyzer_count_with_thread(analyzer);
    struct analysis *analysis = r->analyses_apart ? analysis_start(analyzer, r->helpers) : NULL;
    if (!analysis)
        return reading_run(r, READING_BATCHES, feed, analyzer);
    struct handing handing = {r, analysis};
    bool read = reading_run(r, READING_BATCHES, pass_on, &handing);
    return reading_tell_status(analyzer, analysis_join(analysis)) && read;
}

bool reading_analyse(struct reading *r, struct analyzer *analyzer)
{
    return feed_all(r, analyzer) &&
           reading_tell_status(analyzer,
                               analyzer_finish(analyzer, timeline_highest_ns(r->timeline)));
}
