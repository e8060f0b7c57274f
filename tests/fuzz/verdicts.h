/*
 * What holds of every verdict, whatever was captured.
 */
#ifndef FINWAIT_TESTS_FUZZ_VERDICTS_H
#define FINWAIT_TESTS_FUZZ_VERDICTS_H

#include "analyzer/verdict.h"
#include "tests/fuzz/fuzz.h"

/* `frames` is the highest frame of any file so far. Into the digest goes what the verdict says. */
void check_connection(const struct connection_verdict *verdict, uint64_t frames,
                      struct digest *digest);
void check_anomaly(const struct anomaly_verdict *anomaly, uint64_t frames, struct digest *digest);
void check_host(const struct host_verdict *host, struct digest *digest);

#endif
