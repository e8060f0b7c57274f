#include "dissect/capture/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* IPv4, TCP, port 40000 to 80, without anything else. */
static const uint8_t ip[40] = {0x45, 0, 0,   40,  0,    0,    0x40, 0,    64, 6,  0, 0, 192, 168,
                               7,    1, 192, 168, 7,    2,    0x9c, 0x40, 0,  80, 0, 0, 0,   1,
                               0,    0, 0,   0,   0x50, 0x02, 0xff, 0xff, 0,  0,  0, 0};

static struct packet packet_of(uint16_t link_type, const uint8_t *data, uint32_t length)
{
    return (struct packet){
        .data = data, .captured_len = length, .original_len = length, .link_type = link_type};
}

static void each_link_type_has_its_program(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        bool passes;
    } cases[] = {
        {"tcp port 80", true},
        {"tcp port 81", false},
        {"host 192.168.7.2", true},
        {"udp", false},
        {"src net 192.168.8.0/24", false},
        {"", true},
        {"greater 41", false},
    };
    uint8_t ethernet[54] = {0};
    ethernet[12] = 0x08;
    memcpy(ethernet + 14, ip, sizeof ip);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[256];
        struct filter *filter = filter_create(cases[i].expression, error, sizeof error);
        assert_non_null(filter);
        struct packet plain = packet_of(1, ethernet, sizeof ethernet);
        struct packet raw = packet_of(101, ip, sizeof ip);
        struct packet raw_ipv4 = packet_of(228, ip, sizeof ip);
        bool longer = strcmp(cases[i].expression, "greater 41") == 0;
        assert_int_equal(filter_pass(filter, &plain), longer || cases[i].passes);
        assert_int_equal(filter_pass(filter, &raw), cases[i].passes);
        assert_int_equal(filter_pass(filter, &raw_ipv4), cases[i].passes);
        assert_int_equal(filter_pass(filter, &plain), longer || cases[i].passes);
        filter_destroy(filter);
    }
}

static void cut_packets_are_not_read_beyond(void **state)
{
    (void)state;
    char error[256];
    struct filter *filter = filter_create("tcp port 80", error, sizeof error);
    assert_non_null(filter);
    for (uint32_t length = 0; length < sizeof ip; length++) {
        struct packet packet = packet_of(101, ip + sizeof ip - length, length);
        packet.original_len = sizeof ip;
        assert_false(filter_pass(filter, &packet));
    }
    filter_destroy(filter);
}

static void unfit_link_types_let_nothing_pass(void **state)
{
    (void)state;
    char error[256];
    struct filter *filter = filter_create("ether host 02:00:00:00:00:01", error, sizeof error);
    assert_non_null(filter);
    struct packet packet = packet_of(101, ip, sizeof ip);
    assert_false(filter_pass(filter, &packet));
    assert_false(filter_pass(filter, &packet));
    filter_destroy(filter);
}

static void faults_are_found_before_any_packet(void **state)
{
    (void)state;
    char error[256] = "";
    assert_null(filter_create("tcp prot 80", error, sizeof error));
    assert_non_null(strstr(error, "tcp prot 80"));
    filter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_type_has_its_program),
        cmocka_unit_test(cut_packets_are_not_read_beyond),
        cmocka_unit_test(unfit_link_types_let_nothing_pass),
        cmocka_unit_test(faults_are_found_before_any_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
