/*
 * Makes the schema files from their templates: make_schema FOLDER TEMPLATE…
 *
 * Every template's $defs are known to all. One with an $id becomes NAME.schema.json (from
 * NAME.in.json), complete in itself: the definitions that it needs are copied in. An enumeration is
 * written "@table", or "@table except name", and comes from the tables of the code, so that
 * schema and report cannot drift apart; so do the properties "@figures".
 *
 * Refuses a template that leaves an object open or a property without a description.
 */
#include "analyzer/verdict.h"
#include "dissect/findings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const char *name;
    const char *const *names; /* ends in NULL */
};

/* clang-format off */
#define NAME(id, name)        name,
#define NAME3(id, name, more) name,
#define NAME4(id, bit, name, words) name,
#define RULE(id, name, ...)   name,
static const char *const rules[] = {
#include "analyzer/catalogue.def"
    NULL};
#undef RULE
#define TABLE(table, list) {table, (const char *const[]){list(NAME) NULL}},
static const struct table tables[] = {
    {"rule", rules},
    {"category", (const char *const[]){CATEGORY_TABLE(NAME3) NULL}},
    {"need", (const char *const[]){RULE_NEED_TABLE(NAME4) NULL}},
    TABLE("figure_type", FIGURE_TYPE_TABLE)
    TABLE("severity", SEVERITY_TABLE)
    TABLE("confidence", CONFIDENCE_TABLE)
    TABLE("scope", SCOPE_TABLE)
    TABLE("tcp_state", TCP_STATE_TABLE)
    TABLE("state_cause", STATE_CAUSE_TABLE)
    TABLE("certainty", CERTAINTY_TABLE)
    TABLE("role", ROLE_TABLE)
    TABLE("client_known_by", CLIENT_KNOWN_BY_TABLE)
    TABLE("visibility", VISIBILITY_TABLE)
    TABLE("handshake", HANDSHAKE_TABLE)
    TABLE("close_kind", CLOSE_KIND_TABLE)
    TABLE("reset_form", RESET_FORM_TABLE)
    TABLE("reset_stage", RESET_STAGE_TABLE)
    TABLE("caveat", CAVEAT_TABLE)
    TABLE("zeek_state", ZEEK_STATE_TABLE)
    TABLE("tunnel", TUNNEL_TABLE)
    TABLE("damage_kind", DAMAGE_TABLE)
    TABLE("damage_reason", DAMAGE_REASON_TABLE)
    TABLE("oddity", ODDITY_TABLE)
    TABLE("format", FORMAT_TABLE)
    TABLE("compression", COMPRESSION_TABLE)
    TABLE("other", OTHER_TABLE)
    TABLE("undecodable", UNDECODABLE_TABLE)
};
/* clang-format on */

static void die(const char *subject, const char *problem) __attribute__((noreturn));

static void die(const char *subject, const char *problem)
{
    fprintf(stderr, "make_schema: %s: %s\n", subject, problem);
    exit(EXIT_FAILURE);
}

static const struct table *find_table(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strlen(tables[i].name) == length && strncmp(tables[i].name, name, length) == 0)
            return &tables[i];
    }
    die(name, "no such table");
}

/* "@table" or "@table except name" */
static json_t *enumeration(const char *text)
{
    static const char except[] = " except ";
    if (*text != '@')
        die(text, "an enumeration in words must name a table");
    const char *exception = strstr(text, except);
    size_t length = exception ? (size_t)(exception - text) - 1 : strlen(text) - 1;
    const struct table *table = find_table(text + 1, length);
    if (exception)
        exception += sizeof except - 1;

    json_t *list = json_array();
    bool excepted = !exception;
    for (const char *const *name = table->names; *name; name++) {
        if (exception && strcmp(*name, exception) == 0)
            excepted = true;
        else if (json_array_append_new(list, json_string(*name)))
            die("templates", "out of memory");
    }
    if (!excepted)
        die(text, "the exception is not in the table");
    return list;
}

/* "@figures": a property for each figure of the catalogue. */
static json_t *figure_properties(void)
{
    json_t *properties = json_object();
    for (unsigned i = 0; i < FIGURES; i++) {
        const struct figure_info *info = &figure_table[i];
        char description[512];
        int length = snprintf(description, sizeof description, "%s%s%s", info->description,
                              *info->unit ? ", " : "", info->unit);
        if (length < 0 || (size_t)length >= sizeof description)
            die(info->name, "description too long");
        json_t *property = json_object();
        bool failed = json_object_set_new(property, "description", json_string(description));
        if (info->type == FIGURE_TYPE_INTEGER) {
            failed |= json_object_set_new(property, "type", json_string("integer"));
            failed |= json_object_set_new(
                property, "minimum", json_integer(strcmp(info->unit, "ns") == 0 ? 0 : -INT64_MAX));
            failed |= json_object_set_new(property, "maximum", json_integer(INT64_MAX));
        } else if (info->type == FIGURE_TYPE_BOOLEAN) {
            failed |= json_object_set_new(property, "type", json_string("boolean"));
        } else if (info->type == FIGURE_TYPE_TEXT) {
            failed |= json_object_set_new(property, "type", json_string("string"));
        } else {
            failed |= json_object_set_new(property, "type", json_string("string"));
            failed |= json_object_set_new(property, "pattern", json_string("^[a-z0-9_]+$"));
        }
        failed |= json_object_set_new(properties, info->name, property);
        if (failed)
            die("templates", "out of memory");
    }
    return properties;
}

static void check_object(const json_t *schema, const char *place)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    if (type && strcmp(type, "object") == 0 && !json_object_get(schema, "additionalProperties") &&
        !json_object_get(schema, "maxProperties"))
        die(place, "an object must say which properties it may have");
    if (!type)
        return;
    const char *name;
    json_t *property;
    json_object_foreach(json_object_get(schema, "properties"), name, property)
    {
        if (!json_object_get(property, "description"))
            die(name, "property without a description");
    }
}

/* Puts the enumerations in, everywhere below `node`. */
static void expand(json_t *node, const char *place)
{
    size_t index;
    json_t *item;
    json_array_foreach(node, index, item) expand(item, place);
    if (!json_is_object(node))
        return;
    check_object(node, place);
    const char *table = json_string_value(json_object_get(node, "properties"));
    if (table && strcmp(table, "@figures") == 0 &&
        json_object_set_new(node, "properties", figure_properties()))
        die("templates", "out of memory");
    json_t *names = json_object_get(node, "enum");
    if (json_is_string(names) &&
        json_object_set_new(node, "enum", enumeration(json_string_value(names))))
        die("templates", "out of memory");
    const char *key;
    json_object_foreach(node, key, item) expand(item, json_is_object(item) ? key : place);
}

/* Copies into `needed` every definition that something below `node` refers to. */
static void collect(json_t *node, const json_t *definitions, json_t *needed)
{
    static const char prefix[] = "#/$defs/";
    size_t index;
    json_t *item;
    json_array_foreach(node, index, item) collect(item, definitions, needed);
    if (!json_is_object(node))
        return;
    const char *reference = json_string_value(json_object_get(node, "$ref"));
    if (reference) {
        if (strncmp(reference, prefix, sizeof prefix - 1) != 0)
            die(reference, "not a reference to a definition");
        const char *name = reference + sizeof prefix - 1;
        json_t *definition = json_object_get(definitions, name);
        if (!definition)
            die(name, "no such definition");
        if (!json_object_get(needed, name)) {
            if (json_object_set(needed, name, definition))
                die("templates", "out of memory");
            collect(definition, definitions, needed);
        }
    }
    const char *key;
    json_object_foreach(node, key, item) collect(item, definitions, needed);
}

/* FOLDER/NAME.schema.json for a template of any folder called NAME.in.json. */
static void output_path(char *path, size_t bytes, const char *folder, const char *template)
{
    const char *slash = strrchr(template, '/');
    const char *base = slash ? slash + 1 : template;
    const char *end = strstr(base, ".in.json");
    if (!end)
        die(template, "not called NAME.in.json");
    int length = snprintf(path, bytes, "%s/%.*s.schema.json", folder, (int)(end - base), base);
    if (length < 0 || (size_t)length >= bytes)
        die(template, "name too long");
}

static void write_schema(json_t *schema, const json_t *definitions, const char *path)
{
    json_t *needed = json_object();
    collect(schema, definitions, needed);
    if (json_object_set_new(schema, "$defs", needed))
        die("templates", "out of memory");
    if (json_dump_file(schema, path, JSON_INDENT(2)))
        die(path, "cannot be written");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage", "make_schema FOLDER TEMPLATE...");
    json_t *templates = json_array(), *definitions = json_object();
    for (int i = 2; i < argc; i++) {
        json_error_t error;
        json_t *template = json_load_file(argv[i], JSON_REJECT_DUPLICATES, &error);
        if (!template) {
            fprintf(stderr, "line %d: ", error.line);
            die(argv[i], error.text);
        }
        expand(template, argv[i]);
        if (json_object_update_missing(definitions, json_object_get(template, "$defs")))
            die("templates", "out of memory");
        json_object_del(template, "$defs");
        if (json_array_append_new(templates, template))
            die("templates", "out of memory");
    }
    size_t index;
    json_t *template;
    json_array_foreach(templates, index, template)
    {
        if (json_object_get(template, "$id")) {
            char path[4096];
            output_path(path, sizeof path, argv[1], argv[index + 2]);
            write_schema(template, definitions, path);
        }
    }
    json_decref(templates);
    json_decref(definitions);
    return EXIT_SUCCESS;
}
