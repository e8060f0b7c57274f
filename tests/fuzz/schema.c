#include "tests/fuzz/schema.h"

#include "tests/fuzz/fuzz.h"

#include <regex.h>

/* Which keyword was looked at is nothing that inputs should be kept for. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#define SCHEMAS_MAX  8
#define PATTERNS_MAX 256
#define DEPTH_MAX    64
#define KNOWN_MAX    16384

/* clang-format off */
#define KEYWORDS(x) \
    x(ADDITIONAL_PROPERTIES, "additionalProperties") \
    x(ANY_OF, "anyOf")                               \
    x(CONST, "const")                                \
    x(CONTAINS, "contains")                          \
    x(DEFINITIONS, "$defs")                          \
    x(DEPENDENT_REQUIRED, "dependentRequired")       \
    x(DESCRIPTION, "description")                    \
    x(ENUM, "enum")                                  \
    x(ID, "$id")                                     \
    x(ITEMS, "items")                                \
    x(MAXIMUM, "maximum")                            \
    x(MAX_ITEMS, "maxItems")                         \
    x(MAX_PROPERTIES, "maxProperties")               \
    x(MINIMUM, "minimum")                            \
    x(MIN_ITEMS, "minItems")                         \
    x(MIN_LENGTH, "minLength")                       \
    x(MIN_PROPERTIES, "minProperties")               \
    x(ONE_OF, "oneOf")                               \
    x(PATTERN, "pattern")                            \
    x(PROPERTIES, "properties")                      \
    x(PROPERTY_NAMES, "propertyNames")               \
    x(REF, "$ref")                                   \
    x(REQUIRED, "required")                          \
    x(SCHEMA, "$schema")                             \
    x(TITLE, "title")                                \
    x(TYPE, "type")                                  \
    x(UNIQUE_ITEMS, "uniqueItems")
/* clang-format on */

enum keyword {
#define NAME(name, text) name,
    KEYWORDS(NAME) KEYWORD_COUNT
#undef NAME
};

/* By where the text lies: a schema stays where it was read to, and a report makes it be asked for
 * thousands of keywords. */
static enum keyword keyword_of(const char *text)
{
    static const char *const names[] = {
#define NAME(name, text) text,
        KEYWORDS(NAME)
#undef NAME
    };
    static struct {
        const char *text;
        enum keyword keyword;
    } known[KNOWN_MAX];
    static size_t count;
    size_t at = ((uintptr_t)text >> 3) % KNOWN_MAX;
    while (known[at].text && known[at].text != text)
        at = (at + 1) % KNOWN_MAX;
    if (known[at].text)
        return known[at].keyword;
    unsigned keyword = 0;
    while (keyword < KEYWORD_COUNT && strcmp(names[keyword], text) != 0)
        keyword++;
    if (keyword == KEYWORD_COUNT)
        fprintf(stderr, "a keyword that is not known here: %s\n", text);
    REQUIRE(keyword < KEYWORD_COUNT && ++count < KNOWN_MAX / 2);
    known[at].text = text;
    return known[at].keyword = keyword;
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
    while (i < PATTERNS_MAX && known[i].pattern && known[i].pattern != pattern)
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
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return !strcmp(name, "object");
    case JSON_ARRAY:
        return !strcmp(name, "array");
    case JSON_STRING:
        return !strcmp(name, "string");
    case JSON_INTEGER:
        return !strcmp(name, "integer");
    case JSON_TRUE:
    case JSON_FALSE:
        return !strcmp(name, "boolean");
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return false;
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

static bool target_fits(struct check *check, const json_t *reference, const json_t *value)
{
    static const char prefix[] = "#/$defs/";
    const char *name = json_string_value(reference);
    REQUIRE(!strncmp(name, prefix, sizeof prefix - 1));
    const json_t *definitions = json_object_get(check->root, "$defs");
    const json_t *target = json_object_get(definitions, name + sizeof prefix - 1);
    REQUIRE(target);
    return fits(check, target, value);
}

static bool keyword_fits(struct check *check, const json_t *schema, enum keyword keyword,
                         const json_t *asked, const json_t *value)
{
    json_int_t bound = json_integer_value(asked);
    size_t size = json_is_object(value) ? json_object_size(value) : json_array_size(value);
    switch (keyword) {
    case SCHEMA: /* what needs no check */
    case ID:
    case DEFINITIONS:
    case TITLE:
    case DESCRIPTION:
        return true;
    case REF:
        return target_fits(check, asked, value);
    case TYPE:
        return type_fits(asked, value);
    case CONST:
        return json_equal(asked, value);
    case ENUM:
        return is_one_of(asked, value);
    case ANY_OF:
        return fitting(check, asked, value) > 0;
    case ONE_OF:
        return fitting(check, asked, value) == 1;
    case PROPERTIES:
        return !json_is_object(value) || properties_fit(check, schema, value);
    case ADDITIONAL_PROPERTIES: /* above, where there are properties */
    case PROPERTY_NAMES:
        return json_object_get(schema, "properties") || !json_is_object(value) ||
               properties_fit(check, schema, value);
    case REQUIRED:
        return !json_is_object(value) || has_all(asked, value);
    case DEPENDENT_REQUIRED:
        return !json_is_object(value) || dependents_fit(asked, value);
    case MIN_PROPERTIES:
        return !json_is_object(value) || size >= (size_t)bound;
    case MAX_PROPERTIES:
        return !json_is_object(value) || size <= (size_t)bound;
    case ITEMS:
        return !json_is_array(value) || items_fit(check, asked, value);
    case CONTAINS:
        return !json_is_array(value) || contains(check, asked, value);
    case MIN_ITEMS:
        return !json_is_array(value) || size >= (size_t)bound;
    case MAX_ITEMS:
        return !json_is_array(value) || size <= (size_t)bound;
    case UNIQUE_ITEMS:
        return !json_is_array(value) || unique(value);
    case MINIMUM:
        return !json_is_integer(value) || json_integer_value(value) >= bound;
    case MAXIMUM:
        return !json_is_integer(value) || json_integer_value(value) <= bound;
    case MIN_LENGTH:
        return !json_is_string(value) || characters(json_string_value(value)) >= (size_t)bound;
    case PATTERN:
        return !json_is_string(value) ||
               matches(json_string_value(asked), json_string_value(value));
    case KEYWORD_COUNT:
        break;
    }
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
        if (keyword_fits(check, schema, keyword_of(keyword), asked, value))
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

#ifdef __clang__
#pragma clang attribute pop
#endif
