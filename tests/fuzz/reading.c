#include "tests/fuzz/reading.h"

#include "dissect/capture/reader.h"

/* Are the damage's bytes such of the file? Else they are those that it should have had. */
static bool of_the_file(const struct damage *d)
{
    return d->kind != DAMAGE_FILE_TRUNCATED && d->reason != REASON_CAPTURED_LENGTH;
}

/* What the damage so far says was left out of the packets. UINT64_MAX once it is only counted. */
static uint64_t damaged_bytes(const struct file_findings *file, uint64_t from)
{
    uint64_t sum = 0;
    for (uint64_t i = from; i < file->damage_count; i++) {
        if (i >= DAMAGE_KEPT)
            return UINT64_MAX;
        if (of_the_file(&file->damage[i]))
            sum += file->damage[i].bytes;
    }
    return sum;
}

static void check_packet(const struct capture *c, const struct packet *packet,
                         const struct capture_findings *findings, const uint8_t *bytes)
{
    uint64_t end = window_offset(&c->window);
    REQUIRE(packet->captured_len <= packet->original_len);
    REQUIRE(packet->interface < findings->interface_count);
    REQUIRE(frame_number(packet->frame) == findings->files[0].packets);
    REQUIRE(packet->data >= c->window.bytes &&
            packet->data + packet->captured_len <= c->window.bytes + c->window.end);
    /* What is handed out stands in the file, behind what was handed out before. */
    uint64_t start = c->window.base + (uint64_t)(packet->data - c->window.bytes);
    REQUIRE(start + packet->captured_len <= end);
    REQUIRE(!packet->captured_len || !memcmp(bytes + start, packet->data, packet->captured_len));
}

/* Of a pcap file a step takes a record, what the damage says, and file headers: no other byte, and
 * none twice. Of the others there may be blocks that hold no packet. */
static void check_step(const struct capture *c, const struct file_findings *file, enum stage stage,
                       uint64_t taken, uint64_t parts, uint64_t record, uint64_t damages)
{
    uint64_t damaged = damaged_bytes(file, damages);
    if (damaged == UINT64_MAX)
        return;
    REQUIRE(taken >= record + damaged);
    bool began_pcap = parts == 1 && (stage == STAGE_START || stage == STAGE_PCAP);
    if (c->stage == STAGE_PCAP && (parts == 0 || began_pcap))
        REQUIRE(taken == record + damaged + parts * PCAP_HEADER_BYTES);
}

static void check_end(const struct capture *c, const struct file_findings *file, size_t size)
{
    REQUIRE(file->error || window_offset(&c->window) == size);
    REQUIRE(file->packets <= size / 16);
    uint64_t end = 0;
    for (uint64_t i = 0; i < file->damage_count && i < DAMAGE_KEPT; i++) {
        const struct damage *d = &file->damage[i];
        REQUIRE(d->offset <= size && d->frame <= file->packets);
        /* Found out somewhere, it is about the file from its start. */
        if (d->kind == DAMAGE_TEXT_MODE_TRANSFER)
            continue;
        REQUIRE(d->offset >= end);
        if (!of_the_file(d))
            continue;
        REQUIRE(d->bytes <= size - d->offset);
        end = d->offset + d->bytes;
    }
}

static void digest_findings(struct digest *digest, const struct capture_findings *findings)
{
    const struct file_findings *file = &findings->files[0];
    if (file->error)
        digest_add(digest, file->error, strlen(file->error));
    digest_number(digest, file->format);
    for (uint64_t i = 0; i < file->damage_count && i < DAMAGE_KEPT; i++) {
        digest_number(digest, file->damage[i].kind);
        digest_number(digest, file->damage[i].reason);
        digest_number(digest, file->damage[i].offset);
        digest_number(digest, file->damage[i].bytes);
    }
    digest_add(digest, file->oddities, sizeof file->oddities);
    digest_number(digest, file->interface_drops);
    digest_number(digest, file->system_drops);
    digest_number(digest, file->packet_drops);
    for (uint32_t i = 0; i < findings->interface_count; i++) {
        const char *name = findings->interfaces[i].name;
        REQUIRE(!name || strlen(name) <= 255);
        digest_number(digest, findings->interfaces[i].link_type);
        digest_add(digest, name ? name : "", name ? strlen(name) : 0);
    }
}

struct digest reading_digest(const uint8_t *bytes, size_t size)
{
    struct digest digest = DIGEST_BEGIN;
    struct capture_findings findings = {0};
    struct source *source = source_from_memory(bytes, size);
    REQUIRE(source && findings_add_file(&findings, "input"));
    struct capture *c = capture_create(source, &findings, 0);
    REQUIRE(c);
    for (;;) {
        struct packet packet;
        const struct file_findings *file = &findings.files[0];
        uint64_t before = window_offset(&c->window);
        uint64_t damages = file->damage_count;
        uint32_t sections = c->sections;
        enum stage stage = c->stage;
        enum capture_status status = capture_next(c, &packet);
        REQUIRE(status != CAPTURE_NO_MEMORY);
        file = &findings.files[0];
        uint64_t taken = window_offset(&c->window) - before;
        REQUIRE(window_offset(&c->window) >= before && window_offset(&c->window) <= size);
        if (status == CAPTURE_END)
            break;
        REQUIRE(taken >= 16);
        check_packet(c, &packet, &findings, bytes);
        uint64_t header = c->stage == STAGE_PCAP ? c->pcap.header_len : 16;
        check_step(c, file, stage, taken, c->sections - sections, header + packet.captured_len,
                   damages);
        digest_number(&digest, packet.frame);
        digest_number(&digest, (uint64_t)packet.time_ns);
        digest_number(&digest, packet.captured_len | (uint64_t)packet.original_len << 32);
        digest_number(&digest, packet.link_type | (uint64_t)packet.interface << 32);
        digest_number(&digest, packet.marks | (uint64_t)packet.fcs_len << 32);
    }
    check_end(c, &findings.files[0], size);
    digest_findings(&digest, &findings);
    capture_destroy(c);
    findings_finish(&findings);
    return digest;
}
