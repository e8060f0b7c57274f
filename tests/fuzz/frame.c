/*
 * Packets of every link type, several in a row because fragments are remembered. Each is a record
 * of the input: link type (one octet, an index), octets of FCS and marks (one), octets cut by the
 * snapshot length (two), length (two), data. The usual way and the long way alone say the same.
 */
#include "tests/fuzz/fuzz.h"

#include "dissect/dissect.h"
#include "dissect/link/link.h"
#include "dissect/usual.h"

#define PACKETS_MAX 64

static uint16_t link_type_of(uint8_t choice)
{
    static uint16_t known[256];
    static unsigned count;
    for (unsigned type = 0; !known[0] && type < 1024; type++) {
        if (type && link_decoder_of((uint16_t)type) && count < 255)
            known[++count] = (uint16_t)type;
        if (type == 1023)
            known[0] = 1023; /* nobody's */
    }
    return choice == 255 ? 0 : known[choice % (count + 1)];
}

static void check_segment(const struct segment *g, uint64_t frames)
{
    REQUIRE(g->ip_version == 4 || g->ip_version == 6);
    REQUIRE(frame_number(g->frame) >= 1 && frame_number(g->frame) <= frames);
    REQUIRE(g->window_scale <= 14);
    REQUIRE(g->tunnel < TUNNEL_COUNT);
    REQUIRE(g->vlan == VLAN_NONE || g->vlan < 4096);
    REQUIRE(!(g->marks & SEG_DSACK) || g->marks & SEG_SACK);
    REQUIRE(!(g->marks & SEG_MALFORMED) || !g->payload_len);
    REQUIRE(g->aux == AUX_NONE || g->aux < BATCH_AUX);
}

static void take_batch(struct digest *digest, struct segment_batch *batch, uint64_t frames)
{
    REQUIRE(batch->count <= BATCH_SEGMENTS + PACKET_SEGMENTS_MAX && batch->aux_count <= BATCH_AUX);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct segment *g = &batch->segments[i];
        check_segment(g, frames);
        digest_add(digest, g, sizeof *g);
        if (g->aux != AUX_NONE) {
            REQUIRE(g->aux < batch->aux_count && batch->aux[g->aux].text_len <= AUX_TEXT_BYTES);
            digest_add(digest, batch->aux[g->aux].text, batch->aux[g->aux].text_len);
        }
    }
    batch_clear(batch);
}

static void check_sum(const struct capture_findings *f, uint64_t packets)
{
    uint64_t sum = f->tcp + f->links_rest;
    for (unsigned i = 0; i < OTHERS; i++)
        sum += f->other[i];
    for (unsigned i = 0; i < UNDECODABLES; i++)
        sum += f->undecodable[i];
    for (uint32_t i = 0; i < f->link_count; i++)
        sum += f->links[i].packets;
    REQUIRE(f->packets == packets && sum == packets);
}

typedef void dissect_function(struct dissector *, const struct packet *, struct segment_batch *);

static struct digest dissect_all(const uint8_t *bytes, size_t size, dissect_function *dissect)
{
    struct digest digest = DIGEST_BEGIN;
    struct capture_findings findings = {0};
    REQUIRE(findings_add_file(&findings, "input"));
    struct dissector *dissector = dissector_create(&findings);
    /* Of its exact size, so that one segment too many is seen. */
    struct segment_batch *batch = malloc(sizeof *batch);
    REQUIRE(dissector && batch);
    batch_clear(batch);
    struct bytes in = {bytes, bytes + size};
    uint64_t frames = 0;
    while (bytes_left(&in) && frames < PACKETS_MAX) {
        struct packet packet = {.link_type = link_type_of(bytes_u8(&in))};
        uint8_t odd = bytes_u8(&in);
        uint16_t cut = bytes_u16(&in);
        size_t length = bytes_u16(&in);
        if (length > bytes_left(&in))
            length = bytes_left(&in);
        uint8_t *data = bytes_take(&in, length);
        packet.data = data;
        packet.captured_len = (uint32_t)length;
        packet.original_len = (uint32_t)length + cut;
        packet.fcs_len = odd & 7;
        packet.marks = odd >> 4;
        packet.frame = frame_ref_of(0, ++frames);
        packet.time_ns = (int64_t)frames * 1000000;
        uint32_t before = batch->count;
        dissect(dissector, &packet, batch);
        REQUIRE(batch->count - before <= PACKET_SEGMENTS_MAX);
        for (uint32_t i = before; i < batch->count; i++)
            REQUIRE(batch->segments[i].frame <= packet.frame);
        free(data);
        check_sum(&findings, frames);
        if (batch_full(batch))
            take_batch(&digest, batch, frames);
    }
    take_batch(&digest, batch, frames);
    while (dissect_flush(dissector, batch))
        take_batch(&digest, batch, frames);
    check_sum(&findings, frames);
    digest_add(&digest, findings.other, sizeof findings.other);
    digest_add(&digest, findings.undecodable, sizeof findings.undecodable);
    dissector_destroy(dissector);
    free(batch);
    findings_finish(&findings);
    return digest;
}

void fuzz_target(const uint8_t *bytes, size_t size)
{
    REQUIRE(dissect_all(bytes, size, dissect_packet).value ==
            dissect_all(bytes, size, dissect_unusual).value);
}
