/*
 * Link layers: what a capture's LINKTYPE_ value says the first octets of a packet are. One file
 * for each, one table from value to decoder (table.c): adding one is a file and a line.
 *
 * Numbers are those of tcpdump.org/linktypes.html. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_LINK_LINK_H
#define FINWAIT_DISSECT_LINK_LINK_H

#include "dissect/net/layers.h"

typedef enum step link_decoder(struct layers *l);

/* NULL for a link type that is not decoded. */
link_decoder *link_decoder_of(uint16_t link_type);

link_decoder link_apple_1394;   /* RFC 2734 as macOS captures it */
link_decoder link_arcnet;       /* RFC 1201, RFC 1051 */
link_decoder link_arcnet_linux; /* the same as Linux captures it */
link_decoder link_avs;
link_decoder link_chdlc;
link_decoder link_enc;         /* OpenBSD's IPsec interface */
link_decoder link_ethernet;    /* IEEE 802.3 */
link_decoder link_fddi;        /* RFC 1188 */
link_decoder link_frame_relay; /* RFC 2427, and Cisco's */
link_decoder link_ip;          /* no link layer at all */
link_decoder link_ipoib;       /* RFC 4391, with its pseudo header */
link_decoder link_juniper_ethernet;
link_decoder link_llc; /* IEEE 802.2, RFC 1042 */
link_decoder link_loop;
link_decoder link_netlink;
link_decoder link_nflog;
link_decoder link_null;
link_decoder link_pflog;
link_decoder link_ppi;
link_decoder link_ppp; /* RFC 1661, RFC 1662 */
link_decoder link_ppp_direction;
link_decoder link_ppp_hdlc;
link_decoder link_pppoe; /* RFC 2516 */
link_decoder link_prism;
link_decoder link_radiotap;
link_decoder link_sll;  /* Linux cooked, version 1 */
link_decoder link_sll2; /* and 2 */
link_decoder link_token_ring;
link_decoder link_wlan; /* IEEE 802.11 */

/* An EtherType, or as values below 0x600 Linux's own numbers for frames without one. */
enum step link_linux_protocol(struct layers *l, uint16_t protocol);

static inline enum step link_cut(struct layers *l)
{
    return layers_undecodable(l, UNDECODABLE_LINK_CUT);
}

#endif
