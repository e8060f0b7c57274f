/*
 * Which segments of a batch are of one five-tuple, against their keys.
 */
#include "analyzer/flow/tuples.h"

#include "analyzer/tcp/test_talkers.h"

/* ---- five-tuples ---------------------------------------------------------------------------- */

/* Of few addresses and ports, so that many have most in common. */
static struct segment any_of_few(struct talk *t)
{
    static const uint8_t prefixes[3][12] = {
        {[10] = 0xff, [11] = 0xff}, {0x20, 0x01, 0x0d, 0xb8}, {[8] = 1, [11] = 1}};
    struct segment g = segment(t, A, ".", 0, 0, 0, 0, "");
    unsigned from = random_below(3), to = random_below(3);
    memcpy(g.source, prefixes[from], 12);
    memcpy(g.destination, prefixes[to], 12);
    g.ip_version = from || to || one_in(4) ? 6 : 4;
    for (unsigned i = 12; i < 16; i++) {
        g.source[i] = one_in(8) ? 0xff : 0;
        g.destination[i] = one_in(8) ? 0xff : 0;
    }
    g.source_port = random_below(2) ? 80 : 0x5000;
    g.destination_port = random_below(2) ? 80 : 0x5000;
    g.vlan = one_in(8) ? 7 : VLAN_NONE;
    return g;
}

struct named {
    bool is_ipv4;
    struct flow_ipv4 ipv4;
    struct flow_ipv6 ipv6;
    uint32_t mix;
    int sender;
};

static struct named named(const struct segment *g, bool vlan_in_key)
{
    struct named n = {.is_ipv4 = flow_is_ipv4(g), .ipv4 = tuple_no_ipv4, .ipv6 = tuple_no_ipv6};
    if (n.is_ipv4)
        n.ipv4 = flow_ipv4_of(g, vlan_in_key, &n.sender);
    else
        n.ipv6 = flow_ipv6_of(g, vlan_in_key, &n.sender);
    n.mix = n.is_ipv4 ? tuple_ipv4_mix(n.ipv4) : tuple_ipv6_mix(&n.ipv6);
    return n;
}

/* As one that is looked for, with one that is there. */
static bool both_same(const struct named *a, const struct named *b)
{
    return a->is_ipv4 ? tuple_ipv4_same(a->ipv4, &b->ipv4) : tuple_ipv6_same(&a->ipv6, &b->ipv6);
}

static void as_keys_say(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t);
    random_state = 1;
    uint32_t matches[2] = {0}, of_family[2] = {0};
    for (uint32_t i = 0; i < 200000; i++) {
        bool vlan_in_key = i & 1;
        struct segment g = any_of_few(&t), with = any_of_few(&t);
        struct flow_key key, other;
        struct named a = named(&g, vlan_in_key), b = named(&with, vlan_in_key);
        assert_int_equal(a.sender, flow_key_of(&g, vlan_in_key, &key));
        assert_int_equal(b.sender, flow_key_of(&with, vlan_in_key, &other));
        bool equal = flow_key_equal(&key, &other);
        assert_int_equal(both_same(&a, &b), equal);
        if (equal)
            assert_int_equal(a.mix, b.mix);
        matches[equal]++;
        of_family[a.is_ipv4] += equal;
    }
    for (int i = 0; i < 2; i++) {
        assert_in_range(matches[i], 100, 200000);
        assert_in_range(of_family[i], 100, 200000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_keys_say),
    };
    return cmocka_run_group_tests_name("tuples", tests, NULL, NULL);
}
