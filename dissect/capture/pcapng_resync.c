/*
 * Which bytes are a pcapng block, when there is reason to ask: a type in use, a length that its
 * repetition at the block's end confirms, content that fits, and another block (or the end) behind.
 */
#include "dissect/capture/pcapng.h"
#include "dissect/capture/pcapng_blocks.h"
#include "dissect/cursor.h"

#define CHAIN_BLOCKS 3

/* Types worth searching for; a text or a picture is full of bytes that are "registered". */
static inline bool searched(uint32_t type)
{
    return (type >= BLOCK_INTERFACE && type <= BLOCK_PACKET) || type == BLOCK_SECRETS ||
           type == 9 || type == 0x0bad || type == 0x40000bad;
}

static bool packet_fits(const struct section *s, const uint8_t *p, uint32_t length)
{
    if (length < PACKET_BLOCK_FIXED)
        return false;
    uint32_t captured_len = load_u32(s->big_endian, p + 20);
    uint32_t id = load_u32(s->big_endian, p + 8);
    return captured_len <= length - PACKET_BLOCK_FIXED && pcapng_knows_interface(s, id);
}

/* Length of the block at `at`, or 0. */
static uint32_t confirmed(struct capture *c, size_t at)
{
    struct window *w = &c->window;
    const struct section *s = &c->section;
    size_t have = window_need(w, at + BLOCK_MINIMUM_BYTES);
    if (have < at + BLOCK_MINIMUM_BYTES)
        return 0;
    const uint8_t *p = window_at(w) + at;
    bool big_endian = s->big_endian;
    uint32_t type = load_u32(big_endian, p);
    if (type == BLOCK_SECTION) {
        if (!section_begins(p, have - at))
            return 0;
        big_endian = load_be32(p + 8) == 0x1a2b3c4d;
    } else if (!searched(type)) {
        return 0;
    }
    uint32_t length = load_u32(big_endian, p + 4);
    if (length < BLOCK_MINIMUM_BYTES || length % 4 || length > BLOCK_HELD_BYTES)
        return 0;
    if (window_need(w, at + length) < at + length)
        return 0;
    p = window_at(w) + at;
    if (load_u32(big_endian, p + length - 4) != length)
        return 0;
    if (type == BLOCK_PACKET && !packet_fits(s, p, length))
        return 0;
    return length;
}

bool pcapng_block_plausible(struct capture *c, size_t at)
{
    struct window *w = &c->window;
    size_t have = window_need(w, at + BLOCK_MINIMUM_BYTES);
    if (have <= at)
        return have == at;
    if (have < at + BLOCK_MINIMUM_BYTES)
        return false;
    const uint8_t *p = window_at(w) + at;
    if (section_begins(p, have - at) || part_begins(c, at))
        return true;
    p = window_at(w) + at;
    uint32_t length = load_u32(c->section.big_endian, p + 4);
    return block_registered(load_u32(c->section.big_endian, p)) && length >= BLOCK_MINIMUM_BYTES &&
           length % 4 == 0 && length <= BLOCK_MAXIMUM_BYTES;
}

static bool blocks_follow(struct capture *c)
{
    size_t at = 0;
    for (unsigned count = 0; count < CHAIN_BLOCKS; count++) {
        uint32_t length = confirmed(c, at);
        /* The last of a cut file, or one that is damaged itself, need not be confirmed. */
        if (!length)
            return count >= 1 && pcapng_block_plausible(c, at);
        /* Behind a section header the byte order may be another one. */
        if (section_begins(window_at(&c->window) + at, window_left(&c->window) - at))
            return true;
        at += length;
    }
    return true;
}

static bool pcap_follows(struct capture *c)
{
    if (!part_begins(c, 0))
        return false;
    struct pcap_header header = pcap_header_read(window_at(&c->window));
    struct pcap_part part = pcap_part_of(&header);
    return window_need(&c->window, PCAP_HEADER_BYTES + 1) == PCAP_HEADER_BYTES ||
           pcap_chain(c, &part, PCAP_HEADER_BYTES, 0);
}

bool pcapng_resync(struct capture *c, bool rewind)
{
    struct window *w = &c->window;
    bool big_endian = c->section.big_endian;
    size_t start = w->at;
    for (w->at++; window_need(w, BLOCK_MINIMUM_BYTES) >= BLOCK_MINIMUM_BYTES; w->at++) {
        uint32_t type = load_u32(big_endian, window_at(w));
        if ((searched(type) || type == BLOCK_SECTION) && blocks_follow(c))
            return true;
        if (pcap_magic(window_at(w)) && pcap_follows(c))
            return true;
    }
    w->at = rewind ? start : w->end;
    return false;
}
