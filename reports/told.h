/*
 * What a report for people tells, whatever it looks like: what is gathered while verdicts pass, and
 * the sentences made of it. The page for terminals and the one for browsers are both written from
 * this. Inside the room only. Memory is bounded, whatever the capture holds.
 *
 * Lines that hold text from outside are clean (text_clean()).
 */
#ifndef FINWAIT_REPORTS_TOLD_H
#define FINWAIT_REPORTS_TOLD_H

#include "reports/report_format.h"
#include "reports/sentence.h"
#include "reports/text_examples.h"

#define PRESSED_KEPT       8u
#define TOLD_ENTRIES_MOST  256u
#define TOLD_SERVICES_MOST 64u
#define TOLD_GROUPS        6u

/* Labels of told_capture() that mean something to who lays it out. */
#define TOLD_INTERRUPTED "INTERRUPTED"
#define TOLD_ENDS        "How they end"

/* A host that bore much. */
struct pressed_host {
    uint8_t address[16];
    bool others; /* not one host */
    struct state_load time_wait, close_wait;
    bool has_use; /* the service towards which it had the largest part of its ports in use */
    struct service_use use;
};

struct told {
    const struct report_options *options;
    const struct capture_findings *findings;
    struct text_examples examples;
    uint64_t caveats[CAVEATS];
    struct pressed_host pressed[PRESSED_KEPT]; /* those that bore most, in order of coming */
    uint32_t pressed_count;                    /* of those kept */
    uint64_t pressed_total;
};

/* Text is borrowed until the call returns. */
typedef void (*told_line)(void *context, const char *label, const char *text);
typedef void (*told_note)(void *context, const char *text);

/* ---- gathering ------------------------------------------------------------------------------ */

void told_init(struct told *told, const struct report_inputs *inputs);
void told_finish(struct told *told);

void told_connection(struct told *told, const struct connection_verdict *verdict);
void told_host(struct told *told, const struct host_verdict *verdict);

/* Of what the options leave in: anomalies of this severity, and of this rule. */
uint64_t told_anomalies(const struct told *told, const struct summary_verdict *summary,
                        enum severity severity);
uint64_t told_anomalies_of(const struct told *told, const struct summary_verdict *summary,
                           enum rule_id rule);

/* Those that --min-severity alone leaves out. */
uint64_t told_anomalies_below(const struct told *told, const struct summary_verdict *summary);

/* ---- what the capture holds ----------------------------------------------------------------- */

/* The ordinary first, and each in words. */
extern const uint8_t told_close_order[CLOSE_KINDS];
extern const char *const told_close_words[CLOSE_KINDS];

/* A few lines; a label that goes on is "". */
void told_capture(const struct told *told, const struct summary_verdict *summary, bool complete,
                  told_line take, void *context);

/* ---- findings ------------------------------------------------------------------------------- */

/* One finding, or all of one rule and severity. */
struct told_entry {
    const struct finding *first;
    uint32_t findings;
    uint64_t count, affected, connections;
    uint32_t place; /* in the order of the summary */
    bool beyond;    /* of the summary's findings there are more */
};

/* Most telling first. */
struct told_entries {
    uint32_t count;
    struct told_entry entry[TOLD_ENTRIES_MOST];
};

/* Services of which a rule speaks become one entry where they are many. */
void told_entries(const struct told *told, const struct summary_verdict *summary,
                  struct told_entries *entries);

void told_entry(struct sentence *line, const struct summary_verdict *summary,
                const struct told_entry *entry);

/* False: none was kept. */
bool told_example(struct sentence *line, const struct told *told,
                  const struct summary_verdict *summary, const struct told_entry *entry);

/* "1 warning, 12 notice"; empty when there are none. */
void told_severities(struct sentence *line, const struct told *told,
                     const struct summary_verdict *summary);

/* That there is nothing to tell. */
void told_nothing(struct sentence *line, const struct told *told,
                  const struct summary_verdict *summary);

/* What was not told, by rule; empty when everything was. `counted` is what was. */
void told_rest(struct sentence *line, const struct told *told,
               const struct summary_verdict *summary, const uint64_t counted[RULES]);

/* ---- services ------------------------------------------------------------------------------- */

/* Ways of ending that are told as one. */
struct told_group {
    const char *title;
    unsigned kinds; /* bits 1 << enum close_kind; 0: all */
};

extern const struct told_group told_groups[TOLD_GROUPS];

uint64_t told_group_count(const struct told_group *group, const struct service_closes *service);

struct told_services {
    uint32_t count;
    const struct service_closes *service[TOLD_SERVICES_MOST];
    struct service_closes rest; /* the sum of the others; connections are 0 without */
};

/* The busiest and the worst, so many of each, in the order of the summary. */
void told_services(struct told_services *services, const struct summary_verdict *summary,
                   unsigned busiest, unsigned worst);

/* ---- the rest ------------------------------------------------------------------------------- */

/* Hosts under pressure, a line each. */
void told_hosts(const struct told *told, told_note put, void *context);

/* What weakens the evidence, a line each; none when nothing was noticed. */
void told_quality(const struct told *told, const struct summary_verdict *summary, told_note put,
                  void *context);

/* What weakens the evidence of one connection: a clause that begins a sentence, or NULL. */
const char *told_caveat(enum caveat caveat);

/* Commands to run next, made of what was found. `utf8`: other characters can be shown. */
void told_next(const struct told *told, const struct summary_verdict *summary,
               const struct finding *first, bool utf8, told_note put, void *context);

#endif
