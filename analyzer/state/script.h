/*
 * Segment scripts: what passed the tap in packetdrill's notation, and what must be concluded from
 * it. A script is a named test:
 *
 *     SCRIPT("fin_wait_2", ESTABLISHED
 *         "+.100 > F. 101:101(0) ack 201\n"
 *         "client = FIN_WAIT_1!\n"
 *         "+.010 < . 201:201(0) ack 102\n"
 *         "client = FIN_WAIT_2?\n")
 *
 * An expectation is about the capture up to its own line, as if it ended there: a script tells what
 * is believed at every moment, not only at the end. Each script runs with several pairs of initial
 * sequence numbers and timestamps, so that each of its numbers lies at the wrap once, and with
 * either endpoint as side 0; what must hold of every verdict is checked after every segment.
 *
 * Segments:
 *     TIME DIRECTION FLAGS SEQ:END(LEN) [ack N] [win N] [<options>] [ttl N] [id N] [tap N] [world
 * N] TIME is seconds since the first segment, or since the line before with a sign ahead; `?` is a
 * packet without a time. `>` is sent by the client, `<` by the server. FLAGS are S F R P . as in
 * packetdrill. Numbers count from the sender's initial one, which is 0; with `=` ahead they are
 * absolute. Options: mss N, wscale N, sackOK, FO, TS val N ecr N, sack L:R, dsack L:R, md5, mptcp;
 * and what a dissector may say: cut, malformed, zeros. Frames are numbered from 1 in the order of
 * the lines.
 *
 * Other lines:
 *     --2msl=SECONDS, --fin-timeout=, --idle=, --stuck=   as the program's options
 *     TIME quiet                    so long the capture went on without a segment
 *     // …                          a remark
 *
 * Expectations; a state may bear `!` (confirmed) or `?` (presumed):
 *     client: SYN_SENT ESTABLISHED  the timeline, without what was retracted
 *     client = ESTABLISHED!         the state at the end
 *     client in TIME_WAIT CLOSED    exactly the possible states
 *     client may CLOSED             among them; `client not CLOSED`: not among them
 *     client FIN_WAIT_2 @9 received_ack_of_fin [confirmed_by 12] [at 1.5]
 *                                   an entry; `timer` in place of @9 when no segment caused it
 *     client retracted CLOSE_WAIT @5 [CAUSE], client retracted nothing
 *     client fin active | passive | implied | count N | acked_by N
 *     close KIND [by ROLE] [confirmed | presumed] [segments N]
 *     reset by ROLE FORM STAGE
 *     time_wait held_by ROLE [until SECONDS]
 *     handshake KIND
 *     caveat NAME, no caveat NAME, no reset
 *     connections N, connection N   how many; which one the next expectations are about (from 1)
 *     rules ID… | nothing           exactly the rules that found something, in any order
 *     rule ID [by client|server|none] [SEVERITY] [CONFIDENCE] [@FRAME…] [FIGURE=VALUE…]
 *                                   it found something, about whom, on which evidence (all of the
 *                                   frames named are there); VALUE is a number, true, false, a
 * word, or - for a figure that must not be there no rule ID, quiet             it found nothing;
 * nothing of severity warning or above
 */
#ifndef FINWAIT_ANALYZER_STATE_SCRIPT_H
#define FINWAIT_ANALYZER_STATE_SCRIPT_H

#include "analyzer/analyzer.h"
#include "analyzer/state/states.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A cmocka test function; its state is the script's text. */
void script_play(void **state);

#define SCRIPT(title, text)                                                                        \
    {                                                                                              \
        .name = (title), .test_func = script_play, .initial_state = (char[])                       \
        {                                                                                          \
            text                                                                                   \
        }                                                                                          \
    }

/* ---- between the player and the expectations ------------------------------------------------ */

#define SCRIPT_CONNECTIONS_MAX 32
#define SCRIPT_SEGMENTS_MAX    160

struct outcome {
    struct connection_verdict verdict;
    struct state_entry entries[2][TIMELINE_MAX]; /* the client's, the server's */
    struct anomaly_verdict *anomalies;           /* of malloc(), NULL without */
};

struct script {
    struct talk talk;
    struct analyzer_config config;
    uint32_t stamp_base;
    struct segment segments[SCRIPT_SEGMENTS_MAX];
    uint32_t count;
    int64_t now_ns; /* since the origin */
    struct outcome outcomes[SCRIPT_CONNECTIONS_MAX];
    uint32_t outcome_count;
    uint32_t selected;
    const char *line;
};

/* An empty script with one of the pairs of initial numbers, the client as side 0 or as side 1. */
void script_begin(struct script *script, unsigned start, bool mirrored);

/* Analyses the whole capture up to here. */
void script_conclude(struct script *script);

/* False, and a word about it on standard error, when the capture so far does not fulfil the line.
 */
bool script_expectation(const struct script *script);

/* Is the line one about rules, and if so, is it fulfilled? */
bool script_is_about_rules(const struct script *script);
bool script_rules_fulfilled(const struct script *script, const struct connection_verdict *verdict);
void script_print_rules(const struct connection_verdict *verdict);

/* Releases what script_conclude() keeps. */
void script_end(struct script *script);

/* Says on standard error what was found of the selected connection; returns false. */
bool script_unfulfilled(const struct script *script);

/* What holds of every verdict. */
bool script_invariants(struct script *script);

/* A mistake of the script, not of what it tests. */
_Noreturn void script_wrong(const struct script *script, const char *what);

/* Seconds with a fraction, exact, as nanoseconds. */
int64_t script_seconds(const struct script *script, const char *text);

/* The next word of `*rest`, copied to `word`; false when there is none. */
#define SCRIPT_WORD_BYTES 48
bool script_word(const struct script *script, const char **rest, char word[SCRIPT_WORD_BYTES]);

#endif
