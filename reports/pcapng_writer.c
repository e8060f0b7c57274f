#include "reports/pcapng_writer.h"

#include "dissect/segment.h"
#include "reports/text_clean.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum block_type {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
};

enum option_code {
    OPT_END = 0,
    OPT_COMMENT = 1,
    SHB_USERAPPL = 4,
    IF_NAME = 2,
    IF_TSRESOL = 9,
    IF_FCSLEN = 13,
    IF_TSOFFSET = 14,
    EPB_FLAGS = 2,
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define NANOSECONDS      9
#define FLAGS_FCS_SHIFT  5
#define FLAGS_FCS_MAX    15

/* Type and length in front, the length again behind. */
#define BLOCK_FRAME_BYTES    12
#define ENHANCED_FIXED_BYTES 20
#define SIMPLE_FIXED_BYTES   4

/* Counted from here, every signed 64-bit nanosecond before 1970 is a positive number of ticks. */
#define EARLY_OFFSET_S (INT64_MIN / 1000000000 - 1)

#define NAME_BYTES      1024
#define LINE_ROOM_BYTES 32

/* Comments are kept far below what an option's 16 bits of length can say; the rest is the name of
 * an interface and the small options. */
#define OPTIONS_BYTES (PCAPNG_COMMENT_BYTES + NAME_BYTES + 64)
_Static_assert(PCAPNG_COMMENT_BYTES <= UINT16_MAX, "the length of an option");

struct described {
    uint64_t section; /* the last that describes it */
    uint32_t id;      /* there */
    bool early;       /* its times are before 1970, counted from EARLY_OFFSET_S */
};

struct pcapng_writer {
    struct output *output;
    uint64_t section; /* counted from 1 */
    uint32_t section_interfaces;
    struct described *described; /* by the caller's number */
    uint32_t described_count;
    /* A section of simple packets: all of one interface and of one way of being cut. */
    bool simple;
    uint8_t simple_fcs_len;
    uint32_t simple_snaplen; /* 0: uncut */
    size_t options_used;
    uint8_t options[OPTIONS_BYTES];
    char text[PCAPNG_COMMENT_BYTES];
};

/* ---- little endian -------------------------------------------------------------------------- */

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *out, uint32_t value)
{
    put_u16(out, (uint16_t)value);
    put_u16(out + 2, (uint16_t)(value >> 16));
}

static void put_u64(uint8_t *out, uint64_t value)
{
    put_u32(out, (uint32_t)value);
    put_u32(out + 4, (uint32_t)(value >> 32));
}

static uint64_t padded(uint64_t length)
{
    return (length + 3) & ~UINT64_C(3);
}

/* ---- options -------------------------------------------------------------------------------- */

static void add_option(struct pcapng_writer *w, enum option_code code, const void *value,
                       size_t length)
{
    assert(w->options_used + 8 + padded(length) <= sizeof w->options);
    uint8_t *at = w->options + w->options_used;
    put_u16(at, (uint16_t)code);
    put_u16(at + 2, (uint16_t)length);
    memset(at + 4, 0, padded(length));
    memcpy(at + 4, value, length);
    w->options_used += 4 + padded(length);
}

static void add_u32_option(struct pcapng_writer *w, enum option_code code, uint32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, value);
    add_option(w, code, bytes, sizeof bytes);
}

/* Each line is cleaned for itself, so that the ends of lines stay. Another is begun only where
 * text_clean() has the room that it asks for; it says itself where it cuts. */
static void add_comment(struct pcapng_writer *w, const char *comment)
{
    static const char more[] = "\n\xe2\x80\xa6";
    static const size_t room = sizeof w->text - sizeof more;
    if (!comment || !*comment)
        return;
    size_t used = 0;
    for (;;) {
        size_t line = strcspn(comment, "\n");
        used += text_clean(w->text + used, room - used, comment, line);
        comment += line;
        if (*comment == '\0')
            break;
        if (room - used < LINE_ROOM_BYTES) {
            memcpy(w->text + used, more, sizeof more - 1);
            used += sizeof more - 1;
            break;
        }
        w->text[used++] = '\n';
        comment++;
    }
    add_option(w, OPT_COMMENT, w->text, used);
}

/* A block without options has none at all, not even their end. */
static void end_options(struct pcapng_writer *w)
{
    if (w->options_used)
        add_option(w, OPT_END, "", 0);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static void write_u32(struct pcapng_writer *w, uint32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, value);
    output_write(w->output, bytes, sizeof bytes);
}

/* The fixed fields, then perhaps the packet's octets, then the options that were added. */
static void write_block(struct pcapng_writer *w, enum block_type type, const uint8_t *fixed,
                        size_t fixed_bytes, const struct pcapng_packet *packet)
{
    static const uint8_t zeros[3];
    size_t captured_len = packet ? packet->captured_len : 0;
    size_t padding = (size_t)padded(captured_len) - captured_len;
    uint32_t total =
        (uint32_t)(BLOCK_FRAME_BYTES + fixed_bytes + captured_len + padding + w->options_used);
    write_u32(w, type);
    write_u32(w, total);
    output_write(w->output, fixed, fixed_bytes);
    if (captured_len)
        output_write(w->output, packet->bytes, captured_len);
    output_write(w->output, zeros, padding);
    output_write(w->output, w->options, w->options_used);
    write_u32(w, total);
    w->options_used = 0;
}

static void begin_section(struct pcapng_writer *w, const char *comment)
{
    static const char application[] = "finwait " FINWAIT_VERSION;
    uint8_t fixed[16];
    put_u32(fixed, BYTE_ORDER_MAGIC);
    put_u16(fixed + 4, 1); /* version 1.0 */
    put_u16(fixed + 6, 0);
    put_u64(fixed + 8, UINT64_MAX); /* length not known: it is not sought back to */
    add_comment(w, comment);
    add_option(w, SHB_USERAPPL, application, sizeof application - 1);
    end_options(w);
    write_block(w, BLOCK_SECTION, fixed, sizeof fixed, NULL);
    w->section++;
    w->section_interfaces = 0;
    w->simple = false;
}

static bool make_room(struct pcapng_writer *w, uint32_t interface)
{
    if (interface < w->described_count)
        return true;
    if (interface == UINT32_MAX)
        return false;
    uint64_t wanted = (uint64_t)interface + 1 + w->described_count / 2;
    uint32_t count = wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX;
    struct described *grown = reallocarray(w->described, count, sizeof *grown);
    if (!grown)
        return false;
    memset(grown + w->described_count, 0, (count - w->described_count) * sizeof *grown);
    w->described = grown;
    w->described_count = count;
    return true;
}

static void describe(struct pcapng_writer *w, const struct pcapng_packet *packet, uint32_t snaplen,
                     uint8_t fcs_len)
{
    struct described *described = &w->described[packet->interface];
    bool untimed = packet->time_ns == TIME_UNKNOWN;
    *described = (struct described){.section = w->section,
                                    .id = w->section_interfaces++,
                                    .early = !untimed && packet->time_ns < 0};
    uint8_t fixed[8] = {0};
    put_u16(fixed, packet->link_type);
    put_u32(fixed + 4, snaplen);
    if (packet->interface_name) {
        size_t length =
            text_clean(w->text, NAME_BYTES, packet->interface_name, strlen(packet->interface_name));
        add_option(w, IF_NAME, w->text, length);
    }
    add_option(w, IF_TSRESOL, &(uint8_t){NANOSECONDS}, 1);
    if (fcs_len)
        add_option(w, IF_FCSLEN, &fcs_len, 1);
    if (described->early) {
        uint8_t offset[8];
        put_u64(offset, (uint64_t)EARLY_OFFSET_S);
        add_option(w, IF_TSOFFSET, offset, sizeof offset);
    }
    end_options(w);
    write_block(w, BLOCK_INTERFACE, fixed, sizeof fixed, NULL);
}

/* ---- packets -------------------------------------------------------------------------------- */

static uint64_t ticks_of(const struct described *described, int64_t time_ns)
{
    int64_t offset_s = described->early ? EARLY_OFFSET_S : 0;
    /* The difference is positive, whatever the product wraps to on the way. */
    uint64_t offset_ns;
    (void)__builtin_mul_overflow((uint64_t)offset_s, UINT64_C(1000000000), &offset_ns);
    uint64_t ticks;
    (void)__builtin_sub_overflow((uint64_t)time_ns, offset_ns, &ticks);
    return ticks;
}

static void write_timed(struct pcapng_writer *w, const struct pcapng_packet *packet)
{
    const struct described *described = &w->described[packet->interface];
    bool known = described->section == w->section;
    if (w->simple || (known && described->early != (packet->time_ns < 0))) {
        begin_section(w, NULL);
        known = false;
    }
    if (!known)
        describe(w, packet, 0, 0);
    uint64_t ticks = ticks_of(described, packet->time_ns);
    uint8_t fixed[ENHANCED_FIXED_BYTES];
    put_u32(fixed, described->id);
    put_u32(fixed + 4, (uint32_t)(ticks >> 32));
    put_u32(fixed + 8, (uint32_t)ticks);
    put_u32(fixed + 12, packet->captured_len);
    put_u32(fixed + 16, packet->original_len);
    uint32_t flags = packet->flags | (uint32_t)packet->fcs_len << FLAGS_FCS_SHIFT;
    add_comment(w, packet->comment);
    if (flags)
        add_u32_option(w, EPB_FLAGS, flags);
    end_options(w);
    write_block(w, BLOCK_ENHANCED_PACKET, fixed, sizeof fixed, packet);
}

static void write_untimed(struct pcapng_writer *w, const struct pcapng_packet *packet)
{
    bool cut = packet->captured_len < packet->original_len;
    uint32_t snaplen = cut ? packet->captured_len : 0;
    bool commented = packet->comment && *packet->comment;
    bool known = w->simple && w->described[packet->interface].section == w->section &&
                 w->simple_snaplen == snaplen && w->simple_fcs_len == packet->fcs_len;
    if (!known || commented) {
        begin_section(w, packet->comment);
        describe(w, packet, snaplen, packet->fcs_len);
        w->simple = true;
        w->simple_snaplen = snaplen;
        w->simple_fcs_len = packet->fcs_len;
    }
    uint8_t fixed[SIMPLE_FIXED_BYTES];
    put_u32(fixed, packet->original_len);
    write_block(w, BLOCK_SIMPLE_PACKET, fixed, sizeof fixed, packet);
}

static bool fits(const struct pcapng_packet *packet)
{
    if (padded(packet->captured_len) >
        UINT32_MAX - BLOCK_FRAME_BYTES - ENHANCED_FIXED_BYTES - OPTIONS_BYTES)
        return false;
    /* A snapshot length of 0 means that nothing was cut. */
    return packet->time_ns != TIME_UNKNOWN || packet->captured_len > 0 || packet->original_len == 0;
}

enum pcapng_status pcapng_write(struct pcapng_writer *w, const struct pcapng_packet *packet)
{
    assert(packet->original_len >= packet->captured_len);
    assert(packet->fcs_len <= FLAGS_FCS_MAX);
    if (!fits(packet))
        return PCAPNG_UNFIT;
    if (!make_room(w, packet->interface))
        return PCAPNG_NO_MEMORY;
    if (packet->time_ns == TIME_UNKNOWN)
        write_untimed(w, packet);
    else
        write_timed(w, packet);
    return PCAPNG_OK;
}

struct pcapng_writer *pcapng_writer_create(struct output *output, const char *comment)
{
    struct pcapng_writer *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    w->output = output;
    w->section = 0;
    w->described = NULL;
    w->described_count = 0;
    w->options_used = 0;
    begin_section(w, comment);
    return w;
}

void pcapng_writer_destroy(struct pcapng_writer *writer)
{
    if (!writer)
        return;
    free(writer->described);
    free(writer);
}
