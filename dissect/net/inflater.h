/*
 * The start of what one packet's DEFLATE stream holds, where the headers are, and its whole length.
 * One zlib stream is used for all packets; nothing is allocated for a packet.
 *
 * Sources: RFC 1951; RFC 2394 (no zlib header, each packet by itself).
 */
#ifndef FINWAIT_DISSECT_NET_INFLATER_H
#define FINWAIT_DISSECT_NET_INFLATER_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define INFLATED_HEAD_BYTES 256
/* No IP packet holds more. */
#define INFLATED_BYTES_MAX 65535

struct inflater;

struct inflated {
    const uint8_t *head; /* head_len octets, borrowed until the next inflate_packet() */
    uint32_t head_len;
    uint32_t length; /* of all that could be inflated */
    bool whole;      /* the stream came to its end: `length` is all there is */
    bool exact;      /* and nothing stands behind it */
};

struct inflater *inflater_create(void) MUST_CHECK;
void inflater_destroy(struct inflater *inflater);

/* `octets` must not be what an earlier call lent. */
struct inflated inflate_packet(struct inflater *inflater, const uint8_t *octets, uint32_t length);

#endif
