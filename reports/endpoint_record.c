#include "reports/endpoint_record.h"

#include "reports/address_text.h"
#include "reports/record_words.h"

#define STATE_ENTRY_MOST 512

static char *run_state_entry(char *at, struct record_context *context,
                             const struct state_entry *entry)
{
    at = run_text(at, "{\"state\":");
    at = run_word(at, record_word_at(state_words, entry->state));
    if (entry->at_ns != TIME_UNKNOWN) {
        at = run_text(at, ",\"at\":");
        at = run_time(at, context, entry->at_ns);
    }
    if (entry->frame != FRAME_NONE) {
        at = run_text(at, ",");
        at = run_frame(at, entry->frame);
    }
    at = run_text(at, ",\"cause\":");
    at = run_word(at, record_word_at(state_cause_words, entry->cause));
    at = run_text(at, ",\"certainty\":");
    at = run_word(at, record_word_at(certainty_words, entry->certainty));
    if (entry->confirmed_by != FRAME_NONE) {
        at = run_text(at, ",\"confirmed_by\":{");
        at = run_frame(at, entry->confirmed_by);
        at = run_text(at, "}");
    }
    return entry->retracted ? run_text(at, ",\"retracted\":true}") : run_text(at, "}");
}

static void put_state_entry(struct json_writer *writer, struct record_context *context,
                            const struct state_entry *entry)
{
    char *at = json_run(writer, STATE_ENTRY_MOST);
    at[0] = ',';
    at += writer->comma;
    json_run_end(writer, run_state_entry(at, context, entry));
}

/* Adds what passed from one time to the other, if that is known. */
static bool add_stay(uint64_t *total_ns, int64_t from_ns, int64_t to_ns)
{
    uint64_t stay_ns;
    if (!record_elapsed(from_ns, to_ns, &stay_ns))
        return false;
    if (__builtin_add_overflow(*total_ns, stay_ns, total_ns))
        *total_ns = UINT64_MAX;
    return true;
}

/* How long the endpoint was in each state, by what is believed at the end. A state left and
 * entered again has its stays added up. */
static void put_stays(struct json_writer *writer, const struct endpoint_verdict *endpoint,
                      int64_t end_ns)
{
    uint64_t total_ns[STATES] = {0};
    unsigned known = 0; /* bit 1 << state */
    const struct state_entry *last = NULL;
    for (uint32_t i = 0; i < endpoint->state_count; i++) {
        const struct state_entry *entry = &endpoint->states[i];
        if (entry->retracted)
            continue;
        if (last && add_stay(&total_ns[last->state], last->at_ns, entry->at_ns))
            known |= 1u << last->state;
        last = entry;
    }
    if (last && last->state != STATE_CLOSED &&
        add_stay(&total_ns[last->state], last->at_ns, end_ns))
        known |= 1u << last->state;
    if (!known)
        return;

    char *at = json_run(writer, STATES * (JSON_WORD_BYTES + 24) + 16);
    at = run_text(at, ",\"state_ns\":");
    char before = '{';
    for (unsigned state = 0; state < STATES; state++) {
        if (!(known & 1u << state))
            continue;
        *at++ = before;
        before = ',';
        at = run_word(at, &state_words[state]);
        *at++ = ':';
        at = run_uint(at, total_ns[state]);
    }
    json_run_end(writer, run_text(at, "}"));
}

static void put_states(struct json_writer *writer, struct record_context *context,
                       const struct endpoint_verdict *endpoint, int64_t end_ns)
{
    json_key(writer, "state");
    record_word(writer, state_words, endpoint->state);
    json_key(writer, "state_certainty");
    record_word(writer, certainty_words, endpoint->state_certainty);
    json_piece(writer, "\"possible_states\":[");
    unsigned possible = endpoint->possible_states & ((1u << STATES) - 1);
    for (; possible; possible &= possible - 1)
        record_word(writer, state_words, (unsigned)__builtin_ctz(possible));
    json_end_array(writer);
    json_piece(writer, "\"states\":[");
    for (uint32_t i = 0; i < endpoint->state_count; i++)
        put_state_entry(writer, context, &endpoint->states[i]);
    json_end_array(writer);
    put_stays(writer, endpoint, end_ns);
}

/* One member, with its comma. */
#define run_count(at, name, value) run_uint(run_text((at), ",\"" name "\":"), (value))

static void put_counters(struct json_writer *writer, const struct endpoint_verdict *endpoint)
{
    char *at = json_run(writer, 512);
    if (endpoint->has_isn)
        at = run_count(at, "isn", endpoint->isn);
    if (endpoint->has_next_seq)
        at = run_count(at, "next_seq", endpoint->next_seq);
    at = run_count(at, "payload_bytes", endpoint->payload_bytes);
    at = run_count(at, "unique_bytes", endpoint->unique_bytes);
    if (endpoint->has_unacked)
        at = run_count(at, "unacked_bytes", endpoint->unacked_bytes);
    at = run_count(at, "retransmitted_segments", endpoint->retransmitted_segments);
    at = run_count(at, "retransmitted_bytes", endpoint->retransmitted_bytes);
    at = run_count(at, "out_of_order_segments", endpoint->out_of_order_segments);
    at = run_count(at, "capture_duplicates", endpoint->capture_duplicates);
    json_run_end(writer, at);
}

static void put_frames(struct json_writer *writer, const frame_ref *frames, uint32_t count)
{
    if (!count)
        return;
    json_piece(writer, "\"frames\":[");
    for (uint32_t i = 0; i < count; i++)
        record_frame(writer, frames[i]);
    json_end_array(writer);
}

static void put_fin(struct json_writer *writer, const struct fin_verdict *fin)
{
    json_piece(writer, "\"fin\":{\"count\":");
    json_uint(writer, fin->count);
    if (fin->count || fin->implied) {
        put_frames(writer, fin->frames, fin->frame_count);
        json_key(writer, "seq");
        json_uint(writer, fin->seq);
        if (fin->acked_by != FRAME_NONE) {
            json_key(writer, "acked_by");
            record_frame(writer, fin->acked_by);
        }
        if (fin->active_known) {
            json_key(writer, "active");
            json_bool(writer, fin->active);
        }
    }
    json_end_object(writer);
}

static void put_rst(struct json_writer *writer, const struct rst_verdict *rst)
{
    json_piece(writer, "\"rst\":{\"count\":");
    json_uint(writer, rst->count);
    put_frames(writer, rst->frames, rst->frame_count);
    json_end_object(writer);
}

/* SACK and timestamps can be ruled out only by one who has seen the SYN. */
static void put_offers(struct json_writer *writer, const struct endpoint_verdict *endpoint)
{
    char *at = json_run(writer, 128);
    if (endpoint->has_ttl)
        at = run_count(at, "ttl", endpoint->ttl);
    if (endpoint->has_mss)
        at = run_count(at, "mss", endpoint->mss);
    if (endpoint->has_window_scale)
        at = run_count(at, "window_scale", endpoint->window_scale);
    if (endpoint->handshake_seen) {
        at = endpoint->sack ? run_text(at, ",\"sack\":true") : run_text(at, ",\"sack\":false");
        at = endpoint->timestamps ? run_text(at, ",\"timestamps\":true")
                                  : run_text(at, ",\"timestamps\":false");
    }
    json_run_end(writer, at);
}

void endpoint_record(struct json_writer *writer, struct record_context *context,
                     const struct endpoint_verdict *endpoint, int64_t end_ns)
{
    char address[ADDRESS_TEXT_BYTES];
    size_t length = address_text(address, endpoint->address);
    json_piece(writer, "{\"ip\":");
    json_name_bytes(writer, address, length);
    char *at = json_run(writer, 128);
    at = run_count(at, "port", endpoint->port);
    at = run_count(at, "packets", endpoint->packets);
    at = run_count(at, "bytes", endpoint->bytes);
    json_run_end(writer, at);
    put_states(writer, context, endpoint, end_ns);
    put_counters(writer, endpoint);
    put_fin(writer, &endpoint->fin);
    put_rst(writer, &endpoint->rst);
    put_offers(writer, endpoint);
    json_end_object(writer);
}
