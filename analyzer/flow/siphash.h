/*
 * SipHash-1-3 over 64-bit words and what is left of one: a keyed hash, so that nobody can choose
 * five-tuples that collide. Words are taken in host order; the result never leaves the process.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), section 2.
 */
#ifndef FINWAIT_ANALYZER_FLOW_SIPHASH_H
#define FINWAIT_ANALYZER_FLOW_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0, k1;
};

struct siphash_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void siphash_round(struct siphash_state *s)
{
    s->v0 += s->v1;
    s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
    s->v0 = siphash_rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
    s->v2 = siphash_rotate(s->v2, 32);
}

/* `count` 64-bit words and then the `rest_bytes` low octets of `rest`, less than eight of them, the
 * others zero. */
static inline uint64_t siphash13_rest(struct siphash_key key, const uint64_t *words, size_t count,
                                      uint64_t rest, unsigned rest_bytes)
{
    struct siphash_state s = {
        .v0 = UINT64_C(0x736f6d6570736575) ^ key.k0,
        .v1 = UINT64_C(0x646f72616e646f6d) ^ key.k1,
        .v2 = UINT64_C(0x6c7967656e657261) ^ key.k0,
        .v3 = UINT64_C(0x7465646279746573) ^ key.k1,
    };
    for (size_t i = 0; i < count; i++) {
        s.v3 ^= words[i];
        siphash_round(&s);
        s.v0 ^= words[i];
    }
    uint64_t last = rest | (uint64_t)(count * 8 + rest_bytes) << 56;
    s.v3 ^= last;
    siphash_round(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    siphash_round(&s);
    siphash_round(&s);
    siphash_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* The last block carries only the length, as the specification pads it. */
static inline uint64_t siphash13(struct siphash_key key, const uint64_t *words, size_t count)
{
    return siphash13_rest(key, words, count, 0, 0);
}

#endif
