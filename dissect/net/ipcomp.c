#include "dissect/net/net.h"

#define IPCOMP_HEADER_BYTES 4u
#define CPI_DEFLATE         2 /* RFC 2394 */
#define CPI_NEGOTIATED      256u
#define CPI_PRIVATE         61440u
#define PROTOCOL_IPV4       4
#define PROTOCOL_IPV6       41

/* How long the packet was is known when all of it was captured, or when it says so itself. */
static void limit_to(struct layers *l, const struct inflated *inflated)
{
    bool says_itself = l->type == PROTOCOL_IPV4 || l->type == PROTOCOL_IPV6;
    l->in = cursor_over(inflated->head, inflated->head_len);
    l->wire_left = inflated->length;
    if (inflated->whole)
        return;
    l->marks |= SEG_LENGTH_GUESSED;
    if (says_itself)
        l->wire_left = INFLATED_BYTES_MAX;
}

/* Both ends agreed on what a negotiated number means, out of our sight. It is DEFLATE when the
 * stream ends exactly where the packet does: other octets do not do so by chance. */
static bool is_negotiated(uint16_t cpi)
{
    return cpi >= CPI_NEGOTIATED && cpi < CPI_PRIVATE;
}

enum step net_ipcomp(struct layers *l)
{
    const uint8_t *h = layers_peek(l, IPCOMP_HEADER_BYTES);
    if (!h)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    /* What was compressed once is not compressed again (RFC 3173 section 2.2). */
    uint16_t cpi = load_be16(h + 2);
    if ((cpi != CPI_DEFLATE && !is_negotiated(cpi)) || l->is_inflated)
        return layers_other(l, OTHER_IP);
    if (!layers_enter(l))
        return STEP_DONE;
    layers_take(l, IPCOMP_HEADER_BYTES);
    uint32_t captured = (uint32_t)cursor_left(&l->in);
    struct inflated inflated = inflate_packet(l->inflater, l->in.at, captured);
    if (is_negotiated(cpi) && !inflated.exact)
        return layers_other(l, OTHER_IP);
    if (!inflated.head_len)
        return layers_undecodable(l, captured < l->wire_left ? UNDECODABLE_TUNNEL_CUT
                                                             : UNDECODABLE_TUNNEL_BAD);
    l->type = h[0];
    uint32_t headers = l->segment->ip_bytes - l->wire_left;
    limit_to(l, &inflated);
    l->segment->ip_bytes = headers + l->wire_left;
    l->is_inflated = true;
    return STEP_PROTOCOL;
}
