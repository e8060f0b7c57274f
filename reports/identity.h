/*
 * Names for connections and records that are the same on every run, machine and merge of the
 * capture: hashes of what a thing is, never of where in a file it stands.
 *
 * Sources: Community ID flow hashing, version 1 (corelight/community-id-spec). SHA-1 is used as a
 * name, not as a protection.
 */
#ifndef FINWAIT_REPORTS_IDENTITY_H
#define FINWAIT_REPORTS_IDENTITY_H

#include "analyzer/verdict.h"

#include <nettle/sha1.h>
#include <stdbool.h>
#include <stdint.h>

/* What tells a connection from any other, also from other uses of its five-tuple. */
struct connection_identity {
    const uint8_t *client_address, *server_address; /* 16 bytes, borrowed */
    uint16_t client_port, server_port;
    bool has_client_isn, has_server_isn;
    uint32_t client_isn, server_isn;
    int64_t start_ns;
};

/* Sizes with the terminating NUL. */
#define HEX_DIGEST_BYTES    41
#define CONNECTION_ID_BYTES 21
#define COMMUNITY_ID_BYTES  31

struct connection_identity identity_of(const struct connection_verdict *verdict);

/* Of the five-tuple's earlier use; only with has_previous. */
struct connection_identity identity_of_previous(const struct connection_verdict *verdict);

/* tcp.connection: 80 bits as hexadecimal digits. */
void connection_id(const struct connection_identity *identity, char out[CONNECTION_ID_BYTES]);

/* network.community_id: the same for both directions, seed 0. */
void community_id(const struct connection_verdict *verdict, char out[COMMUNITY_ID_BYTES]);

/* event.id: one name for one record of one capture. `subject` is empty for the summary. */
void event_id(const char *dataset, const uint8_t capture_digest[20], const char *subject,
              char out[HEX_DIGEST_BYTES]);

/* The same, of one record among many whose subjects begin alike: what was hashed of the one before
 * is not hashed again. Zeroed at first. */
#define EVENT_BLOCK_BYTES 64

struct event_start {
    bool known;
    uint8_t block[EVENT_BLOCK_BYTES]; /* what all of it begins with, */
    struct sha1_ctx after;            /* and how far it has come with that */
};

void event_id_alike(struct event_start *start, const char *dataset,
                    const uint8_t capture_digest[20], const char *subject,
                    char out[HEX_DIGEST_BYTES]);

/* capture.id. */
void digest_text(const uint8_t digest[20], char out[HEX_DIGEST_BYTES]);

#endif
