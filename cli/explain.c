#include "cli/explain.h"

#include "analyzer/analyzer.h"
#include "cli/confine.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/second_pass.h"
#include "cli/tell.h"
#include "cli/terminal.h"
#include "reports/ladder_record.h"
#include "reports/text_ladder.h"
#include "reports/text_words.h"

#include <inttypes.h>
#include <stdlib.h>

#define EXIT_SHOWN    0
#define EXIT_FAULT    1
#define EXIT_DAMAGED  2
#define EXIT_SIGNAL   128
#define MATCHES_SHOWN 20

#define ERROR_BYTES 512

struct explain {
    const struct options *options;
    struct reading reading;
    struct analyzer *analyzer;
    struct connection_verdict *matches[MATCHES_SHOWN]; /* owned: the first that were final */
    size_t kept;
    uint64_t matching;
    struct ladder *ladder;
    struct text_page page;
};

static bool complain(const char *sentence)
{
    tell("%s", sentence);
    return false;
}

static bool fail(const char *sentence)
{
    tell("explain: %s", sentence);
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

/* ---- several that match --------------------------------------------------------------------- */

static int by_start(const void *left, const void *right)
{
    const struct connection_verdict *a = *(struct connection_verdict *const *)left;
    const struct connection_verdict *b = *(struct connection_verdict *const *)right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->first_frame < b->first_frame ? -1 : a->first_frame > b->first_frame;
}

/* On standard error what to do, on standard output what there is to choose from. */
static bool list_matches(struct explain *e)
{
    fprintf(stderr,
            "finwait: explain: %" PRIu64
            " connections match; give the id of one: --connection ID\n",
            e->matching);
    qsort(e->matches, e->kept, sizeof(struct connection_verdict *), by_start);
    for (size_t i = 0; i < e->kept; i++)
        text_connection_choice(&e->page, e->matches[i]);
    if (e->kept < e->matching) {
        struct sentence rest = {0};
        sentence_add(&rest, "and ");
        words_number(&rest, e->matching - e->kept);
        sentence_add(&rest, " more: --from and --to, or both ends, leave fewer.");
        page_paragraph(&e->page, 0, TONE_PLAIN, "", rest.text);
    }
    return output_ok(e->page.output);
}

/* ---- the one -------------------------------------------------------------------------------- */

static bool take_segment(void *context, const struct wanted_segment *told)
{
    struct explain *e = context;
    return ladder_add(e->ladder, told->segment, told->from, told->segment_class) ||
           fail("out of memory");
}

static bool read_segments(struct explain *e)
{
    struct wanted wanted = wanted_of(e->matches[0], &e->options->analyzer);
    const struct second_pass pass = {.options = e->options,
                                     .first = &e->reading.findings,
                                     .wanted = &wanted,
                                     .wanted_count = 1,
                                     .take = take_segment,
                                     .context = e};
    e->ladder = ladder_create(e->matches[0]);
    if (!e->ladder)
        return fail("out of memory");
    if (!second_pass_run(&pass))
        return false;
    if (wanted.told != wanted.packets)
        return fail("memory was full, and connections were reported early; give more with "
                    "--max-memory, or look at fewer with --filter");
    return true;
}

static void write_json(struct explain *e, const struct ladder_row *rows, size_t count)
{
    struct json_writer writer;
    json_writer_init(&writer, e->page.output);
    ladder_record(&writer, e->matches[0], rows, count);
    json_flush(&writer);
    output_text(e->page.output, "\n");
}

static bool show(struct explain *e)
{
    size_t count;
    if (!read_segments(e))
        return false;
    const struct ladder_row *rows = ladder_rows(e->ladder, &count);
    if (!rows)
        return fail("out of memory");
    struct told_connection told = {e->matches[0], &e->reading.findings, rows, count};
    if (e->options->format == REPORT_JSON)
        write_json(e, rows, count);
    else
        text_ladder(&e->page, &told);
    return output_ok(e->page.output);
}

static bool explain_run(struct explain *e)
{
    const char *pipe = second_pass_obstacle(e->options);
    if (!choice_given(&e->options->connection))
        return fail("which connection? Give --connection ID or TUPLE (see finwait explain --help)");
    if (pipe) {
        tell("explain: %s: the captures are read twice, which a pipe cannot be; write it to a "
             "file first",
             pipe);
        return false;
    }
    if (!confine(e->options, e->page.output) || !find_matches(e))
        return false;
    if (!e->matching)
        return fail("no connection matches; finwait --connections --format ndjson lists them all, "
                    "each with its id (tcp.connection)");
    return e->matching > 1 ? list_matches(e) : show(e);
}

/* What was written when something failed is thrown away. */
static bool close_output(struct explain *e, bool done)
{
    char error[ERROR_BYTES];
    if (done || !output_ok(e->page.output))
        return output_commit(e->page.output, error, sizeof error) || complain(error);
    output_discard(e->page.output);
    return false;
}

int explain_command(const struct options *options)
{
    struct explain e = {.options = options};
    char error[ERROR_BYTES];
    bool shown = false;
    e.page = (struct text_page){output_open(options->output, error, sizeof error),
                                terminal_style(options)};
    if (e.page.output)
        shown = close_output(&e, explain_run(&e));
    else
        complain(error);
    bool damaged = findings_damaged(&e.reading.findings);
    for (size_t i = 0; i < e.kept; i++)
        free(e.matches[i]);
    ladder_destroy(e.ladder);
    analyzer_destroy(e.analyzer);
    reading_close(&e.reading);
    if (interrupted())
        return EXIT_SIGNAL + interrupted();
    if (!shown || e.matching > 1)
        return EXIT_FAULT;
    return damaged ? EXIT_DAMAGED : EXIT_SHOWN;
}
