#include "analyzer/analyzer.h"
#include "cli/confine.h"
#include "cli/explain.h"
#include "cli/extract.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/reading.h"
#include "cli/rules.h"
#include "cli/second_pass.h"
#include "cli/tell.h"
#include "cli/terminal.h"
#include "reports/output.h"
#include "reports/report.h"
#include "reports/temporary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_status {
    EXIT_ANALYSED = 0,
    EXIT_FAULT = 1,
    EXIT_DAMAGED = 2,
    EXIT_FOUND = 3,
    EXIT_SIGNAL = 128,
};

#define ERROR_BYTES 512

/* Everything that one run opens, in the order in which it is released. */
struct run {
    const struct options *options;
    struct report_setting settings[16];
    char port_range[sizeof "65535-65535"];
    struct report_argument arguments[OPTION_COUNT];
    struct report_options report_options;
    struct reading reading;
    struct output *output;
    struct report *report;
    struct analyzer *analyzer;
    int spill; /* a file, or -1 */
};

static bool fail(const char *sentence)
{
    tell("%s", sentence);
    return false;
}

static bool take_connection(void *context, const struct connection_verdict *verdict)
{
    struct run *run = context;
    return report_connection(run->report, verdict);
}

static bool take_anomaly(void *context, const struct anomaly_verdict *verdict)
{
    struct run *run = context;
    return report_anomaly(run->report, verdict);
}

static bool take_sample(void *context, const struct sample_verdict *verdict)
{
    struct run *run = context;
    return report_sample(run->report, verdict);
}

static bool take_host(void *context, const struct host_verdict *verdict)
{
    struct run *run = context;
    return report_host(run->report, verdict);
}

/* The given options that decide what is seen, and how it is judged. */
static size_t make_arguments(struct run *run)
{
    size_t n = 0;
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_table[id];
        bool judges = strcmp(row->group, "Input") == 0 || strcmp(row->group, "Thresholds") == 0;
        if (judges && run->options->given[id])
            run->arguments[n++] =
                (struct report_argument){row->name, row->argument ? run->options->given[id] : NULL};
    }
    return n;
}

/* Every option that can change a verdict, with its effective value. */
static void make_settings(struct run *run)
{
    const struct options *o = run->options;
    const struct analyzer_config *c = &o->analyzer;
    struct report_setting *s = run->settings;
    size_t n = 0;
    s[n++] = (struct report_setting){"two_msl_ns", SETTING_INTEGER, c->two_msl_ns, NULL};
    s[n++] = (struct report_setting){"fin_timeout_ns", SETTING_INTEGER, c->fin_timeout_ns, NULL};
    s[n++] = (struct report_setting){"stuck_ns", SETTING_INTEGER, c->stuck_ns, NULL};
    s[n++] = (struct report_setting){"idle_ns", SETTING_INTEGER, c->idle_ns, NULL};
    s[n++] = (struct report_setting){"max_memory_bytes", SETTING_INTEGER,
                                     (int64_t)c->max_memory_bytes, NULL};
    snprintf(run->port_range, sizeof run->port_range, "%u-%u", c->port_low, c->port_high);
    s[n++] = (struct report_setting){"port_range", SETTING_TEXT, 0, run->port_range};
    s[n++] = (struct report_setting){"vlan_in_key", SETTING_BOOLEAN, c->vlan_in_key, NULL};
    if (o->filter)
        s[n++] = (struct report_setting){"filter", SETTING_TEXT, 0, o->filter};
    if (o->from_text)
        s[n++] = (struct report_setting){"from", SETTING_TEXT, 0, o->from_text};
    if (o->to_text)
        s[n++] = (struct report_setting){"to", SETTING_TEXT, 0, o->to_text};
    run->report_options = (struct report_options){.format = terminal_format(o),
                                                  .style = terminal_style(o),
                                                  .connections = o->connections,
                                                  .min_severity = o->min_severity,
                                                  .observer = o->observer,
                                                  .worst = o->worst,
                                                  .settings = run->settings,
                                                  .setting_count = n,
                                                  .arguments = run->arguments,
                                                  .argument_count = make_arguments(run)};
    memcpy(run->report_options.rule_left_out, o->rule_left_out, sizeof o->rule_left_out);
}

/* Of packets without a time nothing can be said where everything has one. */
static void tell_untimed(const struct run *run)
{
    uint64_t untimed = 0;
    for (uint32_t i = 0; i < run->reading.findings.file_count; i++)
        untimed += run->reading.findings.files[i].untimed;
    if (run->report_options.format == REPORT_OPENMETRICS && untimed)
        fprintf(stderr,
                "finwait: %" PRIu64 " of %" PRIu64 " packets have no time and are in no sample; "
                "json, ndjson and text tell of their connections\n",
                untimed, run->reading.findings.packets);
}

/* Where no file can be had, memory takes what it would. */
static void let_spill(struct run *run)
{
    run->spill = temporary_open();
    if (run->spill >= 0)
        analyzer_spill_into(run->analyzer, run->spill);
}

static bool open_outputs(struct run *run)
{
    char error[ERROR_BYTES];
    struct verdict_sink sink = {.connection = take_connection,
                                .anomaly = take_anomaly,
                                .sample = take_sample,
                                .host = take_host,
                                .context = run};
    if (!(run->output = output_open(run->options->output, error, sizeof error)))
        return fail(error);
    if (run->options->compress && !output_compress(run->output, error, sizeof error))
        return fail(error);
    make_settings(run);
    run->report = report_create(&run->report_options, &run->reading.findings, run->output, error,
                                sizeof error);
    if (!run->report)
        return fail(error);
    sink.hosts_first = report_hosts_first(run->report);
    run->analyzer = analyzer_create(&run->options->analyzer, sink);
    if (!run->analyzer)
        return fail("out of memory");
    let_spill(run);
    return true;
}

/* What --fail-on asks for, whatever --min-severity left out. */
static bool found_grave(const struct options *o, const struct summary_verdict *summary)
{
    if (o->fail_on == SEVERITY_NONE)
        return false;
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = o->fail_on; severity < SEVERITIES; severity++) {
            if (!o->rule_left_out[rule] && summary->anomalies[rule][severity])
                return true;
        }
    }
    return false;
}

static bool take_wanted(void *context, const struct wanted_segment *told)
{
    struct run *run = context;
    return report_segment(run->report, told->which, told->segment, told->from,
                          told->segment_class) ||
           fail("out of memory");
}

static bool read_wanted(struct run *run, size_t count)
{
    struct wanted *wanted = calloc(count, sizeof *wanted);
    if (!wanted)
        return fail("out of memory");
    for (size_t i = 0; i < count; i++)
        wanted[i] = wanted_of(report_wanted(run->report, i), &run->options->analyzer);
    struct second_pass pass = {
        .options = run->options,
        .first = &run->reading.findings,
        .wanted = wanted,
        .wanted_count = count,
        .take = take_wanted,
        .context = run,
    };
    bool done = second_pass_run(&pass);
    free(wanted);
    return done;
}

/* The packets that the report draws need the captures a second time. Without them it is written all
 * the same, and says so. `missed` is set where they should have been had. False when memory ran
 * out. */
static bool fetch_wanted(struct run *run, bool *missed)
{
    char why[ERROR_BYTES];
    size_t count = report_wanted_count(run->report);
    const char *obstacle = second_pass_obstacle(run->options);
    if (!count)
        return true;
    if (interrupted())
        return report_without_ladders(run->report, "the analysis was interrupted");
    if (obstacle) {
        snprintf(why, sizeof why, "%s cannot be read a second time", obstacle);
        return report_without_ladders(run->report, why);
    }
    if (read_wanted(run, count))
        return true;
    *missed = true;
    return report_without_ladders(run->report, "the second reading of the captures failed");
}

static int finish(struct run *run, bool analysed)
{
    char error[ERROR_BYTES];
    int signal = interrupted();
    bool missed = false;
    if (!reading_any(&run->reading.findings)) {
        reading_tell_unreadable(&run->reading.findings);
        return EXIT_FAULT;
    }
    progress_clear(&run->reading.progress);
    bool written = analysed && fetch_wanted(run, &missed) &&
                   report_finish(run->report, analyzer_summary(run->analyzer), !signal);
    struct output *output = run->output;
    run->output = NULL;
    if (!written && output_ok(output)) {
        output_discard(output);
        if (analysed)
            fail("out of memory while writing the report");
        return EXIT_FAULT;
    }
    if (!output_commit(output, error, sizeof error)) {
        fail(error);
        return EXIT_FAULT;
    }
    reading_tell_unreadable(&run->reading.findings);
    tell_untimed(run);
    signal = interrupted();
    if (signal)
        return EXIT_SIGNAL + signal;
    if (found_grave(run->options, analyzer_summary(run->analyzer)))
        return EXIT_FOUND;
    return missed || findings_damaged(&run->reading.findings) ? EXIT_DAMAGED : EXIT_ANALYSED;
}

/* Who interrupts does not wait until millions of connections are released one by one: the system
 * takes them back at once. */
static void release(struct run *run)
{
    if (!interrupted())
        analyzer_destroy(run->analyzer);
    if (run->spill >= 0)
        close(run->spill);
    report_destroy(run->report);
    output_discard(run->output);
    reading_close(&run->reading);
}

static int analyse_captures(const struct options *options)
{
    static struct run run; /* what is not released is still pointed to */
    run.options = options;
    run.spill = -1;
    int status = EXIT_FAULT;
    if (open_outputs(&run) && confine(options, run.output)) {
        bool readable = reading_open(&run.reading, options);
        if (terminal_scrolls(options))
            run.reading.progress.terminal = false;
        if (readable)
            status = finish(&run, reading_analyse(&run.reading, run.analyzer));
        if (options->verbose)
            progress_resources(&run.reading.progress);
    }
    release(&run);
    return status;
}

/* Before the captures are opened: libpcap looks up names of hosts and ports. */
static bool compile_filter(struct options *options)
{
    char error[ERROR_BYTES];
    if (!options->filter)
        return true;
    options->packet_filter = filter_create(options->filter, error, sizeof error);
    if (!options->packet_filter)
        return fail(error);
    return filter_prepare(options->packet_filter) || fail("out of memory");
}

static int run_verb(const struct options *options)
{
    switch (options->verb) {
    case VERB_EXPLAIN:
        return explain_command(options);
    case VERB_EXTRACT:
        return extract_command(options);
    default:
        return analyse_captures(options);
    }
}

int main(int argc, char **argv)
{
    struct options options;
    switch (options_parse(argc, argv, &options)) {
    case OPTIONS_DONE:
        return fflush(stdout) == 0 ? EXIT_ANALYSED : EXIT_FAULT;
    case OPTIONS_WRONG:
        return EXIT_FAULT;
    case OPTIONS_RUN:
        break;
    }
    if (options.verb == VERB_RULES)
        return rules_command(&options) ? EXIT_ANALYSED : EXIT_FAULT;
    interrupt_install();
    int status = compile_filter(&options) ? run_verb(&options) : EXIT_FAULT;
    filter_destroy(options.packet_filter);
    return status;
}
