/*
 * Inside of dissect/capture/: what a file is by its first bytes, and what else it looks like when
 * it is no capture.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_RECOGNISE_H
#define FINWAIT_DISSECT_CAPTURE_RECOGNISE_H

#include "dissect/findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAP_HEADER_BYTES  24
#define SHB_MINIMUM_BYTES  28
#define SNOOP_HEADER_BYTES 16

/* Enough for every recognition here. */
#define RECOGNISE_BYTES 512

struct pcap_header {
    enum capture_format format; /* FORMAT_UNKNOWN: not a pcap magic */
    bool big_endian;
    bool sane; /* version and link type that exist */
    uint16_t version_major;
    uint16_t version_minor;
    uint32_t snaplen;
    uint32_t link_type; /* with the upper bits */
};

/* Needs PCAP_HEADER_BYTES bytes. */
struct pcap_header pcap_header_read(const uint8_t *bytes);

/* Whether the four bytes are a pcap magic of any kind. */
bool pcap_magic(const uint8_t *bytes);

/* The bytes begin a pcapng section: type, byte-order magic, a length that can be. */
bool section_begins(const uint8_t *bytes, size_t length);

/* RFC 1761. */
struct snoop_header {
    bool sane; /* a version and link type that can be read */
    uint32_t version;
    uint32_t data_link; /* as written */
    uint16_t link_type; /* LINKTYPE_ */
};

/* Whether the bytes begin as a snoop file does. */
bool snoop_magic(const uint8_t *bytes, size_t length);

/* Needs SNOOP_HEADER_BYTES bytes. */
struct snoop_header snoop_header_read(const uint8_t *bytes);

/* The bytes begin a capture of any kind, whole or cut. */
bool capture_begins(const uint8_t *bytes, size_t length);

/* The bytes are a pcap or pcapng magic after a transfer in text mode. */
bool text_mode_magic(const uint8_t *bytes, size_t length);

/* A name for content that is no capture of ours ("a Sun snoop capture"), or NULL. */
const char *looks_like(const uint8_t *bytes, size_t length);

#endif
