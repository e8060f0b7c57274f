/*
 * What is in the blocks of pcapng that are of interest: interfaces, packets, statistics.
 */
#include "dissect/capture/pcapng.h"
#include "dissect/capture/pcapng_blocks.h"
#include "dissect/capture/pcapng_options.h"
#include "dissect/capture/pcapng_walk.h"

#include <stdlib.h>
#include <string.h>

enum option_code {
    IF_NAME = 2,
    IF_TSRESOL = 9,
    IF_FCSLEN = 13,
    IF_TSOFFSET = 14,
    EPB_FLAGS = 2,
    EPB_DROPCOUNT = 4,
    ISB_IFDROP = 5,
    ISB_OSDROP = 7,
};

/* epb_flags (section 4.3.1). */
#define FLAGS_DIRECTION        0x3u
#define FLAGS_FCS_SHIFT        5
#define FLAGS_FCS_MASK         0xfu
#define FLAGS_CHECKSUM_PENDING (1u << 9)
#define FLAGS_OFFLOADED        (1u << 11)

#define RESOLUTION_DEFAULT 6

static struct option_reader options_from(const struct capture *c, const struct block *block,
                                         uint32_t at)
{
    uint32_t end = block->span - 4;
    return options_over(block->bytes + at, at < end ? end - at : 0, c->section.big_endian);
}

static void note_options(struct capture *c, const struct option_reader *options)
{
    if (options->broken)
        count_oddity(c, ODDITY_BAD_OPTION_LENGTH);
}

static struct tap *new_tap(struct section *s)
{
    if (s->tap_count == s->tap_capacity) {
        uint32_t capacity = s->tap_capacity ? s->tap_capacity * 2 : 4;
        struct tap *taps = realloc(s->taps, capacity * sizeof *taps);
        if (!taps)
            return NULL;
        s->taps = taps;
        s->tap_capacity = capacity;
    }
    struct tap *tap = &s->taps[s->tap_count++];
    *tap = (struct tap){0};
    return tap;
}

/* The draft calls the length one in bits and gives 4 as the example; writers do either. */
static uint8_t fcs_octets(struct capture *c, uint8_t written)
{
    switch (written) {
    case 0:
    case 2:
    case 4:
        return written;
    case 16:
    case 32:
        return written / 8;
    default:
        count_oddity(c, ODDITY_FCS_LENGTH_UNPLAUSIBLE);
        return 0;
    }
}

/* What the block says; one that is too short says nothing. */
static struct tap described(struct capture *c, const struct block *block, struct option *name)
{
    struct tap tap = {0};
    if (block->span < BLOCK_FRAME_BYTES + 8) {
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_BLOCK_LENGTH, window_offset(&c->window),
                    block->span);
        return tap;
    }
    bool big_endian = c->section.big_endian;
    uint8_t resolution = RESOLUTION_DEFAULT;
    int64_t offset_s = 0;
    struct option_reader options = options_from(c, block, 16);
    struct option option;
    while (option_next(&options, &option)) {
        if (option.code == IF_NAME && !name->value) {
            *name = option;
        } else if (option.code == IF_TSRESOL && option.length >= 1) {
            resolution = option.value[0];
        } else if (option.code == IF_FCSLEN && option.length >= 1) {
            tap.fcs_len = fcs_octets(c, option.value[0]);
        } else if (option.code == IF_TSOFFSET && option.length >= 8) {
            offset_s = (int64_t)load_u64(big_endian, option.value);
        }
    }
    note_options(c, &options);
    tap.time = time_scale_of(resolution, offset_s);
    tap.link_type = load_u16(big_endian, block->bytes + 8);
    tap.snaplen = load_u32(big_endian, block->bytes + 12);
    tap.usable = true;
    return tap;
}

static bool same_reading(const struct tap *a, const struct tap *b)
{
    return a->usable == b->usable && a->link_type == b->link_type && a->snaplen == b->snaplen &&
           a->fcs_len == b->fcs_len && a->time.factor == b->time.factor &&
           a->time.offset_s == b->time.offset_s && a->time.mode == b->time.mode;
}

static enum record_step interface_block(struct capture *c, const struct block *block)
{
    struct section *s = &c->section;
    struct option name = {0};
    struct tap tap = described(c, block, &name);
    /* Those beyond the limit are read as the last one, for as long as they are like it. */
    if (s->tap_count >= SECTION_INTERFACES_MAX) {
        count_oddity(c, ODDITY_INTERFACE_LIMIT);
        if (s->interfaces_left_out || !same_reading(&tap, &s->taps[s->tap_count - 1]))
            s->interfaces_left_out = true;
        else
            s->alike_beyond++;
        return STEP_AGAIN;
    }
    /* One that says nothing keeps its number, so that the others keep theirs. */
    struct tap *kept = new_tap(s);
    if (!kept)
        return STEP_NO_MEMORY;
    if (tap.usable)
        tap.interface = add_interface(c, s->tap_count - 1, tap.link_type, name.value, name.length);
    *kept = tap;
    return tap.interface == UINT32_MAX ? STEP_NO_MEMORY : STEP_AGAIN;
}

bool pcapng_knows_interface(const struct section *s, uint32_t id)
{
    return id < s->tap_count || id - s->tap_count < s->alike_beyond;
}

/* The interface of a packet, or NULL: the packet is then skipped, because neither its link type nor
 * its time is known. */
static struct tap *tap_of(struct capture *c, const struct block *block, uint32_t id)
{
    struct section *s = &c->section;
    if (LIKELY(id < s->tap_count && s->taps[id].usable))
        return &s->taps[id];
    if (id >= s->tap_count && pcapng_knows_interface(s, id) && s->taps[s->tap_count - 1].usable)
        return &s->taps[s->tap_count - 1];
    enum damage_reason reason =
        s->interfaces_left_out && id >= s->tap_count ? REASON_LIMIT : REASON_UNKNOWN_INTERFACE;
    note_damage(c, DAMAGE_FILE_DAMAGED, reason, window_offset(&c->window), block->span);
    return NULL;
}

static enum record_step too_long(struct capture *c, const struct block *block)
{
    note_damage(c, DAMAGE_FILE_DAMAGED, REASON_CAPTURED_LENGTH, window_offset(&c->window),
                block->span);
    return STEP_AGAIN;
}

static void fill(struct capture *c, const struct tap *tap, struct packet *packet)
{
    packet->interface = tap->interface;
    packet->link_type = tap->link_type;
    packet->fcs_len = tap->fcs_len;
    packet->marks = 0;
    if (UNLIKELY(packet->captured_len > packet->original_len)) {
        packet->original_len = packet->captured_len;
        count_oddity(c, ODDITY_CAPTURED_EXCEEDS_ORIGINAL);
    }
    if (UNLIKELY(tap->snaplen && packet->captured_len > tap->snaplen))
        count_oddity(c, ODDITY_CAPTURED_EXCEEDS_SNAPLEN);
}

static void fill_time(struct capture *c, const struct tap *tap, uint64_t ticks,
                      struct packet *packet)
{
    packet->time_ns = time_from_ticks(&tap->time, ticks);
    if (UNLIKELY(packet->time_ns == TIME_UNKNOWN))
        count_oddity(c, ODDITY_TIME_OUT_OF_RANGE);
}

static void fill_flags(struct capture *c, uint32_t flags, struct packet *packet)
{
    static const uint8_t directions[] = {0, PACKET_INBOUND, PACKET_OUTBOUND, 0};
    uint8_t marks = directions[flags & FLAGS_DIRECTION];
    if (flags & FLAGS_CHECKSUM_PENDING)
        marks |= PACKET_CHECKSUM_PENDING;
    if (flags & FLAGS_OFFLOADED)
        marks |= PACKET_OFFLOADED;
    packet->marks = marks;
    uint8_t fcs_len = (uint8_t)(flags >> FLAGS_FCS_SHIFT & FLAGS_FCS_MASK);
    if (fcs_len > 4)
        count_oddity(c, ODDITY_FCS_LENGTH_UNPLAUSIBLE);
    else if (fcs_len)
        packet->fcs_len = fcs_len;
}

static NEVER_INLINE void packet_options(struct capture *c, const struct block *block, uint32_t at,
                                        struct packet *packet)
{
    struct option_reader options = options_from(c, block, at);
    struct option option;
    while (option_next(&options, &option)) {
        if (option.code == EPB_FLAGS && option.length >= 4)
            fill_flags(c, load_u32(c->section.big_endian, option.value), packet);
        else if (option.code == EPB_DROPCOUNT && option.length >= 8)
            file_of(c)->packet_drops += load_u64(c->section.big_endian, option.value);
    }
    note_options(c, &options);
}

enum record_step pcapng_packet(struct capture *c, const struct block *block, struct packet *packet)
{
    const uint8_t *p = block->bytes;
    bool big_endian = c->section.big_endian;
    const struct tap *tap = tap_of(c, block, load_u32(big_endian, p + 8));
    if (UNLIKELY(!tap))
        return STEP_AGAIN;
    uint32_t captured_len = load_u32(big_endian, p + 20);
    if (UNLIKELY(captured_len > block->span - PACKET_BLOCK_FIXED))
        return too_long(c, block);
    packet->data = p + 28;
    packet->captured_len = captured_len;
    packet->original_len = load_u32(big_endian, p + 24);
    fill(c, tap, packet);
    uint64_t ticks = (uint64_t)load_u32(big_endian, p + 12) << 32 | load_u32(big_endian, p + 16);
    fill_time(c, tap, ticks, packet);
    uint32_t options = 28 + padded(captured_len);
    if (options + 4 < block->span)
        packet_options(c, block, options, packet);
    count_packet(c, packet);
    return STEP_PACKET;
}

uint32_t pcapng_plain_run(struct capture *c, struct packet *packets, uint32_t most)
{
    struct pcapng_walk walk;
    uint32_t count = 0;
    if (!pcapng_walk_begin(&walk, c))
        return 0;
    while (count < most && LIKELY(pcapng_walk_next(&walk, &packets[count])))
        count++;
    return pcapng_walk_end(&walk, c);
}

static enum record_step simple_packet(struct capture *c, const struct block *block,
                                      struct packet *packet)
{
    const uint8_t *p = block->bytes;
    if (block->span < 16)
        return too_long(c, block);
    const struct tap *tap = tap_of(c, block, 0);
    if (!tap)
        return STEP_AGAIN;
    packet->data = p + 12;
    packet->original_len = load_u32(c->section.big_endian, p + 8);
    packet->captured_len = packet->original_len;
    if (tap->snaplen && packet->captured_len > tap->snaplen)
        packet->captured_len = tap->snaplen;
    uint32_t held = block->span - 16;
    if (packet->captured_len > held) {
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_CAPTURED_LENGTH, window_offset(&c->window),
                    packet->captured_len - held);
        packet->captured_len = held;
    }
    fill(c, tap, packet);
    packet->time_ns = TIME_UNKNOWN;
    count_packet(c, packet);
    return STEP_PACKET;
}

/* Section 11.1 (obsolete): a 16-bit interface, and the drops since the packet before. */
static enum record_step obsolete_packet(struct capture *c, const struct block *block,
                                        struct packet *packet)
{
    const uint8_t *p = block->bytes;
    bool big_endian = c->section.big_endian;
    if (block->span < PACKET_BLOCK_FIXED)
        return too_long(c, block);
    uint32_t captured_len = load_u32(big_endian, p + 20);
    const struct tap *tap = tap_of(c, block, load_u16(big_endian, p + 8));
    if (!tap)
        return STEP_AGAIN;
    if (captured_len > block->span - PACKET_BLOCK_FIXED)
        return too_long(c, block);
    uint16_t drops = load_u16(big_endian, p + 10);
    if (drops != 0xffff)
        file_of(c)->packet_drops += drops;
    packet->data = p + 28;
    packet->captured_len = captured_len;
    packet->original_len = load_u32(big_endian, p + 24);
    fill(c, tap, packet);
    uint64_t ticks = (uint64_t)load_u32(big_endian, p + 12) << 32 | load_u32(big_endian, p + 16);
    fill_time(c, tap, ticks, packet);
    uint32_t options = 28 + padded(captured_len);
    if (options + 4 < block->span)
        packet_options(c, block, options, packet);
    count_packet(c, packet);
    return STEP_PACKET;
}

static void statistics_block(struct capture *c, const struct block *block)
{
    struct section *s = &c->section;
    if (block->span < BLOCK_FRAME_BYTES + 12)
        return;
    uint32_t id = load_u32(s->big_endian, block->bytes + 8);
    if (id >= s->tap_count)
        return;
    struct tap *tap = &s->taps[id];
    struct option_reader options = options_from(c, block, 20);
    struct option option;
    while (option_next(&options, &option)) {
        if (option.length < 8)
            continue;
        uint64_t value = load_u64(s->big_endian, option.value);
        /* How some writers say that they do not know. */
        if (value == UINT64_MAX)
            continue;
        if (option.code == ISB_IFDROP)
            count_drops(&tap->interface_drops, &file_of(c)->interface_drops, value);
        else if (option.code == ISB_OSDROP)
            count_drops(&tap->system_drops, &file_of(c)->system_drops, value);
    }
    note_options(c, &options);
}

enum record_step pcapng_content(struct capture *c, const struct block *block, struct packet *packet)
{
    switch (block->type) {
    case BLOCK_INTERFACE:
        return interface_block(c, block);
    case BLOCK_PACKET:
        return block->span >= PACKET_BLOCK_FIXED ? pcapng_packet(c, block, packet)
                                                 : too_long(c, block);
    case BLOCK_PACKET_SIMPLE:
        return simple_packet(c, block, packet);
    case BLOCK_PACKET_OBSOLETE:
        return obsolete_packet(c, block, packet);
    case BLOCK_STATISTICS:
        statistics_block(c, block);
        return STEP_AGAIN;
    default:
        if (!block_registered(block->type))
            count_oddity(c, ODDITY_UNKNOWN_BLOCK);
        return STEP_AGAIN;
    }
}
