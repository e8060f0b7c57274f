/*
 * While a capture is read, a thread concludes and counts the connections that have become final, in
 * the order in which they were given, so that what comes of them is the same. They wait for it in a
 * ring: time ends thousands at once. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FINALS_H
#define FINWAIT_ANALYZER_FINALS_H

#include "analyzer/flow/stamps.h"
#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct finals;

/* What is given: the connection as flows_let_go() gives it, and what stood at that time. */
struct final {
    struct connection connection;
    struct stamp_claim claim;
    int64_t clock_ns;
};

/* Concludes and counts one, and releases what it holds. False when no more is wanted. */
typedef bool (*final_count)(void *context, struct final *final);

/* From now on what `count` changes belongs to the thread. NULL when the system gives no thread or
 * no memory: then it is done without. */
struct finals *finals_start(final_count count, void *context) MUST_CHECK;

/* Takes it over. False when no more is wanted. */
bool finals_give(struct finals *finals, const struct final *final) MUST_CHECK;

/* Waits until all that was given is counted, or released where no more was wanted, and ends the
 * thread. False when no more was wanted. */
bool finals_end(struct finals *finals);

#endif
