/*
 * SYNs that their seeming sender knows nothing of: it goes on as if it had sent none. Inside the
 * room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_FORGED_H
#define FINWAIT_ANALYZER_FLOW_FORGED_H

#include "analyzer/flow/flows.h"

/* When the segment shows that a forged SYN made its connection `*use`: gives what that holds back
 * to the connection that it did not end, and makes `*use` that one. */
enum flow_status forged_undo(struct flows *flows, int sender, const struct segment *segment,
                             uint32_t *use) MUST_CHECK;

#endif
