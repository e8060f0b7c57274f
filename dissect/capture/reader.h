/*
 * Inside of dissect/capture/: what the readers of the formats share. A file is a sequence of
 * parts (more than one when captures were concatenated); the reader of the present part takes
 * records from the window and either fills a packet or says how to go on.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_READER_H
#define FINWAIT_DISSECT_CAPTURE_READER_H

#include "dissect/capture/capture.h"
#include "dissect/capture/recognise.h"
#include "dissect/capture/time.h"
#include "dissect/capture/window.h"

/* No packet is longer than this. wiretap and libpcap allow as much for USB and D-Bus, and 256 KiB
 * for everything else; a file whose snapshot length says more is believed. */
#define CAPTURED_LEN_LARGE ((uint32_t)128 * 1024 * 1024)
#define CAPTURED_LEN_USUAL ((uint32_t)256 * 1024)

/* Of records that a search ends at: longer packets, and longer gaps, do not coincide with damage.
 * Read from four octets further on, a header of microseconds, two equal lengths and an address
 * makes sense too, with small numbers for seconds: nothing to begin with where no time is known. */
#define ORIGINAL_LEN_USUAL  ((uint32_t)16 * 1024 * 1024)
#define RESYNC_NEAR_SECONDS (30u * 86400u)
#define SECONDS_AT_FIRST    1000000u

static inline bool near(uint32_t a_seconds, uint32_t b_seconds)
{
    return a_seconds - b_seconds + RESYNC_NEAR_SECONDS <= 2 * RESYNC_NEAR_SECONDS;
}

/* Interfaces of one section, and of all sections of one file. */
#define SECTION_INTERFACES_MAX 65536u
#define FILE_INTERFACES_MAX    (16 * SECTION_INTERFACES_MAX)

enum record_step {
    STEP_PACKET, /* the packet is filled */
    STEP_AGAIN,  /* another part begins at the window's position */
    STEP_OVER,   /* nothing more can be read */
    STEP_NO_MEMORY,
};

enum length_order {
    LENGTHS_CAPTURED_FIRST,
    LENGTHS_ORIGINAL_FIRST, /* before version 2.3 */
    LENGTHS_UNSURE,         /* version 2.3: some writers changed the number only */
};

/* One pcap file header and what follows from it. */
struct pcap_part {
    bool big_endian;
    bool has_last;
    bool judge_all;    /* every record is looked at twice: the first, and all of a suspect file */
    bool text_suspect; /* every line feed there is has a carriage return before it */
    bool text_grew;    /* and a record is as much longer than it says */
    enum length_order lengths;
    uint32_t header_len; /* of a record: 16, and more in the modified formats */
    uint32_t subsecond_limit;
    uint32_t subsecond_ns;
    uint32_t snaplen;      /* 0: none */
    uint32_t usual_max;    /* longer records are judged before they are believed */
    uint32_t captured_max; /* longer ones cannot be */
    uint32_t last_seconds;
    uint32_t seconds_before_jump;
    uint64_t found_at; /* content offset of the record that a search ended at: it is believed */
    uint32_t interface;
    uint16_t link_type;
    uint8_t fcs_len;
};

/* One interface of a pcapng section. */
struct tap {
    struct time_scale time;
    uint64_t interface_drops; /* last counts of its statistics blocks */
    uint64_t system_drops;
    uint32_t interface;
    uint32_t snaplen; /* 0: none */
    uint16_t link_type;
    uint8_t fcs_len;
    bool usable;
};

struct section {
    bool big_endian;
    bool unknown_version; /* skipped, block by block, from skip_start on */
    bool interfaces_left_out;
    uint64_t skip_start;
    struct tap *taps;
    uint32_t tap_count;
    uint32_t tap_capacity;
    uint32_t alike_beyond; /* interfaces behind the last tap that are read as it is */
};

/* One snoop file header and what follows from it. */
struct snoop_part {
    bool has_last;
    uint32_t last_seconds;
    uint32_t interface;
    uint64_t drops; /* the last cumulative count */
    uint16_t link_type;
};

enum stage { STAGE_START, STAGE_PCAP, STAGE_PCAPNG, STAGE_SNOOP, STAGE_OVER };

struct capture {
    struct window window;
    struct capture_findings *findings;
    uint32_t file;
    enum stage stage;
    bool later_part; /* not the first of the file */
    bool fault_told;
    bool text_mode_told;
    bool no_memory;
    bool finished;
    uint32_t sections; /* pcapng sections and other parts that began */
    uint32_t interfaces_added;
    uint32_t last_interface;
    uint64_t frames;
    int64_t last_time_ns;
    struct pcap_part pcap;
    struct section section;
    struct snoop_part snoop;
};

static inline struct file_findings *file_of(const struct capture *c)
{
    return &c->findings->files[c->file];
}

static inline void count_oddity(struct capture *c, enum oddity oddity)
{
    file_of(c)->oddities[oddity]++;
}

/* The file's span holds this time. TIME_UNKNOWN is the lowest of all numbers. */
static inline void note_time(struct file_findings *file, int64_t time_ns)
{
    if (time_ns > file->end_ns)
        file->end_ns = time_ns;
    if (time_ns < file->start_ns || file->start_ns == TIME_UNKNOWN)
        file->start_ns = time_ns;
}

/* Times of packets that follow each other in a file. Only where they turn back is there more to be
 * noted than the first and the last. */
struct timed_run {
    int64_t last_ns;           /* before the first: of the packet before it */
    int64_t least_ns, most_ns; /* of those seen so far, but for the last */
    uint64_t backwards;
};

static ALWAYS_INLINE struct timed_run timed_begin(const struct capture *c, int64_t first_ns)
{
    return (struct timed_run){
        .last_ns = c->last_time_ns, .least_ns = first_ns, .most_ns = first_ns};
}

static ALWAYS_INLINE void timed_add(struct timed_run *run, int64_t time_ns)
{
    if (UNLIKELY(time_ns < run->last_ns)) {
        run->backwards++;
        run->least_ns = time_ns < run->least_ns ? time_ns : run->least_ns;
        run->most_ns = run->last_ns > run->most_ns ? run->last_ns : run->most_ns;
    }
    run->last_ns = time_ns;
}

/* Counts so many packets, numbered and with these times, in their file. */
static inline void count_timed(struct capture *c, const struct timed_run *run, uint32_t count)
{
    struct file_findings *file = file_of(c);
    if (!count)
        return;
    note_time(file, run->least_ns);
    note_time(file, run->most_ns);
    note_time(file, run->last_ns);
    c->frames += count;
    file->packets += count;
    file->oddities[ODDITY_CLOCK_BACKWARDS] += run->backwards;
    c->last_time_ns = run->last_ns;
}

static inline void count_packets(struct capture *c, const struct packet *packets, uint32_t count)
{
    if (!count)
        return;
    struct timed_run run = timed_begin(c, packets->time_ns);
    for (uint32_t i = 0; i < count; i++)
        timed_add(&run, packets[i].time_ns);
    count_timed(c, &run, count);
}

/* Numbers the packet and counts it in its file. */
static inline void count_packet(struct capture *c, struct packet *packet)
{
    packet->frame = frame_ref_of(c->file, c->frames + 1);
    if (LIKELY(packet->time_ns != TIME_UNKNOWN)) {
        count_packets(c, packet, 1);
        return;
    }
    c->frames++;
    file_of(c)->packets++;
    file_of(c)->untimed++;
}

/* capture.c */
void note_damage(struct capture *c, enum damage_kind kind, enum damage_reason reason,
                 uint64_t offset, uint64_t bytes);
/* The content ends inside a record that begins at the window's position: nothing is left. */
enum record_step end_truncated(struct capture *c, uint64_t missing_bytes,
                               enum damage_reason reason);
/* Index of a new interface, or UINT32_MAX without memory; counts instead beyond the file's limit.
 */
uint32_t add_interface(struct capture *c, uint32_t ordinal, uint16_t link_type, const uint8_t *name,
                       size_t name_length) MUST_CHECK;
/* Skips to the next place from which records or blocks follow. False when there is none: then the
 * window stands at the end, or where it was when `rewind` is set (all must be in the window then).
 */
typedef bool resync_function(struct capture *c, bool rewind);
/* Notes as damage what that goes over. */
enum record_step over_damage(struct capture *c, enum damage_reason reason,
                             resync_function *resync) MUST_CHECK;
/* Zeros where a header should be: to the end of the file they are a tail (a disk that was full, a
 * machine that went down), otherwise a hole. The next header, of so many bytes, may itself begin
 * with zeros. */
enum record_step over_zeros(struct capture *c, enum damage_reason reason, size_t header_bytes,
                            resync_function *resync) MUST_CHECK;
/* Packets dropped, counted since the capture's start: of several counts the last says it all,
 * unless the count began anew. */
static inline void count_drops(uint64_t *known, uint64_t *sum, uint64_t now)
{
    *sum += now >= *known ? now - *known : now;
    *known = now;
}
/* A file header of pcap or snoop or a pcapng section header that can be stands at `at` bytes from
 * the window's position. */
bool part_begins(struct capture *c, size_t at) MUST_CHECK;
/* What is in the window speaks for a transfer in text mode. */
bool text_mode_content(const struct capture *c) MUST_CHECK;

/* pcap.c: the header is in the window, whole. */
enum record_step pcap_begin(struct capture *c) MUST_CHECK;
enum record_step pcap_next(struct capture *c, struct packet *packet) MUST_CHECK;
/* Usual records that are in the window, each with a usual header behind it: how many. They touch
 * nothing but the file's own counts. */
uint32_t pcap_usual_run(struct capture *c, struct packet *packets, uint32_t most) MUST_CHECK;

#define HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

struct pcap_record {
    uint32_t seconds;
    uint32_t subseconds;
    uint32_t captured_len;
    uint32_t original_len;
};

static inline struct pcap_record pcap_record_read(const struct pcap_part *part, const uint8_t *p)
{
    uint32_t word[4];
    __builtin_memcpy(word, p, sizeof word);
    if (UNLIKELY(part->big_endian != HOST_BIG_ENDIAN)) {
        for (int i = 0; i < 4; i++)
            word[i] = __builtin_bswap32(word[i]);
    }
    struct pcap_record r = {word[0], word[1], word[2], word[3]};
    if (UNLIKELY(part->lengths != LENGTHS_CAPTURED_FIRST)) {
        if (part->lengths == LENGTHS_ORIGINAL_FIRST || r.captured_len > r.original_len) {
            r.captured_len = word[3];
            r.original_len = word[2];
        }
    }
    return r;
}

/* pcap_resync.c */
struct pcap_part pcap_part_of(const struct pcap_header *header);
/* Three records in a row, or as many as the file still has, that could hardly be anything else,
 * from `at` bytes behind the window's position; going on until `reach` is passed. */
bool pcap_chain(struct capture *c, const struct pcap_part *part, size_t at,
                size_t reach) MUST_CHECK;
/* A record in doubt is believed when another follows it, or nothing better is found inside of it.
 * It is in the window, whole. */
bool pcap_believe(struct capture *c, const struct pcap_record *record) MUST_CHECK;
bool pcap_resync(struct capture *c, bool rewind) MUST_CHECK;

/* pcapng.c */
enum record_step pcapng_begin(struct capture *c) MUST_CHECK;
enum record_step pcapng_next(struct capture *c, struct packet *packet) MUST_CHECK;
/* The same for enhanced packet blocks. */
uint32_t pcapng_usual_run(struct capture *c, struct packet *packets, uint32_t most) MUST_CHECK;
void section_finish(struct section *section);

/* snoop.c: the header is in the window, whole. */
enum record_step snoop_begin(struct capture *c) MUST_CHECK;
enum record_step snoop_next(struct capture *c, struct packet *packet) MUST_CHECK;

/* pcapng_resync.c */
/* What stands `at` bytes from the window's position can be a block header (or the end). */
bool pcapng_block_plausible(struct capture *c, size_t at) MUST_CHECK;
bool pcapng_resync(struct capture *c, bool rewind) MUST_CHECK;

static inline uint32_t load_u32(bool big_endian, const uint8_t *p)
{
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value
                                                                  : __builtin_bswap32(value);
}

static inline uint16_t load_u16(bool big_endian, const uint8_t *p)
{
    uint16_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value
                                                                  : __builtin_bswap16(value);
}

static inline uint64_t load_u64(bool big_endian, const uint8_t *p)
{
    uint64_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value
                                                                  : __builtin_bswap64(value);
}

#endif
