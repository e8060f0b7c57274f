/*
 * The first anomaly of each finding, as a sentence with its frames: what a reader can look at.
 * Findings are made at the end, anomalies come before: of each rule at each service and host the
 * earliest is kept, severities apart, so many of each and no more.
 */
#ifndef FINWAIT_REPORTS_TEXT_EXAMPLES_H
#define FINWAIT_REPORTS_TEXT_EXAMPLES_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "reports/identity.h"

#include <stdbool.h>
#include <stdint.h>

#define EXAMPLES_MAX   4096u /* of each severity */
#define EXAMPLE_FRAMES 3u

struct example_key {
    uint8_t address[16];
    uint16_t port;
    uint8_t rule;
    uint8_t kind; /* service, host or capture */
};

struct example {
    struct example_key key;
    int64_t at_ns;
    uint8_t confidence;
    uint32_t frame_count; /* of those kept */
    uint32_t frame_total;
    frame_ref frames[EXAMPLE_FRAMES];
    char *sentence;                       /* owned */
    char connection[CONNECTION_ID_BYTES]; /* its id; "" where it is about none */
};

struct text_examples {
    struct {
        struct example **items; /* owned, sorted by key */
        uint32_t count, room;
    } of[SEVERITIES];
};

/* `connection` is NULL where it is about none. False when memory ran out. */
bool examples_take(struct text_examples *examples, const struct anomaly_verdict *anomaly,
                   const struct connection_verdict *connection) MUST_CHECK;

/* NULL: none was kept. */
const struct example *examples_find(const struct text_examples *examples,
                                    const struct finding *finding);

void examples_finish(struct text_examples *examples);

#endif
