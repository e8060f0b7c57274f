/*
 * Both ends of a connection that is counted, by the names under which rolls know them. Inside the
 * room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_ENDS_H
#define FINWAIT_ANALYZER_HOST_ENDS_H

#include "analyzer/host/roll.h"
#include "analyzer/host/sieve.h"
#include "analyzer/tcp/connection.h"

#include <stdint.h>

struct ends {
    const uint8_t *client, *server; /* borrowed addresses */
    uint16_t port;                  /* the server's */
    /* Of the names below; and what those of one service are made of. */
    uint32_t client_tag, server_tag, pair_tag;
    uint64_t server_hash;
    uint64_t service_hash; /* of the server and the port */
    struct sieve *held;    /* borrowed: services of which anything is held anywhere */
};

/* Who makes them. */
struct ends_maker {
    struct hash_key secret; /* of all rolls that are asked with them */
    struct sieve *held;     /* borrowed, NULL where services are not asked about */
};

void ends_init(struct ends_maker *maker, const struct hash_key *secret, struct sieve *held);

struct ends ends_of(const struct ends_maker *maker, const uint8_t client[16],
                    const uint8_t server[16], uint16_t port);

static inline struct ends ends_of_connection(const struct ends_maker *maker,
                                             const struct connection *c)
{
    int server = !client_side(c);
    return ends_of(maker, c->key.address[!server], c->key.address[server], c->key.port[server]);
}

/* False: neither is the service in any of the tables whose users put it in, nor is what carries its
 * name there. */
static inline bool ends_service_may_be_held(const struct ends *ends)
{
    return sieve_may_hold(ends->held, ends->service_hash);
}

static inline void ends_service_is_held(const struct ends *ends)
{
    sieve_put(ends->held, ends->service_hash);
}

/* The names: an address; a service; a client address towards a service. */
static inline struct roll_key ends_client(const struct ends *ends)
{
    struct roll_key key = roll_key_of(ends->client, roll_no_address, 0, 0);
    key.tag = ends->client_tag;
    return key;
}

static inline struct roll_key ends_server(const struct ends *ends)
{
    struct roll_key key = roll_key_of(ends->server, roll_no_address, 0, 0);
    key.tag = ends->server_tag;
    return key;
}

static inline struct roll_key ends_service(const struct ends *ends, uint16_t kind)
{
    struct roll_key key = roll_key_of(ends->server, roll_no_address, ends->port, kind);
    key.tag = roll_tag(ends->server_hash, 0, ends->port, kind);
    return key;
}

static inline struct roll_key ends_pair(const struct ends *ends)
{
    struct roll_key key = roll_key_of(ends->client, ends->server, ends->port, 0);
    key.tag = ends->pair_tag;
    return key;
}

#endif
