/*
 * Packets as a pcapng file that Wireshark opens: any mix of interfaces and link types, times to the
 * nanosecond, comments.
 *
 * The writer borrows its output, streams, and keeps no packet. A packet has the time of its
 * interface's clock in nanoseconds since 1970; an earlier one makes use of if_tsoffset. Only the
 * simple packet block knows no time, and it is always of its section's first interface and cut by
 * that one's snapshot length: such packets begin a section of their own where the one before does
 * not suit, and the comment on such a packet is its section's.
 *
 * Sources: draft-ietf-opsawg-pcapng (sections 3.5, 4.1 to 4.4).
 */
#ifndef FINWAIT_REPORTS_PCAPNG_WRITER_H
#define FINWAIT_REPORTS_PCAPNG_WRITER_H

#include "dissect/compiler.h"
#include "reports/output.h"

#include <stdint.h>

/* Room for a comment; what does not fit is cut and ends in an ellipsis. */
#define PCAPNG_COMMENT_BYTES 16384

/* Bits of pcapng_packet.flags, as in epb_flags. */
#define PCAPNG_INBOUND          UINT32_C(0x001)
#define PCAPNG_OUTBOUND         UINT32_C(0x002)
#define PCAPNG_CHECKSUM_PENDING UINT32_C(0x200)
#define PCAPNG_OFFLOADED        UINT32_C(0x800)

struct pcapng_packet {
    int64_t time_ns;    /* or TIME_UNKNOWN */
    uint32_t interface; /* a number of the caller's, from 0; room is kept up to the highest */
    uint16_t link_type; /* of the interface, LINKTYPE_ value: always the same */
    const char *interface_name; /* text from outside, or NULL: always the same */
    const uint8_t *bytes;       /* captured_len of them */
    uint32_t captured_len;
    uint32_t original_len; /* not below captured_len */
    uint32_t flags;
    uint8_t fcs_len;     /* octets of frame check sequence at the end of original_len, at most 15 */
    const char *comment; /* or NULL; lines end with \n */
};

enum pcapng_status {
    PCAPNG_OK, /* or the output failed: output_ok() tells */
    PCAPNG_NO_MEMORY,
    PCAPNG_UNFIT, /* the format has no way to say it: longer than a block can be, or without a time
                     and all of its octets; not written */
};

struct pcapng_writer;

/* Begins the file. The comment is that of its first section, or NULL; copied. NULL when memory ran
 * out. */
struct pcapng_writer *pcapng_writer_create(struct output *output, const char *comment) MUST_CHECK;
void pcapng_writer_destroy(struct pcapng_writer *writer);

enum pcapng_status pcapng_write(struct pcapng_writer *writer,
                                const struct pcapng_packet *packet) MUST_CHECK;

#endif
