#include "tests/bench/frames.h"

#include "tests/sim/random.h"

#include <stdlib.h>
#include <string.h>

#define ETHERNET 14
#define HEADERS  (ETHERNET + 40 + 20 + 24) /* of a SYN over IPv6 with all options */
#define WORDS    65536

static uint8_t words[WORDS + PAYLOAD_MAX];

static void make_words(void)
{
    static const char *const VOCABULARY[] = {"the",  "of",    "and",   "state", "close", "a",
                                             "wait", "reset", "class", "div",   "href",  "span"};
    struct random random = {1};
    for (size_t at = 0; at < sizeof words;) {
        uint64_t dice = random_next(&random);
        const char *word = VOCABULARY[dice % (sizeof VOCABULARY / sizeof *VOCABULARY)];
        for (; *word && at < sizeof words; word++)
            words[at++] = (uint8_t)*word;
        for (int digits = (int)(dice >> 32 & 3); digits && at < sizeof words; digits--)
            words[at++] = (uint8_t)('0' + (dice >> (40 + 4 * digits) & 15) % 10);
        if (at < sizeof words)
            words[at++] = ' ';
    }
}

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value & 0xffff);
}

static void put_header_checksum(uint8_t *ip)
{
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~sum & 0xffff);
}

static size_t put_ipv4(uint8_t *ip, const struct frame *f, size_t transport_bytes)
{
    put16(ip, 0x4500);
    put16(ip + 2, (uint32_t)(20 + transport_bytes));
    put16(ip + 4, f->ip_id);
    put16(ip + 6, 0x4000);
    put16(ip + 8, 64 << 8 | 6);
    put16(ip + 10, 0);
    put32(ip + 12, 10u << 24 | f->from.host);
    put32(ip + 16, 10u << 24 | f->to.host);
    put_header_checksum(ip);
    return 20;
}

static void put_address6(uint8_t *to, uint32_t host)
{
    memset(to, 0, 16);
    put32(to, 0x20010db8);
    put32(to + 12, host);
}

static size_t put_ipv6(uint8_t *ip, const struct frame *f, size_t transport_bytes)
{
    put32(ip, 0x60000000);
    put16(ip + 4, (uint32_t)transport_bytes);
    put16(ip + 6, 6 << 8 | 64);
    put_address6(ip + 8, f->from.host);
    put_address6(ip + 24, f->to.host);
    return 40;
}

static size_t put_options(uint8_t *to, const struct frame *f)
{
    uint8_t *at = to;
    if (f->flags & SYN) {
        put32(at, 0x02040000 | (PAYLOAD_MAX + 12));
        put32(at + 4, 0x01030307);
        put32(at + 8, 0x01010402);
        at += 12;
    }
    if (f->timestamps) {
        put32(at, 0x0101080a);
        put32(at + 4, f->tsval);
        put32(at + 8, f->tsecr);
        at += 12;
    }
    return (size_t)(at - to);
}

/* All but the payload: the headers' length. */
static size_t put_headers(uint8_t *to, const struct frame *f)
{
    static const uint8_t MACS[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    uint8_t options[24];
    size_t option_bytes = put_options(options, f);
    size_t transport_bytes = 20 + option_bytes + f->payload_bytes;
    memcpy(to, MACS, sizeof MACS);
    put16(to + 12, f->ipv6 ? 0x86dd : 0x0800);
    uint8_t *ip = to + ETHERNET;
    uint8_t *tcp =
        ip + (f->ipv6 ? put_ipv6(ip, f, transport_bytes) : put_ipv4(ip, f, transport_bytes));
    put16(tcp, f->from.port);
    put16(tcp + 2, f->to.port);
    put32(tcp + 4, f->seq);
    put32(tcp + 8, f->flags & ACK ? f->ack : 0);
    tcp[12] = (uint8_t)((20 + option_bytes) / 4 << 4);
    tcp[13] = f->flags;
    put16(tcp + 14, f->window);
    put32(tcp + 16, 0);
    memcpy(tcp + 20, options, option_bytes);
    return (size_t)(tcp + 20 + option_bytes - to);
}

bool writer_open(struct writer *writer, const char *path, bool pcapng)
{
    *writer = (struct writer){.file = fopen(path, "wb"), .pcapng = pcapng};
    if (!writer->file)
        return false;
    setvbuf(writer->file, NULL, _IOFBF, 1 << 20);
    make_words();
    static const uint32_t PCAP[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
    static const uint32_t PCAPNG[] = {
        0x0a0d0d0a, 28, 0x1a2b3c4d, 1,      UINT32_MAX, UINT32_MAX, 28, /* section */
        1,          20, 1,          262144, 20,                         /* Ethernet, microseconds */
    };
    if (pcapng)
        fwrite(PCAPNG, sizeof PCAPNG, 1, writer->file);
    else
        fwrite(PCAP, sizeof PCAP, 1, writer->file);
    return true;
}

void writer_put(struct writer *writer, uint64_t at_us, const struct frame *frame)
{
    uint8_t headers[HEADERS];
    size_t header_bytes = put_headers(headers, frame);
    uint32_t bytes = (uint32_t)header_bytes + frame->payload_bytes;
    uint32_t padding = -bytes & 3;
    uint32_t block = 32 + bytes + padding;
    if (writer->pcapng) {
        uint32_t record[] = {6, block, 0, (uint32_t)(at_us >> 32), (uint32_t)at_us, bytes, bytes};
        fwrite(record, sizeof record, 1, writer->file);
    } else {
        uint32_t record[] = {(uint32_t)(at_us / 1000000), (uint32_t)(at_us % 1000000), bytes,
                             bytes};
        fwrite(record, sizeof record, 1, writer->file);
    }
    fwrite(headers, header_bytes, 1, writer->file);
    if (frame->payload_bytes)
        fwrite(words + frame->seq % WORDS, frame->payload_bytes, 1, writer->file);
    if (writer->pcapng) {
        uint8_t end[8] = {0};
        memcpy(end + padding, &block, sizeof block);
        fwrite(end, padding + sizeof block, 1, writer->file);
    }
    writer->frames++;
    writer->bytes += bytes;
}

bool writer_close(struct writer *writer)
{
    bool good = !ferror(writer->file);
    return !fclose(writer->file) && good;
}
