/*
 * A connection that has become final, with all that is said of it. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_JUDGED_H
#define FINWAIT_ANALYZER_JUDGED_H

#include "analyzer/anomaly/anomaly.h"
#include "analyzer/conclude.h"

struct judged {
    const struct connection *connection; /* whole */
    struct conclusion conclusion;        /* points to `found` */
    struct anomaly_set found;
};

#endif
