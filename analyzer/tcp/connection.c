#include "analyzer/tcp/connection.h"

#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/packed.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>
#include <string.h>

void connection_begin(struct connection *c, const struct flow_key *key,
                      const struct segment *segment)
{
    c->key = *key;
    c->first_ns = segment->time_ns;
    c->first_frame = segment->frame;
    c->world = segment->world;
    c->interface = tap_of(segment);
    c->vlan = segment->vlan;
    c->tunnel = segment->tunnel & 0xfu;
    c->ip_version = segment->ip_version & 7u;
    c->side[0].last_ns = c->side[1].last_ns = TIME_UNKNOWN;
    if (segment->time_ns == TIME_UNKNOWN)
        c->marks |= CONN_UNTIMED;
}

void seldom_finish(struct seldom *seldom)
{
    free(seldom->holes);
    free(seldom->reset_reason);
    free(seldom->run);
}

void connection_finish(struct connection *c)
{
    if (c->marks & CONN_BRIEF) {
        brief_disown(c->brief);
        c->brief = NULL;
        return;
    }
    if (c->packed)
        detail_forget(c);
    if (!c->detail)
        return;
    for (int s = 0; s < 2; s++) {
        if (c->detail->side[s].seldom)
            seldom_finish(c->detail->side[s].seldom);
        free(c->detail->side[s].seldom);
    }
    log_finish(c->detail);
    free(c->detail->previous);
    if (!c->detail->place)
        free(c->detail);
    c->detail = NULL;
}

static size_t side_bytes(const struct side_detail *side)
{
    const struct seldom *seldom = side->seldom;
    if (!seldom)
        return 0;
    const struct ranges *set = seldom->holes;
    return sizeof *seldom + (set ? sizeof *set + set->room * sizeof *set->holes : 0) +
           (seldom->reset_reason ? sizeof *seldom->reset_reason : 0) +
           (seldom->run ? sizeof *seldom->run : 0);
}

size_t connection_extra_bytes(const struct connection *c)
{
    const struct detail *d = c->detail;
    if (!d)
        return 0;
    if (c->packed)
        return detail_packed_bytes(c);
    return sizeof *d + log_bytes(d) + side_bytes(&d->side[0]) + side_bytes(&d->side[1]) +
           (d->previous ? sizeof *d->previous : 0);
}

/* The only segment so far was a SYN, kept in the hot record alone: scans are many. */
static void log_first_syn(const struct connection *c, struct detail *d)
{
    for (uint8_t s = 0; s < 2; s++) {
        const struct side *side = &c->side[s];
        if (side->packets != 1 || c->side[!s].packets != 0 || !(side->marks & SIDE_SYN) ||
            side->marks & SIDE_SYN_ACK)
            continue;
        d->side[s].mss = (uint16_t)c->syn_mss;
        d->log_total++;
        d->log[d->log_count++] = (struct log_entry){
            .time_ns = c->first_ns,
            .frame = c->first_frame,
            .seq = side->isn,
            .payload_len = (uint32_t)side->payload_bytes,
            .ts_val = side->ts_val,
            .window = side->window,
            .flags = TCP_SYN,
            .side = s,
            .ttl = side->ttl,
            .marks = side->marks & SIDE_TIMESTAMPS ? LOG_TIMESTAMPS : 0,
            .nth = 1,
        };
    }
}

void connection_lend(struct connection *c, struct detail *d, uint32_t place)
{
    d->place = place;
    d->log = d->within;
    d->log_room = LOG_WITHIN;
    log_first_syn(c, d);
    c->detail = d;
}

struct detail *connection_detail(struct connection *c)
{
    if (c->detail)
        return c->detail;
    struct detail *d = calloc(1, sizeof *d);
    if (d)
        connection_lend(c, d, 0);
    return d;
}

struct seldom *seldom_made(struct connection *c, int s)
{
    struct detail *d = connection_detail(c);
    if (d && !d->side[s].seldom)
        d->side[s].seldom = calloc(1, sizeof *d->side[s].seldom);
    return d ? d->side[s].seldom : NULL;
}

bool numbers_fit(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    bool known = false;
    if (own->marks & (SIDE_SEEN | SIDE_ACKED)) {
        known = true;
        if (seq_distance(seq_of(g->seq), own->nxt) <= SPACE_DISTANCE)
            return true;
    }
    if (g->flags & TCP_ACK && peer->marks & (SIDE_SEEN | SIDE_ACKED)) {
        known = true;
        if (seq_distance(seq_of(g->ack), peer->nxt) <= SPACE_DISTANCE)
            return true;
    }
    return !known;
}

static void count_absorbed(struct side_detail *own, const struct log_entry *g)
{
    if (g->flags & TCP_FIN && !own->fins++)
        own->fin_seq = seq_add(g->seq, g->payload_len);
    own->rsts += g->flags & TCP_RST ? 1 : 0;
}

bool connection_absorb(struct connection *c, const struct connection *forged)
{
    struct detail *d = connection_detail(c);
    if (!d)
        return false;
    c->marks |= CONN_ABSORBED;
    for (int s = 0; s < 2; s++) {
        c->side[s].packets += forged->side[s].packets;
        c->side[s].ip_bytes += forged->side[s].ip_bytes;
        if (forged->side[s].last_ns > c->side[s].last_ns)
            c->side[s].last_ns = forged->side[s].last_ns;
    }
    for (uint16_t i = 0; forged->detail && i < forged->detail->log_count; i++) {
        struct log_entry *entry = log_room(d);
        if (!entry)
            return false;
        *entry = *log_at(forged->detail, i);
        if (entry->flags & TCP_SYN)
            entry->marks |= LOG_FORGED;
        else
            count_absorbed(&d->side[entry->side], entry);
    }
    return true;
}
