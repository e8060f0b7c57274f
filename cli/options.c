#include "cli/options.h"

#include "cli/tell.h"
#include "cli/values.h"

#include <getopt.h>
#include <sched.h>
#include <string.h>

/* clang-format off */
#define VERB(id, name, operands, what, text, more) [VERB_##id] = {name, operands, what, text, more},
#define OPTION(id, name, letter, argument, group, verbs, help, more)                               \
    [OPTION_##id] = {name, letter, argument, group, verbs, help, more},
/* clang-format on */
const struct verb_row verb_table[VERB_COUNT] = {
#include "cli/verbs.def"
};
const struct option_row option_table[OPTION_COUNT] = {
#include "cli/options.def"
};
#undef OPTION
#undef VERB

#define MAX_CONNECTIONS_DEFAULT 1000
#define JOBS_MOST               1024

/* Long options are reported by index, above every letter. */
#define LONG_BASE 256

static void complain(const char *what, const char *value, const char *expected)
{
    tell("%s '%s': %s (see finwait --help)", what, value, expected);
}

/* "finwait", or "finwait explain". */
static void put_command(enum verb verb, FILE *stream)
{
    fprintf(stream, "finwait%s%s", *verb_table[verb].name ? " " : "", verb_table[verb].name);
}

static void put_usage(enum verb verb, FILE *stream)
{
    put_command(verb, stream);
    fprintf(stream, " [OPTION]... %s", verb_table[verb].operands);
}

static void put_verbs(FILE *stream)
{
    for (int i = 0; i < VERB_COUNT; i++) {
        char left[40];
        snprintf(left, sizeof left, "finwait %s ...", verb_table[i].name);
        if (*verb_table[i].name)
            fprintf(stream, "       %-20s %s\n", left, verb_table[i].what);
    }
}

static void put_options(enum verb verb, FILE *stream)
{
    const char *group = "";
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        if (!(row->verbs & 1u << verb))
            continue;
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
}

void options_print_help(enum verb verb, FILE *stream)
{
    fputs("Usage: ", stream);
    put_usage(verb, stream);
    fputc('\n', stream);
    if (verb == VERB_REPORT)
        put_verbs(stream);
    fputs(verb_table[verb].text, stream);
    put_options(verb, stream);
    if (verb == VERB_REPORT)
        fputs("\nExit status: 0 analysed, 1 usage or nothing readable, 2 something was damaged or\n"
              "unreadable, 3 --fail-on, 130/143 interrupted (the report is valid all the same).\n",
              stream);
}

/* In the order of what they mean. */
static const char *const format_words[] = {"text", "json", "ndjson", "html", "openmetrics", NULL};
static const char *const plain_format_words[] = {"text", "json", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};
static const char *const severity_words[] = {"info", "notice", "warning", "critical", NULL};
static const char *const sandbox_words[] = {"auto", "require", "off", NULL};
static const char *const two_msl_words[] = {"linux", "windows", "rfc", NULL};

const char *const *option_words(enum option_id id)
{
    switch (id) {
    case OPTION_FORMAT:
        return format_words;
    case OPTION_PLAIN_FORMAT:
        return plain_format_words;
    case OPTION_COLOR:
        return color_words;
    case OPTION_MIN_SEVERITY:
    case OPTION_EXTRACT_SEVERITY:
    case OPTION_FAIL_ON:
        return severity_words;
    case OPTION_SANDBOX:
        return sandbox_words;
    case OPTION_TWO_MSL:
        return two_msl_words;
    default:
        return NULL;
    }
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
    static const enum report_format formats[] = {REPORT_TEXT, REPORT_JSON, REPORT_NDJSON,
                                                 REPORT_HTML, REPORT_OPENMETRICS};
    int index;
    if (!parse_word(value, format_words, 0, &index)) {
        complain("--format", value, "it is text, html, json, ndjson or openmetrics");
        return false;
    }
    o->format = formats[index];
    o->some_format = true;
    return true;
}

static bool set_plain_format(struct options *o, const char *value)
{
    int index;
    if (!parse_word(value, plain_format_words, 0, &index)) {
        complain("--format", value, "it is text or json");
        return false;
    }
    return set_format(o, value);
}

static bool set_color(struct options *o, const char *value)
{
    int choice;
    if (!parse_word(value, color_words, COLOR_AUTO, &choice)) {
        complain("--color", value, "it is auto, always or never");
        return false;
    }
    o->color = (enum color_choice)choice;
    return true;
}

static bool set_sandbox(struct options *o, const char *value)
{
    int mode;
    if (!parse_word(value, sandbox_words, SANDBOX_AUTO, &mode)) {
        complain("--sandbox", value, "it is auto, require or off");
        return false;
    }
    o->sandbox = (enum sandbox_mode)mode;
    return true;
}

static bool set_severity(const char *option, const char *value, enum severity *out)
{
    int index;
    if (!parse_word(value, severity_words, SEVERITY_INFO, &index)) {
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
    tell("--%s '%s': not a duration; write seconds, or 500ms, 2m, 1h", name, value);
    return false;
}

static bool set_moment(const char *name, const char *value, int64_t *out)
{
    if (parse_moment(value, out))
        return true;
    tell("--%s '%s': not a time; write 2026-11-22T10:00:00Z or seconds since 1970", name, value);
    return false;
}

static bool set_value(struct options *o, enum option_id id, const char *value)
{
    const char *name = option_table[id].name;
    switch (id) {
    case OPTION_FORMAT:
        return set_format(o, value);
    case OPTION_PLAIN_FORMAT:
        return set_plain_format(o, value);
    case OPTION_COLOR:
        return set_color(o, value);
    case OPTION_CONNECTIONS:
        o->connections = true;
        return true;
    case OPTION_OUTPUT:
        o->output = value;
        return true;
    case OPTION_COMPRESS:
        o->compress = true;
        return true;
    case OPTION_OBSERVER:
        o->observer = value;
        return true;
    case OPTION_MIN_SEVERITY:
        return set_severity("--min-severity", value, &o->min_severity);
    case OPTION_EXTRACT_SEVERITY:
        return set_severity("--min-severity", value, &o->min_severity);
    case OPTION_MAX_CONNECTIONS:
        if (parse_size(value, &o->max_connections) && o->max_connections)
            return true;
        complain("--max-connections", value, "write a number of at least 1");
        return false;
    case OPTION_RULE:
        return set_rules(o, value);
    case OPTION_FAIL_ON:
        return set_severity("--fail-on", value, &o->fail_on);
    case OPTION_CONNECTION:
        if (choice_parse(value, &o->connection))
            return true;
        complain("--connection", value,
                 "write 6 digits or more of its id, or 10.0.0.1:40000-10.0.0.2:443, or one end");
        return false;
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
    case OPTION_WORST:
        if (parse_count(value, WORST_MOST, &o->worst))
            return true;
        complain("--worst", value, "write a number from 0 to 5000");
        return false;
    case OPTION_MAX_MEMORY:
        if (parse_size(value, &o->analyzer.max_memory_bytes) &&
            o->analyzer.max_memory_bytes >= UINT64_C(1) << 20)
            return true;
        complain("--max-memory", value, "write a size of at least 1M, like 512M or 2G");
        return false;
    case OPTION_SANDBOX:
        return set_sandbox(o, value);
    case OPTION_JOBS:
        if (parse_count(value, JOBS_MOST, &o->jobs) && o->jobs)
            return true;
        complain("--jobs", value, "write a number from 1 to 1024");
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

/* The verb's row of this name, else another verb's, or OPTION_COUNT. */
static enum option_id named(enum verb verb, const char *name)
{
    enum option_id other = OPTION_COUNT;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(option_table[i].name, name) != 0)
            continue;
        if (option_table[i].verbs & 1u << verb)
            return (enum option_id)i;
        other = (enum option_id)i;
    }
    return other;
}

/* Other verbs' options are known as well, so that they can be refused by name. */
static void make_getopt(enum verb verb, struct option longs[OPTION_COUNT + 1], char *shorts)
{
    size_t n = 0;
    *shorts++ = ':';
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        if (named(verb, row->name) != (enum option_id)i)
            continue;
        longs[n++] = (struct option){.name = row->name,
                                     .has_arg = row->argument ? required_argument : no_argument,
                                     .val = LONG_BASE + i};
        if (!row->letter)
            continue;
        *shorts++ = (char)row->letter;
        if (row->argument)
            *shorts++ = ':';
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

static enum option_id id_of(enum verb verb, int code)
{
    if (code >= LONG_BASE)
        return (enum option_id)(code - LONG_BASE);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_table[i].letter == code)
            return named(verb, option_table[i].name);
    }
    return OPTION_COUNT;
}

static void see_help(enum verb verb)
{
    fputs(" (see ", stderr);
    put_command(verb, stderr);
    fputs(" --help)\n", stderr);
}

static void complain_unparsed(enum verb verb, int code, char **argv)
{
    char clean[TEXT_CLEAN_BYTES];
    fprintf(stderr, code == ':' ? "finwait: %s needs a value" : "finwait: unknown option %s",
            clean_copy(clean, argv[optind - 1]));
    see_help(verb);
}

/* An option of other verbs: which, and what to do. */
static void complain_misplaced(enum verb verb, enum option_id id)
{
    const char *before = "write";
    fputs("finwait: ", stderr);
    if (verb == VERB_REPORT)
        fprintf(stderr, "--%s needs a verb; ", option_table[id].name);
    else
        fprintf(stderr, "%s takes no --%s; ", verb_table[verb].name, option_table[id].name);
    for (int i = 0; i < VERB_COUNT; i++) {
        if (!(option_table[id].verbs & 1u << i))
            continue;
        fprintf(stderr, "%s: ", before);
        put_usage((enum verb)i, stderr);
        before = ", or";
    }
    see_help(verb);
}

static bool check_operands(const struct options *o)
{
    if (o->verb == VERB_RULES)
        return true;
    if (o->input_count == 0) {
        fputs("finwait: no capture given; usage: ", stderr);
        put_usage(o->verb, stderr);
        see_help(o->verb);
        return false;
    }
    if (o->analyzer.from_ns > o->analyzer.to_ns) {
        fputs("finwait: --from is later than --to: no connection can be alive in between\n",
              stderr);
        return false;
    }
    return true;
}

static enum verb verb_of(const char *word)
{
    for (int i = VERB_REPORT + 1; word && i < VERB_COUNT; i++) {
        if (strcmp(verb_table[i].name, word) == 0)
            return (enum verb)i;
    }
    return VERB_REPORT;
}

/* Those that this process may run on. */
static uint32_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (uint32_t)CPU_COUNT(&set);
}

enum options_result options_parse(int argc, char **argv, struct options *o)
{
    struct option longs[OPTION_COUNT + 1];
    char shorts[2 * OPTION_COUNT + 2];
    enum verb verb = verb_of(argc > 1 ? argv[1] : NULL);
    if (verb != VERB_REPORT) {
        argc--;
        argv++;
    }
    make_getopt(verb, longs, shorts);
    *o = (struct options){.verb = verb,
                          .analyzer = ANALYZER_CONFIG_DEFAULT,
                          .format = verb == VERB_REPORT ? REPORT_JSON : REPORT_TEXT,
                          .min_severity = verb == VERB_REPORT ? SEVERITY_NOTICE : SEVERITY_INFO,
                          .worst = WORST_DEFAULT,
                          .max_connections = MAX_CONNECTIONS_DEFAULT,
                          .jobs = processors()};
    int code;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        enum option_id id = code == '?' || code == ':' ? OPTION_COUNT : id_of(verb, code);
        if (id == OPTION_COUNT) {
            complain_unparsed(verb, code, argv);
            return OPTIONS_WRONG;
        }
        if (!(option_table[id].verbs & 1u << verb)) {
            complain_misplaced(verb, id);
            return OPTIONS_WRONG;
        }
        if (id == OPTION_HELP) {
            options_print_help(verb, stdout);
            return OPTIONS_DONE;
        }
        if (id == OPTION_VERSION) {
            puts("finwait " FINWAIT_VERSION);
            return OPTIONS_DONE;
        }
        const char *value = optarg ? optarg : "";
        if (!set_value(o, id, value))
            return OPTIONS_WRONG;
        o->given[id] = value;
    }
    o->inputs = (const char *const *)(argv + optind);
    o->input_count = (size_t)(argc - optind);
    return check_operands(o) ? OPTIONS_RUN : OPTIONS_WRONG;
}
