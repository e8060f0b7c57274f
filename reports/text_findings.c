/*
 * The findings in their order, each with an example. What a rule found at many services is told
 * once: a scan finds the same at hundreds.
 */
#include "reports/text_clean.h"
#include "reports/text_report.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 10, ENTRIES_SHOWN = 15, OF_A_RULE = 3, SERVICES_NAMED = 3, FINDINGS_MOST = 256 };

/* ---- an example ----------------------------------------------------------------------------- */

static void add_file(struct sentence *sentence, const struct text_report *report, uint32_t file)
{
    char name[SENTENCE_BYTES / 4];
    if (report->findings->file_count < 2 || file >= report->findings->file_count)
        return;
    const char *raw = report->findings->files[file].name;
    text_clean(name, sizeof name, raw, strlen(raw));
    sentence_add(sentence, " of ");
    sentence_add(sentence, name);
}

/* Frames count from 1 in each file: which one it is stands behind its last frame. */
static void add_frames(struct sentence *sentence, const struct text_report *report,
                       const struct example *example)
{
    sentence_add(sentence, example->frame_total == 1 ? "frame" : "frames");
    for (uint32_t i = 0; i < example->frame_count; i++) {
        uint32_t file = frame_file(example->frames[i]);
        sentence_add(sentence, i ? ", " : " ");
        sentence_add_count(sentence, frame_number(example->frames[i]));
        if (i + 1 == example->frame_count || frame_file(example->frames[i + 1]) != file)
            add_file(sentence, report, file);
    }
    if (example->frame_total > example->frame_count) {
        sentence_add(sentence, ", and ");
        words_number(sentence, example->frame_total - example->frame_count);
        sentence_add(sentence, " more");
    }
}

static void put_example(struct text_report *report, const struct example *example, bool of_many)
{
    struct sentence line = {0};
    sentence_add(&line, of_many ? "First: " : "");
    sentence_add(&line, example->sentence);
    sentence_add(&line, " (");
    if (example->frame_count) {
        add_frames(&line, report, example);
        sentence_add(&line, "; ");
    }
    sentence_add(&line, confidence_name(example->confidence));
    sentence_add(&line, ")");
    page_paragraph(&report->page, INDENT, TONE_PLAIN, "", line.text);
}

/* ---- entries -------------------------------------------------------------------------------- */

/* One finding, or all of one rule and severity. */
struct entry {
    const struct finding *first;
    uint32_t findings;
    uint64_t count, affected, connections;
    uint32_t place; /* in the order of the summary */
    bool beyond;    /* of the summary's findings there are more */
};

static uint64_t bounded(uint64_t count)
{
    uint64_t most = UINT64_C(1) << 40;
    return count < most ? count : most;
}

/* As findings are ranked: how often, times the part of the connections. */
static uint64_t weight_of(const struct entry *entry)
{
    uint64_t count = bounded(entry->count);
    uint64_t part = entry->connections > count ? count * 1000 / bounded(entry->connections) : 1000;
    return count * part;
}

/* What is said of a host or of the capture stands for many connections: it goes before what is as
 * grave and said of single ones. */
static bool adds_up(const struct entry *entry)
{
    return rule_table[entry->first->rule].scope != SCOPE_CONNECTION;
}

static int by_rank(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    if (a->first->severity != b->first->severity)
        return a->first->severity > b->first->severity ? -1 : 1;
    if (adds_up(a) != adds_up(b))
        return adds_up(a) ? -1 : 1;
    if (weight_of(a) != weight_of(b))
        return weight_of(a) > weight_of(b) ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static bool alike(const struct finding *a, const struct finding *b)
{
    return a->rule == b->rule && a->severity == b->severity;
}

static void join(struct entry *entry, const struct finding *finding)
{
    entry->findings++;
    entry->count = bounded(entry->count) + bounded(finding->count);
    entry->affected = bounded(entry->affected) + bounded(finding->affected);
    entry->connections = bounded(entry->connections) + bounded(finding->connections);
}

struct entries {
    uint32_t count;
    struct entry entry[FINDINGS_MOST];
};

static bool told(const struct text_report *report, const struct finding *finding)
{
    return report_speaks_of(report->options, finding->rule, finding->severity);
}

struct sums {
    uint32_t findings[RULES][SEVERITIES];
    uint64_t counts[RULES][SEVERITIES];
};

static void add_up(struct sums *sum, const struct finding *finding)
{
    uint64_t *count = &sum->counts[finding->rule][finding->severity];
    sum->findings[finding->rule][finding->severity]++;
    *count = bounded(*count) + bounded(finding->count);
}

/* More findings than are told one by one, or than the summary has room for? */
static bool is_many(const struct sums *sum, const struct summary_verdict *summary,
                    const struct finding *finding)
{
    return sum->findings[finding->rule][finding->severity] > OF_A_RULE ||
           summary->anomalies[finding->rule][finding->severity] >
               sum->counts[finding->rule][finding->severity];
}

/* Services of which a rule speaks become one entry where they are many. */
static void make_entries(const struct text_report *report, const struct summary_verdict *summary,
                         struct entries *entries)
{
    struct sums sum;
    struct entry *joined[RULES][SEVERITIES] = {{0}};
    entries->count = 0;
    memset(&sum, 0, sizeof sum);
    for (uint32_t i = 0; i < summary->finding_count; i++)
        add_up(&sum, &summary->findings[i]);
    for (uint32_t i = 0; i < summary->finding_count && entries->count < FINDINGS_MOST; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!told(report, finding))
            continue;
        struct entry *entry = joined[finding->rule][finding->severity];
        if (!entry) {
            entry = &entries->entry[entries->count++];
            *entry = (struct entry){.first = finding, .place = i};
        }
        join(entry, finding);
        if (is_many(&sum, summary, finding))
            joined[finding->rule][finding->severity] = entry;
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        struct entry *entry = &entries->entry[i];
        uint64_t all = summary->anomalies[entry->first->rule][entry->first->severity];
        entry->beyond = joined[entry->first->rule][entry->first->severity] && all > entry->count;
        if (entry->beyond)
            entry->count = all;
    }
    qsort(entries->entry, entries->count, sizeof *entries->entry, by_rank);
}

/* ---- telling them --------------------------------------------------------------------------- */

static void add_client(struct sentence *line, const struct entry *entry,
                       const struct summary_verdict *summary)
{
    const struct finding *first = entry->first;
    bool one = first->client_count == 1;
    for (uint32_t i = 0; i < summary->finding_count; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!alike(finding, first))
            continue;
        one = one && finding->client_count == 1 &&
              memcmp(finding->clients[0].address, first->clients[0].address,
                     sizeof first->clients[0].address) == 0;
    }
    if (!one || entry->beyond)
        return;
    sentence_add(line, ", client ");
    sentence_add_host(line, first->clients[0].address);
}

/* What lies beyond the summary's findings is only counted: of its times and clients nothing is
 * known. "Connection refused: 6,003 times at 46 or more services (10.0.0.2:80: 3, …, others)." */
static void sentence_of_many(struct sentence *line, const struct summary_verdict *summary,
                             const struct entry *entry)
{
    uint32_t named = 0;
    int64_t start_ns = entry->first->start_ns, end_ns = entry->first->end_ns;
    sentence_add(line, rule_table[entry->first->rule].name);
    sentence_add(line, ": ");
    words_amount(line, entry->count, "times");
    sentence_add(line, " at ");
    words_number(line, entry->findings);
    sentence_add(line, entry->beyond ? " or more" : "");
    sentence_add(line, entry->first->has_service ? " services (" : " places (");
    for (uint32_t i = 0; i < summary->finding_count; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!alike(finding, entry->first))
            continue;
        if (finding->start_ns != TIME_UNKNOWN && finding->start_ns < start_ns)
            start_ns = finding->start_ns;
        if (finding->end_ns > end_ns)
            end_ns = finding->end_ns;
        if (named++ >= SERVICES_NAMED)
            continue;
        sentence_add(line, named > 1 ? ", " : "");
        if (finding->has_service)
            sentence_add_service(line, finding->address, finding->port);
        else if (finding->has_host)
            sentence_add_host(line, finding->address);
        else
            sentence_add(line, "others");
        sentence_add(line, ": ");
        words_number(line, finding->count);
    }
    sentence_add(line, named > SERVICES_NAMED ? ", others)" : ")");
    add_client(line, entry, summary);
    sentence_add(line, ".");
    if (start_ns == TIME_UNKNOWN || entry->beyond)
        return;
    sentence_add(line, " ");
    words_span(line, start_ns, end_ns);
    sentence_add(line, ".");
}

static void sentence_of_one(struct sentence *line, const struct finding *finding)
{
    sentence_of_finding(line, finding);
    if (finding->start_ns == TIME_UNKNOWN)
        return;
    sentence_add(line, " ");
    words_span(line, finding->start_ns, finding->end_ns);
    sentence_add(line, ".");
}

static const struct example *example_of(const struct text_report *report,
                                        const struct summary_verdict *summary,
                                        const struct entry *entry)
{
    const struct example *example = examples_find(&report->examples, entry->first);
    for (uint32_t i = 0; !example && entry->findings > 1 && i < summary->finding_count; i++) {
        if (alike(&summary->findings[i], entry->first))
            example = examples_find(&report->examples, &summary->findings[i]);
    }
    return example;
}

static void put_entry(struct text_report *report, const struct summary_verdict *summary,
                      const struct entry *entry)
{
    static const char *const labels[SEVERITIES] = {
        [SEVERITY_INFO] = "info",
        [SEVERITY_NOTICE] = "notice",
        [SEVERITY_WARNING] = "WARNING",
        [SEVERITY_CRITICAL] = "CRITICAL",
    };
    const struct finding *first = entry->first;
    struct sentence line = {0};
    if (entry->findings > 1 || entry->beyond)
        sentence_of_many(&line, summary, entry);
    else
        sentence_of_one(&line, first);
    sentence_add(&line, " [");
    sentence_add(&line, rule_table[first->rule].id);
    sentence_add(&line, "]");
    page_paragraph(&report->page, INDENT, tone_of_severity(first->severity),
                   labels[first->severity], line.text);
    const struct example *example = example_of(report, summary, entry);
    if (example)
        put_example(report, example, entry->count > 1);
}

static void put_heading(struct text_report *report, const struct summary_verdict *summary)
{
    struct sentence heading = {0};
    const char *between = "Findings: ";
    for (unsigned severity = SEVERITIES - 1; severity >= SEVERITY_INFO; severity--) {
        uint64_t count = text_anomalies(report, summary, severity);
        if (!count)
            continue;
        sentence_add(&heading, between);
        words_number(&heading, count);
        sentence_add(&heading, " ");
        sentence_add(&heading, severity_name(severity));
        between = ", ";
    }
    page_heading(&report->page, heading.text);
}

static bool some_left_out(const struct report_options *options)
{
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (options->rule_left_out[rule])
            return true;
    }
    return false;
}

static void put_nothing(struct text_report *report, const struct summary_verdict *summary)
{
    struct sentence line = {0};
    uint64_t below = text_anomalies_below(report, summary);
    sentence_add(&line,
                 summary->connections ? "Nothing found" : "No TCP connection: nothing found");
    if (some_left_out(report->options))
        sentence_add(&line, " by the rules asked for");
    if (report->options->min_severity > SEVERITY_INFO) {
        sentence_add(&line, " of severity ");
        sentence_add(&line, severity_name(report->options->min_severity));
        sentence_add(&line, " or above");
    }
    if (below) {
        sentence_add(&line, " (below it: ");
        words_number(&line, below);
        sentence_add(&line, ", see --min-severity)");
    }
    sentence_add(&line, report->pressed_count ? "." : ", and no host under pressure.");
    page_newline(&report->page);
    page_paragraph(&report->page, 0, TONE_STRONG, "", line.text);
}

/* What was not told, counted by rule. */
static void put_rest(struct text_report *report, const struct summary_verdict *summary,
                     const uint64_t counted[RULES])
{
    struct sentence line = {0};
    const char *between = "Not told one by one: ";
    for (unsigned rule = 0; rule < RULES; rule++) {
        uint64_t all = text_anomalies_of(report, summary, rule);
        if (all <= counted[rule])
            continue;
        sentence_add(&line, between);
        sentence_add(&line, rule_table[rule].id);
        sentence_add(&line, " ");
        words_number(&line, all - counted[rule]);
        sentence_add(&line, counted[rule] ? " more" : "");
        between = ", ";
    }
    if (!line.length)
        return;
    sentence_add(&line, ".");
    page_paragraph(&report->page, 0, TONE_PLAIN, "", line.text);
}

const struct finding *text_findings(struct text_report *report,
                                    const struct summary_verdict *summary)
{
    struct entries entries;
    uint64_t counted[RULES] = {0};
    make_entries(report, summary, &entries);
    if (!entries.count) {
        put_nothing(report, summary);
        return NULL;
    }
    put_heading(report, summary);
    for (uint32_t i = 0; i < entries.count && i < ENTRIES_SHOWN; i++) {
        put_entry(report, summary, &entries.entry[i]);
        counted[entries.entry[i].first->rule] += entries.entry[i].count;
    }
    put_rest(report, summary, counted);
    return entries.entry[0].first;
}
