/* Packets of a file straight to segments, against one packet after the other: the same segments, in
 * the same order, and the same counts, whatever the file has; and it takes what it is there for. */
#include "dissect/capture/timeline.h"
#include "dissect/samples_test.h"

#include <stdio.h>
#include <unistd.h>

#define PACKETS 3000u

/* What a file is like. Each `every` is 0: never, else of so many packets one. */
struct shape {
    const char *name;
    uint32_t magic, link_type;
    unsigned other_every; /* an IP packet of another protocol, or in a tunnel */
    unsigned ipv6_every;
    unsigned tag_every;       /* in a VLAN */
    unsigned reset_every;     /* an RST that says why */
    unsigned backwards_every; /* is of a second before */
    unsigned lost_every;      /* its record has lost four octets */
    unsigned options_every;   /* its block has options; of pcapng */
    unsigned files;
    uint32_t least, most; /* so many packets are taken so */
};

#define MICROSECONDS 0xa1b2c3d4
#define NANOSECONDS  0xa1b23c4d
#define OTHER_ORDER  0xd4c3b2a1
#define PCAPNG       0x0a0d0d0a

/* clang-format off */
static const struct shape shapes[] = {
    {"plain",        MICROSECONDS, 1,   0,  0, 0, 0, 0,   0,  0,  1, PACKETS / 2, PACKETS},
    {"nanoseconds",  NANOSECONDS,  1,   0,  3, 0, 0, 0,   0,  0,  1, PACKETS / 2, PACKETS},
    {"mixed",        MICROSECONDS, 1,   5,  3, 7, 0, 0,   0,  0,  1, PACKETS / 2, PACKETS},
    {"reasons",      MICROSECONDS, 1,   0,  0, 0, 2, 0,   0,  0,  1, PACKETS / 2, PACKETS},
    {"backwards",    MICROSECONDS, 1,   0,  0, 0, 0, 100, 0,  0,  1, PACKETS / 2, PACKETS},
    {"damaged",      MICROSECONDS, 1,   0,  0, 0, 0, 0,   90, 0,  1, PACKETS / 2, PACKETS},
    {"other order",  OTHER_ORDER,  1,   0,  0, 0, 0, 0,   0,  0,  1, 0, 0},
    {"IP alone",     MICROSECONDS, 101, 0,  0, 0, 0, 0,   0,  0,  1, 0, 0},
    {"with FCS",     MICROSECONDS, 0x24000001, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0},
    {"two files",    MICROSECONDS, 1,   0,  0, 0, 0, 0,   0,  0,  2, 0, 2 * PACKETS},
    {"pcapng",       PCAPNG,       1,   0,  3, 0, 0, 0,   0,  0,  1, PACKETS / 2, PACKETS},
    {"mixed pcapng", PCAPNG,       1,   5,  3, 7, 2, 100, 0,  80, 1, PACKETS / 8, PACKETS},
    {"damaged pcapng", PCAPNG,     1,   0,  0, 0, 0, 0,   90, 0,  1, PACKETS / 2, PACKETS},
    {"IP in pcapng", PCAPNG,       101, 0,  0, 0, 0, 0,   0,  0,  1, PACKETS / 2, PACKETS},
};
/* clang-format on */

static bool is_nth(unsigned i, unsigned every)
{
    return every && i % every == every - 1;
}

static void put_ip(struct frame *f, const struct shape *shape, unsigned i)
{
    bool v6 = is_nth(i, shape->ipv6_every);
    bool reset = is_nth(i, shape->reset_every);
    size_t at = v6 ? put_ipv6(f, 6) : put_ipv4(f, 6);
    size_t tcp = f->length;
    put_tcp(f, reset ? TCP_RST | TCP_ACK : TCP_ACK, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12,
            reset ? 8 : i % 200);
    patch16(f, tcp + 6, i);
    if (v6)
        end_ipv6(f, at);
    else
        end_ipv4(f, at);
}

static void put_packet(struct frame *f, const struct shape *shape, unsigned i)
{
    bool tagged = is_nth(i, shape->tag_every);
    if (is_nth(i, shape->other_every)) {
        sample_build(f, i % 2 ? "gre" : "vxlan");
        return;
    }
    if (shape->link_type != 101) {
        put_ethernet(f, tagged ? 0x8100 : is_nth(i, shape->ipv6_every) ? 0x86dd : 0x0800);
        if (tagged) {
            put16(f, 5);
            put16(f, is_nth(i, shape->ipv6_every) ? 0x86dd : 0x0800);
        }
    }
    put_ip(f, shape, i);
}

static void write32(FILE *file, bool swapped, uint32_t value)
{
    value = swapped ? __builtin_bswap32(value) : value;
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
}

static void write_octets(FILE *file, const void *octets, size_t count)
{
    assert_int_equal(fwrite(octets, 1, count, file), count);
}

static void write_pcap_header(FILE *file, const struct shape *shape)
{
    static const uint16_t version[2] = {2, 4};
    bool swapped = shape->magic == OTHER_ORDER;
    uint16_t written[2];
    for (int i = 0; i < 2; i++)
        written[i] = swapped ? __builtin_bswap16(version[i]) : version[i];
    write32(file, false, shape->magic);
    write_octets(file, written, sizeof written);
    write32(file, swapped, 0);
    write32(file, swapped, 0);
    write32(file, swapped, 65535);
    write32(file, swapped, shape->link_type);
}

/* A section and its only interface, with times in microseconds. */
static void write_section(FILE *file, const struct shape *shape)
{
    const uint32_t words[] = {PCAPNG, 28, 0x1a2b3c4d,       1, UINT32_MAX, UINT32_MAX, 28,
                              1,      20, shape->link_type, 0, 20};
    write_octets(file, words, sizeof words);
}

static void write_record(FILE *file, bool swapped, const struct frame *f, unsigned i,
                         uint32_t second)
{
    write32(file, swapped, second);
    write32(file, swapped, i % 10 * 1000);
    write32(file, swapped, (uint32_t)f->length);
    write32(file, swapped, (uint32_t)f->length + i % 3);
}

static void write_block(FILE *file, const struct frame *f, unsigned i, uint32_t second,
                        bool options, size_t lost)
{
    static const uint8_t none[4];
    static const uint32_t flags[] = {2 | 4 << 16, 1, 0}; /* epb_flags: inbound */
    uint64_t ticks = second * UINT64_C(1000000) + i % 10 * 1000;
    size_t padding = (4 - f->length % 4) % 4;
    uint32_t length = (uint32_t)(32 + f->length + padding + (options ? sizeof flags : 0));
    const uint32_t words[] = {6,
                              length,
                              0,
                              (uint32_t)(ticks >> 32),
                              (uint32_t)ticks,
                              (uint32_t)f->length,
                              (uint32_t)f->length + i % 3};
    write_octets(file, words, sizeof words);
    write_octets(file, f->octets, f->length - lost);
    write_octets(file, none, padding);
    if (options)
        write_octets(file, flags, sizeof flags);
    write32(file, false, length);
}

/* `number`: of the file, of which each begins a little later. */
static void write_file(const char *path, const struct shape *shape, unsigned number)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (shape->magic == PCAPNG)
        write_section(file, shape);
    else
        write_pcap_header(file, shape);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct frame f = {0};
        put_packet(&f, shape, i);
        uint32_t second = 1700000000u + number + i / 10 - is_nth(i, shape->backwards_every);
        size_t lost = is_nth(i, shape->lost_every) ? 4 : 0;
        if (shape->magic == PCAPNG) {
            write_block(file, &f, i, second, is_nth(i, shape->options_every), lost);
            continue;
        }
        write_record(file, shape->magic == OTHER_ORDER, &f, i, second);
        write_octets(file, f.octets, f.length - lost);
    }
    assert_int_equal(fclose(file), 0);
}

/* All segments of a timeline, and what was found on the way. */
struct product {
    struct bench bench;
    struct segment *segments;
    struct segment_aux *aux; /* of each */
    uint32_t count;
    uint64_t straight; /* packets that were taken so */
    int64_t highest_ns;
};

static void keep(struct product *p)
{
    struct segment_batch *batch = p->bench.batch;
    assert_true(p->count + batch->count <= 2 * PACKETS);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct segment *g = &batch->segments[i];
        if (g->aux != AUX_NONE)
            p->aux[p->count] = batch->aux[g->aux];
        g->aux = g->aux == AUX_NONE ? AUX_NONE : 0;
        p->segments[p->count++] = *g;
    }
    batch_clear(batch);
}

static void take_one(struct product *p, const struct packet *packet)
{
    dissect_packet(p->bench.dissector, packet, p->bench.batch);
    if (batch_full(p->bench.batch))
        keep(p);
}

static uint32_t take_straight(struct product *p, struct timeline *timeline)
{
    uint32_t count = dissect_straight(p->bench.dissector, timeline, p->bench.batch);
    p->straight += count;
    if (batch_full(p->bench.batch))
        keep(p);
    return count;
}

static void read_all(struct product *p, const char *const *paths, size_t path_count, bool straight)
{
    bench_init(&p->bench);
    p->segments = calloc(2 * PACKETS, sizeof *p->segments);
    p->aux = calloc(2 * PACKETS, sizeof *p->aux);
    p->count = 0;
    p->straight = 0;
    assert_true(p->segments && p->aux);
    struct timeline *timeline = timeline_open(paths, path_count, &p->bench.findings);
    assert_non_null(timeline);
    const struct packet *packets;
    uint32_t count;
    for (;;) {
        if (straight && take_straight(p, timeline))
            continue;
        if (timeline_next_run(timeline, &packets, &count) != CAPTURE_PACKET)
            break;
        for (uint32_t i = 0; i < count; i++)
            take_one(p, &packets[i]);
    }
    keep(p);
    p->highest_ns = timeline_highest_ns(timeline);
    timeline_destroy(timeline);
}

static void release(struct product *p)
{
    free(p->segments);
    free(p->aux);
    bench_finish(&p->bench);
}

static void assert_same_findings(const struct capture_findings *a, const struct capture_findings *b)
{
    assert_adds_up(a);
    assert_int_equal(a->packets, b->packets);
    assert_int_equal(a->tcp, b->tcp);
    assert_memory_equal(a->other, b->other, sizeof a->other);
    assert_int_equal(a->file_count, b->file_count);
    for (uint32_t i = 0; i < a->file_count; i++) {
        const struct file_findings *one = &a->files[i], *other = &b->files[i];
        assert_int_equal(one->packets, other->packets);
        assert_int_equal(one->start_ns, other->start_ns);
        assert_int_equal(one->end_ns, other->end_ns);
        assert_int_equal(one->damage_count, other->damage_count);
        assert_memory_equal(one->oddities, other->oddities, sizeof one->oddities);
    }
}

static void straight_or_not(void **state)
{
    const struct shape *shape = *state;
    char paths[2][64];
    const char *given[2] = {paths[0], paths[1]};
    for (unsigned i = 0; i < shape->files; i++) {
        snprintf(paths[i], sizeof paths[i], "/tmp/finwait-straight-%d-%u", (int)getpid(), i);
        write_file(paths[i], shape, i);
    }
    struct product straight = {0}, one_by_one = {0};
    read_all(&straight, given, shape->files, true);
    read_all(&one_by_one, given, shape->files, false);
    for (unsigned i = 0; i < shape->files; i++)
        unlink(paths[i]);
    assert_int_equal(one_by_one.straight, 0);
    assert_in_range(straight.straight, shape->least, shape->most);
    assert_true(one_by_one.count > PACKETS / 2);
    assert_int_equal(straight.count, one_by_one.count);
    assert_int_equal(straight.highest_ns, one_by_one.highest_ns);
    assert_memory_equal(straight.segments, one_by_one.segments,
                        straight.count * sizeof *straight.segments);
    assert_memory_equal(straight.aux, one_by_one.aux, straight.count * sizeof *straight.aux);
    assert_same_findings(&straight.bench.findings, &one_by_one.bench.findings);
    if (shape->backwards_every)
        assert_true(straight.bench.findings.files[0].oddities[ODDITY_CLOCK_BACKWARDS] > 0);
    if (shape->lost_every)
        assert_true(straight.bench.findings.files[0].damage_count > 0);
    release(&straight);
    release(&one_by_one);
}

int main(void)
{
    struct CMUnitTest tests[sizeof shapes / sizeof *shapes];
    size_t count = sizeof shapes / sizeof *shapes;
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){.name = shapes[i].name,
                                       .test_func = straight_or_not,
                                       .initial_state = (void *)(uintptr_t)&shapes[i]};
    return _cmocka_run_group_tests("straight", tests, count, NULL, NULL);
}
