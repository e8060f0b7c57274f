#include "analyzer/anomaly/clues.h"

#include <assert.h>

/* What the log shows of one side. */
struct shown {
    int fin; /* its first FIN, or NO_ENTRY */
    unsigned syns;
};

/* No ordinary close has so many. */
#define ACK_RUN_ORDINARY 16

/* Whether a reset that is a FIN as well counts as one is for the rules to say. */
#define CLUES_OF_FIN (CLUE_FIN | CLUE_BEHIND_FIN | CLUE_OCTETS_AFTER_FIN | CLUE_FIN_ACKED_BEFORE)

static bool is_fin(const struct log_entry *g)
{
    return (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN;
}

/* Does an entry before its first FIN acknowledge what the FIN ends? */
static bool acknowledged_before(const struct scene *s, int x, int fin)
{
    seq_t behind = seq_add(s->ev->fin_seq[x], 1);
    for (int i = 0; i < fin; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(g->ack, behind))
            return true;
    }
    return false;
}

static unsigned in_entry(const struct scene *s, int i, struct shown shown[2])
{
    const struct log_entry *g = &s->ev->log[i];
    struct shown *own = &shown[g->side];
    unsigned clues = 0;
    own->syns += (g->flags & TCP_SYN) != 0;
    if (g->flags & TCP_RST)
        return g->flags & TCP_FIN ? CLUE_RST | CLUES_OF_FIN : CLUE_RST;
    bool says = g->payload_len || g->flags & TCP_FIN;
    if (says && own->fin != NO_ENTRY)
        clues |= CLUE_BEHIND_FIN;
    if (g->payload_len && shown[!g->side].fin != NO_ENTRY)
        clues |= CLUE_OCTETS_AFTER_FIN;
    if (is_fin(g) && own->fin == NO_ENTRY) {
        own->fin = i;
        clues |= CLUE_FIN;
        if (acknowledged_before(s, g->side, i))
            clues |= CLUE_FIN_ACKED_BEFORE;
    }
    return clues;
}

static unsigned in_log(const struct scene *s)
{
    struct shown shown[2] = {{.fin = NO_ENTRY}, {.fin = NO_ENTRY}};
    unsigned clues = 0;
    for (int i = 0; i < s->ev->count; i++)
        clues |= in_entry(s, i, shown);
    if (shown[!s->client].syns > 2)
        clues |= CLUE_SYN_ACKS;
    return clues;
}

static unsigned in_detail(const struct scene *s, const struct detail *d)
{
    unsigned clues = 0;
    uint16_t both = s->c->side[0].marks & s->c->side[1].marks;
    uint16_t any = s->c->side[0].marks | s->c->side[1].marks;
    if (!(both & SIDE_FIN) && !(any & SIDE_RST))
        clues |= CLUE_UNCLOSED;
    if (seldom_of(&d->side[0])->holes || seldom_of(&d->side[1])->holes)
        clues |= CLUE_HOLE;
    if (d->side[0].resends | d->side[1].resends | d->side[0].probe_run | d->side[1].probe_run)
        clues |= CLUE_IN_VAIN;
    if (d->ack_run.most > ACK_RUN_ORDINARY)
        clues |= CLUE_ACK_RUN;
    /* The log of the evidence lacks what the sender took back, and nothing else. */
    if (d->previous || s->ev->count != d->log_count)
        clues |= CLUE_FORMER_USE;
    return clues;
}

/* What all connections of a shape have in common needs no look at the log: after its handshake a
 * plain one sends nothing twice, and nothing into a half-closed connection but with its FIN. Nobody
 * stays longer in CLOSE_WAIT than the whole close takes. */
static unsigned in_closed(const struct scene *s)
{
    const struct log_entry *log = s->ev->log;
    int64_t duration_ns = s->verdict->close.duration_ns;
    bool octets = log[s->ends[0].fin_first].payload_len || log[s->ends[1].fin_first].payload_len;
    bool quick = duration_ns >= 0 && duration_ns < s->config->stuck_ns;
    return (quick ? 0 : CLUE_FIN) | (octets ? CLUE_OCTETS_AFTER_FIN : 0);
}

static unsigned in_shape(const struct scene *s)
{
    switch (s->shape) {
    case SHAPE_LONE_SYN:
    case SHAPE_ANSWERED:
    case SHAPE_MIDDLE:
    case SHAPE_OPEN:
        return 0;
    case SHAPE_CLOSED:
        return in_closed(s);
    case SHAPE_ABORTED:
        return CLUE_RST;
    case SHAPE_ANY:
        break;
    }
    return in_log(s);
}

unsigned clues_of(const struct scene *s)
{
    unsigned clues = in_shape(s);
    if (s->d)
        clues |= in_detail(s, s->d);
    if (s->states[0].active && s->states[1].active)
        clues |= CLUE_BOTH_ACTIVE;
    enum handshake_kind kind = s->verdict->handshake;
    if (kind == HANDSHAKE_UNANSWERED || kind == HANDSHAKE_REFUSED || kind == HANDSHAKE_ABORTED)
        clues |= CLUE_NOT_OPENED;
    return clues;
}

void ask_at_length(struct scene *s, unsigned clues, void (*judge)(struct scene *, int), int x)
{
    uint32_t said_before = s->found->count;
    judge(s, x);
    assert(s->clues & clues || s->found->count == said_before);
    (void)clues;
    (void)said_before;
}
