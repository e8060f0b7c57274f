#include "analyzer/flow/key.h"

#include "analyzer/test_keys.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct segment between(uint8_t source, uint16_t source_port, uint8_t destination,
                              uint16_t destination_port)
{
    struct talk t;
    talk_init(&t);
    struct segment g = segment(&t, A, "S", 0, 0, 0, 0, "vlan 7");
    g.source[15] = source;
    g.destination[15] = destination;
    g.source_port = source_port;
    g.destination_port = destination_port;
    return g;
}

static struct segment turned(const struct segment *g)
{
    struct segment back = *g;
    memcpy(back.source, g->destination, 16);
    memcpy(back.destination, g->source, 16);
    back.source_port = g->destination_port;
    back.destination_port = g->source_port;
    return back;
}

/* As its key is, which is made only where a connection is. */
static void hashed_alike(const struct segment *there, const struct segment *back, int sender)
{
    const struct hash_key secret = test_key(3);
    int from;
    int to;
    assert_true(flow_tag_of(there, true, &secret, &from) == flow_tag_of(back, true, &secret, &to));
    assert_int_equal(from, sender);
    assert_int_equal(to, !sender);
    struct flow_key key;
    assert_int_equal(flow_key_of(there, true, &key), sender);
    assert_true(flow_key_names(&key, there, sender, true));
    assert_true(flow_key_names(&key, back, !sender, true));
}

static void both_directions_have_one_key(void **state)
{
    (void)state;
    static const struct {
        uint8_t source, destination;
        uint16_t source_port, destination_port;
        int sender;
    } cases[] = {
        {1, 2, 40000, 80, 0},  {2, 1, 80, 40000, 1},
        {1, 2, 80, 40000, 0},                             /* addresses come before ports */
        {5, 5, 80, 443, 0},                               /* a host to itself */
        {5, 5, 443, 80, 1},    {5, 5, 0x00ff, 0x0100, 0}, /* ports as numbers, not as octets */
        {0, 255, 65535, 0, 0}, {127, 128, 1, 1, 0},       /* addresses as unsigned octets */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct segment there = between(cases[i].source, cases[i].source_port, cases[i].destination,
                                       cases[i].destination_port);
        struct segment back = turned(&there);
        struct flow_key key;
        struct flow_key other;
        memset(&key, 0x55, sizeof key);
        memset(&other, 0xaa, sizeof other);
        assert_int_equal(flow_key_of(&there, false, &key), cases[i].sender);
        assert_int_equal(flow_key_of(&back, false, &other), !cases[i].sender);
        assert_true(flow_key_equal(&key, &other));
        assert_memory_equal(key.address[cases[i].sender], there.source, 16);
        assert_int_equal(key.port[cases[i].sender], cases[i].source_port);
        assert_int_equal(key.port[!cases[i].sender], cases[i].destination_port);
        hashed_alike(&there, &back, cases[i].sender);
    }
}

/* Talking to oneself, port and all: both directions are the same side. */
static void wholly_equal_ends(void **state)
{
    (void)state;
    struct segment g = between(5, 80, 5, 80);
    struct flow_key key;
    assert_int_equal(flow_key_of(&g, false, &key), 0);
    assert_memory_equal(key.address[0], key.address[1], 16);
    assert_int_equal(key.port[0], key.port[1]);
}

static void every_part_tells_apart(void **state)
{
    (void)state;
    struct segment g = between(1, 40000, 2, 80);
    struct segment others[] = {between(3, 40000, 2, 80), between(1, 40001, 2, 80),
                               between(1, 40000, 4, 80), between(1, 40000, 2, 81)};
    struct flow_key key;
    flow_key_of(&g, false, &key);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct flow_key other;
        flow_key_of(&others[i], false, &other);
        assert_false(flow_key_equal(&key, &other));
    }
}

static void vlan_only_when_wanted(void **state)
{
    (void)state;
    struct segment g = between(1, 40000, 2, 80);
    struct segment untagged = g;
    untagged.vlan = VLAN_NONE;
    struct flow_key key;
    struct flow_key other;
    flow_key_of(&g, false, &key);
    flow_key_of(&untagged, false, &other);
    assert_true(flow_key_equal(&key, &other));
    flow_key_of(&g, true, &key);
    flow_key_of(&untagged, true, &other);
    assert_int_equal(key.vlan, 7);
    assert_false(flow_key_equal(&key, &other));
}

/* Each bit of the five-tuple, in IPv4, in IPv6 and between the two. */
static void every_bit_is_hashed(void **state)
{
    (void)state;
    const struct hash_key secret = test_key(3);
    for (int family = 0; family < 3; family++) {
        struct segment g = between(1, 40000, 2, 80);
        g.ip_version = 6; /* whatever becomes of its addresses */
        if (family > 0)
            g.source[0] = 0x20;
        if (family > 1)
            g.destination[0] = 0x20;
        int sender;
        uint32_t plain = flow_tag_of(&g, true, &secret, &sender);
        assert_true(flow_tag_of(&g, false, &secret, &sender) != plain);
        struct flow_key key;
        flow_key_of(&g, true, &key);
        for (unsigned bit = 0; bit < 38 * 8; bit++) {
            struct segment other = g;
            uint8_t *octets = bit < 128   ? other.source
                              : bit < 256 ? other.destination
                              : bit < 288 ? (uint8_t *)&other.source_port
                                          : (uint8_t *)&other.vlan;
            unsigned within = bit < 256 ? bit % 128 : bit < 288 ? bit - 256 : bit - 288;
            octets[within / 8] ^= (uint8_t)(1u << within % 8);
            struct segment back = turned(&other);
            struct flow_key changed;
            int side = flow_key_of(&other, true, &changed);
            hashed_alike(&other, &back, side);
            assert_true(flow_tag_of(&other, true, &secret, &sender) != plain);
            assert_false(flow_key_names(&key, &other, side, true));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_have_one_key), cmocka_unit_test(wholly_equal_ends),
        cmocka_unit_test(every_part_tells_apart),       cmocka_unit_test(vlan_only_when_wanted),
        cmocka_unit_test(every_bit_is_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
