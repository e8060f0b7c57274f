/* Who meets, over what link, and what they want of each other: drawn from the seed. */
#include "tests/sim/world.h"

#include <assert.h>
#include <string.h>

static void plan(struct endpoint *end, enum action_kind kind, int64_t amount)
{
    assert(end->planned < PLAN_MAX);
    end->plan[end->planned++] = (struct action){kind, amount};
}

static int64_t one_way(const struct world *world)
{
    return world->half[0].delay + world->half[1].delay;
}

static void think(struct world *world, struct endpoint *end)
{
    int64_t longest = random_percent(&world->random, 10) ? 30 * SEC : SEC;
    if (random_percent(&world->random, 70)) {
        plan(end, PAUSE, random_magnitude(&world->random, 50 * US, longest));
    }
}

static int64_t size(struct world *world)
{
    return random_percent(&world->random, 75) ? random_magnitude(&world->random, 1, 1200)
                                              : random_magnitude(&world->random, 1200, 30000);
}

/* Requests and answers. Says how much each has read at the end of them. */
static void exchange(struct world *world, int64_t read[2])
{
    struct endpoint *client = &world->end[0], *server = &world->end[1];
    int64_t rounds = random_between(&world->random, 0, 4);
    read[0] = read[1] = 0;
    for (int64_t round = 0; round < rounds; round++) {
        think(world, client);
        int64_t request = size(world), answer = size(world);
        plan(client, SEND, request);
        plan(server, EXPECT, read[1] += request);
        think(world, server);
        plan(server, SEND, answer);
        plan(client, EXPECT, read[0] += answer);
    }
}

static void close_on_eof(struct world *world, struct endpoint *end)
{
    plan(end, EXPECT_EOF, 0);
    if (random_percent(&world->random, 40)) {
        think(world, end);
    }
    plan(end, CLOSE, 0);
}

/* Most call close(): who calls shutdown() has half_closes() of its own, too. */
static void close_first(struct world *world, struct endpoint *end)
{
    if (random_percent(&world->random, 15)) {
        plan(end, SHUTDOWN, 0);
        close_on_eof(world, end);
    } else {
        plan(end, CLOSE, 0);
    }
}

/* --- how connections end -----------------------------------------------------------------------*/

static void one_closes(struct world *world, struct endpoint *first, struct endpoint *second)
{
    think(world, first);
    close_first(world, first);
    close_on_eof(world, second);
}

/* Both close within the time that a segment takes. */
static void both_close(struct world *world, struct endpoint *first, struct endpoint *second)
{
    int64_t way = one_way(world);
    int64_t pause = 3 * way + random_magnitude(&world->random, 100 * US, SEC);
    bool answered = second->planned != 0;
    plan(first, PAUSE, pause);
    close_first(world, first);
    int64_t later = pause - (answered ? way : 0) + random_between(&world->random, -way, way);
    plan(second, PAUSE, later);
    close_first(world, second);
}

static void half_closes(struct world *world, struct endpoint *first, struct endpoint *second)
{
    think(world, first);
    plan(first, SHUTDOWN, 0);
    close_on_eof(world, first);
    plan(second, EXPECT_EOF, 0);
    for (int64_t sends = random_between(&world->random, 1, 4); sends; sends--) {
        think(world, second);
        plan(second, SEND, size(world));
    }
    think(world, second);
    plan(second, CLOSE, 0);
}

static void aborts(struct world *world, struct endpoint *first, struct endpoint *second)
{
    switch (random_between(&world->random, 0, 3)) {
    case 0:
        first->sudden = (struct action){ABORT, 0};
        first->deadline[TIMER_SUDDEN] = random_magnitude(&world->random, MS, 4 * SEC);
        one_closes(world, second, first);
        break;
    case 1:
        think(world, first);
        plan(first, ABORT, 0);
        close_on_eof(world, second);
        break;
    case 2: /* the second, in CLOSE_WAIT */
        think(world, first);
        close_first(world, first);
        plan(second, EXPECT_EOF, 0);
        think(world, second);
        plan(second, ABORT, 0);
        break;
    default: /* the first, half closed */
        think(world, first);
        plan(first, SHUTDOWN, 0);
        plan(first, PAUSE, random_magnitude(&world->random, MS, 10 * SEC));
        plan(first, ABORT, 0);
        plan(second, EXPECT_EOF, 0);
        think(world, second);
        break;
    }
}

static void nobody_closes(struct world *world, struct endpoint *first, struct endpoint *second)
{
    (void)second;
    think(world, first);
    plan(first, SEND, size(world));
}

static void second_never_closes(struct world *world, struct endpoint *first,
                                struct endpoint *second)
{
    think(world, first);
    close_first(world, first);
    plan(second, EXPECT_EOF, 0);
}

static void host_dies(struct world *world, struct endpoint *first, struct endpoint *second)
{
    first->sudden = (struct action){DIE, 0};
    first->deadline[TIMER_SUDDEN] = random_magnitude(&world->random, MS, 4 * SEC);
    for (int64_t sends = random_between(&world->random, 1, 5); sends; sends--) {
        plan(second, PAUSE, random_magnitude(&world->random, 10 * MS, 4 * SEC));
        plan(second, SEND, size(world));
    }
    plan(second, PAUSE, random_magnitude(&world->random, 10 * MS, 20 * SEC));
    plan(second, CLOSE, 0);
}

/* The first closes while the second goes on sending: RST. */
static void data_after_close(struct world *world, struct endpoint *first, struct endpoint *second)
{
    think(world, first);
    plan(first, CLOSE, 0);
    if (random_percent(&world->random, 60)) {
        plan(second, EXPECT_EOF, 0);
    }
    for (int64_t sends = random_between(&world->random, 1, 3); sends; sends--) {
        plan(second, PAUSE, random_magnitude(&world->random, 10 * US, 100 * MS));
        plan(second, SEND, size(world));
    }
    plan(second, CLOSE, 0);
}

/* The FIN has to wait behind data, perhaps for a window. */
static void closes_behind_data(struct world *world, struct endpoint *first, struct endpoint *second)
{
    think(world, first);
    if (random_percent(&world->random, 40)) {
        plan(second, STALL, random_magnitude(&world->random, 100 * MS, 8 * SEC));
    }
    plan(first, SEND, random_magnitude(&world->random, 2000, 120000));
    close_first(world, first);
    close_on_eof(world, second);
}

/* --- how they begin ----------------------------------------------------------------------------*/

typedef void ending(struct world *, struct endpoint *first, struct endpoint *second);

/* clang-format off */
static const struct {
    const char *name;
    int weight;
    ending *tell;
} ENDINGS[] = {
    {"one_closes", 440, one_closes},
    {"both_close", 130, both_close},
    {"half_closes", 90, half_closes},
    {"aborts", 100, aborts},
    {"nobody_closes", 60, nobody_closes},
    {"second_never_closes", 40, second_never_closes},
    {"host_dies", 10, host_dies},
    {"data_after_close", 55, data_after_close},
    {"closes_behind_data", 45, closes_behind_data},
};
/* clang-format on */

static void tell_ending(struct world *world)
{
    int total = 0;
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        total += ENDINGS[i].weight;
    }
    int64_t die = random_between(&world->random, 0, total - 1);
    size_t chosen = 0;
    while (die >= ENDINGS[chosen].weight) {
        die -= ENDINGS[chosen++].weight;
    }
    world->story = ENDINGS[chosen].name;
    int first = (int)random_between(&world->random, 0, 1);
    ENDINGS[chosen].tell(world, &world->end[first], &world->end[!first]);
}

static void tell_opening(struct world *world)
{
    struct endpoint *client = &world->end[0], *server = &world->end[1];
    int64_t die = random_between(&world->random, 0, 999);
    client->deadline[TIMER_CONNECT] = 0;
    if (die < 15) {
        world->story = "refused";
    } else if (die < 28) {
        world->story = "no_such_host";
        server->dead = true;
    } else if (die < 48) {
        world->story = "simultaneous_open";
        int64_t way = one_way(world);
        server->deadline[TIMER_CONNECT] = random_between(&world->random, 0, way + way / 8);
    } else {
        server->habits.listens = true;
        server->state = LISTEN;
    }
    if (die >= 48 && die < 51) {
        world->story = "connect_given_up";
        client->sudden = (struct action){CLOSE, 0};
        client->deadline[TIMER_SUDDEN] = random_magnitude(&world->random, 100 * US, 100 * MS);
    } else if (die >= 51 && die < 56) {
        world->story = "dies_while_opening";
        int dying = (int)random_between(&world->random, 0, 1);
        world->end[dying].sudden = (struct action){DIE, 0};
        world->end[dying].deadline[TIMER_SUDDEN] =
            random_between(&world->random, 0, 3 * one_way(world));
    }
}

static void give_habits(struct world *world, struct endpoint *end)
{
    struct random *random = &world->random;
    struct habits *habits = &end->habits;
    habits->delayed_ack = random_percent(random, 60);
    habits->delayed_fin_ack = habits->delayed_ack && random_percent(random, 80);
    habits->octet_probes = random_percent(random, 30);
    habits->strict = random_percent(random, 30);
    habits->rto_min = random_percent(random, 75) ? 200 * MS : SEC;
    habits->tries = (int)random_between(random, 4, 8);
    habits->syn_tries = (int)random_between(random, 3, 6);
    habits->reaction = random_percent(random, 50) ? 0 : random_magnitude(random, 5 * US, 3 * MS);
    habits->fin_timeout = random_percent(random, 90) ? 60 * SEC : 0;
    habits->mss = random_percent(random, 80) ? 1460 : 536;
    habits->buffer_bytes = (uint32_t)random_magnitude(random, 2000, 65535);
    habits->burst_bytes = (uint32_t)random_between(random, 2, 20) * habits->mss;
}

static uint32_t share(double probability)
{
    return (uint32_t)(probability * 4294967295.0);
}

static void lay_link(struct world *world, const struct settings *settings)
{
    struct random *random = &world->random;
    int tap = settings->tap < 3 ? settings->tap : (int)random_between(random, 0, 2);
    int64_t way = random_magnitude(random, 50 * US, 50 * MS);
    int64_t permille = tap == 2 ? random_between(random, 100, 900) : tap * 1000;
    for (int side = 0; side < 2; side++) {
        struct link_half *half = &world->half[side];
        int64_t part = side == 0 ? permille : 1000 - permille;
        if (part == 0) { /* on the host itself */
            half->delay = US;
            continue;
        }
        half->delay = way * part / 1000;
        half->jitter = half->delay / 20;
        half->loss = share(settings->loss);
        half->reorder = settings->reorder ? share(0.02) : 0;
        half->duplicate = settings->duplicate ? share(0.01) : 0;
    }
    world->capture_loss = share(settings->capture_loss);
}

void world_tell(struct world *world, uint64_t seed, const struct settings *settings)
{
    memset(world, 0, sizeof *world);
    world->random.state = seed;
    world->timestamps = random_percent(&world->random, 70);
    lay_link(world, settings);
    for (int side = 0; side < 2; side++) {
        endpoint_init(&world->end[side], side, &world->random);
        give_habits(world, &world->end[side]);
    }
    int64_t read[2];
    exchange(world, read);
    tell_ending(world);
    tell_opening(world);
}
