/*
 * What is to be said of packets: the anomalies that rest on them, packet by packet.
 */
#ifndef FINWAIT_CLI_REMARKS_H
#define FINWAIT_CLI_REMARKS_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"

#include <stddef.h>

struct remark;

struct remarks {
    struct remark *list;
    size_t count, capacity;
    char **sentences; /* of the anomalies */
    size_t sentence_count, sentence_capacity;
    bool sorted;
};

/* Begins empty as {0}. Takes the anomaly's evidence and its sentence, nothing is borrowed.
 * `connection` is NULL where it is about none. False when memory ran out. */
bool remarks_add(struct remarks *remarks, const struct anomaly_verdict *anomaly,
                 const struct connection_verdict *connection) MUST_CHECK;
void remarks_finish(struct remarks *remarks);

/* The packet's remarks as lines, each with its rule, and what that says with the first of its
 * packets; then which packet of which file it is. To be released with free(). False when memory ran
 * out; *comment is NULL where there is nothing to say. */
bool remarks_comment(struct remarks *remarks, frame_ref frame, const char *file_name,
                     char **comment) MUST_CHECK;

/* The packets on which anomalies of connections rest, one after the other and each perhaps several
 * times: calls `take` until it returns false, and returns what it returned last. */
bool remarks_frames(const struct remarks *remarks, bool (*take)(void *context, frame_ref frame),
                    void *context) MUST_CHECK;

#endif
