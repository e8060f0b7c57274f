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

/* Whole words are read and written where fewer octets stand. */
#define SLACK 4u

/* What four numbers take at most. */
#define QUAD_MAX 17u

#define SELDOM_FIRST offsetof(struct side_detail, holes)
#define SELDOM_WORDS ((sizeof(struct side_detail) - SELDOM_FIRST) / 8)

_Static_assert(SELDOM_FIRST % 8 == 0 && sizeof(struct side_detail) % 8 == 0 && SELDOM_WORDS <= 32,
               "what is seldom is whole words, a bit for each");

#define ENTRIES_MAX (LOG_MAX + 2u * KEPT_ROLES)
#define ENTRY_MAX   (3 * QUAD_MAX + 16)
#define SIDE_MAX    ((5 + EARLIER_SEGMENTS / 2) * QUAD_MAX + 8 * (6 + SELDOM_WORDS))
#define PACKED_MAX  (ENTRIES_MAX * ENTRY_MAX + 2 * SIDE_MAX + 8 * QUAD_MAX + SLACK)

/* ---- numbers -------------------------------------------------------------------------------- */

/* One walk over all that is packed goes both ways, so that they cannot differ: `to` where it is
 * being packed, else `from`. The compiler makes two of it. */
struct walk {
    uint8_t *to;
    const uint8_t *from;
    uint32_t unit_ns; /* times are told in these where they can be */
};

/* None, one, two or four octets, as two bits say: by how many bits a number has. */
#define ALL_OF(n) n, n, n, n, n, n, n, n
#define BY_BITS(none, one, two, four)                                                              \
    {                                                                                              \
        none, ALL_OF(one), ALL_OF(two), ALL_OF(four), ALL_OF(four)                                 \
    }

static const uint8_t code_of_bits[33] = BY_BITS(0, 1, 2, 3);
static const uint8_t octets_of_bits[33] = BY_BITS(0, 1, 2, 4);
static const uint8_t octets_of_code[4] = {0, 1, 2, 4};
static const uint32_t mask_of_code[4] = {0, UINT8_MAX, UINT16_MAX, UINT32_MAX};

/* Puts the number down and returns its code. */
static ALWAYS_INLINE unsigned put_number(struct walk *w, uint32_t n)
{
    size_t bits = 63u ^ (unsigned)__builtin_clzll((uint64_t)n << 1 | 1);
    n = htole32(n);
    memcpy(w->to, &n, sizeof n);
    w->to += octets_of_bits[bits];
    return code_of_bits[bits];
}

static ALWAYS_INLINE uint32_t get_number(struct walk *w, unsigned code)
{
    uint32_t n;
    memcpy(&n, w->from, sizeof n);
    w->from += octets_of_code[code];
    return le32toh(n) & mask_of_code[code];
}

/* Four numbers, an octet of lengths before them. */
static ALWAYS_INLINE void quad(struct walk *w, bool packs, uint32_t n[4])
{
    if (!packs) {
        unsigned codes = *w->from++;
        for (int i = 0; i < 4; i++)
            n[i] = get_number(w, codes >> 2 * i & 3);
        return;
    }
    uint8_t *codes = w->to++;
    unsigned all = 0;
    for (int i = 0; i < 4; i++)
        all |= put_number(w, n[i]) << 2 * i;
    *codes = (uint8_t)all;
}

static ALWAYS_INLINE void raw(struct walk *w, bool packs, void *what, size_t bytes)
{
    if (packs) {
        memcpy(w->to, what, bytes);
        w->to += bytes;
    } else {
        memcpy(what, w->from, bytes);
        w->from += bytes;
    }
}

/* False when the span cannot be told in units, but as it is. */
static ALWAYS_INLINE bool in_units(const struct walk *w, uint64_t span_ns, uint32_t *units)
{
    uint64_t n = w->unit_ns == 1 ? span_ns : span_ns / 1000;
    *units = (uint32_t)n;
    return n < UINT32_MAX && n * w->unit_ns == span_ns;
}

/* A time before `last_ns`, or 0. */
static ALWAYS_INLINE bool time_in_units(const struct walk *w, int64_t time_ns, int64_t last_ns,
                                        uint32_t *units)
{
    bool fits = in_units(w, (uint64_t)last_ns - (uint64_t)time_ns, units);
    *units = time_ns ? *units + 1 : 0;
    return fits || !time_ns;
}

static ALWAYS_INLINE int64_t time_of_units(const struct walk *w, uint32_t units, int64_t last_ns)
{
    return units ? (int64_t)((uint64_t)last_ns - (uint64_t)(units - 1) * w->unit_ns) : 0;
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

static ALWAYS_INLINE void learn(struct model *m, const struct log_entry *g)
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

/* In an entry's head, beside its sender and its flags. */
enum {
    ENTRY_FLAGS = 1,            /* from this bit on */
    ENTRY_ASTRAY = 1u << 9,     /* not all of it is as guessed that most often is */
    ENTRY_AT_LENGTH = 1u << 10, /* time and frame cannot be told from those before */
};

/* When and where it passed, and who sent it. */
static ALWAYS_INLINE uint32_t walk_head(struct walk *w, bool packs, struct log_entry *g,
                                        const struct model *m, bool astray)
{
    uint32_t n[4] = {0};
    if (packs) {
        uint64_t frames = g->frame - m->frame;
        bool fits = in_units(w, (uint64_t)g->time_ns - m->time_ns, &n[0]) && frames <= UINT32_MAX;
        n[0] = fits ? n[0] : 0;
        n[1] = fits ? (uint32_t)frames : 0;
        n[2] = g->side | (uint32_t)g->flags << ENTRY_FLAGS | (astray ? ENTRY_ASTRAY : 0u) |
               (fits ? 0u : ENTRY_AT_LENGTH);
        n[3] = g->nth - m->nth - 1;
    }
    quad(w, packs, n);
    if (!packs) {
        g->side = n[2] & 1;
        g->flags = (uint8_t)(n[2] >> ENTRY_FLAGS);
        g->nth = n[3] + m->nth + 1;
        g->time_ns = (int64_t)(m->time_ns + (uint64_t)n[0] * w->unit_ns);
        g->frame = m->frame + n[1];
    }
    if (UNLIKELY(n[2] & ENTRY_AT_LENGTH)) {
        raw(w, packs, &g->time_ns, sizeof g->time_ns);
        raw(w, packs, &g->frame, sizeof g->frame);
    }
    return n[2];
}

static ALWAYS_INLINE void walk_entry(struct walk *w, bool packs, struct log_entry *g,
                                     struct model *m)
{
    uint32_t usual[4] = {0}, astray[4] = {0};
    if (packs) {
        unsigned s = g->side & 1u;
        bool stamped = g->marks & LOG_TIMESTAMPS;
        usual[0] = g->payload_len;
        usual[1] = g->ts_val - (stamped ? m->side[s].stamp : 0);
        usual[2] = (uint16_t)(g->ip_id - m->side[s].ip_id);
        usual[3] = (uint16_t)(g->window ^ m->side[s].window);
        astray[0] = g->seq.n - m->side[s].next;
        astray[1] = (g->flags & TCP_ACK ? m->side[!s].next : 0) - g->ack.n;
        astray[2] = (stamped ? m->side[!s].stamp : 0) - g->ts_ecr;
        astray[3] = (uint32_t)(g->marks ^ m->side[s].marks) | (uint32_t)(g->ttl ^ m->side[s].ttl)
                                                                  << 8;
    }
    bool is_astray = astray[0] | astray[1] | astray[2] | astray[3];
    uint32_t head = walk_head(w, packs, g, m, is_astray);
    quad(w, packs, usual);
    if (head & ENTRY_ASTRAY)
        quad(w, packs, astray);
    if (!packs) {
        unsigned s = g->side & 1u;
        g->marks = (uint8_t)astray[3] ^ m->side[s].marks;
        g->ttl = (uint8_t)(astray[3] >> 8) ^ m->side[s].ttl;
        bool stamped = g->marks & LOG_TIMESTAMPS;
        g->payload_len = usual[0];
        g->ts_val = usual[1] + (stamped ? m->side[s].stamp : 0);
        g->ip_id = (uint16_t)(usual[2] + m->side[s].ip_id);
        g->window = (uint16_t)(usual[3] ^ m->side[s].window);
        g->seq.n = astray[0] + m->side[s].next;
        g->ack.n = (g->flags & TCP_ACK ? m->side[!s].next : 0) - astray[1];
        g->ts_ecr = (stamped ? m->side[!s].stamp : 0) - astray[2];
    }
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

/* Of `kept` those that are kept as something: bits. */
static ALWAYS_INLINE unsigned used_of(const struct side_detail *own)
{
    return (1u << own->kept_as[0] | 1u << own->kept_as[1] | 1u << own->kept_as[2]) >> 1;
}

static uint32_t places_of(const struct detail *d, const struct side_detail *own)
{
    uint32_t places = 0;
    for (unsigned i = 0, used = used_of(own); i < KEPT_ROLES; i++) {
        if (used >> i & 1)
            places |= (uint32_t)place_in_log(d, &own->kept[i]) << 8 * i;
    }
    return places;
}

/* Each is told by its place in the log, or else from the log's first entries. */
static ALWAYS_INLINE void walk_kept(struct walk *w, bool packs, const struct detail *d,
                                    struct side_detail *own, uint32_t places,
                                    const struct model *first)
{
    struct model m = *first;
    for (unsigned i = 0, used = used_of(own); i < KEPT_ROLES; i++) {
        unsigned place = places >> 8 * i & 255;
        if (!(used >> i & 1))
            continue;
        if (place == d->log_count)
            walk_entry(w, packs, &own->kept[i], &m);
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

static ALWAYS_INLINE struct recent_segment *earlier_at(struct side_detail *own, unsigned age)
{
    unsigned at = own->oldest + (EARLIER_SEGMENTS - 1u) - age;
    return &own->earlier[at < EARLIER_SEGMENTS ? at : at - EARLIER_SEGMENTS];
}

/* From the newest to the oldest that may be copied. */
static unsigned earlier_worth(struct side_detail *own, uint32_t now_us)
{
    unsigned count = 0;
    for (unsigned age = 0; age < EARLIER_SEGMENTS; age++) {
        if (may_be_copied(earlier_at(own, age), now_us))
            count = age + 1;
    }
    return count;
}

static ALWAYS_INLINE void walk_earlier(struct walk *w, bool packs, struct side_detail *own,
                                       unsigned count, uint32_t now_us)
{
    for (unsigned age = 0; age < count; age += 2) {
        bool two = age + 1 < count;
        struct recent_segment *a = earlier_at(own, age), *b = earlier_at(own, age + two);
        uint32_t n[4] = {a->signature, now_us - a->sent_us, two ? b->signature : 0,
                         two ? now_us - b->sent_us : 0};
        quad(w, packs, n);
        if (packs)
            continue;
        *a = (struct recent_segment){.signature = n[0], .sent_us = now_us - n[1]};
        if (two)
            *b = (struct recent_segment){.signature = n[2], .sent_us = now_us - n[3]};
    }
}

/* ---- a side --------------------------------------------------------------------------------- */

static uint32_t seldom_bits(const struct side_detail *own)
{
    uint64_t words[SELDOM_WORDS], any = 0;
    memcpy(words, (const char *)own + SELDOM_FIRST, sizeof words);
    for (size_t i = 0; i < SELDOM_WORDS; i++)
        any |= words[i];
    uint32_t bits = 0;
    for (size_t i = 0; any && i < SELDOM_WORDS; i++)
        bits |= (uint32_t)(words[i] != 0) << i;
    return bits;
}

static void walk_seldom(struct walk *w, bool packs, struct side_detail *own, uint32_t bits)
{
    for (size_t i = 0; bits >> i; i++) {
        if (bits >> i & 1)
            raw(w, packs, (char *)own + SELDOM_FIRST + 8 * i, 8);
    }
}

enum { DATA_AT, TIMER_AT, UNANSWERED_AT, UNANSWERED_IDLE, LAST_IDLE, DATA_IDLE, MOMENTS };

/* Moments are told from the last segment's, spans as they are; those of bits `at_length` in full.
 */
static ALWAYS_INLINE uint32_t moments_to_units(const struct walk *w, const struct side_detail *own,
                                               int64_t last_ns, uint32_t units[8])
{
    bool fits[MOMENTS];
    fits[DATA_AT] = time_in_units(w, own->data_ns, last_ns, &units[DATA_AT]);
    fits[TIMER_AT] = time_in_units(w, own->timer_ns, last_ns, &units[TIMER_AT]);
    fits[UNANSWERED_AT] = time_in_units(w, own->unanswered_ns, last_ns, &units[UNANSWERED_AT]);
    fits[UNANSWERED_IDLE] = in_units(w, (uint64_t)own->unanswered_idle_ns, &units[UNANSWERED_IDLE]);
    fits[LAST_IDLE] = in_units(w, (uint64_t)own->last_idle_ns, &units[LAST_IDLE]);
    fits[DATA_IDLE] = in_units(w, (uint64_t)own->data_idle_ns, &units[DATA_IDLE]);
    uint32_t at_length = 0;
    for (int i = 0; i < MOMENTS; i++)
        at_length |= (uint32_t)!fits[i] << i;
    return at_length;
}

static ALWAYS_INLINE void moments_of_units(const struct walk *w, struct side_detail *own,
                                           int64_t last_ns, const uint32_t units[8])
{
    own->data_ns = time_of_units(w, units[DATA_AT], last_ns);
    own->timer_ns = time_of_units(w, units[TIMER_AT], last_ns);
    own->unanswered_ns = time_of_units(w, units[UNANSWERED_AT], last_ns);
    own->unanswered_idle_ns = (int64_t)units[UNANSWERED_IDLE] * w->unit_ns;
    own->last_idle_ns = (int64_t)units[LAST_IDLE] * w->unit_ns;
    own->data_idle_ns = (int64_t)units[DATA_IDLE] * w->unit_ns;
}

static void walk_at_length(struct walk *w, bool packs, struct side_detail *own, uint32_t at_length)
{
    int64_t *moments[MOMENTS] = {&own->data_ns,       &own->timer_ns,
                                 &own->unanswered_ns, &own->unanswered_idle_ns,
                                 &own->last_idle_ns,  &own->data_idle_ns};
    for (int i = 0; i < MOMENTS; i++) {
        if (at_length >> i & 1)
            raw(w, packs, moments[i], sizeof *moments[i]);
    }
}

enum { HAS_FIN = 1u << 0, HAS_RUNS = 1u << 1 };

static ALWAYS_INLINE void walk_side(struct walk *w, bool packs, const struct connection *c,
                                    struct detail *d, int s, const struct model *first)
{
    const struct side *side = &c->side[s];
    struct side_detail *own = &d->side[s];
    int64_t last_ns = connection_last_ns(c);
    uint32_t now_us = connection_us(c, last_ns);
    uint32_t moments[8] = {0}, ends[4] = {0}, kept[4] = {0}, runs[4] = {0};
    if (packs) {
        uint32_t at_length = moments_to_units(w, own, last_ns, moments);
        moments[6] = side->una.n - own->una_before.n;
        moments[7] = at_length << 2 | (uint32_t)own->again_acked << 1 | own->una_advanced;
        runs[0] = own->again_run | (uint32_t)own->resends << 16;
        runs[1] = own->probe_run | (uint32_t)own->again_grown << 16;
        bool fin = own->fins || own->fin_seq.n;
        ends[0] = own->fins;
        ends[1] = own->rsts;
        ends[2] = fin ? side->nxt.n - own->fin_seq.n : 0;
        ends[3] = own->mss;
        kept[0] = own->kept_as[0] | (uint32_t)own->kept_as[1] << 2 | (uint32_t)own->kept_as[2] << 4;
        kept[1] = places_of(d, own);
        kept[2] = seldom_bits(own);
        kept[3] = earlier_worth(own, now_us) << 2 | (runs[0] || runs[1] ? HAS_RUNS : 0u) |
                  (fin ? HAS_FIN : 0u);
    }
    quad(w, packs, moments);
    quad(w, packs, moments + 4);
    quad(w, packs, ends);
    quad(w, packs, kept);
    if (UNLIKELY(kept[3] & HAS_RUNS))
        quad(w, packs, runs);
    if (!packs) {
        moments_of_units(w, own, last_ns, moments);
        own->una_before.n = side->una.n - moments[6];
        own->again_acked = moments[7] >> 1 & 1;
        own->una_advanced = moments[7] & 1;
        own->again_run = (uint16_t)runs[0];
        own->resends = (uint16_t)(runs[0] >> 16);
        own->probe_run = (uint16_t)runs[1];
        own->again_grown = (uint16_t)(runs[1] >> 16);
        own->fins = ends[0];
        own->rsts = ends[1];
        own->fin_seq.n = kept[3] & HAS_FIN ? side->nxt.n - ends[2] : 0;
        own->mss = (uint16_t)ends[3];
        for (int as = 0; as < KEPT_ROLES; as++)
            own->kept_as[as] = kept[0] >> 2 * as & 3;
    }
    if (UNLIKELY(moments[7] >> 2))
        walk_at_length(w, packs, own, moments[7] >> 2);
    if (UNLIKELY(kept[2]))
        walk_seldom(w, packs, own, kept[2]);
    walk_kept(w, packs, d, own, kept[1], first);
    walk_earlier(w, packs, own, kept[3] >> 2, now_us);
}

/* ---- the detail ----------------------------------------------------------------------------- */

enum has {
    HAS_START = 1u << 0,
    HAS_ACK_RUN = 1u << 1,
    HAS_PREVIOUS = 1u << 2,
    HAS_NANOSECONDS = 1u << 3,
    HAS_BITS = 4
};

static uint32_t has_of(const struct connection *c, const struct detail *d)
{
    const struct ack_run *run = &d->ack_run;
    return (d->start.taken ? HAS_START : 0u) |
           (run->last_ns || run->count || run->most || run->side ? HAS_ACK_RUN : 0u) |
           (d->previous || d->reused || d->reused_ns ? HAS_PREVIOUS : 0u) |
           (c->first_ns % 1000 ? HAS_NANOSECONDS : 0u);
}

static ALWAYS_INLINE void walk_start(struct walk *w, bool packs, const struct connection *c,
                                     struct close_start *start)
{
    uint32_t a[4] = {0}, b[4] = {0};
    if (packs) {
        bool fits = true;
        for (int s = 0; s < 2; s++) {
            a[s] = c->side[s].nxt.n - start->nxt[s].n;
            b[s] = start->outstanding[s];
            fits &= time_in_units(w, start->last_ns[s], connection_last_ns(c), &b[2 + s]);
        }
        a[2] = start->window[0] | (uint32_t)start->window[1] << 16;
        a[3] = start->seen[0] | (uint32_t)start->seen[1] << 1 | (fits ? 0u : 4u);
    }
    quad(w, packs, a);
    quad(w, packs, b);
    for (int s = 0; !packs && s < 2; s++) {
        start->taken = true;
        start->nxt[s].n = c->side[s].nxt.n - a[s];
        start->outstanding[s] = b[s];
        start->last_ns[s] = time_of_units(w, b[2 + s], connection_last_ns(c));
        start->window[s] = (uint16_t)(a[2] >> 16 * s);
        start->seen[s] = a[3] >> s & 1;
    }
    if (UNLIKELY(a[3] & 4))
        raw(w, packs, start->last_ns, sizeof start->last_ns);
}

static ALWAYS_INLINE void walk_ack_run(struct walk *w, bool packs, const struct connection *c,
                                       struct ack_run *run)
{
    uint32_t n[4] = {0};
    if (packs) {
        bool fits = time_in_units(w, run->last_ns, connection_last_ns(c), &n[0]);
        n[1] = run->count;
        n[2] = run->most;
        n[3] = run->side | (fits ? 0u : 2u);
    }
    quad(w, packs, n);
    if (!packs) {
        run->last_ns = time_of_units(w, n[0], connection_last_ns(c));
        run->count = n[1];
        run->most = n[2];
        run->side = n[3] & 1;
    }
    if (UNLIKELY(n[3] & 2))
        raw(w, packs, &run->last_ns, sizeof run->last_ns);
}

static void walk_previous(struct walk *w, bool packs, struct detail *d)
{
    raw(w, packs, &d->previous, sizeof(void *));
    raw(w, packs, &d->reused, sizeof d->reused);
    raw(w, packs, &d->reused_ns, sizeof d->reused_ns);
}

/* Where it is unpacked, `d` is zero but for the room of its log. */
static ALWAYS_INLINE void walk_detail(struct walk *w, bool packs, const struct connection *c,
                                      struct detail *d)
{
    uint32_t head[4] = {0};
    if (packs) {
        head[0] = (uint32_t)d->log_count << HAS_BITS | has_of(c, d);
        head[1] = d->log_total - d->log_count;
        head[2] = d->packed;
    }
    quad(w, packs, head);
    if (!packs) {
        d->log_count = (uint16_t)(head[0] >> HAS_BITS);
        d->log_total = d->log_count + head[1];
        d->packed = (uint8_t)head[2];
    }
    w->unit_ns = head[0] & HAS_NANOSECONDS ? 1 : 1000;
    struct model m = model_of(c), first = m;
    for (unsigned i = 0; i < d->log_count; i++) {
        walk_entry(w, packs, &d->log[i], &m);
        if (i < 2)
            first = m;
    }
    if (head[0] & HAS_START)
        walk_start(w, packs, c, &d->start);
    if (head[0] & HAS_ACK_RUN)
        walk_ack_run(w, packs, c, &d->ack_run);
    if (UNLIKELY(head[0] & HAS_PREVIOUS))
        walk_previous(w, packs, d);
    for (int s = 0; s < 2; s++)
        walk_side(w, packs, c, d, s, &first);
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
    uint32_t head[4];
    quad(&w, false, head);
    return head[0] >> HAS_BITS;
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
    struct packed_detail *packing = malloc(bytes);
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
