/*
 * The decoders between link layer and TCP. Each takes its header off the front of the layers and
 * returns the next step; see layers.h. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_NET_NET_H
#define FINWAIT_DISSECT_NET_NET_H

#include "dissect/net/layers.h"

enum step
net_ethertype(struct layers *l);      /* layers.type: EtherType, IEEE 802 and IANA registries */
enum step net_mpls(struct layers *l); /* RFC 3032; pseudowires RFC 4385, 4448, 4928 */
enum step net_nsh(struct layers *l);  /* RFC 8300 */
enum step net_ip(struct layers *l);   /* RFC 791, RFC 8200 */
enum step net_ipv4(struct layers *l);
enum step net_ipv6(struct layers *l);
enum step net_protocol(struct layers *l); /* layers.type: IP protocol or extension header */
enum step net_gre(struct layers *l);      /* RFC 2784, 2890, 1701; PPTP RFC 2637; ERSPAN */
enum step net_udp(struct layers *l);      /* and the tunnels over it, by port */
enum step net_ipcomp(struct layers *l);   /* RFC 3173, with DEFLATE of RFC 2394 */
enum step net_l2tp_v2(struct layers *l);  /* RFC 2661; may refuse */
enum step net_l2tp_v3(struct layers *l);  /* RFC 3931, behind the IP or UDP header */

/* IPv6 extension headers and AH: layers.type. */
enum step net_extension(struct layers *l);
enum step net_authentication(struct layers *l); /* RFC 4302: authenticated, not encrypted */

/* Hands a fragment to the table. When that completes its datagram, decoding goes on with it. */
struct ip_fragment {
    uint32_t id;
    uint32_t offset; /* octets */
    bool more;
};
enum step net_fragment(struct layers *l, struct ip_fragment fragment);

/* Whether the octets `skip` from here on look like an Ethernet frame or an IP packet: for carriers
 * that do not say what they carry. Cheap and strict; nothing is taken. */
bool net_looks_like_ethernet(const struct layers *l, uint32_t skip);
bool net_looks_like_ip(const struct layers *l, uint32_t skip);

#endif
