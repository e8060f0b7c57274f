/*
 * The block frame of pcapng: types, lengths, sections. What is in the blocks is pcapng_content.c's.
 */
#include "dissect/capture/pcapng.h"
#include "dissect/capture/pcapng_blocks.h"
#include "dissect/cursor.h"

#include <stdlib.h>

void section_finish(struct section *section)
{
    free(section->taps);
    *section = (struct section){0};
}

static void end_unknown_section(struct capture *c)
{
    struct section *s = &c->section;
    if (!s->unknown_version)
        return;
    s->unknown_version = false;
    note_damage(c, DAMAGE_FILE_DAMAGED, REASON_SECTION_VERSION, s->skip_start,
                window_offset(&c->window) - s->skip_start);
}

/* Minor 2 was written by mistake and means 0; any other minor is, like any other major, a format
 * that this one's readers cannot know (draft-ietf-opsawg-pcapng section 4.1). */
static void section_start(struct capture *c, const struct block *block)
{
    struct section *s = &c->section;
    const uint8_t *p = block->bytes;
    end_unknown_section(c);
    s->big_endian = load_be32(p + 8) == 0x1a2b3c4d;
    s->tap_count = 0;
    s->alike_beyond = 0;
    s->interfaces_left_out = false;
    c->sections++;
    uint16_t major = load_u16(s->big_endian, p + 12);
    uint16_t minor = load_u16(s->big_endian, p + 14);
    s->unknown_version = major != 1 || (minor != 0 && minor != 2);
    s->skip_start = window_offset(&c->window);
}

enum record_step pcapng_begin(struct capture *c)
{
    struct file_findings *file = file_of(c);
    if (file->format == FORMAT_UNKNOWN)
        file->format = FORMAT_PCAPNG;
    /* Without a section nothing is known yet, not even the byte order. */
    c->section.tap_count = 0;
    c->section.alike_beyond = 0;
    c->section.unknown_version = false;
    c->section.big_endian = load_be32(window_at(&c->window) + 8) == 0x1a2b3c4d;
    return STEP_AGAIN;
}

/* Bytes that the block takes, or 0 when its length cannot be. Old writers left the padding of the
 * last option out of the length, with or without writing it. */
static uint32_t block_span(struct capture *c, uint32_t length)
{
    if (length < BLOCK_MINIMUM_BYTES || length > BLOCK_MAXIMUM_BYTES)
        return 0;
    if (length % 4 == 0)
        return length;
    bool big_endian = c->section.big_endian;
    uint32_t spans[] = {padded(length), length};
    for (int i = 0; i < 2; i++) {
        if (window_need(&c->window, spans[i]) < spans[i])
            continue;
        if (load_u32(big_endian, window_at(&c->window) + spans[i] - 4) == length) {
            count_oddity(c, ODDITY_ODD_BLOCK_LENGTH);
            return spans[i];
        }
    }
    return 0;
}

/* More octets of options than this, behind a packet, are no common sight. */
#define CUT_OPTIONS_MAX 1024

/* Do the lengths inside of a packet's block, which the end of the content cuts, agree with its own?
 */
static bool cut_packet_agrees(const struct capture *c, uint32_t type, uint32_t span, size_t have)
{
    const uint8_t *p = window_at(&c->window);
    bool simple = type == BLOCK_PACKET_SIMPLE;
    size_t captured_at = simple ? 8 : 20;
    if (have < captured_at + 4)
        return true;
    uint64_t captured_len = load_u32(c->section.big_endian, p + captured_at);
    /* Of what a simple one says the snapshot length may have taken a part. */
    if (simple)
        return span <= captured_len + 3 + BLOCK_FRAME_BYTES + 4;
    uint64_t needed = captured_len + PACKET_BLOCK_FIXED;
    return needed <= span && span - needed <= CUT_OPTIONS_MAX;
}

/* The block runs past the end. Its length may be what is wrong, and good blocks may lie inside of
 * it; a packet may hold those of another capture. */
static enum record_step cut_block(struct capture *c, uint32_t type, uint32_t span, size_t have)
{
    struct window *w = &c->window;
    if (!block_has_packet(type) || !cut_packet_agrees(c, type, span, have)) {
        uint64_t offset = window_offset(w);
        if (pcapng_resync(c, true)) {
            note_damage(c, DAMAGE_FILE_DAMAGED, REASON_BLOCK_LENGTH, offset,
                        window_offset(w) - offset);
            return STEP_AGAIN;
        }
    }
    return end_truncated(c, span - have, REASON_NONE);
}

/* A long block of no interest goes through the window without being held. */
static enum record_step skip_long(struct capture *c, const struct block *block)
{
    struct window *w = &c->window;
    uint64_t offset = window_offset(w);
    uint64_t skipped = window_skip(w, block->span - 4);
    size_t have = window_need(w, 4);
    if (have < 4) {
        note_damage(c, DAMAGE_FILE_TRUNCATED, REASON_NONE, offset, block->span - skipped - have);
        c->fault_told = true;
        return STEP_OVER;
    }
    uint32_t trailer = load_u32(c->section.big_endian, window_at(w));
    w->at += 4;
    if (trailer != block->length)
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_BLOCK_TRAILER, offset, 0);
    return STEP_AGAIN;
}

/* Another part, zeros, or the end, before the window's bytes are taken for a block. */
static bool no_block(struct capture *c, enum record_step *step)
{
    struct window *w = &c->window;
    size_t have = window_need(w, BLOCK_MINIMUM_BYTES);
    const uint8_t *p = window_at(w);
    size_t zeros = 0;
    while (zeros < have && zeros < BLOCK_MINIMUM_BYTES && !p[zeros])
        zeros++;
    if (!have) {
        *step = STEP_OVER;
    } else if (zeros == have || zeros == BLOCK_MINIMUM_BYTES) {
        *step = over_zeros(c, REASON_BLOCK_LENGTH, 4, pcapng_resync);
    } else if (have < BLOCK_MINIMUM_BYTES) {
        *step = end_truncated(c, BLOCK_MINIMUM_BYTES - have, REASON_NONE);
    } else if ((pcap_magic(p) || snoop_magic(p, have)) && part_begins(c, 0)) {
        c->stage = STAGE_START;
        *step = STEP_AGAIN;
    } else {
        return false;
    }
    return true;
}

static enum record_step take_block(struct capture *c, struct block *block, struct packet *packet)
{
    struct window *w = &c->window;
    bool trailer_right =
        load_u32(c->section.big_endian, block->bytes + block->span - 4) == block->length;
    if (!trailer_right) {
        if (!pcapng_block_plausible(c, block->span))
            return over_damage(c, REASON_BLOCK_TRAILER, pcapng_resync);
        block->bytes = window_at(w);
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_BLOCK_TRAILER, window_offset(w), 0);
    }
    if (block->type == BLOCK_SECTION)
        section_start(c, block);
    enum record_step step = STEP_AGAIN;
    if (!c->section.unknown_version)
        step = pcapng_content(c, block, packet);
    w->at += block->span;
    return step;
}

static NEVER_INLINE enum record_step next_slowly(struct capture *c, struct packet *packet)
{
    struct window *w = &c->window;
    enum record_step step;
    if (no_block(c, &step))
        return step;
    const uint8_t *p = window_at(w);
    struct block block = {.type = load_u32(c->section.big_endian, p)};
    if (block.type == BLOCK_SECTION) {
        if (!section_begins(p, window_left(w)))
            return over_damage(c, REASON_FILE_HEADER, pcapng_resync);
        /* Its length is in its own byte order. */
        c->section.big_endian = load_be32(p + 8) == 0x1a2b3c4d;
    }
    block.length = load_u32(c->section.big_endian, p + 4);
    block.span = block_span(c, block.length);
    if (!block.span)
        return over_damage(c, REASON_BLOCK_LENGTH, pcapng_resync);
    bool hold = block.span <= BLOCK_HELD_BYTES || block_has_packet(block.type) ||
                !block_registered(block.type);
    if (!hold)
        return skip_long(c, &block);
    size_t have = window_need(w, block.span);
    if (have < block.span)
        return w->no_memory ? STEP_NO_MEMORY : cut_block(c, block.type, block.span, have);
    block.bytes = window_at(w);
    return take_block(c, &block, packet);
}

/* An enhanced packet block, whole in the window and with lengths that hold, begins there. */
static inline bool usual_block(const struct capture *c, struct block *block)
{
    size_t left = window_left(&c->window);
    bool big_endian = c->section.big_endian;
    const uint8_t *p = window_at(&c->window);
    if (UNLIKELY(left < PACKET_BLOCK_FIXED || c->section.unknown_version))
        return false;
    block->bytes = p;
    block->type = load_u32(big_endian, p);
    block->length = block->span = load_u32(big_endian, p + 4);
    return LIKELY(block->type == BLOCK_PACKET && block->span >= PACKET_BLOCK_FIXED &&
                  block->span % 4 == 0 && block->span <= left &&
                  load_u32(big_endian, p + block->span - 4) == block->length);
}

uint32_t pcapng_usual_run(struct capture *c, struct packet *packets, uint32_t most)
{
    struct block block;
    uint32_t count = 0;
    while (count < most) {
        uint32_t run = pcapng_plain_run(c, packets + count, most - count);
        count += run;
        if (run)
            continue;
        if (!usual_block(c, &block))
            break;
        count += pcapng_packet(c, &block, &packets[count]) == STEP_PACKET;
        c->window.at += block.span;
    }
    return count;
}

enum record_step pcapng_next(struct capture *c, struct packet *packet)
{
    for (;;) {
        if (pcapng_usual_run(c, packet, 1))
            return STEP_PACKET;
        enum record_step step = next_slowly(c, packet);
        if (step == STEP_PACKET)
            return step;
        if (step != STEP_AGAIN || c->stage != STAGE_PCAPNG) {
            end_unknown_section(c);
            return step;
        }
    }
}
