#include "analyzer/anomaly/scene.h"

#include "analyzer/elapsed.h"

#include <stddef.h>
#include <string.h>

/* ---- saying it ------------------------------------------------------------------------------ */

#define CAVEAT_BIT(caveat) (1u << (caveat))

/* What stands in the way of each need. */
static const struct {
    enum rule_need need;
    uint32_t caveats;
} obstacles[] = {
    {NEEDS_BOTH_DIRECTIONS, CAVEAT_BIT(CAVEAT_ONE_DIRECTION)},
    {NEEDS_HANDSHAKE, CAVEAT_BIT(CAVEAT_STARTS_MID_STREAM)},
    {NEEDS_TIME, CAVEAT_BIT(CAVEAT_NO_TIMESTAMPS) | CAVEAT_BIT(CAVEAT_CLOCK_BACKWARDS)},
    {NEEDS_LENGTHS, CAVEAT_BIT(CAVEAT_SNAPLEN_CUT)},
};

static bool can_see(const struct scene *s, unsigned needs)
{
    for (unsigned i = 0; i < sizeof obstacles / sizeof *obstacles; i++) {
        if (needs & obstacles[i].need && s->verdict->caveats & obstacles[i].caveats)
            return false;
    }
    return true;
}

const struct anomaly_verdict *said(const struct scene *s, enum rule_id rule, int x)
{
    for (uint32_t i = 0; i < s->found->count; i++) {
        const struct anomaly_verdict *a = &s->found->items[i];
        if (a->rule == rule && (x == NO_SIDE || a->endpoint == role_of_side(s, x)))
            return a;
    }
    return NULL;
}

/* `list` is ids with blanks between. */
static bool named_in(const char *list, const char *id)
{
    size_t length = strlen(id);
    for (const char *at = strstr(list, id); at; at = strstr(at + 1, id)) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (at[length] == '\0' || at[length] == ' '))
            return true;
    }
    return false;
}

static bool yields(const struct scene *s, enum rule_id rule, int x)
{
    for (uint32_t i = 0; i < s->found->count; i++) {
        const struct anomaly_verdict *a = &s->found->items[i];
        if ((x == NO_SIDE || a->endpoint == role_of_side(s, x)) &&
            named_in(rule_table[rule].yields, rule_table[a->rule].id))
            return true;
    }
    return false;
}

struct anomaly_verdict *say(struct scene *s, enum rule_id rule, int x, enum severity severity,
                            enum confidence confidence, int entry)
{
    unsigned needs = rule_table[rule].needs;
    if (!can_see(s, needs) || said(s, rule, x) || yields(s, rule, x) ||
        s->found->count == ANOMALIES_MAX)
        return NULL;
    if (needs & NEEDS_NO_LOSS && s->verdict->caveats & CAVEAT_BIT(CAVEAT_CAPTURE_LOST)) {
        severity = severity > SEVERITY_NOTICE ? SEVERITY_NOTICE : severity;
        confidence = CONFIDENCE_POSSIBLE;
    }
    struct anomaly_verdict *a = &s->found->items[s->found->count++];
    /* Of what was found only as much counts as was put in. */
    memset(a, 0, offsetof(struct anomaly_verdict, figures));
    a->at_ns = entry == NO_ENTRY ? TIME_UNKNOWN : captured_ns(s->ev, entry);
    a->rule = (uint8_t)rule;
    a->severity = (uint8_t)severity;
    a->confidence = (uint8_t)confidence;
    a->endpoint = (uint8_t)role_of_side(s, x);
    a->client_state = (uint8_t)state_before(s, s->client, entry);
    a->server_state = (uint8_t)state_before(s, !s->client, entry);
    a->caveats = s->verdict->caveats;
    return a;
}

static void add_evidence(struct anomaly_verdict *a, struct anomaly_evidence piece)
{
    a->evidence_total++;
    if (a->evidence_count < ANOMALY_EVIDENCE_MAX)
        a->evidence[a->evidence_count++] = piece;
}

static struct anomaly_evidence piece_of(const struct scene *s, const struct log_entry *g,
                                        int64_t at_ns, const char *note)
{
    return (struct anomaly_evidence){.at_ns = at_ns,
                                     .frame = g->frame,
                                     .note = note,
                                     .seq = g->seq.n,
                                     .ack = g->ack.n,
                                     .payload_len = g->payload_len,
                                     .flags = g->flags,
                                     .from = (uint8_t)role_of_side(s, g->side)};
}

void show(const struct scene *s, struct anomaly_verdict *a, int entry, const char *note)
{
    if (a && entry != NO_ENTRY)
        add_evidence(a, piece_of(s, &s->ev->log[entry], captured_ns(s->ev, entry), note));
}

void show_segment(const struct scene *s, struct anomaly_verdict *a, const struct log_entry *segment,
                  const char *note)
{
    if (a && segment)
        add_evidence(a, piece_of(s, segment, segment->time_ns, note));
}

static void add_figure(struct anomaly_verdict *a, struct anomaly_figure f)
{
    if (a && a->figure_count < ANOMALY_FIGURES_MAX)
        a->figures[a->figure_count++] = f;
}

void figure(struct anomaly_verdict *a, enum figure_id id, int64_t value)
{
    if (value >= 0)
        add_figure(a, (struct anomaly_figure){.id = (uint8_t)id, .integer = value});
}

void figure_signed(struct anomaly_verdict *a, enum figure_id id, int64_t value)
{
    add_figure(a, (struct anomaly_figure){.id = (uint8_t)id, .integer = value});
}

void figure_flag(struct anomaly_verdict *a, enum figure_id id, bool value)
{
    add_figure(a, (struct anomaly_figure){.id = (uint8_t)id, .integer = value});
}

void figure_word(struct anomaly_verdict *a, enum figure_id id, const char *word)
{
    if (word)
        add_figure(a, (struct anomaly_figure){.id = (uint8_t)id, .word = word});
}

/* ---- looking -------------------------------------------------------------------------------- */

int next_entry(const struct scene *s, int from, int x, unsigned mask, unsigned value)
{
    for (int i = from; i < s->ev->count; i++) {
        if (s->ev->log[i].side == x && (s->ev->log[i].flags & mask) == value)
            return i;
    }
    return NO_ENTRY;
}

int last_entry_before(const struct scene *s, int before, int x, unsigned mask, unsigned value)
{
    for (int i = before - 1; i >= 0; i--) {
        if (s->ev->log[i].side == x && (s->ev->log[i].flags & mask) == value)
            return i;
    }
    return NO_ENTRY;
}

/* Where in the log the state's cause stands; timers are placed by their time. */
static bool entered_before(const struct scene *s, const struct state_entry *state, int entry)
{
    if (state->frame == s->ev->log[entry].frame)
        return false;
    for (int i = 0; i < s->ev->count; i++) {
        if (s->ev->log[i].frame == state->frame)
            return i < entry;
    }
    return state->at_ns <= s->ev->log[entry].time_ns;
}

enum tcp_state state_before(const struct scene *s, int x, int entry)
{
    const struct endpoint_states *states = &s->states[x];
    enum tcp_state state = STATE_UNKNOWN;
    for (uint32_t i = 0; i < states->count; i++) {
        const struct state_entry *e = &states->entries[i];
        if (!e->retracted && (entry == NO_ENTRY || entered_before(s, e, entry)))
            state = (enum tcp_state)e->state;
    }
    return state;
}

int64_t between_ns(const struct scene *s, int from, int to)
{
    int64_t span_ns = elapsed_ns(s->ev->log[from].time_ns, s->ev->log[to].time_ns);
    return span_ns > 0 ? span_ns : 0;
}

int64_t seen_after_ns(const struct scene *s, int entry)
{
    int64_t span_ns = silence_since(s->ev, s->ev->log[entry].time_ns);
    return span_ns > 0 ? span_ns : 0;
}

int64_t rto_of(const struct scene *s, int x)
{
    (void)x; /* the way there and back is as long for the one as for the other */
    return retransmission_timeout_ns(s->ev);
}

const struct log_entry *last_before_close(const struct scene *s, int x)
{
    const struct log_entry *g = s->d ? kept_of(&s->d->side[x], KEPT_LAST) : NULL;
    return g && g->frame != FRAME_NONE ? g : NULL;
}

const struct log_entry *last_data_before_close(const struct scene *s, int x)
{
    const struct log_entry *g = s->d ? kept_of(&s->d->side[x], KEPT_DATA) : NULL;
    return g && g->frame != FRAME_NONE ? g : NULL;
}

uint32_t outstanding_at_close(const struct scene *s, int x)
{
    return s->d && s->d->start.taken ? s->d->start.outstanding[x] : 0;
}

bool is_sacked(const struct scene *s, int x, seq_t from, seq_t end)
{
    const struct seldom *own = s->d ? seldom_of(&s->d->side[x]) : NULL;
    return own && own->sacked && seq_ge(from, own->sacked_left) && seq_le(end, own->sacked_right);
}
