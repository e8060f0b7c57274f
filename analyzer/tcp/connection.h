/*
 * One connection as the tap saw it: what each side sent, acknowledged and sent again. The hot part
 * is four cache lines; what only a handshake, a loss or a close needs is attached when it begins.
 *
 * Sides are indexed 0 and 1 as in the flow key; which one is the client is a property. A side holds
 * what its endpoint *sent*: `side[x].una` is the highest acknowledgment of it that its peer sent.
 *
 * Names: RFC 9293 section 3.3.1; `nxt` and `una` are SND.NXT and SND.UNA as the tap knows them.
 */
#ifndef FINWAIT_ANALYZER_TCP_CONNECTION_H
#define FINWAIT_ANALYZER_TCP_CONNECTION_H

#include "analyzer/flow/key.h"
#include "analyzer/seq.h"
#include "analyzer/tcp/ranges.h"
#include "analyzer/verdict.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side_mark {
    SIDE_SEEN = 1u << 0,      /* at least one segment of it: nxt is known */
    SIDE_ACKED = 1u << 1,     /* the peer acknowledged something: una is known */
    SIDE_ISN = 1u << 2,       /* isn is known, by its SYN or by the acknowledgment of it */
    SIDE_SYN = 1u << 3,       /* its SYN passed */
    SIDE_FIN = 1u << 4,       /* its FIN passed */
    SIDE_FIN_ACKED = 1u << 5, /* an acknowledgment of it passed */
    SIDE_RST = 1u << 6,       /* it sent RST */
    SIDE_DATA = 1u << 7,      /* it sent payload */
    SIDE_SAMPLING = 1u << 8,  /* rtt_end, rtt_sent_us time an octet on its way */
    SIDE_RTT = 1u << 9,       /* min_rtt_us is known */
    SIDE_SYN_ACK = 1u << 10,  /* its SYN carried an ACK */
    SIDE_SCALE = 1u << 11,
    SIDE_SACK_OK = 1u << 12,
    SIDE_TIMESTAMPS = 1u << 13, /* its last segment carried ts_val */
    SIDE_FAST_OPEN = 1u << 14,
    SIDE_SPOKE = 1u << 15, /* it sent something other than SYN and RST */
};

/* A segment as it is remembered to recognise its copies. */
struct recent_segment {
    uint32_t signature; /* hash of what a copy has the same; the TTL in the lowest byte */
    uint32_t sent_us;   /* microseconds since the connection's first segment, wrapping */
};

#define RECENT_SEGMENTS 2

/* The ones before them, where there is a detail: a burst may pass before the first of its copies.
 */
#define EARLIER_SEGMENTS 6

struct side {
    seq_t isn;
    seq_t nxt;
    seq_t una;
    uint32_t ts_val; /* the highest */
    int64_t last_ns; /* its last segment; TIME_UNKNOWN before there is one */
    uint64_t payload_bytes;
    uint64_t ip_bytes;
    uint32_t packets;
    seq_t rtt_end;
    uint32_t rtt_sent_us;
    uint32_t min_rtt_us; /* from the tap to the peer and back: its octets to their acknowledgment */
    struct recent_segment recent[RECENT_SEGMENTS];
    uint16_t window;
    uint16_t marks; /* enum side_mark */
    uint16_t tap;   /* the interface its segments are read from; TAP_MANY beyond what fits */
    uint8_t window_scale : 4;
    uint8_t ttl_changes : 2; /* between segments that were neither SYN nor RST; up to TTL_FLAPS */
    uint8_t in_order : 1;    /* its next octets may take the straight way, and where moreover */
    uint8_t ordinary : 1;    /* nothing of them is logged, the short one (ordinary.h) */
    uint8_t ttl;
};

#define TTL_FLAPS 3u

#define TAP_MANY UINT16_MAX

/* A control segment (SYN, FIN, RST), a side's first other one, or any while the connection opens or
 * closes: what the states are concluded from. */
struct log_entry {
    int64_t time_ns;
    frame_ref frame;
    seq_t seq;
    seq_t ack;
    uint32_t payload_len;
    uint32_t ts_val;
    uint32_t ts_ecr;
    uint16_t window;
    uint16_t ip_id;
    uint8_t flags; /* the low eight of the header's */
    uint8_t side;  /* 0 or 1: its sender */
    uint8_t ttl;
    uint8_t marks; /* enum log_mark */
    uint32_t nth;  /* in order of passage in its connection, from 1; wraps */
};

/* Frames tell the order of passage only within one file. */
static inline bool passed_before(const struct log_entry *a, const struct log_entry *b)
{
    return (int32_t)(a->nth - b->nth) < 0;
}

enum log_mark {
    LOG_UNSEEN = 1u << 0,     /* testifies to octets that had not passed the tap */
    LOG_AGAIN = 1u << 1,      /* carries only what its side had sent before */
    LOG_DSACK = 1u << 2,      /* reports that it received something twice */
    LOG_HOLE = 1u << 3,       /* octets of its side below its end had not passed the tap */
    LOG_PROBE = 1u << 4,      /* keepalive or zero-window probe */
    LOG_LATE = 1u << 7,       /* left its sender before one that passed earlier (told at the end) */
    LOG_FORGED = 1u << 6,     /* its sender went on as if it had not sent it */
    LOG_TIMESTAMPS = 1u << 5, /* as SEG_TIMESTAMPS */
};

/* How a close began and how it ended is kept: the first LOG_FIRST entries, and of the later ones
 * the last LOG_TAIL, of which control segments stay longest. */
#define LOG_FIRST 40
#define LOG_TAIL  24
#define LOG_MAX   (LOG_FIRST + LOG_TAIL)

/* So many are kept in the detail itself, as many as an ordinary connection has while it is open: a
 * handshake, and what each side sends until it has heard of the other. An ordinary close has as
 * many more, and when that is not enough, the log is moved to where there is this room. */
#define LOG_WITHIN 6
#define LOG_MORE   4
#define LOG_APART  16

/* Why it reset, in its own words. */
struct reset_reason {
    frame_ref frame; /* the RST that says so */
    struct segment_aux aux;
};

/* The side's last segment, when its payload may be padding (SEG_PADDING_LIKE). */
struct maybe_padding {
    frame_ref frame;
    seq_t next; /* the number behind it if it is */
    seq_t ack;
    uint8_t octets; /* 0: it is none */
    bool fin;       /* it carried the side's first FIN */
};

/* The first and the last of what was sent in vain. */
struct vain_run {
    struct log_entry first, last;
};

/* The segments of a side that are kept, each once, though it may be kept as several of these. */
enum kept_as {
    KEPT_LAST, /* until the first FIN or RST: its last segment, */
    KEPT_DATA, /* and its last one with payload */
    KEPT_SENT, /* the first transmission of the payload that is outstanding, or was sent again */
    KEPT_ROLES,
};

/* What stays zero in most connections: of a side from which nothing is lost, sent again or odd. */
struct seldom {
    struct ranges *holes; /* owned, NULL while there never was one */
    int64_t hole_ns;      /* when the last hole opened */
    uint64_t retransmitted_bytes;
    uint32_t retransmitted_segments;
    uint32_t out_of_order_segments;
    uint32_t captured_twice;
    uint32_t second_tap;
    uint32_t keepalives;
    uint32_t zero_window_probes;
    uint32_t malformed;
    uint32_t fin_sacked_nth; /* the first segment of the peer's that reports it as received behind
                                octets that are missing (SACK); 0: none */
    struct maybe_padding maybe_padding;
    seq_t sacked_left, sacked_right; /* of its octets, those last reported so (SACK), */
    bool sacked;                     /* if there were any */
    bool pads;                       /* what may be padding is: its numbers showed it once */
    uint16_t resends_grown; /* of resends, how many came clearly later than the one before had */
    uint16_t rst_resends;   /* resends and probe_run when it first sent RST */
    uint16_t rst_probe_run;
    int64_t again_ns;     /* the last of again_run */
    int64_t again_gap_ns; /* between the last two */
    int64_t probe_ns;
    int64_t probe_gap_ns;     /* between the last two probes */
    int64_t resend_gap_ns;    /* between the last two transmissions */
    int64_t resend_from_ns;   /* when it was first sent, or later; TIME_UNKNOWN: not known */
    uint64_t bytes_after_fin; /* new octets in segments that acknowledge the peer's FIN */
    struct vain_run *run;     /* of what resends or probe_run counts; owned, NULL: never any */
    struct reset_reason *reset_reason; /* owned, NULL without */
};

/* What every segment touches comes first: a line of the cache of moments and runs, and three of the
 * segments that are remembered. */
struct side_detail {
    int64_t data_ns;       /* its last payload or FIN; 0: before there was a detail */
    int64_t timer_ns;      /* when its retransmission timer was last started (RFC 6298 section 5) */
    int64_t unanswered_ns; /* its first octets since the peer last sent anything; 0: none */
    int64_t unanswered_idle_ns; /* how long both sides had been silent before those */
    int64_t last_idle_ns;       /* how long both sides had been silent before KEPT_LAST, */
    int64_t data_idle_ns;       /* and before the run of payload that KEPT_DATA ends */
    seq_t una_before;   /* what `una` was before it last advanced: what the last ACK acknowledged */
    uint16_t again_run; /* transmissions of the same octets since the last progress */
    uint16_t resends;   /* payload sent again before its acknowledgment had passed, since then */
    uint16_t probe_run; /* probes since the peer was heard */
    bool
        again_acked; /* among again_run octets whose acknowledgment had passed: it did not arrive */
    bool una_advanced;           /* una_before is known */
    uint8_t oldest;              /* of `earlier` */
    uint8_t kept_as[KEPT_ROLES]; /* 1 + index into `kept`; 0: none */

    struct recent_segment earlier[EARLIER_SEGMENTS]; /* in a ring */
    struct log_entry kept[KEPT_ROLES];

    uint32_t fins;
    uint32_t rsts;
    seq_t fin_seq; /* of the first FIN */
    uint16_t mss;
    uint16_t again_grown;  /* of again_run, how many came clearly later than the one before had */
    struct seldom *seldom; /* owned, NULL while all of it is zero */
};

_Static_assert(offsetof(struct side_detail, earlier) == 64, "the moments are a line of the cache");
_Static_assert(offsetof(struct side_detail, fins) == 256, "what every segment touches is four");

/* What stood when the first FIN or RST passed: whether a FIN of the other side may have been
 * queued. */
struct close_start {
    bool taken;
    bool seen[2]; /* nxt is known */
    seq_t nxt[2];
    uint32_t outstanding[2];
    uint16_t window[2];
    int64_t last_ns[2];
};

/* One end of a five-tuple's former use, as it stood when the new one began. */
struct former_side {
    seq_t isn;
    seq_t nxt; /* its snd_nxt, FIN included */
    bool has_isn, has_nxt;
    bool stamped;               /* its segments bore timestamps */
    uint32_t ts_val;            /* the highest */
    uint8_t state;              /* enum tcp_state */
    uint16_t possible;          /* bits of states */
    bool reset;                 /* by its own RST, or by its peer's */
    bool order_presumed;        /* which end closed first is judged, not known */
    int64_t time_wait_until_ns; /* TIME_UNKNOWN: it was not in TIME_WAIT at the end */
    struct log_entry fin;       /* its first FIN; no frame: none */
};

/* What the ends may still hold of a five-tuple's last use that had opened, or else of its last. */
struct former_use {
    bool opened;
    bool one_direction; /* only one of its ends was seen */
    int64_t end_ns;
    struct log_entry last; /* its last segment; no frame: not kept */
    struct former_side side[2];
};

#define OLD_DUPLICATES_KEPT 4

/* Bare acknowledgments that answer one another while the connection closes. */
struct ack_run {
    int64_t last_ns;
    uint32_t count; /* of the present run */
    uint32_t most;  /* of the longest */
    uint8_t side;   /* who sent the last of them */
};

/* What a new use of a five-tuple remembers of the one before. */
struct previous_use {
    int64_t start_ns;
    int64_t end_ns;
    frame_ref frame; /* its first */
    seq_t isn[2];
    bool has_isn[2];
    uint8_t client_side;
    uint8_t state[2];     /* enum tcp_state, when the tuple was used again */
    bool opened;          /* else: an attempt */
    bool reset;           /* … that was reset */
    uint32_t incarnation; /* of that use, from 1 */
    struct former_use former;
    /* SYNs with other initial numbers since then. */
    uint32_t attempts;
    int64_t attempt_ns; /* the first of them */
    /* Segments of the former use that passed after the sender's first in the new one. */
    uint32_t old_duplicates;
    int32_t old_offset;  /* of the first, from the next number of the new connection */
    bool old_acceptable; /* the new connection would have taken one of them */
    struct log_entry old_duplicate[OLD_DUPLICATES_KEPT];
};

struct detail {
    struct side_detail side[2];
    struct log_entry *log;  /* `within`, or owned */
    struct log_entry *more; /* where `within` goes on, owned or lent; NULL: `log` is all of it */
    uint8_t log_count;
    uint8_t log_room;
    uint8_t packed : 7; /* how often it has been (packed.h) */
    uint8_t more_lent : 1;
    bool reused;        /* the five-tuple was opened anew while this was remembered, */
    uint32_t log_total; /* of all that were logged, those that gave way included */
    struct close_start start;
    struct ack_run ack_run;
    struct previous_use *previous; /* owned, NULL for the first use of a five-tuple */
    int64_t reused_ns;             /* when it was opened anew, or TIME_UNKNOWN */
    uint32_t place;                /* 1 + index in the pool that lent it; 0: of the heap */
    uint32_t accounted_bytes;      /* of what it holds, as far as the memory limit knows */
    struct log_entry within[LOG_WITHIN];
};

_Static_assert(sizeof(struct detail) % 64 == 0, "details in a row begin with a line of the cache");
_Static_assert(LOG_MAX <= UINT8_MAX, "entries are counted in an octet");

enum connection_mark {
    CONN_CLIENT_IS_1 = 1u << 0,
    CONN_FILED = 1u << 1,       /* waits in the timer wheel */
    CONN_ESTABLISHED = 1u << 2, /* the handshake is over (or was never seen) */
    CONN_CLOSED = 1u << 3,      /* both FINs acknowledged, or reset: lingers, then is final */
    CONN_SUPERSEDED = 1u << 4,  /* the five-tuple is in use again */
    CONN_BRIEF = 1u << 5,       /* all that there is of it is `brief` */
    CONN_CLOCK_BACKWARDS = 1u << 6,
    CONN_UNTIMED = 1u << 7,
    CONN_OPTIONS_CUT = 1u << 8,
    CONN_MPTCP = 1u << 9,
    CONN_SIGNED = 1u << 10,         /* MD5 or AO */
    CONN_REUSED = 1u << 11,         /* the five-tuple had been in use: detail->previous */
    CONN_STAMP_COMPARED = 1u << 12, /* the first SYN's stamp, with the client address's last one, */
    CONN_STAMP_BELOW = 1u << 13,    /* and it is lower */
    CONN_ABSORBED = 1u << 14,       /* what a forged SYN opened was given back to it */
    CONN_UNHEARD = 1u << 15, /* it never opened, and of its client the capture has one direction */
};

struct connection {
    struct flow_key key;
    struct side side[2];
    int64_t first_ns;
    frame_ref first_frame;
    union {
        struct detail *detail;         /* owned, NULL while boring */
        struct packed_detail *packing; /* owned, where `packed`: nothing can be read of it */
        struct brief *brief;           /* the same where CONN_BRIEF: owned */
    };
    uint32_t tag;  /* of the key's hash */
    uint32_t next; /* older or parallel connection of the same key, POOL_NONE */
    uint32_t wheel_next;
    uint32_t world;
    uint32_t stream;
    uint16_t marks; /* enum connection_mark */
    uint16_t vlan;
    uint16_t interface;    /* of the first segment; TAP_MANY beyond what fits */
    uint16_t held;         /* how many of the key there are from this one on; 0: not found by it */
    unsigned known_by : 2; /* enum client_known_by */
    unsigned tunnel : 4;
    unsigned packed : 1; /* while it lingers: see packed.h */
    unsigned ip_version : 3;
    unsigned completeness : 6;
    unsigned syn_mss : 16; /* of a first SYN, until there is a detail to hold it */
};

_Static_assert(TUNNEL_COUNT <= 16, "a tunnel is four bits");
_Static_assert(sizeof(struct connection) <= 256, "the hot record is four cache lines");

static inline int client_side(const struct connection *c)
{
    return c->marks & CONN_CLIENT_IS_1 ? 1 : 0;
}

/* Which use of its five-tuple it is, from 1. */
static inline uint32_t incarnation_of(const struct connection *c)
{
    return c->detail && c->detail->previous ? c->detail->previous->incarnation + 1 : 1;
}

/* To be read. */
static inline const struct seldom *seldom_of(const struct side_detail *side)
{
    static const struct seldom none = {.holes = NULL};
    return side->seldom ? side->seldom : &none;
}

static inline const struct vain_run *run_of(const struct side_detail *side)
{
    static const struct vain_run none = {.first = {.frame = FRAME_NONE}};
    const struct vain_run *run = seldom_of(side)->run;
    return run ? run : &none;
}

static inline struct log_entry *log_at(const struct detail *detail, unsigned i)
{
    return i >= LOG_WITHIN && detail->more ? &detail->more[i - LOG_WITHIN] : &detail->log[i];
}

/* The segment that is kept so; its frame is FRAME_NONE when none is. */
static inline const struct log_entry *kept_of(const struct side_detail *side, enum kept_as as)
{
    static const struct log_entry none = {.frame = FRAME_NONE};
    return side->kept_as[as] ? &side->kept[side->kept_as[as] - 1] : &none;
}

/* The time of the last segment of either side. */
static inline int64_t connection_last_ns(const struct connection *c)
{
    return c->side[0].last_ns > c->side[1].last_ns ? c->side[0].last_ns : c->side[1].last_ns;
}

/* The highest time of its packets, of those included in which nothing is testimony. */
static inline int64_t connection_end_ns(const struct connection *c)
{
    int64_t last_ns = connection_last_ns(c);
    return last_ns > c->first_ns ? last_ns : c->first_ns;
}

#endif
