/*
 * What is said of the beginning of a capture, held against what is said of the whole: a claim that
 * is certain stays true, whatever comes after.
 *
 * A capture is cut, and of every connection of the part:
 *
 *   states     what is confirmed of an endpoint is on the path that the whole gives it, in the same
 *              order, or what it ends in; and the state that the whole confirms for the moment of
 *              the cut is among the possible ones. A whole that has no path for an endpoint, since
 *              it shows one direction only, contradicts nothing. Where TIME_WAIT turns out to have
 *              been left at once (time_wait_missing), the path goes around it.
 *   close      who closed by FIN, or by RST, where that is confirmed, did so in the whole too,
 * maybe together with the other end; and a close that is over, both ends confirmed, has the same
 * kind. handshake  what was completed was completed. anomalies  one that is certain is found in the
 * whole, certain or not, or another one that rests on the same packet: a better explanation of it.
 *   numbers    an initial number of a connection that opened (an attempt may be given up for
 *              another), the number of the FIN, and who opened when a SYN tells it.
 *
 * A connection that a forged SYN had opened is given back later to the one that it disturbed
 * (`absorbed`): only then is a connection of the part not one of the whole.
 *
 *     prefixes [--every-byte] FOLDER…
 *
 * Cuts at the end of every packet, and of small files at every byte; with the option, of all files.
 */
#include "analyzer/analyzer.h"
#include "dissect/capture/capture.h"
#include "dissect/dissect.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_BYTES 1024

/* Of ours, and so to be seen whatever the build says of assert(). */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(2);                                                                               \
        }                                                                                          \
    } while (0)

struct account {
    struct connection_verdict **connections; /* owned */
    size_t count;
    size_t room;
    uint64_t packets;
    int64_t end_ns;
};

static bool keep(void *context, const struct connection_verdict *verdict)
{
    struct account *account = context;
    if (account->count == account->room) {
        account->room = account->room ? 2 * account->room : 8;
        account->connections = realloc(account->connections, account->room * sizeof(void *));
        REQUIRE(account->connections);
    }
    struct connection_verdict *copy = verdict_copy(verdict);
    REQUIRE(copy);
    account->connections[account->count++] = copy;
    return true;
}

static bool pass_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    (void)context;
    (void)anomaly;
    return true;
}

static bool pass_sample(void *context, const struct sample_verdict *sample)
{
    (void)context;
    (void)sample;
    return true;
}

static bool pass_host(void *context, const struct host_verdict *host)
{
    (void)context;
    (void)host;
    return true;
}

static void account_finish(struct account *account)
{
    for (size_t i = 0; i < account->count; i++)
        free(account->connections[i]);
    free(account->connections);
    *account = (struct account){0};
}

/* Everything that the first `size` bytes tell. */
static struct account analysed(const uint8_t *bytes, size_t size)
{
    static struct segment_batch batch;
    struct account account = {.end_ns = TIME_UNKNOWN};
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    struct verdict_sink sink = {keep, pass_anomaly, pass_sample, pass_host, &account, false};
    struct capture_findings findings = {0};
    struct source *source = source_from_memory(bytes, size);
    REQUIRE(source && findings_add_file(&findings, ""));
    struct capture *capture = capture_create(source, &findings, 0);
    struct dissector *dissector = dissector_create(&findings);
    struct analyzer *analyzer = analyzer_create(&config, sink);
    REQUIRE(capture && dissector && analyzer);
    batch_clear(&batch);
    struct packet packet;
    enum capture_status status;
    while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
        account.packets++;
        if (packet.time_ns > account.end_ns)
            account.end_ns = packet.time_ns;
        dissect_packet(dissector, &packet, &batch);
        if (batch_full(&batch)) {
            REQUIRE(analyzer_feed(analyzer, &batch) == ANALYZER_OK);
            batch_clear(&batch);
        }
    }
    REQUIRE(status == CAPTURE_END);
    do {
        REQUIRE(analyzer_feed(analyzer, &batch) == ANALYZER_OK);
        batch_clear(&batch);
    } while (dissect_flush(dissector, &batch));
    REQUIRE(analyzer_feed(analyzer, &batch) == ANALYZER_OK);
    REQUIRE(analyzer_finish(analyzer, account.end_ns) == ANALYZER_OK);
    analyzer_destroy(analyzer);
    dissector_destroy(dissector);
    capture_destroy(capture);
    findings_finish(&findings);
    return account;
}

/* ---- the rule ------------------------------------------------------------------------------- */

struct cut {
    const char *path;
    size_t size;
    const struct account *part;
    const struct connection_verdict *before, *after; /* of the part, and of the whole */
};

static unsigned contradictions;
static unsigned long held;

static void contradiction(const struct cut *cut, const char *what, const char *before,
                          const char *after)
{
    contradictions++;
    printf("%s cut at %zu (%" PRIu64 " packets), connection of frame %" PRIu64
           ": %s: %s, in the whole %s\n",
           cut->path, cut->size, cut->part->packets, frame_number(cut->before->first_frame), what,
           before, after);
}

static bool same_end(const struct endpoint_verdict *a, const struct endpoint_verdict *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool same_tuple(const struct connection_verdict *a, const struct connection_verdict *b)
{
    return (same_end(&a->client, &b->client) && same_end(&a->server, &b->server)) ||
           (same_end(&a->client, &b->server) && same_end(&a->server, &b->client));
}

/* The connection of the whole that began with the same packet; NULL where there is none. */
static const struct connection_verdict *find(const struct account *whole,
                                             const struct connection_verdict *of, bool *given_back)
{
    *given_back = false;
    for (size_t i = 0; i < whole->count; i++) {
        const struct connection_verdict *c = whole->connections[i];
        if (!same_tuple(c, of))
            continue;
        if (c->first_frame == of->first_frame)
            return c;
        *given_back = *given_back || c->absorbed;
    }
    return NULL;
}

/* Was the state entered when the part ends? */
static bool entered(const struct state_entry *entry, const struct account *part)
{
    return entry->frame == FRAME_NONE ? entry->at_ns <= part->end_ns
                                      : frame_number(entry->frame) <= part->packets;
}

static bool left_time_wait_at_once(const struct connection_verdict *c)
{
    for (uint32_t i = 0; i < c->anomaly_count; i++) {
        if (c->anomalies[i].rule == RULE_TIME_WAIT_MISSING)
            return true;
    }
    return false;
}

static void hold_path(const struct cut *cut, const struct endpoint_verdict *a,
                      const struct endpoint_verdict *b)
{
    uint32_t at = 0;
    if (!b->state_count)
        return;
    for (uint32_t i = 0; i < a->state_count; i++) {
        const struct state_entry *said = &a->states[i];
        if (said->retracted || said->certainty != CERTAINTY_CONFIRMED)
            continue;
        if (said->state == STATE_TIME_WAIT && left_time_wait_at_once(cut->after))
            continue;
        held++;
        uint32_t k = at;
        while (k < b->state_count && (b->states[k].retracted || b->states[k].state != said->state))
            k++;
        if (k == b->state_count) {
            contradiction(cut, "confirmed state", tcp_state_name(said->state),
                          at < b->state_count ? tcp_state_name(b->states[at].state) : "nothing");
            return;
        }
        at = k + 1;
    }
}

/* The state that the whole confirms for the moment of the cut. What it only implies began before
 * the packet that tells of it: nobody knows when. */
static void hold_possible(const struct cut *cut, const struct endpoint_verdict *a,
                          const struct endpoint_verdict *b)
{
    const struct state_entry *last = NULL;
    for (uint32_t k = 0; k < b->state_count; k++) {
        const struct state_entry *entry = &b->states[k];
        if (entry->retracted)
            continue;
        if (!entered(entry, cut->part)) {
            if (entry->cause == CAUSE_IMPLIED)
                return;
            break;
        }
        last = entry;
    }
    if (!last || last->certainty != CERTAINTY_CONFIRMED)
        return;
    if (last->state == STATE_FIN_WAIT_2 && left_time_wait_at_once(cut->after))
        return;
    held++;
    if (!(a->possible_states & (1u << last->state)))
        contradiction(cut, "possible states", tcp_state_name(a->state),
                      tcp_state_name(last->state));
}

static void hold_numbers(const struct cut *cut, const struct endpoint_verdict *a,
                         const struct endpoint_verdict *b)
{
    held++;
    bool opened = cut->before->handshake == HANDSHAKE_COMPLETE;
    if (opened && a->has_isn && (!b->has_isn || a->isn != b->isn))
        contradiction(cut, "initial number", "known", "another");
    if (a->fin.count && (!b->fin.count || a->fin.seq != b->fin.seq))
        contradiction(cut, "number of the FIN", "known", "another");
}

static const struct endpoint_verdict *end_of(const struct connection_verdict *c, uint8_t role)
{
    return role == ROLE_CLIENT ? &c->client : role == ROLE_SERVER ? &c->server : NULL;
}

static bool same_role(const struct cut *cut, uint8_t before, uint8_t after)
{
    const struct endpoint_verdict *a = end_of(cut->before, before);
    const struct endpoint_verdict *b = end_of(cut->after, after);
    return a && b ? same_end(a, b) : before == after;
}

/* Who reset is another question than who sent the first FIN, and neither is who went silent. */
static bool same_question(uint8_t before, uint8_t after)
{
    bool resets = before == CLOSE_RESET;
    return resets == (after == CLOSE_RESET) && before != CLOSE_VANISHED && after != CLOSE_VANISHED;
}

static bool is_over(const struct connection_verdict *c)
{
    return (c->close.kind == CLOSE_RESET || c->close.kind == CLOSE_SIMULTANEOUS ||
            c->close.kind == CLOSE_GRACEFUL) &&
           c->client.state_certainty == CERTAINTY_CONFIRMED &&
           c->server.state_certainty == CERTAINTY_CONFIRMED;
}

static void hold_close(const struct cut *cut)
{
    const struct connection_verdict *a = cut->before;
    const struct connection_verdict *b = cut->after;
    held++;
    if (a->close.by != ROLE_NONE && a->close.by_certainty == CERTAINTY_CONFIRMED &&
        same_question(a->close.kind, b->close.kind) && b->close.by != ROLE_BOTH &&
        !same_role(cut, a->close.by, b->close.by))
        contradiction(cut, "closed by", role_name(a->close.by), role_name(b->close.by));
    if (is_over(a) && a->close.kind != b->close.kind)
        contradiction(cut, "close", close_kind_name(a->close.kind), close_kind_name(b->close.kind));
    if ((a->handshake == HANDSHAKE_COMPLETE || a->handshake == HANDSHAKE_SIMULTANEOUS) &&
        a->handshake != b->handshake)
        contradiction(cut, "handshake", handshake_name(a->handshake), handshake_name(b->handshake));
}

static bool rests_on_same(const struct anomaly_verdict *a, const struct anomaly_verdict *b)
{
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        for (uint32_t k = 0; k < b->evidence_count; k++) {
            if (a->evidence[i].frame == b->evidence[k].frame)
                return true;
        }
    }
    return false;
}

static void hold_anomalies(const struct cut *cut)
{
    const struct connection_verdict *b = cut->after;
    for (uint32_t i = 0; i < cut->before->anomaly_count; i++) {
        const struct anomaly_verdict *said = &cut->before->anomalies[i];
        if (said->confidence != CONFIDENCE_CERTAIN)
            continue;
        held++;
        bool found = false;
        for (uint32_t k = 0; k < b->anomaly_count && !found; k++)
            found = rests_on_same(said, &b->anomalies[k]) ||
                    (said->rule == b->anomalies[k].rule && !said->evidence_count);
        if (!found)
            contradiction(cut, "certain anomaly", rule_table[said->rule].id, "nothing");
    }
}

static void hold(struct cut *cut, const struct account *whole)
{
    for (size_t i = 0; i < cut->part->count; i++) {
        bool given_back;
        cut->before = cut->part->connections[i];
        cut->after = find(whole, cut->before, &given_back);
        if (!cut->after) {
            if (!given_back)
                contradiction(cut, "a connection", "began", "none");
            continue;
        }
        const struct connection_verdict *a = cut->before;
        const struct connection_verdict *b = cut->after;
        bool turned = !same_end(&a->client, &b->client);
        if (turned && a->client_known_by == KNOWN_BY_SYN)
            contradiction(cut, "client", "by its SYN", "the other");
        const struct endpoint_verdict *ends[2] = {turned ? &b->server : &b->client,
                                                  turned ? &b->client : &b->server};
        const struct endpoint_verdict *said[2] = {&a->client, &a->server};
        for (int s = 0; s < 2; s++) {
            hold_path(cut, said[s], ends[s]);
            hold_possible(cut, said[s], ends[s]);
            hold_numbers(cut, said[s], ends[s]);
        }
        hold_close(cut);
        hold_anomalies(cut);
    }
}

/* ---- the cuts ------------------------------------------------------------------------------- */

/* Where the packets of the file end, as the number of packets in its beginnings tells. */
static size_t next_end(const uint8_t *bytes, size_t from, size_t size, uint64_t packets)
{
    size_t low = from;
    size_t high = size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct capture_findings findings = {0};
        struct source *source = source_from_memory(bytes, middle);
        REQUIRE(source && findings_add_file(&findings, ""));
        struct capture *capture = capture_create(source, &findings, 0);
        REQUIRE(capture);
        struct packet packet;
        uint64_t count = 0;
        while (capture_next(capture, &packet) == CAPTURE_PACKET)
            count++;
        capture_destroy(capture);
        findings_finish(&findings);
        if (count > packets)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static uint8_t *content(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
    long end = ftell(file);
    REQUIRE(end >= 0 && fseek(file, 0, SEEK_SET) == 0);
    *size = (size_t)end;
    uint8_t *bytes = malloc(*size + 1);
    REQUIRE(bytes && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

static void cut_file(const char *path, bool every_byte)
{
    size_t size;
    uint8_t *bytes = content(path, &size);
    struct account whole = analysed(bytes, size);
    every_byte = every_byte || size <= SMALL_BYTES;
    uint64_t packets = 0;
    for (size_t at = 0; at < size;) {
        at = every_byte ? at + 1 : next_end(bytes, at + 1, size, packets);
        /* Of the bytes that there are, and not of what lies behind them. */
        uint8_t *part = malloc(at + 1);
        REQUIRE(part);
        memcpy(part, bytes, at);
        struct account account = analysed(part, at);
        free(part);
        packets = account.packets;
        struct cut cut = {.path = path, .size = at, .part = &account};
        hold(&cut, &whole);
        account_finish(&account);
    }
    account_finish(&whole);
    free(bytes);
}

static int cut_folder(const char *folder, bool every_byte)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    int captures = 0;
    REQUIRE(count >= 0);
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".pcap")) {
            char *path;
            REQUIRE(asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0);
            cut_file(path, every_byte);
            captures++;
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    return captures;
}

int main(int argc, char **argv)
{
    bool every_byte = argc > 1 && strcmp(argv[1], "--every-byte") == 0;
    int captures = 0;
    for (int i = 1 + every_byte; i < argc; i++)
        captures += cut_folder(argv[i], every_byte);
    printf("%d captures, %lu claims held against the whole, %u contradictions\n", captures, held,
           contradictions);
    return contradictions || !held ? 1 : 0;
}
