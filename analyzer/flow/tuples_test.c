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
    memcpy(g.source, prefixes[random_below(3)], 12);
    memcpy(g.destination, prefixes[random_below(3)], 12);
    for (unsigned i = 12; i < 16; i++) {
        g.source[i] = one_in(8) ? 0xff : 0;
        g.destination[i] = one_in(8) ? 0xff : 0;
    }
    g.source_port = random_below(2) ? 80 : 0x5000;
    g.destination_port = random_below(2) ? 80 : 0x5000;
    g.vlan = one_in(8) ? 7 : VLAN_NONE;
    return g;
}

static enum tuple_match match_of_keys(const struct segment *g, const struct segment *with,
                                      bool vlan_in_key)
{
    struct flow_key key, other;
    int sender = flow_key_of(g, vlan_in_key, &key);
    if (flow_key_of(with, vlan_in_key, &other) == sender)
        return flow_key_equal(&key, &other) ? TUPLE_SAME : TUPLE_DIFFERS;
    return flow_key_equal(&key, &other) ? TUPLE_TURNED : TUPLE_DIFFERS;
}

static void as_keys_say(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t);
    random_state = 1;
    uint32_t matches[3] = {0};
    for (uint32_t i = 0; i < 200000; i++) {
        bool vlan_in_key = i & 1;
        struct segment g = any_of_few(&t), with = any_of_few(&t);
        struct tuple_words words = tuple_words_of(&g), others = tuple_words_of(&with);
        enum tuple_match match = tuple_match(&words, &with, !vlan_in_key || g.vlan == with.vlan);
        assert_int_equal(match, match_of_keys(&g, &with, vlan_in_key));
        if (match != TUPLE_DIFFERS)
            assert_int_equal(tuple_mix(&words), tuple_mix(&others));
        matches[match]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(matches[i], 100, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_keys_say),
    };
    return cmocka_run_group_tests_name("tuples", tests, NULL, NULL);
}
