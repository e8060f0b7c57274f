/*
 * A connection as the rules see it, and the words in which they say what they found. Inside the
 * room only.
 *
 * Sides are 0 and 1 as in the connection; entries are indices into the evidence's log, in order of
 * passage. X is the side that a rule is about, Y (!x) its peer.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_SCENE_H
#define FINWAIT_ANALYZER_ANOMALY_SCENE_H

#include "analyzer/anomaly/anomaly.h"
#include "analyzer/state/evidence.h"
#include "analyzer/state/facts.h"
#include "analyzer/state/silence.h"
#include "analyzer/state/states.h"

struct fin_passages;

struct scene {
    const struct connection *c;
    const struct detail *d; /* NULL while the connection is boring: a lone SYN, an open stream */
    const struct analyzer_config *config;
    const struct evidence *ev; /* the log: control segments, the handshake, and all of the close */
    const struct fin_traces *ends;        /* of both sides */
    const struct endpoint_states *states; /* of both sides */
    const struct connection_verdict *verdict;
    struct anomaly_set *found;
    struct fin_passages *fins; /* for fin_passage() */
    enum shape shape;
    unsigned clues; /* enum clue */
    int client;
    int64_t now_ns; /* how far the capture had come, or TIME_UNKNOWN */
};

#define NO_SIDE  (-1)
#define NO_ENTRY (-1)

/* ---- saying it ------------------------------------------------------------------------------ */

/* A new anomaly of this rule about side `x` (or NO_SIDE), dated by `entry` (or NO_ENTRY: set at_ns
 * yourself); NULL when the rule cannot see what it needs, has already spoken about this endpoint, a
 * rule that it yields to has, or there is no room. Both states are those just before the entry. */
struct anomaly_verdict *say(struct scene *scene, enum rule_id rule, int x, enum severity severity,
                            enum confidence confidence, int entry);

/* Did the rule say something about this side (NO_SIDE: about anybody)? */
const struct anomaly_verdict *said(const struct scene *scene, enum rule_id rule, int x);

/* Evidence, in order; beyond ANOMALY_EVIDENCE_MAX it is counted. `note` is static. NULL anomalies
 * and NO_ENTRY are passed over. */
void show(const struct scene *scene, struct anomaly_verdict *anomaly, int entry, const char *note);
void show_segment(const struct scene *scene, struct anomaly_verdict *anomaly,
                  const struct log_entry *segment, const char *note);

/* Figures of the rule's own row of the catalogue; a negative integer is not known, and left out,
 * unless it is a signed one. */
void figure(struct anomaly_verdict *anomaly, enum figure_id id, int64_t value);
void figure_signed(struct anomaly_verdict *anomaly, enum figure_id id, int64_t value);
void figure_flag(struct anomaly_verdict *anomaly, enum figure_id id, bool value);
void figure_word(struct anomaly_verdict *anomaly, enum figure_id id, const char *word);

/* ---- looking -------------------------------------------------------------------------------- */

/* The first entry of side `x` from `from` on whose flags, masked, have this value; or NO_ENTRY. */
int next_entry(const struct scene *scene, int from, int x, unsigned mask, unsigned value);
int last_entry_before(const struct scene *scene, int before, int x, unsigned mask, unsigned value);

/* The side's state just before the entry, as believed at the end; STATE_UNKNOWN before the first.
 */
enum tcp_state state_before(const struct scene *scene, int x, int entry);

/* From one entry to another; 0 when the clock ran backwards. */
int64_t between_ns(const struct scene *scene, int from, int to);

/* How long the capture went on after this entry; 0 when that is not known. */
int64_t seen_after_ns(const struct scene *scene, int entry);

/* The side's retransmission timeout as far as the capture tells (at least config.rto_min_ns). */
int64_t rto_of(const struct scene *scene, int x);

/* The last segment of the side, or its last one with payload, that passed before the first FIN or
 * RST (or before the end, when there was none); NULL when there is none or it was not kept. These
 * are not in the log. */
const struct log_entry *last_before_close(const struct scene *scene, int x);
const struct log_entry *last_data_before_close(const struct scene *scene, int x);

/* Octets of the side that the peer had not acknowledged when the first FIN or RST passed. */
uint32_t outstanding_at_close(const struct scene *scene, int x);

/* Has the peer told by a selective acknowledgment that it holds these octets of side `x`? */
bool is_sacked(const struct scene *scene, int x, seq_t from, seq_t end);

static inline enum role role_of_side(const struct scene *scene, int x)
{
    return x == NO_SIDE ? ROLE_NONE : x == scene->client ? ROLE_CLIENT : ROLE_SERVER;
}

/* ---- the categories, each in its file ------------------------------------------------------- */

/* `both` is NO_SIDE: rules of a category ask about either side. */
void judge_rst_teardown(struct scene *scene, int both);
void judge_missing_fin_ack(struct scene *scene, int both);
void judge_retransmitted_fin(struct scene *scene, int both);
void judge_tuple_reuse(struct scene *scene, int both);
void judge_close_order(struct scene *scene, int both);
void judge_dead_peer(struct scene *scene, int both);
void judge_open_failure(struct scene *scene, int both);

#endif
