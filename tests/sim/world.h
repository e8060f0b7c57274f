/* One simulated TCP connection: two endpoints, the link between them, and a tap on it.
 *
 * An implementation of RFC 9293 that shares nothing with the analyzer: its word is the truth that
 * the analyzer's inference is measured by. Further sources: RFC 6298 (timers), 7323 (timestamps),
 * 5961 (challenge ACKs), 1122 4.2.2.13 (data after close draws RST).
 *
 * A world is built from one seed and replays the same way every time. Time is in nanoseconds from
 * its beginning. Nothing is freed but by world_finish(). */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "tests/sim/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define US    INT64_C(1000)
#define MS    (1000 * US)
#define SEC   (1000 * MS)
#define NEVER INT64_MAX

/* clang-format off */
#define STATES(X) \
    X(CLOSED) X(LISTEN) X(SYN_SENT) X(SYN_RECEIVED) X(ESTABLISHED) X(FIN_WAIT_1) X(FIN_WAIT_2) \
    X(CLOSING) X(TIME_WAIT) X(CLOSE_WAIT) X(LAST_ACK)
#define STATE_ENUM(name) name,
enum state { STATES(STATE_ENUM) STATE_COUNT };

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* What must still be shown to the tap before it could know the state that an endpoint is in:
 * an endpoint with any of these at the end is `hidden`. Each is set when the endpoint's state comes
 * to rest on it and cleared by the captured segments that prove it or had to cause it. */
enum unshown {
    OWN_SYN = 1,           /* connect(): until its SYN, or an ACK of it, is captured */
    PEER_SYN = 2,          /* a SYN received that was not captured: until its SYN-ACK is */
    SYN_ACKED = 4,         /* ESTABLISHED by an ACK not captured: until a later one, or more of it */
    OWN_FIN = 8,           /* close(), shutdown(): until its FIN, or an ACK of it, is captured */
    FIN_ACKED = 16,        /* ACK of its FIN not captured: until another of the peer's ACKs is, or
                              its FIN was not sent again, half an interval after that was due */
    PEER_FIN = 32,         /* FIN, or what filled the hole before it, not captured: until its ACK is */
    OWN_RESET = 64,        /* abort, data after close: until an RST of it is captured */
    PEER_RESET = 128,      /* RST not captured: until it answers as CLOSED */
    TIME_WAIT_AGAIN = 256, /* restarted by a FIN not captured: until the ACK of that is */
    GAVE_UP = 512,         /* retransmitted for the last time: until half an interval more is over,
                              if no acknowledgment of it was captured */
    FORGOTTEN = 1024,      /* closed in SYN_SENT, or FIN_WAIT_2 left to its timeout: the latter
                              until a second later */
    DIED = 2048,           /* host gone: until a second after it should have answered */
    OWN_SYN_ACK = 4096,    /* nothing but its SYN-ACK tells that somebody listens */
};

enum action_kind { PAUSE, SEND, EXPECT, EXPECT_EOF, STALL, SHUTDOWN, CLOSE, ABORT, DIE };
/* clang-format on */

struct action {
    enum action_kind kind;
    int64_t amount; /* PAUSE, STALL: nanoseconds; SEND: octets; EXPECT: octets read in all */
};

struct segment {
    uint32_t seq, ack;
    uint32_t payload_bytes;
    uint32_t tsval, tsecr;
    uint16_t window, mss, ip_id; /* mss 0: no such option */
    uint8_t flags;
    bool timestamps;
    bool captured;
    int64_t passed;  /* the tap, when */
    bool copy;       /* made by the network */
    bool behind_tap; /* … where the tap saw one segment only */
    int from;
};

/* How this implementation behaves where RFC 9293 leaves a choice. */
struct habits {
    bool listens;
    bool delayed_ack, delayed_fin_ack, octet_probes;
    bool strict; /* an unacceptable segment's ACK field counts for nothing, as RFC 9293 has it */
    int64_t rto_min, reaction, fin_timeout; /* fin_timeout 0: waits for ever */
    int tries, syn_tries;
    uint16_t mss;
    uint32_t buffer_bytes, burst_bytes;
};

enum timer {
    TIMER_RETRANSMIT,
    TIMER_PERSIST,
    TIMER_DELAYED_ACK,
    TIMER_TIME_WAIT,
    TIMER_FIN_WAIT_2,
    TIMER_APPLICATION,
    TIMER_READ_ON,
    TIMER_SUDDEN,
    TIMER_CONNECT,
    TIMERS
};

#define RANGES_MAX 64
#define PLAN_MAX   64

struct range {
    uint32_t start, end;
};

struct endpoint {
    int side; /* 0 client, 1 server */
    struct habits habits;
    enum state state;
    bool passive, dead;
    int64_t deadline[TIMERS];

    uint32_t iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2;
    uint32_t written;                     /* octets the application has given */
    bool fin_queued, fin_sent, fin_acked; /* fin_queued: closed for sending */
    uint32_t fin_seq;
    int64_t rto, srtt, rttvar, last_interval;
    bool timing;
    uint32_t timed_seq, recover;
    int64_t timed_at;
    int tries, duplicate_acks;

    uint32_t irs, rcv_nxt, rcv_edge, last_ack_sent, ts_recent, ts_offset;
    bool timestamps, fin_known, fin_received;
    uint32_t peer_fin_seq;
    struct range range[RANGES_MAX];
    size_t ranges;
    bool ack_now;

    uint32_t unread, read_bytes;
    bool stalled, orphan, pausing;
    struct action plan[PLAN_MAX];
    size_t planned, next_action;
    struct action sudden; /* at TIMER_SUDDEN, whatever the plan says */

    unsigned unshown;
    int64_t owed_since;  /* DIED: when the first segment came that demands an answer, and passed the
                            tap later than the last that came from here */
    int64_t owed_passed; /* when that passed the tap */
    int64_t heard_at;    /* when the last segment from here was captured */
    int64_t gave_up_at, fin_acked_at;
    int64_t sent_until; /* its segments leave one after the other */
    uint16_t ip_id;
    bool fin_captured;
    uint32_t acked_at_tap; /* the highest of the peer's acknowledgments that was captured */
};

struct link_half {
    int64_t delay, jitter;
    uint32_t loss, reorder, duplicate; /* of 2^32 */
    int64_t busy_until[2];             /* per direction: segments keep their order */
};

struct event {
    int64_t at;
    uint64_t order;
    int stage; /* 0 reaches the tap, 1 arrives */
    struct segment segment;
};

struct world {
    struct random random;
    int64_t now;
    struct endpoint end[2];
    struct link_half half[2]; /* [0] between client and tap, [1] between tap and server */
    uint32_t capture_loss;    /* of 2^32 */
    bool timestamps;
    const char *story;

    struct event *heap;
    size_t events, heap_size;
    uint64_t order;
    int64_t last_tap;   /* when the tap last saw a segment */
    size_t tap_seen;    /* segments that reached the tap */
    int64_t *tap_times; /* of each */
    size_t tap_times_size;
    const struct segment *arriving;

    void (*captured)(void *to, int64_t at, const struct segment *);
    void *captured_to;
    FILE *trace; /* or NULL */
};

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* --- world.c: events, link, tap --- */
void world_finish(struct world *);
void world_send(struct world *, struct endpoint *, struct segment);
void world_run(struct world *, int64_t until);
int64_t world_next(const struct world *); /* NEVER: nothing will happen any more */
bool world_in_flight(const struct world *);
/* A line of the trace, if there is one; side -1 is the tap. Like printf(). */
#define world_trace(world, side, ...)                                                              \
    do {                                                                                           \
        if ((world)->trace) {                                                                      \
            world_trace_begin(world, side);                                                        \
            fprintf((world)->trace, __VA_ARGS__);                                                  \
            fputc('\n', (world)->trace);                                                           \
        }                                                                                          \
    } while (0)
void world_trace_begin(const struct world *, int side);
const char *state_name(enum state);

/* --- story.c: who they are and what they want, from the seed --- */
struct settings {
    double loss, capture_loss;
    bool reorder, duplicate;
    int tap; /* 0 client, 1 server, 2 middle, 3 random */
};
void world_tell(struct world *, uint64_t seed, const struct settings *);

/* --- endpoint.c: RFC 9293 --- */
void endpoint_init(struct endpoint *, int side, struct random *);
void endpoint_receive(struct world *, struct endpoint *, const struct segment *);
void endpoint_timer(struct world *, struct endpoint *, enum timer);
/* A captured segment: what it shows of either end. */
void endpoints_witness(struct world *, const struct segment *);

/* How well the tap could know an endpoint's state. */
enum knowable {
    SHOWN,
    SILENT, /* it is silent where it should have spoken: died, gave up, or its SYN-ACK was lost */
    HIDDEN, /* see enum unshown */
};
enum knowable endpoint_knowable(const struct endpoint *, int64_t now);

/* --- segments.c: what endpoint.c sends --- */
void send_control(struct world *, struct endpoint *, uint8_t flags, uint32_t seq, uint32_t ack);
void send_ack(struct world *, struct endpoint *);
void send_abort(struct world *, struct endpoint *);
void send_reply_reset(struct world *, struct endpoint *, const struct segment *);
void send_output(struct world *, struct endpoint *);
void send_head(struct world *, struct endpoint *);
void send_probe(struct world *, struct endpoint *);
void arm_retransmission(struct world *, struct endpoint *);
uint32_t receive_window(struct endpoint *);

/* --- application.c --- */
void application_run(struct world *, struct endpoint *);
void application_read(struct world *, struct endpoint *);
void application_do(struct world *, struct endpoint *, struct action);
void enter(struct world *, struct endpoint *, enum state, unsigned unshown);
void close_silently(struct world *, struct endpoint *, unsigned unshown);

#endif
