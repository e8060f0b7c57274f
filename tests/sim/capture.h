/* The file that the tap writes: pcap with nanoseconds, Ethernet, IPv4, headers only. */
#ifndef TESTS_SIM_CAPTURE_H
#define TESTS_SIM_CAPTURE_H

#include "tests/sim/world.h"

struct address {
    uint8_t ip[4];
    uint16_t port;
};

/* Of both ends: client, server. No two connections have the same. */
void addresses_of(uint32_t connection, struct address address[2]);

struct record {
    int64_t at; /* since 1970 */
    uint32_t connection;
    struct segment segment;
};

struct capture {
    struct record *record;
    size_t records, size;
};

void capture_add(struct capture *, int64_t at, uint32_t connection, const struct segment *);
/* In the order of time, and at the end a datagram of no connection that tells when that is.
 * Returns false when it could not be written. */
bool capture_write(struct capture *, const char *path, int64_t end_at);
void capture_finish(struct capture *);

#endif
