/*
 * Sun's snoop, version 2 (RFC 1761): big-endian throughout, and a record says its length twice, so
 * that most damage shows in the record itself.
 */
#include "dissect/capture/reader.h"
#include "dissect/cursor.h"

#define RECORD_HEADER_BYTES 24u
/* Records are padded to a multiple of four; more padding is believed only when the next record
 * stands behind it. */
#define PADDING_USUAL 3u
#define PADDING_MAX   4096u

#define CHAIN_RECORDS 3

struct record {
    uint32_t original_len;
    uint32_t captured_len;
    uint32_t length; /* with header and padding */
    uint32_t drops;
    uint32_t seconds;
    uint32_t microseconds;
};

static struct record record_read(const uint8_t *p)
{
    return (struct record){load_be32(p),      load_be32(p + 4),  load_be32(p + 8),
                           load_be32(p + 12), load_be32(p + 16), load_be32(p + 20)};
}

enum record_step snoop_begin(struct capture *c)
{
    struct snoop_header header = snoop_header_read(window_at(&c->window));
    struct file_findings *file = file_of(c);
    if (file->format == FORMAT_UNKNOWN)
        file->format = FORMAT_SNOOP;
    c->snoop = (struct snoop_part){.link_type = header.link_type};
    c->snoop.interface = add_interface(c, 0, header.link_type, NULL, 0);
    c->window.at += SNOOP_HEADER_BYTES;
    return c->snoop.interface == UINT32_MAX ? STEP_NO_MEMORY : STEP_AGAIN;
}

static bool possible(const struct record *r)
{
    if (r->captured_len > CAPTURED_LEN_USUAL || r->length < RECORD_HEADER_BYTES + r->captured_len)
        return false;
    return r->length - RECORD_HEADER_BYTES - r->captured_len <= PADDING_MAX;
}

static bool usual(const struct record *r)
{
    return possible(r) && r->captured_len && r->captured_len <= r->original_len &&
           r->original_len <= ORIGINAL_LEN_USUAL && r->microseconds < 1000000 &&
           r->length - RECORD_HEADER_BYTES - r->captured_len <= PADDING_USUAL;
}

static bool all_zero(const uint8_t *p)
{
    for (unsigned i = 0; i < RECORD_HEADER_BYTES; i++) {
        if (p[i])
            return false;
    }
    return true;
}

/* As many usual records as asked for, or the end behind at least one, from `at` bytes behind the
 * window's position, each near in time to the one before. */
static bool chain(struct capture *c, size_t at, unsigned records, uint32_t seconds)
{
    struct window *w = &c->window;
    for (unsigned count = 0; count < records; count++) {
        size_t have = window_need(w, at + RECORD_HEADER_BYTES);
        if (have < at + RECORD_HEADER_BYTES)
            return have <= at && count;
        const uint8_t *p = window_at(w) + at;
        struct record r = record_read(p);
        if (!usual(&r) || !near(r.seconds, seconds))
            return count && (all_zero(p) || part_begins(c, at));
        seconds = r.seconds;
        at += r.length;
    }
    return true;
}

static bool starts_at(struct capture *c, size_t at)
{
    const uint8_t *p = window_at(&c->window) + at;
    struct record r = record_read(p);
    uint32_t known = c->snoop.has_last ? c->snoop.last_seconds : r.seconds;
    if (usual(&r) && (c->snoop.has_last || r.seconds >= SECONDS_AT_FIRST) &&
        chain(c, at, CHAIN_RECORDS, known))
        return true;
    p = window_at(&c->window) + at;
    return capture_begins(p, RECORD_HEADER_BYTES) && part_begins(c, at);
}

static bool snoop_resync(struct capture *c, bool rewind)
{
    struct window *w = &c->window;
    size_t start = w->at;
    for (w->at++; window_need(w, RECORD_HEADER_BYTES) >= RECORD_HEADER_BYTES; w->at++) {
        if (starts_at(c, 0))
            return true;
    }
    w->at = rewind ? start : w->end;
    return false;
}

/* What follows speaks for the record, or nothing inside of it speaks against it: bytes that were
 * lost would have made it swallow the next. It is in the window, whole. */
static bool believable(struct capture *c, const struct record *r)
{
    struct window *w = &c->window;
    size_t have = window_need(w, r->length + (size_t)RECORD_HEADER_BYTES);
    if (have <= r->length || part_begins(c, r->length))
        return true;
    if (have >= r->length + (size_t)RECORD_HEADER_BYTES) {
        const uint8_t *p = window_at(w) + r->length;
        struct record next = record_read(p);
        if (all_zero(p) || (possible(&next) && near(next.seconds, r->seconds)))
            return true;
        if (c->snoop.has_last && usual(&next) && near(next.seconds, c->snoop.last_seconds))
            return true;
    }
    for (size_t at = 1; at < r->length && window_left(w) >= at + RECORD_HEADER_BYTES; at++) {
        if (starts_at(c, at))
            return false;
    }
    return true;
}

static void fill(struct capture *c, const struct record *r, size_t length, struct packet *packet)
{
    struct snoop_part *part = &c->snoop;
    packet->data = window_at(&c->window) + RECORD_HEADER_BYTES;
    packet->captured_len = r->captured_len;
    packet->original_len = r->original_len;
    if (r->captured_len > r->original_len) {
        packet->original_len = r->captured_len;
        count_oddity(c, ODDITY_CAPTURED_EXCEEDS_ORIGINAL);
    }
    if (r->microseconds >= 1000000)
        count_oddity(c, ODDITY_SUBSECOND_OVERFLOW);
    packet->time_ns = (int64_t)r->seconds * NS_PER_SECOND + (int64_t)r->microseconds * 1000;
    packet->interface = part->interface;
    packet->link_type = part->link_type;
    packet->fcs_len = 0;
    packet->marks = 0;
    count_drops(&part->drops, &file_of(c)->interface_drops, r->drops);
    part->has_last = true;
    part->last_seconds = r->seconds;
    c->window.at += length;
    count_packet(c, packet);
}

/* As with pcap: when the header of a record that the file cuts is odd as well, good records may lie
 * inside of it. */
static enum record_step cut_record(struct capture *c, const struct record *r, uint64_t missing)
{
    uint64_t offset = window_offset(&c->window);
    if (!usual(r) && snoop_resync(c, true)) {
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_RECORD_HEADER, offset,
                    window_offset(&c->window) - offset);
        return STEP_AGAIN;
    }
    return end_truncated(c, missing, REASON_NONE);
}

enum record_step snoop_next(struct capture *c, struct packet *packet)
{
    struct window *w = &c->window;
    size_t have = window_need(w, RECORD_HEADER_BYTES);
    if (!have)
        return STEP_OVER;
    if (part_begins(c, 0)) {
        c->stage = STAGE_START;
        return STEP_AGAIN;
    }
    if (have < RECORD_HEADER_BYTES)
        return end_truncated(c, RECORD_HEADER_BYTES - have, REASON_NONE);
    if (all_zero(window_at(w)))
        return over_zeros(c, REASON_RECORD_HEADER, RECORD_HEADER_BYTES, snoop_resync);
    struct record r = record_read(window_at(w));
    if (!possible(&r))
        return over_damage(c, REASON_RECORD_HEADER, snoop_resync);
    have = window_need(w, r.length);
    /* The padding of the last record holds nothing that could be missed. */
    size_t needed = RECORD_HEADER_BYTES + (size_t)r.captured_len;
    if (have < needed)
        return w->no_memory ? STEP_NO_MEMORY : cut_record(c, &r, needed - have);
    if (!believable(c, &r))
        return over_damage(c, REASON_RECORD_HEADER, snoop_resync);
    fill(c, &r, have < r.length ? have : r.length, packet);
    return STEP_PACKET;
}
