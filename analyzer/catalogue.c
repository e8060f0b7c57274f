#include "analyzer/catalogue.h"

#include <string.h>

#define FIGURE(id, name, type, unit, description)                                                  \
    [FIGURE_##id] = {name, FIGURE_TYPE_##type, unit, description},
const struct figure_info figure_table[FIGURES] = {
#include "analyzer/figures.def"
};
#undef FIGURE

#define FIGURES_OF(...)                                                                            \
    (const uint8_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__, FIGURES                                                                       \
    }
#define NO_FIGURES                                                                                 \
    (const uint8_t[])                                                                              \
    {                                                                                              \
        FIGURES                                                                                    \
    }
#define SEVERITY(text)   .severity = (text)
#define SENTENCE(text)   .sentence = (text)
#define MEANS(text)      .means = (text)
#define RECOGNISED(text) .recognised = (text)
#define CAUSES(text)     .causes = (text)
#define CHECK(text)      .check = (text)
#define REFERENCES(text) .references = (text)
#define RULE(id_, name_, category_, scope_, title_, needs_, yields_, figures_, ...)                \
    [RULE_##id_] = {.id = (name_),                                                                 \
                    .category = CATEGORY_##category_,                                              \
                    .scope = SCOPE_##scope_,                                                       \
                    .name = (title_),                                                              \
                    .needs = (needs_),                                                             \
                    .yields = (yields_),                                                           \
                    .figures = figures_,                                                           \
                    __VA_ARGS__},
const struct rule_info rule_table[RULES] = {
#include "analyzer/catalogue.def"
};
#undef RULE

#define NAME2(id, name)       [id] = (name),
#define NAME3(id, name, more) [id] = (name),
#define MORE3(id, name, more) [id] = (more),
static const char *const category_names[] = {CATEGORY_TABLE(NAME3)};
static const char *const category_titles[] = {CATEGORY_TABLE(MORE3)};
static const char *const severity_names[] = {[SEVERITY_NONE] = "none", SEVERITY_TABLE(NAME2)};
static const char *const confidence_names[] = {CONFIDENCE_TABLE(NAME2)};
static const char *const scope_names[] = {SCOPE_TABLE(NAME2)};
static const char *const figure_type_names[] = {FIGURE_TYPE_TABLE(NAME2)};

const char *category_name(enum rule_category category)
{
    return category_names[category];
}

const char *category_title(enum rule_category category)
{
    return category_titles[category];
}

const char *severity_name(enum severity severity)
{
    return severity_names[severity];
}

const char *confidence_name(enum confidence confidence)
{
    return confidence_names[confidence];
}

const char *scope_name(enum rule_scope scope)
{
    return scope_names[scope];
}

const char *figure_type_name(enum figure_type type)
{
    return figure_type_names[type];
}

enum rule_id rule_by_name(const char *name)
{
    unsigned rule = 0;
    while (rule < RULES && strcmp(rule_table[rule].id, name) != 0)
        rule++;
    return (enum rule_id)rule;
}

enum rule_category category_by_name(const char *name)
{
    unsigned category = 0;
    while (category < CATEGORIES && strcmp(category_names[category], name) != 0)
        category++;
    return (enum rule_category)category;
}
