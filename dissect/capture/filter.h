/*
 * A BPF expression, compiled by libpcap once for each link type it meets, and run there. The one
 * use of libpcap that decides what is analysed.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_FILTER_H
#define FINWAIT_DISSECT_CAPTURE_FILTER_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct filter;

/* Compiles the expression for Ethernet, to find its faults before any packet is read. NULL with a
 * sentence in `error`. */
struct filter *filter_create(const char *expression, char *error, size_t error_bytes) MUST_CHECK;

/* Compiles it for every other link type that is decoded: what it names is looked up now and not
 * while packets are read. False when memory ran out. */
bool filter_prepare(struct filter *filter) MUST_CHECK;
void filter_destroy(struct filter *filter);

/* True when the packet passes. A link type for which the expression cannot be compiled lets nothing
 * pass. */
bool filter_pass(struct filter *filter, const struct packet *packet);

#endif
