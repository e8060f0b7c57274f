#include "analyzer/state/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct outcome *selected(const struct script *s)
{
    if (s->selected < 1 || s->selected > s->outcome_count)
        script_wrong(s, "there is no such connection");
    return &s->outcomes[s->selected - 1];
}

/* ---- what was found instead ----------------------------------------------------------------- */

static void print_set(unsigned set)
{
    for (unsigned state = 0; state < STATES; state++) {
        if (set & 1u << state)
            print_error(" %s", tcp_state_name((enum tcp_state)state));
    }
}

static void print_end(const struct script *s, const char *name, const struct endpoint_verdict *e)
{
    print_error("    %s = %s%c in", name, tcp_state_name((enum tcp_state)e->state),
                e->state_certainty == CERTAINTY_CONFIRMED ? '!' : '?');
    print_set(e->possible_states);
    print_error("\n");
    for (uint32_t i = 0; i < e->state_count; i++) {
        const struct state_entry *entry = &e->states[i];
        double at = (double)(entry->at_ns - s->talk.origin_ns) / 1e9;
        print_error(
            "      %s%s%c @%u %s confirmed_by %u at %.6f\n", entry->retracted ? "retracted " : "",
            tcp_state_name((enum tcp_state)entry->state),
            entry->certainty == CERTAINTY_CONFIRMED ? '!' : '?', (unsigned)entry->frame,
            state_cause_name((enum state_cause)entry->cause), (unsigned)entry->confirmed_by, at);
    }
}

bool script_unfulfilled(const struct script *s)
{
    const struct connection_verdict *v = &selected(s)->verdict;
    print_error("after %u segments, not so: %s\n", s->count, s->line);
    print_end(s, "client", &v->client);
    print_end(s, "server", &v->server);
    print_error("    close %s by %s %s, handshake %s, caveats %#x\n",
                close_kind_name((enum close_kind)v->close.kind), role_name((enum role)v->close.by),
                certainty_name((enum certainty)v->close.by_certainty),
                handshake_name((enum handshake_kind)v->handshake), v->caveats);
    if (v->close.has_reset)
        print_error("    reset by %s %s %s\n", role_name((enum role)v->close.reset_by),
                    reset_form_name((enum reset_form)v->close.reset_form),
                    reset_stage_name((enum reset_stage)v->close.reset_stage));
    script_print_rules(v);
    return false;
}

/* ---- words ---------------------------------------------------------------------------------- */

/* The enumerator that `word` names; -1 when there is none. */
static int find_name(const char *word, int count, const char *(*name_of)(int))
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, name_of(i)) == 0)
            return i;
    }
    return -1;
}

#define NAME_OF(function, type, name)                                                              \
    static const char *name(int value)                                                             \
    {                                                                                              \
        return function((enum type)value);                                                         \
    }
NAME_OF(tcp_state_name, tcp_state, name_of_state)
NAME_OF(state_cause_name, state_cause, name_of_cause)
NAME_OF(certainty_name, certainty, name_of_certainty)
NAME_OF(role_name, role, name_of_role)
NAME_OF(close_kind_name, close_kind, name_of_close)
NAME_OF(handshake_name, handshake_kind, name_of_handshake)
NAME_OF(caveat_name, caveat, name_of_caveat)
NAME_OF(reset_form_name, reset_form, name_of_form)
NAME_OF(reset_stage_name, reset_stage, name_of_stage)

static int take_name(const struct script *s, const char **rest, int count,
                     const char *(*name_of)(int))
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, rest, word))
        script_wrong(s, "a word is missing");
    int found = find_name(word, count, name_of);
    if (found < 0)
        script_wrong(s, "no such word");
    return found;
}

static uint32_t take_number(const struct script *s, const char **rest)
{
    char word[SCRIPT_WORD_BYTES];
    char *end = word;
    unsigned long value = script_word(s, rest, word) ? strtoul(word, &end, 10) : 0;
    if (end == word || value > UINT32_MAX)
        script_wrong(s, "a number is missing");
    return (uint32_t)value;
}

struct named_state {
    enum tcp_state state;
    char mark; /* '!', '?' or 0 */
};

/* The next state; false at the end of the line. */
static bool next_state(const struct script *s, const char **rest, struct named_state *out)
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, rest, word))
        return false;
    size_t length = strlen(word);
    out->mark = 0;
    if (word[length - 1] == '!' || word[length - 1] == '?') {
        out->mark = word[length - 1];
        word[length - 1] = 0;
    }
    int state = find_name(word, STATES, name_of_state);
    if (state < 0)
        script_wrong(s, "no such state");
    out->state = (enum tcp_state)state;
    return true;
}

static bool mark_fits(char mark, unsigned certainty)
{
    return !mark || (mark == '!') == (certainty == CERTAINTY_CONFIRMED);
}

/* ---- of an endpoint ------------------------------------------------------------------------- */

static bool expect_path(const struct script *s, const struct endpoint_verdict *e, const char *rest)
{
    struct named_state want;
    uint32_t i = 0;
    while (next_state(s, &rest, &want)) {
        while (i < e->state_count && e->states[i].retracted)
            i++;
        if (i == e->state_count || e->states[i].state != want.state ||
            !mark_fits(want.mark, e->states[i].certainty))
            return false;
        i++;
    }
    while (i < e->state_count && e->states[i].retracted)
        i++;
    return i == e->state_count;
}

static unsigned take_set(const struct script *s, const char *rest)
{
    struct named_state state;
    unsigned set = 0;
    while (next_state(s, &rest, &state))
        set |= 1u << state.state;
    if (!set)
        script_wrong(s, "states are missing");
    return set;
}

static bool expect_retracted(const struct script *s, const struct endpoint_verdict *e,
                             const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    const char *place = rest;
    if (script_word(s, &place, word) && strcmp(word, "nothing") == 0) {
        for (uint32_t i = 0; i < e->state_count; i++) {
            if (e->states[i].retracted)
                return false;
        }
        return true;
    }
    enum tcp_state state = (enum tcp_state)take_name(s, &rest, STATES, name_of_state);
    if (!script_word(s, &rest, word) || word[0] != '@')
        script_wrong(s, "@FRAME is missing");
    const char *digits = word + 1;
    uint32_t frame = take_number(s, &digits);
    bool any_cause = !*(rest + strspn(rest, " "));
    int cause = any_cause ? 0 : take_name(s, &rest, CAUSES, name_of_cause);
    for (uint32_t i = 0; i < e->state_count; i++) {
        const struct state_entry *entry = &e->states[i];
        if (entry->retracted && entry->state == state && entry->frame == frame &&
            (any_cause || entry->cause == cause))
            return true;
    }
    return false;
}

static bool entry_fits(const struct script *s, const struct state_entry *entry, const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, &rest, word))
        script_wrong(s, "a cause or @FRAME is missing");
    if (word[0] == '@') {
        const char *digits = word + 1;
        if (entry->frame != take_number(s, &digits))
            return false;
    } else if (strcmp(word, "timer") != 0) {
        script_wrong(s, "neither @FRAME nor timer");
    } else if (entry->frame != FRAME_NONE) {
        return false;
    }
    if (entry->cause != take_name(s, &rest, CAUSES, name_of_cause))
        return false;
    while (script_word(s, &rest, word)) {
        if (strcmp(word, "confirmed_by") == 0) {
            if (entry->confirmed_by != take_number(s, &rest))
                return false;
        } else if (strcmp(word, "at") == 0 && script_word(s, &rest, word)) {
            if (entry->at_ns - s->talk.origin_ns != script_seconds(s, word))
                return false;
        } else {
            script_wrong(s, "neither confirmed_by nor at");
        }
    }
    return true;
}

static bool expect_entry(const struct script *s, const struct endpoint_verdict *e, const char *rest)
{
    struct named_state want;
    if (!next_state(s, &rest, &want))
        script_wrong(s, "a state is missing");
    for (uint32_t i = 0; i < e->state_count; i++) {
        const struct state_entry *entry = &e->states[i];
        if (!entry->retracted && entry->state == want.state &&
            mark_fits(want.mark, entry->certainty) && entry_fits(s, entry, rest))
            return true;
    }
    return false;
}

static bool expect_fin(const struct script *s, const struct endpoint_verdict *e, const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    (void)script_word(s, &rest, word);
    if (strcmp(word, "active") == 0)
        return e->fin.active_known && e->fin.active;
    if (strcmp(word, "passive") == 0)
        return e->fin.active_known && !e->fin.active;
    if (strcmp(word, "implied") == 0)
        return e->fin.implied;
    if (strcmp(word, "count") == 0)
        return e->fin.count == take_number(s, &rest);
    if (strcmp(word, "acked_by") == 0)
        return e->fin.acked_by == take_number(s, &rest);
    script_wrong(s, "no such thing about a FIN");
}

static bool expect_end(const struct script *s, const struct endpoint_verdict *e, const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    const char *whole = rest;
    if (*rest == ':')
        return expect_path(s, e, rest + 1);
    (void)script_word(s, &rest, word);
    if (strcmp(word, "=") == 0) {
        struct named_state want;
        if (!next_state(s, &rest, &want))
            script_wrong(s, "a state is missing");
        return e->state == want.state && mark_fits(want.mark, e->state_certainty);
    }
    if (strcmp(word, "in") == 0)
        return e->possible_states == take_set(s, rest);
    if (strcmp(word, "may") == 0) {
        unsigned set = take_set(s, rest);
        return (e->possible_states & set) == set;
    }
    if (strcmp(word, "not") == 0)
        return !(e->possible_states & take_set(s, rest));
    if (strcmp(word, "retracted") == 0)
        return expect_retracted(s, e, rest);
    if (strcmp(word, "fin") == 0)
        return expect_fin(s, e, rest);
    return expect_entry(s, e, whole);
}

/* ---- of the connection ---------------------------------------------------------------------- */

static bool expect_close(const struct script *s, const struct connection_verdict *v,
                         const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    if (v->close.kind != take_name(s, &rest, CLOSE_KINDS, name_of_close))
        return false;
    while (script_word(s, &rest, word)) {
        int certainty = find_name(word, CERTAINTIES, name_of_certainty);
        if (strcmp(word, "by") == 0) {
            if (v->close.by != take_name(s, &rest, ROLES, name_of_role))
                return false;
        } else if (strcmp(word, "segments") == 0) {
            if (v->close.segments != take_number(s, &rest))
                return false;
        } else if (certainty < 0) {
            script_wrong(s, "no such thing about a close");
        } else if (v->close.by_certainty != certainty) {
            return false;
        }
    }
    return true;
}

static bool expect_reset(const struct script *s, const struct connection_verdict *v,
                         const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, &rest, word) || strcmp(word, "by") != 0)
        script_wrong(s, "not reset by ROLE FORM STAGE");
    return v->close.has_reset && v->close.reset_by == take_name(s, &rest, ROLES, name_of_role) &&
           v->close.reset_form == take_name(s, &rest, RESET_FORMS, name_of_form) &&
           v->close.reset_stage == take_name(s, &rest, RESET_STAGES, name_of_stage);
}

static bool expect_time_wait(const struct script *s, const struct connection_verdict *v,
                             const char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, &rest, word) || strcmp(word, "held_by") != 0)
        script_wrong(s, "not time_wait held_by ROLE");
    if (v->close.time_wait_held_by != take_name(s, &rest, ROLES, name_of_role))
        return false;
    if (!script_word(s, &rest, word))
        return true;
    if (strcmp(word, "until") != 0 || !script_word(s, &rest, word))
        script_wrong(s, "not until SECONDS");
    return v->close.time_wait_until_ns - s->talk.origin_ns == script_seconds(s, word);
}

static bool fulfilled(const struct script *s)
{
    const struct connection_verdict *v = &selected(s)->verdict;
    const char *rest = s->line;
    char word[SCRIPT_WORD_BYTES];
    (void)script_word(s, &rest, word);
    size_t name_length = strcspn(word, ":");
    if (name_length == 6 && strncmp(word, "client", 6) == 0)
        return expect_end(s, &v->client, s->line + 6);
    if (name_length == 6 && strncmp(word, "server", 6) == 0)
        return expect_end(s, &v->server, s->line + 6);
    if (strcmp(word, "close") == 0)
        return expect_close(s, v, rest);
    if (strcmp(word, "reset") == 0)
        return expect_reset(s, v, rest);
    if (strcmp(word, "time_wait") == 0)
        return expect_time_wait(s, v, rest);
    if (strcmp(word, "handshake") == 0)
        return v->handshake == take_name(s, &rest, HANDSHAKES, name_of_handshake);
    if (strcmp(word, "caveat") == 0)
        return v->caveats & 1u << take_name(s, &rest, CAVEATS, name_of_caveat);
    if (script_is_about_rules(s))
        return script_rules_fulfilled(s, v);
    if (strcmp(word, "connections") == 0)
        return s->outcome_count == take_number(s, &rest);
    if (strcmp(word, "no") == 0 && script_word(s, &rest, word)) {
        if (strcmp(word, "reset") == 0)
            return !v->close.has_reset;
        if (strcmp(word, "caveat") == 0)
            return !(v->caveats & 1u << take_name(s, &rest, CAVEATS, name_of_caveat));
    }
    script_wrong(s, "neither a segment nor an expectation");
}

bool script_expectation(const struct script *s)
{
    return fulfilled(s) || script_unfulfilled(s);
}

/* ---- what always holds ---------------------------------------------------------------------- */

/* A state at the end that is possible; and the timeline, where there is one, ends with it. */
static bool end_holds(const struct endpoint_verdict *e)
{
    if (!e->possible_states || e->possible_states & 1u << STATE_UNKNOWN)
        return false;
    if (e->state != STATE_UNKNOWN && !(e->possible_states & 1u << e->state))
        return false;
    for (uint32_t i = e->state_count; i-- > 0;) {
        const struct state_entry *entry = &e->states[i];
        if (entry->confirmed_by != FRAME_NONE && entry->certainty != CERTAINTY_CONFIRMED)
            return false;
        if (entry->retracted && entry->certainty == CERTAINTY_CONFIRMED)
            return false;
    }
    return true;
}

/* Where time goes on from packet to packet, so it does from state to state. */
static bool in_order_of_time(const struct script *s, const struct endpoint_verdict *e)
{
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t time_ns = s->segments[i].time_ns;
        if (time_ns == TIME_UNKNOWN || (i && time_ns < s->segments[i - 1].time_ns))
            return true;
    }
    int64_t last_ns = INT64_MIN;
    for (uint32_t i = 0; i < e->state_count; i++) {
        if (e->states[i].retracted)
            continue;
        if (e->states[i].at_ns < last_ns)
            return false;
        last_ns = e->states[i].at_ns;
    }
    return true;
}

static bool endpoint_holds(const struct script *s, const struct endpoint_verdict *e)
{
    return end_holds(e) && in_order_of_time(s, e);
}

bool script_invariants(struct script *s)
{
    for (uint32_t i = 0; i < s->outcome_count; i++) {
        const struct connection_verdict *v = &s->outcomes[i].verdict;
        if (!endpoint_holds(s, &v->client) || !endpoint_holds(s, &v->server)) {
            print_error("after every segment must hold what did not here, connection %u\n", i + 1);
            s->selected = i + 1;
            return script_unfulfilled(s);
        }
    }
    return true;
}
