/*
 * The command line: one argument a line. It is trusted, but a script may put anything on it; what
 * is understood is within bounds, and what is not ends in one line.
 */
#include "cli/options.h"
#include "tests/fuzz/fuzz.h"

#include <getopt.h>

#define ARGUMENTS_MAX 48

static enum options_result parse(const uint8_t *bytes, size_t size, struct options *options,
                                 char **copy)
{
    static char program[] = "finwait";
    char *argv[ARGUMENTS_MAX + 2] = {program};
    int argc = 1;
    char *text = malloc(size + 1);
    REQUIRE(text);
    if (size)
        memcpy(text, bytes, size);
    text[size] = '\0';
    *copy = text;
    for (char *at = text; at < text + size && argc <= ARGUMENTS_MAX;) {
        argv[argc++] = at;
        char *end = at + strcspn(at, "\n");
        *end = '\0';
        at = end + 1;
    }
    optind = 0; /* glibc: begin anew */
    enum options_result result = options_parse(argc, argv, options);
    if (result == OPTIONS_RUN)
        REQUIRE(options->input_count >= 1 && options->input_count < (size_t)argc);
    options->inputs = NULL; /* of this frame */
    return result;
}

static bool same(const struct analyzer_config *a, const struct analyzer_config *b)
{
    return a->two_msl_ns == b->two_msl_ns && a->fin_timeout_ns == b->fin_timeout_ns &&
           a->stuck_ns == b->stuck_ns && a->idle_ns == b->idle_ns && a->port_low == b->port_low &&
           a->port_high == b->port_high && a->from_ns == b->from_ns && a->to_ns == b->to_ns &&
           a->max_memory_bytes == b->max_memory_bytes && a->vlan_in_key == b->vlan_in_key;
}

static void check(const struct options *o)
{
    const struct analyzer_config *c = &o->analyzer;
    REQUIRE(c->two_msl_ns >= 0 && c->fin_timeout_ns >= 0 && c->stuck_ns >= 0 && c->idle_ns >= 0);
    REQUIRE(c->port_low >= 1 && c->port_low <= c->port_high);
    REQUIRE(c->from_ns <= c->to_ns);
    REQUIRE(c->max_memory_bytes >= UINT64_C(1) << 20);
    REQUIRE(o->min_severity < SEVERITIES && o->fail_on < SEVERITIES);
    REQUIRE(o->format == REPORT_JSON || o->format == REPORT_NDJSON || o->format == REPORT_TEXT ||
            o->format == REPORT_HTML || o->format == REPORT_OPENMETRICS);
}

void fuzz_target(const uint8_t *bytes, size_t size)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    REQUIRE(nowhere);
    FILE *standard_output = stdout;
    FILE *standard_error = stderr;
    stdout = stderr = nowhere;
    struct options first, second;
    char *copies[2];
    enum options_result result = parse(bytes, size, &first, &copies[0]);
    enum options_result again = parse(bytes, size, &second, &copies[1]);
    stdout = standard_output;
    stderr = standard_error;
    REQUIRE(result == again);
    if (result == OPTIONS_RUN) {
        check(&first);
        REQUIRE(same(&first.analyzer, &second.analyzer));
        REQUIRE(!memcmp(first.rule_left_out, second.rule_left_out, sizeof first.rule_left_out));
        REQUIRE(first.input_count == second.input_count);
        REQUIRE(first.format == second.format && first.compress == second.compress);
    }
    free(copies[0]);
    free(copies[1]);
}
