#include "analyzer/state/both_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- the same? ------------------------------------------------------------------------------ */

static bool same_traces(const struct fin_traces *a, const struct fin_traces *b)
{
    return a->fin_first == b->fin_first && a->fin_acked_index == b->fin_acked_index &&
           a->opening_fin == b->opening_fin;
}

static bool same_entries(const struct endpoint_states *a, const struct endpoint_states *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct state_entry *x = &a->entries[i];
        const struct state_entry *y = &b->entries[i];
        if (x->at_ns != y->at_ns || x->frame != y->frame || x->confirmed_by != y->confirmed_by ||
            x->state != y->state || x->cause != y->cause || x->certainty != y->certainty ||
            x->retracted != y->retracted)
            return false;
    }
    return a->count == b->count;
}

static bool same_states(const struct endpoint_states *a, const struct endpoint_states *b)
{
    return same_entries(a, b) && a->state == b->state && a->certainty == b->certainty &&
           a->possible == b->possible && a->fin_sent == b->fin_sent &&
           a->fin_implied == b->fin_implied && a->fin_acked_unseen == b->fin_acked_unseen &&
           a->active == b->active && a->active_known == b->active_known &&
           a->active_presumed == b->active_presumed && a->reset_sent == b->reset_sent &&
           a->reset_received == b->reset_received && a->vanished == b->vanished &&
           a->fin_acked_by == b->fin_acked_by && a->fin_seq == b->fin_seq &&
           a->time_wait_from_ns == b->time_wait_from_ns &&
           a->time_wait_until_ns == b->time_wait_until_ns;
}

static bool same_entry(const struct log_entry *a, const struct log_entry *b)
{
    return a->time_ns == b->time_ns && a->frame == b->frame && a->seq.n == b->seq.n &&
           a->ack.n == b->ack.n && a->payload_len == b->payload_len && a->ts_val == b->ts_val &&
           a->ts_ecr == b->ts_ecr && a->window == b->window && a->ip_id == b->ip_id &&
           a->flags == b->flags && a->side == b->side && a->ttl == b->ttl && a->marks == b->marks &&
           a->nth == b->nth;
}

static bool same_evidence(const struct evidence *a, const struct evidence *b)
{
    for (int i = 0; i < a->count && a->count == b->count; i++) {
        if (!same_entry(&a->log[i], &b->log[i]) || captured_ns(a, i) != captured_ns(b, i))
            return false;
    }
    return a->count == b->count && a->now_ns == b->now_ns && a->reckoned == b->reckoned;
}

static bool same_endpoint(const struct endpoint_verdict *a, const struct endpoint_verdict *b)
{
    for (uint32_t i = 0; i < a->fin.frame_count; i++) {
        if (a->fin.frames[i] != b->fin.frames[i])
            return false;
    }
    for (uint32_t i = 0; i < a->rst.frame_count; i++) {
        if (a->rst.frames[i] != b->rst.frames[i])
            return false;
    }
    return memcmp(a->address, b->address, 16) == 0 && a->port == b->port &&
           a->packets == b->packets && a->bytes == b->bytes && a->state == b->state &&
           a->state_certainty == b->state_certainty && a->possible_states == b->possible_states &&
           a->state_count == b->state_count && a->has_isn == b->has_isn &&
           a->has_next_seq == b->has_next_seq && a->has_unacked == b->has_unacked &&
           (!a->has_isn || a->isn == b->isn) && (!a->has_next_seq || a->next_seq == b->next_seq) &&
           a->payload_bytes == b->payload_bytes && a->unique_bytes == b->unique_bytes &&
           a->unacked_bytes == b->unacked_bytes &&
           a->retransmitted_segments == b->retransmitted_segments &&
           a->retransmitted_bytes == b->retransmitted_bytes &&
           a->out_of_order_segments == b->out_of_order_segments &&
           a->capture_duplicates == b->capture_duplicates && a->keepalives == b->keepalives &&
           a->zero_window_probes == b->zero_window_probes && a->fin.count == b->fin.count &&
           a->fin.frame_count == b->fin.frame_count && a->fin.seq == b->fin.seq &&
           a->fin.acked_by == b->fin.acked_by && a->fin.active == b->fin.active &&
           a->fin.active_known == b->fin.active_known && a->fin.implied == b->fin.implied &&
           a->rst.count == b->rst.count && a->rst.frame_count == b->rst.frame_count &&
           a->has_ttl == b->has_ttl && a->has_mss == b->has_mss &&
           a->has_window_scale == b->has_window_scale && a->handshake_seen == b->handshake_seen &&
           (!a->has_ttl || a->ttl == b->ttl) &&
           (!a->has_window_scale || a->window_scale == b->window_scale) && a->mss == b->mss &&
           a->sack == b->sack && a->timestamps == b->timestamps && a->fast_open == b->fast_open &&
           a->mptcp == b->mptcp && a->signed_segments == b->signed_segments;
}

static bool same_close(const struct connection_verdict *a, const struct connection_verdict *b)
{
    return a->close.kind == b->close.kind && a->close.by == b->close.by &&
           a->close.by_certainty == b->close.by_certainty &&
           a->close.half_close == b->close.half_close && a->close.segments == b->close.segments &&
           a->close.start_ns == b->close.start_ns && a->close.duration_ns == b->close.duration_ns &&
           a->close.idle_before_ns == b->close.idle_before_ns &&
           a->close.time_wait_held_by == b->close.time_wait_held_by &&
           a->close.time_wait_until_ns == b->close.time_wait_until_ns &&
           a->close.has_reset == b->close.has_reset && a->close.reset_by == b->close.reset_by &&
           a->close.reset_form == b->close.reset_form &&
           a->close.reset_stage == b->close.reset_stage &&
           a->close.reset_cause == b->close.reset_cause;
}

static bool same_verdict(const struct connection_verdict *a, const struct connection_verdict *b)
{
    return same_endpoint(&a->client, &b->client) && same_endpoint(&a->server, &b->server) &&
           same_close(a, b) && a->ip_version == b->ip_version && a->stream == b->stream &&
           a->incarnation == b->incarnation && a->client_known_by == b->client_known_by &&
           a->visibility == b->visibility && a->tunnel == b->tunnel && a->vlan == b->vlan &&
           a->interface == b->interface && a->first_frame == b->first_frame &&
           a->absorbed == b->absorbed && a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
           a->handshake == b->handshake && a->handshake_rtt_ns == b->handshake_rtt_ns &&
           a->has_previous == b->has_previous && a->client_rtt_ns == b->client_rtt_ns &&
           a->server_rtt_ns == b->server_rtt_ns && a->zeek_state == b->zeek_state &&
           a->completeness == b->completeness && a->caveats == b->caveats;
}

bool same_conclusion(const struct conclusion *a, const struct conclusion *b)
{
    bool same = same_evidence(&a->basis.evidence, &b->basis.evidence) &&
                same_verdict(&a->verdict, &b->verdict);
    for (int x = 0; x < 2; x++)
        same = same && same_traces(&a->basis.ends[x], &b->basis.ends[x]) &&
               same_states(&a->states[x], &b->states[x]);
    return same;
}

/* ---- one connection, concluded both ways ---------------------------------------------------- */

static void print_states(const struct endpoint_states *s, const char *way)
{
    print_error("%s: state %s, possible %x, %u entries, FIN active %d, presumed %d\n", way,
                tcp_state_name(s->state), s->possible, s->count, s->active, s->active_presumed);
}

static void print_log(const struct connection *c, const struct evidence *ev)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        print_error("%d +%lld side %d flags %02x marks %02x seq %u ack %u len %u ts %u %u\n", i,
                    (long long)(g->time_ns - ev->log[0].time_ns), g->side, g->flags, g->marks,
                    g->seq.n - c->side[g->side].isn.n, g->ack.n - c->side[!g->side].isn.n,
                    g->payload_len, g->ts_val, g->ts_ecr);
    }
}

enum shape both_ways(const struct connection *c, const struct analyzer_config *config,
                     int64_t now_ns, const char *what)
{
    static struct conclusion plain;
    static struct conclusion at_length;
    conclude(c, config, now_ns, false, &plain);
    if (plain.basis.shape == SHAPE_ANY)
        return SHAPE_ANY;
    conclude_at_length(c, config, now_ns, false, &at_length);
    if (!same_conclusion(&plain, &at_length)) {
        print_error("%s: shape %d, the same verdict: %d\n", what, (int)plain.basis.shape,
                    same_verdict(&plain.verdict, &at_length.verdict));
        for (int x = 0; x < 2; x++) {
            print_states(&plain.states[x], "the short way");
            print_states(&at_length.states[x], "at length");
        }
        print_log(c, &plain.basis.evidence);
        fail();
    }
    return plain.basis.shape;
}
