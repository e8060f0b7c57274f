#include "dissect/net/fragments.h"

#include "dissect/compiler.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define UNIT_BYTES     8u
#define UNITS          8192u
#define UNIT_WORDS     (UNITS / 64)
#define HEAD_UNITS     (FRAGMENT_HEAD_BYTES / UNIT_BYTES)
#define LENGTH_UNKNOWN UINT32_MAX
#define NOWHERE        UINT32_MAX
#define BUCKETS        TABLE_SIZE(4096u, 8u)

/* RFC 8200 section 4.5: what is not complete after 60 seconds is given up. Then the identification
 * may come again for another datagram. */
#define REASSEMBLY_NS (60 * INT64_C(1000000000))

struct key {
    uint8_t source[16];
    uint8_t destination[16];
    uint32_t id;
    uint16_t vlan;
    uint8_t protocol;
    uint8_t ip_version;
};

struct entry {
    struct key key;
    int64_t time_ns;
    uint32_t bucket;
    uint32_t next; /* in the bucket; NOWHERE at its end */
    uint32_t length;
    uint32_t head_units; /* one bit for each unit of `head` that was captured */
    bool used;
    bool has_alone;
    uint32_t frame_count;
    uint64_t units[UNIT_WORDS]; /* one bit for each eight octets that came */
    uint8_t head[FRAGMENT_HEAD_BYTES];
    struct segment alone;
    frame_ref frames[FRAGMENT_FRAMES];
};

struct fragment_table {
    uint64_t secret[2]; /* so that nobody can choose identifications that share a bucket */
    /* Entries are a ring, and these count them: those from `settled` to before `begun` may be in
     * use, never more of them than there are entries. */
    uint64_t begun;
    uint64_t settled;
    uint32_t given_up_count;
    struct segment given_up[PACKET_SEGMENTS_MAX];
    size_t place_count;
    struct fragment_place places[FRAGMENT_PLACES_MAX];
    uint8_t whole[FRAGMENT_HEAD_BYTES]; /* what fragments_add() lends, beyond the entry's end */
    uint32_t buckets[BUCKETS];
    struct entry entries[FRAGMENT_DATAGRAMS];
};

struct fragment_table *fragments_create(void)
{
    /* Zeroed by the system, page by page, when first used: a capture without fragments pays
     * nothing for the table, whatever the allocator does with what it gives. */
    struct fragment_table *table =
        mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        return NULL;
    if (getrandom(table->secret, sizeof table->secret, GRND_NONBLOCK) != sizeof table->secret)
        table->secret[0] = 0x2545f4914f6cdd1d;
    for (uint32_t i = 0; i < BUCKETS; i++)
        table->buckets[i] = NOWHERE;
    return table;
}

void fragments_destroy(struct fragment_table *table)
{
    if (table)
        munmap(table, sizeof *table);
}

static uint32_t bucket_of(const struct fragment_table *table, const struct key *key)
{
    uint64_t words[sizeof *key / sizeof(uint64_t)];
    _Static_assert(sizeof words == sizeof *key, "the key has no padding");
    memcpy(words, key, sizeof words);
    __extension__ typedef unsigned __int128 wide;
    uint64_t hash = table->secret[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        wide product = (wide)(words[i] ^ hash) * (0x9e3779b97f4a7c15u ^ (table->secret[1] | 1));
        hash = (uint64_t)(product >> 64) ^ (uint64_t)product;
    }
    return (uint32_t)(hash % BUCKETS);
}

static void forget(struct fragment_table *table, struct entry *entry)
{
    uint32_t self = (uint32_t)(entry - table->entries);
    uint32_t *link = &table->buckets[entry->bucket];
    while (*link != self)
        link = &table->entries[*link].next;
    *link = entry->next;
    entry->used = false;
}

/* Whose packets they are is told by the frame that its segment has. */
static void tell_places(struct fragment_table *table, const struct entry *entry, frame_ref segment)
{
    for (uint32_t i = 0; i < entry->frame_count && table->place_count < FRAGMENT_PLACES_MAX; i++)
        table->places[table->place_count++] =
            (struct fragment_place){.segment = segment, .packet = entry->frames[i]};
}

static void give_up(struct fragment_table *table, struct entry *entry)
{
    if (entry->has_alone && table->given_up_count < PACKET_SEGMENTS_MAX) {
        table->given_up[table->given_up_count++] = entry->alone;
        tell_places(table, entry, entry->alone.frame);
    }
    forget(table, entry);
}

static bool expired(const struct entry *entry, int64_t time_ns)
{
    if (entry->time_ns == TIME_UNKNOWN || time_ns == TIME_UNKNOWN)
        return false;
    return time_ns > entry->time_ns && (uint64_t)time_ns - (uint64_t)entry->time_ns > REASSEMBLY_NS;
}

static struct entry *begin(struct fragment_table *table, const struct key *key, uint32_t bucket,
                           int64_t time_ns)
{
    uint32_t place = (uint32_t)(table->begun % FRAGMENT_DATAGRAMS);
    struct entry *entry = &table->entries[place];
    if (entry->used)
        give_up(table, entry);
    if (table->begun - table->settled == FRAGMENT_DATAGRAMS)
        table->settled++;
    table->begun++;
    entry->key = *key;
    entry->time_ns = time_ns;
    entry->bucket = bucket;
    entry->next = table->buckets[bucket];
    entry->length = LENGTH_UNKNOWN;
    entry->head_units = 0;
    entry->used = true;
    entry->has_alone = false;
    entry->frame_count = 0;
    memset(entry->units, 0, sizeof entry->units);
    table->buckets[bucket] = place;
    return entry;
}

static struct entry *find_or_begin(struct fragment_table *table, const struct fragment *fragment)
{
    struct key key = {.id = fragment->id,
                      .vlan = fragment->vlan,
                      .protocol = fragment->protocol,
                      .ip_version = fragment->ip_version};
    memcpy(key.source, fragment->source, sizeof key.source);
    memcpy(key.destination, fragment->destination, sizeof key.destination);
    uint32_t bucket = bucket_of(table, &key);
    for (uint32_t i = table->buckets[bucket]; i != NOWHERE; i = table->entries[i].next) {
        struct entry *entry = &table->entries[i];
        if (memcmp(&entry->key, &key, sizeof key) != 0)
            continue;
        if (!expired(entry, fragment->time_ns))
            return entry;
        give_up(table, entry);
        break;
    }
    return begin(table, &key, bucket, fragment->time_ns);
}

/* Units that came before keep their octets. One that was cut by the snapshot length stays open for
 * a copy that was not. */
static void keep_head(struct entry *entry, const struct fragment *fragment)
{
    uint32_t at = 0;
    for (uint32_t unit = fragment->offset / UNIT_BYTES; unit < HEAD_UNITS; unit++) {
        if (at >= fragment->length)
            return;
        uint32_t wanted = fragment->length - at < UNIT_BYTES ? fragment->length - at : UNIT_BYTES;
        if (wanted < UNIT_BYTES && fragment->more)
            return;
        if (fragment->captured_len < at + wanted)
            return;
        if (!(entry->head_units >> unit & 1)) {
            memcpy(entry->head + (size_t)unit * UNIT_BYTES, fragment->bytes + at, wanted);
            entry->head_units |= UINT32_C(1) << unit;
        }
        at += UNIT_BYTES;
    }
}

/* Only the last fragment may end inside a unit. Fragments begin at units, so an octet that only a
 * part of a unit covers can never join the rest of it. */
static void cover(struct entry *entry, const struct fragment *fragment)
{
    uint32_t end = fragment->offset + fragment->length;
    uint32_t first = fragment->offset / UNIT_BYTES;
    uint32_t behind = fragment->more ? end / UNIT_BYTES : (end + UNIT_BYTES - 1) / UNIT_BYTES;
    while (first < behind) {
        uint32_t bit = first % 64;
        uint32_t count = behind - first < 64 - bit ? behind - first : 64 - bit;
        uint64_t ones = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
        entry->units[first / 64] |= ones << bit;
        first += count;
    }
}

static bool complete(const struct entry *entry)
{
    if (entry->length == LENGTH_UNKNOWN)
        return false;
    uint32_t units = (entry->length + UNIT_BYTES - 1) / UNIT_BYTES;
    for (uint32_t word = 0; word < units / 64; word++) {
        if (entry->units[word] != UINT64_MAX)
            return false;
    }
    if (units % 64 == 0)
        return true;
    uint64_t rest = (UINT64_C(1) << units % 64) - 1;
    return (entry->units[units / 64] & rest) == rest;
}

/* Each datagram is begun once, so two looks for each fragment keep up with all of them. */
static void settle_oldest(struct fragment_table *table, int64_t time_ns)
{
    for (int looks = 0; looks < 2 && table->settled < table->begun; looks++) {
        struct entry *oldest = &table->entries[table->settled % FRAGMENT_DATAGRAMS];
        if (oldest->used && !expired(oldest, time_ns))
            return;
        if (oldest->used)
            give_up(table, oldest);
        table->settled++;
    }
}

bool fragments_given_up(struct fragment_table *table, struct segment *segment)
{
    if (!table->given_up_count)
        return false;
    *segment = table->given_up[0];
    table->given_up_count--;
    memmove(table->given_up, table->given_up + 1, table->given_up_count * sizeof *table->given_up);
    return true;
}

const struct fragment_place *fragments_places(const struct fragment_table *table, size_t *count)
{
    *count = table->place_count;
    return table->places;
}

void fragments_forget_places(struct fragment_table *table)
{
    table->place_count = 0;
}

bool fragments_flush(struct fragment_table *table)
{
    while (table->settled < table->begun && table->given_up_count < PACKET_SEGMENTS_MAX) {
        struct entry *oldest = &table->entries[table->settled++ % FRAGMENT_DATAGRAMS];
        if (oldest->used)
            give_up(table, oldest);
    }
    return table->given_up_count > 0;
}

bool fragments_add(struct fragment_table *table, const struct fragment *fragment,
                   struct datagram *whole)
{
    /* No IP packet is longer than 65,535 octets: such a fragment belongs to none. */
    if (fragment->length > UINT16_MAX || fragment->offset > UINT16_MAX - fragment->length)
        return false;
    settle_oldest(table, fragment->time_ns);
    struct entry *entry = find_or_begin(table, fragment);
    if (fragment->alone && !entry->has_alone) {
        entry->alone = *fragment->alone;
        entry->has_alone = true;
    }
    if (entry->frame_count < FRAGMENT_FRAMES)
        entry->frames[entry->frame_count++] = fragment->frame;
    keep_head(entry, fragment);
    cover(entry, fragment);
    if (!fragment->more && entry->length == LENGTH_UNKNOWN)
        entry->length = fragment->offset + fragment->length;
    if (!complete(entry))
        return false;
    uint32_t head = 0;
    while (head < HEAD_UNITS && entry->head_units >> head & 1)
        head++;
    head *= UNIT_BYTES;
    memcpy(table->whole, entry->head, sizeof table->whole);
    *whole = (struct datagram){.head = table->whole,
                               .head_len = head < entry->length ? head : entry->length,
                               .length = entry->length};
    tell_places(table, entry, fragment->frame);
    forget(table, entry);
    return true;
}
