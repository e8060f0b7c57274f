/*
 * The command line: two tables (verbs.def, options.def) to one plain struct.
 */
#ifndef FINWAIT_CLI_OPTIONS_H
#define FINWAIT_CLI_OPTIONS_H

#include "analyzer/catalogue.h"
#include "analyzer/config.h"
#include "cli/choice.h"
#include "cli/sandbox.h"
#include "reports/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define VERB(id, name, operands, what, text, more) VERB_##id,
enum verb {
#include "cli/verbs.def"
    VERB_COUNT
};
#undef VERB

struct verb_row {
    const char *name; /* "" for the first */
    const char *operands;
    const char *what;
    const char *text;
    const char *more;
};

extern const struct verb_row verb_table[VERB_COUNT];

/* Which verbs take an option. */
#define FOR_REPORT  (1u << VERB_REPORT)
#define FOR_RULES   (1u << VERB_RULES)
#define FOR_EXPLAIN (1u << VERB_EXPLAIN)
#define FOR_EXTRACT (1u << VERB_EXTRACT)
#define FOR_READERS (FOR_REPORT | FOR_EXPLAIN | FOR_EXTRACT) /* those that read captures */
#define FOR_ALL     (FOR_READERS | FOR_RULES)

#define OPTION(id, name, letter, argument, group, verbs, help, more) OPTION_##id,
enum option_id {
#include "cli/options.def"
    OPTION_COUNT
};
#undef OPTION

/* One row of the table. */
struct option_row {
    const char *name;
    int letter; /* 0: none */
    const char *argument;
    const char *group;
    unsigned verbs; /* that take it: FOR_… */
    const char *help;
    const char *more;
};

extern const struct option_row option_table[OPTION_COUNT];

/* The words that can be the option's value, ended by NULL; NULL where it is of another kind. */
const char *const *option_words(enum option_id id);

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
    enum verb verb;
    struct analyzer_config analyzer;
    enum report_format format;
    bool some_format; /* --format was given */
    enum color_choice color;
    enum severity min_severity;
    uint32_t worst;
    enum severity fail_on; /* SEVERITY_NONE: nothing */
    bool some_rules;       /* --rule was given: all but these are left out */
    bool rule_left_out[RULES];
    bool connections;
    bool compress;
    bool verbose;
    enum sandbox_mode sandbox;
    const char *output;
    const char *observer;
    struct connection_choice connection; /* --connection */
    uint64_t max_connections;            /* of extract */
    uint32_t jobs;                       /* threads, at least 1 */
    const char *filter;
    struct filter *packet_filter; /* `filter` compiled, which main() does; NULL without */
    const char *from_text, *to_text;
    const char *given[OPTION_COUNT]; /* its last value, "" where it takes none; NULL: not given */
    const char *const *inputs;       /* of argv: captures, or what else the verb takes */
    size_t input_count;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Fills `options` from the command line. OPTIONS_DONE after --help or --version (printed to
 * standard output); OPTIONS_WRONG after one line on standard error. argv is permuted. */
enum options_result options_parse(int argc, char **argv, struct options *options);

void options_print_help(enum verb verb, FILE *stream);

#endif
