/*
 * What is counted over all connections (hosts, services, findings) is bounded by constants, and
 * where --max-memory is small by its share of that: so many of a thing are held at most. Inside the
 * room only.
 */
#ifndef FINWAIT_ANALYZER_SHARE_H
#define FINWAIT_ANALYZER_SHARE_H

#include <stddef.h>
#include <stdint.h>

#define SHARE_LEAST 16u

/* As many as fit into one of `parts` parts of the memory, when each comes to hold so many octets;
 * no more than `most`. */
static inline uint32_t share_most(uint64_t max_memory_bytes, unsigned parts, size_t bytes_each,
                                  uint32_t most)
{
    uint64_t fits = max_memory_bytes / parts / bytes_each;
    if (fits < SHARE_LEAST)
        return SHARE_LEAST;
    return fits < most ? (uint32_t)fits : most;
}

#endif
