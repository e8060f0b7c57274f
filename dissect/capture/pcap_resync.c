/*
 * Which bytes are a pcap record, when there is reason to ask. The format has no marks to find one
 * by, only numbers that fit together: lengths that agree with each other and with the file's, a
 * fraction of a second below one, a time near the others', and another such record right behind.
 * Three in a row are as good as certain: by chance, one in 2^100.
 */
#include "dissect/capture/reader.h"
#include "dissect/cursor.h"

#define CHAIN_RECORDS   3
#define CHAIN_STEPS_MAX 64

struct pcap_part pcap_part_of(const struct pcap_header *header)
{
    bool ns = header->format == FORMAT_PCAP_NS;
    struct pcap_part part = {
        .big_endian = header->big_endian,
        .header_len = header->format == FORMAT_PCAP_MODIFIED ? 24 : 16,
        .subsecond_limit = ns ? 1000000000 : 1000000,
        .subsecond_ns = ns ? 1 : 1000,
        .snaplen = header->snaplen,
        .usual_max = CAPTURED_LEN_USUAL,
        .captured_max = CAPTURED_LEN_USUAL,
        .link_type = (uint16_t)(header->link_type & 0xffff),
    };
    if (part.snaplen && part.snaplen < part.usual_max)
        part.usual_max = part.snaplen;
    switch (part.link_type) {
    case 189: /* USB_LINUX */
    case 220: /* USB_LINUX_MMAPPED */
    case 231: /* DBUS */
    case 249: /* USBPCAP */
    case 266: /* USB_DARWIN */
    case 279: /* EBHSCR */
        part.captured_max = CAPTURED_LEN_LARGE;
        break;
    default:
        if (part.snaplen > CAPTURED_LEN_USUAL)
            part.captured_max = CAPTURED_LEN_LARGE;
        break;
    }
    /* The two lengths changed places with version 2.3; DG/UX's 543.0 has the old order. */
    if (header->version_major == 543 || (header->version_major == 2 && header->version_minor < 3))
        part.lengths = LENGTHS_ORIGINAL_FIRST;
    else if (header->version_major == 2 && header->version_minor == 3)
        part.lengths = LENGTHS_UNSURE;
    return part;
}

static bool near_known(const struct pcap_part *part, uint32_t seconds)
{
    return !part->has_last || near(seconds, part->last_seconds) ||
           near(seconds, part->seconds_before_jump);
}

static bool usual(const struct pcap_part *part, const struct pcap_record *r)
{
    return r->captured_len && r->captured_len <= r->original_len &&
           r->captured_len <= part->usual_max && r->original_len <= ORIGINAL_LEN_USUAL &&
           r->subseconds < part->subsecond_limit;
}

static bool zeros(const uint8_t *p)
{
    return !(load_be32(p) | load_be32(p + 4) | load_be32(p + 8) | load_be32(p + 12));
}

/* With `behind`, the first is to be near that record's time, otherwise near what is known. */
static bool chain(struct capture *c, const struct pcap_part *part, size_t at, size_t reach,
                  const struct pcap_record *behind)
{
    struct window *w = &c->window;
    bool has_reference = behind != NULL;
    uint32_t reference = behind ? behind->seconds : 0;
    for (unsigned count = 0; count < CHAIN_STEPS_MAX; count++) {
        size_t have = window_need(w, at + part->header_len);
        if (have <= at)
            return have == at ? count >= 1 : count >= 2;
        if (have < at + part->header_len)
            return count >= 2;
        const uint8_t *p = window_at(w) + at;
        struct pcap_record r = pcap_record_read(part, p);
        bool near_others = has_reference ? near(r.seconds, reference) : near_known(part, r.seconds);
        if (!usual(part, &r) || !near_others)
            return (count >= 2 && zeros(p)) || (count >= 1 && part_begins(c, at));
        if (count + 1 >= CHAIN_RECORDS && at >= reach)
            return true;
        reference = r.seconds;
        has_reference = true;
        at += part->header_len + (size_t)r.captured_len;
    }
    return false;
}

bool pcap_chain(struct capture *c, const struct pcap_part *part, size_t at, size_t reach)
{
    return chain(c, part, at, reach, NULL);
}

/* A file header is recognised in the middle of damage only with a record, or the end, behind it. */
static bool part_follows(struct capture *c, size_t at)
{
    if (!part_begins(c, at))
        return false;
    struct window *w = &c->window;
    const uint8_t *p = window_at(w) + at;
    if (!pcap_magic(p)) {
        bool big_endian = load_be32(p + 8) == 0x1a2b3c4d;
        size_t total = load_u32(big_endian, p + 4);
        return window_need(w, at + total) >= at + total &&
               load_u32(big_endian, window_at(w) + at + total - 4) == total;
    }
    struct pcap_header header = pcap_header_read(p);
    struct pcap_part part = pcap_part_of(&header);
    size_t records = at + PCAP_HEADER_BYTES;
    return window_need(w, records + 1) == records || pcap_chain(c, &part, records, 0);
}

static inline bool candidate(const struct pcap_part *part, const uint8_t *p)
{
    struct pcap_record r = pcap_record_read(part, p);
    if (!part->has_last && r.seconds < SECONDS_AT_FIRST)
        return false;
    return usual(part, &r) && near_known(part, r.seconds);
}

static bool starts_at(struct capture *c, size_t at, size_t reach)
{
    const struct pcap_part *part = &c->pcap;
    const uint8_t *p = window_at(&c->window) + at;
    if (candidate(part, p) && pcap_chain(c, part, at, reach))
        return true;
    p = window_at(&c->window) + at;
    return capture_begins(p, 4) && part_follows(c, at);
}

/* Carriage returns were put into the record: the next one stands as many octets behind its end, and
 * it has at least as many line feeds with one before them. */
static bool grew(struct capture *c, size_t whole)
{
    struct window *w = &c->window;
    size_t added = 0;
    for (size_t i = c->pcap.header_len + 1; i < whole; i++)
        added += window_at(w)[i] == '\n' && window_at(w)[i - 1] == '\r';
    for (size_t by = 1; window_need(w, whole + by + c->pcap.header_len) >= whole + by; by++) {
        const uint8_t *end = window_at(w) + whole + by;
        added += end[-1] == '\n' && end[-2] == '\r';
        if (by > added || window_left(w) < whole + by + c->pcap.header_len)
            return false;
        /* Where exactly so many were added, its header is enough: the next record grew as well. */
        if ((by == added && candidate(&c->pcap, end)) || starts_at(c, whole + by, whole + by))
            return true;
    }
    return false;
}

/* One number that is wrong is damage to a header, several are what any octets would be. */
static bool nothing_like_one(const struct pcap_part *part, const struct pcap_record *r)
{
    bool absurd_len = r->captured_len > r->original_len || r->original_len > ORIGINAL_LEN_USUAL;
    unsigned wrong = !near_known(part, r->seconds);
    wrong += r->subseconds >= part->subsecond_limit;
    wrong += absurd_len;
    wrong += r->captured_len > part->usual_max;
    return wrong > 1;
}

/* Do records begin inside of this one that lead as far as `reach`? */
static bool others_inside(struct capture *c, size_t whole, size_t reach)
{
    for (size_t at = 1; at < whole && window_left(&c->window) >= at + c->pcap.header_len; at++) {
        if (starts_at(c, at, reach))
            return true;
    }
    return false;
}

bool pcap_believe(struct capture *c, const struct pcap_record *record)
{
    const struct pcap_part *part = &c->pcap;
    struct window *w = &c->window;
    size_t whole = part->header_len + (size_t)record->captured_len;
    size_t have = window_need(w, whole + part->header_len);
    /* By chance it may end where a record begins. */
    if (nothing_like_one(part, record) && others_inside(c, whole, 0))
        return false;
    if (have == whole || part_begins(c, whole))
        return true;
    if (have >= whole + part->header_len) {
        struct pcap_record next = pcap_record_read(part, window_at(w) + whole);
        /* Times that follow the last good record's speak for themselves; this one's may be wrong.
         */
        if (part->has_last && near_known(part, next.seconds) &&
            next.captured_len <= part->captured_max)
            return true;
        /* The first record is the one whose place is known: the next one is enough. */
        if (!part->has_last && near(next.seconds, record->seconds) && usual(part, &next))
            return true;
    }
    if (chain(c, part, whole, 0, record))
        return true;
    if (part->text_suspect && grew(c, whole)) {
        c->pcap.text_grew = true;
        return false;
    }
    if (others_inside(c, whole, whole))
        return false;
    /* Nothing speaks for it but its own header, nor against it: times that are far apart do not,
     * unless the file was transferred in text mode. A packet of which nothing was captured, though
     * it was absurdly large, is none. */
    bool usual = record->original_len <= ORIGINAL_LEN_USUAL;
    return part->text_suspect ? usual && near_known(part, record->seconds)
                              : usual || record->captured_len;
}

bool pcap_resync(struct capture *c, bool rewind)
{
    struct window *w = &c->window;
    size_t start = w->at;
    for (w->at++; window_need(w, c->pcap.header_len) >= c->pcap.header_len; w->at++) {
        if (starts_at(c, 0, 0)) {
            c->pcap.found_at = window_offset(w);
            return true;
        }
    }
    w->at = rewind ? start : w->end;
    return false;
}
