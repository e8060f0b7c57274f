#include "analyzer/flow/heard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool heard_init(struct heard *h)
{
    h->written_to = calloc(HEARD_BITS / 64, sizeof *h->written_to);
    h->connected = calloc(HEARD_BITS / 64, sizeof *h->connected);
    return h->written_to && h->connected;
}

void heard_finish(struct heard *h)
{
    free(h->written_to);
    free(h->connected);
    *h = (struct heard){0};
}

/* The finalizer of MurmurHash3, over both halves of the address. */
static uint32_t bit_of(const uint8_t address[16])
{
    uint64_t half[2];
    memcpy(half, address, sizeof half);
    uint64_t x = half[0] * UINT64_C(0x9e3779b97f4a7c15) ^ half[1];
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (uint32_t)(x >> 33) % HEARD_BITS;
}

static void set(uint64_t *bits, uint32_t bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool is_set(const uint64_t *bits, uint32_t bit)
{
    return bits[bit / 64] >> bit % 64 & 1;
}

void heard_settle(struct heard *h)
{
    for (uint32_t i = 0; i < h->noted_count; i++)
        set(h->written_to, h->noted[i]);
    h->noted_count = 0;
}

void heard_note(struct heard *h, const uint8_t address[16])
{
    if (h->noted_count == HEARD_NOTED)
        heard_settle(h);
    h->noted[h->noted_count++] = bit_of(address);
}

void heard_both(struct heard *h, uint8_t address[2][16], bool opened)
{
    for (int x = 0; x < 2; x++) {
        uint32_t bit = bit_of(address[x]);
        set(h->written_to, bit);
        if (opened)
            set(h->connected, bit);
    }
    h->any_connected |= opened;
}

void heard_connection(struct heard *h, const struct connection *c)
{
    for (int x = 0; x < 2; x++) {
        if (!c->side[x].packets)
            continue;
        set(h->written_to, bit_of(c->key.address[!x]));
        if (!(c->marks & CONN_ESTABLISHED))
            continue;
        set(h->connected, bit_of(c->key.address[x]));
        h->any_connected = true;
    }
}

bool heard_nothing(const struct heard *h, const struct connection *c, int side)
{
    assert(!h->noted_count);
    if (!h->any_connected) /* as in a scan: two hashes less for each of its SYNs */
        return false;
    uint32_t bit = bit_of(c->key.address[side]);
    return is_set(h->connected, bit) && !is_set(h->written_to, bit);
}
