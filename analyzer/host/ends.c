#include "analyzer/host/ends.h"

void ends_init(struct ends_maker *maker, const struct hash_key *secret, struct sieve *held)
{
    *maker = (struct ends_maker){.secret = *secret, .held = held};
}

struct ends ends_of(const struct ends_maker *maker, const uint8_t client[16],
                    const uint8_t server[16], uint16_t port)
{
    uint64_t client_hash = roll_hash_address(&maker->secret, client);
    uint64_t server_hash = roll_hash_address(&maker->secret, server);
    return (struct ends){
        .client = client,
        .server = server,
        .port = port,
        .client_tag = roll_tag(client_hash, 0, 0, 0),
        .server_tag = roll_tag(server_hash, 0, 0, 0),
        .pair_tag = roll_tag(client_hash, server_hash, port, 0),
        .server_hash = server_hash,
        .service_hash = roll_mix(server_hash, 0, port, 0),
        .held = maker->held,
    };
}
