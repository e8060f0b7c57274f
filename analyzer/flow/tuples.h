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

/* Of the five-tuples seen so far, by a mix that is not keyed, the latest two: 1 + the caller's
 * number of them, 0: none. Who makes mixes collide only has more looked up. */
struct tuples {
    uint8_t latest[1u << TUPLES_BITS][2];
};

enum tuple_match { TUPLE_SAME, TUPLE_TURNED, TUPLE_DIFFERS };

/* Both addresses and the ports, as octets lie in memory. */
struct tuple_words {
    uint64_t source[2], destination[2];
    uint32_t ports, turned_ports;
};

static ALWAYS_INLINE struct tuple_words tuple_words_of(const struct segment *g)
{
    _Static_assert(offsetof(struct segment, destination_port) ==
                       offsetof(struct segment, source_port) + 2,
                   "both ports are read at once");
    struct tuple_words w;
    memcpy(w.source, g->source, sizeof w.source);
    memcpy(w.destination, g->destination, sizeof w.destination);
    memcpy(&w.ports, &g->source_port, sizeof w.ports);
    w.turned_ports = w.ports << 16 | w.ports >> 16;
    return w;
}

/* The same for both directions. Neighbouring addresses and ports, of which one is more where the
 * other is less, do not come out alike as they would from a sum. */
static ALWAYS_INLINE uint32_t tuple_mix(const struct tuple_words *w)
{
    const uint64_t spread = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t from = w->source[0] + w->source[1] + (w->ports & 0xffff) * spread;
    uint64_t to = w->destination[0] + w->destination[1] + (w->turned_ports & 0xffff) * spread;
    return (uint32_t)((from >> 24) * (to >> 24) * spread >> (64 - TUPLES_BITS));
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
    unsigned differs = (unsigned)(same != 0) & (unsigned)(turned != 0);
    if (UNLIKELY(differs | !same_vlan))
        return TUPLE_DIFFERS;
    return (enum tuple_match)(same != 0);
}

#endif
