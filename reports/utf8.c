#include "reports/utf8.h"

/* How many bytes follow this first byte, and what the second may be: that is where overlong forms
 * and surrogates are told apart. */
struct lead {
    uint8_t first, last;
    uint8_t following;
    uint8_t second_low, second_high;
};

/* clang-format off */
static const struct lead leads[] = {
    {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f},
    {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf},
    {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};
/* clang-format on */

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    }
    return NULL;
}

uint32_t utf8_next(const char *text, size_t length, size_t *consumed)
{
    uint8_t first = (uint8_t)text[0];
    *consumed = 1;
    if (first < 0x80)
        return first;
    const struct lead *lead = lead_of(first);
    if (!lead)
        return UTF8_REPLACEMENT;

    uint32_t code_point = first & (0x3fu >> lead->following);
    uint8_t low = lead->second_low, high = lead->second_high;
    for (size_t i = 1; i <= lead->following; i++) {
        uint8_t byte = i < length ? (uint8_t)text[i] : 0;
        if (byte < low || byte > high)
            return UTF8_REPLACEMENT;
        code_point = code_point << 6 | (byte & 0x3fu);
        *consumed = i + 1;
        low = 0x80;
        high = 0xbf;
    }
    return code_point;
}

size_t utf8_put(char out[UTF8_BYTES_MAX], uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    size_t following = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(marks[following] | code_point >> (6 * following));
    for (size_t i = 1; i <= following; i++)
        out[i] = (char)(0x80 | (code_point >> (6 * (following - i)) & 0x3f));
    return following + 1;
}
