/*
 * How segments of a brief connection are written and read. One that follows from those before it
 * takes two words; it says how far its acknowledgment and its echo lie behind what its peer sent
 * last, where they do. For brief.c and brief_look.c alone; octets come from the same process, which
 * wrote them.
 */
#ifndef FINWAIT_ANALYZER_TCP_BRIEF_ENTRY_H
#define FINWAIT_ANALYZER_TCP_BRIEF_ENTRY_H

#include "analyzer/tcp/brief.h"

#include <stddef.h>
#include <string.h>

/* What a segment is told from: those before it. */
struct brief_past {
    uint64_t time_ns, frame;
    seq_t next[2];
    uint32_t stamp[2]; /* 0 where nothing is stamped */
};

/* Behind the SYN. */
static inline struct brief_past brief_first_past(const struct brief *b)
{
    const struct lone *syn = brief_syn(b);
    struct brief_past past = {.time_ns = (uint64_t)syn->time_ns, .frame = syn->frame};
    past.next[b->client] = seq_add(seq_of(syn->seq), 1);
    past.next[!b->client] = b->isn;
    past.stamp[b->client] = b->stamped ? syn->ts_val : 0;
    past.stamp[!b->client] = b->stamped ? b->answer_ts : 0;
    return past;
}

/* In the TCP header, filled up. */
#define BRIEF_STAMP_BYTES 12u

/* From the IP header on, of all but the SYNs. */
static ALWAYS_INLINE uint32_t brief_header_bytes(const struct brief *b, bool stamped)
{
    return (b->ipv6 ? 40u : 20u) + 20u + (stamped ? BRIEF_STAMP_BYTES : 0);
}

/* The word: the flags of RFC 9293, who sent it, what else there is; how much it carried, when it
 * passed and where. */
#define BRIEF_FLAGS        0x3fu
#define BRIEF_SIDE         6u
#define BRIEF_AT_LENGTH    7u /* nothing of it is told from others */
#define BRIEF_BEHIND       8u
#define BRIEF_FAR          9u
#define BRIEF_PAYLOAD      10u
#define BRIEF_TIME         21u
#define BRIEF_FRAME        44u
#define BRIEF_PAYLOAD_BITS (BRIEF_TIME - BRIEF_PAYLOAD)
#define BRIEF_TIME_BITS    (BRIEF_FRAME - BRIEF_TIME)
#define BRIEF_FRAME_BITS   (64u - BRIEF_FRAME)
#define BRIEF_LOW(n, bits) ((n) & ((UINT64_C(1) << (bits)) - 1))

/* What is far has so many bits more, in a word of half the length. */
#define BRIEF_FAR_PAYLOAD 10u
#define BRIEF_FAR_TIME    11u
#define BRIEF_FAR_FRAME   11u

/* No segment of a connection that is kept so carries more: its numbers stay close together. */
#define BRIEF_PAYLOAD_MOST (UINT32_C(1) << (BRIEF_PAYLOAD_BITS + BRIEF_FAR_PAYLOAD))

/* Behind the word the window and the IP ID; a stamp; what is far, and what lies behind. */
#define BRIEF_WORD_OCTETS   12u
#define BRIEF_STAMP_OCTETS  2u
#define BRIEF_FAR_OCTETS    4u
#define BRIEF_BEHIND_OCTETS 4u

/* The word, and all numbers. */
struct brief_at_length {
    uint64_t word;
    uint64_t time_ns, frame;
    uint32_t ack, payload_len, ts_val, ts_ecr;
    uint16_t flags, window, ip_id, zero;
};

#define BRIEF_MOST sizeof(struct brief_at_length)

static ALWAYS_INLINE void brief_note(struct brief *b, const struct segment *g, size_t octets)
{
    b->used = (uint16_t)(b->used + octets);
    b->last_frame = (uint32_t)(g->frame - brief_syn(b)->frame);
}

static NEVER_INLINE bool brief_write_at_length(struct brief *b, int sender, const struct segment *g)
{
    struct brief_at_length entry = {
        .word = (uint64_t)sender << BRIEF_SIDE | UINT64_C(1) << BRIEF_AT_LENGTH,
        .time_ns = (uint64_t)g->time_ns,
        .frame = g->frame,
        .ack = g->ack,
        .payload_len = g->payload_len,
        .ts_val = g->ts_val,
        .ts_ecr = g->ts_ecr,
        .flags = g->flags,
        .window = g->window,
        .ip_id = g->ip_id,
    };
    if (b->used + sizeof entry > brief_octets(b->size) || g->payload_len > BRIEF_PAYLOAD_MOST)
        return false;
    memcpy(b->octets + b->used, &entry, sizeof entry);
    brief_note(b, g, sizeof entry);
    return true;
}

/* Units of a span; all bits when it has none. */
static ALWAYS_INLINE uint64_t brief_units(const struct brief *b, uint64_t span_ns)
{
    if (b->nanoseconds)
        return span_ns;
    uint64_t n = span_ns / 1000;
    return n * 1000 == span_ns ? n : UINT64_MAX;
}

/* What the word has of every segment. */
static ALWAYS_INLINE uint64_t brief_word(const struct segment *g, int sender, uint64_t time,
                                         uint64_t frames)
{
    return g->flags | (uint64_t)sender << BRIEF_SIDE |
           BRIEF_LOW((uint64_t)g->payload_len, BRIEF_PAYLOAD_BITS) << BRIEF_PAYLOAD |
           BRIEF_LOW(time, BRIEF_TIME_BITS) << BRIEF_TIME | frames << BRIEF_FRAME;
}

/* What is written is told from what has been taken so far. Of that each number is read by itself,
 * as it was written: both stamps, say, at once would wait for the last one to be stored. */
static ALWAYS_INLINE uint64_t brief_frames_since(const struct brief *b, const struct segment *g)
{
    return g->frame - brief_syn(b)->frame - b->last_frame;
}

static ALWAYS_INLINE uint32_t brief_last_stamp(const struct brief *b, bool stamped, int side)
{
    return stamped ? b->ts_val[side] : 0;
}

/* One that lies far from the one before it, or says what is older than the last of its peer. */
static NEVER_INLINE bool brief_write_far(struct brief *b, int sender, const struct segment *g,
                                         uint64_t time)
{
    uint64_t frames = brief_frames_since(b, g);
    uint32_t stamp = g->ts_val - brief_last_stamp(b, b->stamped, sender);
    uint32_t ack_behind = b->nxt[!sender].n - g->ack;
    uint32_t echo_behind = brief_last_stamp(b, b->stamped, !sender) - g->ts_ecr;
    uint32_t behind = ack_behind | echo_behind;
    uint64_t far_time = time >> BRIEF_TIME_BITS, far_frame = frames >> BRIEF_FRAME_BITS;
    uint32_t far_payload = g->payload_len >> BRIEF_PAYLOAD_BITS;
    uint64_t far = far_time | far_frame | far_payload;
    if (behind > UINT16_MAX || stamp > (b->stamped ? UINT16_MAX : 0) ||
        far_time >> BRIEF_FAR_TIME | far_frame >> BRIEF_FAR_FRAME |
            far_payload >> BRIEF_FAR_PAYLOAD | (g->flags & ~BRIEF_FLAGS))
        return brief_write_at_length(b, sender, g);
    uint32_t octets = BRIEF_WORD_OCTETS + (b->stamped ? BRIEF_STAMP_OCTETS : 0) +
                      (far ? BRIEF_FAR_OCTETS : 0) + (behind ? BRIEF_BEHIND_OCTETS : 0);
    if (b->used + octets > brief_octets(b->size))
        return false;
    uint64_t word = brief_word(g, sender, time, frames) |
                    (behind ? UINT64_C(1) << BRIEF_BEHIND : 0) |
                    (far ? UINT64_C(1) << BRIEF_FAR : 0);
    uint8_t *to = b->octets + b->used;
    memcpy(to, &word, sizeof word);
    memcpy(to + 8, &g->window, 4);
    to += BRIEF_WORD_OCTETS;
    if (b->stamped) {
        uint16_t near = (uint16_t)stamp;
        memcpy(to, &near, sizeof near);
        to += BRIEF_STAMP_OCTETS;
    }
    if (far) {
        uint32_t high = (uint32_t)(far_time | far_frame << BRIEF_FAR_TIME) |
                        far_payload << (BRIEF_FAR_TIME + BRIEF_FAR_FRAME);
        memcpy(to, &high, sizeof high);
        to += BRIEF_FAR_OCTETS;
    }
    if (behind) {
        uint16_t both[2] = {(uint16_t)ack_behind, (uint16_t)echo_behind};
        memcpy(to, both, sizeof both);
    }
    brief_note(b, g, octets);
    return true;
}

/* A segment that is the next of its side. False when there is no room for it. `stamped`: the
 * connection is. */
static ALWAYS_INLINE bool brief_write(struct brief *b, bool stamped, int sender,
                                      const struct segment *g)
{
    _Static_assert(offsetof(struct segment, ip_id) == offsetof(struct segment, window) + 2,
                   "written two at a time");
    uint64_t time = brief_units(b, (uint64_t)g->time_ns - (uint64_t)b->last_ns);
    uint64_t frames = brief_frames_since(b, g);
    uint32_t stamp = g->ts_val - brief_last_stamp(b, stamped, sender);
    uint32_t behind =
        (b->nxt[!sender].n ^ g->ack) | (brief_last_stamp(b, stamped, !sender) ^ g->ts_ecr);
    uint64_t far = time >> BRIEF_TIME_BITS | frames >> BRIEF_FRAME_BITS |
                   g->payload_len >> BRIEF_PAYLOAD_BITS | (g->flags & ~BRIEF_FLAGS) |
                   stamp >> (stamped ? 16 : 0) | behind;
    if (UNLIKELY(far))
        return brief_write_far(b, sender, g, time);
    uint32_t octets = BRIEF_WORD_OCTETS + (stamped ? BRIEF_STAMP_OCTETS : 0);
    if (UNLIKELY(b->used + octets > brief_octets(b->size)))
        return false;
    uint64_t word = brief_word(g, sender, time, frames);
    uint8_t *to = b->octets + b->used;
    memcpy(to, &word, sizeof word);
    memcpy(to + 8, &g->window, 4);
    if (stamped) {
        uint16_t near = (uint16_t)stamp;
        memcpy(to + BRIEF_WORD_OCTETS, &near, sizeof near);
    }
    brief_note(b, g, octets);
    return true;
}

/* Where the entry ends. */
static const uint8_t *brief_read_at_length(const uint8_t *from, struct log_entry *e)
{
    struct brief_at_length entry;
    memcpy(&entry, from, sizeof entry);
    e->time_ns = (int64_t)entry.time_ns;
    e->frame = entry.frame;
    e->ack = seq_of(entry.ack);
    e->payload_len = entry.payload_len;
    e->ts_val = entry.ts_val;
    e->ts_ecr = entry.ts_ecr;
    e->flags = (uint8_t)entry.flags;
    e->window = entry.window;
    e->ip_id = entry.ip_id;
    return from + sizeof entry;
}

/* What the word does not have room for, as bits of it say. */
struct brief_rest {
    uint64_t time, frames;
    uint32_t payload_len, ack_behind, echo_behind;
};

static NEVER_INLINE const uint8_t *brief_read_rest(const uint8_t *from, uint64_t word,
                                                   struct brief_rest *rest)
{
    *rest = (struct brief_rest){0};
    if (word >> BRIEF_FAR & 1) {
        uint32_t high;
        memcpy(&high, from, sizeof high);
        rest->time = BRIEF_LOW((uint64_t)high, BRIEF_FAR_TIME) << BRIEF_TIME_BITS;
        rest->frames = BRIEF_LOW((uint64_t)high >> BRIEF_FAR_TIME, BRIEF_FAR_FRAME)
                       << BRIEF_FRAME_BITS;
        rest->payload_len = high >> (BRIEF_FAR_TIME + BRIEF_FAR_FRAME) << BRIEF_PAYLOAD_BITS;
        from += BRIEF_FAR_OCTETS;
    }
    if (word >> BRIEF_BEHIND & 1) {
        uint16_t both[2];
        memcpy(both, from, sizeof both);
        rest->ack_behind = both[0];
        rest->echo_behind = both[1];
        from += BRIEF_BEHIND_OCTETS;
    }
    return from;
}

static ALWAYS_INLINE const uint8_t *brief_read_told(const struct brief *b, bool stamped,
                                                    const uint8_t *from, uint64_t word,
                                                    const struct brief_past *past, unsigned s,
                                                    struct log_entry *e)
{
    uint64_t time = BRIEF_LOW(word >> BRIEF_TIME, BRIEF_TIME_BITS);
    uint64_t frames = word >> BRIEF_FRAME;
    uint16_t near = 0;
    memcpy(&e->window, from + 8, 4);
    from += BRIEF_WORD_OCTETS;
    if (stamped) {
        memcpy(&near, from, sizeof near);
        from += BRIEF_STAMP_OCTETS;
    }
    e->flags = word & BRIEF_FLAGS;
    e->payload_len = (uint32_t)BRIEF_LOW(word >> BRIEF_PAYLOAD, BRIEF_PAYLOAD_BITS);
    e->ack = past->next[!s];
    e->ts_val = past->stamp[s] + near;
    e->ts_ecr = past->stamp[!s];
    if (UNLIKELY(word & (UINT64_C(1) << BRIEF_FAR | UINT64_C(1) << BRIEF_BEHIND))) {
        struct brief_rest rest;
        from = brief_read_rest(from, word, &rest);
        time |= rest.time;
        frames |= rest.frames;
        e->payload_len |= rest.payload_len;
        e->ack = seq_back(e->ack, rest.ack_behind);
        e->ts_ecr -= rest.echo_behind;
    }
    e->time_ns = (int64_t)(past->time_ns + (b->nanoseconds ? time : time * 1000));
    e->frame = past->frame + frames;
    return from;
}

/* What is told of the next segment but for its TTL and its place, and what the one behind it is
 * told from. Returns where that stands. `stamped`: the connection is. */
static ALWAYS_INLINE const uint8_t *brief_read(const struct brief *b, bool stamped,
                                               const uint8_t *from, struct brief_past *past,
                                               struct log_entry *e)
{
    _Static_assert(offsetof(struct log_entry, ip_id) == offsetof(struct log_entry, window) + 2,
                   "read two at a time");
    uint64_t word;
    memcpy(&word, from, sizeof word);
    unsigned s = word >> BRIEF_SIDE & 1;
    e->side = (uint8_t)s;
    e->seq = past->next[s];
    if (UNLIKELY(word >> BRIEF_AT_LENGTH & 1))
        from = brief_read_at_length(from, e);
    else
        from = brief_read_told(b, stamped, from, word, past, s, e);
    past->time_ns = (uint64_t)e->time_ns;
    past->frame = e->frame;
    past->next[s] = seq_add(e->seq, e->payload_len + !!(e->flags & (TCP_SYN | TCP_FIN)));
    if (stamped)
        past->stamp[s] = e->ts_val;
    return from;
}

#endif
