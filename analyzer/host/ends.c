#include "analyzer/host/ends.h"

#include <string.h>

void ends_init(struct ends_maker *maker, struct siphash_key secret)
{
    *maker = (struct ends_maker){.secret = secret};
    for (int i = 0; i < 2; i++)
        maker->hash[i] = roll_hash_address(secret, maker->address[i]);
}

static uint64_t hash_of(struct ends_maker *maker, int which, const uint8_t address[16])
{
    if (memcmp(maker->address[which], address, 16) != 0) {
        memcpy(maker->address[which], address, 16);
        maker->hash[which] = roll_hash_address(maker->secret, address);
    }
    return maker->hash[which];
}

struct ends ends_of(struct ends_maker *maker, const uint8_t client[16], const uint8_t server[16],
                    uint16_t port)
{
    return (struct ends){
        .client = client,
        .server = server,
        .port = port,
        .client_hash = hash_of(maker, 0, client),
        .server_hash = hash_of(maker, 1, server),
    };
}
