/*
 * Writes Ethernet frames with IPv4 or IPv6 and TCP into a pcap or pcapng file, in microseconds.
 * IPv4's header checksum is right, TCP's is left 0: who asks for it says that all are wrong.
 * Payload is made of words, so that it compresses about as text does.
 */
#ifndef TESTS_BENCH_FRAMES_H
#define TESTS_BENCH_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum flag { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* One end of a connection: where it is in a /8, and its port. */
struct place {
    uint32_t host;
    uint16_t port;
};

struct frame {
    struct place from, to;
    uint32_t seq, ack;
    uint32_t tsval, tsecr;
    uint16_t payload_bytes;
    uint16_t window;
    uint16_t ip_id;
    uint8_t flags;
    bool ipv6;
    bool timestamps;
};

#define PAYLOAD_MAX 1448

struct writer {
    FILE *file;
    bool pcapng;
    uint64_t frames, bytes;
};

bool writer_open(struct writer *writer, const char *path, bool pcapng);
void writer_put(struct writer *writer, uint64_t at_us, const struct frame *frame);
bool writer_close(struct writer *writer);

#endif
