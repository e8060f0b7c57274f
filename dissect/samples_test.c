#include "dissect/samples_test.h"

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
const struct sample samples[] = {
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

const size_t sample_count = sizeof samples / sizeof *samples;

void sample_build(struct frame *f, const char *name)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (!strcmp(samples[i].name, name)) {
            samples[i].build(f);
            return;
        }
    }
    fail_msg("no sample %s", name);
}
