/*
 * Between the files of the category: RSTs that their alleged sender did not send, or that had no
 * effect, are told apart before anybody asks why the others were sent.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_RST_TEARDOWN_H
#define FINWAIT_ANALYZER_ANOMALY_RST_TEARDOWN_H

#include "analyzer/anomaly/reset.h"

/* True when there are signs that X did not send it; says so. */
bool judge_forged(struct scene *scene, const struct reset *reset);

/* True when it is not acceptable and had no effect; says so. Also says so, but answers false, when
 * X is gone all the same: of an acceptable one after which its target goes on, and of one that X
 * repeats when the target asks back. */
bool judge_ignored(struct scene *scene, struct reset *reset);

#endif
