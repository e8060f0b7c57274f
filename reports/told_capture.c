/*
 * What the capture holds, in a few lines.
 */
#include "reports/text_clean.h"
#include "reports/text_words.h"
#include "reports/told.h"

#include <string.h>

enum { FILES_NAMED = 3, PROTOCOLS_NAMED = 4 };

static const char *const handshake_words[HANDSHAKES] = {
    [HANDSHAKE_COMPLETE] = "opened",
    [HANDSHAKE_REFUSED] = "refused",
    [HANDSHAKE_UNANSWERED] = "unanswered",
    [HANDSHAKE_ABORTED] = "given up while opening",
    [HANDSHAKE_MID_STREAM] = "open before the capture began",
    [HANDSHAKE_SIMULTANEOUS] = "opened by both ends at once",
};

const char *const told_close_words[CLOSE_KINDS] = {
    [CLOSE_GRACEFUL] = "graceful",
    [CLOSE_SIMULTANEOUS] = "closed by both ends at once",
    [CLOSE_RESET] = "reset",
    [CLOSE_VANISHED] = "vanished (an end no longer answers)",
    [CLOSE_MID_CLOSE] = "still closing",
    [CLOSE_HALF_CLOSED] = "half-closed",
    [CLOSE_OPEN] = "still open",
    [CLOSE_NONE] = "never opened",
};

const uint8_t told_close_order[CLOSE_KINDS] = {
    CLOSE_GRACEFUL,  CLOSE_SIMULTANEOUS, CLOSE_RESET, CLOSE_VANISHED,
    CLOSE_MID_CLOSE, CLOSE_HALF_CLOSED,  CLOSE_OPEN,  CLOSE_NONE,
};

struct lines {
    const struct told *told;
    told_line put;
    void *context;
};

static void put(const struct lines *lines, const char *label, const struct sentence *sentence)
{
    lines->put(lines->context, label, sentence->text);
}

static void put_files(const struct lines *lines)
{
    const struct capture_findings *findings = lines->told->findings;
    for (uint32_t i = 0; i < findings->file_count && i < FILES_NAMED; i++) {
        char name[TEXT_CLEAN_BYTES];
        const char *raw = findings->files[i].name;
        text_clean(name, sizeof name, raw, strlen(raw));
        lines->put(lines->context, i ? "" : "Capture", name);
    }
    if (findings->file_count > FILES_NAMED) {
        struct sentence more = {0};
        sentence_add(&more, "and ");
        words_amount(&more, findings->file_count - FILES_NAMED, "more files");
        put(lines, "", &more);
    }
}

static void put_observer(const struct lines *lines)
{
    char name[TEXT_CLEAN_BYTES];
    const char *observer = lines->told->options->observer;
    if (!observer || !*observer)
        return;
    text_clean(name, sizeof name, observer, strlen(observer));
    lines->put(lines->context, "Observer", name);
}

/* What decides which connections are seen, and how they are judged. */
static void put_options(const struct lines *lines)
{
    struct sentence line = {0};
    for (size_t i = 0; i < lines->told->options->argument_count; i++) {
        const struct report_argument *argument = &lines->told->options->arguments[i];
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
        put(lines, "Options", &line);
}

/* Over all files: of all packets, not only of those with TCP. */
static void put_span(const struct lines *lines)
{
    int64_t start_ns = TIME_UNKNOWN, end_ns = TIME_UNKNOWN;
    for (uint32_t i = 0; i < lines->told->findings->file_count; i++) {
        const struct file_findings *file = &lines->told->findings->files[i];
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
    put(lines, "Time (UTC)", &span);
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

static void put_packets(const struct lines *lines)
{
    const struct capture_findings *findings = lines->told->findings;
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
    put(lines, "Packets", &line);
}

static void add_closes(struct sentence *line, const struct summary_verdict *summary)
{
    uint64_t counts[CLOSE_KINDS];
    const char *names[CLOSE_KINDS];
    for (unsigned i = 0; i < CLOSE_KINDS; i++) {
        counts[i] = summary->closes[told_close_order[i]];
        names[i] = told_close_words[told_close_order[i]];
    }
    words_counts(line, counts, CLOSE_KINDS, names);
}

/* Of those that are left out one should know before reading any number. */
static void put_interruption(const struct lines *lines, const struct summary_verdict *summary)
{
    struct sentence line = {0};
    sentence_add(&line, "This is about the packets that had been read until then");
    if (summary->not_concluded) {
        sentence_add(&line, ", without ");
        words_amount(&line, summary->not_concluded, "connections");
        sentence_add(&line, " that were not concluded any more: they are in no number, and rules "
                            "about hosts say nothing");
    }
    sentence_add(&line, ".");
    put(lines, TOLD_INTERRUPTED, &line);
}

void told_capture(const struct told *told, const struct summary_verdict *summary, bool complete,
                  told_line take, void *context)
{
    struct lines with = {told, take, context};
    const struct lines *lines = &with;
    put_files(lines);
    put_observer(lines);
    put_options(lines);
    put_span(lines);
    put_packets(lines);
    struct sentence line = {0};
    words_number(&line, summary->connections);
    if (summary->connections) {
        sentence_add(&line, ": ");
        words_counts(&line, summary->handshakes, HANDSHAKES, handshake_words);
        put(lines, "Connections", &line);
        sentence_init(&line);
        add_closes(&line, summary);
        put(lines, TOLD_ENDS, &line);
    } else {
        put(lines, "Connections", &line);
    }
    if (!complete)
        put_interruption(lines, summary);
}
