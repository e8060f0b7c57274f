/*
 * What the log testifies: which segment reached its addressee, as far as the addressee's own later
 * segments tell. An endpoint is believed only about itself: what it sent is known once it passed
 * the tap; what it received is known only when it says so, and is otherwise presumed until it acts
 * as if it had not.
 *
 * Everything here reads the connection's log; nothing is kept.
 */
#ifndef FINWAIT_ANALYZER_STATE_EVIDENCE_H
#define FINWAIT_ANALYZER_STATE_EVIDENCE_H

#include "analyzer/config.h"
#include "analyzer/tcp/connection.h"

#include <stdbool.h>
#include <stdint.h>

struct evidence {
    const struct connection *c;
    const struct analyzer_config *config;
    int64_t now_ns;              /* how far the capture had come */
    const struct log_entry *log; /* in order of passage; times made fit for reckoning */
    int count;
    bool reckoned;     /* some times in the log are not as captured */
    int64_t rtt_ns[2]; /* from the tap to this endpoint and back; 0 when never measured */
    bool rtt_known[2];
    bool beside[2]; /* the tap stands beside it: nothing is lost between them */
    bool fin_seen[2];
    seq_t fin_seq[2];
    struct log_entry own[LOG_MAX]; /* the log, where it is not the connection's as it stands */
    int64_t own_captured_ns[LOG_MAX];
};

/* The time of an entry as captured, or TIME_UNKNOWN. */
static inline int64_t captured_ns(const struct evidence *ev, int i)
{
    return ev->reckoned ? ev->own_captured_ns[i] : ev->log[i].time_ns;
}

/* The connection's log as it stands, and what was measured of the way. */
void evidence_collect(struct evidence *evidence, const struct connection *connection,
                      const struct analyzer_config *config, int64_t now_ns);

/* Leaves out what was forged, marks what came late, and makes the times fit for reckoning. */
void evidence_settle(struct evidence *evidence);

enum receipt_status {
    RECEIPT_LOST,      /* the addressee went on as if it had not come */
    RECEIPT_UNDER_WAY, /* when the capture ended it cannot have arrived yet */
    RECEIPT_PRESUMED,
    RECEIPT_CONFIRMED, /* the addressee's own later segment proves it */
};

struct receipt {
    enum receipt_status status;
    int64_t at_ns; /* when it took effect: its passage, or later when the two crossed */
    int by;        /* index of the entry that proves it, or of the copy that came instead; or -1 */
    bool sure;     /* lost: no segment that was merely held up on the way can explain it */
};

/* Segments that overtake each other on longer ways do so by more than these. */
#define STRAYING_NS (10 * NS_PER_MS)

/* How long after a segment passed towards X another of X's may pass the tap that X sent before the
 * first came: twice as long when the one or the other is held up on the way. */
static inline int64_t may_cross_ns(const struct evidence *ev, int x)
{
    /* The way varies: what comes a little later than the shortest round trip still crossed. */
    return ev->rtt_known[x] ? ev->rtt_ns[x] + ev->rtt_ns[x] / 4 + NS_PER_MS
                            : ev->config->rto_min_ns;
}

static inline int64_t may_stray_ns(const struct evidence *ev, int x)
{
    return may_cross_ns(ev, x) + 2 * ev->rtt_ns[x] + STRAYING_NS;
}

/* It passed so shortly before the capture's end that it cannot have arrived. */
bool under_way(const struct evidence *evidence, int i);

/* Did entry `i` reach its addressee, and with it (when `octets` is set) all octets of its sender
 * below `end`? */
struct receipt receipt_of(const struct evidence *evidence, int i, bool octets, seq_t end);

/* The sequence number behind the entry's last octet, SYN and FIN counted. */
static inline seq_t entry_end(const struct log_entry *g)
{
    return seq_add(g->seq, g->payload_len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN));
}

/* An RST that its sender did send: not from a box between with another distance. */
bool rst_is_own(const struct evidence *evidence, int i);

/* Would the addressee accept this RST (RFC 9293 section 3.10.7.4, RFC 5961 section 3)?
 * `connecting`: it is in SYN_SENT, where only the acknowledgment counts. */
bool rst_acceptable(const struct evidence *evidence, int i, bool addressee_has_fin,
                    bool connecting);

/* The entry that a bare RST answers: the latest of the other side's whose ACK field is its number,
 * unless that was answered otherwise or too long ago. When only later numbers were kept, the first
 * of these: the answered segment went before it. -1 when nothing seen drew the RST. */
int rst_answers(const struct evidence *evidence, int i);

/* The whole way there and back takes as long for the one as for the other. */
int64_t retransmission_timeout_ns(const struct evidence *evidence);

#endif
