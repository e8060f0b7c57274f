#include "analyzer/anomaly/clues.h"
#include "analyzer/anomaly/handshake.h"

#include "analyzer/elapsed.h"

static int64_t span_ns(const struct scene *s, int from, int to)
{
    bool timed = captured_ns(s->ev, from) != TIME_UNKNOWN && captured_ns(s->ev, to) != TIME_UNKNOWN;
    return timed ? between_ns(s, from, to) : -1;
}

static void show_syns(const struct scene *s, struct anomaly_verdict *a)
{
    int i = -1;
    while ((i = next_entry(s, i + 1, s->client, TCP_SYN | TCP_ACK | TCP_RST, TCP_SYN)) != NO_ENTRY)
        show(s, a, i, "SYN");
}

/* ---- refused -------------------------------------------------------------------------------- */

static bool acknowledges_syn(const struct scene *s, const struct log_entry *rst)
{
    const struct side *client = &s->c->side[s->client];
    return rst->flags & TCP_ACK && seq_gt(rst->ack, client->isn) && seq_le(rst->ack, client->nxt);
}

/* Nobody knows the SYN's number before it has come: where the capture has the answer first, it
 * shows them in the wrong order, or lacks the SYN's first transmission. */
static int refusal_before(const struct scene *s, const struct handshake *h)
{
    for (int i = 0; i < h->syn; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != s->client && g->flags & TCP_RST && acknowledges_syn(s, g))
            return i;
    }
    return NO_ENTRY;
}

static void judge_refused(struct scene *s, const struct handshake *h)
{
    bool before = h->refusal == NO_ENTRY;
    int refusal = before ? refusal_before(s, h) : h->refusal;
    /* An end that still holds the tuple's former use may say RST as well. */
    if (s->verdict->handshake != HANDSHAKE_REFUSED || refusal == NO_ENTRY ||
        h->challenge != NO_ENTRY || said(s, RULE_TUPLE_REUSE_WHILE_OPEN, NO_SIDE))
        return;
    bool good = acknowledges_syn(s, &s->ev->log[refusal]);
    struct anomaly_verdict *a = say(s, RULE_CONNECTION_REFUSED, !s->client, SEVERITY_NOTICE,
                                    good ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, refusal);
    if (!a)
        return;
    figure(a, FIGURE_ATTEMPTS, h->syns);
    if (before)
        figure_flag(a, FIGURE_OUT_OF_ORDER, true);
    else
        figure(a, FIGURE_GAP_NS, span_ns(s, h->syn, refusal));
    show(s, a, before ? NO_ENTRY : h->syn, "SYN");
    show(s, a, refusal, good ? "RST to the SYN" : "RST that does not acknowledge the SYN");
    show(s, a, before ? h->syn : NO_ENTRY, "the SYN");
}

/* ---- unanswered ----------------------------------------------------------------------------- */

/* Long enough for an answer, or for the timer that sends once more; where it did send again, the
 * whole time counts. */
static bool waited(const struct scene *s, int first, int last, int64_t rto_ns)
{
    return seen_after_ns(s, last) >= rto_ns ||
           (last != first && between_ns(s, first, last) + seen_after_ns(s, last) >= 3 * rto_ns);
}

/* The other end spoke on this five-tuple just before: whatever this SYN is, it asks nobody anew. */
static bool replies_to_former(const struct scene *s, const struct handshake *h)
{
    const struct previous_use *p = s->d ? s->d->previous : NULL;
    if (!p || p->former.last.frame == FRAME_NONE || p->former.last.side == s->client ||
        p->former.last.time_ns == TIME_UNKNOWN)
        return false;
    return elapsed_ns(p->former.last.time_ns, s->ev->log[h->syn].time_ns) < s->config->rto_min_ns;
}

/* The capture may end before the client's next SYN is due: it has not failed yet. */
static bool gave_up_opening(const struct scene *s, const struct handshake *h)
{
    int before = h->last_syn - 1;
    while (before > h->syn && s->ev->log[before].side != s->client)
        before--;
    return h->syns > 1 && seen_after_ns(s, h->last_syn) > 2 * between_ns(s, before, h->last_syn);
}

static void judge_syn_unanswered(struct scene *s, const struct handshake *h)
{
    const struct side *client = &s->c->side[s->client];
    const struct side *server = &s->c->side[!s->client];
    /* Whoever says anything but SYN had an answer, seen or not. */
    if (s->verdict->handshake != HANDSHAKE_UNANSWERED || server->packets ||
        client->marks & SIDE_RST || replies_to_former(s, h) ||
        !waited(s, h->syn, h->last_syn, rto_of(s, s->client)))
        return;
    enum confidence sure = gave_up_opening(s, h) ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE;
    if (s->c->marks & CONN_UNHEARD)
        sure = CONFIDENCE_POSSIBLE;
    struct anomaly_verdict *a =
        say(s, RULE_SYN_UNANSWERED, s->client, SEVERITY_NOTICE, sure, h->syn);
    figure(a, FIGURE_ATTEMPTS, h->syns);
    if (h->syns > 1)
        figure(a, FIGURE_SPAN_NS, span_ns(s, h->syn, h->last_syn));
    show_syns(s, a);
}

static void judge_syn_ack_unanswered(struct scene *s, const struct handshake *h)
{
    if (s->verdict->handshake != HANDSHAKE_UNANSWERED || h->syn_acks < 2 || h->ack != NO_ENTRY ||
        !waited(s, h->syn_ack, h->last_syn_ack, rto_of(s, !s->client)))
        return;
    int again = next_entry(s, h->syn_ack, s->client, TCP_SYN | TCP_ACK, TCP_SYN);
    /* The answer to the last of either may still be on its way. */
    bool beyond_doubt = again != NO_ENTRY &&
                        seen_after_ns(s, h->last_syn_ack) >= rto_of(s, !s->client) &&
                        seen_after_ns(s, h->last_syn) >= rto_of(s, s->client);
    struct anomaly_verdict *a =
        say(s, RULE_SYN_ACK_UNANSWERED, !s->client, SEVERITY_NOTICE,
            beyond_doubt ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, h->syn_ack);
    if (!a)
        return;
    figure(a, FIGURE_COUNT, h->syn_acks);
    figure(a, FIGURE_SPAN_NS, span_ns(s, h->syn_ack, h->last_syn_ack));
    figure_flag(a, FIGURE_SYN_REPEATED, again != NO_ENTRY);
    show(s, a, h->syn, "SYN");
    for (int i = h->syn_ack; i < s->ev->count; i++) {
        if (s->ev->log[i].side != s->client && s->ev->log[i].flags & TCP_SYN)
            show(s, a, i, "SYN-ACK");
    }
}

/* ---- aborted -------------------------------------------------------------------------------- */

static void judge_aborted(struct scene *s, const struct handshake *h)
{
    if (s->verdict->handshake != HANDSHAKE_ABORTED || h->abort == NO_ENTRY || h->ack != NO_ENTRY)
        return;
    const struct log_entry *rst = &s->ev->log[h->abort];
    /* Drawn by the challenge, and late. */
    if (h->challenge != NO_ENTRY && seq_eq(rst->seq, s->ev->log[h->challenge].ack))
        return;
    struct anomaly_verdict *a =
        say(s, RULE_HANDSHAKE_ABORTED, s->client, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, h->abort);
    figure(a, FIGURE_GAP_NS, span_ns(s, h->syn_ack, h->abort));
    uint32_t off = seq_distance(rst->seq, s->ev->log[h->syn_ack].ack);
    figure(a, FIGURE_SEQ_OFFSET, off ? (int64_t)off : -1);
    show(s, a, h->syn, "SYN");
    show(s, a, h->syn_ack, "SYN-ACK");
    show(s, a, h->abort, "RST instead of the handshake's last ACK");
}

/* ---- a queue that is full ------------------------------------------------------------------- */

static bool is_syn_ack(const struct log_entry *g)
{
    return (g->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

/* Linux drops the handshake's last ACK while the accept queue is full, and repeats its SYN-ACK. The
 * client holds the connection for open; its data is not acknowledged. (With TCP_DEFER_ACCEPT it is
 * the data that opens the server's end: it is acknowledged.) A SYN-ACK with another number is
 * another host's. */
static void judge_accept_queue(struct scene *s, const struct handshake *h)
{
    if (h->ack == NO_ENTRY)
        return;
    int data = h->ack;
    while (data < s->ev->count &&
           (s->ev->log[data].side != s->client || !s->ev->log[data].payload_len ||
            s->ev->log[data].flags & (TCP_RST | TCP_SYN)))
        data++;
    int64_t repeated = 0;
    int acked = NO_ENTRY;
    int last = NO_ENTRY;
    for (int i = data + 1; i < s->ev->count && acked == NO_ENTRY; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == s->client || !(g->flags & TCP_ACK))
            continue;
        if (seq_gt(g->ack, s->ev->log[data].seq))
            acked = i;
        else if (is_syn_ack(g) && seq_eq(entry_end(g), s->ev->log[data].ack)) {
            repeated++;
            last = i;
        }
    }
    if (repeated < 2)
        return;
    struct anomaly_verdict *a =
        say(s, RULE_ACCEPT_QUEUE_OVERFLOW, !s->client, SEVERITY_WARNING,
            s->ev->beside[!s->client] ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, data);
    if (!a)
        return;
    figure(a, FIGURE_COUNT, repeated);
    figure(a, FIGURE_DELAY_NS, span_ns(s, data, acked == NO_ENTRY ? last : acked));
    figure_flag(a, FIGURE_GOT_THROUGH, acked != NO_ENTRY);
    show(s, a, h->syn_ack, "SYN-ACK");
    show(s, a, h->ack, "the handshake's last ACK");
    if (data != h->ack)
        show(s, a, data, "data");
    for (int i = data + 1; i < s->ev->count && i <= last; i++) {
        if (s->ev->log[i].side != s->client && is_syn_ack(&s->ev->log[i]))
            show(s, a, i, "SYN-ACK again");
    }
    show(s, a, acked, "data acknowledged");
}

/* ---- a segment of no connection ------------------------------------------------------------- */

static bool is_reply_to(const struct log_entry *rst, const struct log_entry *stray)
{
    if (stray->flags & TCP_ACK)
        return !(rst->flags & TCP_ACK) && seq_eq(rst->seq, stray->ack);
    return rst->flags & TCP_ACK && rst->seq.n == 0 && seq_eq(rst->ack, entry_end(stray));
}

/* A lone segment without SYN, FIN and RST is not in the log; its numbers are in the record. */
static bool first_segment(const struct scene *s, int x, struct log_entry *out)
{
    const struct side *own = &s->c->side[x];
    const struct side *peer = &s->c->side[!x];
    uint32_t logged = 0;
    for (int i = 0; i < s->ev->count; i++)
        logged += s->ev->log[i].side == x;
    if (s->ev->log[0].side == x) {
        *out = s->ev->log[0];
        return own->packets <= logged;
    }
    bool acks = peer->marks & SIDE_ACKED;
    *out = (struct log_entry){.time_ns = s->c->first_ns,
                              .frame = s->c->first_frame,
                              .seq = seq_back(own->nxt, (uint32_t)own->payload_bytes),
                              .ack = peer->una,
                              .payload_len = (uint32_t)own->payload_bytes,
                              .flags = acks ? TCP_ACK : 0,
                              .side = (uint8_t)x};
    return own->packets == 1 && logged == 0;
}

static void judge_stray(struct scene *s, int both)
{
    (void)both;
    int rst = NO_ENTRY;
    for (int x = 0; x < 2 && rst == NO_ENTRY && s->ev->count; x++)
        rst = next_entry(s, 0, x, TCP_RST, TCP_RST);
    if (rst == NO_ENTRY || s->c->known_by == KNOWN_BY_SYN)
        return;
    int y = s->ev->log[rst].side;
    const struct side *answerer = &s->c->side[y];
    struct log_entry stray;
    if (answerer->marks & (SIDE_SPOKE | SIDE_SYN) || !s->c->side[!y].packets ||
        !first_segment(s, !y, &stray) || stray.flags & TCP_RST ||
        !is_reply_to(&s->ev->log[rst], &stray))
        return;
    /* The SYN that a SYN-ACK answers may have passed elsewhere. */
    enum confidence confidence = stray.flags & TCP_SYN ? CONFIDENCE_POSSIBLE : CONFIDENCE_CERTAIN;
    struct anomaly_verdict *a = say(s, RULE_STRAY_SEGMENT, !y, SEVERITY_INFO, confidence, rst);
    if (!a)
        return;
    if (stray.time_ns != TIME_UNKNOWN && captured_ns(s->ev, rst) != TIME_UNKNOWN)
        figure(a, FIGURE_GAP_NS, elapsed_ns(stray.time_ns, captured_ns(s->ev, rst)));
    show_segment(s, a, &stray, "segment of no connection that was seen");
    show(s, a, rst, "RST in reply");
}

static void judge_opening(struct scene *s, int both)
{
    struct handshake h;
    (void)both;
    if (!handshake_find(s, &h))
        return;
    judge_refused(s, &h);
    judge_syn_unanswered(s, &h);
    judge_syn_ack_unanswered(s, &h);
    judge_aborted(s, &h);
    judge_accept_queue(s, &h);
}

void judge_open_failure(struct scene *s, int both)
{
    (void)both;
    ask(s, CLUE_RST, judge_stray, NO_SIDE);
    ask(s, CLUE_NOT_OPENED | CLUE_SYN_ACKS, judge_opening, NO_SIDE);
}
