#include "reports/text_examples.h"

#include "reports/sentence.h"

#include <stdlib.h>
#include <string.h>

enum example_kind { OF_CAPTURE, OF_HOST, OF_SERVICE };

/* As the tally names its rows: a connection's anomaly is its server's. */
static struct example_key key_of(const struct anomaly_verdict *anomaly,
                                 const struct connection_verdict *connection)
{
    struct example_key key = {.rule = anomaly->rule};
    if (connection) {
        key.kind = OF_SERVICE;
        key.port = connection->server.port;
        memcpy(key.address, connection->server.address, sizeof key.address);
    } else if (anomaly->has_host) {
        key.kind = OF_HOST;
        memcpy(key.address, anomaly->host_address, sizeof key.address);
    }
    return key;
}

static int order(const struct example_key *a, const struct example_key *b)
{
    int by_address = memcmp(a->address, b->address, sizeof a->address);
    if (by_address)
        return by_address;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

/* Where it stands among the items, or would stand. */
static uint32_t place_of(struct example *const *items, uint32_t count,
                         const struct example_key *key, bool *found)
{
    uint32_t low = 0, high = count;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int way = order(&items[middle]->key, key);
        if (way == 0) {
            *found = true;
            return middle;
        }
        if (way < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False when memory ran out: nothing was added. */
static bool make_room(struct text_examples *examples, unsigned severity, uint32_t place,
                      const struct example_key *key)
{
    uint32_t count = examples->of[severity].count;
    if (count == examples->of[severity].room) {
        uint32_t room = count ? 2 * count : 16;
        struct example **grown =
            realloc(examples->of[severity].items, room * sizeof(struct example *));
        if (!grown)
            return false;
        examples->of[severity].items = grown;
        examples->of[severity].room = room;
    }
    struct example *example = calloc(1, sizeof *example);
    if (!example)
        return false;
    example->key = *key;
    struct example **items = examples->of[severity].items;
    memmove(items + place + 1, items + place, (count - place) * sizeof(struct example *));
    items[place] = example;
    examples->of[severity].count = count + 1;
    return true;
}

static bool fill(struct example *example, const struct anomaly_verdict *anomaly,
                 const struct connection_verdict *connection)
{
    struct sentence sentence;
    sentence_of_anomaly(&sentence, anomaly, connection);
    char *text = realloc(example->sentence, sentence.length + 1);
    if (!text)
        return false;
    memcpy(text, sentence.text, sentence.length + 1);
    example->sentence = text;
    if (connection) {
        struct connection_identity identity = identity_of(connection);
        connection_id(&identity, example->connection);
    }
    example->at_ns = anomaly->at_ns;
    example->confidence = anomaly->confidence;
    example->frame_total = anomaly->evidence_total;
    example->frame_count = 0;
    for (uint32_t i = 0; i < anomaly->evidence_count && example->frame_count < EXAMPLE_FRAMES; i++)
        example->frames[example->frame_count++] = anomaly->evidence[i].frame;
    return true;
}

bool examples_take(struct text_examples *examples, const struct anomaly_verdict *anomaly,
                   const struct connection_verdict *connection)
{
    bool found;
    unsigned severity = anomaly->severity;
    struct example_key key = key_of(anomaly, connection);
    uint32_t place =
        place_of(examples->of[severity].items, examples->of[severity].count, &key, &found);
    if (found) {
        struct example *example = examples->of[severity].items[place];
        bool earlier = anomaly->at_ns != TIME_UNKNOWN && anomaly->at_ns < example->at_ns;
        return !earlier || fill(example, anomaly, connection);
    }
    if (examples->of[severity].count >= EXAMPLES_MAX)
        return true;
    return make_room(examples, severity, place, &key) &&
           fill(examples->of[severity].items[place], anomaly, connection);
}

const struct example *examples_find(const struct text_examples *examples,
                                    const struct finding *finding)
{
    bool found;
    struct example_key key = {
        .port = finding->port,
        .rule = finding->rule,
        .kind = finding->has_service ? OF_SERVICE
                : finding->has_host  ? OF_HOST
                                     : OF_CAPTURE,
    };
    memcpy(key.address, finding->address, sizeof key.address);
    uint32_t place = place_of(examples->of[finding->severity].items,
                              examples->of[finding->severity].count, &key, &found);
    return found ? examples->of[finding->severity].items[place] : NULL;
}

void examples_finish(struct text_examples *examples)
{
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        for (uint32_t i = 0; i < examples->of[severity].count; i++) {
            free(examples->of[severity].items[i]->sentence);
            free(examples->of[severity].items[i]);
        }
        free(examples->of[severity].items);
    }
}
