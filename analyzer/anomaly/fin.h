/*
 * One side's FIN as it passed the tap, all transmissions of it: which came before any
 * acknowledgment of it, which crossed with one, which came after one that must have been lost.
 *
 * A FIN is known by its end: a retransmission may carry older data in front of it.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_FIN_H
#define FINWAIT_ANALYZER_ANOMALY_FIN_H

#include "analyzer/anomaly/scene.h"

enum fin_again {
    FIN_BEFORE_ACK,  /* no acknowledgment of it had passed */
    FIN_CROSSED_ACK, /* one had, too short a time ago to have arrived */
    FIN_AFTER_ACK,   /* one had, and was lost beyond the tap */
    FIN_UNTIMED,     /* one had, nobody knows how long before */
    FIN_AGAINS,
};

struct fin_passage {
    int first;                  /* its first transmission that passed, or NO_ENTRY */
    int acked_by;               /* the first segment of the peer that acknowledges it */
    int reset_by;               /* the first RST behind its first transmission, of either side */
    bool first_unseen;          /* it was acknowledged long before it passed */
    uint32_t count[FIN_AGAINS]; /* transmissions beyond the first */
    int again[FIN_AGAINS][LOG_MAX]; /* those of them that were kept */
    int kept[FIN_AGAINS];
};

/* Of both sides, as far as they were asked for. */
struct fin_passages {
    bool made[2];
    struct fin_passage of[2];
};

/* Made when it is first asked for; the scene's. */
const struct fin_passage *fin_passage(const struct scene *scene, int x);

/* The first FIN of `x`, or NO_ENTRY: none, or one that its receiver cannot take for the end of this
 * connection, because it passed before the SYN of it. */
int fin_of(const struct scene *scene, int x);

/* How long a segment may take from the tap to `x` and an answer to it back. */
int64_t crossing_ns(const struct scene *scene, int x);

/* Does the capture tell when this entry passed? */
bool is_timed(const struct scene *scene, int entry);

/* How far the capture goes on behind `entry`, up to `until` where that is an entry. */
int64_t look_ns(const struct scene *scene, int entry, int until);

/* A copy that the network made of an earlier segment: no transmission of its sender. */
bool is_network_copy(const struct scene *scene, int entry);

/* Does X's FIN alone pass at `again` in answer to a segment of its peer, and sooner after `before`,
 * the transmission of the FIN before it, than any timer runs out? */
bool is_answer(const struct scene *scene, int x, int before, int again);

/* Had the peer reported by `again` that it holds X's FIN, and lacks only octets before it, or do
 * these octets come again, which the tap had not seen? */
bool is_for_octets_before(const struct scene *scene, int x, int first, int again);

/* Does `again` pass so soon after `before` that the capture, which shows an acknowledgment there
 * ahead of what it acknowledges, does not tell which came when? */
bool is_out_of_order(const struct scene *scene, int before, int again);

/* The pauses before each of `count` entries, `first` being what the first of them repeats. */
struct pauses {
    int64_t first_ns, last_ns; /* -1: there is none */
    bool doubling;             /* each about twice the one before; false of a single one */
    bool growing;              /* none is clearly shorter than the one before */
};

struct pauses pauses_of(const struct scene *scene, int first, const int *entries, int count);

#endif
