#include "cli/options.h"

#include "cli/values.h"

#include <getopt.h>
#include <string.h>

/* clang-format off */
#define OPTION(id, name, letter, argument, group, help, more)                                      \
    [OPTION_##id] = {name, letter, argument, group, help, more},
/* clang-format on */
const struct option_row option_table[OPTION_COUNT] = {
#include "cli/options.def"
};
#undef OPTION

/* Long options are reported by index, above every letter. */
#define LONG_BASE 256

static void complain(const char *what, const char *value, const char *expected)
{
    fprintf(stderr, "finwait: %s '%s': %s (see finwait --help)\n", what, value, expected);
}

void options_print_help(FILE *stream)
{
    fputs("Usage: finwait [OPTION]... CAPTURE...\n"
          "       finwait rules [RULE]...   the anomalies that it knows, explained\n"
          "Tells how every TCP connection in the captures ended: states of both endpoints,\n"
          "who closed, who reset, what went wrong. CAPTURE is a pcap or pcapng file (also\n"
          ".gz, .zst), a directory of them, or - for standard input; many are one timeline.\n",
          stream);
    const char *group = "";
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        if (strcmp(group, row->group) != 0)
            fprintf(stream, "\n%s:\n", row->group);
        group = row->group;
        char left[40];
        char letter[5] = "    ";
        if (row->letter)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
        fprintf(stream, "  %-24s %s\n", left, row->help);
    }
    fputs("\nExit status: 0 analysed, 1 usage or nothing readable, 2 something was damaged or\n"
          "unreadable, 3 --fail-on, 130/143 interrupted (the report is valid all the same).\n",
          stream);
}

static bool parse_word(const char *value, const char *const *words, int first, int *out)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(value, words[i]) == 0) {
            *out = first + i;
            return true;
        }
    }
    return false;
}

static bool set_format(struct options *o, const char *value)
{
    static const char *const words[] = {"json", "ndjson", "text", "openmetrics", NULL};
    int index;
    if (!parse_word(value, words, 0, &index)) {
        complain("--format", value, "it is text, json, ndjson or openmetrics");
        return false;
    }
    static const enum report_format formats[] = {REPORT_JSON, REPORT_NDJSON, REPORT_TEXT,
                                                 REPORT_OPENMETRICS};
    o->format = formats[index];
    o->some_format = true;
    return true;
}

static bool set_color(struct options *o, const char *value)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    int choice;
    if (!parse_word(value, words, COLOR_AUTO, &choice)) {
        complain("--color", value, "it is auto, always or never");
        return false;
    }
    o->color = (enum color_choice)choice;
    return true;
}

static bool set_severity(const char *option, const char *value, enum severity *out)
{
    static const char *const words[] = {"info", "notice", "warning", "critical", NULL};
    int index;
    if (!parse_word(value, words, SEVERITY_INFO, &index)) {
        complain(option, value, "it is info, notice, warning or critical");
        return false;
    }
    *out = (enum severity)index;
    return true;
}

/* Takes in a rule, or all of a category. */
static bool take_rules(struct options *o, const char *name)
{
    enum rule_id rule = rule_by_name(name);
    enum rule_category category = category_by_name(name);
    if (rule != RULES)
        o->rule_left_out[rule] = false;
    for (unsigned i = 0; i < RULES && category != CATEGORIES; i++) {
        if (rule_table[i].category == category)
            o->rule_left_out[i] = false;
    }
    return rule != RULES || category != CATEGORIES;
}

static bool set_rules(struct options *o, const char *value)
{
    if (!o->some_rules)
        memset(o->rule_left_out, true, sizeof o->rule_left_out);
    o->some_rules = true;
    for (;;) {
        char name[64] = "";
        size_t length = strcspn(value, ",");
        if (length < sizeof name)
            memcpy(name, value, length);
        if (!take_rules(o, name)) {
            complain("--rule", value, "no such rule or category; finwait rules lists them");
            return false;
        }
        if (value[length] == '\0')
            return true;
        value += length + 1;
    }
}

static bool set_duration(const char *name, const char *value, int64_t *out)
{
    if (parse_duration(value, out))
        return true;
    fprintf(stderr, "finwait: --%s '%s': not a duration; write seconds, or 500ms, 2m, 1h\n", name,
            value);
    return false;
}

static bool set_moment(const char *name, const char *value, int64_t *out)
{
    if (parse_moment(value, out))
        return true;
    fprintf(stderr,
            "finwait: --%s '%s': not a time; write 2026-11-22T10:00:00Z or seconds since 1970\n",
            name, value);
    return false;
}

static bool set_value(struct options *o, enum option_id id, const char *value)
{
    const char *name = option_table[id].name;
    switch (id) {
    case OPTION_FORMAT:
        return set_format(o, value);
    case OPTION_COLOR:
        return set_color(o, value);
    case OPTION_CONNECTIONS:
        o->connections = true;
        return true;
    case OPTION_OUTPUT:
        o->output = value;
        return true;
    case OPTION_OBSERVER:
        o->observer = value;
        return true;
    case OPTION_MIN_SEVERITY:
        return set_severity("--min-severity", value, &o->min_severity);
    case OPTION_RULE:
        return set_rules(o, value);
    case OPTION_FAIL_ON:
        return set_severity("--fail-on", value, &o->fail_on);
    case OPTION_FILTER:
        o->filter = value;
        return true;
    case OPTION_FROM:
        o->from_text = value;
        return set_moment(name, value, &o->analyzer.from_ns);
    case OPTION_TO:
        o->to_text = value;
        return set_moment(name, value, &o->analyzer.to_ns);
    case OPTION_VLAN_IN_KEY:
        o->analyzer.vlan_in_key = true;
        return true;
    case OPTION_TWO_MSL:
        if (parse_two_msl(value, &o->analyzer.two_msl_ns))
            return true;
        complain("--2msl", value, "write seconds, or linux, windows, rfc");
        return false;
    case OPTION_FIN_TIMEOUT:
        return set_duration(name, value, &o->analyzer.fin_timeout_ns);
    case OPTION_STUCK:
        return set_duration(name, value, &o->analyzer.stuck_ns);
    case OPTION_IDLE:
        return set_duration(name, value, &o->analyzer.idle_ns);
    case OPTION_PORT_RANGE:
        if (parse_port_range(value, &o->analyzer.port_low, &o->analyzer.port_high))
            return true;
        complain("--port-range", value, "write the lowest and highest port, like 32768-60999");
        return false;
    case OPTION_MAX_MEMORY:
        if (parse_size(value, &o->analyzer.max_memory_bytes) &&
            o->analyzer.max_memory_bytes >= UINT64_C(1) << 20)
            return true;
        complain("--max-memory", value, "write a size of at least 1M, like 512M or 2G");
        return false;
    case OPTION_VERBOSE:
        o->verbose = true;
        return true;
    case OPTION_HELP:
    case OPTION_VERSION:
    case OPTION_COUNT:
        break;
    }
    return true;
}

static void make_getopt(struct option longs[OPTION_COUNT + 1], char *shorts)
{
    *shorts++ = ':';
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        longs[i] = (struct option){.name = row->name,
                                   .has_arg = row->argument ? required_argument : no_argument,
                                   .val = LONG_BASE + i};
        if (!row->letter)
            continue;
        *shorts++ = (char)row->letter;
        if (row->argument)
            *shorts++ = ':';
    }
    longs[OPTION_COUNT] = (struct option){0};
    *shorts = '\0';
}

static enum option_id id_of(int code)
{
    if (code >= LONG_BASE)
        return (enum option_id)(code - LONG_BASE);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_table[i].letter == code)
            return (enum option_id)i;
    }
    return OPTION_COUNT;
}

static void complain_unparsed(int code, char **argv)
{
    if (code == ':')
        fprintf(stderr, "finwait: %s needs a value (see finwait --help)\n", argv[optind - 1]);
    else
        fprintf(stderr, "finwait: unknown option %s (see finwait --help)\n", argv[optind - 1]);
}

enum options_result options_parse(int argc, char **argv, struct options *o)
{
    struct option longs[OPTION_COUNT + 1];
    char shorts[2 * OPTION_COUNT + 2];
    make_getopt(longs, shorts);
    *o = (struct options){.analyzer = ANALYZER_CONFIG_DEFAULT,
                          .format = REPORT_JSON,
                          .min_severity = SEVERITY_NOTICE};
    int code;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        enum option_id id = code == '?' || code == ':' ? OPTION_COUNT : id_of(code);
        if (id == OPTION_COUNT) {
            complain_unparsed(code, argv);
            return OPTIONS_WRONG;
        }
        if (id == OPTION_HELP) {
            options_print_help(stdout);
            return OPTIONS_DONE;
        }
        if (id == OPTION_VERSION) {
            puts("finwait " FINWAIT_VERSION);
            return OPTIONS_DONE;
        }
        if (!set_value(o, id, optarg))
            return OPTIONS_WRONG;
        o->given[id] = optarg ? optarg : "";
    }
    o->inputs = (const char *const *)(argv + optind);
    o->input_count = (size_t)(argc - optind);
    if (o->input_count == 0) {
        fputs("finwait: no capture given; usage: finwait [OPTION]... CAPTURE... "
              "(see finwait --help)\n",
              stderr);
        return OPTIONS_WRONG;
    }
    if (o->analyzer.from_ns > o->analyzer.to_ns) {
        fputs("finwait: --from is later than --to: no connection can be alive in between\n",
              stderr);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}
