/* Writes a capture of one of six kinds of traffic, and says what is in it: a line of name and
 * number each. The kinds are those of docs/benchmarks.md. */
#include "tests/bench/traffic.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct kind KINDS[] = {
    {.name = "web", .connections = 200000, .per_second = 2000, .clients = 5000, .servers = 500,
     .middle_min = 1, .middle_max = 30, .request_max = 2, .response_min = 3, .response_max = 9,
     .payload_min = 10, .payload_max = 960, .pause = 8000000, .tick = 16,
     .graceful = 80, .reset = 15, .lost_permille = 3, .timestamps = true},
    {.name = "bulk", .connections = 50, .per_second = 50, .clients = 25, .servers = 5,
     .middle_min = 26600, .middle_max = 26700, .request_max = 1, .response_min = 60000, .response_max = 60000,
     .payload_min = 1448, .payload_max = 1448, .ack_every = 2, .tick = 4,
     .graceful = 100, .timestamps = true},
    {.name = "churn", .connections = 1500000, .per_second = 10000, .clients = 1000, .servers = 50,
     .middle_min = 2, .middle_max = 2, .request_max = 1, .response_min = 1, .response_max = 1,
     .payload_min = 2, .payload_max = 24, .pause = 4000000, .tick = 4,
     .graceful = 95, .reset = 5},
    {.name = "scan", .connections = 5000000, .per_second = 100000, .clients = 1, .servers = 1,
     .tick = 8, .only_syn = true},
    {.name = "live1m", .connections = 1500000, .per_second = 50000, .clients = 1000, .servers = 50,
     .middle_min = 2, .middle_max = 2, .request_max = 1, .response_min = 1, .response_max = 1,
     .payload_min = 2, .payload_max = 24, .step = 4600000, .tick = 16,
     .graceful = 95, .reset = 5},
    {.name = "live5m", .connections = 5000000, .per_second = 500000, .clients = 1000, .servers = 50,
     .middle_min = 1, .middle_max = 1, .request_max = 1, .response_min = 1, .response_max = 1,
     .payload_min = 2, .payload_max = 24, .step = 16000000, .tick = 16},
};
/* clang-format on */

#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

static int usage(const char *name)
{
    fprintf(stderr, "usage: %s --kind", name);
    for (size_t i = 0; i < KIND_COUNT; i++)
        fprintf(stderr, "%c%s", i ? '|' : ' ', KINDS[i].name);
    fprintf(stderr, " [--connections N] [--packets-each N] [--seed N] [--ipv6 PERCENT] [--lossy] "
                    "[--part K/N] [--pcapng] FILE\n");
    return 2;
}

static const struct kind *kind_named(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!strcmp(KINDS[i].name, name))
            return &KINDS[i];
    }
    return NULL;
}

static bool to_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *number >= low && *number <= high;
}

/* "2/4": the second of four, counted from 0 in `part`. */
static bool to_part(const char *text, uint32_t *part, uint32_t *parts)
{
    char *slash;
    unsigned long which = strtoul(text, &slash, 10);
    uint64_t of;
    if (*text < '0' || *text > '9' || *slash != '/' || !which ||
        !to_number(slash + 1, which, 1000, &of))
        return false;
    *part = (uint32_t)which - 1;
    *parts = (uint32_t)of;
    return true;
}

struct wishes {
    struct traffic_wishes traffic;
    uint64_t connections;
    uint64_t segments_each;
    bool pcapng;
    const char *path;
};

static bool read_wishes(int argc, char **argv, struct wishes *w)
{
    static const struct option OPTIONS[] = {
        {"kind", required_argument, NULL, 'k'},
        {"connections", required_argument, NULL, 'c'},
        {"packets-each", required_argument, NULL, 'e'},
        {"seed", required_argument, NULL, 's'},
        {"ipv6", required_argument, NULL, '6'},
        {"lossy", no_argument, NULL, 'l'},
        {"part", required_argument, NULL, 'p'},
        {"pcapng", no_argument, NULL, 'n'},
        {0},
    };
    const struct kind *kind = NULL;
    bool good = true;
    uint64_t number;
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'k':
            kind = kind_named(optarg);
            good = good && kind;
            break;
        case 'c':
            good = good && to_number(optarg, 1, 20000000, &w->connections);
            break;
        case 'e':
            good = good && to_number(optarg, 1, 60000, &w->segments_each);
            break;
        case 's':
            good = good && to_number(optarg, 0, UINT64_MAX, &w->traffic.seed);
            break;
        case '6':
            good = good && to_number(optarg, 0, 100, &number);
            w->traffic.ipv6_percent = good ? (uint32_t)number : 0;
            break;
        case 'l':
            w->traffic.lossy = true;
            break;
        case 'p':
            good = good && to_part(optarg, &w->traffic.part, &w->traffic.parts);
            break;
        case 'n':
            w->pcapng = true;
            break;
        default:
            good = false;
        }
    }
    if (!good || !kind || optind != argc - 1)
        return false;
    w->path = argv[optind];
    w->traffic.kind = *kind;
    if (w->connections)
        w->traffic.kind.connections = (uint32_t)w->connections;
    if (w->segments_each)
        w->traffic.kind.middle_min = w->traffic.kind.middle_max = (uint16_t)w->segments_each;
    return true;
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.traffic = {.seed = 1, .ipv6_percent = 20, .parts = 1}};
    if (!read_wishes(argc, argv, &wishes))
        return usage(argv[0]);
    struct writer writer;
    if (!writer_open(&writer, wishes.path, wishes.pcapng)) {
        perror(wishes.path);
        return 1;
    }
    struct traffic_truth truth;
    bool made = traffic_write(&wishes.traffic, &writer, &truth);
    if (!writer_close(&writer)) {
        perror(wishes.path);
        return 1;
    }
    if (!made) {
        fprintf(stderr, "%s: out of memory\n", argv[0]);
        return 1;
    }
    const struct {
        const char *name;
        uint64_t number;
    } LINES[] = {
        {"packets", writer.frames},   {"bytes", writer.bytes}, {"connections", truth.connections},
        {"graceful", truth.graceful}, {"reset", truth.reset},  {"open", truth.open},
        {"none", truth.unanswered},   {"resent", truth.resent}};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        printf("%s %llu\n", LINES[i].name, (unsigned long long)LINES[i].number);
    return 0;
}
