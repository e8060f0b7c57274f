/*
 * What a host bears: how many of its sockets are believed in each state over time, what `ss -s`
 * would have shown, and how many of its ports are taken towards one service. Counted from the final
 * timelines of connections as they become final, so that what was taken back was never counted.
 * Inside the room only.
 *
 * A state is counted from its entry to the next; the last one until the capture's end, until the
 * five-tuple was used again, or until a closed connection was forgotten, whichever came first.
 * CLOSED and LISTEN are nobody's sockets here.
 *
 * Memory is bounded by the limits below, lower ones where --max-memory is small, which bite in the
 * order in which connections become final, never by hash. Hosts where nothing was ever established,
 * and those beyond the limit, are summed: the sum over all records is always that of everything.
 */
#ifndef FINWAIT_ANALYZER_HOST_LOAD_H
#define FINWAIT_ANALYZER_HOST_LOAD_H

#include "analyzer/conclude.h"
#include "analyzer/config.h"
#include "analyzer/host/arrival.h"
#include "analyzer/host/ends.h"
#include "analyzer/host/examples.h"
#include "analyzer/host/ledger.h"
#include "analyzer/host/line.h"
#include "analyzer/host/roll.h"
#include "analyzer/host/uses.h"
#include "analyzer/verdict.h"

#define LOAD_HOSTS_MAX 10000u /* told apart; and as many that may yet establish something */
#define LOAD_LEAKS_MAX 4096u  /* those beyond are not looked at */

/* TIME_WAITs that turned out not to be there. */
struct missing {
    struct line line;
    uint64_t count;
    struct examples *examples; /* owned, NULL without */
};

struct host {
    struct roll_key key;                /* its address */
    bool open;                          /* something was established */
    uint16_t port_lowest, port_highest; /* of those that it called from, 1024 and above; 0: none */
    uint64_t opened, accepted, closed_first, reset_sent, reset_received;
    struct missing *missing;    /* owned, as is the next; NULL without */
    struct examples *examples;  /* of what entered TIME_WAIT */
    struct ledger states;       /* a row for each */
    struct row_load time_waits; /* of the states, after load_close(); as is the next */
    uint32_t close_waits;       /* at the peak */
};

/* Sockets of a host, connected by way of one service, in CLOSE_WAIT for longer than is usual. */
struct leak {
    struct roll_key key; /* the host, the server, its port */
    uint64_t count;
    int64_t first_ns, last_ns; /* of entering CLOSE_WAIT */
    int64_t longest_ns;
    struct line stuck;
    struct line stucks; /* when they came to be stuck */
    struct examples *examples;
};

struct load {
    const struct analyzer_config *config;
    struct grid grid;
    struct roll hosts;
    uint32_t hosts_open;
    uint32_t hosts_most, leaks_most; /* up to the limits above */
    struct host others;
    struct uses uses;
    struct roll leaks;
    struct line opens, closes, resets, rules[RULES];
};

/* The config is borrowed for the load's life. */
bool load_init(struct load *load, const struct analyzer_config *config,
               const struct hash_key *secret) MUST_CHECK;
void load_finish(struct load *load);

/* What it may come to hold. */
uint64_t load_bytes(const struct load *load);

/* A connection of these will soon become final; the slots have come, and the items are on their
 * way. `server_too`: something will be counted of the server, as far as is known yet.
 */
void load_fetch(const struct load *load, const struct ends *ends, bool server_too);
void load_fetch_items(const struct load *load, const struct ends *ends);

/* A connection that has become final, with its anomalies; the arrival is the conclusion's, and
 * `now_ns` as for conclude(). False when memory ran out. */
bool load_connection(struct load *load, const struct arrival *arrival, const struct ends *ends,
                     const struct conclusion *conclusion, int64_t now_ns) MUST_CHECK;

/* The capture ended here (or TIME_UNKNOWN). Nothing is added afterwards, and every line stands on
 * the grid's step. False when memory ran out. */
bool load_close(struct load *load, int64_t end_ns) MUST_CHECK;

/* ---- after load_close() --------------------------------------------------------------------- */

enum load_status { LOAD_OK, LOAD_STOPPED, LOAD_NO_MEMORY };

/* Makes the verdicts on what hosts bear, one after the other, in order of rule and name.
 * Stopped when `take` returns false. */
typedef bool (*load_take)(void *context, const struct anomaly_verdict *anomaly);
enum load_status load_judge(struct load *load, load_take take, void *context) MUST_CHECK;

/* Hands samples in order of time, and hosts in order of address, the sum of the others last, to
 * those of the sink's functions that are there; whichever it wants first. */
enum load_status load_report(const struct load *load, const struct verdict_sink *sink) MUST_CHECK;

/* Those that are not privileged. */
#define LOAD_PORTS_ALL 64512u

/* The ports that this client address has to choose from, as far as it was seen. */
uint32_t load_port_range(const struct load *load, const struct host *client, bool *widened);

#endif
