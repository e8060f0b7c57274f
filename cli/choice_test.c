#include "cli/choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct connection_choice parsed(const char *text)
{
    struct connection_choice choice;
    assert_true(choice_parse(text, &choice));
    assert_true(choice_given(&choice));
    return choice;
}

static void reads_ids_and_tuples(void **state)
{
    (void)state;
    static const uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    assert_string_equal(parsed("0123456789abcdef0123").id, "0123456789abcdef0123");
    assert_string_equal(parsed("ABCDEF").id, "abcdef");
    struct connection_choice both = parsed("10.0.0.2:65535-[2001:db8::1]:0");
    assert_int_equal(both.end_count, 2);
    assert_memory_equal(both.ends[0].address, v4, 16);
    assert_int_equal(both.ends[0].port, 65535);
    assert_memory_equal(both.ends[1].address, v6, 16);
    assert_int_equal(both.ends[1].port, 0);
    assert_int_equal(parsed("[2001:db8::1]:443").end_count, 1);
}

static void refuses_all_else(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "abcde",
                                      "0123456789abcdef01234",
                                      "abcdeg",
                                      "10.0.0.1",
                                      "10.0.0.1:",
                                      ":80",
                                      "10.0.0.1:65536",
                                      "10.0.0.1:100000",
                                      "10.0.0.1:+1",
                                      "10.0.0.1:80-",
                                      "-10.0.0.1:80",
                                      "10.0.0.1:80-10.0.0.2:81-",
                                      "10.0.0.1:80-10.0.0.2:81-10.0.0.3:82",
                                      "[10.0.0.1]:80",
                                      "2001:db8::1:443",
                                      "[2001:db8::1]443",
                                      "[]:443",
                                      "[:443",
                                      "]:443",
                                      "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255x]:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct connection_choice choice;
        if (choice_parse(bad[i], &choice))
            fail_msg("'%s' was read", bad[i]);
    }
}

static struct connection_verdict verdict_between(const char *client, const char *server)
{
    struct connection_choice ends = parsed(client);
    struct connection_verdict v = {.start_ns = 1};
    memcpy(v.client.address, ends.ends[0].address, 16);
    v.client.port = ends.ends[0].port;
    ends = parsed(server);
    memcpy(v.server.address, ends.ends[0].address, 16);
    v.server.port = ends.ends[0].port;
    return v;
}

static bool matches(const char *text, const struct connection_verdict *v)
{
    struct connection_choice choice = parsed(text);
    return choice_matches(&choice, v);
}

static void matches_either_order_and_one_end(void **state)
{
    (void)state;
    struct connection_verdict v = verdict_between("10.0.0.1:40000", "[2001:db8::2]:443");
    assert_true(matches("10.0.0.1:40000", &v));
    assert_true(matches("[2001:db8:0::2]:443", &v));
    assert_true(matches("10.0.0.1:40000-[2001:db8::2]:443", &v));
    assert_true(matches("[2001:db8::2]:443-10.0.0.1:40000", &v));
    assert_false(matches("10.0.0.1:443", &v));
    assert_false(matches("10.0.0.1:40000-10.0.0.1:40000", &v));
    assert_false(matches("10.0.0.1:40001-[2001:db8::2]:443", &v));
    assert_false(choice_matches(&(struct connection_choice){.end_count = 0}, &v));
}

static void matches_the_first_digits_of_an_id(void **state)
{
    (void)state;
    struct connection_verdict v = verdict_between("10.0.0.1:40000", "10.0.0.2:443");
    struct connection_identity identity = identity_of(&v);
    char id[CONNECTION_ID_BYTES];
    connection_id(&identity, id);
    assert_true(matches(id, &v));
    id[CHOICE_ID_DIGITS_LEAST] = '\0';
    assert_true(matches(id, &v));
    id[0] = id[0] == '0' ? '1' : '0';
    assert_false(matches(id, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ids_and_tuples),
        cmocka_unit_test(refuses_all_else),
        cmocka_unit_test(matches_either_order_and_one_end),
        cmocka_unit_test(matches_the_first_digits_of_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
