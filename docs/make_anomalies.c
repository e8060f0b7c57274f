/* Writes docs/anomalies.md from the catalogue of anomalies. */
#include "analyzer/catalogue.h"

#include <stdio.h>
#include <string.h>

/* Text of ours as Markdown shows it. */
static void put_text(const char *text)
{
    for (; *text; text++) {
        if (strchr("*<|\\`", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void put_part(const char *title, const char *text)
{
    printf("**%s.** ", title);
    put_text(text);
    fputs("\n\n", stdout);
}

static void put_contents(void)
{
    for (unsigned category = 0; category < CATEGORIES; category++) {
        printf("- [`%s`](#%s): ", category_name(category), category_name(category));
        put_text(category_title(category));
        putchar('\n');
        for (unsigned i = 0; i < RULES; i++) {
            const struct rule_info *rule = &rule_table[i];
            if (rule->category != category)
                continue;
            printf("  - [`%s`](#%s): ", rule->id, rule->id);
            put_text(rule->name);
            putchar('\n');
        }
    }
    putchar('\n');
}

static void put_severities(void)
{
    static const char *const meanings[] = {
        [SEVERITY_NONE] = "",
        [SEVERITY_INFO] = "a fact to filter on",
        [SEVERITY_NOTICE] = "odd, often harmless",
        [SEVERITY_WARNING] = "somebody lost something, or will",
        [SEVERITY_CRITICAL] = "data or trust at stake",
    };
    _Static_assert(sizeof meanings / sizeof *meanings == SEVERITIES, "a meaning for each");
    puts("| severity | `event.severity` | |\n|---|---|---|");
    for (unsigned severity = SEVERITY_INFO; severity < SEVERITIES; severity++)
        printf("| `%s` | %u | %s |\n", severity_name(severity), severity, meanings[severity]);
    putchar('\n');
}

static void put_needs(const struct rule_info *rule)
{
#define NEED(id, bit, name, words) {id, words},
    static const struct {
        unsigned need;
        const char *words;
    } needs[] = {RULE_NEED_TABLE(NEED)};
#undef NEED
    const char *before = "**The capture must show** ";
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (!(rule->needs & needs[i].need))
            continue;
        printf("%s%s", before, needs[i].words);
        before = "; ";
    }
    if (*before == ';')
        fputs(".\n\n", stdout);
}

static void put_yields(const char *ids)
{
    const char *before = "**Says nothing** about an endpoint of which one of these speaks: ";
    while (*ids) {
        size_t length = strcspn(ids, " ");
        if (length) {
            printf("%s[`%.*s`](#%.*s)", before, (int)length, ids, (int)length, ids);
            before = ", ";
        }
        ids += length + (ids[length] == ' ');
    }
    if (*before == ',')
        fputs(".\n\n", stdout);
}

static void put_figures(const uint8_t *ids)
{
    if (*ids == FIGURES)
        return;
    puts("| figure | type | |\n|---|---|---|");
    for (; *ids != FIGURES; ids++) {
        const struct figure_info *info = &figure_table[*ids];
        printf("| `%s` | %s%s%s | ", info->name, figure_type_name(info->type),
               *info->unit ? ", " : "", info->unit);
        put_text(info->description);
        puts(" |");
    }
    putchar('\n');
}

static void put_rule(const struct rule_info *rule)
{
    printf("### <a id=\"%s\"></a>`%s`: ", rule->id, rule->id);
    put_text(rule->name);
    fputs("\n\n", stdout);
    put_text(rule->means);
    fputs("\n\n", stdout);
    put_part("Severity", rule->severity);
    put_part("Recognised", rule->recognised);
    put_needs(rule);
    put_yields(rule->yields);
    put_part("Usual causes", rule->causes);
    put_part("What to check next", rule->check);
    put_part("References", rule->references);
    put_figures(rule->figures);
}

int main(void)
{
    puts("# The anomalies that finwait knows\n\n"
         "<!-- Written by docs/make_anomalies.c from the catalogue (analyzer/anomaly/); ./dev docs "
         "renews it. -->\n\n"
         "Each rule speaks at most once about an endpoint of a connection; what repeats is counted "
         "in its\n"
         "figures. X is the endpoint that the record names, Y its peer. `finwait rules ID` prints "
         "the same in a\nterminal.\n");
    put_severities();
    put_contents();
    for (unsigned category = 0; category < CATEGORIES; category++) {
        printf("## <a id=\"%s\"></a>", category_name(category));
        put_text(category_title(category));
        fputs("\n\n", stdout);
        for (unsigned i = 0; i < RULES; i++) {
            if (rule_table[i].category == category)
                put_rule(&rule_table[i]);
        }
    }
    return ferror(stdout) || fflush(stdout) != 0;
}
