/*
 * What an analyzer is made of. Inside the room only: for analyzer.c, by which segments come in, and
 * count.c, to which connections go out.
 */
#ifndef FINWAIT_ANALYZER_WHOLE_H
#define FINWAIT_ANALYZER_WHOLE_H

#include "analyzer/alike.h"
#include "analyzer/analyzer.h"
#include "analyzer/anomaly/crowd.h"
#include "analyzer/drain.h"
#include "analyzer/finals.h"
#include "analyzer/flow/flows.h"
#include "analyzer/host/load.h"
#include "analyzer/host/tally.h"

/* Connections that time has ended, while they are counted and told. */
struct final_row {
    struct drain_note notes[FLOW_RUN_MOST];
    struct judged judged[FLOW_RUN_MOST];
};

struct analyzer {
    struct analyzer_config config;
    struct verdict_sink sink;
    struct flows flows;
    struct summary_verdict summary;
    struct judged judged;
    struct alike alike;
    struct finals *finals; /* a thread counts what becomes final, or NULL */
    struct drain *drain;   /* makes what is judged of those that are left at the end, or NULL */
    bool drains_with_thread;
    uint32_t counted; /* of what the drain gives next */
    struct final_row *row;
    struct tally tally;
    struct load load;
    struct crowd crowd;
    struct ends_maker ends;
    struct sieve services_held;
    bool no_memory; /* behind a stop that nobody asked for */
};

#endif
