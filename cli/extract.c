/*
 * The captures are read several times: for the verdicts, that say which connections are wanted;
 * where anomalies of hosts are, for the connections that those rest on; for the packets of all
 * these; and to write them, which needs no more than one bit of each packet. So the packets keep
 * their order, whatever became known late: fragments, and what a forged SYN opened.
 */
#include "cli/extract.h"

#include "analyzer/analyzer.h"
#include "cli/confine.h"
#include "cli/frame_set.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/remarks.h"
#include "cli/second_pass.h"
#include "cli/tell.h"
#include "reports/output.h"
#include "reports/pcapng_writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_WRITTEN 0
#define EXIT_FAULT   1
#define EXIT_DAMAGED 2
#define EXIT_SIGNAL  128

#define ERROR_BYTES 512
#define FILES_NAMED 16

struct extract {
    const struct options *options;
    struct output *output;
    struct reading reading; /* the first */
    struct analyzer *analyzer;
    struct wanted *wanted;
    size_t wanted_count, wanted_capacity;
    uint64_t matching; /* those beyond --max-connections included */
    struct remarks remarks;
    struct frame_set frames;
    /* What anomalies of hosts rest on: packets, and the connections to which those went. */
    struct frame_set host_frames;
    struct host_name *host_names;
    size_t host_name_count;
    struct frame_set host_first_frames; /* of these connections */
};

struct host_name {
    struct flow_key key;
    struct trace_name name;
};

static bool fail(const char *sentence)
{
    tell("extract: %s", sentence);
    return false;
}

static bool fail_with(const char *path, const char *sentence)
{
    tell("extract: %s%s", path, sentence);
    return false;
}

/* ---- which are wanted ----------------------------------------------------------------------- */

static bool by_anomaly(const struct options *o)
{
    return o->some_rules || o->given[OPTION_EXTRACT_SEVERITY];
}

static bool is_chosen(const struct options *o, const struct anomaly_verdict *anomaly)
{
    return !o->rule_left_out[anomaly->rule] && anomaly->severity >= o->min_severity;
}

static bool is_wanted(const struct options *o, const struct connection_verdict *v)
{
    if (choice_given(&o->connection) && !choice_matches(&o->connection, v))
        return false;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (is_chosen(o, &v->anomalies[i]))
            return true;
    }
    return !by_anomaly(o);
}

static bool want(struct extract *e, const struct connection_verdict *v)
{
    if (e->wanted_count == e->wanted_capacity) {
        size_t capacity = e->wanted_capacity ? e->wanted_capacity * 2 : 16;
        struct wanted *wanted = reallocarray(e->wanted, capacity, sizeof *wanted);
        if (!wanted)
            return fail("out of memory");
        e->wanted = wanted;
        e->wanted_capacity = capacity;
    }
    e->wanted[e->wanted_count++] = wanted_of(v, &e->options->analyzer);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (is_chosen(e->options, &v->anomalies[i]) &&
            !remarks_add(&e->remarks, &v->anomalies[i], v))
            return fail("out of memory");
    }
    return true;
}

static bool take_connection(void *context, const struct connection_verdict *v)
{
    struct extract *e = context;
    if (!is_wanted(e->options, v))
        return true;
    e->matching++;
    return e->wanted_count == e->options->max_connections || want(e, v);
}

static bool take_host_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    struct extract *e = context;
    if (!is_chosen(e->options, anomaly))
        return true;
    if (!remarks_add(&e->remarks, anomaly, NULL))
        return fail("out of memory");
    for (uint32_t i = 0; i < anomaly->evidence_count; i++) {
        if (!frame_set_add(&e->host_frames, anomaly->evidence[i].frame))
            return fail("out of memory");
    }
    return true;
}

static bool find_wanted(struct extract *e)
{
    const struct verdict_sink sink = {
        .connection = take_connection, .anomaly = take_host_anomaly, .context = e};
    e->analyzer = analyzer_create(&e->options->analyzer, sink);
    if (!e->analyzer)
        return fail("out of memory");
    bool done = reading_analyse(&e->reading, e->analyzer);
    progress_clear(&e->reading.progress);
    reading_tell_unreadable(&e->reading.findings);
    return done && reading_any(&e->reading.findings) && !interrupted();
}

/* ---- what anomalies of hosts rest on -------------------------------------------------------- */

static bool note_host_segment(void *context, struct trace_name name, const struct segment *g,
                              enum segment_class segment_class)
{
    struct extract *e = context;
    (void)segment_class;
    if (!frame_set_has(&e->host_frames, g->frame))
        return true;
    struct host_name *names =
        reallocarray(e->host_names, e->host_name_count + 1, sizeof *e->host_names);
    if (!names || !frame_set_add(&e->host_first_frames, name.first_frame)) {
        e->host_names = names ? names : e->host_names;
        return fail("out of memory");
    }
    e->host_names = names;
    struct host_name *added = &names[e->host_name_count++];
    added->name = name;
    flow_key_of(g, e->options->analyzer.vlan_in_key, &added->key);
    return true;
}

/* A forged SYN is no connection, and nothing rests on it. */
static bool ignore_absorbed(void *context, struct trace_name forged, struct trace_name into,
                            const struct segment *segment)
{
    (void)context;
    (void)forged;
    (void)into;
    (void)segment;
    return true;
}

static bool is_named(const struct extract *e, const struct wanted *w)
{
    for (size_t i = 0; i < e->host_name_count; i++) {
        const struct host_name *n = &e->host_names[i];
        if (n->name.first_frame == w->name.first_frame &&
            n->name.incarnation == w->name.incarnation && flow_key_equal(&n->key, &w->key))
            return true;
    }
    return false;
}

static bool is_wanted_already(const struct extract *e, const struct wanted *w)
{
    for (size_t i = 0; i < e->wanted_count; i++) {
        const struct wanted *o = &e->wanted[i];
        if (o->name.first_frame == w->name.first_frame &&
            o->name.incarnation == w->name.incarnation && flow_key_equal(&o->key, &w->key))
            return true;
    }
    return false;
}

static bool take_host_connection(void *context, const struct connection_verdict *v)
{
    struct extract *e = context;
    const struct options *o = e->options;
    if (!frame_set_has(&e->host_first_frames, v->first_frame) || is_wanted(o, v) ||
        (choice_given(&o->connection) && !choice_matches(&o->connection, v)))
        return true;
    struct wanted wanted = wanted_of(v, &o->analyzer);
    if (!is_named(e, &wanted) || is_wanted_already(e, &wanted))
        return true;
    e->matching++;
    return e->wanted_count == o->max_connections || want(e, v);
}

static bool find_host_wanted(struct extract *e)
{
    const struct verdict_sink sink = {.connection = take_host_connection, .context = e};
    const struct trace_sink trace = {
        .segment = note_host_segment, .absorbed = ignore_absorbed, .context = e};
    struct reading reading;
    struct analyzer *analyzer = NULL;
    if (!by_anomaly(e->options) || !e->host_frames.members)
        return true;
    bool done = reading_open(&reading, e->options);
    if (done) {
        analyzer = analyzer_create(&e->options->analyzer, sink);
        if (analyzer)
            analyzer_trace(analyzer, &trace);
        done = analyzer ? reading_analyse(&reading, analyzer) : fail("out of memory");
        progress_clear(&reading.progress);
    }
    analyzer_destroy(analyzer);
    reading_close(&reading);
    return done && !interrupted();
}

/* ---- their packets -------------------------------------------------------------------------- */

static bool take_frame(void *context, frame_ref frame)
{
    struct extract *e = context;
    return frame_set_add(&e->frames, frame) || fail("out of memory");
}

static bool take_segment(void *context, const struct wanted_segment *told)
{
    frame_ref frame = told->segment->frame;
    for (size_t i = 0; i < told->fragment_count; i++) {
        if (told->fragments[i].segment == frame && !take_frame(context, told->fragments[i].packet))
            return false;
    }
    return take_frame(context, frame);
}

static bool find_packets(struct extract *e)
{
    const struct second_pass pass = {.options = e->options,
                                     .first = &e->reading.findings,
                                     .wanted = e->wanted,
                                     .wanted_count = e->wanted_count,
                                     .take = take_segment,
                                     .context = e};
    if (!second_pass_run(&pass))
        return false;
    for (size_t i = 0; i < e->wanted_count; i++) {
        if (e->wanted[i].told != e->wanted[i].packets)
            return fail("memory was full, and connections were reported early; give more with "
                        "--max-memory, or look at fewer with --filter");
    }
    return remarks_frames(&e->remarks, take_frame, e);
}

/* ---- writing -------------------------------------------------------------------------------- */

/* --rule may have been given several times. */
static void put_rules(const struct options *o, FILE *stream)
{
    const char *before = "\n--rule ";
    for (unsigned i = 0; i < RULES && o->some_rules; i++) {
        if (!o->rule_left_out[i]) {
            fprintf(stream, "%s%s", before, rule_table[i].id);
            before = ",";
        }
    }
}

/* What the file is, for whoever finds it later. Its lines are ours: one in a name begins none. NULL
 * when memory ran out. */
static char *describe(const struct extract *e)
{
    char clean[TEXT_CLEAN_BYTES];
    const struct capture_findings *findings = &e->reading.findings;
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    fprintf(stream, "finwait extract: %zu connection%s of", e->wanted_count,
            e->wanted_count == 1 ? "" : "s");
    for (uint32_t i = 0; i < findings->file_count && i < FILES_NAMED; i++)
        fprintf(stream, "%s %s", i ? "," : "", clean_copy(clean, findings->files[i].name));
    if (findings->file_count > FILES_NAMED)
        fprintf(stream, ", and %" PRIu32 " more", findings->file_count - FILES_NAMED);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const char *value = e->options->given[id];
        bool decides = id != OPTION_OUTPUT && id != OPTION_SANDBOX && id != OPTION_VERBOSE;
        if (value && decides && id != OPTION_RULE)
            fprintf(stream, "\n--%s%s%s", option_table[id].name, *value ? " " : "",
                    clean_copy(clean, value));
    }
    put_rules(e->options, stream);
    bool whole = !ferror(stream);
    if (fclose(stream) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

static uint32_t flags_of(const struct packet *packet)
{
    static const struct {
        uint8_t mark;
        uint32_t flag;
    } table[] = {{PACKET_INBOUND, PCAPNG_INBOUND},
                 {PACKET_OUTBOUND, PCAPNG_OUTBOUND},
                 {PACKET_CHECKSUM_PENDING, PCAPNG_CHECKSUM_PENDING},
                 {PACKET_OFFLOADED, PCAPNG_OFFLOADED}};
    uint32_t flags = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (packet->marks & table[i].mark)
            flags |= table[i].flag;
    }
    return flags;
}

static bool write_packet(struct extract *e, struct pcapng_writer *writer,
                         const struct packet *packet, const struct capture_findings *findings)
{
    char *comment;
    if (!remarks_comment(&e->remarks, packet->frame,
                         findings->files[frame_file(packet->frame)].name, &comment))
        return fail("out of memory");
    const struct pcapng_packet out = {
        .time_ns = packet->time_ns,
        .interface = packet->interface,
        .link_type = packet->link_type,
        .interface_name = findings->interfaces[packet->interface].name,
        .bytes = packet->data,
        .captured_len = packet->captured_len,
        .original_len = packet->original_len,
        .flags = flags_of(packet),
        .fcs_len = packet->fcs_len,
        .comment = comment,
    };
    enum pcapng_status status = pcapng_write(writer, &out);
    free(comment);
    switch (status) {
    case PCAPNG_OK:
        return output_ok(e->output);
    case PCAPNG_NO_MEMORY:
        return fail("out of memory");
    case PCAPNG_UNFIT:
        break;
    }
    return fail("a packet is longer than pcapng can say");
}

/* False without a line when it is the output that failed. */
static bool copy_packets(struct extract *e, struct reading *reading, struct pcapng_writer *writer)
{
    struct packet packet;
    enum capture_status status = CAPTURE_END;
    uint64_t written = 0;
    while (!interrupted() && written < e->frames.members &&
           (status = timeline_next(reading->timeline, &packet)) == CAPTURE_PACKET) {
        progress_packets(&reading->progress, reading->timeline, 1);
        if (!frame_set_has(&e->frames, packet.frame))
            continue;
        if (!write_packet(e, writer, &packet, &reading->findings))
            return false;
        written++;
    }
    if (status == CAPTURE_NO_MEMORY)
        return fail("out of memory while reading the captures");
    if (interrupted())
        return false;
    return written == e->frames.members ||
           fail("a capture changed between its readings; where it is still being written, take a "
                "copy of it");
}

static bool write_packets(struct extract *e)
{
    struct reading reading;
    char *about = describe(e);
    struct pcapng_writer *writer = about ? pcapng_writer_create(e->output, about) : NULL;
    bool done = reading_open(&reading, e->options);
    if (done)
        done = writer ? copy_packets(e, &reading, writer) : fail("out of memory");
    progress_clear(&reading.progress);
    reading_close(&reading);
    pcapng_writer_destroy(writer);
    free(about);
    return done;
}

/* Says what went wrong when an output that had failed is closed. */
static bool close_output(struct extract *e, bool done)
{
    char error[ERROR_BYTES];
    struct output *output = e->output;
    e->output = NULL;
    if (!done && output_ok(output)) {
        output_discard(output);
        return false;
    }
    return output_commit(output, error, sizeof error) || fail(error);
}

/* ---- the verb ------------------------------------------------------------------------------- */

static bool check_options(const struct options *o)
{
    if (!by_anomaly(o) && !choice_given(&o->connection))
        return fail("which connections? Give --rule, --min-severity or --connection (see finwait "
                    "extract --help)");
    if (!o->output)
        return fail("where to? Give -o FILE, or -o - for a pipe");
    if (strcmp(o->output, "-") == 0 && isatty(STDOUT_FILENO))
        return fail("a capture is nothing for a terminal; give -o FILE, or send it into a pipe");
    const char *pipe = second_pass_obstacle(o);
    if (pipe)
        return fail_with(pipe, ": the captures are read several times, which a pipe cannot be; "
                               "write it to a file first");
    return true;
}

/* The output would take the place of what it is made of. */
static bool check_output(const struct extract *e)
{
    const struct capture_findings *findings = &e->reading.findings;
    struct stat output, input;
    if (strcmp(e->options->output, "-") == 0 || stat(e->options->output, &output) != 0 ||
        !S_ISREG(output.st_mode))
        return true;
    for (uint32_t i = 0; i < findings->file_count; i++) {
        if (stat(findings->files[i].name, &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino)
            return fail_with(e->options->output, ": is one of the captures; write to another file");
    }
    return true;
}

static bool open_output(struct extract *e)
{
    char error[ERROR_BYTES];
    e->output = output_open(e->options->output, error, sizeof error);
    return e->output || fail(error);
}

static bool fail_unmatched(const struct options *o)
{
    if (by_anomaly(o))
        return fail("no connection has such an anomaly; finwait --min-severity info tells those "
                    "that there are");
    return fail("no connection matches; finwait --connections --format ndjson lists them all, each "
                "with its id (tcp.connection)");
}

static bool extract_run(struct extract *e)
{
    if (!check_options(e->options) || !open_output(e) || !confine(e->options, e->output) ||
        !reading_open(&e->reading, e->options) || !check_output(e) || !find_wanted(e) ||
        !find_host_wanted(e))
        return false;
    if (!e->wanted_count)
        return fail_unmatched(e->options);
    if (!find_packets(e) || !close_output(e, write_packets(e)))
        return false;
    if (e->matching > e->wanted_count)
        fprintf(stderr,
                "finwait: extract: %zu of %" PRIu64 " connections are written, those that ended "
                "first; --max-connections takes more\n",
                e->wanted_count, e->matching);
    return true;
}

int extract_command(const struct options *options)
{
    struct extract e = {.options = options};
    bool written = extract_run(&e);
    bool damaged = findings_damaged(&e.reading.findings);
    if (options->verbose && written)
        progress_resources(&e.reading.progress);
    output_discard(e.output);
    analyzer_destroy(e.analyzer);
    reading_close(&e.reading);
    remarks_finish(&e.remarks);
    frame_set_finish(&e.frames);
    frame_set_finish(&e.host_frames);
    frame_set_finish(&e.host_first_frames);
    free(e.host_names);
    free(e.wanted);
    if (interrupted())
        return EXIT_SIGNAL + interrupted();
    if (!written)
        return EXIT_FAULT;
    return damaged ? EXIT_DAMAGED : EXIT_WRITTEN;
}
