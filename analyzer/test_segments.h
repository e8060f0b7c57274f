/*
 * Segments for tests, each in one readable line:
 *
 *     struct talk t;
 *     talk_init(&t);
 *     struct segment syn = segment(&t, A, "S", 0, 0, 0, 10, "mss 1460 ts 7");
 *
 * Sequence numbers are relative: 0 is the sender's initial number, acknowledgments count from the
 * peer's. The initial numbers stand so near the wrap that every talk crosses it. Flags are
 * packetdrill's letters (S F R P . U E W, the dot for ACK); times are milliseconds since the talk
 * began. What neither a call nor its options say comes from `like[side]`, which a test may change
 * in between. Frames are numbered in the order of the calls.
 *
 * Options, separated by blanks:
 *     mss N, ws N, sackok, fastopen, md5, mptcp, cut   of a handshake; zeros: padding, perhaps
 *     ts VAL, ecr VAL, sack LEFT-RIGHT, dsack LEFT-RIGHT (in the peer's relative numbers)
 *     win N, id N, ttl N, tap N (interface), world N, vlan N
 *     us N (microseconds more), untimed
 */
#ifndef FINWAIT_ANALYZER_TEST_SEGMENTS_H
#define FINWAIT_ANALYZER_TEST_SEGMENTS_H

#include "dissect/segment.h"

#include <stdint.h>

/* A's address is the lower one, so that its side of a connection is 0. */
enum { A, B };

struct talk {
    struct segment like[2];
    uint32_t isn[2];
    int64_t origin_ns;
    frame_ref frame; /* the last one given */
};

/* A, 10.0.0.1:40000, is about to call B, 10.0.0.2:80. */
void talk_init(struct talk *talk);

/* Another port of A's, for another connection. */
void talk_port(struct talk *talk, uint16_t port);

struct segment segment(struct talk *talk, int side, const char *flags, uint32_t seq, uint32_t ack,
                       uint32_t payload_len, int64_t time_ms, const char *options);

#endif
