#include "analyzer/test_segments.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mistakes of a test, not of what it tests. */
static void wrong(const char *what, const char *text)
{
    (void)fprintf(stderr, "segment(): %s: \"%s\"\n", what, text);
    abort();
}

void talk_init(struct talk *talk)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
    *talk = (struct talk){
        .isn = {UINT32_C(0xffffff00), UINT32_C(0xffffffa0)},
        .origin_ns = INT64_C(1700000000) * 1000000000,
    };
    for (int side = 0; side < 2; side++) {
        struct segment *like = &talk->like[side];
        memcpy(like->source, mapped, 16);
        memcpy(like->destination, mapped, 16);
        like->source[15] = (uint8_t)(1 + side);
        like->destination[15] = (uint8_t)(2 - side);
        like->window = 1000;
        like->vlan = VLAN_NONE;
        like->aux = AUX_NONE;
        like->ttl = 64;
        like->ip_version = 4;
    }
    talk->like[B].source_port = talk->like[A].destination_port = 80;
    talk_port(talk, 40000);
}

void talk_port(struct talk *talk, uint16_t port)
{
    talk->like[A].source_port = talk->like[B].destination_port = port;
}

static uint16_t flags_of(const char *text)
{
    static const char letters[] = "FSRP.UEW";
    uint16_t flags = 0;
    for (const char *c = text; *c; c++) {
        const char *found = strchr(letters, *c);
        if (!found)
            wrong("no such flag", text);
        else
            flags = (uint16_t)(flags | 1u << (found - letters));
    }
    return flags;
}

static const char *word_of(const char *text, char word[16])
{
    text += strspn(text, " ");
    size_t length = strcspn(text, " ");
    if (length >= 16)
        wrong("no such option", text);
    memcpy(word, text, length);
    word[length] = 0;
    return text + length;
}

static uint32_t number_of(const char **text)
{
    char *end;
    unsigned long value = strtoul(*text, &end, 0);
    if (end == *text || value > UINT32_MAX)
        wrong("a number is missing", *text);
    *text = end;
    return (uint32_t)value;
}

static bool take_mark(struct segment *g, const char *word)
{
    static const struct {
        const char *word;
        uint32_t mark;
    } marks[] = {
        {"sackok", SEG_SACK_PERMITTED}, {"fastopen", SEG_FAST_OPEN}, {"md5", SEG_SIGNED},
        {"mptcp", SEG_MPTCP},           {"cut", SEG_OPTIONS_CUT},    {"zeros", SEG_PADDING_LIKE},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strcmp(word, marks[i].word) == 0) {
            g->marks |= marks[i].mark;
            return true;
        }
    }
    return false;
}

static void take_sack(struct segment *g, const char **text, uint32_t peer_isn, uint32_t mark)
{
    g->marks |= mark;
    g->sack_left = peer_isn + number_of(text);
    if (**text != '-')
        wrong("LEFT-RIGHT is missing", *text);
    (*text)++;
    g->sack_right = peer_isn + number_of(text);
}

static void take_options(struct segment *g, const char *text, uint32_t peer_isn)
{
    char word[16];
    bool untimed = false;
    while (text = word_of(text, word), word[0] != 0) {
        if (take_mark(g, word))
            continue;
        if (strcmp(word, "untimed") == 0) {
            untimed = true;
        } else if (strcmp(word, "sack") == 0) {
            take_sack(g, &text, peer_isn, SEG_SACK);
        } else if (strcmp(word, "dsack") == 0) {
            take_sack(g, &text, peer_isn, SEG_SACK | SEG_DSACK);
        } else if (strcmp(word, "mss") == 0) {
            g->marks |= SEG_MSS;
            g->mss = (uint16_t)number_of(&text);
        } else if (strcmp(word, "ws") == 0) {
            g->marks |= SEG_WINDOW_SCALE;
            g->window_scale = (uint8_t)number_of(&text);
        } else if (strcmp(word, "ts") == 0) {
            g->marks |= SEG_TIMESTAMPS;
            g->ts_val = number_of(&text);
        } else if (strcmp(word, "ecr") == 0) {
            g->marks |= SEG_TIMESTAMPS;
            g->ts_ecr = number_of(&text);
        } else if (strcmp(word, "win") == 0) {
            g->window = (uint16_t)number_of(&text);
        } else if (strcmp(word, "id") == 0) {
            g->ip_id = (uint16_t)number_of(&text);
        } else if (strcmp(word, "ttl") == 0) {
            g->ttl = (uint8_t)number_of(&text);
        } else if (strcmp(word, "tap") == 0) {
            g->interface = number_of(&text);
        } else if (strcmp(word, "world") == 0) {
            g->world = number_of(&text);
        } else if (strcmp(word, "vlan") == 0) {
            g->vlan = (uint16_t)number_of(&text);
        } else if (strcmp(word, "us") == 0) {
            g->time_ns += (int64_t)number_of(&text) * 1000;
        } else {
            wrong("no such option", word);
        }
    }
    if (untimed)
        g->time_ns = TIME_UNKNOWN;
}

struct segment segment(struct talk *talk, int side, const char *flags, uint32_t seq, uint32_t ack,
                       uint32_t payload_len, int64_t time_ms, const char *options)
{
    struct segment g = talk->like[side];
    g.flags = flags_of(flags);
    g.seq = talk->isn[side] + seq;
    g.ack = g.flags & TCP_ACK ? talk->isn[!side] + ack : 0;
    g.payload_len = payload_len;
    g.ip_bytes = 40 + payload_len;
    g.time_ns = talk->origin_ns + time_ms * 1000000;
    g.frame = ++talk->frame;
    take_options(&g, options, talk->isn[!side]);
    return g;
}
