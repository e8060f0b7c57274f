/* Writes a capture of random TCP connections, and the truth about them: the state that each end was
 * really in when the capture ended.
 *
 * Columns of the truth: connection, client and server (address:port), both true states, for both
 * how well that can be known (enum knowable in world.h), whether segments were under way at the
 * end, how many segments the capture holds of it, and what it was about.
 *
 * Every connection is simulated twice from its seed: once to its natural end, to choose a moment at
 * which the capture shall end for it, and once up to that moment. It is shifted in time so that
 * this moment is the end of the capture. */
#include "tests/sim/capture.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST (900 * SEC)
#define END_AT  (INT64_C(1700001000) * SEC)

struct wishes {
    uint64_t seed;
    uint32_t connections;
    int64_t only;
    bool trace;
    struct settings settings;
    const char *pcap, *truth;
};

struct sink {
    struct capture *capture;
    uint32_t connection;
    int64_t shift;
};

static void keep(void *to, int64_t at, const struct segment *segment)
{
    struct sink *sink = to;
    capture_add(sink->capture, at + sink->shift, sink->connection, segment);
}

static uint64_t seed_of(const struct wishes *wishes, uint32_t connection)
{
    struct random random = {wishes->seed * UINT64_C(1000003) + connection};
    return random_next(&random);
}

/* Mostly when things have come to rest or anywhere in between, sometimes right behind a segment. */
static int64_t choose_end(const struct world *world, uint64_t seed)
{
    struct random random = {~seed};
    if (!world->tap_seen) {
        return SEC;
    }
    int64_t last = world->last_tap, first = world->tap_times[0];
    int64_t die = random_between(&random, 0, 99);
    if (die < 65) {
        return last + random_magnitude(&random, SEC, 150 * SEC);
    }
    if (die < 85) {
        return random_between(&random, first, last + 2 * SEC);
    }
    size_t some = (size_t)random_between(&random, 0, (int64_t)world->tap_seen - 1);
    int64_t way = world->half[0].delay + world->half[1].delay;
    return world->tap_times[some] + (die < 98 ? random_magnitude(&random, 10 * MS, 10 * SEC)
                                              : random_between(&random, 0, 2 * way));
}

static int64_t natural_end(const struct wishes *wishes, uint64_t seed)
{
    struct world world;
    world_tell(&world, seed, &wishes->settings);
    world_run(&world, LONGEST);
    int64_t end = choose_end(&world, seed);
    world_finish(&world);
    return end;
}

static void tell_truth(FILE *truth, const struct world *world, uint32_t connection, uint64_t seed,
                       int64_t end_at)
{
    struct address address[2];
    addresses_of(connection, address);
    fprintf(truth, "%u", connection);
    for (int side = 0; side < 2; side++) {
        const uint8_t *ip = address[side].ip;
        fprintf(truth, "\t%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], address[side].port);
    }
    for (int side = 0; side < 2; side++) {
        fprintf(truth, "\t%s", state_name(world->end[side].state));
    }
    for (int side = 0; side < 2; side++) {
        static const char *const WORDS[] = {"shown", "silent", "hidden"};
        fprintf(truth, "\t%s", WORDS[endpoint_knowable(&world->end[side], end_at)]);
    }
    fprintf(truth, "\t%d\t%zu\t%s seed=%016llx end=%.6f way=%.3f+%.3fms%s\n",
            world_in_flight(world), world->tap_seen, world->story, (unsigned long long)seed,
            (double)end_at / 1e9, (double)world->half[0].delay / 1e6,
            (double)world->half[1].delay / 1e6, world->timestamps ? " timestamps" : "");
}

static void simulate(const struct wishes *wishes, uint32_t connection, struct capture *capture,
                     FILE *truth)
{
    uint64_t seed = seed_of(wishes, connection);
    int64_t end_at = natural_end(wishes, seed);
    struct world world;
    struct sink sink = {capture, connection, END_AT - end_at};
    world_tell(&world, seed, &wishes->settings);
    world.captured = keep;
    world.captured_to = &sink;
    world.trace = wishes->trace ? stdout : NULL;
    world_run(&world, end_at);
    world_trace(&world, -1, "the capture ends");
    tell_truth(truth, &world, connection, seed, end_at);
    world_finish(&world);
}

static int usage(void)
{
    fputs("usage: simulate [--seed N] [--connections N] [--loss P] [--capture-loss P] [--reorder]\n"
          "                [--duplicate] [--tap client|server|middle|random] [--only K [--trace]]\n"
          "                PCAP TRUTH\n",
          stderr);
    return 1;
}

static int tap_named(const char *name)
{
    static const char *const TAPS[] = {"client", "server", "middle", "random"};
    for (int tap = 0; tap < 4; tap++) {
        if (!strcmp(name, TAPS[tap])) {
            return tap;
        }
    }
    return -1;
}

static bool read_options(int argc, char **argv, struct wishes *wishes)
{
    static const struct option OPTIONS[] = {
        {"seed", required_argument, NULL, 's'}, {"connections", required_argument, NULL, 'n'},
        {"loss", required_argument, NULL, 'l'}, {"capture-loss", required_argument, NULL, 'c'},
        {"reorder", no_argument, NULL, 'r'},    {"duplicate", no_argument, NULL, 'd'},
        {"tap", required_argument, NULL, 't'},  {"only", required_argument, NULL, 'o'},
        {"trace", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 's':
            wishes->seed = strtoull(optarg, NULL, 0);
            break;
        case 'n':
            wishes->connections = (uint32_t)strtoul(optarg, NULL, 0);
            break;
        case 'l':
            wishes->settings.loss = strtod(optarg, NULL);
            break;
        case 'c':
            wishes->settings.capture_loss = strtod(optarg, NULL);
            break;
        case 'r':
            wishes->settings.reorder = true;
            break;
        case 'd':
            wishes->settings.duplicate = true;
            break;
        case 't':
            wishes->settings.tap = tap_named(optarg);
            break;
        case 'o':
            wishes->only = (int64_t)strtoul(optarg, NULL, 0);
            break;
        case 'v':
            wishes->trace = true;
            break;
        default:
            return false;
        }
    }
    if (wishes->settings.tap < 0 || argc - optind != 2) {
        return false;
    }
    wishes->pcap = argv[optind];
    wishes->truth = argv[optind + 1];
    return true;
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.seed = 1, .connections = 1000, .only = -1, .settings = {.tap = 3}};
    if (!read_options(argc, argv, &wishes)) {
        return usage();
    }
    FILE *truth = fopen(wishes.truth, "w");
    if (!truth) {
        perror(wishes.truth);
        return 1;
    }
    fputs("connection\tclient\tserver\tclient_state\tserver_state\tclient_is\tserver_is\t"
          "in_flight\tsegments\tabout\n",
          truth);
    struct capture capture = {.record = NULL};
    uint32_t first = wishes.only < 0 ? 0 : (uint32_t)wishes.only;
    uint32_t past = wishes.only < 0 ? wishes.connections : first + 1;
    for (uint32_t connection = first; connection < past; connection++) {
        simulate(&wishes, connection, &capture, truth);
    }
    bool good = capture_write(&capture, wishes.pcap, END_AT);
    capture_finish(&capture);
    if (fclose(truth) || !good) {
        perror(wishes.pcap);
        return 1;
    }
    return 0;
}
