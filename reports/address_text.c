#include "reports/address_text.h"

#include "reports/digits.h"

#include <string.h>

static char *put_decimal(char *at, uint8_t value)
{
    if (value < 10) {
        *at = (char)('0' + value);
        return at + 1;
    }
    if (value >= 100)
        *at++ = (char)('0' + value / 100);
    put_pair(at, value % 100);
    return at + 2;
}

static char *put_hex(char *at, uint16_t group)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned shift = 12; shift; shift -= 4) {
        if (group >> shift)
            *at++ = digits[group >> shift & 0xf];
    }
    *at++ = digits[group & 0xf];
    return at;
}

static char *put_ipv4(char *at, const uint8_t octets[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i)
            *at++ = '.';
        at = put_decimal(at, octets[i]);
    }
    return at;
}

/* The longest run of zero groups, the first of equals, is what "::" stands for; one group alone is
 * never shortened (RFC 5952 section 4.2). */
static void longest_zeros(const uint16_t groups[8], unsigned *start, unsigned *count)
{
    *start = 8;
    *count = 1;
    for (unsigned i = 0; i < 8;) {
        unsigned run = 0;
        while (i + run < 8 && !groups[i + run])
            run++;
        if (run > *count) {
            *start = i;
            *count = run;
        }
        i += run ? run : 1;
    }
}

static char *put_ipv6(char *at, const uint8_t address[16])
{
    uint16_t groups[8];
    for (unsigned i = 0; i < 8; i++)
        groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
    unsigned zeros, zero_count;
    longest_zeros(groups, &zeros, &zero_count);
    for (unsigned i = 0; i < 8;) {
        if (i == zeros) {
            *at++ = ':';
            *at++ = ':';
            i += zero_count;
            continue;
        }
        if (i && i != zeros + zero_count)
            *at++ = ':';
        at = put_hex(at, groups[i++]);
    }
    return at;
}

size_t address_text(char out[ADDRESS_TEXT_BYTES], const uint8_t address[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char *end = memcmp(address, mapped, sizeof mapped) == 0 ? put_ipv4(out, address + 12)
                                                            : put_ipv6(out, address);
    *end = '\0';
    return (size_t)(end - out);
}
