/* Captures that are made to cost much, written to standard output: `hostile KIND COUNT [SEED]`. The
 * same arguments give the same octets. SEED, in hexadecimal, makes the hash key for which
 * `colliding` finds its tuples. */
#include "analyzer/flow/key.h"
#include "analyzer/test_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

#define FRAME_MAX 65535

struct frame {
    uint8_t octets[FRAME_MAX];
    uint32_t length;
};

static void put8(struct frame *f, uint32_t value)
{
    f->octets[f->length++] = (uint8_t)value;
}

static void put16(struct frame *f, uint32_t value)
{
    put8(f, value >> 8);
    put8(f, value & 0xff);
}

static void put32(struct frame *f, uint32_t value)
{
    put16(f, value >> 16);
    put16(f, value & 0xffff);
}

static void put_many(struct frame *f, uint32_t value, uint32_t count)
{
    while (count--)
        put8(f, value);
}

/* ---- files ---------------------------------------------------------------------------------- */

#define ETHERNET 1u
#define RAW_IP   101u

static void write32(uint32_t value)
{
    fwrite(&value, sizeof value, 1, stdout);
}

static void write16(uint32_t value)
{
    uint16_t low = (uint16_t)value;
    fwrite(&low, sizeof low, 1, stdout);
}

static void pcap(uint32_t link_type)
{
    write32(0xa1b2c3d4);
    write16(2);
    write16(4);
    write32(0);
    write32(0);
    write32(65535);
    write32(link_type);
}

static void record(uint64_t at_us, const struct frame *f)
{
    write32((uint32_t)(1700000000 + at_us / 1000000));
    write32((uint32_t)(at_us % 1000000));
    write32(f->length);
    write32(f->length);
    fwrite(f->octets, 1, f->length, stdout);
}

static void section(void)
{
    static const uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28};
    fwrite(words, sizeof words, 1, stdout);
}

static void interface(uint32_t link_type)
{
    static const uint32_t length = 20;
    write32(1);
    write32(length);
    write16(link_type);
    write16(0);
    write32(0);
    write32(length);
}

/* With options after the packet, `option_octets` of them, which end themselves. */
static void packet_block(uint64_t at_us, const struct frame *f, const uint8_t *options,
                         uint32_t option_octets)
{
    uint32_t padded = (f->length + 3) / 4 * 4;
    uint32_t length = 32 + padded + option_octets;
    write32(6);
    write32(length);
    write32(0);
    write32((uint32_t)((1700000000 * UINT64_C(1000000) + at_us) >> 32));
    write32((uint32_t)(1700000000 * UINT64_C(1000000) + at_us));
    write32(f->length);
    write32(f->length);
    fwrite(f->octets, 1, f->length, stdout);
    fwrite("\0\0\0", 1, padded - f->length, stdout);
    fwrite(options, 1, option_octets, stdout);
    write32(length);
}

/* ---- packets -------------------------------------------------------------------------------- */

struct ends {
    uint32_t from, to;
    uint16_t from_port, to_port;
};

struct tcp {
    uint32_t seq, ack;
    uint32_t flags;
    uint32_t payload;
    const uint8_t *options;
    uint32_t option_octets;
};

static void put_ipv4(struct frame *f, const struct ends *e, uint32_t protocol, uint32_t content,
                     uint32_t id, uint32_t fragment)
{
    put16(f, 0x4500);
    put16(f, 20 + content);
    put16(f, id);
    put16(f, fragment);
    put16(f, 64 << 8 | protocol);
    put16(f, 0);
    put32(f, e->from);
    put32(f, e->to);
}

static void put_tcp(struct frame *f, const struct ends *e, const struct tcp *t)
{
    put16(f, e->from_port);
    put16(f, e->to_port);
    put32(f, t->seq);
    put32(f, t->ack);
    put16(f, (20 + t->option_octets) / 4 << 12 | t->flags);
    put16(f, 8192);
    put32(f, 0);
    if (t->options)
        memcpy(f->octets + f->length, t->options, t->option_octets);
    f->length += t->option_octets;
    put_many(f, 'x', t->payload);
}

static void segment(struct frame *f, const struct ends *e, const struct tcp *t)
{
    put_ipv4(f, e, 6, 20 + t->option_octets + t->payload, 0, 0);
    put_tcp(f, e, t);
}

static void put(uint64_t at_us, const struct ends *e, const struct tcp *t)
{
    struct frame f;
    f.length = 0;
    segment(&f, e, t);
    record(at_us, &f);
}

static const struct ends ONE = {0x0a000001, 0x0a000002, 40000, 443};

static struct ends turned(const struct ends *e)
{
    return (struct ends){e->to, e->from, e->to_port, e->from_port};
}

static void handshake(uint64_t at_us, const struct ends *e)
{
    struct ends back = turned(e);
    put(at_us, e, &(struct tcp){.seq = 0, .flags = SYN});
    put(at_us, &back, &(struct tcp){.seq = 0, .ack = 1, .flags = SYN | ACK});
    put(at_us, e, &(struct tcp){.seq = 1, .ack = 1, .flags = ACK});
}

static struct ends tuple(uint32_t i)
{
    return (struct ends){0x0a000000 + i / 60000, 0x0b000000 + i % 251, (uint16_t)(1024 + i % 60000),
                         443};
}

/* Spread over the whole space. */
static uint32_t scattered(uint32_t i)
{
    return (uint32_t)((uint64_t)i * 0x9e3779b1);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void syns(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = tuple(i);
        put(i, &e, &(struct tcp){.seq = scattered(i), .flags = SYN});
    }
}

/* Each to a server and a port of its own, from a client of its own. */
static void strangers(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = {0x10000000 + i, 0x20000000 + i, 40000, (uint16_t)(1 + i % 60000)};
        handshake(i, &e);
        struct ends back = turned(&e);
        put(i, &back, &(struct tcp){.seq = 1, .ack = 1, .flags = RST | ACK});
    }
}

/* The same, in every state that a host can be counted in, for as long as possible: closed by either
 * end, half closed and stuck, given up. */
static void busy_strangers(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = {0x10000000 + i, 0x20000000 + i, 40000, (uint16_t)(1 + i % 60000)};
        struct ends back = turned(&e);
        uint64_t at_us = (uint64_t)i * 1000;
        const struct ends *first = i % 2 ? &e : &back;
        const struct ends *second = i % 2 ? &back : &e;
        handshake(at_us, &e);
        at_us += 200;
        put(at_us, first, &(struct tcp){.seq = 1, .ack = 1, .flags = FIN | ACK});
        put(at_us + 100, second, &(struct tcp){.seq = 1, .ack = 2, .flags = ACK});
        put(at_us + 100, second, &(struct tcp){.seq = 1, .ack = 2, .flags = ACK, .payload = 1});
        if (i % 4 == 0)
            continue;
        put(at_us + 300, second, &(struct tcp){.seq = 2, .ack = 2, .flags = FIN | ACK});
        put(at_us + 300, first, &(struct tcp){.seq = 2, .ack = 3, .flags = ACK});
    }
}

/* SYNs with stamps that fall, answered or not: each a pair that somebody remembers. */
static void falling_stamps(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pair = i / 4;
        struct frame options;
        struct ends e = {0x10000000 + pair, 0x20000000 + pair, (uint16_t)(40000 + i % 4), 443};
        struct ends back = turned(&e);
        options.length = 0;
        put32(&options, 0x0101080a);
        put32(&options, 1000000 - 1000 * (i % 4));
        put32(&options, 0);
        put((uint64_t)i * 1000, &e,
            &(struct tcp){.seq = scattered(i),
                          .flags = SYN,
                          .options = options.octets,
                          .option_octets = options.length});
        if (i % 4 == 0)
            put((uint64_t)i * 1000, &back,
                &(struct tcp){.ack = scattered(i) + 1,
                              .flags = SYN | ACK,
                              .options = options.octets,
                              .option_octets = options.length});
    }
}

/* All SYNs, then all answers, then all last words: what is held is of another kind each time. */
static void in_step(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; count && i < 3 * count; i++) {
        struct ends e = tuple(i % count), back = turned(&e);
        if (i < count)
            put(i, &e, &(struct tcp){.seq = 0, .flags = SYN});
        else if (i < 2 * count)
            put(i, &back, &(struct tcp){.seq = 0, .ack = 1, .flags = SYN | ACK});
        else
            put(i, i % 2 ? &e : &back, &(struct tcp){.seq = 1, .ack = 1, .flags = RST | ACK});
    }
}

/* Opened, and then forgotten. */
static void open_for_ever(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = tuple(i);
        handshake(i, &e);
    }
}

/* Many are in the middle of it when others come. */
static void closing(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = tuple(i), back = turned(&e);
        handshake(i, &e);
        put(i, &e, &(struct tcp){.seq = 1, .ack = 1, .flags = FIN | ACK});
        put(i, &back, &(struct tcp){.seq = 1, .ack = 2, .flags = ACK});
        if (i % 2)
            put(i, &back, &(struct tcp){.seq = 1, .ack = 2, .flags = FIN | ACK});
    }
}

static struct hash_key key;

/* All of them begin at one slot of the table, as large as it is with so many. */
static void colliding(uint32_t count)
{
    uint32_t mask = 1023;
    while ((uint64_t)count * 10 > ((uint64_t)mask + 1) * 7)
        mask = mask * 2 + 1;
    pcap(RAW_IP);
    uint32_t found = 0;
    for (uint32_t i = 0; found < count; i++) {
        struct ends e = {0x0a000000 + i / 60000, 0x0a7f0000, (uint16_t)(1024 + i % 60000), 443};
        struct segment g = {.source_port = e.from_port, .destination_port = 443, .vlan = VLAN_NONE};
        int sender;
        g.source[10] = g.source[11] = g.destination[10] = g.destination[11] = 0xff;
        for (int octet = 0; octet < 4; octet++) {
            g.source[12 + octet] = (uint8_t)(e.from >> (24 - 8 * octet));
            g.destination[12 + octet] = (uint8_t)(e.to >> (24 - 8 * octet));
        }
        if ((flow_tag_of(&g, false, &key, &sender) & mask) == 0)
            put(found++, &e, &(struct tcp){.seq = 1, .flags = SYN});
    }
}

static void uses_of_one_tuple(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++)
        put(i, &ONE, &(struct tcp){.seq = scattered(i), .flags = SYN});
}

/* The same tuple in so many VLANs that each would be a network of its own. */
static void worlds_of_one_tuple(uint32_t count)
{
    pcap(ETHERNET);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        put_many(&f, 2, 12);
        put16(&f, 0x8100);
        put16(&f, i % 4094 + 1);
        put16(&f, 0x0800);
        segment(&f, &ONE, &(struct tcp){.seq = scattered(i), .flags = SYN});
        record(i, &f);
    }
}

/* The clock leaps further than the wheel turns, and back. */
static void leaping_clock(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = tuple(i), back = turned(&e);
        uint64_t at_us = (uint64_t)(i / 2 + i % 2 * 600) * 1000000;
        put(at_us, &e, &(struct tcp){.seq = 1, .ack = 1, .flags = FIN | ACK});
        put(at_us, &back, &(struct tcp){.seq = 1, .ack = 2, .flags = RST | ACK});
    }
}

/* ---- one connection ------------------------------------------------------------------------- */

/* Every other octet first, from the end to the beginning, then the others. */
static void one_octet_segments(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    for (uint32_t round = 0; round < count / 200; round++) {
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t place = i < 100 ? 2 * (99 - i) + 1 : 2 * (i - 100);
            put(round * 200 + i, &ONE,
                &(struct tcp){
                    .seq = 1 + round * 200 + place, .ack = 1, .flags = ACK, .payload = 1});
        }
    }
}

static void every_other_octet(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    for (uint32_t i = 0; i < count; i++)
        put(i, &ONE, &(struct tcp){.seq = 1 + 2 * i, .ack = 1, .flags = ACK, .payload = 1});
}

static void far_ahead(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    for (uint32_t i = 0; i < count; i++)
        put(i, &ONE,
            &(struct tcp){.seq = 1 + i * 0x10000001u, .ack = 1, .flags = ACK, .payload = 1});
}

static void sent_again(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    for (uint32_t i = 0; i < count; i++)
        put((uint64_t)i * 300000, &ONE,
            &(struct tcp){.seq = 1, .ack = 1, .flags = ACK, .payload = 100});
}

/* Whatever is logged of a close, again and again, from both sides. */
static void endless_close(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    struct ends back = turned(&ONE);
    for (uint32_t i = 0; i < count; i++) {
        static const uint32_t flags[] = {FIN | ACK, RST, SYN, ACK, RST | ACK, SYN | ACK};
        put((uint64_t)i * 1000, i % 2 ? &ONE : &back,
            &(struct tcp){.seq = 1 + i % 7, .ack = 1 + i % 5, .flags = flags[i % 6]});
    }
}

static void resets_that_say_why(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct ends e = tuple(i);
        put(i, &e, &(struct tcp){.seq = 1, .ack = 1, .flags = RST | ACK, .payload = 1400});
    }
}

/* SACK and D-SACK, as many as fit, moving. */
static void sack_flood(uint32_t count)
{
    pcap(RAW_IP);
    handshake(0, &ONE);
    for (uint32_t i = 0; i < count; i++) {
        struct frame options;
        options.length = 0;
        put16(&options, 0x0101);
        put8(&options, 5);
        put8(&options, 34);
        for (uint32_t block = 0; block < 4; block++) {
            put32(&options, i * 8 + block * 1000);
            put32(&options, i * 8 + block * 1000 + 10 * (block % 2));
        }
        put32(&options, 0x01010101);
        put(i, &ONE,
            &(struct tcp){.seq = 1,
                          .ack = 1 + i % 3,
                          .flags = ACK,
                          .options = options.octets,
                          .option_octets = 40});
    }
}

/* Options of all lengths, of length zero, and such as reach beyond the header. */
static void tcp_options(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct frame options;
        struct ends e = tuple(i % 1000);
        options.length = 0;
        for (uint32_t at = 0; at < 40; at++)
            put8(&options, at % 2 ? (i + at) % 4 : scattered(i * 40 + at) >> 24);
        put(i, &e,
            &(struct tcp){.seq = i,
                          .flags = i % 2 ? SYN : ACK,
                          .options = options.octets,
                          .option_octets = 40});
    }
}

/* ---- layers --------------------------------------------------------------------------------- */

static void fragments(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        put_ipv4(&f, &(struct ends){0x0a000000 + i / 65536, 0x0a000002, 0, 0}, 6, 64, i & 0xffff,
                 0x2000 | (i % 2 ? i / 2 % 8000 : 0));
        put_tcp(&f, &ONE, &(struct tcp){.seq = i, .flags = SYN, .payload = 44});
        record(i, &f);
    }
}

/* All of one packet that is never whole. */
static void fragments_of_one(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        put_ipv4(&f, &ONE, 6, 8, 77, 0x2000 | (2 + i % 4000 * 2));
        put_many(&f, 'x', 8);
        record(i, &f);
    }
}

/* 60,000 octets of labels in each. */
static void nested_vlans(uint32_t count)
{
    pcap(ETHERNET);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        put_many(&f, 2, 12);
        while (f.length < 60000)
            put32(&f, 0x81000000 + i % 4095);
        put16(&f, 0x0800);
        segment(&f, &ONE, &(struct tcp){.seq = i, .flags = SYN});
        record(i, &f);
    }
}

static void nested_tunnels(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        for (uint32_t left = 60000; left > 20; left -= 20)
            put_ipv4(&f, &ONE, 4, left - 20, 0, 0);
        record(i, &f);
    }
}

/* Destination options, each in front of the next. */
static void extension_headers(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        struct frame f;
        f.length = 0;
        put32(&f, 0x60000000);
        put16(&f, 60000);
        put16(&f, 60 << 8 | 64);
        put_many(&f, 0xfd, 32);
        for (uint32_t left = 60000; left > 0; left -= 8) {
            put32(&f, 60 << 24 | 1 << 8 | 4);
            put32(&f, 0);
        }
        record(i, &f);
    }
}

/* ---- files that are odd --------------------------------------------------------------------- */

static void interfaces(uint32_t count)
{
    section();
    for (uint32_t i = 0; i < count; i++)
        interface(RAW_IP);
    struct frame f;
    f.length = 0;
    segment(&f, &ONE, &(struct tcp){.flags = SYN});
    packet_block(0, &f, NULL, 0);
}

/* A hundred thousand options behind each packet. */
static void block_options(uint32_t count)
{
    static struct frame options;
    struct frame f;
    section();
    interface(RAW_IP);
    options.length = 0;
    for (uint32_t i = 0; i < 12000; i++)
        put32(&options, i % 2 ? 0 : 0x78563412 & 0xffff0000);
    for (uint32_t i = 0; i < count; i++) {
        f.length = 0;
        segment(&f, &ONE, &(struct tcp){.seq = i, .flags = ACK});
        packet_block(i, &f, options.octets, options.length);
    }
}

/* To be compressed a thousandfold. */
static void same(uint32_t count)
{
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++)
        put(0, &ONE, &(struct tcp){.flags = SYN});
}

/* Behind every fourth record stands what is none; a part of it looks like one. */
static void damaged_records(uint32_t count)
{
    struct frame f;
    pcap(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        f.length = 0;
        segment(&f, &ONE, &(struct tcp){.seq = i, .flags = ACK});
        record(i, &f);
        for (uint32_t word = 0; word < 40 && i % 4 == 3; word++)
            write32(i % 8 == 7 ? scattered(i * 40 + word) : 1700000000 + word % 3);
    }
}

/* Every place looks like a record that is long, until it is followed. */
static void nearly_records(uint32_t count)
{
    struct frame f;
    pcap(RAW_IP);
    f.length = 0;
    segment(&f, &ONE, &(struct tcp){.flags = SYN});
    record(0, &f);
    write32(UINT32_MAX);
    for (uint32_t i = 0; i < count; i++) {
        write32(1700000000);
        write32(i % 1000000);
        write32(60000);
        write32(60000);
    }
}

static void damaged_blocks(uint32_t count)
{
    struct frame f;
    section();
    interface(RAW_IP);
    for (uint32_t i = 0; i < count; i++) {
        f.length = 0;
        segment(&f, &ONE, &(struct tcp){.seq = i, .flags = ACK});
        packet_block(i, &f, NULL, 0);
        for (uint32_t word = 0; word < 40 && i % 4 == 3; word++)
            write32(i % 3 == 0 ? 6 : i % 3 == 1 ? 0x0a0d0d0a : scattered(i * 40 + word));
    }
}

/* ---- all of them ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*make)(uint32_t count);
} kinds[] = {
    {"syns", syns},
    {"strangers", strangers},
    {"busy_strangers", busy_strangers},
    {"falling_stamps", falling_stamps},
    {"in_step", in_step},
    {"open_for_ever", open_for_ever},
    {"closing", closing},
    {"colliding", colliding},
    {"uses_of_one_tuple", uses_of_one_tuple},
    {"worlds_of_one_tuple", worlds_of_one_tuple},
    {"leaping_clock", leaping_clock},
    {"one_octet_segments", one_octet_segments},
    {"every_other_octet", every_other_octet},
    {"far_ahead", far_ahead},
    {"sent_again", sent_again},
    {"endless_close", endless_close},
    {"resets_that_say_why", resets_that_say_why},
    {"sack_flood", sack_flood},
    {"tcp_options", tcp_options},
    {"fragments", fragments},
    {"fragments_of_one", fragments_of_one},
    {"nested_vlans", nested_vlans},
    {"nested_tunnels", nested_tunnels},
    {"extension_headers", extension_headers},
    {"interfaces", interfaces},
    {"block_options", block_options},
    {"damaged_records", damaged_records},
    {"nearly_records", nearly_records},
    {"damaged_blocks", damaged_blocks},
    {"same", same},
};

static bool read_key(const char *text)
{
    char *end;
    key = test_key(strtoull(text, &end, 16));
    return *text && !*end;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long count = argc < 3 ? 0 : strtoul(argv[2], &end, 10);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!count || *end || count > UINT32_MAX || strcmp(argv[1], kinds[i].name) != 0 ||
            (argc > 3 && !read_key(argv[3])))
            continue;
        kinds[i].make((uint32_t)count);
        return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
    }
    fprintf(stderr, "usage: %s KIND COUNT [KEY] >FILE, KIND one of:\n", argv[0]);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        fprintf(stderr, "  %s\n", kinds[i].name);
    return 2;
}
