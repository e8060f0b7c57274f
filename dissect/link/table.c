#include "dissect/link/link.h"

/* clang-format off */
static link_decoder *const decoders[] = {
    [0] = link_null,
    [1] = link_ethernet,
    [6] = link_token_ring,
    [7] = link_arcnet,
    [9] = link_ppp,
    [10] = link_fddi,
    [12] = link_ip,
    [14] = link_ip,
    [50] = link_ppp_hdlc,
    [51] = link_pppoe,
    [100] = link_llc, /* RFC 1483 over ATM */
    [101] = link_ip,
    [104] = link_chdlc,
    [105] = link_wlan,
    [107] = link_frame_relay,
    [108] = link_loop,
    [109] = link_enc,
    [113] = link_sll,
    [117] = link_pflog,
    [119] = link_prism,
    [127] = link_radiotap,
    [129] = link_arcnet_linux,
    [138] = link_apple_1394,
    [163] = link_avs,
    [166] = link_ppp_direction,
    [178] = link_juniper_ethernet,
    [192] = link_ppi,
    [204] = link_ppp_direction,
    [228] = link_ip,
    [229] = link_ip,
    [239] = link_nflog,
    [242] = link_ipoib,
    [253] = link_netlink,
    [276] = link_sll2,
};
/* clang-format on */

link_decoder *link_decoder_of(uint16_t link_type)
{
    return link_type < sizeof decoders / sizeof *decoders ? decoders[link_type] : NULL;
}
