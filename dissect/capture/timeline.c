#include "dissect/capture/timeline.h"

#include "dissect/capture/survey.h"

#include <stdlib.h>
#include <string.h>

/* Packets read from a file at once, at most. */
#define RUN_PACKETS 64u

/* An open file with its next packets. */
struct stream {
    struct capture *capture;
    const struct source *source; /* the capture's */
    int64_t key_ns; /* highest time up to and with the next packet; TIME_UNKNOWN is lowest of all */
    uint32_t file;
    uint32_t at, count; /* packets[at] is the next */
    struct packet packets[RUN_PACKETS];
};

struct timeline {
    struct capture_findings *findings;
    struct survey survey;
    uint32_t first_file; /* findings' index of the first input */
    uint32_t *order;     /* inputs by first time */
    uint32_t next;       /* of the order: the first not yet opened */
    uint32_t prepared;   /* of the order: the first that no thread reads ahead */
    struct source_pool *pool;
    uint32_t ahead_most; /* files whose turn has not come that are read ahead */
    struct stream *heap[TIMELINE_OPEN_MAX];
    uint32_t open_count;
    uint32_t given;           /* packets of the heap's top that have been handed out */
    const struct packet *run; /* timeline_next() has some of a run left */
    uint32_t run_left;
    bool no_memory;
    int64_t highest_ns;
    uint64_t finished_bytes;
    uint64_t total_bytes;
};

static bool is_before(int64_t key_ns, uint32_t file, int64_t than_ns, uint32_t than_file)
{
    return key_ns != than_ns ? key_ns < than_ns : file < than_file;
}

static bool before(const struct stream *a, const struct stream *b)
{
    return is_before(a->key_ns, a->file, b->key_ns, b->file);
}

static void sift_down(struct timeline *t, uint32_t at)
{
    struct stream *moved = t->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= t->open_count)
            break;
        if (child + 1 < t->open_count && before(t->heap[child + 1], t->heap[child]))
            child++;
        if (!before(t->heap[child], moved))
            break;
        t->heap[at] = t->heap[child];
        at = child;
    }
    t->heap[at] = moved;
}

static void sift_up(struct timeline *t, uint32_t at)
{
    struct stream *moved = t->heap[at];
    while (at) {
        uint32_t parent = (at - 1) / 2;
        if (!before(moved, t->heap[parent]))
            break;
        t->heap[at] = t->heap[parent];
        at = parent;
    }
    t->heap[at] = moved;
}

static void close_stream(struct timeline *t, struct stream *stream)
{
    t->finished_bytes += source_raw_bytes(stream->source);
    capture_destroy(stream->capture);
    free(stream);
}

static int64_t key_with(int64_t key_ns, const struct packet *packet)
{
    return packet->time_ns > key_ns ? packet->time_ns : key_ns;
}

/* Reads on when the stream's packets have been handed out. False at its end. */
static bool advance(struct timeline *t, struct stream *stream)
{
    if (stream->at == stream->count) {
        enum capture_status status =
            capture_next_run(stream->capture, stream->packets, RUN_PACKETS, &stream->count);
        stream->at = 0;
        if (status == CAPTURE_NO_MEMORY)
            t->no_memory = true;
        if (status != CAPTURE_PACKET)
            return false;
    }
    stream->key_ns = key_with(stream->key_ns, &stream->packets[stream->at]);
    return true;
}

/* Of files whose turn comes later what can be decompressed now. One that cannot be opened is told
 * of in its turn. */
static void prepare(struct timeline *t)
{
    if (t->prepared < t->next)
        t->prepared = t->next;
    for (; t->prepared < t->survey.count && t->prepared - t->next < t->ahead_most; t->prepared++) {
        struct input *input = &t->survey.inputs[t->order[t->prepared]];
        char error[256];
        if (!input->inflates || input->source)
            continue;
        input->source = source_open(input->path, error, sizeof error);
        if (input->source && source_can_read_ahead(input->source))
            source_read_ahead(input->source, t->pool);
    }
}

static struct source *open_input(struct timeline *t, struct input *input, uint32_t file)
{
    char error[256];
    struct source *source = input->source;
    input->source = NULL;
    if (source)
        return source;
    source = source_open(input->path, error, sizeof error);
    if (!source && !findings_error(&t->findings->files[file], error))
        t->no_memory = true;
    return source;
}

static void open_stream(struct timeline *t, uint32_t index)
{
    struct input *input = &t->survey.inputs[index];
    uint32_t file = t->first_file + index;
    if (input->unreadable)
        return;
    struct source *source = open_input(t, input, file);
    if (!source)
        return;
    struct stream *stream = calloc(1, sizeof *stream);
    struct capture *capture = stream ? capture_create(source, t->findings, file) : NULL;
    if (!capture) {
        source_destroy(source);
        free(stream);
        t->no_memory = true;
        return;
    }
    *stream =
        (struct stream){.capture = capture, .source = source, .key_ns = TIME_UNKNOWN, .file = file};
    if (!advance(t, stream)) {
        close_stream(t, stream);
        return;
    }
    t->heap[t->open_count] = stream;
    sift_up(t, t->open_count++);
}

/* The next file may have a packet before one of that time. One that begins with it waits: when it
 * goes on where the other ends, the two are one tap. */
static bool next_is_due(const struct timeline *t, int64_t key_ns)
{
    if (t->next == t->survey.count || t->open_count == TIMELINE_OPEN_MAX)
        return false;
    int64_t first_ns = t->survey.inputs[t->order[t->next]].first_ns;
    return first_ns == TIME_UNKNOWN || first_ns < key_ns;
}

/* Opens every file that may have a packet before the heap's top. */
static void open_due(struct timeline *t)
{
    while (t->next < t->survey.count && !t->no_memory) {
        if (t->open_count && !next_is_due(t, t->heap[0]->key_ns))
            return;
        if (t->pool)
            prepare(t);
        uint32_t index = t->order[t->next++];
        open_stream(t, index);
    }
}

static void read_on(struct timeline *t)
{
    struct stream *top = t->heap[0];
    top->at += t->given;
    t->given = 0;
    if (!advance(t, top)) {
        t->heap[0] = t->heap[--t->open_count];
        close_stream(t, top);
    }
    if (t->open_count)
        sift_down(t, 0);
}

/* With its next packet at that time the heap's top remains the top. */
static bool stays_first(const struct timeline *t, const struct stream *top, int64_t key_ns)
{
    for (uint32_t child = 1; child <= 2 && child < t->open_count; child++) {
        const struct stream *other = t->heap[child];
        if (is_before(other->key_ns, other->file, key_ns, top->file))
            return false;
    }
    return !next_is_due(t, key_ns);
}

static void note_order(struct timeline *t, const struct stream *top)
{
    if (top->key_ns >= t->highest_ns)
        t->highest_ns = top->key_ns;
    else if (top->key_ns != TIME_UNKNOWN)
        t->findings->files[top->file].oddities[ODDITY_CLOCK_BACKWARDS]++;
}

/* Nothing is left for the top's packets to be compared with, nor will be. */
static bool is_alone(const struct timeline *t, const struct stream *top)
{
    return t->open_count == 1 && t->next == t->survey.count && top->key_ns >= t->highest_ns;
}

/* All that was read of the file goes out. */
static void hand_out_all(struct timeline *t, struct stream *top)
{
    top->key_ns = t->highest_ns = t->findings->files[top->file].end_ns;
}

/* How many of the top's packets come before all others. */
static uint32_t run_of(struct timeline *t, struct stream *top)
{
    if (is_alone(t, top)) {
        hand_out_all(t, top);
        return top->count - top->at;
    }
    uint32_t end = top->at + 1;
    note_order(t, top);
    for (; end < top->count; end++) {
        int64_t key_ns = key_with(top->key_ns, &top->packets[end]);
        if (!stays_first(t, top, key_ns))
            break;
        top->key_ns = key_ns;
        note_order(t, top);
    }
    return end - top->at;
}

enum capture_status timeline_next_run(struct timeline *t, const struct packet **packets,
                                      uint32_t *count)
{
    if (t->given)
        read_on(t);
    if (t->next < t->survey.count)
        open_due(t);
    if (t->no_memory)
        return CAPTURE_NO_MEMORY;
    if (!t->open_count)
        return CAPTURE_END;
    struct stream *top = t->heap[0];
    t->given = run_of(t, top);
    *packets = &top->packets[top->at];
    *count = t->given;
    return CAPTURE_PACKET;
}

struct capture *timeline_alone(const struct timeline *t)
{
    const struct stream *top = t->heap[0];
    bool handed_out = t->given && top->at + t->given == top->count && !t->run_left;
    return handed_out && is_alone(t, top) ? top->capture : NULL;
}

void timeline_went_on(struct timeline *t)
{
    hand_out_all(t, t->heap[0]);
}

int64_t timeline_highest_ns(const struct timeline *t)
{
    return t->highest_ns;
}

enum capture_status timeline_next(struct timeline *t, struct packet *packet)
{
    if (!t->run_left) {
        enum capture_status status = timeline_next_run(t, &t->run, &t->run_left);
        if (status != CAPTURE_PACKET)
            return status;
    }
    *packet = *t->run++;
    t->run_left--;
    return CAPTURE_PACKET;
}

static int by_first_time(const void *left, const void *right, void *survey)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    const struct input *inputs = ((const struct survey *)survey)->inputs;
    if (inputs[a].first_ns != inputs[b].first_ns)
        return inputs[a].first_ns < inputs[b].first_ns ? -1 : 1;
    return a < b ? -1 : a > b;
}

static uint64_t size_of_all(const struct survey *survey)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < survey->count; i++) {
        if (survey->inputs[i].pipe)
            return 0;
        total += survey->inputs[i].size;
    }
    return total;
}

struct timeline *timeline_open(const char *const *paths, size_t path_count,
                               struct capture_findings *findings)
{
    if (!path_count)
        return NULL;
    struct timeline *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->findings = findings;
    t->first_file = findings->file_count;
    t->highest_ns = TIME_UNKNOWN;
    if (!survey_take(&t->survey, paths, path_count, findings))
        goto failed;
    t->order = calloc(t->survey.count, sizeof *t->order);
    if (!t->order)
        goto failed;
    for (uint32_t i = 0; i < t->survey.count; i++)
        t->order[i] = i;
    qsort_r(t->order, t->survey.count, sizeof *t->order, by_first_time, &t->survey);
    t->total_bytes = size_of_all(&t->survey);
    return t;
failed:
    timeline_destroy(t);
    return NULL;
}

void timeline_destroy(struct timeline *t)
{
    if (!t)
        return;
    while (t->open_count)
        close_stream(t, t->heap[--t->open_count]);
    survey_finish(&t->survey);
    source_pool_destroy(t->pool);
    free(t->order);
    free(t);
}

uint32_t timeline_inflating(const struct timeline *t)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->survey.count; i++)
        count += t->survey.inputs[i].inflates;
    return count;
}

void timeline_read_ahead(struct timeline *t, unsigned threads)
{
    t->pool = source_pool_create(threads);
    /* The reader may be at one itself, and each thread at another. */
    t->ahead_most = threads + 2;
}

uint64_t timeline_bytes_read(const struct timeline *t)
{
    uint64_t bytes = t->finished_bytes;
    for (uint32_t i = 0; i < t->open_count; i++)
        bytes += source_raw_bytes(t->heap[i]->source);
    return bytes;
}

uint64_t timeline_bytes_total(const struct timeline *t)
{
    return t->total_bytes;
}
