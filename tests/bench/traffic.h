/*
 * TCP connections as a tap sees them, many at once: handshake, requests and responses with their
 * acknowledgments, close. Each is told by what it sends next and when; a wheel of time interleaves
 * them. The same kind, numbers and seed give the same frames.
 *
 * A segment that is lost is either lost behind the tap (it passes, and again when it is sent again)
 * or before it (only what is sent again passes). Its receiver acknowledges what is missing until
 * then, and its sender sends it again after three such acknowledgments or a timeout.
 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "tests/bench/frames.h"

/* Times in microseconds, shares in percent of the connections unless they say otherwise. */
struct kind {
    const char *name;
    uint32_t connections;
    uint32_t per_second; /* how many begin */
    uint32_t clients, servers;
    uint16_t middle_min, middle_max;                  /* segments between handshake and close */
    uint16_t request_max, response_min, response_max; /* segments in a row */
    uint16_t payload_min, payload_max;
    uint16_t ack_every; /* segments of one side; 0: only when nothing follows at once */
    uint32_t pause;     /* at most, before a request and before the close */
    uint32_t step;      /* at most, between all segments; 0: as networks have it */
    uint32_t tick;
    uint8_t graceful, reset; /* the others stay open */
    uint8_t lost_permille;   /* of the segments with payload, behind the tap */
    bool timestamps;
    bool only_syn;
};

struct traffic_wishes {
    struct kind kind;
    uint64_t seed;
    uint32_t ipv6_percent;
    bool lossy;           /* 2 % lost or reordered */
    uint32_t part, parts; /* 0 of 1: only every so many connections are written, from this one on */
};

/* What the frames written hold; `resent` counts those of all parts. */
struct traffic_truth {
    uint64_t connections, graceful, reset, open, unanswered, resent;
};

/* False when memory ran out. */
bool traffic_write(const struct traffic_wishes *wishes, struct writer *writer,
                   struct traffic_truth *truth);

#endif
