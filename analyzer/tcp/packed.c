#include "analyzer/tcp/packed.h"

#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/packed_entry.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>
#include <string.h>

struct packed_detail {
    uint32_t held_bytes; /* with what it owns */
    uint32_t head;       /* how many entries, how often packed, and what there is (HAS_...) */
    uint32_t place;      /* on its shelf; 0: of the heap */
    uint8_t octets[];
};

/* Whole words are read where fewer octets stand. */
#define SLACK 6u

#define SELDOM_WORDS (sizeof(struct seldom) / 8)

_Static_assert(sizeof(struct seldom) % 8 == 0 && SELDOM_WORDS <= 32,
               "what is seldom is whole words, a bit for each");

/* ---- what is kept --------------------------------------------------------------------------- */

static ALWAYS_INLINE uint64_t word_at(const void *from, size_t number)
{
    uint64_t n;
    memcpy(&n, (const char *)from + 8 * number, sizeof n);
    return n;
}

static ALWAYS_INLINE bool same_entry(const struct log_entry *a, const struct log_entry *b)
{
    _Static_assert(sizeof *a % 8 == 0, "whole words");
    uint64_t differs = 0;
    for (size_t i = 0; i < sizeof *a / 8; i++)
        differs |= word_at(a, i) ^ word_at(b, i);
    return !differs;
}

/* Index of the same entry in the log, or log_count. They are numbered in their order, but for as
 * many as were left out between the handshake and the close. */
static ALWAYS_INLINE uint8_t place_in_log(const struct detail *d, uint32_t left_out,
                                          const struct log_entry *g)
{
    uint32_t i = g->nth - 1;
    if (i >= d->log_count || log_at(d, i)->nth != g->nth)
        i -= left_out;
    return (uint8_t)(i < d->log_count && same_entry(log_at(d, i), g) ? i : d->log_count);
}

/* Of `kept` those that are kept as something: bits. */
static ALWAYS_INLINE unsigned used_of(const struct side_detail *own)
{
    return (1u << own->kept_as[0] | 1u << own->kept_as[1] | 1u << own->kept_as[2]) >> 1;
}

/* Each is told by its place in the log, or else from the log's first entries. */
static ALWAYS_INLINE void walk_kept(struct walk *w, bool packs, struct detail *d,
                                    struct side_detail *own, const struct model *first,
                                    uint32_t left_out)
{
    for (unsigned used = used_of(own); used; used &= used - 1) {
        struct log_entry *kept = &own->kept[__builtin_ctz(used)];
        uint8_t place = packs ? place_in_log(d, left_out, kept) : 0;
        raw(w, packs, &place, sizeof place);
        if (place != d->log_count) {
            if (!packs)
                *kept = d->log[place];
        } else if (packs) {
            pack_apart(w, kept, first);
        } else {
            unpack_apart(w, kept, first);
        }
    }
}

/* ---- a side --------------------------------------------------------------------------------- */

static uint32_t seldom_bits(const struct seldom *seldom)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < SELDOM_WORDS; i++)
        bits |= (uint32_t)(word_at(seldom, i) != 0) << i;
    return bits;
}

static ALWAYS_INLINE void walk_seldom(struct walk *w, bool packs, struct seldom *seldom,
                                      uint32_t bits)
{
    for (; bits; bits &= bits - 1)
        raw(w, packs, (char *)seldom + 8 * (size_t)__builtin_ctz(bits), 8);
}

enum { DATA_AT, TIMER_AT, UNANSWERED_IDLE, LAST_IDLE, DATA_IDLE, MOMENTS };

#define SIDE_BITS 16u

/* What of a side always stands beside moments. */
enum side_bit {
    BIT_UNA_ADVANCED = 1u << 0,
    BIT_AGAIN_ACKED = 1u << 1,
    BIT_FIN = 1u << 2,
    BIT_RST = 1u << 3,
    BIT_MORE = 1u << 4,
    BIT_IDLE_ALIKE = 1u << 5, /* DATA_IDLE is as LAST_IDLE */
    BITS_KEPT_AS = 6,         /* from this bit on, two for each */
};

/* What of a side is zero most often. */
struct side_more {
    uint16_t moment[MOMENTS], una;
    uint32_t unanswered, fins, rsts, fin_seq, runs, probe_runs, seldom;
    bool at_length; /* moments are told as they are */
};

enum side_there {
    THERE_MOMENT = 1u << 0, /* and the next bits */
    THERE_UNA = 1u << MOMENTS,
    THERE_UNANSWERED = THERE_UNA << 1,
    THERE_FINS = THERE_UNA << 2,
    THERE_RSTS = THERE_UNA << 3,
    THERE_FIN_SEQ = THERE_UNA << 4,
    THERE_RUNS = THERE_UNA << 5,
    THERE_PROBE_RUNS = THERE_UNA << 6,
    THERE_SELDOM = THERE_UNA << 7,
    THERE_MOMENTS = THERE_UNA << 8,
};

static ALWAYS_INLINE void walk_side_more(struct walk *w, bool packs, struct side_more *more)
{
    uint32_t there = more->at_length ? THERE_MOMENTS : 0;
    uint8_t *at = begin_some(w, packs, &there);
    for (int i = 0; i < MOMENTS; i++)
        some16(w, packs, &there, (uint32_t)THERE_MOMENT << i, &more->moment[i]);
    some16(w, packs, &there, THERE_UNA, &more->una);
    some32(w, packs, &there, THERE_UNANSWERED, &more->unanswered);
    some32(w, packs, &there, THERE_FINS, &more->fins);
    some32(w, packs, &there, THERE_RSTS, &more->rsts);
    some32(w, packs, &there, THERE_FIN_SEQ, &more->fin_seq);
    some32(w, packs, &there, THERE_RUNS, &more->runs);
    some32(w, packs, &there, THERE_PROBE_RUNS, &more->probe_runs);
    some32(w, packs, &there, THERE_SELDOM, &more->seldom);
    more->at_length = there & THERE_MOMENTS;
    end_some(packs, at, there);
}

static ALWAYS_INLINE void walk_at_length(struct walk *w, bool packs, struct side_detail *own)
{
    raw(w, packs, &own->data_ns, sizeof own->data_ns);
    raw(w, packs, &own->timer_ns, sizeof own->timer_ns);
    raw(w, packs, &own->unanswered_ns, sizeof own->unanswered_ns);
    raw(w, packs, &own->unanswered_idle_ns, sizeof own->unanswered_idle_ns);
    raw(w, packs, &own->last_idle_ns, sizeof own->last_idle_ns);
    raw(w, packs, &own->data_idle_ns, sizeof own->data_idle_ns);
}

/* Moments are told from the last segment's, spans as they are. */
static ALWAYS_INLINE void pack_side(struct walk *w, const struct side *side,
                                    struct side_detail *own, int64_t last_ns)
{
    uint64_t n[MOMENTS] = {
        [DATA_AT] = time_in_units(w, own->data_ns, last_ns),
        [TIMER_AT] = time_in_units(w, own->timer_ns, last_ns),
        [UNANSWERED_IDLE] = in_units(w, (uint64_t)own->unanswered_idle_ns),
        [LAST_IDLE] = in_units(w, (uint64_t)own->last_idle_ns),
    };
    bool alike = own->data_idle_ns == own->last_idle_ns;
    n[DATA_IDLE] = alike ? n[LAST_IDLE] : in_units(w, (uint64_t)own->data_idle_ns);
    uint64_t unanswered = own->unanswered_ns ? time_in_units(w, own->unanswered_ns, last_ns) : 0;
    uint64_t any = n[0] | n[1] | n[2] | n[3] | n[4];
    uint32_t una = side->una.n - own->una_before.n;
    uint32_t kept_as =
        own->kept_as[0] | (uint32_t)own->kept_as[1] << 2 | (uint32_t)own->kept_as[2] << 4;
    bool fin = own->fins || own->fin_seq.n;
    struct side_more more = {
        .una = (uint16_t)(una >> 16),
        .unanswered = (uint32_t)unanswered,
        .fins = own->fins - fin,
        .rsts = own->rsts - !!own->rsts,
        .fin_seq = fin ? side->nxt.n - 1 - own->fin_seq.n : 0,
        .runs = own->again_run | (uint32_t)own->resends << 16,
        .probe_runs = own->probe_run | (uint32_t)own->again_grown << 16,
        .seldom = own->seldom ? seldom_bits(own->seldom) : 0,
        .at_length = any >= TIME_MOST || unanswered > UINT32_MAX,
    };
    bool is_more = any >> TIME_BITS | more.una | unanswered | more.fins | more.rsts | more.fin_seq |
                   more.runs | more.probe_runs | more.seldom;
    uint32_t bits = (own->una_advanced ? BIT_UNA_ADVANCED : 0u) |
                    (own->again_acked ? BIT_AGAIN_ACKED : 0u) | (fin ? BIT_FIN : 0u) |
                    (own->rsts ? BIT_RST : 0u) | (is_more ? BIT_MORE : 0u) |
                    (alike ? BIT_IDLE_ALIKE : 0u) | kept_as << BITS_KEPT_AS;
    uint64_t a = (n[DATA_AT] & TIME_MASK) | (n[TIMER_AT] & TIME_MASK) << TIME_BITS |
                 (uint64_t)una << 2 * TIME_BITS;
    uint64_t b = (n[UNANSWERED_IDLE] & TIME_MASK) | (n[LAST_IDLE] & TIME_MASK) << TIME_BITS |
                 (uint64_t)own->mss << 2 * TIME_BITS;
    uint64_t e = bits | (n[DATA_IDLE] & TIME_MASK) << SIDE_BITS;
    word(w, true, &a, 8);
    word(w, true, &b, 8);
    word(w, true, &e, alike ? 2 : 5);
    if (!is_more)
        return;
    for (int i = 0; i < MOMENTS; i++)
        more.moment[i] = (uint16_t)(n[i] >> TIME_BITS);
    walk_side_more(w, true, &more);
    if (more.at_length)
        walk_at_length(w, true, own);
    walk_seldom(w, true, own->seldom, more.seldom);
}

static ALWAYS_INLINE void unpack_side(struct walk *w, const struct side *side,
                                      struct side_detail *own, int64_t last_ns)
{
    struct side_more more = {0};
    uint64_t a, b, e, n[MOMENTS];
    word(w, false, &a, 8);
    word(w, false, &b, 8);
    word(w, false, &e, 0);
    uint32_t bits = (uint16_t)e;
    w->from += bits & BIT_IDLE_ALIKE ? 2 : 5;
    if (bits & BIT_MORE)
        walk_side_more(w, false, &more);
    n[DATA_AT] = a & TIME_MASK;
    n[TIMER_AT] = a >> TIME_BITS & TIME_MASK;
    n[UNANSWERED_IDLE] = b & TIME_MASK;
    n[LAST_IDLE] = b >> TIME_BITS & TIME_MASK;
    n[DATA_IDLE] = bits & BIT_IDLE_ALIKE ? n[LAST_IDLE] : e >> SIDE_BITS & TIME_MASK;
    for (int i = 0; i < MOMENTS; i++)
        n[i] |= (uint64_t)more.moment[i] << TIME_BITS;
    own->data_ns = time_of_units(w, n[DATA_AT], last_ns);
    own->timer_ns = time_of_units(w, n[TIMER_AT], last_ns);
    own->unanswered_ns = time_of_units(w, more.unanswered, last_ns);
    own->unanswered_idle_ns = (int64_t)(n[UNANSWERED_IDLE] * w->unit_ns);
    own->last_idle_ns = (int64_t)(n[LAST_IDLE] * w->unit_ns);
    own->data_idle_ns = (int64_t)(n[DATA_IDLE] * w->unit_ns);
    own->una_before =
        seq_back(side->una, (uint32_t)(a >> 2 * TIME_BITS) | (uint32_t)more.una << 16);
    own->una_advanced = bits & BIT_UNA_ADVANCED;
    own->again_acked = bits & BIT_AGAIN_ACKED;
    own->again_run = (uint16_t)more.runs;
    own->resends = (uint16_t)(more.runs >> 16);
    own->probe_run = (uint16_t)more.probe_runs;
    own->again_grown = (uint16_t)(more.probe_runs >> 16);
    own->fins = more.fins + (bits & BIT_FIN ? 1 : 0);
    own->rsts = more.rsts + (bits & BIT_RST ? 1 : 0);
    own->fin_seq = bits & BIT_FIN ? seq_back(side->nxt, 1 + more.fin_seq) : seq_of(0);
    own->mss = (uint16_t)(b >> 2 * TIME_BITS);
    for (int as = 0; as < KEPT_ROLES; as++)
        own->kept_as[as] = bits >> (BITS_KEPT_AS + 2 * as) & 3;
    if (UNLIKELY(more.at_length))
        walk_at_length(w, false, own);
    walk_seldom(w, false, own->seldom, more.seldom);
}

/* ---- the segments of which there may be a copy ---------------------------------------------- */

/* Even where clocks disagree. */
#define COPIED_US (2 * (uint32_t)(ROUTED_COPY_NS / 1000))

static ALWAYS_INLINE bool may_be_copied(const struct recent_segment *segment, uint32_t now_us)
{
    return (now_us - segment->sent_us + COPIED_US <= 2 * COPIED_US) & !!segment->signature;
}

static ALWAYS_INLINE unsigned copied_of(const struct side_detail *own, uint32_t now_us)
{
    unsigned copied = 0;
    for (unsigned i = 0; i < EARLIER_SEGMENTS; i++)
        copied |= (unsigned)may_be_copied(&own->earlier[i], now_us) << i;
    return copied;
}

/* The ring as it is, but for what can have no copy any more. */
static ALWAYS_INLINE void walk_earlier(struct walk *w, bool packs, struct side_detail *own,
                                       unsigned copied, uint32_t now_us)
{
    uint16_t ring = (uint16_t)(copied | (unsigned)own->oldest << EARLIER_SEGMENTS);
    raw(w, packs, &ring, sizeof ring);
    if (!packs)
        own->oldest = (uint8_t)(ring >> EARLIER_SEGMENTS);
    for (unsigned left = ring & ((1u << EARLIER_SEGMENTS) - 1); left; left &= left - 1) {
        struct recent_segment *segment = &own->earlier[__builtin_ctz(left)];
        uint64_t both = segment->signature | (uint64_t)(now_us - segment->sent_us + COPIED_US)
                                                 << 32;
        word(w, packs, &both, 7);
        if (!packs)
            *segment = (struct recent_segment){
                .signature = (uint32_t)both,
                .sent_us = now_us + COPIED_US - (uint32_t)(both >> 32 & (UINT32_MAX >> 8)),
            };
    }
}

_Static_assert(2 * COPIED_US < 1u << 24, "three octets tell when it was sent");

/* ---- the detail ----------------------------------------------------------------------------- */

/* In the head, behind the number of entries and how often it was packed. */
enum has {
    HEAD_PACKED = 7,
    HAS_START = 1u << 10,
    HAS_START_AS_KEPT = 1u << 11,
    HAS_OUTSTANDING = 1u << 12, /* and the next bit */
    HAS_ACK_RUN = 1u << 14,
    HAS_ACK_RUN_AT_LENGTH = 1u << 15,
    HAS_COPIED = 1u << 16,
    HAS_PREVIOUS = 1u << 17,
    HAS_NANOSECONDS = 1u << 18,
    HAS_STAMPS = 1u << 19,
    HAS_GIVEN_WAY = 1u << 20,
    HAS_MORE_TO_FREE = 1u << 21,
    HAS_SELDOM = 1u << 22, /* of either side: and the next bit */
};

_Static_assert(LOG_MAX < 1u << HEAD_PACKED && PACKED_OFTEN < 8, "they have room in the head");

static unsigned log_count_of(uint32_t head)
{
    return head & ((1u << HEAD_PACKED) - 1);
}

/* As the close begins in order: how the last segment of each side before it left things. */
static ALWAYS_INLINE void start_as_kept(const struct detail *d, struct close_start *start)
{
    start->taken = true;
    for (int s = 0; s < 2; s++) {
        const struct log_entry *last = kept_of(&d->side[s], KEPT_LAST);
        start->seen[s] = true;
        start->nxt[s] = seq_add(last->seq, last->payload_len + !!(last->flags & TCP_SYN));
        start->window[s] = last->window;
        start->last_ns[s] = last->time_ns;
    }
}

static ALWAYS_INLINE bool is_start_as_kept(const struct close_start *is, const struct detail *d)
{
    struct close_start kept;
    start_as_kept(d, &kept);
    bool same = true;
    for (int s = 0; s < 2; s++)
        same &= is->seen[s] && seq_eq(is->nxt[s], kept.nxt[s]) && is->window[s] == kept.window[s] &&
                is->last_ns[s] == kept.last_ns[s] && is->outstanding[s] <= UINT16_MAX;
    return same;
}

static ALWAYS_INLINE uint32_t start_head(const struct detail *d)
{
    if (!d->start.taken)
        return 0;
    if (!is_start_as_kept(&d->start, d))
        return HAS_START;
    return HAS_START_AS_KEPT | (d->start.outstanding[0] ? HAS_OUTSTANDING : 0u) |
           (d->start.outstanding[1] ? HAS_OUTSTANDING << 1 : 0u);
}

static ALWAYS_INLINE void walk_start(struct walk *w, bool packs, struct detail *d, uint32_t head)
{
    if (head & HAS_START)
        raw(w, packs, &d->start, sizeof d->start);
    if (!packs && head & HAS_START_AS_KEPT)
        start_as_kept(d, &d->start);
    for (int s = 0; s < 2; s++) {
        uint16_t outstanding = (uint16_t)d->start.outstanding[s];
        if (!(head & (uint32_t)HAS_OUTSTANDING << s))
            continue;
        raw(w, packs, &outstanding, sizeof outstanding);
        d->start.outstanding[s] = outstanding;
    }
}

/* A run's lengths have as many bits, and the sides that they leave of an octet. */
#define RUN_BITS 7u
#define RUN_MASK ((1u << RUN_BITS) - 1)

/* Whether the run is told in short. */
static ALWAYS_INLINE bool is_short(const struct walk *w, const struct ack_run *run, int64_t last_ns)
{
    return time_in_units(w, run->last_ns, last_ns) <= TIME_MASK && run->count <= RUN_MASK &&
           run->most <= RUN_MASK;
}

static ALWAYS_INLINE void walk_ack_run(struct walk *w, bool packs, struct ack_run *run,
                                       int64_t last_ns, uint32_t head)
{
    if (UNLIKELY(head & HAS_ACK_RUN_AT_LENGTH))
        raw(w, packs, run, sizeof *run);
    if (!(head & HAS_ACK_RUN))
        return;
    uint64_t n = 0;
    if (packs)
        n = time_in_units(w, run->last_ns, last_ns) | (uint64_t)run->count << TIME_BITS |
            (uint64_t)run->most << (TIME_BITS + RUN_BITS) |
            (uint64_t)run->side << (TIME_BITS + 2 * RUN_BITS);
    word(w, packs, &n, 5);
    if (packs)
        return;
    run->last_ns = time_of_units(w, n & TIME_MASK, last_ns);
    run->count = n >> TIME_BITS & RUN_MASK;
    run->most = n >> (TIME_BITS + RUN_BITS) & RUN_MASK;
    run->side = n >> (TIME_BITS + 2 * RUN_BITS) & 1;
}

static ALWAYS_INLINE void walk_previous(struct walk *w, bool packs, struct detail *d)
{
    raw(w, packs, &d->previous, sizeof(void *));
    raw(w, packs, &d->reused, sizeof d->reused);
    raw(w, packs, &d->reused_ns, sizeof d->reused_ns);
}

static bool owns_more(const struct detail *d)
{
    const struct seldom *a = seldom_of(&d->side[0]), *b = seldom_of(&d->side[1]);
    return d->previous || a->holes || b->holes || a->run || b->run || a->reset_reason ||
           b->reset_reason;
}

static ALWAYS_INLINE uint32_t seldom_head(const struct detail *d)
{
    return (d->side[0].seldom ? HAS_SELDOM : 0u) | (d->side[1].seldom ? HAS_SELDOM << 1 : 0u);
}

static ALWAYS_INLINE struct walk walk_of(uint32_t head)
{
    bool stamped = head & HAS_STAMPS;
    return (struct walk){.unit_ns = head & HAS_NANOSECONDS ? 1 : 1000,
                         .entry_octets = stamped ? ENTRY_STAMPED_OCTETS : ENTRY_OCTETS,
                         .stamp_bias = stamped ? 1u << 15 : 0,
                         .stamp_shift = stamped ? 16 : 0,
                         .stamp_mask = stamped ? UINT32_MAX : 0};
}

static uint32_t head_of(const struct connection *c, const struct detail *d)
{
    const struct ack_run *run = &d->ack_run;
    int64_t last_ns = connection_last_ns(c);
    uint32_t head = d->log_count | (d->packed + 1u) << HEAD_PACKED |
                    (c->first_ns % 1000 || last_ns % 1000 ? HAS_NANOSECONDS : 0u) |
                    ((c->side[0].marks | c->side[1].marks) & SIDE_TIMESTAMPS ? HAS_STAMPS : 0u) |
                    (d->log_total != d->log_count ? HAS_GIVEN_WAY : 0u) |
                    (d->previous || d->reused || d->reused_ns ? HAS_PREVIOUS : 0u) |
                    (owns_more(d) ? HAS_MORE_TO_FREE : 0u) | seldom_head(d) | start_head(d);
    struct walk w = walk_of(head);
    if (run->last_ns || run->count || run->most || run->side)
        head |= is_short(&w, run, last_ns) ? HAS_ACK_RUN : HAS_ACK_RUN_AT_LENGTH;
    return head;
}

/* Where it is unpacked, `d` is zero but for its log, in a row, and what is seldom, which is zero.
 */
static ALWAYS_INLINE void walk_detail(struct walk *w, bool packs, const struct connection *c,
                                      struct detail *d, uint32_t head)
{
    int64_t last_ns = connection_last_ns(c);
    struct model m = model_of(c), first;
    struct log_entry *entry = d->log;
    const struct log_entry *leaves = packs && d->more ? d->log + LOG_WITHIN : NULL;
    unsigned i = 0;
    for (; i < 2 && i < d->log_count; i++)
        walk_entry(w, packs, entry++, &m);
    first = m;
    for (; i < d->log_count; i++) {
        if (packs && UNLIKELY(entry == leaves))
            entry = d->more;
        walk_entry(w, packs, entry++, &m);
    }
    for (int s = 0; s < 2; s++) {
        if (packs)
            pack_side(w, &c->side[s], &d->side[s], last_ns);
        else
            unpack_side(w, &c->side[s], &d->side[s], last_ns);
        walk_kept(w, packs, d, &d->side[s], &first, m.nth - d->log_count);
    }
    walk_start(w, packs, d, head);
    walk_ack_run(w, packs, &d->ack_run, last_ns, head);
    if (UNLIKELY(head & HAS_GIVEN_WAY))
        raw(w, packs, &d->log_total, sizeof d->log_total);
    if (UNLIKELY(head & HAS_PREVIOUS))
        walk_previous(w, packs, d);
}

/* Only what still comes asks for these: they are not looked at. */
static ALWAYS_INLINE uint32_t pack_copied(struct walk *w, const struct connection *c,
                                          struct detail *d)
{
    uint32_t now_us = connection_us(c, connection_last_ns(c));
    unsigned copied[2] = {copied_of(&d->side[0], now_us), copied_of(&d->side[1], now_us)};
    if (!(copied[0] | copied[1]))
        return 0;
    for (int s = 0; s < 2; s++)
        walk_earlier(w, true, &d->side[s], copied[s], now_us);
    return HAS_COPIED;
}

static void unpack_copied(struct walk *w, const struct connection *c, struct detail *d)
{
    uint32_t now_us = connection_us(c, connection_last_ns(c));
    for (int s = 0; s < 2; s++)
        walk_earlier(w, false, &d->side[s], 0, now_us);
}

static struct walk read_detail(const struct connection *c, struct detail *d)
{
    uint32_t head = c->packing->head;
    struct walk w = walk_of(head);
    w.from = c->packing->octets;
    d->log_total = log_count_of(head);
    d->log_count = (uint8_t)d->log_total;
    d->packed = head >> HEAD_PACKED & 7;
    walk_detail(&w, false, c, d, head);
    return w;
}

/* ---- the door ------------------------------------------------------------------------------- */

/* What an entry, a side and the rest take at most, in generous figures. */
#define ENTRIES_MAX (LOG_MAX + 2u * KEPT_ROLES)
#define ENTRY_MAX   (16 + 2 + sizeof(struct log_entry))
#define SIDE_MAX    (sizeof(struct side_detail) + sizeof(struct seldom) + 64)
#define PACKED_MAX  (ENTRIES_MAX * ENTRY_MAX + 2 * SIDE_MAX + sizeof(struct detail))

/* Octets of what stays, and is the packed one's. */
static size_t owned_bytes(const struct connection *c, uint32_t head)
{
    const struct detail *d = c->detail;
    size_t bytes = connection_extra_bytes(c) - sizeof *d - log_bytes(d);
    for (int s = 0; s < 2; s++)
        bytes -= head & (uint32_t)HAS_SELDOM << s ? sizeof(struct seldom) : 0;
    return bytes;
}

static struct packed_detail *room_for(size_t bytes, struct shelves *shelves)
{
    bool on_shelf = shelves && bytes <= SHELF_BLOCK_MAX;
    uint32_t place = 0;
    struct packed_detail *packing = on_shelf ? shelves_take(shelves, bytes, &place) : malloc(bytes);
    if (packing)
        packing->place = place;
    return packing;
}

static void release(struct packed_detail *packing)
{
    if (packing->place)
        shelf_give(packing, packing->place);
    else
        free(packing);
}

_Static_assert(sizeof(struct detail_image) + PACKED_MAX + SLACK <= DETAIL_IMAGE_MAX,
               "the largest has room");

size_t detail_draw(const struct connection *c, struct detail_image *image)
{
    struct detail *d = c->detail;
    if (d->packed == PACKED_OFTEN)
        return 0;
    uint32_t head = head_of(c, d);
    struct walk w = walk_of(head);
    w.to = image->octets;
    walk_detail(&w, true, c, d, head);
    head |= pack_copied(&w, c, d);
    memset(w.to, 0, SLACK);
    image->head = head;
    image->count = (uint32_t)(w.to - image->octets) + SLACK;
    return sizeof *image + image->count;
}

bool detail_pack_drawn(struct connection *c, const struct detail_image *image,
                       struct shelves *shelves, uint32_t *place)
{
    struct detail *d = c->detail;
    uint32_t head = image->head;
    d->packed++;
    size_t bytes = offsetof(struct packed_detail, octets) + image->count;
    struct packed_detail *packing = room_for(bytes, shelves);
    if (!packing)
        return false;
    packing->held_bytes = (uint32_t)(bytes + (head & HAS_MORE_TO_FREE ? owned_bytes(c, head) : 0));
    packing->head = head;
    memcpy(packing->octets, image->octets, image->count);
    if (d->log_room != LOG_WITHIN)
        log_finish(d);
    if (UNLIKELY(head & (3 * HAS_SELDOM))) {
        free(d->side[0].seldom);
        free(d->side[1].seldom);
    }
    *place = d->place;
    if (!d->place)
        free(d);
    c->packing = packing;
    c->packed = true;
    return true;
}

bool detail_pack(struct connection *c, struct shelves *shelves, uint32_t *place)
{
    union {
        struct detail_image image;
        uint8_t octets[DETAIL_IMAGE_MAX];
    } room;
    return detail_draw(c, &room.image) && detail_pack_drawn(c, &room.image, shelves, place);
}

void detail_look(const struct connection *c, struct detail_room *room)
{
    struct detail *d = &room->detail;
    memset(d, 0, offsetof(struct detail, within));
    d->log = room->log;
    d->log_room = LOG_MAX;
    for (int s = 0; s < 2; s++) {
        if (!(c->packing->head & (uint32_t)HAS_SELDOM << s))
            continue;
        room->seldom[s] = (struct seldom){.holes = NULL};
        d->side[s].seldom = &room->seldom[s];
    }
    (void)read_detail(c, d);
}

void detail_in_row(const struct detail *d, struct detail_room *room)
{
    room->detail = *d;
    room->detail.log = log_in_row(d, room->log);
    room->detail.more = NULL;
}

/* Whatever the packed detail needs beside the detail. */
static bool make_room(struct detail *d, uint32_t head)
{
    d->log = d->within;
    d->log_room = LOG_WITHIN;
    bool made = log_reserve(d, log_count_of(head));
    for (int s = 0; s < 2; s++) {
        if (head & (uint32_t)HAS_SELDOM << s)
            made &= (d->side[s].seldom = calloc(1, sizeof(struct seldom))) != NULL;
    }
    if (made)
        return true;
    log_finish(d);
    free(d->side[0].seldom);
    free(d->side[1].seldom);
    return false;
}

bool detail_unpack(struct connection *c, struct detail *lent, uint32_t place)
{
    struct packed_detail *packing = c->packing;
    struct detail *d = lent ? lent : calloc(1, sizeof *d);
    if (!d)
        return false;
    if (!make_room(d, packing->head)) {
        if (!lent)
            free(d);
        return false;
    }
    struct log_entry *log = d->log, row[LOG_MAX];
    d->log = row;
    struct walk w = read_detail(c, d);
    if (packing->head & HAS_COPIED)
        unpack_copied(&w, c, d);
    d->log = log;
    for (unsigned i = 0; i < d->log_count; i++)
        *log_at(d, i) = row[i];
    d->place = lent ? place : 0;
    release(packing);
    c->detail = d;
    c->packed = false;
    return true;
}

void detail_forget(struct connection *c)
{
    struct packed_detail *packing = c->packing;
    bool owns = packing->head & HAS_MORE_TO_FREE;
    struct detail_room room;
    if (owns)
        detail_look(c, &room);
    c->packed = false;
    c->detail = owns ? &room.detail : NULL;
    release(packing);
    if (!c->detail)
        return;
    for (int s = 0; s < 2; s++) {
        if (room.detail.side[s].seldom)
            seldom_finish(room.detail.side[s].seldom);
        room.detail.side[s].seldom = NULL;
    }
    room.detail.log = room.detail.within;
    room.detail.place = UINT32_MAX; /* nobody's */
    connection_finish(c);
}

size_t detail_packed_bytes(const struct connection *c)
{
    return c->packing->held_bytes;
}
