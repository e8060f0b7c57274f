/*
 * What must be in a connection before a rule can find anything in it: one look at the log and the
 * record tells all clues, and a rule without its clue is not asked. An ordinary connection has
 * none.
 *
 * A clue is a necessary condition, each with its reason below. Builds with assertions ask every
 * rule all the same, and assert that those without a clue have nothing to say: the segment scripts,
 * the random talks and every capture of the tests prove it.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_CLUES_H
#define FINWAIT_ANALYZER_ANOMALY_CLUES_H

#include "analyzer/anomaly/scene.h"

enum clue {
    /* An RST is in the log. */
    CLUE_RST = 1u << 0,
    /* A side sent octets or a FIN again, or more of them, behind its first FIN. */
    CLUE_BEHIND_FIN = 1u << 1,
    /* A side's first FIN passed after an acknowledgment of it. */
    CLUE_FIN_ACKED_BEFORE = 1u << 2,
    /* Octets of one side passed behind the other's first FIN. */
    CLUE_OCTETS_AFTER_FIN = 1u << 3,
    /* Octets are, or were, missing from a side's. */
    CLUE_HOLE = 1u << 4,
    /* Neither end reset it, and one of them has not closed. */
    CLUE_UNCLOSED = 1u << 5,
    /* A FIN passed, and the close was not over at once. */
    CLUE_FIN = 1u << 6,
    /* Many bare acknowledgments answered one another. */
    CLUE_ACK_RUN = 1u << 7,
    /* Both ends closed actively. */
    CLUE_BOTH_ACTIVE = 1u << 8,
    /* Something was sent again, or asked, without progress. */
    CLUE_IN_VAIN = 1u << 9,
    /* The five-tuple had been in use, or its sender took a SYN back. */
    CLUE_FORMER_USE = 1u << 10,
    /* It never opened. */
    CLUE_NOT_OPENED = 1u << 11,
    /* The server's SYN-ACK was sent more than twice. */
    CLUE_SYN_ACKS = 1u << 12,
};

/* All clues that there are. */
unsigned clues_of(const struct scene *scene);

void ask_at_length(struct scene *scene, unsigned clues, void (*judge)(struct scene *scene, int x),
                   int x);

/* Asks rules about side `x` that need one of these clues at least. */
static inline void ask(struct scene *scene, unsigned clues,
                       void (*judge)(struct scene *scene, int x), int x)
{
#ifdef NDEBUG
    if (scene->clues & clues)
        judge(scene, x);
#else
    ask_at_length(scene, clues, judge, x);
#endif
}

#endif
