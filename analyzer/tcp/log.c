#include "analyzer/tcp/log.h"

#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>
#include <string.h>

/* A full log gives up the oldest of its later entries that is no SYN, FIN or RST. */
static void give_way(struct detail *d)
{
    uint16_t victim = LOG_FIRST;
    while (victim < d->log_count && d->log[victim].flags & CONTROL_FLAGS)
        victim++;
    if (victim == d->log_count)
        victim = LOG_FIRST;
    memmove(d->log + victim, d->log + victim + 1,
            (size_t)(d->log_count - victim - 1) * sizeof *d->log);
    d->log_count--;
}

static void let_more_go(struct detail *d)
{
    if (!d->more_lent)
        free(d->more);
    d->more = NULL;
    d->more_lent = false;
}

/* Moves it to where there is room for `count`, more than there was. */
static bool move_apart(struct detail *d, unsigned count)
{
    unsigned room = count <= LOG_APART ? LOG_APART : count <= LOG_FIRST ? LOG_FIRST : LOG_MAX;
    bool within = d->log == d->within;
    struct log_entry *log = realloc(within ? NULL : d->log, room * sizeof *log);
    if (!log)
        return false;
    if (within)
        memcpy(log, d->within, sizeof d->within);
    if (d->more)
        memcpy(log + LOG_WITHIN, d->more, LOG_MORE * sizeof *log);
    let_more_go(d);
    d->log = log;
    d->log_room = (uint8_t)room;
    return true;
}

bool log_reserve(struct detail *d, unsigned more)
{
    unsigned count = d->log_count + more;
    if (count <= d->log_room || d->log_room == LOG_MAX)
        return true;
    if (count > LOG_WITHIN + LOG_MORE)
        return move_apart(d, count);
    d->more = malloc(LOG_MORE * sizeof *d->more);
    if (d->more)
        d->log_room = LOG_WITHIN + LOG_MORE;
    return d->more != NULL;
}

bool log_own(struct detail *d)
{
    if (!d->more_lent)
        return true;
    struct log_entry *more = malloc(LOG_MORE * sizeof *more);
    if (!more)
        return false;
    memcpy(more, d->more, LOG_MORE * sizeof *more);
    d->more = more;
    d->more_lent = false;
    return true;
}

void log_finish(struct detail *d)
{
    if (d->log != d->within)
        free(d->log);
    let_more_go(d);
}

struct log_entry *log_room(struct detail *d)
{
    if (d->log_count == LOG_MAX)
        give_way(d);
    if (!log_reserve(d, 1))
        return NULL;
    d->log_total++;
    return log_at(d, d->log_count++);
}

bool testifies_unseen(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    bool bare = !g->payload_len && !(g->flags & CONTROL_FLAGS);
    if (bare && own->marks & SIDE_SEEN && seq_gt(seq_of(g->seq), own->nxt))
        return true;
    return g->flags & TCP_ACK && peer->marks & (SIDE_SEEN | SIDE_ACKED) &&
           seq_gt(seq_of(g->ack), peer->nxt);
}

/* A single octet is missing at the very end of a direction: as long as nothing follows, its FIN. */
static bool fin_may_be_unseen(const struct connection *c, int s)
{
    const struct ranges *holes = c->detail ? seldom_of(&c->detail->side[s])->holes : NULL;
    if (ranges_empty(holes))
        return !(c->side[s].marks & SIDE_SEEN);
    const struct range *last = &holes->holes[holes->count - 1];
    return seq_eq(last->right, c->side[s].nxt) && seq_diff(last->right, last->left) == 1;
}

/* It may have missed the handshake's last ACK, and wait for the next; also where both opened. */
static bool may_be_opening(const struct side *server)
{
    return (server->marks & (SIDE_SYN | SIDE_SPOKE)) == SIDE_SYN;
}

static bool is_logged(const struct connection *c, int sender, const struct segment *g,
                      const struct log_entry *entry)
{
    uint16_t both = c->side[0].marks | c->side[1].marks;
    return g->flags & CONTROL_FLAGS || !(c->marks & CONN_ESTABLISHED) ||
           both & (SIDE_FIN | SIDE_RST) || !(c->side[sender].marks & SIDE_SPOKE) ||
           may_be_opening(&c->side[!sender]) || entry->marks & LOG_UNSEEN ||
           (c->detail && (fin_may_be_unseen(c, 0) || fin_may_be_unseen(c, 1)));
}

static uint8_t log_marks_of(const struct connection *c, int sender, const struct segment *g,
                            bool again)
{
    return (uint8_t)((g->marks & SEG_TIMESTAMPS ? LOG_TIMESTAMPS : 0) |
                     (g->marks & SEG_DSACK ? LOG_DSACK : 0) | (again ? LOG_AGAIN : 0) |
                     (testifies_unseen(c, sender, g) ? LOG_UNSEEN : 0));
}

struct log_entry log_entry_of(const struct connection *c, int sender, const struct segment *g,
                              bool again)
{
    return (struct log_entry){
        .time_ns = g->time_ns,
        .frame = g->frame,
        .seq = seq_of(g->seq),
        .ack = seq_of(g->ack),
        .payload_len = g->payload_len,
        .ts_val = g->ts_val,
        .ts_ecr = g->ts_ecr,
        .window = g->window,
        .ip_id = g->ip_id,
        .flags = (uint8_t)g->flags,
        .side = (uint8_t)sender,
        .ttl = g->ttl,
        .marks = log_marks_of(c, sender, g, again),
        .nth = c->side[0].packets + c->side[1].packets + 1,
    };
}

bool log_segment(struct connection *c, int sender, const struct segment *g,
                 const struct log_entry *entry)
{
    bool lone = c->side[0].packets + c->side[1].packets == 0;
    bool lone_syn = lone && (g->flags & (CONTROL_FLAGS | TCP_ACK)) == TCP_SYN;
    bool stream = lone && !(g->flags & CONTROL_FLAGS);
    if (((lone_syn || stream) && !c->detail) || !is_logged(c, sender, g, entry))
        return true;
    struct detail *d = connection_detail(c);
    struct log_entry *room = d ? log_room(d) : NULL;
    if (!room)
        return false;
    *room = *entry;
    return true;
}

void log_mark_last(struct connection *c, int sender, const struct segment *g, bool probe)
{
    struct detail *d = c->detail;
    if (!d || !d->log_count)
        return;
    struct log_entry *entry = log_at(d, d->log_count - 1u);
    if (entry->frame != g->frame || entry->side != sender)
        return;
    const struct ranges *holes = seldom_of(&d->side[sender])->holes;
    if (!ranges_empty(holes) && seq_lt(holes->holes[0].left, segment_end(g)) &&
        (!(c->side[sender].marks & SIDE_ACKED) ||
         seq_ge(holes->holes[0].left, c->side[sender].una)))
        entry->marks |= LOG_HOLE;
    if (probe)
        entry->marks |= LOG_PROBE;
}
