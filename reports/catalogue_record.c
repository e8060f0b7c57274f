#include "reports/catalogue_record.h"

#define SCHEMA "finwait-rules-1"

static void put_text(struct json_writer *writer, const char *text)
{
    json_text(writer, text, strlen(text));
}

static void put_categories(struct json_writer *writer)
{
    json_key(writer, "categories");
    json_begin_array(writer);
    for (unsigned category = 0; category < CATEGORIES; category++) {
        json_begin_object(writer);
        json_key(writer, "id");
        json_name(writer, category_name(category));
        json_key(writer, "name");
        put_text(writer, category_title(category));
        json_end_object(writer);
    }
    json_end_array(writer);
}

static void put_needs(struct json_writer *writer, unsigned needs)
{
#define NEED(id, bit, name, words) {id, name},
    static const struct {
        unsigned need;
        const char *name;
    } names[] = {RULE_NEED_TABLE(NEED)};
#undef NEED
    json_key(writer, "needs");
    json_begin_array(writer);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (needs & names[i].need)
            json_name(writer, names[i].name);
    }
    json_end_array(writer);
}

/* `ids` has blanks between. */
static void put_yields(struct json_writer *writer, const char *ids)
{
    json_key(writer, "yields");
    json_begin_array(writer);
    while (*ids) {
        size_t length = strcspn(ids, " ");
        if (length)
            json_name_bytes(writer, ids, length);
        ids += length + (ids[length] == ' ');
    }
    json_end_array(writer);
}

static void put_figures(struct json_writer *writer, const uint8_t *ids)
{
    json_key(writer, "figures");
    json_begin_array(writer);
    for (; *ids != FIGURES; ids++) {
        const struct figure_info *info = &figure_table[*ids];
        json_begin_object(writer);
        json_key(writer, "name");
        json_name(writer, info->name);
        json_key(writer, "type");
        json_name(writer, figure_type_name(info->type));
        if (*info->unit) {
            json_key(writer, "unit");
            put_text(writer, info->unit);
        }
        json_key(writer, "description");
        put_text(writer, info->description);
        json_end_object(writer);
    }
    json_end_array(writer);
}

static void put_rule(struct json_writer *writer, const struct rule_info *rule)
{
    json_begin_object(writer);
    json_key(writer, "id");
    json_name(writer, rule->id);
    json_key(writer, "category");
    json_name(writer, category_name(rule->category));
    json_key(writer, "name");
    put_text(writer, rule->name);
    json_key(writer, "scope");
    json_name(writer, scope_name(rule->scope));
    json_key(writer, "severity");
    put_text(writer, rule->severity);
    put_needs(writer, rule->needs);
    put_yields(writer, rule->yields);
    put_figures(writer, rule->figures);
    json_key(writer, "sentence");
    put_text(writer, rule->sentence);
    json_key(writer, "means");
    put_text(writer, rule->means);
    json_key(writer, "recognised");
    put_text(writer, rule->recognised);
    json_key(writer, "causes");
    put_text(writer, rule->causes);
    json_key(writer, "check");
    put_text(writer, rule->check);
    json_key(writer, "references");
    put_text(writer, rule->references);
    json_end_object(writer);
}

void catalogue_record(struct json_writer *writer, const bool wanted[RULES])
{
    json_begin_object(writer);
    json_key(writer, "schema");
    json_name(writer, SCHEMA);
    put_categories(writer);
    json_key(writer, "rules");
    json_begin_array(writer);
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (wanted[rule])
            put_rule(writer, &rule_table[rule]);
    }
    json_end_array(writer);
    json_end_object(writer);
}
