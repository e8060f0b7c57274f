/*
 * For tests: reads a file with our reader and with libpcap, and compares packet by packet.
 * Arguments: our file, libpcap's file (the same, or its decompressed content). Exit status 0 when
 * they agree, 1 when they do not, 3 when libpcap cannot read the file to its end.
 *
 * Three differences are libpcap's, and taken into account here: it cuts packets at the file's
 * snapshot length, writes the host's byte order into the pseudo-headers of some link types, and
 * gives 0 for a time that is not there.
 */
#include "dissect/capture/timeline.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

static bool host_order_header(uint16_t link_type)
{
    /* CAN in Linux cooked captures, USB, NFLOG: pcap-common.c, swap_pseudo_headers(). */
    return link_type == 113 || link_type == 189 || link_type == 220 || link_type == 239 ||
           link_type == 276;
}

static const char *difference(const struct packet *ours, const struct pcap_pkthdr *header,
                              const uint8_t *data, uint32_t snaplen)
{
    uint32_t captured_len = ours->captured_len < snaplen ? ours->captured_len : snaplen;
    if (captured_len != header->caplen)
        return "captured length";
    if (ours->original_len != header->len && header->len >= header->caplen)
        return "original length";
    /* With nanosecond precision tv_usec holds nanoseconds. */
    int64_t time_ns = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec;
    if (ours->time_ns != time_ns && !(ours->time_ns == TIME_UNKNOWN && !time_ns))
        return "time";
    if (memcmp(ours->data, data, captured_len) != 0 && !host_order_header(ours->link_type))
        return "data";
    return NULL;
}

static int compare(struct timeline *timeline, pcap_t *theirs)
{
    uint32_t snaplen = (uint32_t)pcap_snapshot(theirs);
    for (uint64_t frame = 1;; frame++) {
        struct pcap_pkthdr *header;
        const uint8_t *data;
        struct packet ours;
        int result = pcap_next_ex(theirs, &header, &data);
        if (result == PCAP_ERROR) {
            printf("libpcap stops before packet %" PRIu64 ": %s\n", frame, pcap_geterr(theirs));
            return 3;
        }
        bool have = timeline_next(timeline, &ours) == CAPTURE_PACKET;
        if (result == PCAP_ERROR_BREAK && !have)
            return 0;
        if (result == PCAP_ERROR_BREAK || !have) {
            printf("packet %" PRIu64 ": only %s has it\n", frame, have ? "ours" : "libpcap");
            return 1;
        }
        const char *what = difference(&ours, header, data, snaplen);
        if (what) {
            printf("packet %" PRIu64 ": %s: ours %" PRIu32 " of %" PRIu32 " at %" PRId64
                   ", libpcap %u of %u at %ld.%09ld\n",
                   frame, what, ours.captured_len, ours.original_len, ours.time_ns, header->caplen,
                   header->len, (long)header->ts.tv_sec, (long)header->ts.tv_usec);
            return 1;
        }
    }
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    struct capture_findings findings = {0};
    if (argc != 3)
        return 2;
    pcap_t *theirs =
        pcap_open_offline_with_tstamp_precision(argv[2], PCAP_TSTAMP_PRECISION_NANO, error);
    if (!theirs) {
        printf("libpcap: %s\n", error);
        return 3;
    }
    const char *path = argv[1];
    struct timeline *timeline = timeline_open(&path, 1, &findings);
    int result = timeline ? compare(timeline, theirs) : 2;
    timeline_destroy(timeline);
    pcap_close(theirs);
    findings_finish(&findings);
    return result;
}
