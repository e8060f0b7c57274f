#include "analyzer/state/script.h"

#include <stdlib.h>
#include <string.h>

static const struct anomaly_figure *find_figure(const struct anomaly_verdict *a, const char *name)
{
    for (uint32_t i = 0; i < a->figure_count; i++) {
        if (strcmp(figure_table[a->figures[i].id].name, name) == 0)
            return &a->figures[i];
    }
    return NULL;
}

void script_print_rules(const struct connection_verdict *v)
{
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        const struct anomaly_verdict *a = &v->anomalies[i];
        print_error("    rule %s by %s %s %s", rule_table[a->rule].id,
                    role_name((enum role)a->endpoint), severity_name((enum severity)a->severity),
                    confidence_name((enum confidence)a->confidence));
        for (uint32_t k = 0; k < a->evidence_count; k++)
            print_error(" @%u", (unsigned)a->evidence[k].frame);
        for (uint32_t k = 0; k < a->figure_count; k++) {
            const struct anomaly_figure *f = &a->figures[k];
            print_error(" %s=", figure_table[f->id].name);
            if (f->word)
                print_error("%s", f->word);
            else
                print_error("%lld", (long long)f->integer);
        }
        print_error("\n");
    }
}

static const char *about_rules(const struct script *s, char word[SCRIPT_WORD_BYTES],
                               const char **rest)
{
    *rest = s->line;
    if (!script_word(s, rest, word))
        return NULL;
    const char *second = *rest;
    char next[SCRIPT_WORD_BYTES];
    if (strcmp(word, "no") == 0 && script_word(s, &second, next) && strcmp(next, "rule") == 0) {
        *rest = second;
        return "no";
    }
    static const char *const words[] = {"rule", "rules", "quiet"};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) == 0)
            return words[i];
    }
    return NULL;
}

bool script_is_about_rules(const struct script *s)
{
    char word[SCRIPT_WORD_BYTES];
    const char *rest;
    return about_rules(s, word, &rest) != NULL;
}

static enum rule_id take_rule(const struct script *s, const char *word)
{
    enum rule_id rule = rule_by_name(word);
    if (rule == RULES)
        script_wrong(s, "there is no such rule");
    return rule;
}

static bool exactly(const struct script *s, const struct connection_verdict *v, const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    bool named[RULES] = {false};
    while (script_word(s, &rest, word)) {
        if (strcmp(word, "nothing") != 0)
            named[take_rule(s, word)] = true;
    }
    bool found[RULES] = {false};
    for (uint32_t i = 0; i < v->anomaly_count; i++)
        found[v->anomalies[i].rule] = true;
    return memcmp(named, found, sizeof named) == 0;
}

static bool has_frame(const struct anomaly_verdict *a, const char *number)
{
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        if (a->evidence[i].frame == strtoul(number, NULL, 10))
            return true;
    }
    return false;
}

static bool has_value(const struct script *s, const struct anomaly_verdict *a, char *word)
{
    char *equals = strchr(word, '=');
    *equals = '\0';
    const struct anomaly_figure *f = find_figure(a, word);
    const char *value = equals + 1;
    bool known = false;
    for (unsigned i = 0; i < FIGURES; i++)
        known |= strcmp(figure_table[i].name, word) == 0;
    if (!known)
        script_wrong(s, "there is no such figure");
    if (strcmp(value, "-") == 0)
        return !f;
    if (!f)
        return false;
    switch ((enum figure_type)figure_table[f->id].type) {
    case FIGURE_TYPE_BOOLEAN:
        return f->integer == (strcmp(value, "true") == 0);
    case FIGURE_TYPE_KEYWORD:
        return f->word && strcmp(f->word, value) == 0;
    case FIGURE_TYPE_TEXT: /* its bytes are the verdict's */
    case FIGURE_TYPE_INTEGER:
    case FIGURE_TYPES:
        break;
    }
    return f->integer == strtoll(value, NULL, 10);
}

static bool has_word(const struct script *s, const struct anomaly_verdict *a, char *word)
{
    if (*word == '@')
        return has_frame(a, word + 1);
    if (strchr(word, '='))
        return has_value(s, a, word);
    for (unsigned i = SEVERITY_INFO; i < SEVERITIES; i++) {
        if (strcmp(word, severity_name((enum severity)i)) == 0)
            return a->severity == i;
    }
    for (unsigned i = 0; i < CONFIDENCES; i++) {
        if (strcmp(word, confidence_name((enum confidence)i)) == 0)
            return a->confidence == i;
    }
    for (unsigned i = 0; i < ROLES; i++) {
        if (strcmp(word, role_name((enum role)i)) == 0)
            return a->endpoint == i;
    }
    script_wrong(s, "no such word about a rule");
}

static bool is_as_said(const struct script *s, const struct anomaly_verdict *a, const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    bool good = true;
    while (script_word(s, &rest, word)) {
        if (strcmp(word, "by") != 0)
            good &= has_word(s, a, word);
    }
    return good;
}

bool script_rules_fulfilled(const struct script *s, const struct connection_verdict *v)
{
    char word[SCRIPT_WORD_BYTES];
    const char *rest;
    const char *about = about_rules(s, word, &rest);
    if (strcmp(about, "rules") == 0)
        return exactly(s, v, rest);
    bool any = false;
    if (strcmp(about, "quiet") == 0) {
        for (uint32_t i = 0; i < v->anomaly_count; i++)
            any |= v->anomalies[i].severity >= SEVERITY_WARNING;
        return !any;
    }
    if (!script_word(s, &rest, word))
        script_wrong(s, "which rule");
    enum rule_id rule = take_rule(s, word);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (v->anomalies[i].rule == rule)
            any |= is_as_said(s, &v->anomalies[i], rest);
    }
    return any == (strcmp(about, "rule") == 0);
}
