#include "dissect/tcp/tcp.h"

#define TCP_HEADER_BYTES 20u
/* Ports, numbers, offset and flags: with these a segment can be placed in its connection, so a
 * snapshot length that ends here does not lose it. */
#define TCP_NEEDED_BYTES 14u
/* Up to the window: in a packet that ends before it nothing but a protocol number says TCP. */
#define TCP_LEAST_BYTES 16u

static void keep_extra(struct layers *l, const struct tcp_extra *extra, const uint8_t *payload,
                       uint32_t captured)
{
    struct segment_batch *batch = l->batch;
    if (batch->aux_count >= BATCH_AUX)
        return;
    struct segment_aux *aux = &batch->aux[batch->aux_count];
    *aux = (struct segment_aux){.has_mptcp_reason = extra->has_mptcp_reason,
                                .mptcp_reason = extra->mptcp_reason};
    aux->text_len = (uint8_t)(captured < AUX_TEXT_BYTES ? captured : AUX_TEXT_BYTES);
    memcpy(aux->text, payload, aux->text_len);
    l->segment->aux = (uint16_t)batch->aux_count++;
}

static void fill(struct layers *l, const uint8_t *h, uint32_t captured)
{
    struct segment *segment = l->segment;
    tcp_fill(segment, l->packet, h);
    segment->marks |= l->marks;
    segment->window = LIKELY(captured >= 16) ? load_be16(h + 14) : 0;
    segment->world = world_hash(l->world);
    segment->vlan = l->vlan;
    segment->tunnel = l->tunnel;
    if (UNLIKELY(captured < TCP_HEADER_BYTES))
        segment->marks |= SEG_OPTIONS_CUT;
    else if (UNLIKELY(segment->flags & TCP_URG) && load_be16(h + 18))
        segment->marks |= SEG_URGENT;
}

/* An application's write ends with PSH; what has none and is as short as this goes out as padding
 * alone, if it is zero as well. */
static bool is_padding_like(const struct layers *l, uint32_t header_bytes, uint32_t captured)
{
    const struct segment *segment = l->segment;
    if (LIKELY(segment->ip_bytes > ETHERNET_PAYLOAD_MIN) || segment->ip_version != 4 ||
        !segment->payload_len || segment->flags & TCP_PSH ||
        l->marks & (SEG_LENGTH_GUESSED | SEG_FRAGMENTED) ||
        captured < header_bytes + segment->payload_len)
        return false;
    const uint8_t *payload = l->in.at + header_bytes;
    for (uint32_t i = 0; i < segment->payload_len; i++) {
        if (payload[i])
            return false;
    }
    return true;
}

static void keep(struct layers *l)
{
    l->batch->count++;
    l->segment++;
    l->emitted++;
}

/* The offset says that there is no TCP header, or that it ends behind the packet. A frame shorter
 * than its IP packet, cut by something that did not say so, may end inside a header that was right;
 * with the true length there is no such excuse. */
static bool is_malformed(const struct layers *l, uint32_t header_bytes)
{
    if (header_bytes < TCP_HEADER_BYTES)
        return true;
    return header_bytes > l->wire_left && !(l->marks & SEG_LENGTH_GUESSED);
}

enum step tcp_segment(struct layers *l)
{
    uint32_t captured = (uint32_t)cursor_left(&l->in);
    const uint8_t *h = l->in.at;
    if (UNLIKELY(l->wire_left < TCP_LEAST_BYTES))
        return layers_undecodable(l, UNDECODABLE_TRANSPORT_BAD);
    if (UNLIKELY(captured < TCP_NEEDED_BYTES))
        return layers_undecodable(l, l->marks & SEG_FRAGMENTED ? UNDECODABLE_FRAGMENT_HEADER
                                                               : UNDECODABLE_TRANSPORT_CUT);
    uint32_t header_bytes = (uint32_t)(h[12] >> 4) * 4;
    l->outcome_kind = OUTCOME_TCP;
    if (UNLIKELY(l->emitted == PACKET_SEGMENTS_MAX)) {
        l->left_out++;
        return STEP_DONE;
    }

    fill(l, h, captured);
    struct segment *segment = l->segment;
    if (UNLIKELY(is_malformed(l, header_bytes))) {
        segment->marks = (segment->marks | SEG_MALFORMED) & ~(uint32_t)SEG_OPTIONS_CUT;
        segment->payload_len = 0;
        keep(l);
        return STEP_DONE;
    }
    segment->payload_len = l->wire_left > header_bytes ? l->wire_left - header_bytes : 0;
    if (UNLIKELY(is_padding_like(l, header_bytes, captured)))
        segment->marks |= SEG_PADDING_LIKE;
    struct tcp_extra extra = {0};
    if (header_bytes > TCP_HEADER_BYTES && LIKELY(captured >= TCP_HEADER_BYTES)) {
        uint32_t length = header_bytes - TCP_HEADER_BYTES;
        uint32_t there = captured - TCP_HEADER_BYTES;
        const uint8_t *options = h + TCP_HEADER_BYTES;
        if (LIKELY(there >= length && tcp_is_timestamps_only(options, length)))
            tcp_fill_timestamps(segment, options);
        else
            tcp_options(segment, options, there < length ? there : length, length, &extra);
    }
    if (UNLIKELY(segment->flags & TCP_RST)) {
        bool says = captured > header_bytes && !(segment->marks & SEG_PADDING_LIKE);
        uint32_t text = says ? captured - header_bytes : 0;
        if (text || extra.has_mptcp_reason)
            keep_extra(l, &extra, text ? h + header_bytes : h, text);
    }
    keep(l);
    return STEP_DONE;
}
