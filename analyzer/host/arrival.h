/*
 * What of a connection that has become final is counted in the load of hosts, drawn together from
 * its verdict, its states and its log: a few lines of the cache, where these are forty. Who counts
 * may have to fetch them from another processor. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_ARRIVAL_H
#define FINWAIT_ANALYZER_HOST_ARRIVAL_H

#include "analyzer/conclude.h"
#include "analyzer/config.h"
#include "analyzer/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Indices of arrival.ends. */
enum { ARRIVAL_CLIENT, ARRIVAL_SERVER, ARRIVAL_ENDS };

/* One endpoint: whole lines of the cache, of which two tell of as many states as most have. */
#define ARRIVAL_STATES_USUAL 11u

struct arrival_end {
    bool counts;      /* anything was heard or is believed of it; else nothing is told */
    bool established; /* once, as it is believed */
    bool opened, accepted, closed_first, reset_sent, reset_received;
    uint8_t count;         /* of its states: those that were not taken back */
    uint8_t entered_first; /* of them, the first TIME_WAIT that lasts; or TIMELINE_MAX */
    uint16_t port;
    uint32_t stuck; /* bits: CLOSE_WAITs that last for longer than is usual */
    uint8_t state[TIMELINE_MAX];
    int64_t at_ns[TIMELINE_MAX]; /* when it entered each */
    uint8_t apart[24];           /* no line is of two */
};

_Static_assert(TIMELINE_MAX <= 32, "a bit for each");
_Static_assert(offsetof(struct arrival_end, at_ns[ARRIVAL_STATES_USUAL]) == 128 &&
                   sizeof(struct arrival_end) % 64 == 0,
               "two lines, of whole ones");

struct arrival {
    struct arrival_end ends[ARRIVAL_ENDS];
    int64_t start_ns, close_ns; /* the first packet; the first FIN or RST: or TIME_UNKNOWN */
    int64_t end_ns;             /* until when the last states are believed */
    bool given_up;  /* a SYN that nothing followed, from a client that has given up: nothing else is
                       told but start_ns, close_ns, opens, has_reset, and when the client entered its
                       two states */
    bool reused;    /* at the end the five-tuple was opened anew */
    bool took_port; /* the client, as far as can be told */
    bool opens;     /* its beginning was seen */
    bool has_reset;
    bool has_first, has_entered[ARRIVAL_ENDS];     /* they were kept: */
    struct anomaly_evidence first;                 /* the first packet; */
    struct anomaly_evidence entered[ARRIVAL_ENDS]; /* that with which it entered TIME_WAIT */
};

/* `now_ns`: how far the capture had come, or TIME_UNKNOWN. */
void arrival_make(const struct connection *connection, const struct conclusion *conclusion,
                  const struct analyzer_config *config, int64_t now_ns, struct arrival *arrival);

/* When the endpoint left the state: when it entered the next one, or the end. */
static inline int64_t arrival_left_ns(const struct arrival *arrival, const struct arrival_end *end,
                                      unsigned number)
{
    return number + 1u < end->count && end->at_ns[number + 1] < arrival->end_ns
               ? end->at_ns[number + 1]
               : arrival->end_ns;
}

/* Nobody's: */
#define ARRIVAL_NO_SOCKETS (1u << STATE_CLOSED | 1u << STATE_LISTEN | 1u << STATE_UNKNOWN)

/* Does the endpoint hold a socket in it for any time, as far as times are known? */
static inline bool arrival_lasts(const struct arrival *arrival, const struct arrival_end *end,
                                 unsigned number)
{
    return !(ARRIVAL_NO_SOCKETS >> end->state[number] & 1) && end->at_ns[number] != TIME_UNKNOWN &&
           end->at_ns[number] < arrival_left_ns(arrival, end, number);
}

/* What is noted of segments as examples. */
#define ARRIVAL_ENTERED "with this segment it entered TIME_WAIT"

/* The entry of the verdict that tells of the state of this number. */
const struct state_entry *arrival_entry(const struct endpoint_verdict *endpoint, unsigned number);

/* The segment of this frame, which may be FRAME_NONE, as evidence; false when it was not kept. */
bool arrival_piece_of(const struct conclusion *conclusion, frame_ref frame, const char *note,
                      struct anomaly_evidence *piece);

#endif
