/*
 * Inside of dissect/capture/: pcapng's block types and sizes (draft-ietf-opsawg-pcapng sections 4
 * and 11.1).
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PCAPNG_BLOCKS_H
#define FINWAIT_DISSECT_CAPTURE_PCAPNG_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OBSOLETE = 2,
    BLOCK_PACKET_SIMPLE = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10,
    BLOCK_SECTION = 0x0a0d0d0a,
};

#define BLOCK_MINIMUM_BYTES 12
/* Type, length, and the trailing length. */
#define BLOCK_FRAME_BYTES  12
#define PACKET_FIXED_BYTES 20
#define PACKET_BLOCK_FIXED (BLOCK_FRAME_BYTES + PACKET_FIXED_BYTES)
/* The largest packet, its headers, and 128 KiB of options: as wiretap has it. */
#define BLOCK_MAXIMUM_BYTES ((uint32_t)(128 * 1024 * 1024 + 2 * 128 * 1024))
/* Blocks that are only skipped need not be in memory; up to here their trailer is checked first. */
#define BLOCK_HELD_BYTES ((uint32_t)1024 * 1024)

/* Types that somebody has registered, whether they interest us or not. */
static inline bool block_registered(uint32_t type)
{
    return (type >= 1 && type <= 0x0f) || (type >= 0x101 && type <= 0x10f) || /* Hone */
           (type >= 0x201 && type <= 0x22f) ||                                /* Sysdig */
           type == 0x0bad || type == 0x40000bad || type == BLOCK_SECTION;
}

static inline bool block_has_packet(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE || type == BLOCK_PACKET_OBSOLETE;
}

static inline uint32_t padded(uint32_t length)
{
    return (length + 3u) & ~(uint32_t)3;
}

#endif
