#include "analyzer/state/silence.h"

/* The timer doubles until it is as long as it may become (RFC 6298 rules 2.5 and 5.5). */
static int64_t backed_off_ns(const struct evidence *ev, const struct side_detail *d)
{
    int64_t least_max_ns = ev->config->rto_max_ns;
    int64_t gap_ns = seldom_of(d)->again_gap_ns;
    if (gap_ns >= least_max_ns)
        return gap_ns + gap_ns / 8;
    return 2 * gap_ns < least_max_ns ? 2 * gap_ns : least_max_ns;
}

/* How long X waits before it sends again. */
static int64_t due_after_ns(const struct evidence *ev, int x)
{
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    int64_t first_ns = retransmission_timeout_ns(ev);
    int64_t next_ns = d && d->again_run ? backed_off_ns(ev, d) : 0;
    return next_ns > first_ns ? next_ns : first_ns;
}

bool gave_up(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    const struct side *own = &c->side[x];
    bool unanswered =
        octets_outstanding(ev, x) || (own->marks & SIDE_SYN && !(own->marks & SIDE_ACKED));
    if (!unanswered)
        return false;
    bool timed = c->detail && c->detail->side[x].timer_ns;
    int64_t started_ns = timed ? c->detail->side[x].timer_ns : own->last_ns;
    return silence_since(ev, started_ns) > due_after_ns(ev, x);
}

bool perhaps_outstanding(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    int64_t sent_ns = d && d->data_ns ? d->data_ns : own->last_ns;
    return own->marks & SIDE_DATA && silence_since(ev, sent_ns) <= due_after_ns(ev, x);
}

bool answer_overdue(const struct evidence *ev, const struct log_entry *syn_ack)
{
    int x = !syn_ack->side;
    int64_t wait_ns = ev->rtt_known[x] ? ev->rtt_ns[x] * 2 + 10 * NS_PER_MS
                                       : ev->rtt_ns[!x] * 2 + 100 * NS_PER_MS;
    return silence_since(ev, syn_ack->time_ns) > wait_ns;
}

/* close() is silent before the handshake is over. The timer starts with a second, whatever the way.
 */
int64_t stopped_opening_ns(const struct evidence *ev, int x)
{
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    int64_t last_ns = d && d->data_ns ? d->data_ns : ev->c->side[x].last_ns;
    int64_t due_ns = d && d->again_run ? 2 * seldom_of(d)->again_gap_ns : 0;
    if (due_ns < ev->config->rto_initial_ns)
        due_ns = ev->config->rto_initial_ns;
    return silence_since(ev, last_ns) > due_ns + due_ns / 2 ? last_ns + due_ns : TIME_UNKNOWN;
}

/* Each SYN-ACK is answered, also the second. */
static bool owes_second_answer(const struct evidence *ev, int x)
{
    int asked = 0;
    int64_t asked_ns = 0;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x && g->flags & TCP_SYN && g->flags & TCP_ACK) {
            asked++;
            asked_ns = g->time_ns;
        } else if (g->side == x && asked && !(g->flags & TCP_SYN)) {
            asked--;
        }
    }
    return asked > 0 && ev->c->side[x].marks & SIDE_SPOKE &&
           silence_since(ev, asked_ns) > retransmission_timeout_ns(ev);
}

bool owes_acknowledgment(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    const struct side_detail *peer = c->detail ? &c->detail->side[!x] : NULL;
    bool asked = octets_outstanding(ev, !x) || (peer && peer->probe_run);
    if (!asked || c->side[x].last_ns >= c->side[!x].last_ns)
        return false;
    int64_t since_ns = peer && peer->unanswered_ns ? peer->unanswered_ns : c->side[!x].last_ns;
    return silence_since(ev, since_ns) > retransmission_timeout_ns(ev);
}

bool owes_answer(const struct evidence *ev, int x)
{
    return owes_second_answer(ev, x) || owes_acknowledgment(ev, x);
}

/* Windows below a segment hold back a FIN as a closed one does. */
#define TINY_WINDOW 512u

bool window_shut(const struct evidence *ev, int x)
{
    const struct side *peer = &ev->c->side[!x];
    return peer->marks & SIDE_SPOKE && (uint64_t)peer->window << peer->window_scale < TINY_WINDOW;
}
