#include "analyzer/tcp/packed.h"

#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

struct packed_detail {
    uint32_t held_bytes; /* with what it owns */
    bool owns;           /* there is such */
    uint8_t octets[];
};

/* Whole words are read where fewer octets stand, or none. */
#define SLACK 8u

/* What two numbers take at most. */
#define PAIR_MAX 17u

#define SELDOM_FIRST offsetof(struct side_detail, holes)
#define SELDOM_WORDS ((sizeof(struct side_detail) - SELDOM_FIRST) / 8)

_Static_assert(SELDOM_FIRST % 8 == 0 && sizeof(struct side_detail) % 8 == 0 && SELDOM_WORDS <= 32,
               "what is seldom is whole words, a bit for each");

#define ENTRIES_MAX (LOG_MAX + 2u * KEPT_ROLES)
#define PACKED_MAX  (PAIR_MAX * (5 * ENTRIES_MAX + 2 * (12 + EARLIER_SEGMENTS + SELDOM_WORDS) + 16))

/* ---- numbers -------------------------------------------------------------------------------- */

/* One walk over all that is packed goes both ways, so that they cannot differ: `to` where it is
 * being packed, else `from`. */
struct walk {
    uint8_t *to;
    const uint8_t *from;
    bool failed; /* a number that has no code: it stays as it is */
};

static inline unsigned octets_of(uint64_t n)
{
    return n ? (71u - (unsigned)__builtin_clzll(n)) / 8 : 0;
}

static inline void put_pair(struct walk *w, uint64_t a, uint64_t b)
{
    unsigned a_octets = octets_of(a), b_octets = octets_of(b);
    a = htole64(a);
    b = htole64(b);
    *w->to = (uint8_t)(a_octets | b_octets << 4);
    memcpy(w->to + 1, &a, sizeof a);
    memcpy(w->to + 1 + a_octets, &b, sizeof b);
    w->to += 1 + a_octets + b_octets;
}

static inline uint64_t octets_at(const uint8_t *at, unsigned octets)
{
    static const uint64_t masks[9] = {0,
                                      UINT64_MAX >> 56,
                                      UINT64_MAX >> 48,
                                      UINT64_MAX >> 40,
                                      UINT64_MAX >> 32,
                                      UINT64_MAX >> 24,
                                      UINT64_MAX >> 16,
                                      UINT64_MAX >> 8,
                                      UINT64_MAX};
    uint64_t n;
    memcpy(&n, at, sizeof n);
    return le64toh(n) & masks[octets];
}

static inline void get_pair(struct walk *w, uint64_t *a, uint64_t *b)
{
    unsigned a_octets = *w->from & 15u, b_octets = *w->from >> 4;
    *a = octets_at(w->from + 1, a_octets);
    *b = octets_at(w->from + 1 + a_octets, b_octets);
    w->from += 1 + a_octets + b_octets;
}

static inline void pair(struct walk *w, bool packs, uint64_t *a, uint64_t *b)
{
    if (packs)
        put_pair(w, *a, *b);
    else
        get_pair(w, a, b);
}

/* Small numbers of either sign become small ones of none. */
static inline uint64_t fold(uint64_t n)
{
    return n << 1 ^ (0 - (n >> 63));
}

static inline uint64_t unfold(uint64_t n)
{
    return n >> 1 ^ (0 - (n & 1));
}

static inline uint32_t fold_32(uint32_t n)
{
    return n << 1 ^ (0 - (n >> 31));
}

static inline uint32_t unfold_32(uint32_t n)
{
    return n >> 1 ^ (0 - (n & 1));
}

static inline void pair_64(struct walk *w, bool packs, uint64_t *a, uint64_t a_guess, uint64_t *b,
                           uint64_t b_guess)
{
    uint64_t x = packs ? fold(*a - a_guess) : 0, y = packs ? fold(*b - b_guess) : 0;
    pair(w, packs, &x, &y);
    if (packs)
        return;
    *a = unfold(x) + a_guess;
    *b = unfold(y) + b_guess;
}

static inline void pair_32(struct walk *w, bool packs, uint32_t *a, uint32_t a_guess, uint32_t *b,
                           uint32_t b_guess)
{
    uint64_t x = packs ? fold_32(*a - a_guess) : 0, y = packs ? fold_32(*b - b_guess) : 0;
    pair(w, packs, &x, &y);
    if (packs)
        return;
    *a = unfold_32((uint32_t)x) + a_guess;
    *b = unfold_32((uint32_t)y) + b_guess;
}

/* 0 is what there is none of; other times lie near `guess`. */
static inline uint64_t code_of_time(struct walk *w, int64_t time_ns, int64_t guess_ns)
{
    if (!time_ns)
        return 0;
    uint64_t code = fold((uint64_t)guess_ns - (uint64_t)time_ns) + 1;
    w->failed |= !code;
    return code;
}

static inline int64_t time_of_code(uint64_t code, int64_t guess_ns)
{
    return code ? (int64_t)((uint64_t)guess_ns - unfold(code - 1)) : 0;
}

static inline void pair_times(struct walk *w, bool packs, int64_t *a, int64_t *b, int64_t guess_ns)
{
    uint64_t x = packs ? code_of_time(w, *a, guess_ns) : 0;
    uint64_t y = packs ? code_of_time(w, *b, guess_ns) : 0;
    pair(w, packs, &x, &y);
    if (packs)
        return;
    *a = time_of_code(x, guess_ns);
    *b = time_of_code(y, guess_ns);
}

/* ---- entries -------------------------------------------------------------------------------- */

/* What the next entry is guessed by. */
struct model {
    uint64_t time_ns, frame;
    uint32_t nth;
    struct {
        uint32_t next, stamp;
        uint16_t window, ip_id;
        uint8_t ttl, marks;
    } side[2];
};

static struct model model_of(const struct connection *c)
{
    struct model m = {.time_ns = (uint64_t)c->first_ns, .frame = c->first_frame};
    for (int s = 0; s < 2; s++) {
        m.side[s].next = c->side[s].isn.n;
        m.side[s].ttl = c->side[s].ttl;
    }
    return m;
}

static inline void learn(struct model *m, const struct log_entry *g)
{
    unsigned s = g->side & 1u;
    m->time_ns = (uint64_t)g->time_ns;
    m->frame = g->frame;
    m->nth = g->nth;
    m->side[s].next = g->seq.n + g->payload_len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN);
    m->side[s].window = g->window;
    m->side[s].ip_id = g->ip_id;
    m->side[s].ttl = g->ttl;
    m->side[s].marks = g->marks;
    if (g->marks & LOG_TIMESTAMPS)
        m->side[s].stamp = g->ts_val;
}

/* Number, sender, flags, marks and TTL. */
static inline void walk_header(struct walk *w, bool packs, struct log_entry *g,
                               const struct model *m)
{
    uint64_t nth = (uint64_t)fold_32(g->nth - m->nth - 1) << 1 | g->side;
    const unsigned s = packs ? g->side & 1u : 0;
    uint64_t header = (uint64_t)g->flags | (uint64_t)(g->marks ^ m->side[s].marks) << 8 |
                      (uint64_t)(g->ttl ^ m->side[s].ttl) << 16;
    pair(w, packs, &nth, &header);
    if (packs)
        return;
    g->side = nth & 1;
    g->nth = unfold_32((uint32_t)(nth >> 1)) + m->nth + 1;
    g->flags = (uint8_t)header;
    g->marks = (uint8_t)(header >> 8) ^ m->side[g->side].marks;
    g->ttl = (uint8_t)(header >> 16) ^ m->side[g->side].ttl;
}

static inline void walk_entry(struct walk *w, bool packs, struct log_entry *g, struct model *m)
{
    uint64_t time_ns = (uint64_t)g->time_ns;
    pair_64(w, packs, &time_ns, m->time_ns, &g->frame, m->frame);
    g->time_ns = (int64_t)time_ns;
    walk_header(w, packs, g, m);
    unsigned s = g->side & 1u;
    bool acks = g->flags & TCP_ACK, stamped = g->marks & LOG_TIMESTAMPS;
    pair_32(w, packs, &g->seq.n, m->side[s].next, &g->ack.n, acks ? m->side[!s].next : 0);
    pair_32(w, packs, &g->ts_val, stamped ? m->side[s].stamp : 0, &g->ts_ecr,
            stamped ? m->side[!s].stamp : 0);
    uint64_t octets = g->payload_len;
    uint64_t rest =
        (uint64_t)(g->window ^ m->side[s].window) << 16 | (uint16_t)(g->ip_id - m->side[s].ip_id);
    pair(w, packs, &octets, &rest);
    g->payload_len = (uint32_t)octets;
    g->window = (uint16_t)(rest >> 16) ^ m->side[s].window;
    g->ip_id = (uint16_t)(rest + m->side[s].ip_id);
    learn(m, g);
}

/* ---- what is kept --------------------------------------------------------------------------- */

/* Index of the same entry in the log, or log_count. */
static unsigned place_in_log(const struct detail *d, const struct log_entry *g)
{
    for (unsigned i = d->log_count; i-- > 0;) {
        if (d->log[i].nth == g->nth)
            return memcmp(&d->log[i], g, sizeof *g) == 0 ? i : d->log_count;
    }
    return d->log_count;
}

/* The entries that are kept as something, each told by its place in the log or by itself. */
static inline void walk_kept(struct walk *w, bool packs, const struct detail *d,
                             struct side_detail *own, struct model *m)
{
    uint64_t roles =
        own->kept_as[0] | (uint64_t)own->kept_as[1] << 4 | (uint64_t)own->kept_as[2] << 8;
    uint64_t places = 0;
    unsigned used = 0;
    for (unsigned as = 0; packs && as < KEPT_ROLES; as++)
        used |= 1u << own->kept_as[as];
    for (unsigned i = 0; packs && i < KEPT_ROLES; i++) {
        if (used & 2u << i)
            places |= (uint64_t)place_in_log(d, &own->kept[i]) << 8 * i;
    }
    pair(w, packs, &roles, &places);
    for (unsigned as = 0; as < KEPT_ROLES; as++) {
        own->kept_as[as] = roles >> 4 * as & 15;
        used |= 1u << own->kept_as[as];
    }
    for (unsigned i = 0; i < KEPT_ROLES; i++) {
        unsigned place = places >> 8 * i & 255;
        if (!(used & 2u << i))
            continue;
        if (place == d->log_count)
            walk_entry(w, packs, &own->kept[i], m);
        else if (!packs)
            own->kept[i] = d->log[place];
    }
}

/* A copy of it may still come, even where clocks disagree. */
static bool may_be_copied(const struct recent_segment *segment, uint32_t now_us)
{
    const uint32_t worth_us = 2 * (uint32_t)(ROUTED_COPY_NS / 1000);
    return segment->signature && now_us - segment->sent_us + worth_us <= 2 * worth_us;
}

/* From the newest to the oldest that may be copied. */
static void walk_earlier(struct walk *w, bool packs, const struct connection *c,
                         struct side_detail *own)
{
    uint32_t now_us = connection_us(c, connection_last_ns(c));
    uint64_t count = 0, none = 0;
    struct recent_segment *at[EARLIER_SEGMENTS];
    for (unsigned i = 0; i < EARLIER_SEGMENTS; i++) {
        at[i] = &own->earlier[(own->oldest + 2u * EARLIER_SEGMENTS - 1 - i) % EARLIER_SEGMENTS];
        if (packs && may_be_copied(at[i], now_us))
            count = i + 1;
    }
    pair(w, packs, &count, &none);
    for (unsigned i = 0; i < count; i++)
        pair_32(w, packs, &at[i]->signature, 0, &at[i]->sent_us, now_us);
}

/* ---- a side --------------------------------------------------------------------------------- */

static inline uint64_t seldom_word(const struct side_detail *own, size_t i)
{
    uint64_t word;
    memcpy(&word, (const char *)own + SELDOM_FIRST + 8 * i, sizeof word);
    return word;
}

static uint64_t seldom_bits(const struct side_detail *own)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < SELDOM_WORDS; i++)
        bits |= (uint64_t)(seldom_word(own, i) != 0) << i;
    return bits;
}

static void walk_seldom(struct walk *w, bool packs, struct side_detail *own, uint64_t bits)
{
    uint64_t none = 0;
    for (size_t i = 0; i < SELDOM_WORDS; i++) {
        if (!(bits >> i & 1))
            continue;
        uint64_t word = seldom_word(own, i);
        pair(w, packs, &word, &none);
        memcpy((char *)own + SELDOM_FIRST + 8 * i, &word, sizeof word);
    }
}

static inline void walk_side(struct walk *w, bool packs, const struct connection *c,
                             struct detail *d, int s, struct model *m)
{
    struct side_detail *own = &d->side[s];
    int64_t guess_ns = connection_last_ns(c);
    pair_times(w, packs, &own->data_ns, &own->timer_ns, guess_ns);
    pair_times(w, packs, &own->unanswered_ns, &own->unanswered_idle_ns, guess_ns);
    uint64_t last_ns = (uint64_t)own->last_idle_ns, data_ns = (uint64_t)own->data_idle_ns;
    pair_64(w, packs, &last_ns, 0, &data_ns, 0);
    uint64_t runs = own->again_run | (uint64_t)own->resends << 16 | (uint64_t)own->probe_run << 32 |
                    (uint64_t)own->again_grown << 48;
    uint64_t una = (uint64_t)fold_32(c->side[s].una.n - own->una_before.n) << 2 |
                   (uint64_t)own->again_acked << 1 | own->una_advanced;
    pair(w, packs, &runs, &una);
    uint64_t ends = own->fins | (uint64_t)own->rsts << 32;
    uint64_t fin = own->fins ? fold_32(c->side[s].nxt.n - own->fin_seq.n) + UINT64_C(1) : 0;
    w->failed |= !own->fins && own->fin_seq.n;
    pair(w, packs, &ends, &fin);
    uint64_t mss = own->mss, bits = packs ? seldom_bits(own) : 0;
    pair(w, packs, &mss, &bits);
    if (!packs) {
        own->last_idle_ns = (int64_t)last_ns;
        own->data_idle_ns = (int64_t)data_ns;
        own->again_run = (uint16_t)runs;
        own->resends = (uint16_t)(runs >> 16);
        own->probe_run = (uint16_t)(runs >> 32);
        own->again_grown = (uint16_t)(runs >> 48);
        own->una_before.n = c->side[s].una.n - unfold_32((uint32_t)(una >> 2));
        own->again_acked = una >> 1 & 1;
        own->una_advanced = una & 1;
        own->fins = (uint32_t)ends;
        own->rsts = (uint32_t)(ends >> 32);
        own->fin_seq.n = fin ? c->side[s].nxt.n - unfold_32((uint32_t)(fin - 1)) : 0;
        own->mss = (uint16_t)mss;
    }
    walk_seldom(w, packs, own, bits);
    walk_kept(w, packs, d, own, m);
    walk_earlier(w, packs, c, own);
}

/* ---- the detail ----------------------------------------------------------------------------- */

enum has { HAS_START = 1u << 0, HAS_ACK_RUN = 1u << 1, HAS_PREVIOUS = 1u << 2, HAS_BITS = 3 };

static unsigned has_of(const struct detail *d)
{
    const struct ack_run *run = &d->ack_run;
    return (d->start.taken ? HAS_START : 0u) |
           (run->last_ns || run->count || run->most || run->side ? HAS_ACK_RUN : 0u) |
           (d->previous || d->reused || d->reused_ns ? HAS_PREVIOUS : 0u);
}

static void walk_start(struct walk *w, bool packs, const struct connection *c,
                       struct close_start *start)
{
    uint64_t windows = start->window[0] | (uint64_t)start->window[1] << 16;
    uint64_t seen = start->seen[0] | (uint64_t)start->seen[1] << 1;
    pair(w, packs, &windows, &seen);
    pair_32(w, packs, &start->nxt[0].n, c->side[0].nxt.n, &start->nxt[1].n, c->side[1].nxt.n);
    pair_32(w, packs, &start->outstanding[0], 0, &start->outstanding[1], 0);
    pair_times(w, packs, &start->last_ns[0], &start->last_ns[1], connection_last_ns(c));
    start->taken = true;
    for (int s = 0; s < 2; s++) {
        start->window[s] = (uint16_t)(windows >> 16 * s);
        start->seen[s] = seen >> s & 1;
    }
}

static void walk_ack_run(struct walk *w, bool packs, const struct connection *c,
                         struct ack_run *run)
{
    uint64_t last = packs ? code_of_time(w, run->last_ns, connection_last_ns(c)) : 0;
    uint64_t count = (uint64_t)run->count << 1 | run->side, most = run->most, none = 0;
    pair(w, packs, &last, &count);
    pair(w, packs, &most, &none);
    if (packs)
        return;
    run->last_ns = time_of_code(last, connection_last_ns(c));
    run->count = (uint32_t)(count >> 1);
    run->side = count & 1;
    run->most = (uint32_t)most;
}

static void walk_previous(struct walk *w, bool packs, const struct connection *c, struct detail *d)
{
    uint64_t previous = (uintptr_t)d->previous, reused = d->reused;
    pair(w, packs, &previous, &reused);
    int64_t none = 0;
    pair_times(w, packs, &d->reused_ns, &none, connection_last_ns(c));
    if (packs)
        return;
    d->previous = (struct previous_use *)(uintptr_t)previous;
    d->reused = reused;
}

/* Where it is unpacked, `d` is zero but for the room of its log. */
static inline void walk_detail(struct walk *w, bool packs, const struct connection *c,
                               struct detail *d)
{
    uint64_t head = (uint64_t)d->log_count << HAS_BITS | (packs ? has_of(d) : 0);
    uint64_t more = (uint64_t)(d->log_total - d->log_count) << 8 | d->packed;
    pair(w, packs, &head, &more);
    unsigned has = head & ((1u << HAS_BITS) - 1);
    d->log_count = (uint16_t)(head >> HAS_BITS);
    d->log_total = d->log_count + (uint32_t)(more >> 8);
    d->packed = (uint8_t)more;
    struct model m = model_of(c);
    for (unsigned i = 0; i < d->log_count; i++)
        walk_entry(w, packs, &d->log[i], &m);
    if (has & HAS_START)
        walk_start(w, packs, c, &d->start);
    if (has & HAS_ACK_RUN)
        walk_ack_run(w, packs, c, &d->ack_run);
    if (has & HAS_PREVIOUS)
        walk_previous(w, packs, c, d);
    for (int s = 0; s < 2; s++)
        walk_side(w, packs, c, d, s, &m);
}

static void read_detail(const struct connection *c, struct detail *d)
{
    struct walk w = {.from = c->packing->octets};
    walk_detail(&w, false, c, d);
}

/* Known before the log has its room. */
static unsigned log_count_of(const struct packed_detail *packing)
{
    struct walk w = {.from = packing->octets};
    uint64_t head, more;
    get_pair(&w, &head, &more);
    return (unsigned)(head >> HAS_BITS);
}

static bool owns_more(const struct detail *d)
{
    const struct side_detail *a = &d->side[0], *b = &d->side[1];
    return d->previous || a->holes || b->holes || a->run || b->run || a->reset_reason ||
           b->reset_reason;
}

static size_t log_bytes(const struct detail *d)
{
    return d->log == d->within ? 0 : d->log_room * sizeof *d->log;
}

bool detail_pack(struct connection *c, uint32_t *place)
{
    uint8_t octets[PACKED_MAX];
    struct detail *d = c->detail;
    struct walk w = {.to = octets};
    if (d->packed == PACKED_OFTEN)
        return false;
    d->packed++;
    walk_detail(&w, true, c, d);
    size_t count = (size_t)(w.to - octets);
    size_t bytes = offsetof(struct packed_detail, octets) + count + SLACK;
    struct packed_detail *packing = w.failed ? NULL : malloc(bytes);
    if (!packing)
        return false;
    size_t owned_bytes = connection_extra_bytes(c) - sizeof *d - log_bytes(d);
    packing->held_bytes = (uint32_t)(bytes + owned_bytes);
    packing->owns = owns_more(d);
    memcpy(packing->octets, octets, count);
    memset(packing->octets + count, 0, SLACK);
    if (d->log != d->within)
        free(d->log);
    *place = d->place;
    if (!d->place)
        free(d);
    c->packing = packing;
    c->packed = true;
    return true;
}

void detail_look(const struct connection *c, struct detail_room *room)
{
    memset(&room->detail, 0, offsetof(struct detail, within));
    room->detail.log = room->log;
    room->detail.log_room = LOG_MAX;
    read_detail(c, &room->detail);
}

/* Room for the log to go on, as log_room() would have made it. */
static struct log_entry *room_for(unsigned count, uint16_t *room)
{
    *room = LOG_WITHIN;
    while (*room < count)
        *room = (uint16_t)(*room * 2);
    return malloc(*room * sizeof(struct log_entry));
}

bool detail_unpack(struct connection *c, struct detail *lent, uint32_t place)
{
    struct packed_detail *packing = c->packing;
    unsigned count = log_count_of(packing);
    struct detail *d = lent ? lent : calloc(1, sizeof *d);
    if (!d)
        return false;
    d->log = d->within;
    d->log_room = LOG_WITHIN;
    if (count > LOG_WITHIN)
        d->log = room_for(count, &d->log_room);
    if (!d->log) {
        if (!lent)
            free(d);
        return false;
    }
    read_detail(c, d);
    d->place = lent ? place : 0;
    free(packing);
    c->detail = d;
    c->packed = false;
    return true;
}

void detail_forget(struct connection *c)
{
    struct packed_detail *packing = c->packing;
    struct detail_room room;
    if (packing->owns)
        detail_look(c, &room);
    c->packed = false;
    c->detail = packing->owns ? &room.detail : NULL;
    free(packing);
    if (!c->detail)
        return;
    room.detail.log = room.detail.within;
    room.detail.place = UINT32_MAX; /* nobody's */
    connection_finish(c);
}

size_t detail_packed_bytes(const struct connection *c)
{
    return c->packing->held_bytes;
}
