#include "analyzer/state/script.h"

#include "analyzer/flow/flows.h"
#include "analyzer/state/both_ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 200

_Noreturn void script_wrong(const struct script *s, const char *what)
{
    (void)fprintf(stderr, "script: %s: \"%s\"\n", what, s->line);
    abort();
}

bool script_word(const struct script *s, const char **rest, char word[SCRIPT_WORD_BYTES])
{
    const char *from = *rest + strspn(*rest, " ");
    size_t length = strcspn(from, " ");
    if (length >= SCRIPT_WORD_BYTES)
        script_wrong(s, "a word is too long");
    memcpy(word, from, length);
    word[length] = 0;
    *rest = from + length;
    return length > 0;
}

int64_t script_seconds(const struct script *s, const char *text)
{
    int64_t ns = 0;
    int64_t unit = NS_PER_S;
    bool fraction = false;
    for (const char *c = text; *c; c++) {
        if (*c == '.' && !fraction) {
            fraction = true;
        } else if (*c < '0' || *c > '9' || unit == 0) {
            script_wrong(s, "not a number of seconds");
        } else if (fraction) {
            unit /= 10;
            ns += (*c - '0') * unit;
        } else {
            ns = ns * 10 + (*c - '0') * NS_PER_S;
        }
    }
    return ns;
}

/* ---- segments ------------------------------------------------------------------------------- */

static uint32_t number_after(const struct script *s, const char **text, uint32_t base)
{
    if (**text == '=') {
        base = 0;
        (*text)++;
    }
    char *end;
    unsigned long value = strtoul(*text, &end, 10);
    if (end == *text || value > UINT32_MAX)
        script_wrong(s, "a number is missing");
    *text = end;
    return base + (uint32_t)value;
}

static uint32_t number_word(const struct script *s, const char **rest, uint32_t base)
{
    char word[SCRIPT_WORD_BYTES];
    const char *text = word;
    if (!script_word(s, rest, word))
        script_wrong(s, "a number is missing");
    uint32_t value = number_after(s, &text, base);
    if (*text)
        script_wrong(s, "not a number");
    return value;
}

static void expect_char(const struct script *s, const char **text, char c)
{
    if (**text != c)
        script_wrong(s, "not START:END(LENGTH)");
    (*text)++;
}

static void take_range(const struct script *s, struct segment *g, uint32_t isn, const char *text)
{
    g->seq = number_after(s, &text, isn);
    expect_char(s, &text, ':');
    uint32_t end = number_after(s, &text, isn);
    expect_char(s, &text, '(');
    g->payload_len = number_after(s, &text, 0);
    expect_char(s, &text, ')');
    if (*text || g->seq + g->payload_len != end)
        script_wrong(s, "START, END and LENGTH do not agree");
    g->ip_bytes = 40 + g->payload_len;
}

/* The number behind a word of an option: `name 12`. */
static uint32_t named_number(const struct script *s, const char **rest, const char *name,
                             uint32_t base)
{
    char word[SCRIPT_WORD_BYTES];
    if (!script_word(s, rest, word) || strcmp(word, name) != 0)
        script_wrong(s, "not a number with its name");
    return number_word(s, rest, base);
}

/* An echo of nothing is a plain zero. */
static void take_stamps(const struct script *s, struct segment *g, const char *rest)
{
    g->marks |= SEG_TIMESTAMPS;
    g->ts_val = named_number(s, &rest, "val", s->stamp_base);
    g->ts_ecr = named_number(s, &rest, "ecr", s->stamp_base);
    if (g->ts_ecr == s->stamp_base)
        g->ts_ecr = 0;
}

static void take_sack(const struct script *s, struct segment *g, const char *text, uint32_t isn)
{
    g->marks |= SEG_SACK;
    g->sack_left = number_after(s, &text, isn);
    expect_char(s, &text, ':');
    g->sack_right = number_after(s, &text, isn);
}

static uint32_t mark_of(const struct script *s, const char *text)
{
    static const struct {
        const char *name;
        uint32_t mark;
    } marks[] = {
        {"sackOK", SEG_SACK_PERMITTED}, {"FO", SEG_FAST_OPEN},    {"md5", SEG_SIGNED},
        {"mptcp", SEG_MPTCP},           {"cut", SEG_OPTIONS_CUT}, {"malformed", SEG_MALFORMED},
        {"zeros", SEG_PADDING_LIKE},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strcmp(text, marks[i].name) == 0)
            return marks[i].mark;
    }
    script_wrong(s, "no such option");
}

static void take_option(const struct script *s, struct segment *g, uint32_t peer_isn,
                        const char *text)
{
    char word[SCRIPT_WORD_BYTES];
    const char *rest = text;
    (void)script_word(s, &rest, word);
    if (strcmp(word, "TS") == 0) {
        take_stamps(s, g, rest);
    } else if (strcmp(word, "mss") == 0) {
        g->marks |= SEG_MSS;
        g->mss = (uint16_t)number_word(s, &rest, 0);
    } else if (strcmp(word, "wscale") == 0) {
        g->marks |= SEG_WINDOW_SCALE;
        g->window_scale = (uint8_t)number_word(s, &rest, 0);
    } else if (strcmp(word, "sack") == 0 || strcmp(word, "dsack") == 0) {
        take_sack(s, g, rest + strspn(rest, " "), peer_isn);
        g->marks |= *word == 'd' ? SEG_DSACK : 0u;
    } else {
        g->marks |= mark_of(s, word);
    }
}

/* `<mss 1460,wscale 7>`, somewhere in the line; what stands there is blanked out. */
static void take_options(const struct script *s, struct segment *g, uint32_t peer_isn, char *rest)
{
    char *open = strchr(rest, '<');
    if (!open)
        return;
    char *close = strchr(open, '>');
    if (!close)
        script_wrong(s, "the options do not end");
    *close = 0;
    char *place = NULL;
    for (char *option = strtok_r(open + 1, ",", &place); option;
         option = strtok_r(NULL, ",", &place))
        take_option(s, g, peer_isn, option + strspn(option, " "));
    memset(open, ' ', (size_t)(close - open) + 1);
}

static void take_field(const struct script *s, struct segment *g, uint32_t peer_isn,
                       const char *name, const char **rest)
{
    if (strcmp(name, "ack") == 0)
        g->ack = number_word(s, rest, peer_isn);
    else if (strcmp(name, "win") == 0)
        g->window = (uint16_t)number_word(s, rest, 0);
    else if (strcmp(name, "ttl") == 0)
        g->ttl = (uint8_t)number_word(s, rest, 0);
    else if (strcmp(name, "id") == 0)
        g->ip_id = (uint16_t)number_word(s, rest, 0);
    else if (strcmp(name, "tap") == 0)
        g->interface = number_word(s, rest, 0);
    else if (strcmp(name, "world") == 0)
        g->world = number_word(s, rest, 0);
    else
        script_wrong(s, "no such field");
}

static void take_segment(struct script *s, int64_t time_ns, int side, char *rest)
{
    char word[SCRIPT_WORD_BYTES];
    const char *place = rest;
    if (s->count == SCRIPT_SEGMENTS_MAX)
        script_wrong(s, "too many segments");
    if (!script_word(s, &place, word))
        script_wrong(s, "flags are missing");
    struct segment g = segment(&s->talk, side, word, 0, 0, 0, 0, "");
    g.time_ns = time_ns == TIME_UNKNOWN ? TIME_UNKNOWN : s->talk.origin_ns + time_ns;
    take_options(s, &g, s->talk.isn[!side], rest);
    if (!script_word(s, &place, word))
        script_wrong(s, "START:END(LENGTH) is missing");
    take_range(s, &g, s->talk.isn[side], word);
    bool has_ack = false;
    while (script_word(s, &place, word)) {
        take_field(s, &g, s->talk.isn[!side], word, &place);
        has_ack |= strcmp(word, "ack") == 0;
    }
    if (has_ack != !!(g.flags & TCP_ACK))
        script_wrong(s, "the dot and ack belong together");
    s->segments[s->count++] = g;
}

/* ---- playing -------------------------------------------------------------------------------- */

static bool keep_outcome(void *context, const struct connection_verdict *v)
{
    struct script *s = context;
    if (v->stream >= SCRIPT_CONNECTIONS_MAX)
        script_wrong(s, "too many connections");
    struct outcome *o = &s->outcomes[v->stream];
    o->verdict = *v;
    memcpy(o->entries[0], v->client.states, v->client.state_count * sizeof *v->client.states);
    memcpy(o->entries[1], v->server.states, v->server.state_count * sizeof *v->server.states);
    if (v->anomaly_count) {
        free(o->anomalies);
        o->anomalies = malloc(v->anomaly_count * sizeof *o->anomalies);
        assert_non_null(o->anomalies);
        memcpy(o->anomalies, v->anomalies, v->anomaly_count * sizeof *o->anomalies);
    }
    s->outcome_count++;
    return true;
}

/* A connection that turned out to be none leaves its place in the order empty. */
static void close_ranks(struct script *s)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < SCRIPT_CONNECTIONS_MAX; i++) {
        if (s->outcomes[i].verdict.first_frame == FRAME_NONE)
            continue;
        struct outcome *o = &s->outcomes[kept++];
        struct outcome moved = s->outcomes[i];
        s->outcomes[i].anomalies = o == &s->outcomes[i] ? moved.anomalies : NULL;
        *o = moved;
        o->verdict.anomalies = o->anomalies;
        o->verdict.client.states = o->entries[0];
        o->verdict.server.states = o->entries[1];
    }
}

void script_end(struct script *s)
{
    for (uint32_t i = 0; i < SCRIPT_CONNECTIONS_MAX; i++) {
        free(s->outcomes[i].anomalies);
        s->outcomes[i].anomalies = NULL;
    }
}

/* ---- the short way and the general one ------------------------------------------------------ */

struct both {
    const struct script *script;
    struct flows flows;
};

static bool conclude_both_ways(void *context, struct connection *c, bool evicted)
{
    const struct both *both = context;
    (void)evicted;
    (void)both_ways(c, &both->script->config, both->flows.clock_ns, both->script->line);
    return true;
}

/* Whatever a script is about, both say the same of all its connections. */
static void compare_ways(const struct script *s)
{
    static struct both both; /* large */
    both.script = s;
    assert_true(flows_init(&both.flows, &s->config, conclude_both_ways, &both));
    assert_int_equal(flows_feed(&both.flows, s->segments, s->count, NULL), FLOW_OK);
    assert_int_equal(flows_pass_time(&both.flows, s->talk.origin_ns + s->now_ns), FLOW_OK);
    assert_int_equal(flows_drain(&both.flows), FLOW_OK);
    flows_finish(&both.flows);
}

void script_conclude(struct script *s)
{
    compare_ways(s);
    struct verdict_sink sink = {.connection = keep_outcome, .context = s};
    struct analyzer *a = analyzer_create(&s->config, sink);
    assert_non_null(a);
    s->outcome_count = 0;
    script_end(s);
    memset(s->outcomes, 0, sizeof s->outcomes);
    struct segment_batch batch;
    for (uint32_t i = 0; i < s->count;) {
        batch_clear(&batch);
        while (i < s->count && !batch_full(&batch))
            batch.segments[batch.count++] = s->segments[i++];
        assert_int_equal(analyzer_feed(a, &batch), ANALYZER_OK);
    }
    assert_int_equal(analyzer_finish(a, s->talk.origin_ns + s->now_ns), ANALYZER_OK);
    assert_int_equal(analyzer_summary(a)->connections, s->outcome_count);
    analyzer_destroy(a);
    close_ranks(s);
}

static void take_setting(struct script *s, const char *line)
{
    struct analyzer_config *config = &s->config;
    const struct {
        const char *name;
        int64_t *value;
    } settings[] = {
        {"--2msl=", &config->two_msl_ns},
        {"--fin-timeout=", &config->fin_timeout_ns},
        {"--idle=", &config->idle_ns},
        {"--stuck=", &config->stuck_ns},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        size_t length = strlen(settings[i].name);
        if (strncmp(line, settings[i].name, length) == 0) {
            *settings[i].value = script_seconds(s, line + length);
            return;
        }
    }
    script_wrong(s, "no such option");
}

/* The time that a line begins with. */
static int64_t take_time(struct script *s, const char *word)
{
    if (strcmp(word, "?") == 0)
        return TIME_UNKNOWN;
    int64_t ns = script_seconds(s, word + strspn(word, "+-"));
    int64_t time_ns = *word == '+' ? s->now_ns + ns : *word == '-' ? s->now_ns - ns : ns;
    s->now_ns = time_ns;
    return time_ns;
}

static void take_line(struct script *s, char *line)
{
    char word[SCRIPT_WORD_BYTES];
    const char *rest = line;
    (void)script_word(s, &rest, word);
    int64_t time_ns = take_time(s, word);
    (void)script_word(s, &rest, word);
    if (strcmp(word, ">") == 0)
        take_segment(s, time_ns, A, line + (rest - line));
    else if (strcmp(word, "<") == 0)
        take_segment(s, time_ns, B, line + (rest - line));
    else if (strcmp(word, "quiet") != 0)
        script_wrong(s, "neither a segment nor quiet");
}

/* Initial numbers and stamps that put each number of a script at the wrap, or at the sign's change,
 * in one of its runs: scripts rarely send more than 300 octets. */
static const struct {
    uint32_t isn[2];
    uint32_t stamp_base;
} starts[] = {
    {{UINT32_C(0xffffff00), UINT32_C(0xffffff9b)}, UINT32_C(0xffffff38)},
    {{UINT32_C(0xffffffff), UINT32_C(0xffffff37)}, UINT32_C(0xffffff00)},
    {{UINT32_C(0xffffff9b), UINT32_C(0xffffff36)}, UINT32_C(0x7fffff9b)},
    {{UINT32_C(0xffffff9a), UINT32_C(0xffffffff)}, UINT32_C(0xffffffff)},
    {{UINT32_C(0x7fffffff), UINT32_C(0x7fffff37)}, 1},
    {{UINT32_C(0x7fffff9b), UINT32_C(0x80000000)}, UINT32_C(0x7fffffff)},
    {{0, UINT32_C(0xfffffffe)}, UINT32_C(0xfffffffe)},
    {{UINT32_C(0x12345678), 0}, UINT32_C(0x10000000)},
};

void script_begin(struct script *s, unsigned start, bool mirrored)
{
    memset(s, 0, sizeof *s);
    talk_init(&s->talk);
    memcpy(s->talk.isn, starts[start].isn, sizeof s->talk.isn);
    s->stamp_base = starts[start].stamp_base;
    s->config = ANALYZER_CONFIG_DEFAULT;
    s->selected = 1;
    s->talk.like[A].window = s->talk.like[B].window = 50000;
    for (int side = 0; mirrored && side < 2; side++) {
        s->talk.like[side].source[15] = (uint8_t)(2 - side);
        s->talk.like[side].destination[15] = (uint8_t)(1 + side);
    }
}

static unsigned play(const char *text, unsigned start, bool mirrored)
{
    static struct script s;
    unsigned failures = 0;
    script_begin(&s, start, mirrored);
    while (*text) {
        char line[LINE_BYTES];
        static char shown[LINE_BYTES];
        text += strspn(text, " ");
        size_t length = strcspn(text, "\n");
        s.line = text;
        if (length >= sizeof line)
            script_wrong(&s, "the line is too long");
        memcpy(line, text, length);
        line[length] = 0;
        memcpy(shown, line, length + 1);
        s.line = shown;
        text += length + (text[length] == '\n');
        if (length == 0 || strncmp(line, "//", 2) == 0)
            continue;
        if (strncmp(line, "--", 2) == 0) {
            take_setting(&s, line);
        } else if (strchr("+-?.0123456789", line[0])) {
            take_line(&s, line);
            script_conclude(&s);
            failures += !script_invariants(&s);
        } else if (strncmp(line, "connection ", 11) == 0) {
            const char *rest = line + 10;
            s.selected = number_word(&s, &rest, 0);
        } else {
            failures += !script_expectation(&s);
        }
    }
    if (failures)
        print_error("with initial numbers 0x%08x and 0x%08x%s\n", s.talk.isn[A], s.talk.isn[B],
                    mirrored ? ", the client as side 1" : "");
    script_end(&s);
    return failures;
}

void script_play(void **state)
{
    const char *text = *state;
    for (unsigned start = 0; start < sizeof starts / sizeof *starts; start++) {
        for (int mirrored = 0; mirrored < 2; mirrored++) {
            if (play(text, start, mirrored))
                fail();
        }
    }
}
