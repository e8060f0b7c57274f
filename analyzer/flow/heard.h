/*
 * Which addresses anything was captured to, and which take part in connections all the same: where
 * a host goes on without a single packet towards it, the capture holds one direction of its traffic
 * only, and what nobody answered may have been answered.
 *
 * Two bits an address, in tables of one size, found by a hash that is the same in every run. Where
 * two addresses share their bits, what is told of one of them may be told of the other.
 */
#ifndef FINWAIT_ANALYZER_FLOW_HEARD_H
#define FINWAIT_ANALYZER_FLOW_HEARD_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define HEARD_BITS (1u << TABLE_SIZE(20, 12))

/* So many are noted before their bits are set: all of them wait for memory at once. */
#define HEARD_NOTED 64u

struct heard {
    uint64_t *written_to; /* a packet to it was captured */
    uint64_t *connected;  /* it sent what only a connection that opened brings about */
    bool any_connected;
    uint32_t noted_count;
    uint32_t noted[HEARD_NOTED]; /* bits of `written_to` */
};

/* False when memory ran out; heard_finish() is allowed all the same, and more than once. */
bool heard_init(struct heard *heard) MUST_CHECK;
void heard_finish(struct heard *heard);

/* A packet to it was captured; to be known by heard_settle(). */
void heard_note(struct heard *heard, const uint8_t address[16]);

void heard_settle(struct heard *heard);

/* Packets of both ends of a connection were captured, whether it opened or not. */
void heard_both(struct heard *heard, uint8_t address[2][16], bool opened);

/* Takes in what the connection shows of both its ends. */
void heard_connection(struct heard *heard, const struct connection *c);

/* Does the capture lack whatever is sent to this end of the connection? After heard_settle(). */
bool heard_nothing(const struct heard *heard, const struct connection *c, int side);

#endif
