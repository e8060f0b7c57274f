/*
 * The product of analyzer/: what became of each connection, and the summary over all. Plain data;
 * everything a sink is handed is borrowed until it returns.
 *
 * State names are RFC 9293's as operators read them in netstat. Sequence numbers are absolute, as
 * on the wire. Times are nanoseconds since 1970 (UTC) or TIME_UNKNOWN; durations nanoseconds, or -1
 * when unknown.
 */
#ifndef FINWAIT_ANALYZER_VERDICT_H
#define FINWAIT_ANALYZER_VERDICT_H

#include "analyzer/catalogue.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define TCP_STATE_TABLE(X)                                                                         \
    X(STATE_LISTEN, "LISTEN")                                                                      \
    X(STATE_SYN_SENT, "SYN_SENT")                                                                  \
    X(STATE_SYN_RECEIVED, "SYN_RECEIVED")                                                          \
    X(STATE_ESTABLISHED, "ESTABLISHED")                                                            \
    X(STATE_FIN_WAIT_1, "FIN_WAIT_1")                                                              \
    X(STATE_FIN_WAIT_2, "FIN_WAIT_2")                                                              \
    X(STATE_CLOSING, "CLOSING")                                                                    \
    X(STATE_TIME_WAIT, "TIME_WAIT")                                                                \
    X(STATE_CLOSE_WAIT, "CLOSE_WAIT")                                                              \
    X(STATE_LAST_ACK, "LAST_ACK")                                                                  \
    X(STATE_CLOSED, "CLOSED")                                                                      \
    X(STATE_UNKNOWN, "UNKNOWN")

/* What made an endpoint change its state. */
#define STATE_CAUSE_TABLE(X)                                                                       \
    X(CAUSE_FIRST_SEEN, "first_seen")     /* the capture starts inside the connection */           \
    X(CAUSE_SENT_SYN, "sent_syn")                                                                  \
    X(CAUSE_SENT_SYN_ACK, "sent_syn_ack")                                                          \
    X(CAUSE_RECEIVED_SYN, "received_syn")                                                          \
    X(CAUSE_RECEIVED_SYN_ACK, "received_syn_ack")                                                  \
    X(CAUSE_RECEIVED_ACK_OF_SYN, "received_ack_of_syn")                                            \
    X(CAUSE_SENT_FIN, "sent_fin")                                                                  \
    X(CAUSE_RECEIVED_FIN, "received_fin")                                                          \
    X(CAUSE_RECEIVED_ACK_OF_FIN, "received_ack_of_fin")                                            \
    X(CAUSE_SENT_RST, "sent_rst")                                                                  \
    X(CAUSE_RECEIVED_RST, "received_rst")                                                          \
    X(CAUSE_TWO_MSL_ELAPSED, "two_msl_elapsed")                                                    \
    X(CAUSE_TIMED_OUT, "timed_out")       /* gave up its retransmissions or its FIN_WAIT_2 */      \
    X(CAUSE_REUSED, "reused")             /* the five-tuple was opened anew */                     \
    X(CAUSE_IMPLIED, "implied")           /* the peer's segments prove what the tap did not see */ \
    X(CAUSE_RETRACTED, "retracted")       /* what was presumed before turned out not to be so */

#define CERTAINTY_TABLE(X)                                                                         \
    X(CERTAINTY_PRESUMED, "presumed")                                                              \
    X(CERTAINTY_CONFIRMED, "confirmed")

#define ROLE_TABLE(X)                                                                              \
    X(ROLE_CLIENT, "client")                                                                       \
    X(ROLE_SERVER, "server")                                                                       \
    X(ROLE_BOTH, "both")                                                                           \
    X(ROLE_NONE, "none")

#define CLIENT_KNOWN_BY_TABLE(X)                                                                   \
    X(KNOWN_BY_SYN, "syn")                                                                         \
    X(KNOWN_BY_SYN_ACK, "syn_ack")                                                                 \
    X(KNOWN_BY_PORT, "port")                                                                       \
    X(KNOWN_BY_FIRST_PACKET, "first_packet")

#define VISIBILITY_TABLE(X)                                                                        \
    X(VISIBLE_BOTH, "both")                                                                        \
    X(VISIBLE_CLIENT_ONLY, "client_only")                                                          \
    X(VISIBLE_SERVER_ONLY, "server_only")

#define HANDSHAKE_TABLE(X)                                                                         \
    X(HANDSHAKE_COMPLETE, "complete")                                                              \
    X(HANDSHAKE_REFUSED, "refused")                                                                \
    X(HANDSHAKE_UNANSWERED, "unanswered")                                                          \
    X(HANDSHAKE_ABORTED, "aborted")                                                                \
    X(HANDSHAKE_MID_STREAM, "mid_stream")                                                          \
    X(HANDSHAKE_SIMULTANEOUS, "simultaneous")

#define CLOSE_KIND_TABLE(X)                                                                        \
    X(CLOSE_RESET, "reset")               /* an accepted RST before both FINs were acknowledged */ \
    X(CLOSE_SIMULTANEOUS, "simultaneous")                                                          \
    X(CLOSE_GRACEFUL, "graceful")         /* both FINs acknowledged */                             \
    X(CLOSE_VANISHED, "vanished")         /* an end no longer answers */                           \
    X(CLOSE_MID_CLOSE, "mid_close")       /* a FIN unanswered when the capture ends */             \
    X(CLOSE_HALF_CLOSED, "half_closed")                                                            \
    X(CLOSE_OPEN, "open")                                                                          \
    X(CLOSE_NONE, "none")                 /* never established */

#define RESET_FORM_TABLE(X)                                                                        \
    X(RESET_ABORT, "abort")                                                                        \
    X(RESET_REPLY, "reply")                                                                        \
    X(RESET_REFUSAL, "refusal")                                                                    \
    X(RESET_ODD, "odd")

#define RESET_STAGE_TABLE(X)                                                                       \
    X(STAGE_POST_SYN, "post_syn")                                                                  \
    X(STAGE_POST_ACK, "post_ack")                                                                  \
    X(STAGE_POST_PSH, "post_psh")                                                                  \
    X(STAGE_LATER, "later")                                                                        \
    X(STAGE_CLOSING, "closing")

/* About the evidence, never about the endpoints: bits of connection_verdict.caveats. */
#define CAVEAT_TABLE(X)                                                                            \
    X(CAVEAT_ONE_DIRECTION, "one_direction_only")                                                  \
    X(CAVEAT_STARTS_MID_STREAM, "starts_mid_stream")                                               \
    X(CAVEAT_ENDS_EARLY, "ends_early")                                                             \
    X(CAVEAT_CAPTURE_LOST, "capture_lost_segments")                                                \
    X(CAVEAT_CAPTURED_TWICE, "captured_twice")                                                     \
    X(CAVEAT_SECOND_TAP, "second_tap")                                                             \
    X(CAVEAT_CAPTURE_DROPPED, "capture_dropped_packets")                                           \
    X(CAVEAT_SNAPLEN_CUT, "snaplen_cut_headers")                                                   \
    X(CAVEAT_CLOCK_BACKWARDS, "clock_ran_backwards")                                               \
    X(CAVEAT_NO_TIMESTAMPS, "no_timestamps")                                                       \
    X(CAVEAT_EVICTED, "evicted")

/* Zeek's words for a connection (conn_state of its conn.log, by its documentation). */
#define ZEEK_STATE_TABLE(X)                                                                        \
    X(ZEEK_S0, "S0") X(ZEEK_S1, "S1") X(ZEEK_SF, "SF") X(ZEEK_REJ, "REJ") X(ZEEK_S2, "S2")         \
    X(ZEEK_S3, "S3") X(ZEEK_RSTO, "RSTO") X(ZEEK_RSTR, "RSTR") X(ZEEK_RSTOS0, "RSTOS0")            \
    X(ZEEK_RSTRH, "RSTRH") X(ZEEK_SH, "SH") X(ZEEK_SHR, "SHR") X(ZEEK_OTH, "OTH")
/* clang-format on */

#define VERDICT_ENUM(id, name) id,
enum tcp_state { TCP_STATE_TABLE(VERDICT_ENUM) STATES };
enum state_cause { STATE_CAUSE_TABLE(VERDICT_ENUM) CAUSES };
enum certainty { CERTAINTY_TABLE(VERDICT_ENUM) CERTAINTIES };
enum role { ROLE_TABLE(VERDICT_ENUM) ROLES };
enum client_known_by { CLIENT_KNOWN_BY_TABLE(VERDICT_ENUM) CLIENT_KNOWN_BYS };
enum visibility { VISIBILITY_TABLE(VERDICT_ENUM) VISIBILITIES };
enum handshake_kind { HANDSHAKE_TABLE(VERDICT_ENUM) HANDSHAKES };
enum close_kind { CLOSE_KIND_TABLE(VERDICT_ENUM) CLOSE_KINDS };
enum reset_form { RESET_FORM_TABLE(VERDICT_ENUM) RESET_FORMS };
enum reset_stage { RESET_STAGE_TABLE(VERDICT_ENUM) RESET_STAGES };
enum caveat { CAVEAT_TABLE(VERDICT_ENUM) CAVEATS };
enum zeek_state { ZEEK_STATE_TABLE(VERDICT_ENUM) ZEEK_STATES };
#undef VERDICT_ENUM

const char *tcp_state_name(enum tcp_state state);
const char *state_cause_name(enum state_cause cause);
const char *certainty_name(enum certainty certainty);
const char *role_name(enum role role);
const char *client_known_by_name(enum client_known_by how);
const char *visibility_name(enum visibility visibility);
const char *handshake_name(enum handshake_kind kind);
const char *close_kind_name(enum close_kind kind);
const char *reset_form_name(enum reset_form form);
const char *reset_stage_name(enum reset_stage stage);
const char *caveat_name(enum caveat caveat);
const char *zeek_state_name(enum zeek_state state);

/* Bits of connection_verdict.completeness: Wireshark's tcp.completeness. */
enum completeness {
    COMPLETE_SYN = 1,
    COMPLETE_SYN_ACK = 2,
    COMPLETE_ACK = 4,
    COMPLETE_DATA = 8,
    COMPLETE_FIN = 16,
    COMPLETE_RST = 32,
};

/* One change of an endpoint's state, as believed at the end. */
struct state_entry {
    int64_t at_ns;
    frame_ref frame;        /* the packet that caused it, or FRAME_NONE (a timer) */
    frame_ref confirmed_by; /* or FRAME_NONE */
    uint8_t state;          /* enum tcp_state */
    uint8_t cause;          /* enum state_cause */
    uint8_t certainty;      /* enum certainty */
    bool retracted;         /* superseded: kept for the record */
};

#define VERDICT_FIN_FRAMES 8

struct fin_verdict {
    uint32_t count; /* transmissions seen, retransmissions included */
    frame_ref frames[VERDICT_FIN_FRAMES];
    uint32_t frame_count; /* of those kept in frames */
    uint32_t seq;         /* sequence number of the FIN itself */
    frame_ref acked_by;   /* the first segment of the peer that acknowledges it, or FRAME_NONE */
    bool active;          /* closed first, by the acknowledgment number of the first transmission */
    bool active_known;
    bool implied; /* never seen; the peer's acknowledgment proves it */
};

struct rst_verdict {
    uint32_t count;
    frame_ref frames[VERDICT_FIN_FRAMES];
    uint32_t frame_count;
};

struct endpoint_verdict {
    uint8_t address[16]; /* IPv4 mapped */
    uint16_t port;
    uint64_t packets;
    uint64_t bytes; /* of IP packets */

    uint8_t state; /* enum tcp_state, at the end of the capture */
    uint8_t state_certainty;
    uint16_t possible_states; /* bit 1 << state for each; never empty */
    const struct state_entry *states;
    uint32_t state_count;

    bool has_isn, has_next_seq, has_unacked;
    uint32_t isn;
    uint32_t next_seq; /* sequence number after the highest octet sent (snd_nxt) */
    uint64_t payload_bytes;
    uint64_t unique_bytes;
    uint64_t unacked_bytes;
    uint32_t retransmitted_segments;
    uint64_t retransmitted_bytes;
    uint32_t out_of_order_segments;
    uint32_t capture_duplicates; /* the same packet captured again */
    uint32_t keepalives;         /* probes: one octet or none below next_seq */
    uint32_t zero_window_probes;

    struct fin_verdict fin;
    struct rst_verdict rst;

    bool has_ttl, has_mss, has_window_scale, handshake_seen; /* sack, timestamps: from the SYN */
    uint8_t ttl;
    uint8_t window_scale;
    uint16_t mss;
    bool sack, timestamps, fast_open, mptcp, signed_segments;
};

/* A packet that an anomaly rests on, and what it shows: a few words of ours. */
struct anomaly_evidence {
    int64_t at_ns; /* or TIME_UNKNOWN */
    frame_ref frame;
    const char *note;
    uint32_t seq, ack, payload_len;
    uint16_t flags; /* enum tcp_flag */
    uint8_t from;   /* enum role: client or server */
};

struct anomaly_figure {
    uint8_t id;       /* enum figure_id */
    int64_t integer;  /* also a boolean's; a text's bytes are the anomaly's `reason` */
    const char *word; /* a keyword's: static, lower case and underscores */
};

#define ANOMALY_EVIDENCE_MAX 32
#define ANOMALY_FIGURES_MAX  24

#define ANOMALY_REASON_MAX 64

/* A rule that found something. */
struct anomaly_verdict {
    int64_t at_ns; /* or TIME_UNKNOWN */
    uint8_t rule;  /* enum rule_id */
    uint8_t severity;
    uint8_t confidence;
    uint8_t endpoint;                   /* enum role: whom it is about; ROLE_NONE: the connection */
    uint8_t client_state, server_state; /* enum tcp_state just before; STATE_UNKNOWN: not known */
    uint32_t caveats;                   /* bit 1 << enum caveat */
    uint32_t evidence_count;            /* of those kept */
    uint32_t evidence_total;
    uint32_t figure_count;

    /* Scope host: who, and which of its services. */
    bool has_host, has_service;
    uint8_t host_address[16];
    uint8_t service_address[16];
    uint16_t service_port;

    /* The large ones last: of these only as much holds anything as is counted. */
    uint8_t reason_len; /* why an RST was sent, in its own words: raw bytes, whatever they are */
    struct anomaly_figure figures[ANOMALY_FIGURES_MAX];
    struct anomaly_evidence evidence[ANOMALY_EVIDENCE_MAX];
    uint8_t reason[ANOMALY_REASON_MAX];
};

struct connection_verdict {
    /* What is counted of every connection comes first, two lines of the cache. */
    const struct anomaly_verdict *anomalies; /* in order of their evidence */
    uint32_t anomaly_count;
    uint8_t handshake;
    uint8_t client_known_by;
    uint8_t visibility;
    uint8_t tunnel; /* enum tunnel */
    int64_t start_ns, end_ns;

    struct {
        uint8_t kind; /* enum close_kind */
        uint8_t by;   /* enum role */
        uint8_t by_certainty;
        bool half_close; /* one side went on sending data after the other's FIN */
        uint32_t segments;
        int64_t start_ns; /* first FIN or RST, or TIME_UNKNOWN */
        int64_t duration_ns;
        int64_t idle_before_ns;
        uint8_t time_wait_held_by; /* enum role */
        int64_t time_wait_until_ns;
        bool has_reset; /* the fields below */
        uint8_t reset_by, reset_form, reset_stage;
        uint8_t reset_cause; /* enum rule_id: the rule that explains it, or RULES */
    } close;

    uint64_t stream; /* order of first packets, from 0: tshark's tcp.stream on one file */
    struct endpoint_verdict client, server;
    uint8_t ip_version;
    uint32_t incarnation; /* of this five-tuple, from 1 */
    uint16_t vlan;        /* or VLAN_NONE */
    uint32_t interface;   /* tap of its first packet: index into capture_findings.interfaces */
    frame_ref first_frame;
    bool absorbed; /* what a forged SYN opened was given back to it */

    int64_t handshake_rtt_ns; /* SYN to the ACK that completes it as the tap sees both ways; -1 */

    bool has_previous; /* an earlier use of the same five-tuple in the same capture */
    struct {
        bool has_client_isn, has_server_isn; /* of its own client and server */
        uint32_t client_isn, server_isn;     /* with the start: what its id is made of */
        int64_t start_ns;
        bool roles_swapped; /* the former server is the new client */
        int64_t gap_ns;     /* from its last packet to this one's first */
    } previous;

    int64_t client_rtt_ns, server_rtt_ns; /* from the tap to each end and back; -1 */
    uint8_t zeek_state;
    uint8_t completeness; /* enum completeness */
    uint32_t caveats;     /* bit 1 << enum caveat */
};

/* With what it points to, in one piece to be released with free(). NULL when memory ran out. */
struct connection_verdict *verdict_copy(const struct connection_verdict *verdict) MUST_CHECK;

/* How many of a host's sockets were believed in one state, over the instants of its load curve. */
struct state_load {
    uint64_t peak;
    int64_t peak_at_ns; /* the first instant of it */
    uint64_t mean;      /* rounded down */
};

/* The ports of one client address towards one service: each is taken while the client holds its
 * socket in any state, TIME_WAIT included. */
struct service_use {
    uint8_t address[16];
    uint16_t port;
    uint32_t ports_in_use_peak;
    int64_t peak_at_ns;
    uint32_t port_range;       /* how many ports it has to choose from */
    bool range_widened;        /* it was seen using ports outside the configured range */
    uint32_t used_permille;    /* of them, at the peak */
    uint32_t server_held_peak; /* tuples that only the server's TIME_WAIT still held, at most */
};

struct host_verdict {
    uint8_t address[16];
    bool others; /* not one host: the sum of all beyond those that are told apart */
    /* Connections whose handshake passed, as client and as server; those that it closed by FIN
     * before its peer did; those of which it sent, and was sent, an RST. */
    uint64_t opened, accepted, closed_first, reset_sent, reset_received;
    struct state_load states[STATES];
    const struct service_use *services;
    uint32_t service_count;
};

/* One instant of a load curve: what a host's sockets were in (`of_host`), or what has happened in
 * the whole capture since the instant before. */
struct sample_verdict {
    int64_t at_ns;
    bool of_host;
    bool others;             /* with of_host: as in host_verdict */
    uint8_t address[16];     /* with of_host */
    uint64_t states[STATES]; /* with of_host */
    uint64_t opens;          /* connections that began with a SYN or SYN-ACK */
    uint64_t closes;         /* connections of which the first FIN or RST passed */
    uint64_t resets;         /* of these, how many saw an RST at all */
    uint64_t rules[RULES];   /* anomalies of connections */
};

#define FINDING_CLIENTS_MAX 5

/* What one rule found at one service, over the whole capture; most telling first. A client's count
 * is the least that is certain: of very many clients not each was counted on its own. */
struct finding {
    uint8_t rule; /* enum rule_id */
    uint8_t severity;
    bool has_service; /* else it is about a host (has_host) or the capture */
    bool has_host;
    uint8_t address[16]; /* of the service or the host */
    uint16_t port;
    uint64_t count;       /* of anomalies */
    uint64_t affected;    /* connections in which they were; 0 when it is about a host */
    uint64_t connections; /* of this service in all; 0: not known */
    int64_t start_ns, end_ns;
    struct {
        uint8_t address[16];
        uint64_t count;
    } clients[FINDING_CLIENTS_MAX]; /* those with the most */
    uint32_t client_count;
};

/* How the connections of one service ended. */
struct service_closes {
    uint8_t address[16];
    uint16_t port;
    uint64_t connections;
    uint64_t closes[CLOSE_KINDS];
};

/* What the analysis as a whole has to say. */
struct summary_verdict {
    uint64_t connections;
    uint64_t handshakes[HANDSHAKES];
    uint64_t closes[CLOSE_KINDS];
    uint64_t evicted;       /* connections reported early because memory was full */
    uint64_t not_concluded; /* held when the analysis was interrupted, and in nothing of this */
    int64_t start_ns, end_ns;
    uint64_t anomalies[RULES][SEVERITIES]; /* complete, whatever became records */
    const struct finding *findings;
    uint32_t finding_count;
    const struct service_closes *services; /* those where the most opened, or of most trouble */
    uint32_t service_count;                /* of them; by connections, then address and port */
};

/* Of so many connections it cannot be said that they ended as they should. */
static inline uint64_t service_trouble(const struct service_closes *service)
{
    return service->closes[CLOSE_RESET] + service->closes[CLOSE_VANISHED] +
           service->closes[CLOSE_NONE];
}

/* Where verdicts go. Each returns false to stop the analysis (the output failed). Connections come
 * with their anomalies; anomalies of hosts, samples in order of time and hosts in order of their
 * addresses come at the end: in this order, or hosts before samples. */
struct verdict_sink {
    bool (*connection)(void *context, const struct connection_verdict *verdict);
    bool (*anomaly)(void *context, const struct anomaly_verdict *verdict); /* scope host */
    bool (*sample)(void *context, const struct sample_verdict *verdict);
    bool (*host)(void *context, const struct host_verdict *verdict);
    void *context;
    bool hosts_first;
};

#endif
