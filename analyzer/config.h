/*
 * Every threshold of the analysis with its default, in one plain struct. The option table of cli/
 * fills it; reports echo what can change a verdict.
 */
#ifndef FINWAIT_ANALYZER_CONFIG_H
#define FINWAIT_ANALYZER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct analyzer_config {
    int64_t two_msl_ns;     /* how long TIME_WAIT lasts: 60 s on Linux and BSD */
    int64_t fin_timeout_ns; /* orphaned FIN_WAIT_2: Linux tcp_fin_timeout, 60 s */
    int64_t stuck_ns;       /* CLOSE_WAIT longer than this is worth a word */
    int64_t idle_ns;        /* silence longer than this is an idle gap */
    /* Ports that a client chooses from: Linux's ip_local_port_range. */
    uint16_t port_low;
    uint16_t port_high;
    int64_t from_ns; /* report only connections alive in [from, to]; INT64_MIN, INT64_MAX */
    int64_t to_ns;
    uint64_t max_memory_bytes; /* for what is held per connection */
    /* Habits of stacks, Linux's where they differ. */
    int64_t delayed_ack_ns; /* how long an acknowledgment may wait for company: 40 ms and a bit */
    int64_t prompt_ack_ns;  /* an acknowledgment that came sooner was not delayed */
    int64_t rto_min_ns;     /* least retransmission timeout */
    int64_t straggler_ns;   /* how long after 2*MSL a closed connection is still remembered: the
                               longest retransmission timers come back after a minute and more */
    int64_t rto_initial_ns; /* before any round trip was measured, RFC 6298 section 2.1 */
    int64_t vanished_ns;    /* silence towards octets that were sent again and again, until it is
                               called CLOSED: longer than most breaks of a path, shorter than any
                               stack's patience */
    int64_t rto_max_ns;     /* the timer's backing off may end here, RFC 6298 rule 2.5 */
    /* What a host can bear. */
    uint32_t ports_tight_permille; /* of its range, towards one service: worth a warning */
    uint32_t ports_out_permille;   /* critical */
    uint32_t time_waits_many;      /* at once on one host: worth telling */
    uint32_t time_waits_missing;   /* so often, and the host drops them */
    uint32_t close_waits_leaking;  /* of one service, stuck at once */
    int64_t keep_alive_ns;         /* a connection silent for so long waits for the next request */
    bool vlan_in_key;              /* equal five-tuples in different VLANs are different */
};

#define ANALYZER_CONFIG_DEFAULT                                                                    \
    (struct analyzer_config)                                                                       \
    {                                                                                              \
        .two_msl_ns = 60 * NS_PER_S, .fin_timeout_ns = 60 * NS_PER_S, .stuck_ns = 60 * NS_PER_S,   \
        .idle_ns = 30 * NS_PER_S, .port_low = 32768, .port_high = 60999, .from_ns = INT64_MIN,     \
        .to_ns = INT64_MAX, .max_memory_bytes = UINT64_C(2) << 30,                                 \
        .delayed_ack_ns = 45 * NS_PER_MS, .prompt_ack_ns = 38 * NS_PER_MS,                         \
        .rto_min_ns = 200 * NS_PER_MS, .straggler_ns = 60 * NS_PER_S, .rto_initial_ns = NS_PER_S,  \
        .keep_alive_ns = NS_PER_S, .rto_max_ns = 60 * NS_PER_S, .vanished_ns = 5 * NS_PER_S,       \
        .ports_tight_permille = 500, .ports_out_permille = 900, .time_waits_many = 10000,          \
        .time_waits_missing = 3, .close_waits_leaking = 10, .vlan_in_key = false                   \
    }

#endif
