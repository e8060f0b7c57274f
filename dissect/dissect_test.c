/* Every encapsulation there is, each whole and cut at every octet; and the accounting. */
#include "dissect/net/frames_test.h"

typedef void builder(struct frame *f);

static void ethernet(struct frame *f)
{
    put_ethernet(f, 0x0800);
    put_sample(f);
}

static void ethernet_v6(struct frame *f)
{
    put_ethernet(f, 0x86dd);
    put_sample_v6(f);
}

static void ethernet_padded(struct frame *f)
{
    ethernet(f);
    put_zeros(f, 9);
}

static void vlan(struct frame *f)
{
    put_ethernet(f, 0x8100);
    put32(f, 0x60070800);
    put_sample(f);
}

static void qinq(struct frame *f)
{
    put_ethernet(f, 0x88a8);
    put32(f, 0x00c88100);
    put32(f, 0x00070800);
    put_sample(f);
}

static void vlan_9100(struct frame *f)
{
    put_ethernet(f, 0x9100);
    put32(f, 0x00c89200);
    put32(f, 0x00070800);
    put_sample(f);
}

static void snap(struct frame *f)
{
    put_ethernet(f, 0);
    put(f, "\xaa\xaa\x03\0\0\0\x08\x00", 8);
    put_sample(f);
    patch16(f, 12, f->length - 14);
    put_zeros(f, 5);
}

static void llc_ip(struct frame *f)
{
    put_ethernet(f, 0);
    put(f, "\x06\x06\x03", 3);
    put_sample(f);
    patch16(f, 12, f->length - 14);
}

static void mpls(struct frame *f)
{
    put_ethernet(f, 0x8847);
    put32(f, 0x00010040);
    put32(f, 0x00020140);
    put_sample(f);
}

static void mpls_control_word(struct frame *f)
{
    put_ethernet(f, 0x8848);
    put32(f, 0x00010140);
    put32(f, 0);
    ethernet(f);
}

static void mpls_pseudowire(struct frame *f)
{
    put_ethernet(f, 0x8847);
    put32(f, 0x00010140);
    ethernet(f);
}

static void pppoe(struct frame *f)
{
    put_ethernet(f, 0x8864);
    put32(f, 0x11000005);
    put16(f, 0);
    put16(f, 0x0021);
    put_sample(f);
    patch16(f, 18, f->length - 20);
    put_zeros(f, 4);
}

static void cisco_metadata(struct frame *f)
{
    put_ethernet(f, 0x8909);
    put(f, "\x01\x01\x00\x01\x00\x10\x08\x00", 8);
    put_sample(f);
}

static void backbone(struct frame *f)
{
    put_ethernet(f, 0x88e7);
    put32(f, 0x00001234);
    ethernet(f);
}

static void fabric_path(struct frame *f)
{
    put_ethernet(f, 0x8903);
    put16(f, 0x0420);
    ethernet(f);
}

static void nsh(struct frame *f)
{
    put_ethernet(f, 0x894f);
    put(f, "\x0f\xc2\x02\x01\0\0\x01\xff", 8);
    put_sample(f);
}

static void centrino(struct frame *f)
{
    put_ethernet(f, 0x2452);
    put(f, "\x08\x41\0\0", 4);
    put_zeros(f, 20);
    put(f, "\x66\x15\x83\0\xaa\xaa\x03\0\0\0\x08\x00", 12);
    put_sample(f);
}

static void cooked(struct frame *f)
{
    put(f, "\0\x04\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\x00", 16);
    put_sample(f);
}

static void cooked_2(struct frame *f)
{
    put(f, "\x86\xdd\0\0\0\0\0\x02\0\x01\x00\x06\x02\0\0\0\0\x01\0\0", 20);
    put_sample_v6(f);
}

static void null_little(struct frame *f)
{
    put32(f, 0x02000000);
    put_sample(f);
}

static void null_freebsd_v6(struct frame *f)
{
    put32(f, 28);
    put_sample_v6(f);
}

static void loop(struct frame *f)
{
    put32(f, 30);
    put_sample_v6(f);
}

static void raw(struct frame *f)
{
    put_sample(f);
}

static void raw_v6(struct frame *f)
{
    put_sample_v6(f);
}

static void ppp(struct frame *f)
{
    put(f, "\xff\x03\x00\x21", 4);
    put_sample(f);
}

static void ppp_short(struct frame *f)
{
    put8(f, 0x57);
    put_sample_v6(f);
}

static void ppp_jacobson(struct frame *f)
{
    put(f, "\xff\x03\x00\x2f", 4);
    put_sample(f);
    f->octets[4 + 9] = 1;
}

static void chdlc(struct frame *f)
{
    put32(f, 0x0f000800);
    put_sample(f);
}

static void frame_relay(struct frame *f)
{
    put32(f, 0x184103cc);
    put_sample(f);
}

static void frame_relay_snap(struct frame *f)
{
    put(f, "\x18\x41\x03\x00\x80\0\0\0\x86\xdd", 10);
    put_sample_v6(f);
}

static void frame_relay_cisco(struct frame *f)
{
    put32(f, 0x18410800);
    put_sample(f);
}

static void wlan_body(struct frame *f)
{
    put(f, "\xaa\xaa\x03\0\0\0\x08\x00", 8);
    put_sample(f);
}

static void wlan(struct frame *f)
{
    put(f, "\x08\x01\0\0", 4);
    put_zeros(f, 20);
    wlan_body(f);
}

static void wlan_qos_four_addresses(struct frame *f)
{
    put(f, "\x88\x83\0\0", 4);
    put_zeros(f, 26 + 2 + 4);
    wlan_body(f);
}

static void radiotap(struct frame *f)
{
    put(f, "\0\0\x12\0\x03\0\0\0", 8);
    put_zeros(f, 8);
    put(f, "\x30\0", 2); /* FCS at the end, header padded */
    put(f, "\x88\x02\0\0", 4);
    put_zeros(f, 20 + 2 + 2);
    wlan_body(f);
    put32(f, 0xdeadbeef);
}

static void avs(struct frame *f)
{
    put32(f, 0x80211001);
    put32(f, 64);
    put_zeros(f, 56);
    wlan(f);
}

static void prism(struct frame *f)
{
    put_zeros(f, 144);
    wlan(f);
}

static void ppi(struct frame *f)
{
    put(f, "\0\0\x08\0\x69\0\0\0", 8);
    wlan(f);
}

static void nflog(struct frame *f)
{
    put(f, "\x02\0\0\0\x08\0\x01\0\x08\0\x01\0", 12);
    size_t at = f->length;
    put(f, "\0\0\x09\0", 4);
    put_sample(f);
    f->octets[at] = (uint8_t)(f->length - at);
    put8(f, 0);
}

static void nflog_big(struct frame *f)
{
    put(f, "\x02\0\0\0\0\x05\0\x0a\x78\0\0\0", 12);
    size_t at = f->length;
    put(f, "\0\0\0\x09", 4);
    put_sample(f);
    f->octets[at + 1] = (uint8_t)(f->length - at);
}

static void netlink(struct frame *f)
{
    put(f, "\0\x04\x03\x38\0\0\0\0\0\0\0\0\0\0\0\x0c", 16);
    put(f, "\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0", 16);
    put(f, "\x02\0\0\0", 4);
    size_t at = f->length;
    put(f, "\0\0\x09\0", 4);
    put_sample(f);
    f->octets[at] = (uint8_t)(f->length - at);
    f->octets[16] = (uint8_t)(f->length - 16);
    put8(f, 0);
}

static void arcnet(struct frame *f)
{
    put(f, "\x01\x02\xd4\0\0\x01", 6);
    put_sample(f);
}

static void arcnet_linux(struct frame *f)
{
    put(f, "\x01\x02\0\0\xd4\xff\0\xff\xff\0\0\x01", 12);
    put_sample(f);
}

static void arcnet_1051(struct frame *f)
{
    put(f, "\x01\x02\0\0\xf0", 5);
    put_sample(f);
}

static void fddi(struct frame *f)
{
    put8(f, 0x50);
    put_zeros(f, 12);
    wlan_body(f);
}

static void token_ring(struct frame *f)
{
    put(f, "\x10\x40\x02\0\0\0\0\x01\x82\0\0\0\0\x02\x06\x30\x00\x11\x00\x20", 20);
    wlan_body(f);
}

static void infiniband(struct frame *f)
{
    put_zeros(f, 40);
    put32(f, 0x08000000);
    put_sample(f);
}

static void juniper(struct frame *f)
{
    put(f, "MGC\x81\0\x03\x01\x01\x01", 9);
    ethernet(f);
}

static void firewire(struct frame *f)
{
    put_zeros(f, 16);
    put16(f, 0x0800);
    put_sample(f);
}

static void pflog(struct frame *f)
{
    put(f, "\x3d\x02", 2);
    put_zeros(f, 62);
    put_sample(f);
}

static void ppp_direction(struct frame *f)
{
    put8(f, 1);
    ppp(f);
}

static void enc(struct frame *f)
{
    put32(f, 2);
    put_zeros(f, 8);
    put_sample(f);
}

static void gre(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0xb0000800);
    put32(f, 0);
    put32(f, 99);
    put32(f, 1);
    put_sample(f);
    end_ipv4(f, ip);
}

static void gre_routed(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x400086dd);
    put32(f, 0);
    put(f, "\x08\x00\x00\x04\x0a\x00\x00\x01\0\0\0\0", 12);
    put_sample_v6(f);
    end_ipv4(f, ip);
}

static void gre_bridge(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x20006558);
    put32(f, 0x00123456);
    ethernet(f);
    end_ipv4(f, ip);
}

static void erspan_1(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x000088be);
    ethernet(f);
    end_ipv4(f, ip);
}

static void erspan_2(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x100088be);
    put32(f, 1);
    put_zeros(f, 8);
    ethernet(f);
    end_ipv4(f, ip);
}

static void erspan_3(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x100022eb);
    put32(f, 1);
    put_zeros(f, 11);
    put8(f, 1);
    put_zeros(f, 8);
    ethernet(f);
    end_ipv4(f, ip);
}

static void wccp(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x0000883e);
    put32(f, 0);
    put_sample(f);
    end_ipv4(f, ip);
}

static void pptp(struct frame *f)
{
    size_t ip = put_ipv4(f, 47);
    put32(f, 0x3081880b);
    size_t key = f->length;
    put32(f, 0x00000001);
    put32(f, 9);
    put32(f, 8);
    size_t payload = f->length;
    put8(f, 0x21);
    put_sample(f);
    patch16(f, key, f->length - payload);
    end_ipv4(f, ip);
}

static void ip_in_ip(struct frame *f)
{
    size_t ip = put_ipv4(f, 4);
    put_sample(f);
    end_ipv4(f, ip);
}

static void six_in_four(struct frame *f)
{
    size_t ip = put_ipv4(f, 41);
    put_sample_v6(f);
    end_ipv4(f, ip);
}

static void six_in_six(struct frame *f)
{
    size_t ip = put_ipv6(f, 41);
    put_sample_v6(f);
    end_ipv6(f, ip);
}

static void authenticated(struct frame *f)
{
    size_t ip = put_ipv4(f, 51);
    put(f, "\x06\x04\0\0", 4);
    put_zeros(f, 20);
    put_tcp(f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
    end_ipv4(f, ip);
}

static void ether_ip(struct frame *f)
{
    size_t ip = put_ipv4(f, 97);
    put16(f, 0x3000);
    ethernet(f);
    end_ipv4(f, ip);
}

static void mpls_in_ip(struct frame *f)
{
    size_t ip = put_ipv4(f, 137);
    put32(f, 0x00010140);
    put_sample(f);
    end_ipv4(f, ip);
}

static void l2tp_3(struct frame *f)
{
    size_t ip = put_ipv4(f, 115);
    put32(f, 77);
    put_zeros(f, 4);
    ethernet(f);
    end_ipv4(f, ip);
}

static void in_udp(struct frame *f, unsigned port, const char *header, size_t length,
                   builder *inner)
{
    size_t ip = put_ipv4(f, 17);
    size_t udp = put_udp(f, port);
    put(f, header, length);
    inner(f);
    end_udp(f, udp);
    end_ipv4(f, ip);
}

static void vxlan(struct frame *f)
{
    in_udp(f, 4789, "\x08\0\0\0\0\0\x64\0", 8, vlan);
}

static void vxlan_linux(struct frame *f)
{
    in_udp(f, 8472, "\x08\0\0\0\0\0\x64\0", 8, ethernet);
}

static void vxlan_gpe(struct frame *f)
{
    in_udp(f, 4790, "\x0c\0\0\x02\0\0\x64\0", 8, raw_v6);
}

static void geneve(struct frame *f)
{
    in_udp(f, 6081, "\x01\0\x65\x58\0\0\x64\0\x01\x02\x03\0", 12, ethernet);
}

static void geneve_ip(struct frame *f)
{
    in_udp(f, 6081, "\0\0\x86\xdd\0\0\x64\0", 8, raw_v6);
}

static void gtp_u(struct frame *f)
{
    in_udp(f, 2152, "\x34\xff\0\0\0\0\0\x05\0\0\0\x85\x01\x10\x09\0", 16, raw);
    size_t gtp = 20 + 8;
    patch16(f, gtp + 2, f->length - gtp - 8);
}

static void l2tp_2(struct frame *f)
{
    in_udp(f, 1701, "\x4a\x02\0\0\0\x01\0\x02\0\0\0\0\0\x02\xff\xff", 16, ppp);
    size_t l2tp = 20 + 8;
    patch16(f, l2tp + 2, f->length - l2tp);
}

static void teredo(struct frame *f)
{
    in_udp(f, 3544, "\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21, raw_v6);
}

static void mpls_in_udp(struct frame *f)
{
    in_udp(f, 6635, "\0\x01\x01\x40", 4, raw);
}

static void extension_headers(struct frame *f)
{
    size_t ip = put_ipv6(f, 0);
    put(f, "\x2b\0\x01\x04\0\0\0\0", 8); /* hop-by-hop, then routing without segments left */
    put(f, "\x2c\0\0\0\0\0\0\0", 8);     /* then an atomic fragment */
    put(f, "\x3c\0\0\0\0\0\0\x01", 8);
    put(f, "\x87\0\x01\x04\0\0\0\0", 8);
    put(f, "\x8b\0\0\0\0\0\0\0", 8);
    put(f, "\x8c\0\0\0\0\0\0\0", 8);
    put(f, "\x33\0\0\0\0\0\0\0", 8);
    put(f, "\x06\x01\0\0\0\0\0\0\0\0\0\0", 12);
    put_tcp(f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
    end_ipv6(f, ip);
}

/* clang-format off */
static const struct sample {
    const char *name;
    uint16_t link_type;
    builder *build;
    enum tunnel tunnel;
    uint16_t vlan;
} samples[] = {
    {"ethernet", 1, ethernet, TUNNEL_NONE, VLAN_NONE},
    {"ethernet_v6", 1, ethernet_v6, TUNNEL_NONE, VLAN_NONE},
    {"ethernet_padded", 1, ethernet_padded, TUNNEL_NONE, VLAN_NONE},
    {"vlan", 1, vlan, TUNNEL_NONE, 7},
    {"qinq", 1, qinq, TUNNEL_NONE, 7},
    {"vlan_9100", 1, vlan_9100, TUNNEL_NONE, 7},
    {"snap", 1, snap, TUNNEL_NONE, VLAN_NONE},
    {"llc_ip", 1, llc_ip, TUNNEL_NONE, VLAN_NONE},
    {"mpls", 1, mpls, TUNNEL_NONE, VLAN_NONE},
    {"mpls_control_word", 1, mpls_control_word, TUNNEL_NONE, VLAN_NONE},
    {"mpls_pseudowire", 1, mpls_pseudowire, TUNNEL_NONE, VLAN_NONE},
    {"pppoe", 1, pppoe, TUNNEL_NONE, VLAN_NONE},
    {"cisco_metadata", 1, cisco_metadata, TUNNEL_NONE, VLAN_NONE},
    {"backbone", 1, backbone, TUNNEL_NONE, VLAN_NONE},
    {"fabric_path", 1, fabric_path, TUNNEL_NONE, VLAN_NONE},
    {"nsh", 1, nsh, TUNNEL_NSH, VLAN_NONE},
    {"centrino", 1, centrino, TUNNEL_NONE, VLAN_NONE},
    {"null_little", 0, null_little, TUNNEL_NONE, VLAN_NONE},
    {"null_freebsd_v6", 0, null_freebsd_v6, TUNNEL_NONE, VLAN_NONE},
    {"token_ring", 6, token_ring, TUNNEL_NONE, VLAN_NONE},
    {"arcnet", 7, arcnet, TUNNEL_NONE, VLAN_NONE},
    {"ppp", 9, ppp, TUNNEL_NONE, VLAN_NONE},
    {"ppp_short", 9, ppp_short, TUNNEL_NONE, VLAN_NONE},
    {"ppp_jacobson", 9, ppp_jacobson, TUNNEL_NONE, VLAN_NONE},
    {"fddi", 10, fddi, TUNNEL_NONE, VLAN_NONE},
    {"raw12", 12, raw, TUNNEL_NONE, VLAN_NONE},
    {"raw14", 14, raw_v6, TUNNEL_NONE, VLAN_NONE},
    {"ppp_hdlc", 50, ppp, TUNNEL_NONE, VLAN_NONE},
    {"ppp_hdlc_cisco", 50, chdlc, TUNNEL_NONE, VLAN_NONE},
    {"atm", 100, wlan_body, TUNNEL_NONE, VLAN_NONE},
    {"raw101", 101, raw, TUNNEL_NONE, VLAN_NONE},
    {"chdlc", 104, chdlc, TUNNEL_NONE, VLAN_NONE},
    {"wlan", 105, wlan, TUNNEL_NONE, VLAN_NONE},
    {"wlan_qos_four_addresses", 105, wlan_qos_four_addresses, TUNNEL_NONE, VLAN_NONE},
    {"frame_relay", 107, frame_relay, TUNNEL_NONE, VLAN_NONE},
    {"frame_relay_snap", 107, frame_relay_snap, TUNNEL_NONE, VLAN_NONE},
    {"frame_relay_cisco", 107, frame_relay_cisco, TUNNEL_NONE, VLAN_NONE},
    {"loop", 108, loop, TUNNEL_NONE, VLAN_NONE},
    {"enc", 109, enc, TUNNEL_NONE, VLAN_NONE},
    {"cooked", 113, cooked, TUNNEL_NONE, VLAN_NONE},
    {"pflog", 117, pflog, TUNNEL_NONE, VLAN_NONE},
    {"prism", 119, prism, TUNNEL_NONE, VLAN_NONE},
    {"prism_avs", 119, avs, TUNNEL_NONE, VLAN_NONE},
    {"radiotap", 127, radiotap, TUNNEL_NONE, VLAN_NONE},
    {"arcnet_linux", 129, arcnet_linux, TUNNEL_NONE, VLAN_NONE},
    {"arcnet_1051", 129, arcnet_1051, TUNNEL_NONE, VLAN_NONE},
    {"firewire", 138, firewire, TUNNEL_NONE, VLAN_NONE},
    {"avs", 163, avs, TUNNEL_NONE, VLAN_NONE},
    {"ppp_pppd", 166, ppp_direction, TUNNEL_NONE, VLAN_NONE},
    {"juniper", 178, juniper, TUNNEL_NONE, VLAN_NONE},
    {"ppi", 192, ppi, TUNNEL_NONE, VLAN_NONE},
    {"ppp_direction", 204, ppp_direction, TUNNEL_NONE, VLAN_NONE},
    {"ipv4", 228, raw, TUNNEL_NONE, VLAN_NONE},
    {"ipv6", 229, raw_v6, TUNNEL_NONE, VLAN_NONE},
    {"nflog", 239, nflog, TUNNEL_NONE, VLAN_NONE},
    {"nflog_big", 239, nflog_big, TUNNEL_NONE, VLAN_NONE},
    {"infiniband", 242, infiniband, TUNNEL_NONE, VLAN_NONE},
    {"netlink", 253, netlink, TUNNEL_NONE, VLAN_NONE},
    {"cooked_2", 276, cooked_2, TUNNEL_NONE, VLAN_NONE},
    {"gre", 101, gre, TUNNEL_GRE, VLAN_NONE},
    {"gre_routed", 101, gre_routed, TUNNEL_GRE, VLAN_NONE},
    {"gre_bridge", 101, gre_bridge, TUNNEL_GRE, VLAN_NONE},
    {"erspan_1", 101, erspan_1, TUNNEL_ERSPAN, VLAN_NONE},
    {"erspan_2", 101, erspan_2, TUNNEL_ERSPAN, VLAN_NONE},
    {"erspan_3", 101, erspan_3, TUNNEL_ERSPAN, VLAN_NONE},
    {"wccp", 101, wccp, TUNNEL_GRE, VLAN_NONE},
    {"pptp", 101, pptp, TUNNEL_PPTP, VLAN_NONE},
    {"ip_in_ip", 101, ip_in_ip, TUNNEL_IPIP, VLAN_NONE},
    {"six_in_four", 101, six_in_four, TUNNEL_6IN4, VLAN_NONE},
    {"six_in_six", 101, six_in_six, TUNNEL_IPIP, VLAN_NONE},
    {"authenticated", 101, authenticated, TUNNEL_NONE, VLAN_NONE},
    {"ether_ip", 101, ether_ip, TUNNEL_OTHER, VLAN_NONE},
    {"mpls_in_ip", 101, mpls_in_ip, TUNNEL_OTHER, VLAN_NONE},
    {"l2tp_3", 101, l2tp_3, TUNNEL_L2TP, VLAN_NONE},
    {"vxlan", 101, vxlan, TUNNEL_VXLAN, 7},
    {"vxlan_linux", 101, vxlan_linux, TUNNEL_VXLAN, VLAN_NONE},
    {"vxlan_gpe", 101, vxlan_gpe, TUNNEL_VXLAN, VLAN_NONE},
    {"geneve", 101, geneve, TUNNEL_GENEVE, VLAN_NONE},
    {"geneve_ip", 101, geneve_ip, TUNNEL_GENEVE, VLAN_NONE},
    {"gtp_u", 101, gtp_u, TUNNEL_GTP_U, VLAN_NONE},
    {"l2tp_2", 101, l2tp_2, TUNNEL_L2TP, VLAN_NONE},
    {"teredo", 101, teredo, TUNNEL_TEREDO, VLAN_NONE},
    {"mpls_in_udp", 101, mpls_in_udp, TUNNEL_OTHER, VLAN_NONE},
    {"extension_headers", 101, extension_headers, TUNNEL_NONE, VLAN_NONE},
};
/* clang-format on */

#define SAMPLES (sizeof samples / sizeof *samples)

static void every_encapsulation_is_undone(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        uint32_t count = bench_run(&b, samples[i].link_type, &f, f.length);
        if (count != 1)
            fail_msg("%s: %u segments", samples[i].name, count);
        const struct segment *s = &b.batch->segments[0];
        assert_sample(s);
        if (s->tunnel != samples[i].tunnel || s->vlan != samples[i].vlan)
            fail_msg("%s: tunnel %s, VLAN %u", samples[i].name, tunnel_name(s->tunnel), s->vlan);
        assert_int_equal(s->marks & (SEG_LENGTH_GUESSED | SEG_OPTIONS_BAD | SEG_OPTIONS_CUT), 0);
    }
    bench_finish(&b);
}

/* The snapshot length may end anywhere: the packet is counted once, no octet beyond is read, and
 * what can still be placed keeps its true length. */
static void cut_at_every_octet(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t captured = 0; captured < f.length; captured++) {
            if (!bench_run(&b, samples[i].link_type, &f, captured))
                continue;
            const struct segment *s = &b.batch->segments[0];
            assert_int_equal(s->seq, SAMPLE_SEQ);
            if (s->payload_len != SAMPLE_PAYLOAD)
                fail_msg("%s cut at %zu: %u octets", samples[i].name, captured, s->payload_len);
        }
    }
    bench_finish(&b);
}

/* The same where the frame really ends there: shorter than its headers say. */
static void ends_at_every_octet(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t length = 0; length < f.length; length++) {
            struct packet as = {.link_type = samples[i].link_type};
            if (bench_run_as(&b, as, f.octets, length, length))
                assert_true(b.batch->segments[0].payload_len <= SAMPLE_PAYLOAD);
        }
    }
    bench_finish(&b);
}

/* Each octet wrong in turn: whatever comes out is counted once. */
static void every_octet_wrong(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t at = 0; at < f.length; at++) {
            uint8_t good = f.octets[at];
            for (size_t v = 0; v < sizeof values; v++) {
                f.octets[at] = values[v];
                bench_run(&b, samples[i].link_type, &f, f.length);
            }
            f.octets[at] = good;
        }
    }
    bench_finish(&b);
}

static void unknown_links_and_empty_packets(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    ethernet(&f);
    assert_int_equal(bench_run(&b, 147, &f, f.length), 0);
    assert_int_equal(bench_run(&b, 65535, &f, f.length), 0);
    assert_int_equal(bench_run(&b, 147, &f, 0), 0);
    assert_int_equal(b.findings.link_count, 2);
    assert_int_equal(b.findings.links[0].packets, 2);
    assert_undecodable(&b, 1, &f, 0, UNDECODABLE_EMPTY);
    dissect_filtered(b.dissector);
    b.frames++;
    assert_int_equal(b.findings.other[OTHER_FILTERED], 1);
    assert_adds_up(&b.findings);
    bench_finish(&b);
}

static void frame_check_sequence_is_no_payload(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ethernet(&f, 0x0800);
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 3);
    end_ipv4(&f, ip);
    patch16(&f, ip + 2, 0); /* only the frame can tell */
    put32(&f, 0xdeadbeef);
    struct packet as = {.link_type = 1, .fcs_len = 4};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 3);
    assert_true(b.batch->segments[0].marks & SEG_LENGTH_GUESSED);
    as.fcs_len = 255; /* longer than the frame: nothing is left */
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 0);
    bench_finish(&b);
}

static void packet_fields_are_carried(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    ethernet(&f);
    struct packet as = {.link_type = 1,
                        .time_ns = -5,
                        .interface = 3,
                        .marks = PACKET_INBOUND | PACKET_CHECKSUM_PENDING | PACKET_OFFLOADED};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 1);
    const struct segment *s = &b.batch->segments[0];
    assert_int_equal(s->time_ns, -5);
    assert_int_equal(s->interface, 3);
    assert_int_equal(s->frame, frame_ref_of(0, 1));
    assert_int_equal(s->marks, SEG_TIMESTAMPS | SEG_INBOUND | SEG_CHECKSUM_PENDING | SEG_OFFLOADED);
    assert_int_equal(s->ip_bytes, 20 + 32 + SAMPLE_PAYLOAD);
    assert_int_equal(s->ip_id, 0x1234);
    assert_int_equal(s->ttl, 64);
    assert_int_equal(s->ip_version, 4);
    assert_memory_equal(s->source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
    assert_memory_equal(s->destination, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
    bench_finish(&b);
}

static uint32_t world_of(struct bench *b, uint16_t link_type, const struct frame *f)
{
    return bench_segment(b, link_type, f)->world;
}

static void worlds(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame plain = {0}, tagged = {0}, inside = {0}, bare = {0};
    ethernet(&plain);
    vlan(&tagged);
    vxlan(&inside);
    raw(&bare);
    uint32_t there = world_of(&b, 1, &plain);
    assert_int_not_equal(there, 0);
    uint8_t swapped[6];
    memcpy(swapped, plain.octets, 6);
    memcpy(plain.octets, plain.octets + 6, 6);
    memcpy(plain.octets + 6, swapped, 6);
    assert_int_equal(world_of(&b, 1, &plain), there);
    plain.octets[5] ^= 1;
    assert_int_not_equal(world_of(&b, 1, &plain), there);

    uint32_t vlan_7 = world_of(&b, 1, &tagged);
    assert_int_not_equal(vlan_7, there);
    patch16(&tagged, 14, 8);
    assert_int_not_equal(world_of(&b, 1, &tagged), vlan_7);
    patch16(&tagged, 14, 0xe000); /* a priority tag is no VLAN */
    assert_int_equal(world_of(&b, 1, &tagged), there);
    assert_int_equal(b.batch->segments[0].vlan, VLAN_NONE);

    uint32_t network = world_of(&b, 101, &inside);
    inside.octets[20 + 8 + 6]++;
    assert_int_not_equal(world_of(&b, 101, &inside), network);
    assert_int_equal(world_of(&b, 101, &bare), 0);
    bench_finish(&b);
}

/* NVGRE keys carry eight bits that differ between flows of one network. */
static void nvgre_flow_bits_are_no_world(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    gre_bridge(&f);
    uint32_t there = world_of(&b, 101, &f);
    f.octets[27]++;
    assert_int_equal(world_of(&b, 101, &f), there);
    f.octets[26]++;
    assert_int_not_equal(world_of(&b, 101, &f), there);
    bench_finish(&b);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned tunnels = 3; tunnels <= 6; tunnels++) {
        struct frame f = {0};
        size_t at[8];
        for (unsigned i = 0; i < tunnels; i++)
            at[i] = put_ipv4(&f, 4);
        put_sample(&f);
        for (unsigned i = 0; i < tunnels; i++)
            end_ipv4(&f, at[i]);
        if (tunnels <= 4)
            assert_sample(bench_segment(&b, 101, &f));
        else
            assert_undecodable(&b, 101, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    for (unsigned tags = 7; tags <= 10; tags++) {
        struct frame f = {0};
        put_ethernet(&f, 0x8100);
        for (unsigned i = 1; i < tags; i++)
            put32(&f, 0x00018100);
        put32(&f, 0x00070800);
        put_sample(&f);
        if (tags <= 8)
            assert_int_equal(bench_segment(&b, 1, &f)->vlan, 7);
        else
            assert_undecodable(&b, 1, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    for (unsigned labels = 15; labels <= 17; labels++) {
        struct frame f = {0};
        put_ethernet(&f, 0x8847);
        for (unsigned i = 1; i < labels; i++)
            put32(&f, 0x00010040);
        put32(&f, 0x00010140);
        put_sample(&f);
        if (labels <= 16)
            assert_sample(bench_segment(&b, 1, &f));
        else
            assert_undecodable(&b, 1, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    bench_finish(&b);
}

static void batch_is_filled_in_place(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    ethernet(&f);
    struct packet packet = {.data = f.octets,
                            .captured_len = (uint32_t)f.length,
                            .original_len = (uint32_t)f.length,
                            .link_type = 1};
    while (!batch_full(b.batch))
        dissect_packet(b.dissector, &packet, b.batch);
    assert_int_equal(b.batch->count, BATCH_SEGMENTS);
    for (uint32_t i = 0; i < b.batch->count; i++)
        assert_sample(&b.batch->segments[i]);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encapsulation_is_undone),
        cmocka_unit_test(cut_at_every_octet),
        cmocka_unit_test(ends_at_every_octet),
        cmocka_unit_test(every_octet_wrong),
        cmocka_unit_test(unknown_links_and_empty_packets),
        cmocka_unit_test(frame_check_sequence_is_no_payload),
        cmocka_unit_test(packet_fields_are_carried),
        cmocka_unit_test(worlds),
        cmocka_unit_test(nvgre_flow_bits_are_no_world),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(batch_is_filled_in_place),
    };
    return cmocka_run_group_tests_name("dissect", tests, NULL, NULL);
}
