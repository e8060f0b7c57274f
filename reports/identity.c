#include "reports/identity.h"

#include <assert.h>
#include <nettle/base64.h>
#include <string.h>

#define PROTOCOL_TCP 6

_Static_assert(COMMUNITY_ID_BYTES == 2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1,
               "\"1:\", the digest in base64 and the NUL");

static uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

static uint8_t *put_be(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

static void put_hex(char *out, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    out[2 * count] = '\0';
}

static void sha1(const uint8_t *bytes, size_t length, uint8_t digest[SHA1_DIGEST_SIZE])
{
    struct sha1_ctx context;
    sha1_init(&context);
    sha1_update(&context, length, bytes);
    sha1_digest(&context, SHA1_DIGEST_SIZE, digest);
}

struct connection_identity identity_of(const struct connection_verdict *verdict)
{
    const struct endpoint_verdict *client = &verdict->client, *server = &verdict->server;
    return (struct connection_identity){
        .client_address = client->address,
        .server_address = server->address,
        .client_port = client->port,
        .server_port = server->port,
        .has_client_isn = client->has_isn,
        .has_server_isn = server->has_isn,
        .client_isn = client->isn,
        .server_isn = server->isn,
        .start_ns = verdict->start_ns,
    };
}

struct connection_identity identity_of_previous(const struct connection_verdict *verdict)
{
    bool swapped = verdict->previous.roles_swapped;
    const struct endpoint_verdict *client = swapped ? &verdict->server : &verdict->client;
    const struct endpoint_verdict *server = swapped ? &verdict->client : &verdict->server;
    return (struct connection_identity){
        .client_address = client->address,
        .server_address = server->address,
        .client_port = client->port,
        .server_port = server->port,
        .has_client_isn = verdict->previous.has_client_isn,
        .has_server_isn = verdict->previous.has_server_isn,
        .client_isn = verdict->previous.client_isn,
        .server_isn = verdict->previous.server_isn,
        .start_ns = verdict->previous.start_ns,
    };
}

void connection_id(const struct connection_identity *identity, char out[CONNECTION_ID_BYTES])
{
    /* 53 bytes: with SHA-1's padding still one block. */
    uint8_t bytes[16 + 16 + 2 + 2 + 1 + 4 + 4 + 8];
    uint8_t *at = put_bytes(bytes, identity->client_address, 16);
    at = put_bytes(at, identity->server_address, 16);
    at = put_be(at, identity->client_port, 2);
    at = put_be(at, identity->server_port, 2);
    at = put_be(at, (identity->has_client_isn ? 1u : 0) | (identity->has_server_isn ? 2u : 0), 1);
    at = put_be(at, identity->has_client_isn ? identity->client_isn : 0, 4);
    at = put_be(at, identity->has_server_isn ? identity->server_isn : 0, 4);
    at = put_be(at, (uint64_t)identity->start_ns, 8);
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1(bytes, (size_t)(at - bytes), digest);
    put_hex(out, digest, (CONNECTION_ID_BYTES - 1) / 2);
}

/* The lower address stands first, the lower port when they are equal. */
static bool in_order(const struct endpoint_verdict *a, const struct endpoint_verdict *b)
{
    int order = memcmp(a->address, b->address, sizeof a->address);
    return order < 0 || (order == 0 && a->port <= b->port);
}

void community_id(const struct connection_verdict *verdict, char out[COMMUNITY_ID_BYTES])
{
    const struct endpoint_verdict *first = &verdict->client, *second = &verdict->server;
    if (!in_order(first, second)) {
        first = &verdict->server;
        second = &verdict->client;
    }
    size_t address_bytes = verdict->ip_version == 4 ? 4 : 16;
    uint8_t bytes[2 + 16 + 16 + 1 + 1 + 2 + 2];
    uint8_t *at = put_be(bytes, 0, 2); /* seed */
    at = put_bytes(at, first->address + 16 - address_bytes, address_bytes);
    at = put_bytes(at, second->address + 16 - address_bytes, address_bytes);
    at = put_be(at, PROTOCOL_TCP, 1);
    at = put_be(at, 0, 1);
    at = put_be(at, first->port, 2);
    at = put_be(at, second->port, 2);
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1(bytes, (size_t)(at - bytes), digest);
    out[0] = '1';
    out[1] = ':';
    base64_encode_raw(out + 2, SHA1_DIGEST_SIZE, digest);
    out[COMMUNITY_ID_BYTES - 1] = '\0';
}

/* What an event is, in pieces: its first block, and what of the subject lies beyond. */
struct event_name {
    uint8_t block[EVENT_BLOCK_BYTES];
    size_t block_len;
    const char *rest;
    size_t rest_len;
};

static struct event_name name_of(const char *dataset, const uint8_t capture_digest[20],
                                 const char *subject)
{
    struct event_name name;
    size_t dataset_len = strlen(dataset) + 1;
    size_t subject_len = strlen(subject);
    size_t room = EVENT_BLOCK_BYTES - 20 - dataset_len;
    size_t first_len = subject_len < room ? subject_len : room;
    assert(dataset_len <= EVENT_BLOCK_BYTES - 20);
    memcpy(name.block, dataset, dataset_len);
    memcpy(name.block + dataset_len, capture_digest, 20);
    memcpy(name.block + dataset_len + 20, subject, first_len);
    name.block_len = dataset_len + 20 + first_len;
    name.rest = subject + first_len;
    name.rest_len = subject_len - first_len;
    return name;
}

static void finish_event(struct sha1_ctx *context, const struct event_name *name,
                         char out[HEX_DIGEST_BYTES])
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    if (name->rest_len)
        sha1_update(context, name->rest_len, (const uint8_t *)name->rest);
    sha1_digest(context, SHA1_DIGEST_SIZE, digest);
    put_hex(out, digest, sizeof digest);
}

void event_id(const char *dataset, const uint8_t capture_digest[20], const char *subject,
              char out[HEX_DIGEST_BYTES])
{
    struct event_name name = name_of(dataset, capture_digest, subject);
    struct sha1_ctx context;
    sha1_init(&context);
    sha1_update(&context, name.block_len, name.block);
    finish_event(&context, &name, out);
}

void event_id_alike(struct event_start *start, const char *dataset,
                    const uint8_t capture_digest[20], const char *subject,
                    char out[HEX_DIGEST_BYTES])
{
    struct event_name name = name_of(dataset, capture_digest, subject);
    bool known = start->known && name.block_len == EVENT_BLOCK_BYTES &&
                 memcmp(name.block, start->block, EVENT_BLOCK_BYTES) == 0;
    if (!known) {
        sha1_init(&start->after);
        sha1_update(&start->after, name.block_len, name.block);
        memcpy(start->block, name.block, name.block_len);
        start->known = name.block_len == EVENT_BLOCK_BYTES;
    }
    struct sha1_ctx context = start->after;
    finish_event(&context, &name, out);
}

void digest_text(const uint8_t digest[20], char out[HEX_DIGEST_BYTES])
{
    put_hex(out, digest, 20);
}
