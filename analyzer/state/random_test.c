/*
 * Random talk: whatever passes, what is concluded is consistent in itself, and depends neither on
 * where the numbers stand nor on which endpoint is side 0.
 */
#include "analyzer/state/script.h"

#include <string.h>

#define TALKS    4000
#define SEGMENTS 28

static uint32_t next_random(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 8;
}

static uint32_t below(uint32_t *state, uint32_t limit)
{
    return next_random(state) % limit;
}

/* What one end of a random talk has sent and seen. */
struct end {
    uint32_t next; /* relative */
    uint32_t heard;
    bool fin;
};

static const char *random_flags(uint32_t *state, uint32_t number)
{
    static const char *const opening[] = {"S", "S.", ".", "S", "S.", ".", "P.", "R."};
    static const char *const later[] = {".", "P.", ".",   "P.", ".", "P.", "F.", ".", "P.",
                                        ".", "F.", "FP.", "R.", "R", ".",  ".",  "S", "S."};
    if (number < 3 && below(state, 8))
        return number == 0 ? "S" : number == 1 ? "S." : ".";
    if (number < 4)
        return opening[below(state, 8)];
    return later[below(state, 18)];
}

/* Mostly the next number, at times one before or beyond it. */
static uint32_t random_number(uint32_t *state, uint32_t number)
{
    switch (below(state, 12)) {
    case 0:
        return number >= 20 ? number - 20 : number;
    case 1:
        return number ? number - 1 : 0;
    case 2:
        return number + 1;
    case 3:
        return number + 40;
    default:
        return number;
    }
}

static void random_options(uint32_t *state, struct segment *g, const struct script *s,
                           uint32_t number, bool stamped)
{
    static const uint16_t windows[] = {50000, 50000, 50000, 1, 0};
    g->window = windows[below(state, 5)];
    if (below(state, 12) == 0)
        g->ttl = 61;
    if (below(state, 6) == 0)
        g->ip_id = (uint16_t)(1 + below(state, 3));
    if (below(state, 20) == 0)
        g->interface = 1;
    if (below(state, 40) == 0)
        g->marks |= SEG_SACK | SEG_DSACK;
    if (number == 0 && below(state, 8) == 0)
        g->marks |= SEG_FAST_OPEN;
    if (stamped) {
        g->marks |= SEG_TIMESTAMPS;
        g->ts_val = s->stamp_base + number * 10 - below(state, 3) * 10;
        g->ts_ecr = s->stamp_base + number * 10 - below(state, 5) * 10;
    }
}

/* Nanoseconds to the next segment: mostly milliseconds, at times nothing, seconds or minutes. */
static int64_t random_pause(uint32_t *state)
{
    switch (below(state, 16)) {
    case 0:
        return 0;
    case 1:
        return (int64_t)below(state, 100) * NS_PER_S;
    case 2:
    case 3:
        return (int64_t)below(state, 1000) * NS_PER_MS;
    default:
        return (int64_t)below(state, 20) * NS_PER_MS;
    }
}

static void random_segment(uint32_t *state, struct script *s, struct end ends[2], bool stamped)
{
    uint32_t number = s->count;
    int side = number < 3 && below(state, 8) ? (int)(number & 1) : (int)below(state, 2);
    const char *flags = random_flags(state, number);
    bool syn = strchr(flags, 'S');
    uint32_t payload_len = strchr(flags, 'P') ? 10 * (1 + below(state, 3)) : 0;
    struct end *own = &ends[side];
    uint32_t seq = syn ? 0 : random_number(state, own->next);
    uint32_t ack = random_number(state, own->heard);
    if (syn && below(state, 16) == 0)
        seq = 100000; /* of another use of the five-tuple */
    struct segment g = segment(&s->talk, side, flags, seq, ack, payload_len, 0, "");
    s->now_ns += random_pause(state);
    g.time_ns = s->talk.origin_ns + s->now_ns;
    if (below(state, 30) == 0)
        g.time_ns -= 2 * NS_PER_S;
    if (below(state, 60) == 0)
        g.time_ns = TIME_UNKNOWN;
    random_options(state, &g, s, number, stamped);
    uint32_t end = seq + payload_len + (syn || strchr(flags, 'F') ? 1 : 0);
    if (!strchr(flags, 'R') && end < 50000 && end > own->next)
        own->next = end;
    /* One in eight does not arrive, one in sixteen is not captured. */
    if (below(state, 8) && own->next > ends[!side].heard)
        ends[!side].heard = own->next;
    if (below(state, 16))
        s->segments[s->count++] = g;
}

static void random_talk(struct script *s, uint32_t seed, unsigned start, bool mirrored)
{
    uint32_t state = seed;
    struct end ends[2] = {{0}, {0}};
    script_end(s);
    script_begin(s, start, mirrored);
    /* No number of a talk may be zero on the wire: as that of a RST it has a meaning of its own. */
    for (int side = 0; side < 2; side++)
        s->talk.isn[side] = 0u - ((0u - s->talk.isn[side]) / 10 * 10 + 5);
    bool stamped = below(&state, 2);
    for (unsigned i = 0; i < SEGMENTS && s->count < SCRIPT_SEGMENTS_MAX; i++)
        random_segment(&state, s, ends, stamped);
    s->now_ns += random_pause(&state);
    script_conclude(s);
}

static bool same_entries(const struct endpoint_verdict *a, const struct endpoint_verdict *b)
{
    if (a->state_count != b->state_count)
        return false;
    for (uint32_t i = 0; i < a->state_count; i++) {
        const struct state_entry *x = &a->states[i];
        const struct state_entry *y = &b->states[i];
        if (x->at_ns != y->at_ns || x->frame != y->frame || x->confirmed_by != y->confirmed_by ||
            x->state != y->state || x->cause != y->cause || x->certainty != y->certainty ||
            x->retracted != y->retracted)
            return false;
    }
    return true;
}

/* Counted from where its talk began. */
static uint32_t relative_next(const struct endpoint_verdict *e, const struct script *s)
{
    return e->has_next_seq ? e->next_seq - s->talk.isn[e->port == 80 ? B : A] : 0;
}

static bool same_end(const struct endpoint_verdict *a, const struct script *s,
                     const struct endpoint_verdict *b, const struct script *t)
{
    return same_entries(a, b) && a->state == b->state && a->state_certainty == b->state_certainty &&
           a->possible_states == b->possible_states && a->packets == b->packets &&
           relative_next(a, s) == relative_next(b, t) && a->unacked_bytes == b->unacked_bytes &&
           a->retransmitted_bytes == b->retransmitted_bytes && a->fin.count == b->fin.count &&
           a->fin.active == b->fin.active && a->fin.implied == b->fin.implied &&
           a->fin.acked_by == b->fin.acked_by;
}

static bool same_figures(const struct anomaly_verdict *a, const struct anomaly_verdict *b)
{
    if (a->figure_count != b->figure_count)
        return false;
    for (uint32_t i = 0; i < a->figure_count; i++) {
        const struct anomaly_figure *f = &a->figures[i];
        const struct anomaly_figure *g = &b->figures[i];
        if (f->id != g->id || f->integer != g->integer || f->word != g->word)
            return false;
    }
    return true;
}

static bool same_rules(const struct connection_verdict *x, const struct connection_verdict *y)
{
    if (x->anomaly_count != y->anomaly_count || x->close.reset_cause != y->close.reset_cause)
        return false;
    for (uint32_t i = 0; i < x->anomaly_count; i++) {
        const struct anomaly_verdict *a = &x->anomalies[i];
        const struct anomaly_verdict *b = &y->anomalies[i];
        if (a->rule != b->rule || a->severity != b->severity || a->confidence != b->confidence ||
            a->endpoint != b->endpoint || a->client_state != b->client_state ||
            a->server_state != b->server_state || a->evidence_total != b->evidence_total ||
            !same_figures(a, b))
            return false;
    }
    return true;
}

static bool same_outcome(const struct script *s, const struct script *t, uint32_t connection)
{
    const struct connection_verdict *x = &s->outcomes[connection].verdict;
    const struct connection_verdict *y = &t->outcomes[connection].verdict;
    return same_end(&x->client, s, &y->client, t) && same_end(&x->server, s, &y->server, t) &&
           x->close.kind == y->close.kind && x->close.by == y->close.by &&
           x->close.by_certainty == y->close.by_certainty && x->handshake == y->handshake &&
           x->caveats == y->caveats && x->zeek_state == y->zeek_state && same_rules(x, y);
}

static void print_numbers(const struct script *s, uint32_t connection)
{
    const struct connection_verdict *v = &s->outcomes[connection].verdict;
    const struct endpoint_verdict *const ends[] = {&v->client, &v->server};
    for (int i = 0; i < 2; i++)
        print_error("port %u: %u packets, next %u, unacked %u, again %u, FIN %u %d %d %u\n",
                    ends[i]->port, (unsigned)ends[i]->packets, relative_next(ends[i], s),
                    (unsigned)ends[i]->unacked_bytes, (unsigned)ends[i]->retransmitted_bytes,
                    ends[i]->fin.count, ends[i]->fin.active, ends[i]->fin.implied,
                    (unsigned)ends[i]->fin.acked_by);
}

/* As lines of a script. */
static void print_talk(const struct script *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct segment *g = &s->segments[i];
        int side = g->destination_port == 80 ? A : B;
        uint32_t seq = g->seq - s->talk.isn[side];
        char flags[8] = "";
        for (unsigned bit = 0; bit < 5; bit++) {
            if (g->flags & 1u << bit)
                strncat(flags, &"FSRP."[bit], 1);
        }
        if (g->time_ns == TIME_UNKNOWN)
            print_error("? ");
        else
            print_error("%.9f ", (double)(g->time_ns - s->talk.origin_ns) / 1e9);
        print_error("%c %s %u:%u(%u)", side == A ? '>' : '<', flags, seq, seq + g->payload_len,
                    g->payload_len);
        if (g->flags & TCP_ACK)
            print_error(" ack %u", g->ack - s->talk.isn[!side]);
        print_error(" win %u ttl %u id %u tap %u", g->window, g->ttl, g->ip_id, g->interface);
        if (g->marks & SEG_TIMESTAMPS)
            print_error(" <TS val %d ecr %d>", (int)(g->ts_val - s->stamp_base),
                        (int)(g->ts_ecr - s->stamp_base));
        print_error("\n");
    }
}

static void numbers_and_sides_mean_nothing(void **unused)
{
    (void)unused;
    static const struct {
        unsigned start;
        bool mirrored;
    } other[] = {{1, false}, {5, true}, {6, false}};
    static struct script first;
    static struct script again;
    for (uint32_t seed = 1; seed <= TALKS; seed++) {
        random_talk(&first, seed, 0, false);
        first.line = again.line = "random talk";
        if (!script_invariants(&first)) {
            print_error("seed %u\n", seed);
            print_talk(&first);
            fail();
        }
        for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
            random_talk(&again, seed, other[i].start, other[i].mirrored);
            assert_int_equal(first.outcome_count, again.outcome_count);
            for (uint32_t c = 0; c < first.outcome_count; c++) {
                if (same_outcome(&first, &again, c))
                    continue;
                print_error("seed %u, connection %u of %u, from start %u\n", seed, c + 1,
                            first.outcome_count, other[i].start);
                first.selected = again.selected = c + 1;
                print_numbers(&first, c);
                print_numbers(&again, c);
                print_talk(&first);
                (void)script_unfulfilled(&first);
                (void)script_unfulfilled(&again);
                fail();
            }
        }
    }
    script_end(&first);
    script_end(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_sides_mean_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
