/*
 * Sequences of segments, without headers and files around them: two octets of configuration, then
 * 16 a segment. Numbers are relative to what each end has sent, so that most of what comes out
 * looks like TCP and the rest like what hostile or broken ends do.
 */
#include "tests/fuzz/verdicts.h"

#include "analyzer/analyzer.h"

#define SEGMENT_BYTES 16
#define TUPLES        4

/* What the second octet says beside the time: which tuples there are. */
#define MANY_HOSTS  0x80
#define MANY_PORTS  0x40
#define ADDRESSES_6 0x20

/* Where each end of each tuple believes to be. */
struct ends {
    uint8_t choice;
    uint8_t opened[TUPLES]; /* SYNs so far */
    uint32_t nxt[TUPLES][2];
    uint32_t stamp[TUPLES][2];
    int64_t now_ns;
};

struct taken {
    struct digest digest;
    uint64_t frames;
    uint64_t connections;
    uint64_t anomalies;
};

static bool take_connection(void *context, const struct connection_verdict *verdict)
{
    struct taken *taken = context;
    check_connection(verdict, taken->frames, &taken->digest);
    taken->connections++;
    taken->anomalies += verdict->anomaly_count;
    return true;
}

static bool take_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    struct taken *taken = context;
    check_anomaly(anomaly, taken->frames, &taken->digest);
    taken->anomalies++;
    /* Those that are counted, and told together here. */
    if (anomaly->rule == RULE_OPEN_FAILURES_MANY) {
        REQUIRE(anomaly->figures[0].id == FIGURE_CONNECTIONS && anomaly->figures[0].integer > 0);
        taken->anomalies += (uint64_t)anomaly->figures[0].integer;
    }
    return true;
}

static bool take_sample(void *context, const struct sample_verdict *sample)
{
    struct taken *taken = context;
    digest_number(&taken->digest, (uint64_t)sample->at_ns);
    digest_number(&taken->digest, sample->opens);
    return true;
}

static bool take_host(void *context, const struct host_verdict *host)
{
    struct taken *taken = context;
    check_host(host, &taken->digest);
    return true;
}

static int64_t next_time(struct ends *ends, unsigned kind, uint8_t amount)
{
    static const int64_t unit_ns[] = {
        NS_PER_MS, NS_PER_MS / 10, NS_PER_S, 10 * NS_PER_S, -NS_PER_MS, 0, 3600 * NS_PER_S, 0};
    if (kind == 5)
        return TIME_UNKNOWN;
    int64_t next_ns;
    if (!__builtin_add_overflow(ends->now_ns, unit_ns[kind] * amount, &next_ns) &&
        next_ns != TIME_UNKNOWN)
        ends->now_ns = next_ns;
    return ends->now_ns;
}

/* A capture may be from any time that its format can write. */
static int64_t first_time(uint8_t choice)
{
    static const int64_t seconds[] = {1600000000, 0, 4294967290, 9223372000, -9223372000, 1};
    return seconds[choice % 6] * NS_PER_S;
}

static struct analyzer_config config_of(uint8_t choice)
{
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    if (choice & 1)
        config.two_msl_ns = NS_PER_S;
    if (choice & 2)
        config.max_memory_bytes = 6000; /* a few connections */
    if (choice & 4)
        config.stuck_ns = config.idle_ns = config.fin_timeout_ns = NS_PER_S;
    if (choice & 8)
        config.vlan_in_key = true;
    if (choice & 16)
        config.straggler_ns = 0;
    if (choice & 32)
        config.two_msl_ns = config.straggler_ns = INT64_MAX;
    if (choice & 64) { /* what is said of thousands of connections, said of two */
        config.port_low = 40000;
        config.port_high = 40015;
        config.time_waits_many = 2;
        config.time_waits_missing = 1;
        config.close_waits_leaking = 2;
    }
    if (choice & 128) {
        config.from_ns = first_time(0);
        config.to_ns = first_time(0) + 10 * NS_PER_S;
    }
    return config;
}

static uint32_t plus(uint32_t number, uint32_t distance)
{
    uint32_t sum;
    (void)__builtin_add_overflow(number, distance, &sum); /* meant to wrap */
    return sum;
}

static void put_addresses(struct segment *g, const struct ends *ends, unsigned side, unsigned tuple)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t global[12] = {0x20, 0x01, 0x0d, 0xb8};
    bool v6 = ends->choice & ADDRESSES_6;
    uint8_t hosts[2] = {ends->choice & MANY_HOSTS ? (uint8_t)(3 + tuple) : 1, 2};
    g->ip_version = v6 ? 6 : 4;
    memcpy(g->source, v6 ? global : mapped, sizeof mapped);
    memcpy(g->destination, v6 ? global : mapped, sizeof mapped);
    memcpy(g->source + 12, (const uint8_t[4]){10, 0, 0, hosts[side]}, 4);
    memcpy(g->destination + 12, (const uint8_t[4]){10, 0, 0, hosts[!side]}, 4);
}

static struct segment make_segment(struct ends *ends, const uint8_t *b, uint64_t frame)
{
    unsigned side = b[0] & 1;
    unsigned tuple = b[0] >> 1 & 3;
    uint16_t port[2] = {(uint16_t)(40000 + tuple), tuple == 3 ? 40000 : 80};
    if (ends->choice & MANY_PORTS && b[1] == TCP_SYN)
        ends->opened[tuple]++;
    if (ends->choice & MANY_PORTS)
        port[0] = (uint16_t)(port[0] + TUPLES * ends->opened[tuple]);
    uint32_t raw;
    memcpy(&raw, b + 12, sizeof raw);
    struct segment g = {.frame = frame_ref_of(0, frame), .aux = AUX_NONE};
    put_addresses(&g, ends, side, tuple);
    g.source_port = port[side];
    g.destination_port = port[!side];
    g.time_ns = next_time(ends, b[0] >> 3 & 7, b[5]);
    g.flags = b[1];
    uint32_t *nxt = ends->nxt[tuple];
    g.seq = b[0] & 0x40 ? raw : plus(nxt[side], (uint32_t)(int32_t)(int8_t)b[2]);
    g.ack = b[0] & 0x80 ? raw : plus(nxt[!side], (uint32_t)(int32_t)(int8_t)b[3]);
    static const unsigned shift[] = {0, 4, 10, 22};
    g.payload_len = (b[4] & 63u) << shift[b[4] >> 6];
    g.ip_bytes = 40 + g.payload_len;
    static const uint32_t marks[] = {SEG_MSS,       SEG_WINDOW_SCALE,     SEG_SACK_PERMITTED,
                                     SEG_SACK,      SEG_SACK | SEG_DSACK, SEG_TIMESTAMPS,
                                     SEG_FAST_OPEN, SEG_MALFORMED,        SEG_OPTIONS_CUT,
                                     SEG_OFFLOADED, SEG_OUTBOUND,         SEG_FRAGMENTED};
    unsigned chosen = b[6] | (unsigned)b[7] << 8;
    for (unsigned i = 0; i < sizeof marks / sizeof *marks; i++)
        g.marks |= chosen >> i & 1 ? marks[i] : 0;
    static const uint32_t more[] = {SEG_INBOUND, SEG_MPTCP, SEG_CHECKSUM_PENDING,
                                    SEG_LENGTH_GUESSED};
    for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
        g.marks |= b[9] >> i & 1 ? more[i] : 0;
    if (g.marks & SEG_MALFORMED)
        g.payload_len = 0;
    else if (g.payload_len && g.payload_len <= 6 && b[9] & 16 && !(g.flags & TCP_PSH))
        g.marks |= SEG_PADDING_LIKE;
    g.interface = chosen >> 12 & 1;
    g.world = chosen >> 13 & 3;
    g.vlan = chosen >> 15 ? 100 : VLAN_NONE;
    g.mss = 1460;
    g.window = (uint16_t)(b[8] << 8);
    g.window_scale = b[8] % 15;
    g.ttl = b[9] & 0xe0;
    g.ip_id = b[10];
    g.sack_left = g.ack;
    g.sack_right = plus(g.ack, raw);
    ends->stamp[tuple][side] = plus(ends->stamp[tuple][side], (uint32_t)(int32_t)(int8_t)b[11]);
    g.ts_val = ends->stamp[tuple][side];
    g.ts_ecr = ends->stamp[tuple][!side];
    uint32_t octets = g.payload_len + (g.flags & TCP_SYN ? 1 : 0) + (g.flags & TCP_FIN ? 1 : 0);
    uint32_t end = plus(g.seq, octets);
    if (end - nxt[side] < 1u << 31)
        nxt[side] = end;
    return g;
}

static struct taken analyse(const uint8_t *bytes, size_t size)
{
    struct taken taken = {.digest = DIGEST_BEGIN};
    struct bytes in = {bytes, bytes + size};
    struct analyzer_config config = config_of(bytes_u8(&in));
    struct ends ends = {.choice = bytes_u8(&in)};
    ends.now_ns = first_time(ends.choice & 0x1f);
    for (unsigned i = 0; i < TUPLES; i++) {
        ends.nxt[i][0] = 1000 * i; /* the second near the wrap */
        ends.nxt[i][1] = plus(0, UINT32_MAX - 100 * i);
    }
    struct verdict_sink sink = {take_connection, take_anomaly, take_sample, take_host, &taken, false};
    struct analyzer *analyzer = analyzer_create(&config, sink);
    struct segment_batch *batch = malloc(sizeof *batch);
    REQUIRE(analyzer && batch);
    batch_clear(batch);
    while (bytes_left(&in) >= SEGMENT_BYTES) {
        batch->segments[batch->count++] = make_segment(&ends, in.at, ++taken.frames);
        in.at += SEGMENT_BYTES;
        if (batch_full(batch)) {
            REQUIRE(analyzer_feed(analyzer, batch) == ANALYZER_OK);
            batch_clear(batch);
        }
    }
    REQUIRE(analyzer_feed(analyzer, batch) == ANALYZER_OK);
    REQUIRE(analyzer_finish(analyzer, ends.now_ns) == ANALYZER_OK);
    const struct summary_verdict *summary = analyzer_summary(analyzer);
    REQUIRE(summary->connections == taken.connections);
    REQUIRE(taken.connections <= taken.frames && summary->evicted <= summary->connections);
    uint64_t anomalies = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = 0; severity < SEVERITIES; severity++)
            anomalies += summary->anomalies[rule][severity];
    }
    REQUIRE(anomalies == taken.anomalies);
    uint64_t closes = 0;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++)
        closes += summary->closes[kind];
    REQUIRE(closes == taken.connections);
    analyzer_destroy(analyzer);
    free(batch);
    return taken;
}

void fuzz_target(const uint8_t *bytes, size_t size)
{
    struct taken first = analyse(bytes, size);
    /* Each run has its own hash key. */
    if (fuzz_thorough(bytes, size))
        REQUIRE(analyse(bytes, size).digest.value == first.digest.value);
}
