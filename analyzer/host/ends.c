#include "analyzer/host/ends.h"

#include <string.h>

void ends_init(struct ends_maker *maker, struct siphash_key secret, struct sieve *held)
{
    *maker = (struct ends_maker){.secret = secret, .held = held};
    for (unsigned i = 0; i < ENDS_CACHED; i++)
        maker->cached[i].hash = roll_hash_address(secret, maker->cached[i].address);
}

/* Where it is cached must only differ between neighbours: the hash is what nobody foresees. The
 * product's highest bits depend on all of the address. */
static unsigned place_of(const uint64_t words[2])
{
    uint64_t mixed = (words[0] ^ (words[1] << 29 | words[1] >> 35)) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mixed >> (64 - ENDS_CACHED_BITS));
}

static uint64_t hash_of(struct ends_maker *maker, const uint8_t address[16])
{
    uint64_t words[2];
    memcpy(words, address, sizeof words);
    struct hashed_address *cached = &maker->cached[place_of(words)];
    uint64_t held[2];
    memcpy(held, cached->address, sizeof held);
    if ((held[0] ^ words[0]) | (held[1] ^ words[1])) {
        memcpy(cached->address, address, sizeof cached->address);
        cached->hash = roll_hash_address(maker->secret, address);
    }
    return cached->hash;
}

struct ends ends_of(struct ends_maker *maker, const uint8_t client[16], const uint8_t server[16],
                    uint16_t port)
{
    uint64_t client_hash = hash_of(maker, client);
    uint64_t server_hash = hash_of(maker, server);
    return (struct ends){
        .client = client,
        .server = server,
        .port = port,
        .client_hash = client_hash,
        .server_hash = server_hash,
        .service_hash = roll_mix(server_hash, 0, port, 0),
        .held = maker->held,
    };
}
