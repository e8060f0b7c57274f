/*
 * For the tests of what hosts bear: connections between numbered hosts, told as lives, put through
 * the whole analyzer; and all that it says at the end.
 */
#ifndef FINWAIT_ANALYZER_HOST_TEST_STAGE_H
#define FINWAIT_ANALYZER_HOST_TEST_STAGE_H

#include "analyzer/analyzer.h"
#include "analyzer/state/states.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage_connection {
    struct connection_verdict verdict;
    struct state_entry entries[2][TIMELINE_MAX]; /* the client's, the server's */
};

#define STAGE_SERVICES 10

struct stage_host {
    struct host_verdict verdict;
    struct service_use services[STAGE_SERVICES];
};

#define STAGE_GROWING(type, name)                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        uint32_t count, room;                                                                      \
    } name

struct stage {
    struct talk talk;
    struct analyzer_config config;
    struct analyzer *analyzer;
    int64_t end_ms; /* how long the capture goes on; 0: until the last segment */
    bool hosts_first;
    STAGE_GROWING(struct segment, segments);
    STAGE_GROWING(struct stage_connection, connections);
    STAGE_GROWING(struct stage_host, hosts);
    STAGE_GROWING(struct sample_verdict, samples);
    STAGE_GROWING(struct anomaly_verdict, anomalies);
};

/* A place behind the last of a growing list. */
#define stage_room(list)                                                                           \
    ((list).count == (list).room                                                                   \
         ? ((list).room = (list).room ? (list).room * 2 : 64,                                      \
            (list).items = realloc((list).items, (list).room * sizeof *(list).items),              \
            assert_non_null((list).items))                                                         \
         : (void)0,                                                                                \
     &(list).items[(list).count++])

static inline void stage_begin(struct stage *s)
{
    *s = (struct stage){.config = ANALYZER_CONFIG_DEFAULT};
    talk_init(&s->talk);
}

static inline void stage_end(struct stage *s)
{
    analyzer_destroy(s->analyzer);
    free(s->segments.items);
    free(s->connections.items);
    free(s->hosts.items);
    free(s->samples.items);
    free(s->anomalies.items);
}

/* Host n is 10.n. */
static inline void stage_address(uint8_t address[16], uint32_t number)
{
    for (int i = 0; i < 3; i++)
        address[15 - i] = (uint8_t)(number >> (8 * i));
}

/* The next segments are between this client's port and this server's. */
static inline void stage_between(struct stage *s, uint32_t client, uint16_t client_port,
                                 uint32_t server, uint16_t server_port)
{
    struct segment *like = s->talk.like;
    stage_address(like[A].source, client);
    stage_address(like[B].destination, client);
    stage_address(like[A].destination, server);
    stage_address(like[B].source, server);
    talk_port(&s->talk, client_port);
    like[A].destination_port = like[B].source_port = server_port;
}

static inline void stage_send(struct stage *s, int side, const char *flags, uint32_t seq,
                              uint32_t ack, int64_t at_ms)
{
    *stage_room(s->segments) = segment(&s->talk, side, flags, seq, ack, 0, at_ms, "");
}

static inline void stage_open(struct stage *s, int64_t at_ms)
{
    stage_send(s, A, "S", 0, 0, at_ms);
    stage_send(s, B, "S.", 0, 1, at_ms + 1);
    stage_send(s, A, ".", 1, 1, at_ms + 2);
}

/* FIN, ACK, FIN, ACK; `first` is A or B. */
static inline void stage_close(struct stage *s, int first, int64_t at_ms)
{
    stage_send(s, first, "F.", 1, 1, at_ms);
    stage_send(s, !first, ".", 1, 2, at_ms + 1);
    stage_send(s, !first, "F.", 1, 2, at_ms + 2);
    stage_send(s, first, ".", 2, 2, at_ms + 3);
}

static inline int stage_by_time(const void *left, const void *right)
{
    const struct segment *a = left;
    const struct segment *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

static inline bool stage_take_connection(void *context, const struct connection_verdict *v)
{
    struct stage *s = context;
    struct stage_connection *c = stage_room(s->connections);
    c->verdict = *v;
    memcpy(c->entries[0], v->client.states, v->client.state_count * sizeof *v->client.states);
    memcpy(c->entries[1], v->server.states, v->server.state_count * sizeof *v->server.states);
    return true;
}

static inline bool stage_take_anomaly(void *context, const struct anomaly_verdict *v)
{
    struct stage *s = context;
    *stage_room(s->anomalies) = *v;
    return true;
}

static inline bool stage_take_sample(void *context, const struct sample_verdict *v)
{
    struct stage *s = context;
    assert_true(s->hosts.count > 0 || !s->hosts_first);
    *stage_room(s->samples) = *v;
    return true;
}

static inline bool stage_take_host(void *context, const struct host_verdict *v)
{
    struct stage *s = context;
    struct stage_host *h = stage_room(s->hosts);
    assert_in_range(v->service_count, 0, STAGE_SERVICES);
    assert_true(s->samples.count == 0 || !s->hosts_first);
    h->verdict = *v;
    if (v->service_count)
        memcpy(h->services, v->services, v->service_count * sizeof *v->services);
    return true;
}

/* The analyzer hears all segments, in order of time. */
static inline void stage_play(struct stage *s)
{
    struct verdict_sink sink = {.connection = stage_take_connection,
                                .anomaly = stage_take_anomaly,
                                .sample = stage_take_sample,
                                .host = stage_take_host,
                                .context = s,
                                .hosts_first = s->hosts_first};
    static struct segment_batch batch;
    if (s->segments.count)
        qsort(s->segments.items, s->segments.count, sizeof *s->segments.items, stage_by_time);
    s->analyzer = analyzer_create(&s->config, sink);
    assert_non_null(s->analyzer);
    batch_clear(&batch);
    for (uint32_t i = 0; i < s->segments.count; i++) {
        batch.segments[batch.count] = s->segments.items[i];
        batch.segments[batch.count++].frame = i + 1;
        if (!batch_full(&batch) && i + 1 < s->segments.count)
            continue;
        assert_int_equal(analyzer_feed(s->analyzer, &batch), ANALYZER_OK);
        batch_clear(&batch);
    }
    int64_t end_ns = s->end_ms ? s->talk.origin_ns + s->end_ms * 1000000 : TIME_UNKNOWN;
    assert_int_equal(analyzer_finish(s->analyzer, end_ns), ANALYZER_OK);
}

/* Of host n, which must have been told of. */
static inline const struct stage_host *stage_host_of(const struct stage *s, uint32_t number)
{
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
    stage_address(address, number);
    for (uint32_t i = 0; i < s->hosts.count; i++) {
        if (!s->hosts.items[i].verdict.others &&
            memcmp(s->hosts.items[i].verdict.address, address, 16) == 0)
            return &s->hosts.items[i];
    }
    fail_msg("nothing is told of host %u", number);
    return NULL;
}

/* The only anomaly of the rule; NULL when there is none. */
static inline const struct anomaly_verdict *stage_said(const struct stage *s, enum rule_id rule)
{
    const struct anomaly_verdict *found = NULL;
    for (uint32_t i = 0; i < s->anomalies.count; i++) {
        if (s->anomalies.items[i].rule != rule)
            continue;
        assert_null(found);
        found = &s->anomalies.items[i];
    }
    return found;
}

/* -1 when it is not there. */
static inline int64_t stage_figure(const struct anomaly_verdict *a, enum figure_id id)
{
    for (uint32_t i = 0; i < a->figure_count; i++) {
        if (a->figures[i].id == id)
            return a->figures[i].integer;
    }
    return -1;
}

#endif
