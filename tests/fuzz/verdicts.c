#include "tests/fuzz/verdicts.h"

static void check_frame(frame_ref frame, uint64_t frames)
{
    REQUIRE(frame_number(frame) <= frames);
}

static void check_states(const struct endpoint_verdict *e, uint64_t frames, struct digest *digest)
{
    REQUIRE(e->possible_states && !(e->possible_states & 1u << STATE_UNKNOWN));
    REQUIRE(e->possible_states >> STATES == 0);
    REQUIRE(e->state <= STATE_UNKNOWN);
    REQUIRE(e->state == STATE_UNKNOWN || e->possible_states & 1u << e->state);
    digest_number(digest, e->state | (uint64_t)e->possible_states << 32);
    for (uint32_t i = 0; i < e->state_count; i++) {
        const struct state_entry *entry = &e->states[i];
        REQUIRE(entry->state < STATE_UNKNOWN && entry->cause < CAUSES);
        REQUIRE(entry->confirmed_by == FRAME_NONE || entry->certainty == CERTAINTY_CONFIRMED);
        REQUIRE(!entry->retracted || entry->certainty == CERTAINTY_PRESUMED);
        check_frame(entry->frame, frames);
        check_frame(entry->confirmed_by, frames);
        digest_number(digest, (uint64_t)entry->at_ns);
        digest_number(digest, entry->frame);
        digest_number(digest, entry->confirmed_by);
        digest_number(digest, entry->state | (uint64_t)entry->cause << 8 |
                                  (uint64_t)entry->certainty << 16 |
                                  (uint64_t)entry->retracted << 24);
    }
}

static void check_endpoint(const struct endpoint_verdict *e, uint64_t frames, struct digest *digest)
{
    check_states(e, frames, digest);
    REQUIRE(e->unique_bytes <= e->payload_bytes);
    REQUIRE(e->fin.frame_count <= VERDICT_FIN_FRAMES && e->fin.frame_count <= e->fin.count);
    REQUIRE(e->rst.frame_count <= VERDICT_FIN_FRAMES && e->rst.frame_count <= e->rst.count);
    for (uint32_t i = 0; i < e->fin.frame_count; i++)
        check_frame(e->fin.frames[i], frames);
    for (uint32_t i = 0; i < e->rst.frame_count; i++)
        check_frame(e->rst.frames[i], frames);
    check_frame(e->fin.acked_by, frames);
    digest_number(digest, e->packets);
    digest_number(digest, e->payload_bytes);
    digest_number(digest, e->unique_bytes);
    digest_number(digest, e->has_unacked ? e->unacked_bytes : 0);
    digest_number(digest, e->retransmitted_segments);
    digest_number(digest, e->fin.count | (uint64_t)e->rst.count << 32);
}

void check_anomaly(const struct anomaly_verdict *a, uint64_t frames, struct digest *digest)
{
    REQUIRE(a->rule < RULES && a->severity < SEVERITIES && a->endpoint < ROLES);
    REQUIRE(a->client_state < STATES && a->server_state < STATES);
    REQUIRE(a->evidence_count <= ANOMALY_EVIDENCE_MAX && a->evidence_count <= a->evidence_total);
    REQUIRE(a->figure_count <= ANOMALY_FIGURES_MAX && a->reason_len <= ANOMALY_REASON_MAX);
    digest_number(digest, a->rule | (uint64_t)a->severity << 8 | (uint64_t)a->confidence << 16 |
                              (uint64_t)a->endpoint << 24 | (uint64_t)a->caveats << 32);
    digest_number(digest, (uint64_t)a->at_ns);
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        check_frame(a->evidence[i].frame, frames);
        REQUIRE(a->evidence[i].note && a->evidence[i].from < ROLES);
        digest_number(digest, a->evidence[i].frame);
    }
    for (uint32_t i = 0; i < a->figure_count; i++)
        digest_number(digest, (uint64_t)a->figures[i].integer);
}

void check_connection(const struct connection_verdict *v, uint64_t frames, struct digest *digest)
{
    check_endpoint(&v->client, frames, digest);
    check_endpoint(&v->server, frames, digest);
    REQUIRE(v->handshake < HANDSHAKES && v->close.kind < CLOSE_KINDS);
    REQUIRE(v->visibility < VISIBILITIES && v->client_known_by < CLIENT_KNOWN_BYS);
    REQUIRE(v->zeek_state < ZEEK_STATES && v->caveats >> CAVEATS == 0);
    REQUIRE(v->incarnation >= 1);
    REQUIRE(frame_number(v->first_frame) >= 1);
    check_frame(v->first_frame, frames);
    REQUIRE(v->start_ns == TIME_UNKNOWN || v->start_ns <= v->end_ns);
    if (v->close.has_reset)
        REQUIRE(v->close.reset_by < ROLES && v->close.reset_cause <= RULES);
    digest_number(digest, v->stream);
    digest_number(digest, v->first_frame);
    digest_number(digest, (uint64_t)v->start_ns);
    digest_number(digest, (uint64_t)v->end_ns);
    digest_number(digest, v->handshake | (uint64_t)v->close.kind << 8 |
                              (uint64_t)v->close.by << 16 | (uint64_t)v->incarnation << 32);
    digest_number(digest, v->caveats);
    for (uint32_t i = 0; i < v->anomaly_count; i++)
        check_anomaly(&v->anomalies[i], frames, digest);
}

void check_host(const struct host_verdict *host, struct digest *digest)
{
    digest_add(digest, host->address, sizeof host->address);
    digest_number(digest, host->opened);
    digest_number(digest, host->accepted);
    for (unsigned state = 0; state < STATES; state++) {
        REQUIRE(host->states[state].mean <= host->states[state].peak);
        digest_number(digest, host->states[state].peak);
    }
    for (uint32_t i = 0; i < host->service_count; i++) {
        const struct service_use *use = &host->services[i];
        REQUIRE(use->ports_in_use_peak <= 65536);
        digest_number(digest, use->ports_in_use_peak);
    }
}
