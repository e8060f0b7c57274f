/*
 * Services by how their connections ended.
 */
#include "reports/told.h"

#include <string.h>

const struct told_group told_groups[TOLD_GROUPS] = {
    {"conns", 0},
    {"graceful", 1u << CLOSE_GRACEFUL | 1u << CLOSE_SIMULTANEOUS},
    {"reset", 1u << CLOSE_RESET},
    {"gone", 1u << CLOSE_VANISHED},
    {"open", 1u << CLOSE_MID_CLOSE | 1u << CLOSE_HALF_CLOSED | 1u << CLOSE_OPEN},
    {"failed", 1u << CLOSE_NONE},
};

uint64_t told_group_count(const struct told_group *group, const struct service_closes *service)
{
    uint64_t sum = group->kinds ? 0 : service->connections;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++) {
        if (group->kinds >> kind & 1)
            sum += service->closes[kind];
    }
    return sum;
}

static uint64_t opened(const struct service_closes *service)
{
    return service->connections - service->closes[CLOSE_NONE];
}

/* So many of those with the most, the busier first of equals. */
static void choose(const struct summary_verdict *summary, uint32_t count, bool *chosen,
                   unsigned most_rows, uint64_t (*of)(const struct service_closes *service))
{
    for (unsigned n = 0; n < most_rows; n++) {
        uint32_t best = count;
        uint64_t most = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t amount = of(&summary->services[i]);
            if (!chosen[i] && amount > most) {
                best = i;
                most = amount;
            }
        }
        if (best == count)
            return;
        chosen[best] = true;
    }
}

static void take_from_rest(struct told_services *services, const struct service_closes *service)
{
    services->service[services->count++] = service;
    services->rest.connections -= service->connections;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++)
        services->rest.closes[kind] -= service->closes[kind];
}

void told_services(struct told_services *services, const struct summary_verdict *summary,
                   unsigned busiest, unsigned worst)
{
    enum { LOOKED_AT = 128 };
    bool chosen[LOOKED_AT] = {false};
    uint32_t count = summary->service_count < LOOKED_AT ? summary->service_count : LOOKED_AT;
    *services = (struct told_services){.rest = {.connections = summary->connections}};
    memcpy(services->rest.closes, summary->closes, sizeof services->rest.closes);
    choose(summary, count, chosen, busiest, opened);
    choose(summary, count, chosen, worst, service_trouble);
    for (uint32_t i = 0; i < count; i++) {
        if (chosen[i] && services->count < TOLD_SERVICES_MOST)
            take_from_rest(services, &summary->services[i]);
    }
}
