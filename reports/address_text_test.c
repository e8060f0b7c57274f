#include "reports/address_text.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *address, const char *expected)
{
    uint8_t bytes[16];
    char text[ADDRESS_TEXT_BYTES];
    assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
    assert_int_equal(address_text(text, bytes), strlen(expected));
    assert_string_equal(text, expected);
}

static void ipv4(void **state)
{
    (void)state;
    check("::ffff:0.0.0.0", "0.0.0.0");
    check("::ffff:9.10.99.100", "9.10.99.100");
    check("::ffff:255.255.255.255", "255.255.255.255");
    check("::ffff:10.0.200.205", "10.0.200.205");
}

/* The examples of RFC 5952 and the ends of its rules. */
static void ipv6(void **state)
{
    (void)state;
    static const char *const canonical[] = {
        "::",
        "::1",
        "1::",
        "2001:db8::1",
        "2001:db8:0:1:1:1:1:1",
        "2001:0:0:1::1",
        "2001:db8::1:0:0:1",
        "1:2:3:4:5:6:7:0",
        "0:2:3:4:5:6:7:8",
        "::3:4:5:6:7:8",
        "1:2:3:4:5:6::",
        "1::8",
        "fe80::f:ff:fff:ffff",
        "a:bc:def:1234:ffff:10:100:1000",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++)
        check(canonical[i], canonical[i]);
    check("2001:DB8:0000:0:0:0:00:0AbC", "2001:db8::abc");
    /* only ::ffff:0:0/96 is IPv4; its neighbours are not */
    check("::1.2.3.4", "::102:304");
    check("::fffe:1.2.3.4", "::fffe:102:304");
    check("::1:ffff:1.2.3.4", "::1:ffff:102:304");
    check("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
}

/* Every pattern of zero groups: what is written reads back as it was, and is what the C library
 * writes, except where that mixes in dotted quads. */
static void zero_patterns(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 256; mask++) {
        uint8_t bytes[16] = {0}, back[16];
        char text[ADDRESS_TEXT_BYTES], library[INET6_ADDRSTRLEN];
        for (unsigned i = 0; i < 8; i++)
            bytes[2 * i + 1] = mask & 1u << i ? (uint8_t)(i + 1) : 0;
        address_text(text, bytes);
        assert_int_equal(inet_pton(AF_INET6, text, back), 1);
        assert_memory_equal(bytes, back, 16);
        assert_non_null(inet_ntop(AF_INET6, bytes, library, sizeof library));
        if (!strchr(library, '.'))
            assert_string_equal(text, library);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(zero_patterns),
    };
    return cmocka_run_group_tests_name("address_text", tests, NULL, NULL);
}
