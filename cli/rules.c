#include "cli/rules.h"

#include "analyzer/catalogue.h"
#include "cli/tell.h"
#include "reports/catalogue_record.h"
#include "reports/output.h"

#include <stdio.h>
#include <string.h>

#define LINE_COLUMNS 80

/* ---- the list ------------------------------------------------------------------------------- */

#define SEVERITIES_BYTES sizeof "info/notice/warning/critical"

/* "notice/warning": those that its severity speaks of. */
static void put_severities(const struct rule_info *rule, char out[SEVERITIES_BYTES])
{
    int length = 0;
    out[0] = '\0';
    for (unsigned severity = SEVERITY_INFO; severity < SEVERITIES; severity++) {
        const char *name = severity_name(severity);
        if (strstr(rule->severity, name))
            length += snprintf(out + length, SEVERITIES_BYTES - (size_t)length, "%s%s",
                               length ? "/" : "", name);
    }
}

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static void list_rules(const bool wanted[RULES])
{
    bool any = false;
    int id_width = 0, severity_width = 0;
    for (unsigned i = 0; i < RULES; i++) {
        char severities[SEVERITIES_BYTES];
        put_severities(&rule_table[i], severities);
        id_width = wider(id_width, rule_table[i].id);
        severity_width = wider(severity_width, severities);
    }
    for (unsigned category = 0; category < CATEGORIES; category++) {
        bool titled = false;
        for (unsigned i = 0; i < RULES; i++) {
            const struct rule_info *rule = &rule_table[i];
            char severities[SEVERITIES_BYTES];
            if (!wanted[i] || rule->category != category)
                continue;
            if (!titled)
                printf("%s%s: %s\n", any ? "\n" : "", category_name(category),
                       category_title(category));
            titled = any = true;
            put_severities(rule, severities);
            printf("  %-*s %-*s %s\n", id_width, rule->id, severity_width, severities, rule->name);
        }
    }
}

/* ---- one rule ------------------------------------------------------------------------------- */

/* `text` in lines of at most LINE_COLUMNS characters, each behind `indent` blanks. */
static void put_wrapped(const char *text, int indent)
{
    int column = 0;
    while (*text) {
        size_t bytes = strcspn(text, " \n");
        int width = 0;
        for (size_t i = 0; i < bytes; i++)
            width += ((unsigned char)text[i] & 0xc0) != 0x80; /* the first byte of a character */
        if (bytes && column && column + 1 + width > LINE_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        if (bytes) {
            printf("%*s%.*s", column ? 1 : indent, "", (int)bytes, text);
            column += (column ? 1 : indent) + width;
        }
        text += bytes;
        text += *text != '\0';
    }
    putchar('\n');
}

static void put_section(const char *title, const char *text)
{
    printf("\n%s\n", title);
    put_wrapped(text, 2);
}

static void put_needs(unsigned needs)
{
#define NEED(id, bit, name, words) {id, words},
    static const struct {
        unsigned need;
        const char *words;
    } table[] = {RULE_NEED_TABLE(NEED)};
#undef NEED
    if (needs == NEEDS_NOTHING)
        return;
    printf("\nThe capture must show\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (needs & table[i].need)
            put_wrapped(table[i].words, 2);
    }
}

static void put_figures(const uint8_t *ids)
{
    if (*ids == FIGURES)
        return;
    printf("\nFigures (X is the endpoint that the record names, Y its peer)\n");
    for (; *ids != FIGURES; ids++) {
        const struct figure_info *info = &figure_table[*ids];
        printf("  %s (%s%s%s)\n", info->name, figure_type_name(info->type), *info->unit ? ", " : "",
               info->unit);
        put_wrapped(info->description, 6);
    }
}

static void explain(const struct rule_info *rule)
{
    printf("%s\n%s (%s), about a %s\n\n", rule->name, rule->id, category_name(rule->category),
           scope_name(rule->scope));
    put_wrapped(rule->means, 0);
    put_section("Severity", rule->severity);
    put_section("How it is recognised", rule->recognised);
    put_needs(rule->needs);
    if (*rule->yields)
        put_section("Says nothing about an endpoint of which one of these speaks", rule->yields);
    put_figures(rule->figures);
    put_section("Usual causes", rule->causes);
    put_section("What to check next", rule->check);
    put_section("References", rule->references);
}

/* ---- names ---------------------------------------------------------------------------------- */

#define NAME_MAX_BYTES 48

/* Changes of one character each that make one name of the other (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_BYTES + 1];
    size_t width = strlen(b);
    if (width > NAME_MAX_BYTES)
        return NAME_MAX_BYTES;
    for (unsigned j = 0; j <= width; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            unsigned best = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j] = best;
        }
    }
    return row[width];
}

static bool is_near(const char *given, const char *name)
{
    return strstr(name, given) || distance(given, name) <= 3;
}

static void complain_unknown(const char *given)
{
    const char *before = "; is it one of:";
    char clean[TEXT_CLEAN_BYTES];
    fprintf(stderr, "finwait: rules: no rule or category '%s'", clean_copy(clean, given));
    for (unsigned category = 0; category < CATEGORIES; category++) {
        if (is_near(given, category_name(category))) {
            fprintf(stderr, "%s %s", before, category_name(category));
            before = ",";
        }
    }
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (is_near(given, rule_table[rule].id)) {
            fprintf(stderr, "%s %s", before, rule_table[rule].id);
            before = ",";
        }
    }
    fprintf(stderr, "%s\n", *before == ',' ? "?" : "; finwait rules lists them");
}

/* ---- the verb ------------------------------------------------------------------------------- */

struct choice {
    bool json;
    bool wanted[RULES];
    bool in_full[RULES]; /* named itself, not only its category */
};

static bool choose(struct choice *choice, const char *name)
{
    enum rule_id rule = rule_by_name(name);
    enum rule_category category = category_by_name(name);
    if (rule == RULES && category == CATEGORIES) {
        complain_unknown(name);
        return false;
    }
    if (rule != RULES)
        choice->in_full[rule] = choice->wanted[rule] = true;
    for (unsigned i = 0; i < RULES && category != CATEGORIES; i++)
        choice->wanted[i] |= rule_table[i].category == category;
    return true;
}

static bool write_json(const struct choice *choice)
{
    char error[512];
    struct output *output = output_open(NULL, error, sizeof error);
    if (output) {
        struct json_writer writer;
        json_writer_init(&writer, output);
        catalogue_record(&writer, choice->wanted);
        json_flush(&writer);
        output_text(output, "\n");
        if (output_commit(output, error, sizeof error))
            return true;
    }
    tell("%s", error);
    return false;
}

static bool write_text(const struct choice *choice)
{
    bool listed[RULES], any_listed = false, any = false;
    for (unsigned rule = 0; rule < RULES; rule++) {
        listed[rule] = choice->wanted[rule] && !choice->in_full[rule];
        any_listed |= listed[rule];
    }
    if (any_listed)
        list_rules(listed);
    any = any_listed;
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!choice->in_full[rule])
            continue;
        fputs(any ? "\n\n" : "", stdout);
        explain(&rule_table[rule]);
        any = true;
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fputs("finwait: cannot write to standard output\n", stderr);
    return false;
}

bool rules_command(const struct options *options)
{
    struct choice choice = {.json = options->format == REPORT_JSON};
    if (!options->input_count)
        memset(choice.wanted, true, sizeof choice.wanted);
    for (size_t i = 0; i < options->input_count; i++) {
        if (!choose(&choice, options->inputs[i]))
            return false;
    }
    return choice.json ? write_json(&choice) : write_text(&choice);
}
