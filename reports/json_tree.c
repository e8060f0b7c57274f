#include "reports/json_tree.h"

#include "reports/text_clean.h"

#include <string.h>

void tree_set(struct json_tree *tree, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        tree->failed = true;
}

void tree_add(struct json_tree *tree, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        tree->failed = true;
}

json_t *tree_count(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void tree_set_nonzero(struct json_tree *tree, json_t *object, const char *key, uint64_t value)
{
    if (!value)
        return;
    uint64_t there = (uint64_t)json_integer_value(json_object_get(object, key));
    if (__builtin_add_overflow(value, there, &value))
        value = UINT64_MAX;
    tree_set(tree, object, key, tree_count(value));
}

json_t *tree_text(const char *text)
{
    char clean[TEXT_CLEAN_BYTES];
    size_t length = text_clean(clean, sizeof clean, text, strlen(text));
    return json_stringn(clean, length);
}

json_t *tree_result(const struct json_tree *tree, json_t *root)
{
    if (!tree->failed)
        return root;
    json_decref(root);
    return NULL;
}
