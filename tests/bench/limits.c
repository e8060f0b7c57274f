/* What reading costs at least, one loop a run: `pcap` is libpcap with a callback that does nothing
 * and a stdio buffer of 256 KiB, `walk` is read() and a look at 48 octets of each record, `gzread`
 * is zlib over the whole file. Says how many packets (octets, for gzread) it met. `memory` takes so
 * many MiB of the system, writes to them and gives them back: a guest whose host takes free pages
 * away has them again. */
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER (256 * 1024)

static uint8_t buffer[BUFFER];

static void note_packet(u_char *packets, const struct pcap_pkthdr *header, const u_char *octets)
{
    (void)header;
    (void)octets;
    ++*(uint64_t *)(void *)packets;
}

static int64_t with_libpcap(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    setvbuf(file, (char *)buffer, _IOFBF, BUFFER);
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_fopen_offline(file, error);
    if (!pcap) {
        fclose(file);
        return -1;
    }
    uint64_t packets = 0;
    int last = pcap_dispatch(pcap, -1, note_packet, (u_char *)&packets);
    pcap_close(pcap);
    return last < 0 ? -1 : (int64_t)packets;
}

static int64_t with_read(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    int64_t packets = 0;
    size_t held = 0, at = 24;
    uint8_t sum = 0;
    for (ssize_t got; (got = read(file, buffer + held, BUFFER - held)) > 0;) {
        held += (size_t)got;
        uint32_t stored;
        while (at + 16 <= held) {
            memcpy(&stored, buffer + at + 8, sizeof stored);
            if (held - at - 16 < stored)
                break;
            for (uint32_t i = 0; i < 48 && i < stored; i++)
                sum ^= buffer[at + 16 + i];
            at += 16 + (size_t)stored;
            packets++;
        }
        held -= at;
        memmove(buffer, buffer + at, held);
        at = 0;
    }
    close(file);
    fprintf(stderr, "%02x\n", sum);
    return packets;
}

static int64_t with_zlib(const char *path)
{
    gzFile file = gzopen(path, "rb");
    if (!file)
        return -1;
    gzbuffer(file, BUFFER);
    int64_t octets = 0;
    int got;
    while ((got = gzread(file, buffer, BUFFER)) > 0)
        octets += got;
    gzclose(file);
    return got < 0 ? -1 : octets;
}

static int64_t have_memory(const char *mib)
{
    size_t octets = (size_t)strtoul(mib, NULL, 10) << 20;
    void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    (void)madvise(memory, octets, MADV_HUGEPAGE);
    memset(memory, 1, octets);
    (void)munmap(memory, octets);
    return (int64_t)octets;
}

int main(int argc, char **argv)
{
    int64_t (*loop)(const char *) = argc != 3                    ? NULL
                                    : !strcmp(argv[1], "pcap")   ? with_libpcap
                                    : !strcmp(argv[1], "walk")   ? with_read
                                    : !strcmp(argv[1], "gzread") ? with_zlib
                                    : !strcmp(argv[1], "memory") ? have_memory
                                                                 : NULL;
    if (!loop) {
        fprintf(stderr, "usage: %s pcap|walk|gzread FILE, or memory MIB\n", argv[0]);
        return 2;
    }
    int64_t met = loop(argv[2]);
    if (met < 0) {
        fprintf(stderr, "%s %s: failed\n", argv[1], argv[2]);
        return 1;
    }
    printf("%lld\n", (long long)met);
    return 0;
}
