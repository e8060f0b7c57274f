#include "reports/html_worst.h"

#include <stdlib.h>
#include <string.h>

bool worst_init(struct html_worst *worst, uint32_t most)
{
    *worst = (struct html_worst){.most = most};
    worst->items = calloc(most ? most : 1, sizeof(struct worst_item *));
    worst->connections = calloc(most ? most : 1, sizeof(struct worst_connection *));
    return worst->items && worst->connections;
}

static void release_connection(struct worst_connection *connection)
{
    if (!connection || --connection->users)
        return;
    ladder_destroy(connection->ladder);
    free(connection->verdict);
    free(connection);
}

static void destroy_item(struct worst_item *item)
{
    if (!item)
        return;
    release_connection(item->connection);
    free(item->sentence);
    free(item);
}

void worst_finish(struct html_worst *worst)
{
    for (uint32_t i = 0; i < worst->count; i++)
        destroy_item(worst->items[i]);
    release_connection(worst->last);
    free(worst->items);
    free(worst->connections);
}

/* Does `a` go before `b`? */
static bool is_worse(const struct worst_item *a, const struct worst_item *b)
{
    if (a->anomaly.severity != b->anomaly.severity)
        return a->anomaly.severity > b->anomaly.severity;
    if (a->anomaly.confidence != b->anomaly.confidence)
        return a->anomaly.confidence > b->anomaly.confidence;
    if (a->before != b->before)
        return a->before < b->before;
    if (a->anomaly.at_ns != b->anomaly.at_ns)
        return a->anomaly.at_ns < b->anomaly.at_ns;
    return a->order < b->order;
}

/* FNV-1a: who shares a place is only counted a little wrong. */
static uint32_t mix(uint32_t hash, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT32_C(16777619);
    return hash;
}

static uint32_t *seen_of(struct html_worst *worst, const struct anomaly_verdict *anomaly,
                         const struct connection_verdict *connection)
{
    uint32_t hash = mix(UINT32_C(2166136261), &anomaly->rule, sizeof anomaly->rule);
    hash = mix(hash, &anomaly->severity, sizeof anomaly->severity);
    if (connection) {
        hash = mix(hash, connection->server.address, sizeof connection->server.address);
        hash = mix(hash, &connection->server.port, sizeof connection->server.port);
    }
    return &worst->seen[hash % WORST_SEEN];
}

/* That of another item, or a new one; NULL when memory ran out. The anomalies of a connection come
 * one after the other: the latest is the one, or none is. */
static struct worst_connection *share_connection(struct html_worst *worst,
                                                 const struct connection_verdict *verdict)
{
    struct worst_connection *last = worst->last;
    if (last && last->verdict->first_frame == verdict->first_frame &&
        last->verdict->incarnation == verdict->incarnation) {
        last->users++;
        return last;
    }
    struct worst_connection *made = calloc(1, sizeof *made);
    if (made)
        made->verdict = verdict_copy(verdict);
    if (!made || !made->verdict) {
        free(made);
        return NULL;
    }
    release_connection(last);
    made->users = 2;
    worst->last = made;
    return made;
}

static struct worst_item *make_item(struct html_worst *worst, const struct worst_item *like,
                                    const struct connection_verdict *connection)
{
    struct sentence sentence;
    struct worst_item *item = malloc(sizeof *item);
    if (!item)
        return NULL;
    *item = *like;
    sentence_of_anomaly(&sentence, &like->anomaly, connection);
    item->sentence = strdup(sentence.text);
    item->connection = connection ? share_connection(worst, connection) : NULL;
    if (item->sentence && (item->connection || !connection))
        return item;
    destroy_item(item);
    return NULL;
}

static void swap(struct worst_item **a, struct worst_item **b)
{
    struct worst_item *kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct worst_item **items, uint32_t at)
{
    while (at && is_worse(items[(at - 1) / 2], items[at])) {
        swap(&items[(at - 1) / 2], &items[at]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct worst_item **items, uint32_t count)
{
    for (uint32_t at = 0;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            if (is_worse(items[least], items[child]))
                least = child;
        }
        if (least == at)
            return;
        swap(&items[at], &items[least]);
        at = least;
    }
}

bool worst_take(struct html_worst *worst, const struct anomaly_verdict *anomaly,
                const struct connection_verdict *connection)
{
    uint32_t *seen = seen_of(worst, anomaly, connection);
    struct worst_item like = {.anomaly = *anomaly, .before = *seen, .order = worst->taken++};
    *seen += *seen < UINT32_MAX;
    if (!worst->most || (worst->count == worst->most && !is_worse(&like, worst->items[0])))
        return true;
    struct worst_item *item = make_item(worst, &like, connection);
    if (!item)
        return false;
    if (worst->count < worst->most) {
        worst->items[worst->count] = item;
        sift_up(worst->items, worst->count++);
        return true;
    }
    destroy_item(worst->items[0]);
    worst->items[0] = item;
    sift_down(worst->items, worst->count);
    return true;
}

/* ---- in order ------------------------------------------------------------------------------- */

static bool is_of(const struct worst_item *item, const struct told_entry *entry)
{
    const struct finding *first = entry->first;
    if (first->rule != item->anomaly.rule || first->severity != item->anomaly.severity)
        return false;
    if (entry->findings > 1 || entry->beyond)
        return true;
    const uint8_t *address = item->anomaly.host_address;
    if (item->connection)
        address = item->connection->verdict->server.address;
    if (memcmp(first->address, address, sizeof first->address) != 0)
        return false;
    return item->connection
               ? first->has_service && first->port == item->connection->verdict->server.port
               : !first->has_service;
}

static int in_order(const void *left, const void *right)
{
    const struct worst_item *a = *(const struct worst_item *const *)left;
    const struct worst_item *b = *(const struct worst_item *const *)right;
    if (a->anomaly.severity != b->anomaly.severity)
        return a->anomaly.severity > b->anomaly.severity ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    if (a->anomaly.at_ns != b->anomaly.at_ns)
        return a->anomaly.at_ns < b->anomaly.at_ns ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

void worst_close(struct html_worst *worst)
{
    release_connection(worst->last);
    worst->last = NULL;
    for (uint32_t i = 0; i < worst->count; i++) {
        struct worst_connection *connection = worst->items[i]->connection;
        if (connection && !connection->listed) {
            connection->listed = true;
            worst->connections[worst->connection_count++] = connection;
        }
    }
}

void worst_sort(struct html_worst *worst, const struct told_entries *entries)
{
    for (uint32_t i = 0; i < worst->count; i++) {
        struct worst_item *item = worst->items[i];
        item->place = entries->count;
        for (uint32_t e = 0; e < entries->count && item->place == entries->count; e++) {
            if (is_of(item, &entries->entry[e]))
                item->place = e;
        }
    }
    qsort(worst->items, worst->count, sizeof(struct worst_item *), in_order);
}
