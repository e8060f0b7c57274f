/*
 * How a handshake went, as the log shows it. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_HANDSHAKE_H
#define FINWAIT_ANALYZER_ANOMALY_HANDSHAKE_H

#include "analyzer/anomaly/scene.h"

/* Entries of the log, each NO_ENTRY where there is none. X is the client, Y the server. */
struct handshake {
    int syn;      /* X's first */
    int last_syn; /* X's last that no SYN-ACK had answered */
    int through;  /* X's last before the SYN-ACK */
    int syn_ack;  /* Y's first that acknowledges X's SYN */
    int last_syn_ack;
    int challenge; /* before it: Y's first ACK of other numbers, not of X's SYN */
    int drawn;     /* X's RST in answer to that, or to a SYN-ACK of other numbers */
    int refusal;   /* Y's RST before any SYN-ACK */
    int ack;       /* X's first segment that is neither SYN nor RST and acknowledges the SYN-ACK */
    int abort;     /* X's RST after the SYN-ACK and before `ack` */
    int64_t syns;  /* X's, until a SYN-ACK answered */
    int64_t syn_acks;
};

/* False when X's SYN was not seen. */
bool handshake_find(const struct scene *scene, struct handshake *handshake);

#endif
