/*
 * Which segments of a batch are of one five-tuple: most are, so that what is looked up for the
 * first of them serves the others. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TUPLES_H
#define FINWAIT_ANALYZER_FLOW_TUPLES_H

#include "analyzer/flow/key.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TUPLES_BITS 8

/* Of the five-tuples seen so far, by a mix that is not keyed, the latest: 1 + the caller's number
 * of it, 0: none. Who makes mixes collide only has more looked up. */
struct tuples {
    uint8_t latest[1u << TUPLES_BITS];
};

enum tuple_match { TUPLE_SAME, TUPLE_TURNED, TUPLE_DIFFERS };

/* Both addresses and the ports, as octets lie in memory. */
struct tuple_words {
    uint64_t source[2], destination[2];
    uint32_t ports, turned_ports;
};

static ALWAYS_INLINE struct tuple_words tuple_words_of(const struct segment *g)
{
    struct tuple_words w;
    memcpy(w.source, g->source, sizeof w.source);
    memcpy(w.destination, g->destination, sizeof w.destination);
    w.ports = (uint32_t)g->source_port << 16 | g->destination_port;
    w.turned_ports = w.ports << 16 | w.ports >> 16;
    return w;
}

/* The same for both directions. */
static ALWAYS_INLINE uint32_t tuple_mix(const struct tuple_words *w)
{
    uint64_t ports = (uint64_t)w->ports + w->turned_ports;
    uint64_t words = w->source[0] + w->source[1] + w->destination[0] + w->destination[1];
    return (uint32_t)((words + ports * UINT64_C(0x9e3779b97f4a7c15)) *
                          UINT64_C(0xff51afd7ed558ccd) >>
                      (64 - TUPLES_BITS));
}

/* Without a branch between the directions, which nobody foresees. */
static ALWAYS_INLINE enum tuple_match tuple_match(const struct tuple_words *w,
                                                  const struct segment *with, bool same_vlan)
{
    struct tuple_words o = tuple_words_of(with);
    uint64_t same = (w->source[0] ^ o.source[0]) | (w->source[1] ^ o.source[1]) |
                    (w->destination[0] ^ o.destination[0]) |
                    (w->destination[1] ^ o.destination[1]) | (w->ports ^ o.ports);
    uint64_t turned = (w->source[0] ^ o.destination[0]) | (w->source[1] ^ o.destination[1]) |
                      (w->destination[0] ^ o.source[0]) | (w->destination[1] ^ o.source[1]) |
                      (w->ports ^ o.turned_ports);
    if (UNLIKELY((same && turned) || !same_vlan))
        return TUPLE_DIFFERS;
    return same ? TUPLE_TURNED : TUPLE_SAME;
}

#endif
