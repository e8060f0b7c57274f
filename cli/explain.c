#include "cli/explain.h"

#include "analyzer/analyzer.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/second_pass.h"

#include <inttypes.h>
#include <stdlib.h>

#define EXIT_SHOWN    0
#define EXIT_FAULT    1
#define EXIT_DAMAGED  2
#define EXIT_SIGNAL   128
#define MATCHES_SHOWN 20

struct explain {
    const struct options *options;
    struct reading reading;
    struct analyzer *analyzer;
    struct connection_verdict *matches[MATCHES_SHOWN]; /* owned: the first that were final */
    size_t kept;
    uint64_t matching;
    uint64_t evicted;
};

static bool fail(const char *sentence)
{
    fprintf(stderr, "finwait: explain: %s\n", sentence);
    return false;
}

static bool keep_match(void *context, const struct connection_verdict *verdict)
{
    struct explain *e = context;
    if (!choice_matches(&e->options->connection, verdict))
        return true;
    e->matching++;
    if (e->kept == MATCHES_SHOWN)
        return true;
    e->matches[e->kept] = verdict_copy(verdict);
    if (!e->matches[e->kept])
        return fail("out of memory");
    e->kept++;
    return true;
}

static bool find_matches(struct explain *e)
{
    const struct verdict_sink sink = {.connection = keep_match, .context = e};
    if (!reading_open(&e->reading, e->options))
        return false;
    e->analyzer = analyzer_create(&e->options->analyzer, sink);
    if (!e->analyzer)
        return fail("out of memory");
    bool done = reading_analyse(&e->reading, e->analyzer);
    progress_clear(&e->reading.progress);
    reading_tell_unreadable(&e->reading.findings);
    if (!reading_any(&e->reading.findings))
        return false;
    return done && !interrupted();
}

static bool take_segment(void *context, const struct wanted_segment *told)
{
    (void)context;
    const struct segment *g = told->segment;
    printf("%" PRIu64 " %s %x %" PRIu32 " %" PRIu32 " %" PRIu32 " %s\n", frame_number(g->frame),
           role_name(told->from), g->flags, g->seq, g->ack, g->payload_len,
           segment_class_name(told->segment_class));
    return true;
}

static bool show(struct explain *e)
{
    struct wanted wanted = wanted_of(e->matches[0], &e->options->analyzer);
    const struct second_pass pass = {.options = e->options,
                                     .first = &e->reading.findings,
                                     .wanted = &wanted,
                                     .wanted_count = 1,
                                     .take = take_segment,
                                     .context = e};
    if (!second_pass_run(&pass))
        return false;
    if (wanted.told != wanted.packets)
        return fail("memory was full, and connections were reported early; give more with "
                    "--max-memory, or look at fewer with --filter");
    return true;
}

static bool explain_run(struct explain *e)
{
    const char *pipe = second_pass_obstacle(e->options);
    if (!choice_given(&e->options->connection))
        return fail("which connection? Give --connection ID or TUPLE (see finwait explain --help)");
    if (pipe) {
        fprintf(stderr,
                "finwait: explain: %s: the captures are read twice, which a pipe cannot be; write "
                "it to a file first\n",
                pipe);
        return false;
    }
    if (!find_matches(e))
        return false;
    if (!e->matching)
        return fail("no connection matches; finwait --connections --format ndjson lists them all, "
                    "each with its id (tcp.connection)");
    return show(e);
}

int explain_command(const struct options *options)
{
    struct explain e = {.options = options};
    bool shown = explain_run(&e);
    bool damaged = findings_damaged(&e.reading.findings);
    for (size_t i = 0; i < e.kept; i++)
        free(e.matches[i]);
    analyzer_destroy(e.analyzer);
    reading_close(&e.reading);
    if (interrupted())
        return EXIT_SIGNAL + interrupted();
    if (!shown)
        return EXIT_FAULT;
    return damaged ? EXIT_DAMAGED : EXIT_SHOWN;
}
