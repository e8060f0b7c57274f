#include "analyzer/anomaly/fin.h"
#include "analyzer/anomaly/rst_teardown.h"

#include "analyzer/elapsed.h"

/* Segments that left one after the other pass in order, or at most this far apart. */
#define REORDERED_NS (3 * NS_PER_MS)
/* RSTs of one attempt come together. */
#define BURST_NS (100 * NS_PER_MS)
/* Numbers farther apart belong to different uses of the five-tuple. */
#define OTHER_USE (UINT32_C(1) << 30)

/* ---- signs that X did not send its own RST -------------------------------------------------- */

struct signs {
    int alive; /* X goes on as if it had not: this entry proves it; or NO_ENTRY */
    int other; /* an RST towards X within the same round trip, or NO_ENTRY */
    bool ttl, guessed, overtaken;
    bool ip_id;     /* its IP ID does not fit between those of X's segments before and after */
    bool looks_own; /* it does, and TTL and window are X's own as well */
    const struct log_entry *before; /* X's own segment before, when IP IDs tell anything; or NULL */
};

/* The end of all that the side had sent when the RST passed. */
static bool sent_before(const struct scene *s, int x, int entry, seq_t *end)
{
    const struct close_start *start = &s->d->start;
    bool known = start->taken && start->seen[x];
    if (known)
        *end = start->nxt[x];
    for (int i = 0; i < entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool own = g->side == x;
        /* What the peer acknowledged was sent, whether it passed or not. */
        if (g->flags & TCP_RST ||
            (!own && (!known || !(g->flags & TCP_ACK) || seq_distance(g->ack, *end) > OTHER_USE)))
            continue;
        seq_t told = own ? entry_end(g) : g->ack;
        *end = known ? seq_max(*end, told) : told;
        known = true;
    }
    return known;
}

/* Octets that X had never sent, or the acknowledgment of octets that passed after the RST: what
 * crossed on the way cannot be either. */
static int goes_on(const struct scene *s, const struct reset *r)
{
    seq_t own_end, peer_end;
    bool peer_known = sent_before(s, !r->x, r->entry, &peer_end);
    if (!sent_before(s, r->x, r->entry, &own_end))
        return NO_ENTRY;
    int64_t crossing_ns = s->ev->rtt_ns[r->x] / 4 + REORDERED_NS;
    bool spoke = false; /* payload that was new, too soon after the RST to say much by itself */
    for (int i = r->entry + 1; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != r->x || g->flags & TCP_RST)
            continue;
        if (g->flags & TCP_SYN)
            return NO_ENTRY;
        int64_t since_ns = between_ns(s, r->entry, i);
        if (seq_distance(g->seq, own_end) > OTHER_USE)
            continue;
        bool fresh = (g->payload_len || g->flags & TCP_FIN) && !(g->marks & LOG_AGAIN) &&
                     seq_gt(entry_end(g), own_end);
        bool fin_only = !g->payload_len;
        bool octets = fresh && (!fin_only || spoke || since_ns >= s->config->rto_min_ns);
        spoke |= fresh && !fin_only;
        if (since_ns < crossing_ns)
            continue;
        bool took = peer_known && g->flags & TCP_ACK && seq_gt(g->ack, peer_end) &&
                    seq_distance(g->ack, peer_end) < OTHER_USE;
        if (octets || took)
            return i;
    }
    return NO_ENTRY;
}

/* An RST as its sender's own stack writes it when a connection is aborted. */
static bool is_perfect(const struct reset *r)
{
    return r->form == RESET_ABORT && !r->ttl_differs;
}

/* Both ends are reset at once, and neither RST answers anything. Two ends may also abort at the
 * same time. */
static int other_end_reset(const struct scene *s, const struct reset *r)
{
    int64_t round_trip_ns = s->ev->rtt_ns[0] + s->ev->rtt_ns[1] + NS_PER_MS;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x || !(g->flags & TCP_RST))
            continue;
        int64_t apart_ns = elapsed_ns(g->time_ns, r->g->time_ns);
        if (apart_ns > round_trip_ns || apart_ns < -round_trip_ns)
            continue;
        struct reset other;
        reset_describe(s, i, &other);
        if (!other.drawn && !(is_perfect(r) && is_perfect(&other)))
            return i;
    }
    return NO_ENTRY;
}

static bool acknowledged_as(const struct scene *s, const struct reset *r, seq_t number)
{
    const struct log_entry *last = last_before_close(s, !r->x);
    if (last && last->flags & TCP_ACK && seq_eq(last->ack, number))
        return true;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != r->x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
            seq_eq(g->ack, number))
            return true;
    }
    return false;
}

/* Several RSTs at rising numbers, beyond all that X had sent: who sends them does not know where X
 * stands. */
static bool guesses(const struct scene *s, const struct reset *r)
{
    seq_t end;
    bool lost = s->verdict->caveats & (1u << CAVEAT_CAPTURE_LOST);
    if (lost || !sent_before(s, r->x, r->entry, &end))
        return false;
    bool beyond = false;
    int guesses = 0;
    seq_t last = r->g->seq;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        int64_t apart_ns = elapsed_ns(g->time_ns, r->g->time_ns);
        if (g->side != r->x || !(g->flags & TCP_RST) || apart_ns > BURST_NS || apart_ns < -BURST_NS)
            continue;
        if (acknowledged_as(s, r, g->seq) || (guesses && seq_eq(g->seq, last)))
            continue;
        beyond |= seq_gt(g->seq, end);
        last = g->seq;
        guesses++;
    }
    return beyond && guesses > 1;
}

static bool is_overtaken(const struct scene *s, const struct reset *r)
{
    const struct close_start *start = &s->d->start;
    if (!(r->g->flags & TCP_ACK) || !start->taken || !start->seen[r->x] || r->own_fin)
        return false;
    seq_t una = seq_back(start->nxt[r->x], start->outstanding[r->x]);
    return seq_lt(r->g->seq, una) && seq_distance(r->g->seq, una) < OTHER_USE && r->g->seq.n != 0;
}

/* Two of a counter's values that lie farther apart tell nothing of what lies between. */
#define IP_ID_STEPS_MAX 4096

enum fit { FIT_UNTOLD, FIT_LIKE, FIT_UNLIKE };

/* A counter goes on from each packet to the next, and some tools write one number into all. Who
 * sends 0 or random numbers tells nothing so. */
static enum fit ip_id_fit(uint16_t before, uint16_t id, uint16_t after)
{
    uint16_t steps = (uint16_t)(after - before);
    uint16_t ahead = (uint16_t)(id - before);
    if (!before || !id || !after || steps > IP_ID_STEPS_MAX)
        return FIT_UNTOLD;
    bool fits = steps ? ahead && ahead < steps : !ahead;
    return fits ? FIT_LIKE : FIT_UNLIKE;
}

static const struct log_entry *own_before(const struct scene *s, const struct reset *r)
{
    const struct log_entry *last = last_before_close(s, r->x);
    for (int i = r->entry - 1; i >= 0; i--) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x && !(g->flags & TCP_RST))
            return last && passed_before(g, last) && passed_before(last, r->g) ? last : g;
    }
    return last && passed_before(last, r->g) ? last : NULL;
}

static const struct log_entry *own_after(const struct scene *s, const struct reset *r)
{
    int entry = next_entry(s, r->entry + 1, r->x, TCP_RST, 0);
    return entry == NO_ENTRY ? NULL : &s->ev->log[entry];
}

/* The window is compared only with segments that carry one for good: an RST without ACK has none.
 */
static void compare_with_own(const struct scene *s, const struct reset *r, struct signs *signs)
{
    const struct log_entry *before = own_before(s, r);
    const struct log_entry *after = own_after(s, r);
    if (!before || !after)
        return;
    enum fit fit = ip_id_fit(before->ip_id, r->g->ip_id, after->ip_id);
    if (fit == FIT_UNTOLD)
        return;
    signs->before = before;
    signs->ip_id = fit == FIT_UNLIKE;
    signs->looks_own = fit == FIT_LIKE && r->g->ttl == before->ttl && r->g->flags & TCP_ACK &&
                       r->g->window == before->window;
}

/* An RST whose number is the ACK field of a segment that passed towards X is a reply: a box between
 * that answers in X's name is no forger unless X goes on. */
static void read_signs(const struct scene *s, const struct reset *r, struct signs *signs)
{
    *signs = (struct signs){.alive = goes_on(s, r), .other = NO_ENTRY, .ttl = r->ttl_differs};
    if (signs->alive != NO_ENTRY)
        compare_with_own(s, r, signs);
    if (r->drawn)
        return;
    signs->other = other_end_reset(s, r);
    signs->guessed = guesses(s, r);
    signs->overtaken = is_overtaken(s, r);
}

static int count_signs(const struct signs *signs)
{
    return signs->ttl + (signs->other != NO_ENTRY) + signs->guessed + signs->overtaken;
}

/* A TTL of its own is all there is: whoever answers, or ends what was idle, in X's name is more
 * likely a balancer, a NAT or a proxy than a forger, and other rules tell of that. */
static bool is_stand_in(const struct scene *s, const struct reset *r, const struct signs *signs)
{
    bool only_ttl = signs->ttl && count_signs(signs) == 1;
    return only_ttl && (r->drawn || r->idle_ns >= s->config->idle_ns);
}

/* A use of the five-tuple before this one left RSTs behind whose numbers fit nothing here. */
static bool may_be_left_over(const struct scene *s, const struct reset *r)
{
    return s->d->previous && !r->acceptable;
}

/* Flags that no stack puts together with RST tell of octets that were damaged on their way into the
 * capture. */
static bool is_damaged(const struct reset *r)
{
    return r->g->flags & ~(unsigned)(TCP_RST | TCP_ACK | TCP_PSH);
}

/* No stack goes on with a connection that it has reset, but a tool of the endpoint's own that sends
 * decoys does. Only what X's own segments have otherwise rules it out. */
static enum confidence confidence_of_alive(const struct scene *s, const struct reset *r,
                                           const struct signs *signs)
{
    uint32_t disorder =
        1u << CAVEAT_CLOCK_BACKWARDS | 1u << CAVEAT_NO_TIMESTAMPS | 1u << CAVEAT_SECOND_TAP;
    bool misplaced = !r->acceptable && !r->drawn;
    if (signs->looks_own && !misplaced && !count_signs(signs))
        return CONFIDENCE_POSSIBLE;
    bool other = count_signs(signs) || signs->ip_id || misplaced;
    return other && !(s->verdict->caveats & disorder) ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE;
}

static enum confidence confidence_of(const struct scene *s, const struct reset *r,
                                     const struct signs *signs)
{
    if (is_damaged(r))
        return CONFIDENCE_POSSIBLE;
    if (signs->alive != NO_ENTRY)
        return confidence_of_alive(s, r, signs);
    return count_signs(signs) > 1 ? CONFIDENCE_PROBABLE : CONFIDENCE_POSSIBLE;
}

/* How many RSTs were sent in X's name before it went on, or at all. */
static int count_resets(const struct scene *s, int x, int until)
{
    int count = 0;
    for (int i = 0; i < s->ev->count && (until == NO_ENTRY || i < until); i++)
        count += s->ev->log[i].side == x && s->ev->log[i].flags & TCP_RST;
    return count;
}

/* How much of X's Y had acknowledged when the RST passed. */
static bool acked_before(const struct scene *s, const struct reset *r, seq_t *una)
{
    const struct close_start *start = &s->d->start;
    bool known = start->taken && start->seen[r->x];
    if (known)
        *una = seq_back(start->nxt[r->x], start->outstanding[r->x]);
    for (int i = 0; i < r->entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x || (g->flags & (TCP_ACK | TCP_RST)) != TCP_ACK ||
            (known && seq_distance(g->ack, *una) > OTHER_USE))
            continue;
        *una = known ? seq_max(*una, g->ack) : g->ack;
        known = true;
    }
    return known;
}

/* A bare acknowledgment of nothing new: what came last draws no other. */
static int challenge_after(const struct scene *s, const struct reset *r)
{
    int64_t patience_ns = s->ev->rtt_ns[!r->x] * 2 + REORDERED_NS;
    seq_t una;
    bool acked = acked_before(s, r, &una);
    for (int i = r->entry + 1; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool bare =
            !g->payload_len && (g->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK;
        if (g->side != r->x && between_ns(s, r->entry, i) <= patience_ns && bare &&
            !(acked && seq_gt(g->ack, una)))
            return i;
    }
    return NO_ENTRY;
}

static void tell_forged(struct scene *s, const struct reset *r, const struct signs *signs)
{
    static const enum severity severities[] = {SEVERITY_NOTICE, SEVERITY_WARNING,
                                               SEVERITY_CRITICAL};
    enum confidence confidence = confidence_of(s, r, signs);
    struct anomaly_verdict *a =
        say(s, RULE_RST_FORGED, r->x, severities[confidence], confidence, r->entry);
    if (!a)
        return;
    int answer = next_entry(s, r->entry + 1, !r->x, TCP_RST, TCP_RST);
    if (!r->drawn)
        show_segment(s, a, signs->before, "its own segment before, to compare with");
    show_segment(s, a, r->drawn, "perhaps what it answers");
    show(s, a, r->entry, "a reset in this endpoint's name");
    show(s, a, signs->other, "a reset towards it at the same time");
    show(s, a, signs->alive, "it goes on as if it had not reset anything");
    if (signs->alive != NO_ENTRY && answer > signs->alive)
        show(s, a, answer, "its peer had been reset");
    figure(a, FIGURE_COUNT, count_resets(s, r->x, signs->alive));
    figure_flag(a, FIGURE_GOES_ON, signs->alive != NO_ENTRY);
    figure_flag(a, FIGURE_BOTH_ENDS, signs->other != NO_ENTRY);
    figure_flag(a, FIGURE_GUESSED_NUMBERS, signs->guessed);
    figure_flag(a, FIGURE_OVERTAKEN, signs->overtaken);
    if (signs->before) {
        figure_flag(a, FIGURE_IP_ID_DIFFERS, signs->ip_id);
        figure_flag(a, FIGURE_LOOKS_OWN, signs->looks_own);
    }
    figure_flag(a, FIGURE_ACCEPTABLE, r->acceptable);
    figure_flag(a, FIGURE_CHALLENGE_ACK, challenge_after(s, r) != NO_ENTRY);
    figure(a, FIGURE_IDLE_NS, r->drawn ? r->drawn_idle_ns : r->idle_ns);
    figure_word(a, FIGURE_WELL_KNOWN_TIMEOUT,
                well_known_timeout(r->drawn ? r->drawn_idle_ns : r->idle_ns));
    reset_figures(s, a, r);
}

bool judge_forged(struct scene *s, const struct reset *r)
{
    struct signs signs;
    read_signs(s, r, &signs);
    if (signs.alive == NO_ENTRY && (!count_signs(&signs) || is_stand_in(s, r, &signs)))
        return false;
    if (may_be_left_over(s, r))
        return false;
    tell_forged(s, r, &signs);
    return true;
}

/* ---- resets that had no effect -------------------------------------------------------------- */

/* Y goes on this much longer than its first segment behind the RST: it is not emptying a queue, nor
 * has it just been woken and not read its own yet. */
#define GOES_ON_NS NS_PER_S

struct target {
    int went_on; /* what Y sent too long after the RST to have crossed it, or NO_ENTRY */
    int still;   /* … and again so much later that it must have dealt with what had come */
};

/* Y had owed an acknowledgment for longer than one takes, and said nothing: it was stopped, or out
 * of reach. What it sends when it is back left it before it could read what had come meanwhile. */
static bool was_deaf(const struct scene *s, const struct reset *r, int64_t patience_ns)
{
    seq_t end, una;
    if (!sent_before(s, r->x, r->entry, &end) || !acked_before(s, r, &una) || seq_le(end, una))
        return false;
    const struct log_entry *heard = last_before_close(s, !r->x);
    const struct log_entry *owed = last_data_before_close(s, r->x);
    if (owed && seq_le(entry_end(owed), una))
        owed = NULL;
    for (int i = 0; i < r->entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != r->x)
            heard = heard && passed_before(g, heard) ? heard : g;
        else if ((g->payload_len || g->flags & TCP_FIN) && !(g->flags & TCP_RST) &&
                 seq_gt(entry_end(g), una))
            owed = owed && passed_before(g, owed) ? owed : g;
    }
    return owed && !(heard && passed_before(owed, heard)) &&
           span_ns(owed->time_ns, r->g->time_ns) > patience_ns;
}

static bool bears_stamp_of(const struct log_entry *g, const struct log_entry *before)
{
    return before && before->side == g->side && g->marks & before->marks & LOG_TIMESTAMPS &&
           (int32_t)(g->ts_val - before->ts_val) <= 0;
}

/* Its timestamp is one that had passed before the RST did: it left at that time, and waited on its
 * way. */
static bool left_before(const struct scene *s, const struct reset *r, const struct log_entry *g)
{
    if (bears_stamp_of(g, last_before_close(s, g->side)) ||
        bears_stamp_of(g, last_data_before_close(s, g->side)))
        return true;
    for (int i = 0; i < r->entry; i++) {
        if (bears_stamp_of(g, &s->ev->log[i]))
            return true;
    }
    return false;
}

/* Nothing but a timer that still runs sends the same octets again. */
static bool sent_again(const struct scene *s, const struct reset *r, int i)
{
    const struct log_entry *g = &s->ev->log[i];
    return g->marks & LOG_AGAIN && (g->payload_len || g->flags & TCP_FIN) &&
           between_ns(s, r->entry, i) >= GOES_ON_NS;
}

static struct target follow_target(const struct scene *s, const struct reset *r)
{
    int64_t patience_ns = s->ev->rtt_known[!r->x] ? 2 * s->ev->rtt_ns[!r->x] + s->config->rto_min_ns
                                                  : s->config->rto_initial_ns;
    bool deaf = was_deaf(s, r, patience_ns);
    struct target t = {NO_ENTRY, NO_ENTRY};
    for (int i = r->entry + 1; i < s->ev->count && t.still == NO_ENTRY; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x || g->flags & (TCP_RST | TCP_SYN) || g->marks & LOG_LATE ||
            between_ns(s, r->entry, i) <= patience_ns || left_before(s, r, g) ||
            is_network_copy(s, i))
            continue;
        if (t.went_on == NO_ENTRY)
            t.went_on = i;
        if (between_ns(s, t.went_on, i) >= GOES_ON_NS || (!deaf && sent_again(s, r, i)))
            t.still = i;
    }
    if (deaf && t.still == NO_ENTRY)
        t.went_on = NO_ENTRY;
    return t;
}

static void tell_ignored(struct scene *s, struct reset *r, const struct target *target,
                         int challenge)
{
    bool certain = target->still != NO_ENTRY || challenge != NO_ENTRY;
    struct anomaly_verdict *a = say(s, RULE_RST_IGNORED, r->x, SEVERITY_NOTICE,
                                    certain ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, r->entry);
    if (!a)
        return;
    /* An abort in its stack's own form ended X all the same, and is worth telling as well. */
    bool sure = a->confidence >= CONFIDENCE_PROBABLE || target->still != NO_ENTRY;
    r->no_effect = sure && (r->form != RESET_ABORT || r->acks_unsent);
    seq_t end;
    show(s, a, r->entry, "the reset");
    show(s, a, challenge, "its target asks back (challenge ACK)");
    if (target->went_on != challenge)
        show(s, a, target->went_on, "its target goes on");
    if (target->still != target->went_on)
        show(s, a, target->still, "and on");
    if (sent_before(s, r->x, r->entry, &end))
        figure_octets(a, FIGURE_SEQ_OFFSET, seq_distance(r->g->seq, end));
    figure_flag(a, FIGURE_ACCEPTABLE, r->acceptable);
    figure_flag(a, FIGURE_CHALLENGE_ACK, challenge != NO_ENTRY);
    figure_flag(a, FIGURE_TARGET_GOES_ON, target->went_on != NO_ENTRY);
    reset_figures(s, a, r);
}

/* X answers the challenge with the RST that it asks for: the first was its own as well. */
static bool meant_it(const struct scene *s, const struct reset *r, int challenge)
{
    int again = next_entry(s, r->entry + 1, r->x, TCP_RST, TCP_RST);
    return challenge != NO_ENTRY && again > challenge && rst_answers(s->ev, again) == challenge;
}

/* A reply that was overtaken by later octets is one of a burst, of which the last counts. */
bool judge_ignored(struct scene *s, struct reset *r)
{
    struct target target = follow_target(s, r);
    bool went_on = target.went_on != NO_ENTRY;
    int challenge = r->acceptable ? NO_ENTRY : challenge_after(s, r);
    bool refused = !r->acceptable && !r->drawn;
    /* A number beyond all that passed may be right where the capture missed octets. */
    bool beyond = seq_gt(r->g->seq, s->c->side[r->x].nxt);
    bool ignored = refused && (!beyond || went_on || challenge != NO_ENTRY);
    bool meant = ignored && meant_it(s, r, challenge);
    if (ignored || went_on)
        tell_ignored(s, r, &target, challenge);
    r->no_effect &= !meant;
    return ignored && !meant;
}
