/*
 * The findings in their order, each with an example. What a rule found at many services is told
 * once: a scan finds the same at hundreds.
 */
#include "reports/text_clean.h"
#include "reports/text_words.h"
#include "reports/told.h"

#include <stdlib.h>
#include <string.h>

enum { OF_A_RULE = 3, SERVICES_NAMED = 3 };

/* ---- an example ----------------------------------------------------------------------------- */

static void add_file(struct sentence *sentence, const struct told *told, uint32_t file)
{
    char name[SENTENCE_BYTES / 4];
    if (told->findings->file_count < 2 || file >= told->findings->file_count)
        return;
    const char *raw = told->findings->files[file].name;
    text_clean(name, sizeof name, raw, strlen(raw));
    sentence_add(sentence, " of ");
    sentence_add(sentence, name);
}

/* Frames count from 1 in each file: which one it is stands behind its last frame. */
static void add_frames(struct sentence *sentence, const struct told *told,
                       const struct example *example)
{
    sentence_add(sentence, example->frame_total == 1 ? "frame" : "frames");
    for (uint32_t i = 0; i < example->frame_count; i++) {
        uint32_t file = frame_file(example->frames[i]);
        sentence_add(sentence, i ? ", " : " ");
        sentence_add_count(sentence, frame_number(example->frames[i]));
        if (i + 1 == example->frame_count || frame_file(example->frames[i + 1]) != file)
            add_file(sentence, told, file);
    }
    if (example->frame_total > example->frame_count) {
        sentence_add(sentence, ", and ");
        words_number(sentence, example->frame_total - example->frame_count);
        sentence_add(sentence, " more");
    }
}

static void add_example(struct sentence *line, const struct told *told,
                        const struct example *example, bool of_many)
{
    sentence_add(line, of_many ? "First: " : "");
    sentence_add(line, example->sentence);
    sentence_add(line, " (");
    if (example->frame_count) {
        add_frames(line, told, example);
        sentence_add(line, "; ");
    }
    sentence_add(line, confidence_name(example->confidence));
    sentence_add(line, ")");
}

/* ---- entries -------------------------------------------------------------------------------- */

static uint64_t bounded(uint64_t count)
{
    uint64_t most = UINT64_C(1) << 40;
    return count < most ? count : most;
}

/* As findings are ranked: how often, times the part of the connections. */
static uint64_t weight_of(const struct told_entry *entry)
{
    uint64_t count = bounded(entry->count);
    uint64_t part = entry->connections > count ? count * 1000 / bounded(entry->connections) : 1000;
    return count * part;
}

/* What is said of a host or of the capture stands for many connections: it goes before what is as
 * grave and said of single ones. */
static bool adds_up(const struct told_entry *entry)
{
    return rule_table[entry->first->rule].scope != SCOPE_CONNECTION;
}

static int by_rank(const void *left, const void *right)
{
    const struct told_entry *a = left;
    const struct told_entry *b = right;
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

static void join(struct told_entry *entry, const struct finding *finding)
{
    entry->findings++;
    entry->count = bounded(entry->count) + bounded(finding->count);
    entry->affected = bounded(entry->affected) + bounded(finding->affected);
    entry->connections = bounded(entry->connections) + bounded(finding->connections);
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
void told_entries(const struct told *told, const struct summary_verdict *summary,
                  struct told_entries *entries)
{
    struct sums sum;
    struct told_entry *joined[RULES][SEVERITIES] = {{0}};
    entries->count = 0;
    memset(&sum, 0, sizeof sum);
    for (uint32_t i = 0; i < summary->finding_count; i++)
        add_up(&sum, &summary->findings[i]);
    for (uint32_t i = 0; i < summary->finding_count && entries->count < TOLD_ENTRIES_MOST; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!report_speaks_of(told->options, finding->rule, finding->severity))
            continue;
        struct told_entry *entry = joined[finding->rule][finding->severity];
        if (!entry) {
            entry = &entries->entry[entries->count++];
            *entry = (struct told_entry){.first = finding, .place = i};
        }
        join(entry, finding);
        if (is_many(&sum, summary, finding))
            joined[finding->rule][finding->severity] = entry;
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        struct told_entry *entry = &entries->entry[i];
        uint64_t all = summary->anomalies[entry->first->rule][entry->first->severity];
        entry->beyond = joined[entry->first->rule][entry->first->severity] && all > entry->count;
        if (entry->beyond)
            entry->count = all;
    }
    qsort(entries->entry, entries->count, sizeof *entries->entry, by_rank);
}

/* ---- telling them --------------------------------------------------------------------------- */

static void add_client(struct sentence *line, const struct told_entry *entry,
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
                             const struct told_entry *entry)
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

static const struct example *example_of(const struct told *told,
                                        const struct summary_verdict *summary,
                                        const struct told_entry *entry)
{
    const struct example *example = examples_find(&told->examples, entry->first);
    for (uint32_t i = 0; !example && entry->findings > 1 && i < summary->finding_count; i++) {
        if (alike(&summary->findings[i], entry->first))
            example = examples_find(&told->examples, &summary->findings[i]);
    }
    return example;
}

void told_entry(struct sentence *line, const struct summary_verdict *summary,
                const struct told_entry *entry)
{
    sentence_init(line);
    if (entry->findings > 1 || entry->beyond)
        sentence_of_many(line, summary, entry);
    else
        sentence_of_one(line, entry->first);
}

bool told_example(struct sentence *line, const struct told *told,
                  const struct summary_verdict *summary, const struct told_entry *entry)
{
    const struct example *example = example_of(told, summary, entry);
    sentence_init(line);
    if (example)
        add_example(line, told, example, entry->count > 1);
    return example;
}

static bool some_left_out(const struct report_options *options)
{
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (options->rule_left_out[rule])
            return true;
    }
    return false;
}

void told_nothing(struct sentence *line, const struct told *told,
                  const struct summary_verdict *summary)
{
    uint64_t below = told_anomalies_below(told, summary);
    sentence_init(line);
    sentence_add(line, summary->connections ? "Nothing found" : "No TCP connection: nothing found");
    if (some_left_out(told->options))
        sentence_add(line, " by the rules asked for");
    if (told->options->min_severity > SEVERITY_INFO) {
        sentence_add(line, " of severity ");
        sentence_add(line, severity_name(told->options->min_severity));
        sentence_add(line, " or above");
    }
    if (below) {
        sentence_add(line, " (below it: ");
        words_number(line, below);
        sentence_add(line, ", see --min-severity)");
    }
    sentence_add(line, told->pressed_count ? "." : ", and no host under pressure.");
}

void told_rest(struct sentence *line, const struct told *told,
               const struct summary_verdict *summary, const uint64_t counted[RULES])
{
    const char *between = "Not told one by one: ";
    sentence_init(line);
    for (unsigned rule = 0; rule < RULES; rule++) {
        uint64_t all = told_anomalies_of(told, summary, rule);
        if (all <= counted[rule])
            continue;
        sentence_add(line, between);
        sentence_add(line, rule_table[rule].id);
        sentence_add(line, " ");
        words_number(line, all - counted[rule]);
        sentence_add(line, counted[rule] ? " more" : "");
        between = ", ";
    }
    if (line->length)
        sentence_add(line, ".");
}
