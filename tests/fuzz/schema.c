#include "tests/fuzz/schema.h"

#include "tests/fuzz/fuzz.h"

#include <regex.h>

#define SCHEMAS_MAX  8
#define PATTERNS_MAX 64
#define DEPTH_MAX    64

/* What a schema says that needs no check. */
static bool is_remark(const char *keyword)
{
    static const char *const remarks[] = {"$schema", "$id", "$defs", "title", "description"};
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++) {
        if (!strcmp(keyword, remarks[i]))
            return true;
    }
    return false;
}

struct check {
    const json_t *root;
    int depth;
};

static bool fits(struct check *check, const json_t *schema, const json_t *value);

static bool matches(const char *pattern, const char *text)
{
    static struct known {
        const char *pattern;
        regex_t compiled;
    } known[PATTERNS_MAX];
    size_t i = 0;
    while (i < PATTERNS_MAX && known[i].pattern && strcmp(known[i].pattern, pattern) != 0)
        i++;
    REQUIRE(i < PATTERNS_MAX);
    if (!known[i].pattern) {
        REQUIRE(regcomp(&known[i].compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0);
        known[i].pattern = pattern;
    }
    return regexec(&known[i].compiled, text, 0, NULL, 0) == 0;
}

static bool is_type(const char *name, const json_t *value)
{
    return (!strcmp(name, "object") && json_is_object(value)) ||
           (!strcmp(name, "array") && json_is_array(value)) ||
           (!strcmp(name, "string") && json_is_string(value)) ||
           (!strcmp(name, "integer") && json_is_integer(value)) ||
           (!strcmp(name, "boolean") && json_is_boolean(value));
}

static bool type_fits(const json_t *type, const json_t *value)
{
    if (json_is_string(type))
        return is_type(json_string_value(type), value);
    for (size_t i = 0; i < json_array_size(type); i++) {
        if (is_type(json_string_value(json_array_get(type, i)), value))
            return true;
    }
    return false;
}

static bool is_one_of(const json_t *values, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        if (json_equal(json_array_get(values, i), value))
            return true;
    }
    return false;
}

static size_t fitting(struct check *check, const json_t *schemas, const json_t *value)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(schemas); i++)
        count += fits(check, json_array_get(schemas, i), value);
    return count;
}

static bool has_all(const json_t *names, const json_t *object)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (!json_object_get(object, json_string_value(json_array_get(names, i))))
            return false;
    }
    return true;
}

static bool properties_fit(struct check *check, const json_t *schema, const json_t *object)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const json_t *names = json_object_get(schema, "propertyNames");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const json_t *own = json_object_get(properties, key);
        if (own && !fits(check, own, value))
            return false;
        if (!own && json_is_false(others))
            return false;
        if (!own && json_is_object(others) && !fits(check, others, value))
            return false;
        if (!names)
            continue;
        json_t *name = json_string(key);
        bool good = fits(check, names, name);
        json_decref(name);
        if (!good)
            return false;
    }
    return true;
}

static bool dependents_fit(const json_t *dependents, const json_t *object)
{
    const char *key;
    json_t *names;
    json_object_foreach((json_t *)(uintptr_t)dependents, key, names)
    {
        if (json_object_get(object, key) && !has_all(names, object))
            return false;
    }
    return true;
}

static bool items_fit(struct check *check, const json_t *schema, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!fits(check, schema, json_array_get(array, i)))
            return false;
    }
    return true;
}

static bool contains(struct check *check, const json_t *schema, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (fits(check, schema, json_array_get(array, i)))
            return true;
    }
    return false;
}

static bool unique(const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        for (size_t k = 0; k < i; k++) {
            if (json_equal(json_array_get(array, i), json_array_get(array, k)))
                return false;
        }
    }
    return true;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static bool keyword_fits(struct check *check, const json_t *schema, const char *keyword,
                         const json_t *asked, const json_t *value)
{
    json_int_t bound = json_integer_value(asked);
    size_t size = json_is_object(value) ? json_object_size(value) : json_array_size(value);
#define IS(name) (!strcmp(keyword, name))
    if (IS("$ref")) {
        static const char prefix[] = "#/$defs/";
        const char *name = json_string_value(asked);
        REQUIRE(!strncmp(name, prefix, sizeof prefix - 1));
        const json_t *definitions = json_object_get(check->root, "$defs");
        const json_t *target = json_object_get(definitions, name + sizeof prefix - 1);
        REQUIRE(target);
        return fits(check, target, value);
    }
    if (IS("type"))
        return type_fits(asked, value);
    if (IS("const"))
        return json_equal(asked, value);
    if (IS("enum"))
        return is_one_of(asked, value);
    if (IS("anyOf"))
        return fitting(check, asked, value) > 0;
    if (IS("oneOf"))
        return fitting(check, asked, value) == 1;
    if (IS("properties"))
        return !json_is_object(value) || properties_fit(check, schema, value);
    if (IS("additionalProperties") || IS("propertyNames")) /* above, where there are properties */
        return json_object_get(schema, "properties") || !json_is_object(value) ||
               properties_fit(check, schema, value);
    if (IS("required"))
        return !json_is_object(value) || has_all(asked, value);
    if (IS("dependentRequired"))
        return !json_is_object(value) || dependents_fit(asked, value);
    if (IS("minProperties"))
        return !json_is_object(value) || size >= (size_t)bound;
    if (IS("maxProperties"))
        return !json_is_object(value) || size <= (size_t)bound;
    if (IS("items"))
        return !json_is_array(value) || items_fit(check, asked, value);
    if (IS("contains"))
        return !json_is_array(value) || contains(check, asked, value);
    if (IS("minItems"))
        return !json_is_array(value) || size >= (size_t)bound;
    if (IS("maxItems"))
        return !json_is_array(value) || size <= (size_t)bound;
    if (IS("uniqueItems"))
        return !json_is_array(value) || unique(value);
    if (IS("minimum"))
        return !json_is_integer(value) || json_integer_value(value) >= bound;
    if (IS("maximum"))
        return !json_is_integer(value) || json_integer_value(value) <= bound;
    if (IS("minLength"))
        return !json_is_string(value) || characters(json_string_value(value)) >= (size_t)bound;
    if (IS("pattern"))
        return !json_is_string(value) ||
               matches(json_string_value(asked), json_string_value(value));
#undef IS
    fprintf(stderr, "a keyword that is not known here: %s\n", keyword);
    abort();
}

static bool fits(struct check *check, const json_t *schema, const json_t *value)
{
    REQUIRE(json_is_object(schema) && ++check->depth < DEPTH_MAX);
    bool good = true;
    const char *keyword;
    json_t *asked;
    json_object_foreach((json_t *)(uintptr_t)schema, keyword, asked)
    {
        if (is_remark(keyword) || keyword_fits(check, schema, keyword, asked, value))
            continue;
        good = false;
        break;
    }
    check->depth--;
    return good;
}

bool schema_fits(const json_t *schema, const json_t *value)
{
    struct check check = {.root = schema};
    if (fits(&check, schema, value))
        return true;
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    fprintf(stderr, "does not fit its schema: %s\n", text ? text : "");
    free(text);
    return false;
}

const json_t *schema_named(const char *name)
{
    static struct {
        char name[32];
        json_t *schema;
    } loaded[SCHEMAS_MAX];
    size_t i = 0;
    while (i < SCHEMAS_MAX && loaded[i].schema && strcmp(loaded[i].name, name) != 0)
        i++;
    REQUIRE(i < SCHEMAS_MAX);
    if (loaded[i].schema)
        return loaded[i].schema;
    char path[4096];
    snprintf(path, sizeof path, SCHEMA_FOLDER "/%s.schema.json", name);
    loaded[i].schema = json_load_file(path, 0, NULL);
    if (!loaded[i].schema) {
        fprintf(stderr, "%s: no schema\n", path);
        abort();
    }
    snprintf(loaded[i].name, sizeof loaded[i].name, "%s", name);
    return loaded[i].schema;
}
