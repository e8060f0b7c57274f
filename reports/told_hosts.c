/*
 * Hosts under pressure, as far as it is worth a line.
 */
#include "reports/text_words.h"
#include "reports/told.h"

#include <string.h>

/* From what on a host is worth a line. */
#define TIME_WAITS_MANY  1000u
#define CLOSE_WAITS_MANY 20u
#define PORTS_MANY       100u /* permille of its range */

static bool is_tight(const struct service_use *use)
{
    return use->used_permille >= PORTS_MANY;
}

/* Of whom to speak first: sockets that leak weigh more than those that time out. */
static uint64_t weight_of(const struct pressed_host *host)
{
    uint64_t close_waits = host->close_wait.peak;
    uint64_t time_waits = host->time_wait.peak;
    uint64_t ports = host->has_use ? host->use.used_permille : 0;
    uint64_t limit = UINT64_C(1) << 40;
    return (close_waits < limit ? close_waits : limit) * 50 +
           (time_waits < limit ? time_waits : limit) + ports * 20;
}

void told_host(struct told *told, const struct host_verdict *verdict)
{
    struct pressed_host host = {
        .others = verdict->others,
        .time_wait = verdict->states[STATE_TIME_WAIT],
        .close_wait = verdict->states[STATE_CLOSE_WAIT],
    };
    memcpy(host.address, verdict->address, sizeof host.address);
    for (uint32_t i = 0; i < verdict->service_count; i++) {
        const struct service_use *use = &verdict->services[i];
        if (is_tight(use) && (!host.has_use || use->used_permille > host.use.used_permille)) {
            host.has_use = true;
            host.use = *use;
        }
    }
    if (host.time_wait.peak < TIME_WAITS_MANY && host.close_wait.peak < CLOSE_WAITS_MANY &&
        !host.has_use)
        return;
    told->pressed_total++;
    if (told->pressed_count < PRESSED_KEPT) {
        told->pressed[told->pressed_count++] = host;
        return;
    }
    struct pressed_host *least = &told->pressed[0];
    for (uint32_t i = 1; i < PRESSED_KEPT; i++) {
        if (weight_of(&told->pressed[i]) < weight_of(least))
            least = &told->pressed[i];
    }
    if (weight_of(&host) > weight_of(least))
        *least = host;
}

static void add_state(struct sentence *line, const struct state_load *load, const char *state)
{
    words_number(line, load->peak);
    sentence_add(line, " in ");
    sentence_add(line, state);
    sentence_add(line, " at most (");
    words_time(line, load->peak_at_ns);
    sentence_add(line, "; ");
    words_number(line, load->mean);
    sentence_add(line, " on average)");
}

static void add_host(struct sentence *line, const struct pressed_host *host)
{
    sentence_init(line);
    if (host->others)
        sentence_add(line, "all other hosts together");
    else
        sentence_add_host(line, host->address);
    const char *between = ": ";
    if (host->close_wait.peak >= CLOSE_WAITS_MANY) {
        sentence_add(line, between);
        add_state(line, &host->close_wait, "CLOSE_WAIT");
        between = "; ";
    }
    if (host->time_wait.peak >= TIME_WAITS_MANY) {
        sentence_add(line, between);
        add_state(line, &host->time_wait, "TIME_WAIT");
        between = "; ";
    }
    if (host->has_use) {
        sentence_add(line, between);
        words_number(line, host->use.ports_in_use_peak);
        sentence_add(line, " of ");
        words_amount(line, host->use.port_range, "ports");
        sentence_add(line, " in use towards ");
        sentence_add_service(line, host->use.address, host->use.port);
        sentence_add(line, " at most (");
        words_share(line, host->use.ports_in_use_peak, host->use.port_range);
        sentence_add(line, ")");
    }
    sentence_add(line, ".");
}

void told_hosts(const struct told *told, told_note put, void *context)
{
    struct sentence line;
    bool done[PRESSED_KEPT] = {false};
    for (uint32_t n = 0; n < told->pressed_count; n++) {
        uint32_t most = PRESSED_KEPT;
        for (uint32_t i = 0; i < told->pressed_count; i++) {
            if (!done[i] && (most == PRESSED_KEPT ||
                             weight_of(&told->pressed[i]) > weight_of(&told->pressed[most])))
                most = i;
        }
        done[most] = true;
        add_host(&line, &told->pressed[most]);
        put(context, line.text);
    }
    if (told->pressed_total > told->pressed_count) {
        sentence_init(&line);
        sentence_add(&line, "and ");
        words_amount(&line, told->pressed_total - told->pressed_count, "more hosts");
        sentence_add(&line, ".");
        put(context, line.text);
    }
}
