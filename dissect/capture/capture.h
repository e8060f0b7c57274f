/*
 * One capture file to packets: pcap and pcapng in every variant in use, and snoop, recognised by
 * content.
 * What can be read is read; damage goes to the findings with its place, and reading goes on behind
 * it where the format lets the next record be found (bounded, every byte is looked at at most
 * twice). Never a packet that was not written.
 *
 * The source is taken over: capture_destroy() destroys it. Findings and the file's index in them
 * are borrowed for the capture's life; the file entry is looked up by index, because the array may
 * move.
 *
 * Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, RFC 1761 (snoop), libpcap's sf-pcap.c
 * (Kuznetzov's header, swapped lengths of version 2.3).
 */
#ifndef FINWAIT_DISSECT_CAPTURE_CAPTURE_H
#define FINWAIT_DISSECT_CAPTURE_CAPTURE_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/findings.h"
#include "dissect/source/source.h"

struct capture;

enum capture_status {
    CAPTURE_PACKET,    /* *packet is filled */
    CAPTURE_END,       /* no more; damage, if any, is in the findings */
    CAPTURE_NO_MEMORY, /* ours, not the file's fault: nothing more can be read */
};

/* Recognition happens at the first capture_next(): a file that is no capture ends at once with
 * file_findings.error set. NULL when memory ran out (the source is then still the caller's). */
struct capture *capture_create(struct source *source, struct capture_findings *findings,
                               uint32_t file) MUST_CHECK;
void capture_destroy(struct capture *capture);

enum capture_status capture_next(struct capture *capture, struct packet *packet) MUST_CHECK;

/* The same for as many as lie in memory as usual records, at most `most`, without waiting for
 * input once there is one. With CAPTURE_PACKET *count is at least 1; their data are borrowed until
 * the next call. */
enum capture_status capture_next_run(struct capture *capture, struct packet *packets, uint32_t most,
                                     uint32_t *count) MUST_CHECK;

#endif
