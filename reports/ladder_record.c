#include "reports/ladder_record.h"

#include "reports/flags_text.h"
#include "reports/identity.h"
#include "reports/record.h"

/* The members at, file and frame, as far as they are known. */
static void put_place(struct json_writer *writer, struct record_context *context, int64_t at_ns,
                      frame_ref frame)
{
    if (at_ns != TIME_UNKNOWN) {
        json_key(writer, "at");
        record_time(writer, context, at_ns);
    }
    if (frame != FRAME_NONE) {
        json_key(writer, "file");
        json_uint(writer, frame_file(frame));
        json_key(writer, "frame");
        json_uint(writer, frame_number(frame));
    }
}

static void put_evidence(struct json_writer *writer, const struct connection_verdict *v,
                         const struct ladder_row *row)
{
    json_key(writer, "evidence_of");
    json_begin_array(writer);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (ladder_evidence(row, &v->anomalies[i]))
            json_name(writer, rule_table[v->anomalies[i].rule].id);
    }
    json_end_array(writer);
}

static void put_segment(struct json_writer *writer, const struct connection_verdict *v,
                        const struct ladder_row *row)
{
    char flags[FLAGS_TEXT_BYTES];
    flags_letters(row->flags, flags);
    json_key(writer, "from");
    json_name(writer, role_name(row->from));
    json_key(writer, "class");
    json_name(writer, segment_class_name(row->segment_class));
    json_key(writer, "flags");
    json_name(writer, flags);
    json_key(writer, "seq");
    json_uint(writer, row->seq);
    json_key(writer, "relative_seq");
    json_uint(writer, row->relative_seq);
    if (row->flags & TCP_ACK) {
        json_key(writer, "ack");
        json_uint(writer, row->ack);
        json_key(writer, "relative_ack");
        json_uint(writer, row->relative_ack);
    }
    json_key(writer, "len");
    json_uint(writer, row->payload_len);
    json_key(writer, "window");
    json_uint(writer, row->window);
    put_evidence(writer, v, row);
}

static void put_sum(struct json_writer *writer, const struct ladder_sum *sum)
{
    json_begin_object(writer);
    json_key(writer, "segments");
    json_uint(writer, sum->segments);
    json_key(writer, "payload_bytes");
    json_uint(writer, sum->payload_bytes);
    json_key(writer, "classes");
    json_begin_object(writer);
    for (unsigned i = 0; i < SEGMENT_CLASSES; i++) {
        if (!sum->classes[i])
            continue;
        json_key_name(writer, segment_class_name(i));
        json_uint(writer, sum->classes[i]);
    }
    json_end_object(writer);
    json_end_object(writer);
}

static void put_fold(struct json_writer *writer, struct record_context *context,
                     const struct ladder_row *row)
{
    json_key(writer, "until");
    json_begin_object(writer);
    put_place(writer, context, row->until_ns, row->until_frame);
    json_end_object(writer);
    json_key(writer, "client");
    put_sum(writer, &row->sums[ROLE_CLIENT]);
    json_key(writer, "server");
    put_sum(writer, &row->sums[ROLE_SERVER]);
}

static void put_states(struct json_writer *writer, const struct connection_verdict *v,
                       const struct ladder_row *row)
{
    json_key(writer, "states");
    json_begin_array(writer);
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        for (uint32_t i = 0; i < row->ends[role].count; i++) {
            const struct state_entry *entry = ladder_entry(v, row, role, i);
            json_begin_object(writer);
            json_key(writer, "of");
            json_name(writer, role_name(role));
            json_key(writer, "state");
            json_name(writer, tcp_state_name(entry->state));
            json_key(writer, "cause");
            json_name(writer, state_cause_name(entry->cause));
            json_key(writer, "certainty");
            json_name(writer, certainty_name(entry->certainty));
            json_key(writer, "retracted");
            json_bool(writer, entry->retracted);
            json_end_object(writer);
        }
    }
    json_end_array(writer);
}

static void put_row(struct json_writer *writer, struct record_context *context,
                    const struct connection_verdict *v, const struct ladder_row *row)
{
    static const char *const kinds[] = {
        [LADDER_SEGMENT] = "segment", [LADDER_FOLD] = "fold", [LADDER_TIMER] = "timer"};
    json_begin_object(writer);
    json_key(writer, "kind");
    json_name(writer, kinds[row->kind]);
    put_place(writer, context, row->at_ns, row->frame);
    if (row->kind == LADDER_SEGMENT)
        put_segment(writer, v, row);
    else if (row->kind == LADDER_FOLD)
        put_fold(writer, context, row);
    put_states(writer, v, row);
    json_end_object(writer);
}

static void put_end(struct json_writer *writer, const struct endpoint_verdict *e)
{
    json_begin_object(writer);
    record_address(writer, e->address);
    json_key(writer, "port");
    json_uint(writer, e->port);
    json_end_object(writer);
}

void ladder_record(struct json_writer *writer, const struct connection_verdict *v,
                   const struct ladder_row *rows, size_t count)
{
    struct record_context context = {0};
    struct connection_identity identity = identity_of(v);
    char id[CONNECTION_ID_BYTES];
    connection_id(&identity, id);
    json_begin_object(writer);
    json_key(writer, "connection");
    json_name(writer, id);
    json_key(writer, "client");
    put_end(writer, &v->client);
    json_key(writer, "server");
    put_end(writer, &v->server);
    json_key(writer, "rows");
    json_begin_array(writer);
    for (size_t i = 0; i < count; i++)
        put_row(writer, &context, v, &rows[i]);
    json_end_array(writer);
    json_end_object(writer);
}
