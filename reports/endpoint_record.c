#include "reports/endpoint_record.h"

#include "reports/address_text.h"
#include "reports/record_words.h"

static void put_state_entry(struct json_writer *writer, struct record_context *context,
                            const struct state_entry *entry)
{
    json_piece(writer, "{\"state\":");
    record_word(writer, state_words, entry->state);
    if (entry->at_ns != TIME_UNKNOWN) {
        json_key(writer, "at");
        record_time(writer, context, entry->at_ns);
    }
    if (entry->frame != FRAME_NONE) {
        json_key(writer, "file");
        json_uint(writer, frame_file(entry->frame));
        json_key(writer, "frame");
        json_uint(writer, frame_number(entry->frame));
    }
    json_key(writer, "cause");
    record_word(writer, state_cause_words, entry->cause);
    json_key(writer, "certainty");
    record_word(writer, certainty_words, entry->certainty);
    if (entry->confirmed_by != FRAME_NONE) {
        json_key(writer, "confirmed_by");
        record_frame(writer, entry->confirmed_by);
    }
    if (entry->retracted) {
        json_key(writer, "retracted");
        json_bool(writer, true);
    }
    json_end_object(writer);
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

    json_piece(writer, "\"state_ns\":{");
    for (unsigned state = 0; state < STATES; state++) {
        if (known & 1u << state) {
            json_key_name(writer, tcp_state_name(state));
            json_uint(writer, total_ns[state]);
        }
    }
    json_end_object(writer);
}

static void put_states(struct json_writer *writer, struct record_context *context,
                       const struct endpoint_verdict *endpoint, int64_t end_ns)
{
    json_key(writer, "state");
    record_word(writer, state_words, endpoint->state);
    json_key(writer, "state_certainty");
    record_word(writer, certainty_words, endpoint->state_certainty);
    json_piece(writer, "\"possible_states\":[");
    for (unsigned state = 0; state < STATES; state++) {
        if (endpoint->possible_states & 1u << state)
            record_word(writer, state_words, state);
    }
    json_end_array(writer);
    json_piece(writer, "\"states\":[");
    for (uint32_t i = 0; i < endpoint->state_count; i++)
        put_state_entry(writer, context, &endpoint->states[i]);
    json_end_array(writer);
    put_stays(writer, endpoint, end_ns);
}

static void put_counters(struct json_writer *writer, const struct endpoint_verdict *endpoint)
{
    if (endpoint->has_isn) {
        json_key(writer, "isn");
        json_uint(writer, endpoint->isn);
    }
    if (endpoint->has_next_seq) {
        json_key(writer, "next_seq");
        json_uint(writer, endpoint->next_seq);
    }
    json_key(writer, "payload_bytes");
    json_uint(writer, endpoint->payload_bytes);
    json_key(writer, "unique_bytes");
    json_uint(writer, endpoint->unique_bytes);
    if (endpoint->has_unacked) {
        json_key(writer, "unacked_bytes");
        json_uint(writer, endpoint->unacked_bytes);
    }
    json_key(writer, "retransmitted_segments");
    json_uint(writer, endpoint->retransmitted_segments);
    json_key(writer, "retransmitted_bytes");
    json_uint(writer, endpoint->retransmitted_bytes);
    json_key(writer, "out_of_order_segments");
    json_uint(writer, endpoint->out_of_order_segments);
    json_key(writer, "capture_duplicates");
    json_uint(writer, endpoint->capture_duplicates);
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
    if (endpoint->has_ttl) {
        json_key(writer, "ttl");
        json_uint(writer, endpoint->ttl);
    }
    if (endpoint->has_mss) {
        json_key(writer, "mss");
        json_uint(writer, endpoint->mss);
    }
    if (endpoint->has_window_scale) {
        json_key(writer, "window_scale");
        json_uint(writer, endpoint->window_scale);
    }
    if (endpoint->handshake_seen) {
        json_key(writer, "sack");
        json_bool(writer, endpoint->sack);
        json_key(writer, "timestamps");
        json_bool(writer, endpoint->timestamps);
    }
}

void endpoint_record(struct json_writer *writer, struct record_context *context,
                     const struct endpoint_verdict *endpoint, int64_t end_ns)
{
    char address[ADDRESS_TEXT_BYTES];
    address_text(address, endpoint->address);
    json_piece(writer, "{\"ip\":");
    json_name(writer, address);
    json_key(writer, "port");
    json_uint(writer, endpoint->port);
    json_key(writer, "packets");
    json_uint(writer, endpoint->packets);
    json_key(writer, "bytes");
    json_uint(writer, endpoint->bytes);
    put_states(writer, context, endpoint, end_ns);
    put_counters(writer, endpoint);
    put_fin(writer, &endpoint->fin);
    put_rst(writer, &endpoint->rst);
    put_offers(writer, endpoint);
    json_end_object(writer);
}
