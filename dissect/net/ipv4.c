#include "dissect/net/net.h"

#include "dissect/tcp/tcp.h"

#define IPV4_HEADER_BYTES 20u
#define MORE_FRAGMENTS    0x2000u
#define FRAGMENT_OFFSET   0x1fffu
#define PROTOCOL_TCP      6

static enum step ipv4_fragment(struct layers *l, const uint8_t *header, uint32_t header_bytes)
{
    uint32_t word = load_be16(header + 6);
    enum step step = net_fragment(l, (struct ip_fragment){.id = load_be16(header + 4),
                                                          .offset = (word & FRAGMENT_OFFSET) * 8,
                                                          .more = (word & MORE_FRAGMENTS) != 0});
    l->segment->ip_bytes = header_bytes + l->wire_left;
    return step;
}

enum step net_ipv4(struct layers *l)
{
    const uint8_t *h = layers_peek(l, IPV4_HEADER_BYTES);
    if (UNLIKELY(!h))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    uint32_t header_bytes = (h[0] & 15u) * 4;
    if (UNLIKELY(header_bytes < IPV4_HEADER_BYTES || header_bytes > l->wire_left))
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);

    l->marks &= ~(uint32_t)(SEG_LENGTH_GUESSED | SEG_OFFLOADED);
    uint32_t total = load_be16(h + 2);
    if (UNLIKELY(total < header_bytes)) {
        if (total)
            return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
        /* Segmentation is left to the network card, which fills in the lengths. */
        total = l->wire_left;
        l->marks |= SEG_LENGTH_GUESSED | SEG_OFFLOADED;
    } else if (UNLIKELY(total > l->wire_left)) {
        total = l->wire_left;
        l->marks |= SEG_LENGTH_GUESSED;
    }
    layers_limit(l, total);
    if (UNLIKELY(!layers_take(l, header_bytes)))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);

    struct segment *segment = l->segment;
    memcpy(segment->source, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->source + 12, h + 12, 4);
    memcpy(segment->destination, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->destination + 12, h + 16, 4);
    segment->ip_bytes = total;
    segment->ip_id = load_be16(h + 4);
    segment->ttl = h[8];
    segment->ip_version = 4;
    l->type = h[9];
    if (UNLIKELY(load_be16(h + 6) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)))
        return ipv4_fragment(l, h, header_bytes);
    return LIKELY(l->type == PROTOCOL_TCP) ? STEP_TCP : STEP_PROTOCOL;
}

enum step net_ip(struct layers *l)
{
    const uint8_t *first = layers_peek(l, 1);
    if (UNLIKELY(!first))
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    if (LIKELY(*first >> 4 == 4))
        return net_ipv4(l);
    if (LIKELY(*first >> 4 == 6))
        return net_ipv6(l);
    return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
}

/* A first fragment that the snapshot length cut, looked at as if nothing followed it: what remains
 * of its datagram when the others never come. False when it holds no segment. */
static bool first_alone(const struct layers *l, struct ip_fragment fragment,
                        struct segment *segment)
{
    if (fragment.offset || l->type != PROTOCOL_TCP || l->is_part)
        return false;
    if (cursor_left(&l->in) == l->wire_left)
        return false;
    struct layers alone = *l;
    uint32_t aux_count = l->batch->aux_count;
    alone.marks |= SEG_FRAGMENTED | SEG_LENGTH_GUESSED;
    tcp_segment(&alone);
    if (alone.emitted == l->emitted)
        return false;
    /* Not kept: the batch is as it was, and lends its free slot. */
    l->batch->count--;
    l->batch->aux_count = aux_count;
    *segment = *l->segment;
    segment->aux = AUX_NONE;
    return true;
}

enum step net_fragment(struct layers *l, struct ip_fragment fragment)
{
    struct segment alone;
    bool has_alone = first_alone(l, fragment, &alone);
    struct segment *segment = l->segment;
    struct fragment piece = {.source = segment->source,
                             .destination = segment->destination,
                             .id = fragment.id,
                             .vlan = l->vlan,
                             .protocol = (uint8_t)l->type,
                             .ip_version = segment->ip_version,
                             .more = fragment.more,
                             .offset = fragment.offset,
                             .length = l->wire_left,
                             .bytes = l->in.at,
                             .captured_len = (uint32_t)cursor_left(&l->in),
                             .time_ns = l->packet->time_ns,
                             .frame = l->packet->frame,
                             .alone = has_alone ? &alone : NULL};
    struct datagram whole;
    l->has_fragment = true;
    if (!fragments_add(l->fragments, &piece, &whole))
        return layers_other(l, OTHER_IP_FRAGMENT);
    l->in = cursor_over(whole.head, whole.head_len);
    l->wire_left = whole.length;
    l->marks |= SEG_FRAGMENTED;
    return STEP_PROTOCOL;
}
