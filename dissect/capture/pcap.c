#include "dissect/capture/pcap_walk.h"

#include "dissect/cursor.h"

#include <stddef.h>
#include <string.h>

/* Bits 31-28 and 26 of the link type field give the length of the frame check sequence in 16-bit
 * words, the low half is the type, the rest is reserved (draft-ietf-opsawg-pcap section 4). */
#define LINK_FCS_PRESENT 0x04000000u
#define LINK_RESERVED    0x0bff0000u

static uint8_t fcs_octets(struct capture *c, uint32_t link_field)
{
    uint32_t words = link_field >> 28;
    if (!(link_field & LINK_FCS_PRESENT)) {
        if (words)
            count_oddity(c, ODDITY_RESERVED_LINK_BITS);
        return 0;
    }
    /* There is none longer than CRC-32. */
    if (words > 2) {
        count_oddity(c, ODDITY_FCS_LENGTH_UNPLAUSIBLE);
        return 0;
    }
    return (uint8_t)(words * 2);
}

/* The modified formats lengthen the record header without always saying so. The length from which
 * a chain of records follows is the right one; in doubt the one that the magic promises. */
static void choose_header_len(struct capture *c, enum capture_format format)
{
    static const uint32_t standard[] = {16, 24, 20}; /* Red Hat 6.1; Nokia */
    static const uint32_t modified[] = {24, 28};     /* ss991029; ss990915 */
    const uint32_t *lengths = format == FORMAT_PCAP_MODIFIED ? modified : standard;
    size_t count = format == FORMAT_PCAP_MODIFIED ? 2 : format == FORMAT_PCAP ? 3 : 1;
    for (size_t i = 0; i < count; i++) {
        c->pcap.header_len = lengths[i];
        if (!pcap_chain(c, &c->pcap, 0, 0))
            continue;
        /* Against the magic, one record that ends with the file says too little. */
        struct pcap_record r = pcap_record_read(&c->pcap, window_at(&c->window));
        if (!i || pcap_chain(c, &c->pcap, lengths[i] + (size_t)r.captured_len, 0))
            return;
    }
    c->pcap.header_len = lengths[0];
}

enum record_step pcap_begin(struct capture *c)
{
    struct pcap_header header = pcap_header_read(window_at(&c->window));
    struct file_findings *file = file_of(c);
    if (file->format == FORMAT_UNKNOWN)
        file->format = header.format;
    bool text_suspect = c->later_part ? c->pcap.text_suspect : text_mode_content(c);
    c->pcap = pcap_part_of(&header);
    c->pcap.fcs_len = fcs_octets(c, header.link_type);
    if (header.link_type & LINK_RESERVED)
        count_oddity(c, ODDITY_RESERVED_LINK_BITS);
    c->pcap.interface = add_interface(c, 0, c->pcap.link_type, NULL, 0);
    if (c->pcap.interface == UINT32_MAX)
        return STEP_NO_MEMORY;
    uint64_t offset = window_offset(&c->window);
    c->window.at += PCAP_HEADER_BYTES;
    choose_header_len(c, header.format);
    c->pcap.judge_all = true;
    c->pcap.text_suspect = text_suspect;
    bool known = (header.version_major == 2 && header.version_minor <= 4) ||
                 (header.version_major == 543 && header.version_minor == 0);
    if (!known)
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_FILE_HEADER, offset, 0);
    return STEP_AGAIN;
}

static void fill_odd(struct capture *c, const struct pcap_record *r, struct packet *packet)
{
    struct pcap_part *part = &c->pcap;
    if (r->captured_len > r->original_len) {
        packet->original_len = r->captured_len;
        count_oddity(c, ODDITY_CAPTURED_EXCEEDS_ORIGINAL);
    }
    if (part->snaplen && r->captured_len > part->snaplen)
        count_oddity(c, ODDITY_CAPTURED_EXCEEDS_SNAPLEN);
    /* The multiplication carries whole seconds over by itself. */
    if (r->subseconds >= part->subsecond_limit)
        count_oddity(c, ODDITY_SUBSECOND_OVERFLOW);
}

/* What all packets of a part have. */
static inline struct packet like_all(const struct pcap_part *part)
{
    return (struct packet){
        .interface = part->interface, .link_type = part->link_type, .fcs_len = part->fcs_len};
}

#define LIKE_ALL_BYTES (sizeof(struct packet) - offsetof(struct packet, interface))

_Static_assert(offsetof(struct packet, marks) - offsetof(struct packet, interface) == 7 &&
                   LIKE_ALL_BYTES == 8,
               "what all have is written at once");
static inline void fill_like(const struct packet *like, struct packet *packet)
{
    memcpy(&packet->interface, &like->interface, LIKE_ALL_BYTES);
}

static bool all_zero(const uint8_t *p, size_t length)
{
    while (length && !*p) {
        p++;
        length--;
    }
    return !length;
}

static bool has_line_end(const uint8_t *p, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        if (p[i - 1] == '\r' && p[i] == '\n')
            return true;
    }
    return false;
}

/* The header is in the window. */
static enum record_step over_bad_record(struct capture *c)
{
    const struct pcap_part *part = &c->pcap;
    bool text_mode = part->text_grew || has_line_end(window_at(&c->window), part->header_len);
    if (part->text_suspect && text_mode && !c->text_mode_told) {
        note_damage(c, DAMAGE_TEXT_MODE_TRANSFER, REASON_NONE, 0, 0);
        c->text_mode_told = true;
    }
    return over_damage(c, REASON_RECORD_HEADER, pcap_resync);
}

/* The record runs past the end of the content. When its header is odd as well, the header may be
 * what is wrong, and good records may lie inside of it. */
static enum record_step cut_record(struct capture *c, const struct pcap_record *r, uint64_t missing)
{
    uint64_t offset = window_offset(&c->window);
    if (pcap_is_odd(&c->pcap, r) && pcap_resync(c, true)) {
        note_damage(c, DAMAGE_FILE_DAMAGED, REASON_RECORD_HEADER, offset,
                    window_offset(&c->window) - offset);
        return STEP_AGAIN;
    }
    return end_truncated(c, missing, REASON_NONE);
}

/* Everything that is not a usual record in the window with another behind it. */
static NEVER_INLINE enum record_step next_slowly(struct capture *c, struct packet *packet)
{
    struct window *w = &c->window;
    struct pcap_part *part = &c->pcap;
    size_t have = window_need(w, part->header_len);
    if (!have)
        return STEP_OVER;
    if (all_zero(window_at(w), have < 16 ? have : 16))
        return over_zeros(c, REASON_RECORD_HEADER, part->header_len, pcap_resync);
    if (part_begins(c, 0)) {
        c->stage = STAGE_START;
        return STEP_AGAIN;
    }
    if (have < part->header_len)
        return end_truncated(c, part->header_len - have, REASON_NONE);
    struct pcap_record r = pcap_record_read(part, window_at(w));
    if (r.captured_len > part->captured_max)
        return over_bad_record(c);
    size_t whole = part->header_len + (size_t)r.captured_len;
    have = window_need(w, whole);
    if (have < whole)
        return w->no_memory ? STEP_NO_MEMORY : cut_record(c, &r, whole - have);
    if (window_offset(w) != part->found_at && !pcap_believe(c, &r))
        return over_bad_record(c);
    if (pcap_is_odd(part, &r)) {
        part->seconds_before_jump = part->has_last ? part->last_seconds : r.seconds;
        part->has_last = true;
        part->judge_all = part->text_suspect;
    }
    const struct packet like = like_all(part);
    pcap_fill(part, &r, window_at(w) + part->header_len, packet);
    fill_like(&like, packet);
    part->last_seconds = r.seconds;
    w->at += whole;
    count_packet(c, packet);
    fill_odd(c, &r, packet);
    return STEP_PACKET;
}

static ALWAYS_INLINE uint32_t usual_run(struct capture *c, const struct pcap_part part,
                                        struct packet *packets, uint32_t most)
{
    struct pcap_walk walk;
    uint32_t count = 0;
    if (UNLIKELY(!pcap_walk_begin(&walk, c, part)))
        return 0;
    const struct packet like = like_all(&part);
    while (count < most && LIKELY(pcap_walk_next(&walk, &packets[count])))
        fill_like(&like, &packets[count++]);
    return pcap_walk_end(&walk, c);
}

uint32_t pcap_usual_run(struct capture *c, struct packet *packets, uint32_t most)
{
    if (LIKELY(pcap_is_plain(&c->pcap)))
        return usual_run(c, pcap_plain_part(&c->pcap), packets, most);
    return usual_run(c, c->pcap, packets, most);
}

enum record_step pcap_next(struct capture *c, struct packet *packet)
{
    return pcap_usual_run(c, packet, 1) ? STEP_PACKET : next_slowly(c, packet);
}
