/*
 * SYNs that nobody answers come by the million, from scans and floods, and what is said of one and
 * of the next differs in names, numbers and times alone. What was concluded and judged of the last
 * one serves for those that are like it. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_ALIKE_H
#define FINWAIT_ANALYZER_ALIKE_H

#include "analyzer/judged.h"

/* What else than names, numbers and times is said of a lone SYN rests on these. */
struct alike_traits {
    uint16_t connection_marks;
    uint16_t side_marks;
    uint32_t packets;
    bool evicted;
};

struct alike_model {
    bool holds;
    struct alike_traits traits;
    uint32_t found; /* how many anomalies */
    struct judged judged;
};

/* All zero at first. */
struct alike {
    struct alike_model models[2]; /* by the client's side */
};

/* What conclude() and anomalies_judge() say of a connection that is one SYN and nothing else, NULL
 * of any other. The caller's until the next call: who counts may take anomalies away. `config` and
 * `now_ns` as for conclude(), the config the same in every call. */
struct judged *alike_judge(struct alike *alike, const struct connection *connection,
                           const struct analyzer_config *config, int64_t now_ns, bool evicted);

#endif
