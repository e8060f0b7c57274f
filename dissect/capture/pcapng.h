/*
 * Inside of dissect/capture/: the two halves of the pcapng reader. The frame (pcapng.c) finds
 * blocks whose lengths hold; the content (pcapng_content.c) reads one of them.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PCAPNG_H
#define FINWAIT_DISSECT_CAPTURE_PCAPNG_H

#include "dissect/capture/reader.h"

struct block {
    const uint8_t *bytes; /* span of them, from the type on, at the window's position */
    uint32_t type;
    uint32_t length; /* as written */
    uint32_t span;   /* as taken: at least 12 */
};

/* STEP_PACKET when the block gave one. */
enum record_step pcapng_content(struct capture *c, const struct block *block,
                                struct packet *packet) MUST_CHECK;
/* Enhanced packet blocks from the window's position on that are whole and in it, have a known
 * interface and no options, and nothing odd: how many packets they gave. */
uint32_t pcapng_plain_run(struct capture *c, struct packet *packets, uint32_t most) MUST_CHECK;
/* The same for an enhanced packet block of at least 32 bytes. */
enum record_step pcapng_packet(struct capture *c, const struct block *block,
                               struct packet *packet) MUST_CHECK;
/* Packets of that interface can be read. */
bool pcapng_knows_interface(const struct section *section, uint32_t id) MUST_CHECK;

#endif
