#include "analyzer/flow/stamps.h"

#include "analyzer/elapsed.h"
#include "analyzer/share.h"

#include <stdlib.h>
#include <string.h>

/* What chance alone brings about once in a few hundred pairs whose stamps mean nothing. */
#define DROPPED_LEAST  3u
#define ANSWERED_LEAST 3u
#define TOGETHER_LEAST 8u

#define ANSWERED_MOST ((UINT32_C(1) << 31) - 1)

#define PAIR_BYTES (sizeof(struct stamp_pair) + 2 * sizeof(struct table_slot))

bool stamps_init(struct stamps *stamps, const struct hash_key *secret, uint64_t max_memory_bytes)
{
    stamps->pairs_most = share_most(max_memory_bytes, 64, PAIR_BYTES, STAMPS_PAIRS);
    stamps->drops_most = share_most(max_memory_bytes, 16, sizeof(struct stamp_drops), STAMPS_PAIRS);
    stamps->drops_held = 0;
    ends_init(&stamps->ends, secret, NULL);
    return roll_init(&stamps->pairs, sizeof(struct stamp_pair), secret);
}

uint64_t stamps_bytes(const struct stamps *stamps)
{
    return roll_count(&stamps->pairs) * PAIR_BYTES;
}

uint64_t stamps_drops_bytes(const struct stamps *stamps)
{
    return stamps->drops_held * sizeof(struct stamp_drops);
}

void stamps_finish(struct stamps *stamps)
{
    for (uint32_t i = 0; i < roll_count(&stamps->pairs); i++)
        free(((struct stamp_pair *)roll_at(&stamps->pairs, i))->drops);
    roll_finish(&stamps->pairs);
}

static struct ends ends_of_syn(struct stamps *stamps, const struct segment *syn)
{
    return ends_of(&stamps->ends, syn->source, syn->destination, syn->destination_port);
}

void stamps_fetch(struct stamps *stamps, const struct segment *syn)
{
    if (!(syn->marks & SEG_TIMESTAMPS))
        return;
    struct ends ends = ends_of_syn(stamps, syn);
    roll_fetch(&stamps->pairs, ends.pair_tag);
}

uint16_t stamps_syn(struct stamps *stamps, const struct segment *syn)
{
    if (!(syn->marks & SEG_TIMESTAMPS) || syn->time_ns == TIME_UNKNOWN)
        return 0;
    struct ends ends = ends_of_syn(stamps, syn);
    struct roll_key key = ends_pair(&ends);
    const struct stamp_pair *pair = roll_find_tagged(&stamps->pairs, &key);
    if (!pair || elapsed_ns(pair->at_ns, syn->time_ns) > STAMPS_REMEMBERED_NS)
        return 0;
    bool below = seq_lt(seq_of(syn->ts_val), seq_of(pair->ts_val));
    return CONN_STAMP_COMPARED | (below ? CONN_STAMP_BELOW : 0);
}

void stamps_answered(struct stamps *stamps, uint32_t ts_val, const struct segment *answer)
{
    if (answer->time_ns == TIME_UNKNOWN)
        return;
    struct ends ends =
        ends_of(&stamps->ends, answer->destination, answer->source, answer->source_port);
    struct roll_key key = ends_pair(&ends);
    struct stamp_pair *pair = roll_find_tagged(&stamps->pairs, &key);
    if (!pair && roll_count(&stamps->pairs) < stamps->pairs_most)
        pair = roll_add_tagged(&stamps->pairs, &key);
    if (!pair)
        return;
    pair->ts_val = ts_val;
    pair->at_ns = answer->time_ns;
}

/* Without room for its drops a pair is not told of. */
static void count_dropped(struct stamps *stamps, struct stamp_pair *pair,
                          const struct connection *c)
{
    if (!(c->marks & CONN_STAMP_BELOW)) {
        pair->spoilt = true;
        return;
    }
    if (!pair->drops && stamps->drops_held < stamps->drops_most) {
        pair->drops = calloc(1, sizeof *pair->drops);
        stamps->drops_held += pair->drops != NULL;
    }
    struct stamp_drops *drops = pair->drops;
    if (!drops)
        return;
    const struct side *client = &c->side[client_side(c)];
    struct anomaly_evidence piece = {.at_ns = c->first_ns,
                                     .frame = c->first_frame,
                                     .note = "SYN with a lower timestamp, unanswered",
                                     .seq = client->isn.n,
                                     .flags = TCP_SYN,
                                     .from = ROLE_CLIENT};
    pieces_add(&drops->pieces, &piece);
    if (!drops->count++ || c->first_ns < drops->first_ns)
        drops->first_ns = c->first_ns;
    if (drops->count == 1 || c->first_ns > drops->last_ns)
        drops->last_ns = c->first_ns;
}

enum stamp_word stamps_word(const struct connection *c)
{
    const struct side *client = &c->side[client_side(c)];
    const struct side *server = &c->side[!client_side(c)];
    if (!(client->marks & SIDE_SYN) || !(client->marks & SIDE_TIMESTAMPS) ||
        c->first_ns == TIME_UNKNOWN)
        return STAMP_SAYS_NOTHING;
    if (!server->packets)
        return STAMP_UNANSWERED;
    if (!(server->marks & SIDE_SYN_ACK) || !(c->marks & (CONN_STAMP_BELOW | CONN_STAMP_COMPARED)))
        return STAMP_SAYS_NOTHING;
    return c->marks & CONN_STAMP_BELOW ? STAMP_ANSWERED_BELOW : STAMP_ANSWERED;
}

void stamps_fetch_slot(const struct stamps *stamps, const struct ends *ends)
{
    roll_fetch(&stamps->pairs, ends->pair_tag);
}

void stamps_fetch_pair(const struct stamps *stamps, const struct ends *ends)
{
    roll_fetch_item(&stamps->pairs, ends->pair_tag);
}

struct stamp_claim stamps_claim_between(struct stamps *stamps, enum stamp_word word,
                                        const struct ends *ends)
{
    if (word == STAMP_SAYS_NOTHING)
        return (struct stamp_claim){NULL, word};
    struct roll_key key = ends_pair(ends);
    return (struct stamp_claim){roll_find_tagged(&stamps->pairs, &key), word};
}

struct stamp_claim stamps_claim(struct stamps *stamps, const struct connection *c)
{
    enum stamp_word word = stamps_word(c);
    if (word == STAMP_SAYS_NOTHING)
        return (struct stamp_claim){NULL, word};
    struct ends ends = ends_of_connection(&stamps->ends, c);
    return stamps_claim_between(stamps, word, &ends);
}

void stamps_final(struct stamps *stamps, struct stamp_claim claim, const struct connection *c,
                  bool unanswered)
{
    struct stamp_pair *pair = claim.pair;
    if (!pair)
        return;
    if (unanswered)
        count_dropped(stamps, pair, c);
    else if (claim.word == STAMP_ANSWERED_BELOW)
        pair->spoilt = true;
    else if (claim.word == STAMP_ANSWERED && pair->answered < ANSWERED_MOST)
        pair->answered++;
}

/* ---- judging -------------------------------------------------------------------------------- */

static bool is_telling(const struct stamp_pair *pair)
{
    if (!pair->drops || pair->spoilt)
        return false;
    uint32_t dropped = pair->drops->count;
    return dropped >= DROPPED_LEAST && pair->answered >= ANSWERED_LEAST &&
           (uint64_t)dropped + pair->answered >= TOGETHER_LEAST;
}

static void make_verdict(const struct stamp_pair *pair, struct anomaly_verdict *out)
{
    const struct stamp_drops *drops = pair->drops;
    *out = (struct anomaly_verdict){
        .at_ns = drops->first_ns,
        .rule = RULE_SYN_DROPPED_BY_TIMESTAMP,
        .severity = SEVERITY_WARNING,
        .confidence = CONFIDENCE_PROBABLE,
        .endpoint = ROLE_NONE,
        .client_state = STATE_UNKNOWN,
        .server_state = STATE_UNKNOWN,
        .figure_count = 3,
        .figures = {{.id = FIGURE_SYNS_DROPPED, .integer = drops->count},
                    {.id = FIGURE_SYNS_ANSWERED, .integer = pair->answered},
                    {.id = FIGURE_SPAN_NS, .integer = elapsed_ns(drops->first_ns, drops->last_ns)}},
        .has_host = true,
        .has_service = true,
        .service_port = pair->key.port,
    };
    memcpy(out->host_address, pair->key.address[0], sizeof out->host_address);
    memcpy(out->service_address, pair->key.address[1], sizeof out->service_address);
    pieces_show(&drops->pieces, out);
}

static int by_key(const void *left, const void *right)
{
    const struct stamp_pair *const *a = left;
    const struct stamp_pair *const *b = right;
    return roll_key_order(&(*a)->key, &(*b)->key);
}

/* Of the telling pairs, in the order of the roll; `list` may be NULL to count them. */
static uint32_t list_telling(const struct stamps *stamps, const struct stamp_pair **list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < roll_count(&stamps->pairs); i++) {
        const struct stamp_pair *pair = roll_at(&stamps->pairs, i);
        if (!is_telling(pair))
            continue;
        if (list)
            list[count] = pair;
        count++;
    }
    return count;
}

static bool tell(const struct stamp_pair *pair,
                 bool (*take)(void *context, const struct anomaly_verdict *anomaly), void *context)
{
    struct anomaly_verdict verdict;
    make_verdict(pair, &verdict);
    return take(context, &verdict);
}

/* Without memory to sort them they are told as the roll has them: none is left out. */
static bool tell_unsorted(const struct stamps *stamps,
                          bool (*take)(void *context, const struct anomaly_verdict *anomaly),
                          void *context)
{
    for (uint32_t i = 0; i < roll_count(&stamps->pairs); i++) {
        const struct stamp_pair *pair = roll_at(&stamps->pairs, i);
        if (is_telling(pair) && !tell(pair, take, context))
            return false;
    }
    return true;
}

bool stamps_judge(const struct stamps *stamps,
                  bool (*take)(void *context, const struct anomaly_verdict *anomaly), void *context)
{
    uint32_t count = list_telling(stamps, NULL);
    if (!count)
        return true;
    const struct stamp_pair **telling = malloc(count * sizeof(const struct stamp_pair *));
    if (!telling)
        return tell_unsorted(stamps, take, context);
    (void)list_telling(stamps, telling);
    qsort(telling, count, sizeof(const struct stamp_pair *), by_key);
    bool told = true;
    for (uint32_t i = 0; i < count && told; i++)
        told = tell(telling[i], take, context);
    free(telling);
    return told;
}
