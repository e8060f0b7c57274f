/*
 * A keyed hash of a few numbers, so that nobody can choose five-tuples that collide: who writes a
 * capture knows neither the keys nor what comes of them. The halves of words are added to keys and
 * multiplied in pairs, and all is added up; the sum's high half is the tag. Of two different inputs
 * of one length, however they were chosen, every pair of tags is then as likely as every other,
 * over the choice of the keys: those of one product differ in a half, d, and the key that d is
 * multiplied by makes of the sums' difference any multiple of the highest power of two in d, which
 * is below 2^32. Nothing less is needed, since no hash ever leaves the process.
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

/* What the word that stands at this place adds to the sum. */
static inline uint64_t hash_word(const struct hash_key *key, unsigned place, uint64_t word)
{
    return (key->of_word[place].low + (uint32_t)word) * (key->of_word[place].high + (word >> 32));
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
