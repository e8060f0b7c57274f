/*
 * Small words on segments and times that the files of this room share.
 */
#ifndef FINWAIT_ANALYZER_TCP_OCTETS_H
#define FINWAIT_ANALYZER_TCP_OCTETS_H

#include "analyzer/tcp/connection.h"

#define CONTROL_FLAGS (TCP_SYN | TCP_FIN | TCP_RST)

static inline uint16_t tap_of(const struct segment *segment)
{
    return segment->interface < TAP_MANY ? (uint16_t)segment->interface : TAP_MANY;
}

/* The sequence number behind the last octet, SYN and FIN counted. */
static inline seq_t segment_end(const struct segment *g)
{
    return seq_add(seq_of(g->seq),
                   g->payload_len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN));
}

/* Whatever segment shows it, the connection has it. */
static inline uint16_t connection_marks_of(uint32_t segment_marks)
{
    return (uint16_t)((segment_marks & SEG_OPTIONS_CUT ? CONN_OPTIONS_CUT : 0) |
                      (segment_marks & SEG_MPTCP ? CONN_MPTCP : 0) |
                      (segment_marks & SEG_SIGNED ? CONN_SIGNED : 0));
}

/* Wraps after 71 minutes, which comparisons of short spans survive. */
static inline uint32_t microseconds(int64_t time_ns)
{
    return (uint32_t)(time_ns / 1000);
}

/* Since the connection began; those with what came before the beginning survive it too. */
static inline uint32_t connection_us(const struct connection *c, int64_t time_ns)
{
    return microseconds(time_ns) - microseconds(c->first_ns);
}

#endif
