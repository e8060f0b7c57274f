#include "analyzer/flow/hash.h"

#include "analyzer/flow/table.h"
#include "analyzer/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint32_t tag_of(const struct hash_key *key, const uint64_t *words, unsigned count)
{
    return hash_tag(hash_sum(key, words, count));
}

/* By hand: (5 + 3) * (7 + 2) + (2^32 - 1 + 1) * (2^63 + 0) + 11, of which the second product is 0.
 */
static void the_sum_is_that_of_products(void **state)
{
    (void)state;
    const struct hash_key key = {
        .first = 11,
        .of_word = {{5, 7}, {UINT64_C(0xffffffff), UINT64_C(1) << 63}},
    };
    const uint64_t words[] = {UINT64_C(2) << 32 | 3, 1};
    assert_true(hash_sum(&key, words, 2) == 83);
    /* Numbers wrap: (2^64 - 1 + 1) * anything is 0. */
    const struct hash_key wraps = {.of_word = {{UINT64_MAX, 12345}}};
    const uint64_t one = UINT64_C(99) << 32 | 1;
    assert_true(hash_sum(&wraps, &one, 1) == 0);
}

/* The inverse of hash_tag() on the high half: so nothing that differs there comes out alike. */
static uint32_t undone(uint32_t tag)
{
    tag ^= tag >> 15 ^ tag >> 30;
    uint32_t inverse = 1;
    for (int i = 0; i < 5; i++)
        inverse *= 2 - UINT32_C(0x7feb352d) * inverse;
    tag *= inverse;
    return tag ^ tag >> 16;
}

static void tags_are_a_permutation_of_the_high_half(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t sum = test_key_number(&seed);
        assert_int_equal(undone(hash_tag(sum)), sum >> 32);
        assert_int_equal(hash_tag(sum), hash_tag(sum ^ (uint32_t)~sum));
    }
}

static void every_bit_and_every_key_counts(void **state)
{
    (void)state;
    uint64_t words[HASH_WORDS_MOST] = {0};
    struct hash_key key = test_key(3);
    uint32_t plain = tag_of(&key, words, HASH_WORDS_MOST);
    for (size_t bit = 0; bit < 64 * HASH_WORDS_MOST; bit++) {
        words[bit / 64] ^= UINT64_C(1) << bit % 64;
        assert_true(tag_of(&key, words, HASH_WORDS_MOST) != plain);
        words[bit / 64] = 0;
    }
    for (size_t i = 0; i < sizeof key / 8; i++) {
        struct hash_key other = key;
        uint64_t number;
        memcpy(&number, (char *)&other + 8 * i, sizeof number);
        number += UINT64_C(1) << 40;
        memcpy((char *)&other + 8 * i, &number, sizeof number);
        assert_true(tag_of(&other, words, HASH_WORDS_MOST) != plain);
    }
    assert_true(tag_of(&key, words, HASH_WORDS_MOST - 1) != plain);
}

/* Whatever two inputs somebody chooses, of all keys one in 64 gives them the same six bits of a
 * tag, wherever these are: of 200,000 about 3,125, and 250 are four and a half deviations. */
static void no_two_inputs_are_alike_for_more_keys_than_others(void **state)
{
    (void)state;
    enum { KEYS = 200000 };
    static const struct {
        uint64_t one[2], other[2];
    } pairs[] = {
        {{0, 0}, {1, 0}},
        {{0, 0}, {UINT64_C(1) << 31, 0}},
        {{0, 0}, {UINT64_C(1) << 63, 0}},
        {{0, 0}, {UINT64_C(1) << 63 | UINT64_C(1) << 31, UINT64_C(1) << 63 | UINT64_C(1) << 31}},
        {{0, UINT64_MAX}, {UINT64_MAX, 0}},
        {{UINT64_C(0x0a0000010a000002), 80}, {UINT64_C(0x0a0000020a000001), 80}},
        {{7, UINT64_C(0xffff000000000000)}, {7, UINT64_C(0xffff000000010000)}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint32_t low = 0, high = 0;
        for (uint64_t seed = 0; seed < KEYS; seed++) {
            struct hash_key key = test_key(seed * 1000);
            uint32_t differ = tag_of(&key, pairs[i].one, 2) ^ tag_of(&key, pairs[i].other, 2);
            low += (differ & 63) == 0;
            high += differ >> 26 == 0;
        }
        assert_in_range(low, KEYS / 64 - 250, KEYS / 64 + 250);
        assert_in_range(high, KEYS / 64 - 250, KEYS / 64 + 250);
    }
}

/* Addresses and ports in a row, as scans and busy clients have them: a table of half as many again
 * looks at few slots for each. By chance it would be 1.5 on the average with half of the slots
 * taken. */
static void numbers_in_a_row_fill_a_table_as_chance_does(void **state)
{
    (void)state;
    enum { COUNT = 1 << 15 };
    static const struct {
        uint64_t low, high;
    } steps[] = {{1, 0}, {UINT64_C(1) << 16, 0}, {UINT64_C(1) << 24, 0},
                 {0, 1}, {0, UINT64_C(1) << 16}, {3, UINT64_C(1) << 18}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct hash_key key = test_key(seed);
            struct table table;
            assert_true(table_init(&table));
            uint32_t tags[COUNT];
            for (uint32_t k = 0; k < COUNT; k++) {
                uint64_t words[2] = {UINT64_C(0x0a0000010050) + k * steps[i].low,
                                     UINT64_C(0xffff0a0000020400) + k * steps[i].high};
                tags[k] = tag_of(&key, words, 2);
                assert_true(table_reserve(&table));
                table_insert(&table, tags[k], k);
            }
            assert_int_equal(table.mask + 1, 2 * COUNT);
            table.probes = 0;
            for (uint32_t k = 0; k < COUNT; k++) {
                uint32_t slot = tags[k] & table.mask;
                while (table_next(&table, tags[k], &slot) != k)
                    slot = (slot + 1) & table.mask;
            }
            assert_true(table.probes < 2 * (uint64_t)COUNT);
            table_finish(&table);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_that_of_products),
        cmocka_unit_test(tags_are_a_permutation_of_the_high_half),
        cmocka_unit_test(every_bit_and_every_key_counts),
        cmocka_unit_test(no_two_inputs_are_alike_for_more_keys_than_others),
        cmocka_unit_test(numbers_in_a_row_fill_a_table_as_chance_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
