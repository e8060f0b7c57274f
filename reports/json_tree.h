/*
 * jansson trees with one sticky failure: build everything, ask once. Values are stolen, like
 * jansson's own _new functions do; NULL among them (memory ran out) sets the failure.
 */
#ifndef FINWAIT_REPORTS_JSON_TREE_H
#define FINWAIT_REPORTS_JSON_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct json_tree {
    bool failed;
};

void tree_set(struct json_tree *tree, json_t *object, const char *key, json_t *value);
void tree_add(struct json_tree *tree, json_t *array, json_t *value);

/* A count. Above INT64_MAX it is INT64_MAX, as in the streaming writer. */
json_t *tree_count(uint64_t value);

/* Sets a count unless it is zero; adds to one that is there already. */
void tree_set_nonzero(struct json_tree *tree, json_t *object, const char *key, uint64_t value);

/* Text from outside, cleaned. */
json_t *tree_text(const char *text);

/* The root, or NULL (and the root released) when something failed. */
json_t *tree_result(const struct json_tree *tree, json_t *root);

#endif
