#include "dissect/capture/capture.h"

#include "dissect/capture/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct capture *capture_create(struct source *source, struct capture_findings *findings,
                               uint32_t file)
{
    struct capture *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    if (!window_init(&c->window, source)) {
        free(c);
        return NULL;
    }
    c->findings = findings;
    c->file = file;
    c->last_time_ns = TIME_UNKNOWN;
    return c;
}

static void note_size(struct capture *c)
{
    uint64_t size = source_size(c->window.source);
    file_of(c)->bytes = size ? size : source_raw_bytes(c->window.source);
}

void capture_destroy(struct capture *c)
{
    if (!c)
        return;
    note_size(c);
    source_destroy(c->window.source);
    section_finish(&c->section);
    window_finish(&c->window);
    free(c);
}

void note_damage(struct capture *c, enum damage_kind kind, enum damage_reason reason,
                 uint64_t offset, uint64_t bytes)
{
    /* All of such a section is skipped, and told at its end: its bytes are not to be told twice. */
    if (c->section.unknown_version && kind != DAMAGE_FILE_TRUNCATED)
        return;
    findings_damage(
        file_of(c),
        (struct damage){
            .kind = kind, .reason = reason, .offset = offset, .bytes = bytes, .frame = c->frames});
}

/* The reason for which the content itself ended early. */
static enum damage_reason fault_reason(const struct source *source)
{
    switch (source_fault(source)) {
    case SOURCE_TRUNCATED:
    case SOURCE_CORRUPT:
        return REASON_COMPRESSION;
    case SOURCE_FAILED:
        return REASON_READ_ERROR;
    case SOURCE_TOO_LARGE:
        return REASON_LIMIT;
    case SOURCE_GARBAGE:
        return REASON_TRAILING_GARBAGE;
    case SOURCE_WHOLE:
    case SOURCE_STOPPED:
    case SOURCE_NO_MEMORY:
    case SOURCE_UNSUPPORTED:
        break;
    }
    return REASON_NONE;
}

enum record_step end_truncated(struct capture *c, uint64_t missing_bytes, enum damage_reason reason)
{
    enum damage_reason fault = fault_reason(c->window.source);
    /* Where the user stopped the program, nothing is wrong with the file. */
    if (source_fault(c->window.source) == SOURCE_STOPPED)
        return STEP_OVER;
    if (fault != REASON_NONE && fault != REASON_TRAILING_GARBAGE) {
        reason = fault;
        c->fault_told = true;
    }
    note_damage(c, DAMAGE_FILE_TRUNCATED, reason, window_offset(&c->window), missing_bytes);
    c->window.at = c->window.end;
    return STEP_OVER;
}

uint32_t add_interface(struct capture *c, uint32_t ordinal, uint16_t link_type, const uint8_t *name,
                       size_t name_length)
{
    if (c->interfaces_added >= FILE_INTERFACES_MAX) {
        count_oddity(c, ODDITY_INTERFACE_LIMIT);
        return c->last_interface;
    }
    struct interface_place place = {.file = c->file, .section = c->sections, .ordinal = ordinal};
    uint32_t count = c->findings->interface_count;
    uint32_t index =
        findings_add_interface(c->findings, place, link_type, (const char *)name, name_length);
    c->interfaces_added += c->findings->interface_count - count;
    if (index != UINT32_MAX)
        c->last_interface = index;
    findings_link_type(file_of(c), link_type);
    return index;
}

enum record_step over_damage(struct capture *c, enum damage_reason reason, resync_function *resync)
{
    uint64_t offset = window_offset(&c->window);
    bool found = resync(c, false);
    note_damage(c, DAMAGE_FILE_DAMAGED, reason, offset, window_offset(&c->window) - offset);
    return found ? STEP_AGAIN : STEP_OVER;
}

enum record_step over_zeros(struct capture *c, enum damage_reason reason, size_t header_bytes,
                            resync_function *resync)
{
    uint64_t offset = window_offset(&c->window);
    uint64_t zeros = window_skip_zeros(&c->window);
    if (!window_left(&c->window)) {
        note_damage(c, DAMAGE_ZERO_TAIL, REASON_NONE, offset, zeros);
        return STEP_OVER;
    }
    size_t back = c->window.at < header_bytes ? c->window.at : header_bytes;
    c->window.at -= zeros < back ? (size_t)zeros : back;
    bool found = resync(c, false);
    note_damage(c, DAMAGE_FILE_DAMAGED, reason, offset, window_offset(&c->window) - offset);
    return found ? STEP_AGAIN : STEP_OVER;
}

bool part_begins(struct capture *c, size_t at)
{
    size_t have = window_need(&c->window, at + PCAP_HEADER_BYTES);
    if (have < at + 12)
        return false;
    const uint8_t *p = window_at(&c->window) + at;
    if (section_begins(p, have - at))
        return true;
    if (snoop_magic(p, have - at))
        return have - at >= SNOOP_HEADER_BYTES && snoop_header_read(p).sane;
    return have - at >= PCAP_HEADER_BYTES && pcap_magic(p) && pcap_header_read(p).sane;
}

/* In binary content line feeds stand behind anything; after a transfer in text mode each of them
 * has a carriage return before it. Sixteen in a row do not happen by chance: the octet 10 alone is
 * in too many addresses. */
#define TEXT_MODE_LINE_FEEDS 16

bool text_mode_content(const struct capture *c)
{
    const struct window *w = &c->window;
    unsigned line_feeds = 0;
    for (size_t i = 1; i < w->end; i++) {
        if (w->bytes[i] != '\n')
            continue;
        if (w->bytes[i - 1] != '\r')
            return false;
        line_feeds++;
    }
    return line_feeds >= TEXT_MODE_LINE_FEEDS;
}

PRINTF_LIKE(2, 3) static void set_error(struct capture *c, const char *format, ...)
{
    char *reason = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&reason, format, arguments);
    va_end(arguments);
    if (length < 0) {
        c->no_memory = true;
        return;
    }
    if (!findings_error(file_of(c), reason))
        c->no_memory = true;
    free(reason);
}

/* Why nothing at all could be had from the source; false when it is simply empty. */
static bool explain_fault(struct capture *c)
{
    const struct source *source = c->window.source;
    const char *name = compression_name(source_compression(source));
    c->fault_told = true;
    switch (source_fault(source)) {
    case SOURCE_TRUNCATED:
        set_error(c, "the %s data end before anything could be decompressed", name);
        return true;
    case SOURCE_CORRUPT:
        set_error(c, "the %s data are broken from the start", name);
        return true;
    case SOURCE_FAILED:
        set_error(c, "cannot be read: %s", strerror(source_errno(source)));
        return true;
    case SOURCE_UNSUPPORTED:
        set_error(c,
                  "%s data, which this program was built without; decompress it first (zstd -dc)",
                  name);
        return true;
    case SOURCE_TOO_LARGE:
        set_error(c, "the %s data need a larger window than 128 MiB; decompress it first", name);
        return true;
    case SOURCE_NO_MEMORY:
        c->no_memory = true;
        return true;
    case SOURCE_STOPPED:
        return true;
    case SOURCE_WHOLE:
    case SOURCE_GARBAGE:
        break;
    }
    return false;
}

static enum record_step not_a_capture(struct capture *c, const uint8_t *bytes, size_t length)
{
    if (text_mode_magic(bytes, length)) {
        note_damage(c, DAMAGE_TEXT_MODE_TRANSFER, REASON_FILE_HEADER, 0, 0);
        set_error(c, "a capture that was transferred in text mode, which changed its bytes; "
                     "transfer it again in binary mode");
        return STEP_OVER;
    }
    const char *name = looks_like(bytes, length);
    if (name)
        set_error(c, "not a pcap, pcapng or snoop capture: looks like %s", name);
    else if (length < 8)
        set_error(c, "not a pcap, pcapng or snoop capture: only %zu bytes", length);
    else
        set_error(c, "not a pcap, pcapng or snoop capture: begins with %02x %02x %02x %02x",
                  bytes[0], bytes[1], bytes[2], bytes[3]);
    return STEP_OVER;
}

static enum record_step cut_header(struct capture *c, const char *what, size_t have, size_t whole)
{
    if (c->later_part)
        return end_truncated(c, whole - have, REASON_FILE_HEADER);
    set_error(c, "ends inside the %s header, after %zu of %zu bytes", what, have, whole);
    c->fault_told = true;
    return STEP_OVER;
}

/* Only at the start of a file: in the middle of one it would not be taken for a part. */
static enum record_step foreign_snoop(struct capture *c, struct snoop_header header)
{
    if (header.version == 2)
        set_error(c, "a snoop capture of data link type %u, which is not supported",
                  header.data_link);
    else
        set_error(c, "a snoop capture of version %u, not 2; convert it first (editcap -F pcapng)",
                  header.version);
    return STEP_OVER;
}

/* By the stage that reads it. */
static const struct {
    const char *header;
    size_t header_bytes;
    enum record_step (*begin)(struct capture *c);
} formats[] = {
    [STAGE_PCAP] = {"pcap file", PCAP_HEADER_BYTES, pcap_begin},
    [STAGE_PCAPNG] = {"pcapng section", SHB_MINIMUM_BYTES, pcapng_begin},
    [STAGE_SNOOP] = {"snoop file", SNOOP_HEADER_BYTES, snoop_begin},
};

/* At the window's position begins the file or another part of it. */
static enum record_step begin_part(struct capture *c)
{
    struct window *w = &c->window;
    size_t have = window_need(w, RECOGNISE_BYTES);
    const uint8_t *p = window_at(w);
    if (!c->later_part) {
        file_of(c)->compression = source_compression(w->source);
        if (!have) {
            if (!explain_fault(c))
                set_error(c, "empty file");
            return STEP_OVER;
        }
    } else {
        note_damage(c, DAMAGE_CONCATENATED, REASON_NONE, window_offset(w), 0);
    }
    if (!capture_begins(p, have))
        return not_a_capture(c, p, have);
    enum stage stage = pcap_magic(p)          ? STAGE_PCAP
                       : snoop_magic(p, have) ? STAGE_SNOOP
                                              : STAGE_PCAPNG;
    if (have < formats[stage].header_bytes)
        return cut_header(c, formats[stage].header, have, formats[stage].header_bytes);
    if (stage == STAGE_SNOOP && !snoop_header_read(p).sane)
        return foreign_snoop(c, snoop_header_read(p));
    c->sections++;
    c->stage = stage;
    enum record_step step = formats[stage].begin(c);
    c->later_part = true;
    return step;
}

/* What the source has to say that no record was cut by. */
static void finish(struct capture *c)
{
    const struct source *source = c->window.source;
    if (c->finished)
        return;
    c->finished = true;
    file_of(c)->finished = true;
    c->stage = STAGE_OVER;
    note_size(c);
    if (source_fault(source) == SOURCE_NO_MEMORY || c->window.no_memory)
        c->no_memory = true;
    enum damage_reason reason = fault_reason(source);
    if (c->no_memory || c->fault_told || reason == REASON_NONE)
        return;
    enum damage_kind kind =
        reason == REASON_TRAILING_GARBAGE ? DAMAGE_FILE_DAMAGED : DAMAGE_FILE_TRUNCATED;
    note_damage(c, kind, reason, window_offset(&c->window), source_fault_bytes(source));
}

static enum record_step next_of_any_kind(struct capture *c, struct packet *packet)
{
    switch (c->stage) {
    case STAGE_PCAP:
        return pcap_next(c, packet);
    case STAGE_PCAPNG:
        return pcapng_next(c, packet);
    case STAGE_SNOOP:
        return snoop_next(c, packet);
    case STAGE_START:
        return begin_part(c);
    case STAGE_OVER:
        break;
    }
    return STEP_OVER;
}

static uint32_t usual_run(struct capture *c, struct packet *packets, uint32_t most)
{
    if (LIKELY(c->stage == STAGE_PCAP))
        return pcap_usual_run(c, packets, most);
    return c->stage == STAGE_PCAPNG ? pcapng_usual_run(c, packets, most) : 0;
}

enum capture_status capture_next_run(struct capture *c, struct packet *packets, uint32_t most,
                                     uint32_t *count)
{
    *count = usual_run(c, packets, most);
    if (LIKELY(*count))
        return CAPTURE_PACKET;
    while (c->stage != STAGE_OVER) {
        enum record_step step = next_of_any_kind(c, packets);
        if (LIKELY(step == STEP_PACKET)) {
            *count = 1;
            return CAPTURE_PACKET;
        }
        if (step == STEP_NO_MEMORY)
            c->no_memory = true;
        if (step != STEP_AGAIN || c->window.no_memory)
            finish(c);
    }
    return c->no_memory ? CAPTURE_NO_MEMORY : CAPTURE_END;
}

enum capture_status capture_next(struct capture *c, struct packet *packet)
{
    uint32_t count;
    return capture_next_run(c, packet, 1, &count);
}
