/*
 * What the capture holds, in a few lines.
 */
#include "reports/text_clean.h"
#include "reports/text_report.h"
#include "reports/text_words.h"

#include <string.h>

enum { INDENT = 14, FILES_NAMED = 3, PROTOCOLS_NAMED = 4 };

static const char *const handshake_words[HANDSHAKES] = {
    [HANDSHAKE_COMPLETE] = "opened",
    [HANDSHAKE_REFUSED] = "refused",
    [HANDSHAKE_UNANSWERED] = "unanswered",
    [HANDSHAKE_ABORTED] = "given up while opening",
    [HANDSHAKE_MID_STREAM] = "open before the capture began",
    [HANDSHAKE_SIMULTANEOUS] = "opened by both ends at once",
};

static const char *const close_words[CLOSE_KINDS] = {
    [CLOSE_GRACEFUL] = "graceful",
    [CLOSE_SIMULTANEOUS] = "closed by both ends at once",
    [CLOSE_RESET] = "reset",
    [CLOSE_VANISHED] = "vanished (an end no longer answers)",
    [CLOSE_MID_CLOSE] = "still closing",
    [CLOSE_HALF_CLOSED] = "half-closed",
    [CLOSE_OPEN] = "still open",
    [CLOSE_NONE] = "never opened",
};

static void put(struct text_report *report, const char *label, const struct sentence *sentence)
{
    page_paragraph(&report->page, INDENT, TONE_FAINT, label, sentence->text);
}

static void put_files(struct text_report *report)
{
    const struct capture_findings *findings = report->findings;
    for (uint32_t i = 0; i < findings->file_count && i < FILES_NAMED; i++) {
        char name[TEXT_CLEAN_BYTES];
        const char *raw = findings->files[i].name;
        text_clean(name, sizeof name, raw, strlen(raw));
        page_paragraph(&report->page, INDENT, TONE_FAINT, i ? "" : "Capture", name);
    }
    if (findings->file_count > FILES_NAMED) {
        struct sentence more = {0};
        sentence_add(&more, "and ");
        words_amount(&more, findings->file_count - FILES_NAMED, "more files");
        put(report, "", &more);
    }
}

static void put_observer(struct text_report *report)
{
    char name[TEXT_CLEAN_BYTES];
    const char *observer = report->options->observer;
    if (!observer || !*observer)
        return;
    text_clean(name, sizeof name, observer, strlen(observer));
    page_paragraph(&report->page, INDENT, TONE_FAINT, "Observer", name);
}

/* What decides which connections are seen, and how they are judged. */
static void put_options(struct text_report *report)
{
    struct sentence line = {0};
    for (size_t i = 0; i < report->options->argument_count; i++) {
        const struct report_argument *argument = &report->options->arguments[i];
        char value[SENTENCE_BYTES / 4];
        sentence_add(&line, i ? ", " : "");
        sentence_add(&line, argument->name);
        if (!argument->value)
            continue;
        text_clean(value, sizeof value, argument->value, strlen(argument->value));
        sentence_add(&line, " ");
        sentence_add(&line, value);
    }
    if (line.length)
        put(report, "Options", &line);
}

/* Over all files: of all packets, not only of those with TCP. */
static void put_span(struct text_report *report)
{
    int64_t start_ns = TIME_UNKNOWN, end_ns = TIME_UNKNOWN;
    for (uint32_t i = 0; i < report->findings->file_count; i++) {
        const struct file_findings *file = &report->findings->files[i];
        if (file->start_ns == TIME_UNKNOWN)
            continue;
        if (start_ns == TIME_UNKNOWN || file->start_ns < start_ns)
            start_ns = file->start_ns;
        if (file->end_ns > end_ns)
            end_ns = file->end_ns;
    }
    struct sentence span = {0};
    words_span(&span, start_ns, end_ns);
    if (start_ns != TIME_UNKNOWN && end_ns > start_ns) {
        sentence_add(&span, " (");
        sentence_add_duration(&span, (uint64_t)end_ns - (uint64_t)start_ns);
        sentence_add(&span, ")");
    }
    put(report, "Time (UTC)", &span);
}

static uint64_t sum_of(const uint64_t *counts, unsigned kinds)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < kinds; i++)
        sum += counts[i];
    return sum;
}

/* The most frequent, by what remains of the counts. */
static void add_protocols(struct sentence *sentence, const struct capture_findings *findings,
                          uint64_t other)
{
    uint64_t counts[OTHERS];
    memcpy(counts, findings->other, sizeof counts);
    uint64_t named = 0;
    for (unsigned n = 0; n < PROTOCOLS_NAMED; n++) {
        unsigned most = 0;
        for (unsigned i = 1; i < OTHERS; i++) {
            if (counts[i] > counts[most])
                most = i;
        }
        if (!counts[most])
            break;
        sentence_add(sentence, n ? ", " : " (");
        sentence_add(sentence, other_name(most));
        sentence_add(sentence, " ");
        words_number(sentence, counts[most]);
        named += counts[most];
        counts[most] = 0;
    }
    if (named && named < other) {
        sentence_add(sentence, ", others ");
        words_number(sentence, other - named);
    }
    sentence_add(sentence, named ? ")" : "");
}

static void put_packets(struct text_report *report)
{
    const struct capture_findings *findings = report->findings;
    uint64_t undecodable = sum_of(findings->undecodable, UNDECODABLES);
    uint64_t other = findings->packets - findings->tcp - undecodable;
    struct sentence line = {0};
    words_number(&line, findings->packets);
    sentence_add(&line, ": ");
    words_number(&line, findings->tcp);
    sentence_add(&line, " TCP, ");
    words_number(&line, other);
    sentence_add(&line, " other");
    add_protocols(&line, findings, other);
    sentence_add(&line, ", ");
    words_number(&line, undecodable);
    sentence_add(&line, " undecodable");
    put(report, "Packets", &line);
}

/* The ordinary first, whatever the order of the kinds. */
static void add_closes(struct sentence *line, const struct summary_verdict *summary)
{
    static const uint8_t order[] = {CLOSE_GRACEFUL, CLOSE_SIMULTANEOUS, CLOSE_RESET,
                                    CLOSE_VANISHED, CLOSE_MID_CLOSE,    CLOSE_HALF_CLOSED,
                                    CLOSE_OPEN,     CLOSE_NONE};
    _Static_assert(sizeof order == CLOSE_KINDS, "each kind once");
    uint64_t counts[CLOSE_KINDS];
    const char *names[CLOSE_KINDS];
    for (unsigned i = 0; i < CLOSE_KINDS; i++) {
        counts[i] = summary->closes[order[i]];
        names[i] = close_words[order[i]];
    }
    words_counts(line, counts, CLOSE_KINDS, names);
}

void text_capture(struct text_report *report, const struct summary_verdict *summary, bool complete)
{
    put_files(report);
    put_observer(report);
    put_options(report);
    put_span(report);
    put_packets(report);
    struct sentence line = {0};
    words_number(&line, summary->connections);
    if (summary->connections) {
        sentence_add(&line, ": ");
        words_counts(&line, summary->handshakes, HANDSHAKES, handshake_words);
        put(report, "Connections", &line);
        sentence_init(&line);
        add_closes(&line, summary);
        put(report, "How they end", &line);
    } else {
        put(report, "Connections", &line);
    }
    if (!complete)
        page_paragraph(&report->page, INDENT, TONE_WARNING, "INTERRUPTED",
                       "This is about the packets that had been read until then.");
}
