/*
 * Hosts under pressure, as far as it is worth a line.
 */
#include "reports/text_report.h"
#include "reports/text_words.h"

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

void text_host_take(struct text_report *report, const struct host_verdict *verdict)
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
    report->pressed_total++;
    if (report->pressed_count < PRESSED_KEPT) {
        report->pressed[report->pressed_count++] = host;
        return;
    }
    struct pressed_host *least = &report->pressed[0];
    for (uint32_t i = 1; i < PRESSED_KEPT; i++) {
        if (weight_of(&report->pressed[i]) < weight_of(least))
            least = &report->pressed[i];
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

static void put_host(struct text_report *report, const struct pressed_host *host)
{
    struct sentence line = {0};
    if (host->others)
        sentence_add(&line, "all other hosts together");
    else
        sentence_add_host(&line, host->address);
    const char *between = ": ";
    if (host->close_wait.peak >= CLOSE_WAITS_MANY) {
        sentence_add(&line, between);
        add_state(&line, &host->close_wait, "CLOSE_WAIT");
        between = "; ";
    }
    if (host->time_wait.peak >= TIME_WAITS_MANY) {
        sentence_add(&line, between);
        add_state(&line, &host->time_wait, "TIME_WAIT");
        between = "; ";
    }
    if (host->has_use) {
        sentence_add(&line, between);
        words_number(&line, host->use.ports_in_use_peak);
        sentence_add(&line, " of ");
        words_amount(&line, host->use.port_range, "ports");
        sentence_add(&line, " in use towards ");
        sentence_add_service(&line, host->use.address, host->use.port);
        sentence_add(&line, " at most (");
        words_share(&line, host->use.ports_in_use_peak, host->use.port_range);
        sentence_add(&line, ")");
    }
    sentence_add(&line, ".");
    page_item(&report->page, line.text);
}

void text_hosts(struct text_report *report)
{
    if (!report->pressed_count)
        return;
    page_heading(&report->page, "Hosts under pressure");
    bool told[PRESSED_KEPT] = {false};
    for (uint32_t n = 0; n < report->pressed_count; n++) {
        uint32_t most = PRESSED_KEPT;
        for (uint32_t i = 0; i < report->pressed_count; i++) {
            if (!told[i] && (most == PRESSED_KEPT ||
                             weight_of(&report->pressed[i]) > weight_of(&report->pressed[most])))
                most = i;
        }
        told[most] = true;
        put_host(report, &report->pressed[most]);
    }
    if (report->pressed_total > report->pressed_count) {
        struct sentence line = {0};
        sentence_add(&line, "and ");
        words_amount(&line, report->pressed_total - report->pressed_count, "more hosts");
        sentence_add(&line, ".");
        page_item(&report->page, line.text);
    }
}
