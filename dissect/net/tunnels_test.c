/* What looks like a tunnel and is none, what carries no packet, and where tunnels end. */
#include "dissect/net/frames_test.h"

#define RAW 101

/* IPv4 and UDP around `header` and, if asked for, an IPv4 sample. */
static void build_udp(struct frame *f, unsigned source, unsigned destination, const void *header,
                      size_t length, bool sample)
{
    size_t ip = put_ipv4(f, 17);
    size_t udp = put_udp(f, destination);
    patch16(f, udp, source);
    put(f, header, length);
    if (sample)
        put_sample(f);
    end_udp(f, udp);
    end_ipv4(f, ip);
}

static void refused(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *name;
        unsigned port;
        const char *header;
        size_t length;
        bool sample;
    } cases[] = {
        {"no tunnel's port", 53, "", 0, true},
        {"vxlan without flag", 4789, "\x00\0\0\0\0\0\x64\0", 8, true},
        {"vxlan short", 4789, "\x08\0\0\0\0\0\x64", 7, false},
        {"vxlan holding no frame", 4789, "\x08\0\0\0\0\0\x64\0", 8, false},
        {"linux vxlan, reserved bits", 8472, "\x08\0\0\x01\0\0\x64\0", 8, true},
        {"gpe, unknown payload", 4790, "\x0c\0\0\x09\0\0\x64\0", 8, true},
        {"gpe, version", 4790, "\x8c\0\0\x01\0\0\x64\0", 8, true},
        {"geneve, version", 6081, "\x40\0\x08\0\0\0\0\0", 8, true},
        {"geneve, options beyond", 6081, "\x3f\0\x08\0\0\0\0\0", 8, true},
        {"gtp, version 2", 2152, "\x48\xff\0\x04\0\0\0\0", 8, true},
        {"gtp', no protocol type", 2152, "\x20\xff\0\x04\0\0\0\0", 8, true},
        {"gtp short", 2152, "\x30\xff\0\0\0\0\0", 7, false},
        {"gtp holding no packet", 2152, "\x30\xff\0\x04\0\0\0\x01""abcd", 12, false},
        {"l2tp, version", 1701, "\0\x01\0\x01\0\x02\xff\x03\0\x21", 10, true},
        {"l2tp, length beyond", 1701, "\x40\x02\xff\xff\0\x01\0\x02", 8, true},
        {"teredo holding version 4", 3544, "", 0, true},
        {"teredo, length beyond", 3544, "\x60\0\0\0\0\x01\x3b\x40", 8, false},
        {"teredo cut in its indication", 3544, "\0\0\0\0\0\0\0", 7, false},
        {"mpls short", 6635, "\0\x01\x01", 3, false},
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        build_udp(&f, 50000, cases[i].port, cases[i].header, cases[i].length, cases[i].sample);
        uint64_t before = b.findings.other[OTHER_UDP];
        bench_run(&b, RAW, &f, f.length);
        if (b.findings.other[OTHER_UDP] != before + 1)
            fail_msg("%s: not UDP", cases[i].name);
    }
    bench_finish(&b);
}

static void control_messages(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame gtp = {0}, l2tp = {0}, l2tp_3 = {0}, geneve = {0};
    build_udp(&gtp, 2152, 2152, "\x32\x01\0\x04\0\0\0\0\0\0\0\0", 12, false); /* echo request */
    assert_other(&b, RAW, &gtp, OTHER_TUNNEL);
    build_udp(&l2tp, 1701, 1701, "\xc8\x02\0\x0c\0\x01\0\0\0\0\0\0", 12, false);
    assert_other(&b, RAW, &l2tp, OTHER_TUNNEL);
    build_udp(&geneve, 6081, 6081, "\x80\0\0\0\0\0\0\0", 8, false);
    assert_other(&b, RAW, &geneve, OTHER_UDP); /* another version */
    size_t ip = put_ipv4(&l2tp_3, 115);
    put_zeros(&l2tp_3, 4);
    put_sample(&l2tp_3);
    end_ipv4(&l2tp_3, ip);
    assert_other(&b, RAW, &l2tp_3, OTHER_TUNNEL);
    bench_finish(&b);
}

static void port_on_either_side(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    build_udp(&f, 2152, 40000, "\x30\xff\0\x53\0\0\0\x01", 8, true);
    patch16(&f, 30, f.length - 36);
    assert_sample(bench_segment(&b, RAW, &f));
    bench_finish(&b);
}

static void gtp_extension_lengths(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned words = 0; words <= 255; words++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 17);
        size_t udp = put_udp(&f, 2152);
        size_t gtp = f.length;
        put(&f, "\x34\xff\0\0\0\0\0\x01\0\0\0\x85", 12);
        put8(&f, words);
        put_zeros(&f, words ? words * 4 - 1 : 3);
        put_sample(&f);
        patch16(&f, gtp + 2, f.length - gtp - 8);
        end_udp(&f, udp);
        end_ipv4(&f, ip);
        if (words)
            assert_sample(bench_segment(&b, RAW, &f));
        else
            assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_TUNNEL_BAD);
    }
    bench_finish(&b);
}

static void gre_without_packets(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *header;
        size_t length;
    } cases[] = {
        {"\0\0\0\0", 4},                                  /* keepalive */
        {"\0\0\x12\x34", 4},                              /* a type nobody knows */
        {"\0\x02\x08\0", 4},                              /* version 2 */
        {"\x20\x81\x88\x0b\0\0\0\x01\0\0\0\x05", 12},     /* PPTP acknowledgment */
        {"\x30\x01\x08\0\0\0\0\x01\0\0\0\x05", 12},       /* version 1 is for PPP */
        {"\0\0\x08\0\x11\x22\x33", 7},                    /* says IP, is none */
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 47);
        put(&f, cases[i].header, cases[i].length);
        end_ipv4(&f, ip);
        assert_other(&b, RAW, &f, OTHER_GRE);
    }
    bench_finish(&b);
}

/* Cut by the capture, nobody knows what a tunnel held: that is a loss, not another protocol. */
static void cut_inside_a_tunnel(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    build_udp(&f, 50000, 4789, "\x08\0\0\0\0\0\x64\0", 8, false);
    put_ethernet(&f, 0x0800);
    put_sample(&f);
    end_udp(&f, 20);
    end_ipv4(&f, 0);
    assert_sample(bench_segment(&b, RAW, &f));
    assert_undecodable(&b, RAW, &f, 36 + 13, UNDECODABLE_LINK_CUT);
    assert_undecodable(&b, RAW, &f, 36 + 14 + 19, UNDECODABLE_NETWORK_CUT);
    assert_undecodable(&b, RAW, &f, 36 + 14 + 20 + 13, UNDECODABLE_TRANSPORT_CUT);
    bench_finish(&b);
}

static void ethertypes(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        unsigned type;
        enum other_protocol other;
    } cases[] = {
        {0x0806, OTHER_ARP}, {0x8035, OTHER_RARP}, {0x2000, OTHER_CDP}, {0x809b, OTHER_APPLETALK},
        {0x8137, OTHER_IPX}, {0x8809, OTHER_SLOW}, {0x8863, OTHER_PPPOE_DISCOVERY},
        {0x888e, OTHER_EAPOL}, {0x88cc, OTHER_LLDP}, {0x88e5, OTHER_MACSEC},
        {0x9000, OTHER_LOOPBACK}, {0x0600, OTHER_ETHERTYPE}, {0xffff, OTHER_ETHERTYPE},
        {3, OTHER_LLC}, {0x05ff, OTHER_LLC},
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        put_ethernet(&f, cases[i].type);
        put(&f, "\x42\x42\x03", 3);
        put_zeros(&f, 43);
        assert_other(&b, 1, &f, cases[i].other);
    }
    bench_finish(&b);
}

static void nsh_headers(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned words = 0; words <= 63; words++) {
        struct frame f = {0};
        put_ethernet(&f, 0x894f);
        put8(&f, 0x0f);
        put8(&f, 0xc0 | words);
        put(&f, "\x02\x01\0\0\x01\xff", 6);
        put_zeros(&f, words > 2 ? (words - 2) * 4 : 0);
        put_sample(&f);
        if (words < 2)
            assert_undecodable(&b, 1, &f, f.length, UNDECODABLE_TUNNEL_BAD);
        else
            assert_sample(bench_segment(&b, 1, &f));
    }
    bench_finish(&b);
}

static void labels_over_something_else(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ethernet(&f, 0x8847);
    put32(&f, 0x00010140);
    put32(&f, 0x10000021); /* an associated channel */
    put_zeros(&f, 40);
    assert_other(&b, 1, &f, OTHER_MPLS);
    f.octets[18] = 0x90;
    assert_other(&b, 1, &f, OTHER_MPLS);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(control_messages),
        cmocka_unit_test(port_on_either_side),
        cmocka_unit_test(gtp_extension_lengths),
        cmocka_unit_test(gre_without_packets),
        cmocka_unit_test(cut_inside_a_tunnel),
        cmocka_unit_test(ethertypes),
        cmocka_unit_test(nsh_headers),
        cmocka_unit_test(labels_over_something_else),
    };
    return cmocka_run_group_tests_name("tunnels", tests, NULL, NULL);
}
