#include "dissect/net/net.h"

#define IPV6_HEADER_BYTES 40u
#define OPTION_PAD1       0
#define OPTION_JUMBO      0xc2 /* RFC 2675 */

enum extension {
    EXTENSION_HOP_BY_HOP = 0,
    EXTENSION_ROUTING = 43,
    EXTENSION_FRAGMENT = 44,
    EXTENSION_AUTHENTICATION = 51,
    EXTENSION_DESTINATION = 60,
};

/* The payload length in a hop-by-hop header at the front, or 0. */
static uint32_t jumbo_length(const struct layers *l)
{
    struct cursor options = l->in;
    cursor_u8(&options);
    size_t length = (size_t)cursor_u8(&options) * 8 + 6;
    cursor_limit(&options, length);
    while (cursor_left(&options)) {
        uint8_t type = cursor_u8(&options);
        if (type == OPTION_PAD1)
            continue;
        uint8_t option_length = cursor_u8(&options);
        if (type == OPTION_JUMBO && option_length == 4) {
            uint32_t jumbo = cursor_be32(&options);
            return cursor_ok(&options) ? jumbo : 0;
        }
        cursor_skip(&options, option_length);
        if (!cursor_ok(&options))
            break;
    }
    return 0;
}

enum step net_ipv6(struct layers *l)
{
    const uint8_t *h = layers_take(l, IPV6_HEADER_BYTES);
    if (UNLIKELY(!h))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    l->marks &= ~(uint32_t)(SEG_LENGTH_GUESSED | SEG_OFFLOADED);
    l->type = h[6];
    uint32_t length = load_be16(h + 4);
    if (UNLIKELY(!length && l->type == EXTENSION_HOP_BY_HOP))
        length = jumbo_length(l);
    if (UNLIKELY(!length && l->wire_left)) {
        /* As with IPv4: the network card fills it in. */
        l->marks |= SEG_LENGTH_GUESSED | SEG_OFFLOADED;
    } else {
        if (UNLIKELY(length > l->wire_left))
            l->marks |= SEG_LENGTH_GUESSED;
        layers_limit(l, length);
    }

    struct segment *segment = l->segment;
    memcpy(segment->source, h + 8, 16);
    memcpy(segment->destination, h + 24, 16);
    segment->ip_bytes = IPV6_HEADER_BYTES + l->wire_left;
    segment->ip_id = 0;
    segment->ttl = h[7];
    segment->ip_version = 6;
    return STEP_PROTOCOL;
}

/* While segments are left, the header's destination is a waypoint, and the connection's is the
 * routing header's: the last address of types 0 and 2 (RFC 5095, 6275), the first of a segment
 * routing header's list (RFC 8754). */
static void final_destination(struct layers *l, const uint8_t *header, uint32_t header_bytes)
{
    uint8_t type = header[2];
    uint8_t segments_left = header[3];
    if (!segments_left || header_bytes < 8 + 16)
        return;
    if (type == 0 || type == 2) {
        uint32_t addresses = (header_bytes - 8) / 16;
        memcpy(l->segment->destination, header + 8 + (size_t)(addresses - 1) * 16, 16);
    } else if (type == 4) {
        memcpy(l->segment->destination, header + 8, 16);
    }
}

static bool one_more_extension(struct layers *l)
{
    if (LIKELY(++l->extension_count <= EXTENSIONS_MAX))
        return true;
    layers_undecodable(l, UNDECODABLE_TOO_DEEP);
    return false;
}

static enum step fragment_header(struct layers *l)
{
    const uint8_t *h = layers_take(l, 8);
    if (!h)
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    l->type = h[0];
    uint16_t word = load_be16(h + 2);
    bool more = word & 1;
    uint32_t offset = word & 0xfff8u;
    if (!more && !offset) /* RFC 6946: an atomic fragment is the whole packet */
        return STEP_PROTOCOL;
    uint32_t headers = l->segment->ip_bytes - l->wire_left;
    enum step step = net_fragment(
        l, (struct ip_fragment){.id = load_be32(h + 4), .offset = offset, .more = more});
    l->segment->ip_bytes = headers + l->wire_left;
    return step;
}

enum step net_authentication(struct layers *l)
{
    if (!one_more_extension(l))
        return STEP_DONE;
    const uint8_t *h = layers_peek(l, 2);
    uint32_t length = h ? ((uint32_t)h[1] + 2) * 4 : 0;
    if (!h || !layers_take(l, length))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    l->type = h[0];
    return STEP_PROTOCOL;
}

enum step net_extension(struct layers *l)
{
    if (l->type == EXTENSION_AUTHENTICATION)
        return net_authentication(l);
    if (!one_more_extension(l))
        return STEP_DONE;
    if (l->type == EXTENSION_FRAGMENT)
        return fragment_header(l);
    const uint8_t *h = layers_peek(l, 2);
    uint32_t length = h ? ((uint32_t)h[1] + 1) * 8 : 0;
    if (h && length > l->wire_left)
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
    if (!h || !layers_take(l, length))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    if (l->type == EXTENSION_ROUTING)
        final_destination(l, h, length);
    l->type = h[0];
    return STEP_PROTOCOL;
}
