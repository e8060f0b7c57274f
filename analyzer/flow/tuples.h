/*
 * Which segments of a batch are of one five-tuple: most are, so that what is looked up for the
 * first of them serves the others. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TUPLES_H
#define FINWAIT_ANALYZER_FLOW_TUPLES_H

#include "analyzer/flow/groups.h"
#include "analyzer/flow/key.h"
#include "dissect/compiler.h"

#include <stdint.h>

#define TUPLES_BITS 8

/* Of the five-tuples seen so far, by a mix that is not keyed, the latest two: 1 + the caller's
 * number of them, 0: none. Who makes mixes collide only has more looked up. */
struct tuples {
    uint8_t latest[1u << TUPLES_BITS][2]; /* all zero at first */
    /* By number; of the other family's nothing is the same. */
    struct flow_ipv4 ipv4[FLOW_GROUPED_MOST];
    struct flow_ipv6 ipv6[FLOW_GROUPED_MOST];
};

/* Neighbouring addresses and ports, of which one is more where the other is less, do not come out
 * alike as they would from a sum. */
static ALWAYS_INLINE uint32_t tuple_ipv4_mix(struct flow_ipv4 t)
{
    uint64_t mixed = t.low * UINT64_C(0x9e3779b97f4a7c15) + t.high * UINT64_C(0xd1342543de82ef95);
    return (uint32_t)(mixed >> (64 - TUPLES_BITS));
}

static ALWAYS_INLINE uint32_t tuple_ipv6_mix(const struct flow_ipv6 *t)
{
    uint64_t one = t->address[0] + t->address[1] + t->rest;
    uint64_t other = t->address[2] + t->address[3] + (t->rest << 16);
    return tuple_ipv4_mix((struct flow_ipv4){one, other});
}

static ALWAYS_INLINE bool tuple_ipv4_same(struct flow_ipv4 a, const struct flow_ipv4 *b)
{
    return !((a.low ^ b->low) | (a.high ^ b->high));
}

static ALWAYS_INLINE bool tuple_ipv6_same(const struct flow_ipv6 *a, const struct flow_ipv6 *b)
{
    uint64_t differ = a->rest ^ b->rest;
    for (int i = 0; i < 4; i++)
        differ |= a->address[i] ^ b->address[i];
    return !differ;
}

/* No five-tuple's: an end has 48 bits, and ports and VLAN together have as many. */
static const struct flow_ipv4 tuple_no_ipv4 = {UINT64_MAX, UINT64_MAX};
static const struct flow_ipv6 tuple_no_ipv6 = {.rest = UINT64_MAX};

#endif
