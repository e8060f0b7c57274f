/*
 * What there is to know about one RST: who sent it as far as anybody can tell, what drew it, how
 * its sender stood, and what it cost. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_RESET_H
#define FINWAIT_ANALYZER_ANOMALY_RESET_H

#include "analyzer/anomaly/scene.h"

enum drawn_by { DRAWN_BY_NOTHING, DRAWN_BY_DATA, DRAWN_BY_FIN, DRAWN_BY_PROBE, DRAWN_BY_ACK };

struct reset {
    int x;     /* its sender, or in whose name it was sent */
    int entry; /* in the log */
    const struct log_entry *g;
    enum reset_form form;
    enum reset_stage stage;
    bool acceptable;
    bool ttl_differs; /* none of X's other segments that were kept came with its TTL */
    bool ttl_moved;   /* … or all of them only since some moment: somebody may have taken over */
    bool ttl_changed; /* … which was in mid-connection: what they had before is not kept */
    uint8_t baseline_ttl;
    bool acks_unsent; /* it acknowledges more than Y ever sent */
    bool own_fin;     /* X's FIN had passed, or somebody had told of it */
    bool peer_fin;    /* Y's had */
    bool both_acked;  /* both FINs had been acknowledged */

    /* The segment of Y's that it answers: a bare RST takes its number from there. */
    enum drawn_by drawn_by;
    const struct log_entry *drawn; /* NULL: nothing seen drew it */
    int drawn_entry;               /* or NO_ENTRY: it passed before the first FIN or RST */
    bool drawn_exactly;    /* by this very segment, not by one before it that was not kept */
    int64_t drawn_idle_ns; /* how long both sides had been silent before; -1: not known */

    int64_t idle_ns;         /* how long both sides had been silent before it; -1: not known */
    uint32_t bytes_lost;     /* payload of Y that X never acknowledged, not even with the RST */
    bool lost_with_gaps;     /* there is more of it, which never passed */
    uint32_t late_bytes;     /* payload of Y acknowledged by nothing but the RST */
    uint32_t own_unacked;    /* payload of X that Y had not acknowledged, */
    bool own_doubtful;       /* unless the capture lacks the acknowledgment */
    uint32_t closing_octets; /* payload that Y sent right before its FIN */
    bool unanswered;         /* X is the server, and the client's last payload was never answered */
    bool unanswered_goodbye; /* … which may have asked for no more than the end */
    bool client_sure;        /* who is the client is known, not guessed */
    bool spoke_last;         /* X sent the last payload, or nobody sent any */
    bool any_payload;

    /* Told by reset_find_peer(): an acceptable RST towards X had passed, and X did not go on. */
    bool peer_reset;
    int64_t since_peer_reset_ns;
    bool peer_gone; /* one had passed, and Y has sent nothing but RSTs since */

    bool no_effect; /* told by judge_ignored(), for certain: no other rule explains it */
};

void reset_describe(const struct scene *scene, int entry, struct reset *reset);

/* Y's payload that was lost: the last that X had not acknowledged, or NULL. */
const struct log_entry *lost_payload(const struct scene *scene, const struct reset *reset);

void reset_find_peer(const struct scene *scene, struct reset *reset);

/* X's last segment with payload before the entry, in the log or before the close; or NULL. */
const struct log_entry *last_payload(const struct scene *scene, int x, int before);

/* From one time to another, or -1. */
int64_t span_ns(int64_t from_ns, int64_t to_ns);

/* Every rule of the category carries these; called once the evidence is there. */
void reset_figures(const struct scene *scene, struct anomaly_verdict *anomaly,
                   const struct reset *reset);

/* Left out when it is 0: nothing to tell. */
void figure_octets(struct anomaly_verdict *anomaly, enum figure_id id, uint32_t octets);

/* The timeout of a well-known device that an idle time fits within 2 %, or NULL. */
const char *well_known_timeout(int64_t idle_ns);

/* Every octet of payload that comes with a FIN and is no longer than this may be a record that only
 * says goodbye (a TLS close_notify). */
#define CLOSING_RECORD_MAX 80u

#endif
