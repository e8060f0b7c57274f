#include "tests/sim/capture.h"

#include <stdlib.h>
#include <string.h>

void addresses_of(uint32_t connection, struct address address[2])
{
    uint32_t host = connection % 50000 + 256;
    address[0] = (struct address){{10, 7, (uint8_t)(host >> 8), (uint8_t)host},
                                  (uint16_t)(20000 + connection / 50000)};
    address[1] = (struct address){{192, 0, 2, (uint8_t)(1 + connection % 200)}, 443};
}

void capture_add(struct capture *capture, int64_t at, uint32_t connection,
                 const struct segment *segment)
{
    if (capture->records == capture->size) {
        capture->size = capture->size ? 2 * capture->size : 1024;
        capture->record = realloc(capture->record, capture->size * sizeof *capture->record);
        if (!capture->record) {
            abort();
        }
    }
    capture->record[capture->records++] = (struct record){at, connection, *segment};
}

void capture_finish(struct capture *capture)
{
    free(capture->record);
}

/* --- octets ------------------------------------------------------------------------------------*/

struct octets {
    uint8_t at[128];
    size_t used;
};

static void put(struct octets *octets, uint64_t value, size_t bytes)
{
    while (bytes--) {
        octets->at[octets->used++] = (uint8_t)(value >> (8 * bytes));
    }
}

static uint32_t sum(const uint8_t *from, size_t bytes, uint32_t so_far)
{
    for (size_t i = 0; i < bytes; i++) {
        so_far += (uint32_t)from[i] << (i % 2 ? 0 : 8);
    }
    return so_far;
}

static void put_checksum(uint8_t *to, uint32_t total)
{
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    to[0] = (uint8_t)(~total >> 8);
    to[1] = (uint8_t)~total;
}

static void put_ethernet_and_ip(struct octets *octets, int from, const struct address address[2],
                                uint8_t protocol, uint16_t id, size_t transport_bytes)
{
    put(octets, from ? 0x020000000a01 : 0x020000000b02, 6);
    put(octets, from ? 0x020000000b02 : 0x020000000a01, 6);
    put(octets, 0x0800, 2);
    size_t ip = octets->used;
    put(octets, 0x4500, 2);
    put(octets, 20 + transport_bytes, 2);
    put(octets, id, 2);
    put(octets, 0x4000, 2);
    put(octets, 64, 1);
    put(octets, protocol, 1);
    put(octets, 0, 2);
    for (int end = 0; end < 2; end++) {
        memcpy(octets->at + octets->used, address[from ^ end].ip, 4);
        octets->used += 4;
    }
    put_checksum(octets->at + ip + 10, sum(octets->at + ip, 20, 0));
}

/* The payload is nothing but zeros, and not stored. */
static void put_tcp(struct octets *octets, const struct segment *segment,
                    const struct address address[2])
{
    size_t header = 20u + (segment->mss ? 4 : 0) + (segment->timestamps ? 12 : 0);
    size_t bytes = header + segment->payload_bytes;
    put_ethernet_and_ip(octets, segment->from, address, 6, segment->ip_id, bytes);
    size_t tcp = octets->used;
    put(octets, address[segment->from].port, 2);
    put(octets, address[!segment->from].port, 2);
    put(octets, segment->seq, 4);
    put(octets, segment->ack, 4);
    put(octets, header / 4 << 4, 1);
    put(octets, segment->flags, 1);
    put(octets, segment->window, 2);
    put(octets, 0, 4);
    if (segment->mss) {
        put(octets, 0x0204, 2);
        put(octets, segment->mss, 2);
    }
    if (segment->timestamps) {
        put(octets, 0x0101080a, 4);
        put(octets, segment->tsval, 4);
        put(octets, segment->tsecr, 4);
    }
    uint32_t pseudo = sum(octets->at + tcp - 8, 8, 6 + (uint32_t)bytes);
    put_checksum(octets->at + tcp + 16, sum(octets->at + tcp, header, pseudo));
}

static void put_last_datagram(struct octets *octets)
{
    static const struct address nobody[2] = {{{198, 51, 100, 1}, 9}, {{198, 51, 100, 2}, 9}};
    put_ethernet_and_ip(octets, 0, nobody, 17, 0, 8);
    put(octets, 9, 2);
    put(octets, 9, 2);
    put(octets, 8, 2);
    put(octets, 0, 2);
}

/* --- the file ----------------------------------------------------------------------------------*/

static void write_packet(FILE *file, int64_t at, const struct octets *octets, uint32_t unstored)
{
    uint32_t stored = (uint32_t)octets->used;
    uint32_t header[] = {(uint32_t)(at / SEC), (uint32_t)(at % SEC), stored, stored + unstored};
    fwrite(header, sizeof header, 1, file);
    fwrite(octets->at, octets->used, 1, file);
}

static int by_time(const void *a, const void *b)
{
    const struct record *one = a, *other = b;
    if (one->at != other->at) {
        return one->at < other->at ? -1 : 1;
    }
    return one < other ? -1 : one > other;
}

bool capture_write(struct capture *capture, const char *path, int64_t end_at)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return false;
    }
    static const uint32_t HEADER[] = {0xa1b23c4d, 0x00040002, 0, 0, 262144, 1};
    fwrite(HEADER, sizeof HEADER, 1, file);
    qsort(capture->record, capture->records, sizeof *capture->record, by_time);
    for (size_t i = 0; i < capture->records; i++) {
        const struct record *record = &capture->record[i];
        struct address address[2];
        struct octets octets = {.used = 0};
        addresses_of(record->connection, address);
        put_tcp(&octets, &record->segment, address);
        write_packet(file, record->at, &octets, record->segment.payload_bytes);
    }
    struct octets octets = {.used = 0};
    put_last_datagram(&octets);
    write_packet(file, end_at, &octets, 0);
    bool good = !ferror(file);
    return !fclose(file) && good;
}
