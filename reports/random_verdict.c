#include "reports/random_verdict.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64: one word of state, good enough to choose among cases. */
static uint64_t next(struct random_source *source)
{
    source->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = source->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(struct random_source *source, uint32_t bound)
{
    return (uint32_t)(next(source) % bound);
}

static bool one_in(struct random_source *source, uint32_t n)
{
    return below(source, n) == 0;
}

static bool coin(struct random_source *source)
{
    return one_in(source, 2);
}

static uint8_t pick(struct random_source *source, uint32_t bound)
{
    return (uint8_t)below(source, bound);
}

static uint64_t any_u64(struct random_source *source)
{
    static const uint64_t edges[] = {0, 1, 9, 10, 99, 100, UINT32_MAX, INT64_MAX, UINT64_MAX, 1000};
    if (one_in(source, 3))
        return edges[below(source, sizeof edges / sizeof *edges)];
    return next(source) >> below(source, 64);
}

static uint32_t any_u32(struct random_source *source)
{
    return (uint32_t)any_u64(source);
}

/* -1 (unknown) or a duration. */
static int64_t any_duration(struct random_source *source)
{
    return one_in(source, 4) ? -1 : (int64_t)(any_u64(source) & INT64_MAX);
}

static int64_t any_time(struct random_source *source)
{
    static const int64_t edges[] = {TIME_UNKNOWN,
                                    INT64_MIN + 1,
                                    -1,
                                    0,
                                    1,
                                    INT64_C(951782399999999999),
                                    INT64_C(1709164800000000000),
                                    INT64_MAX};
    if (one_in(source, 3))
        return edges[below(source, sizeof edges / sizeof *edges)];
    return INT64_C(1700000000000000000) + (int64_t)(next(source) >> 10);
}

static frame_ref any_frame(struct random_source *source)
{
    if (one_in(source, 3))
        return FRAME_NONE;
    return frame_ref_of(below(source, 1u << 24), 1 + (next(source) & 0xfffffffff));
}

static frame_ref known_frame(struct random_source *source)
{
    return frame_ref_of(below(source, 3), 1 + (next(source) & 0xffff));
}

static void any_address(struct random_source *source, uint8_t address[16], uint8_t ip_version)
{
    for (unsigned i = 0; i < 16; i++)
        address[i] = one_in(source, 3) ? 0 : (uint8_t)next(source);
    if (ip_version == 4) {
        memset(address, 0, 10);
        memset(address + 10, 0xff, 2);
    }
}

static uint32_t random_states(struct random_source *source, struct state_entry *entries)
{
    uint32_t count = below(source, one_in(source, 20) ? RANDOM_STATES + 1 : 9);
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (struct state_entry){
            .at_ns = any_time(source),
            .frame = any_frame(source),
            .confirmed_by = any_frame(source),
            .state = pick(source, STATE_UNKNOWN),
            .cause = pick(source, CAUSES),
            .certainty = pick(source, CERTAINTIES),
            .retracted = one_in(source, 4),
        };
    }
    return count;
}

static uint32_t random_frames(struct random_source *source, frame_ref *frames, uint32_t count)
{
    uint32_t kept = count < VERDICT_FIN_FRAMES ? count : VERDICT_FIN_FRAMES;
    for (uint32_t i = 0; i < kept; i++)
        frames[i] = known_frame(source);
    return kept;
}

static void random_endpoint(struct random_source *source, struct endpoint_verdict *endpoint,
                            struct state_entry *states, uint8_t ip_version)
{
    any_address(source, endpoint->address, ip_version);
    endpoint->port = (uint16_t)next(source);
    endpoint->packets = any_u64(source);
    endpoint->bytes = any_u64(source);
    endpoint->state = pick(source, STATES);
    endpoint->state_certainty = pick(source, CERTAINTIES);
    endpoint->possible_states = (uint16_t)(1 + below(source, (1u << STATE_UNKNOWN) - 1));
    endpoint->states = states;
    endpoint->state_count = random_states(source, states);
    endpoint->has_isn = coin(source);
    endpoint->has_next_seq = coin(source);
    endpoint->has_unacked = coin(source);
    endpoint->isn = any_u32(source);
    endpoint->next_seq = any_u32(source);
    endpoint->payload_bytes = any_u64(source);
    endpoint->unique_bytes = any_u64(source);
    endpoint->unacked_bytes = any_u64(source);
    endpoint->retransmitted_segments = any_u32(source);
    endpoint->retransmitted_bytes = any_u64(source);
    endpoint->out_of_order_segments = any_u32(source);
    endpoint->capture_duplicates = any_u32(source);
    endpoint->fin.count = below(source, 12);
    endpoint->fin.frame_count = random_frames(source, endpoint->fin.frames, endpoint->fin.count);
    endpoint->fin.seq = any_u32(source);
    endpoint->fin.acked_by = any_frame(source);
    endpoint->fin.active = coin(source);
    endpoint->fin.active_known = coin(source);
    endpoint->fin.implied = !endpoint->fin.count && coin(source);
    endpoint->rst.count = below(source, 12);
    endpoint->rst.frame_count = random_frames(source, endpoint->rst.frames, endpoint->rst.count);
    endpoint->has_ttl = coin(source);
    endpoint->has_mss = coin(source);
    endpoint->has_window_scale = coin(source);
    endpoint->handshake_seen = coin(source);
    endpoint->ttl = (uint8_t)next(source);
    endpoint->window_scale = pick(source, 15);
    endpoint->mss = (uint16_t)next(source);
    endpoint->sack = coin(source);
    endpoint->timestamps = coin(source);
}

static void random_close(struct random_source *source, struct connection_verdict *verdict)
{
    verdict->close.kind = pick(source, CLOSE_KINDS);
    verdict->close.by = pick(source, ROLES);
    verdict->close.by_certainty = pick(source, CERTAINTIES);
    verdict->close.half_close = coin(source);
    verdict->close.segments = coin(source) ? 0 : any_u32(source);
    verdict->close.start_ns = any_time(source);
    verdict->close.duration_ns = any_duration(source);
    verdict->close.idle_before_ns = any_duration(source);
    verdict->close.time_wait_held_by = pick(source, ROLES);
    verdict->close.time_wait_until_ns = any_time(source);
    verdict->close.has_reset = coin(source);
    verdict->close.reset_by = pick(source, ROLE_NONE);
    verdict->close.reset_form = pick(source, RESET_FORMS);
    verdict->close.reset_stage = pick(source, RESET_STAGES);
    verdict->close.reset_cause = pick(source, RULES + 1);
}

static const char *const words[] = {"scan", "nat_or_balancer", "x"};

static void random_figures(struct random_source *source, struct anomaly_verdict *anomaly)
{
    for (unsigned id = below(source, FIGURES); id < FIGURES && one_in(source, 8) == 0; id++) {
        if (anomaly->figure_count == ANOMALY_FIGURES_MAX)
            return;
        bool flag = figure_table[id].type == FIGURE_TYPE_BOOLEAN;
        bool is_time = strcmp(figure_table[id].unit, "ns") == 0;
        anomaly->figures[anomaly->figure_count++] = (struct anomaly_figure){
            .id = (uint8_t)id,
            .integer =
                flag ? coin(source)
                     : (int64_t)(any_u64(source) & INT64_MAX) * (is_time || coin(source) ? 1 : -1),
            .word = words[below(source, sizeof words / sizeof *words)],
        };
    }
}

static void random_evidence(struct random_source *source, struct anomaly_verdict *anomaly)
{
    static const char *const notes[] = {"the FIN", "\"again\" \\ later", "a reset, 2*MSL on"};
    anomaly->evidence_total = below(source, one_in(source, 5) ? 60 : 5);
    while (anomaly->evidence_count < anomaly->evidence_total &&
           anomaly->evidence_count < ANOMALY_EVIDENCE_MAX) {
        anomaly->evidence[anomaly->evidence_count++] = (struct anomaly_evidence){
            .at_ns = any_time(source),
            .frame = known_frame(source),
            .note = notes[below(source, sizeof notes / sizeof *notes)],
            .seq = any_u32(source),
            .ack = any_u32(source),
            .payload_len = any_u32(source),
            .flags = (uint16_t)below(source, 512),
            .from = pick(source, ROLE_BOTH),
        };
    }
}

static void random_anomaly(struct random_source *source, struct anomaly_verdict *anomaly)
{
    *anomaly = (struct anomaly_verdict){
        .at_ns = any_time(source),
        .rule = pick(source, RULES),
        .severity = (uint8_t)(SEVERITY_INFO + below(source, SEVERITIES - SEVERITY_INFO)),
        .confidence = pick(source, CONFIDENCES),
        .endpoint = pick(source, ROLES),
        .client_state = pick(source, STATES),
        .server_state = pick(source, STATES),
        .caveats = below(source, 1u << CAVEATS),
        .reason_len = (uint8_t)below(source, ANOMALY_REASON_MAX + 1),
    };
    for (unsigned i = 0; i < anomaly->reason_len; i++)
        anomaly->reason[i] = (uint8_t)any_u32(source);
    random_figures(source, anomaly);
    random_evidence(source, anomaly);
}

void random_host_anomaly(struct random_source *source, struct anomaly_verdict *anomaly)
{
    random_anomaly(source, anomaly);
    anomaly->endpoint = ROLE_NONE;
    anomaly->has_host = !one_in(source, 4);
    anomaly->has_service = coin(source);
    any_address(source, anomaly->host_address, coin(source) ? 4 : 6);
    any_address(source, anomaly->service_address, coin(source) ? 4 : 6);
    anomaly->service_port = (uint16_t)next(source);
}

static void random_anomalies(struct random_source *source, struct connection_verdict *verdict)
{
    verdict->anomalies = source->anomalies;
    verdict->anomaly_count = coin(source) ? 0 : below(source, RANDOM_ANOMALIES + 1);
    for (uint32_t i = 0; i < verdict->anomaly_count; i++)
        random_anomaly(source, &source->anomalies[i]);
}

void random_verdict(struct random_source *source, struct connection_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->ip_version = coin(source) ? 4 : 6;
    random_endpoint(source, &verdict->client, source->client_states, verdict->ip_version);
    random_endpoint(source, &verdict->server, source->server_states, verdict->ip_version);
    verdict->stream = any_u64(source);
    verdict->incarnation = 1 + any_u32(source) / 2;
    verdict->client_known_by = pick(source, CLIENT_KNOWN_BYS);
    verdict->visibility = pick(source, VISIBILITIES);
    verdict->tunnel = pick(source, TUNNEL_COUNT);
    verdict->vlan = coin(source) ? VLAN_NONE : (uint16_t)below(source, 4096);
    verdict->interface = below(source, 12);
    verdict->first_frame = known_frame(source);
    verdict->start_ns = any_time(source);
    verdict->end_ns = any_time(source);
    verdict->handshake = pick(source, HANDSHAKES);
    verdict->handshake_rtt_ns = any_duration(source);
    random_close(source, verdict);
    verdict->has_previous = coin(source);
    verdict->previous.has_client_isn = coin(source);
    verdict->previous.has_server_isn = coin(source);
    verdict->previous.client_isn = any_u32(source);
    verdict->previous.server_isn = any_u32(source);
    verdict->previous.start_ns = any_time(source);
    verdict->previous.roles_swapped = coin(source);
    verdict->previous.gap_ns = any_duration(source);
    verdict->client_rtt_ns = any_duration(source);
    verdict->server_rtt_ns = any_duration(source);
    verdict->zeek_state = pick(source, ZEEK_STATES);
    verdict->completeness = pick(source, 64);
    verdict->caveats = below(source, 1u << CAVEATS);
    random_anomalies(source, verdict);
}

static const char *const hostile_texts[] = {
    "eth0",
    "",
    "a/b\\c\"d",
    "\x1b]0;owned\x07",
    "C1 \xc2\x9b;31m",
    "not UTF-8 \xff\xfe\xed\xa0\x80\xc0\xaf",
    "cut short \xf0\x9f\x98",
    "smile \xf0\x9f\x98\x80 \xe2\x82\xac",
    "bidi \xe2\x80\xaegpj.exe \xe2\x80\xa8",
    "\b\f\n\r\t\x01\x7f",
    "</script><b>",
};

static const char *hostile_text(struct random_source *source)
{
    return hostile_texts[below(source, sizeof hostile_texts / sizeof *hostile_texts)];
}

static bool random_file(struct random_source *source, struct capture_findings *findings)
{
    struct file_findings *file = findings_add_file(findings, hostile_text(source));
    if (!file)
        return false;
    if (one_in(source, 4)) {
        file->error = strdup(hostile_text(source));
        if (!file->error)
            return false;
    }
    file->format = pick(source, FORMATS);
    file->compression = pick(source, COMPRESSIONS);
    for (uint32_t i = below(source, 20); i; i--)
        findings_link_type(file, (uint16_t)below(source, 300));
    file->packets = any_u64(source);
    file->bytes = any_u64(source);
    file->start_ns = any_time(source);
    file->end_ns = any_time(source);
    file->untimed = any_u64(source);
    for (uint32_t i = below(source, coin(source) ? 3 : DAMAGE_KEPT + 3); i; i--) {
        struct damage damage = {pick(source, DAMAGE_KINDS), pick(source, DAMAGE_REASONS),
                                any_u64(source), any_u64(source), any_u64(source)};
        findings_damage(file, damage);
    }
    for (unsigned i = 0; i < ODDITIES; i++)
        file->oddities[i] = coin(source) ? 0 : any_u64(source);
    file->interface_drops = any_u64(source);
    file->system_drops = any_u64(source);
    file->packet_drops = any_u64(source);
    return true;
}

/* These add up, and so stay below what would overflow. */
static uint64_t some_packets(struct random_source *source, struct capture_findings *findings)
{
    uint64_t packets = coin(source) ? 0 : any_u64(source) >> 12;
    findings->packets += packets;
    return packets;
}

static void random_packets(struct random_source *source, struct capture_findings *findings)
{
    findings->tcp = some_packets(source, findings);
    for (unsigned i = 0; i < OTHERS; i++)
        findings->other[i] = some_packets(source, findings);
    for (unsigned i = 0; i < UNDECODABLES; i++)
        findings->undecodable[i] = some_packets(source, findings);
    for (uint32_t i = below(source, 90); i; i--) {
        findings_count_link(findings, (uint16_t)below(source, 400));
        findings->packets++;
    }
}

bool random_findings(struct random_source *source, struct capture_findings *findings,
                     uint32_t files)
{
    *findings = (struct capture_findings){0};
    for (uint32_t i = 0; i < files; i++) {
        if (!random_file(source, findings))
            return false;
    }
    for (uint32_t i = 0; i < 10; i++) {
        const char *name = i ? hostile_text(source) : NULL;
        if (findings_add_interface(findings, (struct interface_place){.ordinal = i}, 1, name,
                                   name ? strlen(name) : 0) == UINT32_MAX)
            return false;
    }
    random_packets(source, findings);
    for (unsigned i = 0; i < sizeof findings->digest; i++)
        findings->digest[i] = (uint8_t)next(source);
    return true;
}

static int64_t known_time(struct random_source *source)
{
    int64_t time_ns = any_time(source);
    return time_ns == TIME_UNKNOWN ? 0 : time_ns;
}

void random_sample(struct random_source *source, struct sample_verdict *verdict)
{
    *verdict = (struct sample_verdict){.at_ns = known_time(source), .of_host = coin(source)};
    if (verdict->of_host) {
        verdict->others = one_in(source, 5);
        any_address(source, verdict->address, coin(source) ? 4 : 6);
        for (unsigned i = 0; i < STATES; i++)
            verdict->states[i] = any_u64(source);
        return;
    }
    verdict->opens = any_u64(source);
    verdict->closes = any_u64(source);
    verdict->resets = any_u64(source);
    for (unsigned i = 0; i < RULES; i++)
        verdict->rules[i] = coin(source) ? 0 : any_u64(source);
}

void random_host(struct random_source *source, struct host_verdict *verdict)
{
    *verdict = (struct host_verdict){.others = one_in(source, 5),
                                     .opened = any_u64(source),
                                     .accepted = any_u64(source),
                                     .closed_first = any_u64(source),
                                     .reset_sent = any_u64(source),
                                     .reset_received = any_u64(source),
                                     .services = source->services,
                                     .service_count = below(source, RANDOM_SERVICES + 1)};
    any_address(source, verdict->address, coin(source) ? 4 : 6);
    for (unsigned i = 0; i < STATES; i++)
        verdict->states[i] = (struct state_load){coin(source) ? 0 : any_u64(source),
                                                 any_time(source), any_u64(source)};
    for (uint32_t i = 0; i < verdict->service_count; i++) {
        struct service_use *use = &source->services[i];
        *use = (struct service_use){.port = (uint16_t)next(source),
                                    .ports_in_use_peak = any_u32(source),
                                    .peak_at_ns = any_time(source),
                                    .port_range = any_u32(source),
                                    .range_widened = coin(source),
                                    .used_permille = any_u32(source),
                                    .server_held_peak = any_u32(source)};
        any_address(source, use->address, coin(source) ? 4 : 6);
    }
}

static void random_finding(struct random_source *source, struct finding *finding)
{
    *finding = (struct finding){
        .rule = pick(source, RULES),
        .severity = (uint8_t)(SEVERITY_INFO + below(source, SEVERITIES - SEVERITY_INFO)),
        .has_service = coin(source),
        .has_host = coin(source),
        .port = (uint16_t)next(source),
        .count = any_u64(source) | 1,
        .affected = any_u64(source),
        .connections = any_u64(source),
        .start_ns = any_time(source),
        .end_ns = any_time(source),
        .client_count = below(source, FINDING_CLIENTS_MAX + 1),
    };
    any_address(source, finding->address, coin(source) ? 4 : 6);
    for (uint32_t i = 0; i < finding->client_count; i++) {
        any_address(source, finding->clients[i].address, coin(source) ? 4 : 6);
        finding->clients[i].count = any_u64(source) | 1;
    }
}

static void random_service(struct random_source *source, struct service_closes *service)
{
    *service =
        (struct service_closes){.port = (uint16_t)next(source), .connections = any_u64(source) | 1};
    any_address(source, service->address, coin(source) ? 4 : 6);
    for (unsigned i = 0; i < CLOSE_KINDS; i++)
        service->closes[i] = coin(source) ? 0 : any_u64(source);
}

void random_summary(struct random_source *source, struct summary_verdict *summary)
{
    *summary = (struct summary_verdict){
        .connections = any_u64(source),
        .evicted = any_u64(source),
        .not_concluded = coin(source) ? 0 : any_u64(source),
        .start_ns = any_time(source),
        .end_ns = any_time(source),
        .findings = source->findings,
        .finding_count = below(source, RANDOM_FINDINGS + 1),
        .services = source->closes,
        .service_count = below(source, RANDOM_SERVICES + 1),
    };
    for (uint32_t i = 0; i < summary->service_count; i++)
        random_service(source, &source->closes[i]);
    for (uint32_t i = 0; i < summary->finding_count; i++)
        random_finding(source, &source->findings[i]);
    for (unsigned i = 0; i < HANDSHAKES; i++)
        summary->handshakes[i] = any_u64(source);
    for (unsigned i = 0; i < CLOSE_KINDS; i++)
        summary->closes[i] = any_u64(source);
    for (unsigned i = 0; i < RULES; i++) {
        for (unsigned severity = SEVERITY_INFO; severity < SEVERITIES; severity++)
            summary->anomalies[i][severity] = coin(source) ? 0 : any_u64(source);
    }
}
