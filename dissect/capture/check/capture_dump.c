/*
 * For tests: everything the capture reader says of one file, as text. One line a packet, then the
 * findings. With -q no packets, only their number.
 */
#include "dissect/capture/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_packet(const struct packet *packet)
{
    char time[32] = "unknown";
    if (packet->time_ns != TIME_UNKNOWN)
        snprintf(time, sizeof time, "%" PRId64, packet->time_ns);
    printf("packet\t%" PRIu64 "\t%s\t%" PRIu32 "\t%" PRIu32 "\t%u\t%u\t%u\t",
           frame_number(packet->frame), time, packet->captured_len, packet->original_len,
           (unsigned)packet->link_type, (unsigned)packet->fcs_len, (unsigned)packet->marks);
    for (uint32_t i = 0; i < packet->captured_len; i++)
        printf("%02x", packet->data[i]);
    putchar('\n');
}

static void print_findings(const struct file_findings *file)
{
    if (file->error)
        printf("error\t%s\n", file->error);
    printf("file\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", format_name(file->format),
           compression_name(file->compression), file->packets, file->bytes, file->untimed);
    printf("drops\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", file->interface_drops,
           file->system_drops, file->packet_drops);
    for (uint64_t i = 0; i < file->damage_count && i < DAMAGE_KEPT; i++) {
        const struct damage *d = &file->damage[i];
        printf("damage\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", damage_kind_name(d->kind),
               damage_reason_name(d->reason), d->offset, d->bytes, d->frame);
    }
    for (enum oddity i = 0; i < ODDITIES; i++) {
        if (file->oddities[i])
            printf("oddity\t%s\t%" PRIu64 "\n", oddity_name(i), file->oddities[i]);
    }
}

int main(int argc, char **argv)
{
    struct capture_findings findings = {0};
    struct packet packet;
    bool quiet = argc > 2 && strcmp(argv[1], "-q") == 0;
    if (argc < 2 + quiet)
        return 2;
    const char *path = argv[1 + quiet];
    struct timeline *timeline = timeline_open(&path, 1, &findings);
    if (!timeline)
        return 1;
    enum capture_status status;
    while ((status = timeline_next(timeline, &packet)) == CAPTURE_PACKET) {
        if (!quiet)
            print_packet(&packet);
    }
    timeline_destroy(timeline);
    for (uint32_t i = 0; i < findings.file_count; i++)
        print_findings(&findings.files[i]);
    findings_finish(&findings);
    return status == CAPTURE_NO_MEMORY;
}
