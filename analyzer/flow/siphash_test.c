#include "analyzer/flow/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The paper's description once more, octet by octet and for any number of rounds: checked against
 * the paper's own vector for 2-4, it then speaks for 1-3. */
static uint64_t rotated(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void rounds(uint64_t v[4], int count)
{
    while (count-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] = rotated(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] = rotated(v[2], 32);
    }
}

static uint64_t little_endian(const uint8_t *octets, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)octets[i] << (8 * i);
    return word;
}

static uint64_t reference(int c, int d, const uint8_t key[16], const uint8_t *text, size_t length)
{
    static const char start[] = "somepseudorandomlygeneratedbytes";
    uint64_t v[4];
    for (size_t i = 0; i < 4; i++) {
        v[i] = little_endian(key + 8 * (i % 2), 8);
        for (size_t k = 0; k < 8; k++)
            v[i] ^= (uint64_t)(uint8_t)start[8 * i + k] << (56 - 8 * k);
    }
    for (size_t at = 0; at <= length; at += 8) {
        size_t left = length - at < 8 ? length - at : 8;
        uint64_t word = little_endian(text + at, left);
        if (left < 8)
            word |= (uint64_t)(length & 0xff) << 56;
        v[3] ^= word;
        rounds(v, c);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    rounds(v, d);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void reference_gives_the_published_value(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t text[15];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = i;
    for (uint8_t i = 0; i < 15; i++)
        text[i] = i;
    assert_true(reference(2, 4, key, text, 15) == UINT64_C(0xa129ca6149be45e5));
}

static void as_the_reference_over_whole_words(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t text[8 * 40];
    uint64_t words[40];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = (uint8_t)(0xf0 ^ i * 7);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 31 + (i >> 3));
    for (size_t i = 0; i < 40; i++)
        words[i] = little_endian(text + 8 * i, 8);
    struct siphash_key secret = {little_endian(key, 8), little_endian(key + 8, 8)};
    /* Beyond 31 words the length no longer fits its octet. */
    for (size_t count = 0; count <= 40; count++)
        assert_true(siphash13(secret, words, count) == reference(1, 3, key, text, 8 * count));
}

static void as_the_reference_with_a_rest(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t text[40];
    uint64_t words[5];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = (uint8_t)(0x0f ^ i * 5);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(0xff - i * 3);
    for (size_t i = 0; i < 5; i++)
        words[i] = little_endian(text + 8 * i, 8);
    struct siphash_key secret = {little_endian(key, 8), little_endian(key + 8, 8)};
    for (size_t length = 0; length < sizeof text; length++) {
        uint64_t rest = little_endian(text + length / 8 * 8, length % 8);
        assert_true(siphash13_rest(secret, words, length / 8, rest, length % 8) ==
                    reference(1, 3, key, text, length));
    }
}

static void every_bit_counts(void **state)
{
    (void)state;
    uint64_t words[5] = {0};
    struct siphash_key secret = {1, 2};
    uint64_t plain = siphash13(secret, words, 5);
    for (size_t bit = 0; bit < 320; bit++) {
        words[bit / 64] ^= UINT64_C(1) << (bit % 64);
        assert_true(siphash13(secret, words, 5) != plain);
        words[bit / 64] = 0;
    }
    assert_true(siphash13((struct siphash_key){2, 2}, words, 5) != plain);
    assert_true(siphash13((struct siphash_key){1, 3}, words, 5) != plain);
    assert_true(siphash13(secret, words, 4) != plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_gives_the_published_value),
        cmocka_unit_test(as_the_reference_over_whole_words),
        cmocka_unit_test(as_the_reference_with_a_rest),
        cmocka_unit_test(every_bit_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
