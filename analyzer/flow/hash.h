/*
 * A keyed hash of a few numbers, so that nobody can choose five-tuples that collide: who writes a
 * capture does so before the keys are drawn, and never sees what comes of them. The halves of words
 * are added to keys and multiplied in pairs, and all is added up; the sum's high half makes the
 * tag.
 *
 * Of any two different inputs of one length, over the choice of the keys, every pair of high halves
 * is as likely as every other. For the inputs differ in some half, by d, and the key by which d is
 * multiplied makes of the difference of the sums every multiple of the highest power of two in d,
 * beyond what the other halves make of it, equally likely; that power is below 2^32, so in the high
 * half nothing is left out. And the first key makes one of the sums any number.
 *
 * Source: Lemire and Kaser, "Strongly universal string hashing is fast" (2014), Multilinear-HM.
 */
#ifndef FINWAIT_ANALYZER_FLOW_HASH_H
#define FINWAIT_ANALYZER_FLOW_HASH_H

#include <stdint.h>

/* The longest that is hashed: of an IPv6 five-tuple with its VLAN. */
#define HASH_WORDS_MOST 5u

/* All of it by chance. */
struct hash_key {
    uint64_t first;
    struct {
        uint64_t low, high;
    } of_word[HASH_WORDS_MOST];
};

/* Of words each at its place; no more than HASH_WORDS_MOST. */
static inline uint64_t hash_sum(const struct hash_key *key, const uint64_t *words, unsigned count)
{
    uint64_t sum = key->first;
    for (unsigned i = 0; i < count; i++)
        sum +=
            (key->of_word[i].low + (uint32_t)words[i]) * (key->of_word[i].high + (words[i] >> 32));
    return sum;
}

/* A permutation: what was as likely as all else stays so. Without it numbers in a row would have
 * tags in equal steps, which of some sizes of a table are heaps. */
static inline uint32_t hash_tag(uint64_t sum)
{
    uint32_t tag = (uint32_t)(sum >> 32);
    tag = (tag ^ tag >> 16) * UINT32_C(0x7feb352d);
    return tag ^ tag >> 15;
}

#endif
