#include "reports/connection_record.h"

#include "reports/endpoint_record.h"
#include "reports/identity.h"
#include "reports/record_words.h"

#include <stdio.h>

#define DATASET "finwait.connection"

static bool start_seen(const struct connection_verdict *verdict)
{
    return verdict->completeness & (COMPLETE_SYN | COMPLETE_SYN_ACK) ||
           verdict->client.handshake_seen || verdict->server.handshake_seen;
}

static bool end_seen(const struct connection_verdict *verdict)
{
    return verdict->close.kind == CLOSE_GRACEFUL || verdict->close.kind == CLOSE_SIMULTANEOUS ||
           verdict->close.kind == CLOSE_RESET;
}

static void put_event_times(struct json_writer *writer, struct record_context *context,
                            int64_t start_ns, int64_t end_ns)
{
    bool start_known = start_ns != TIME_UNKNOWN, end_known = end_ns != TIME_UNKNOWN;
    if (start_known) {
        json_key(writer, "start");
        record_time(writer, context, start_ns);
    }
    if (end_known) {
        json_key(writer, "end");
        record_time(writer, context, end_ns);
    }
    if (start_known) {
        json_key(writer, "start_ns");
        json_int(writer, start_ns);
    }
    if (end_known) {
        json_key(writer, "end_ns");
        json_int(writer, end_ns);
    }
    uint64_t duration_ns;
    if (record_elapsed(start_ns, end_ns, &duration_ns)) {
        json_key(writer, "duration");
        json_uint(writer, duration_ns);
    }
}

static void put_event(struct json_writer *writer, struct record_context *context,
                      const struct connection_verdict *verdict, const char *connection)
{
    char id[HEX_DIGEST_BYTES];
    event_id(DATASET, context->findings->digest, connection, id);
    json_piece(writer, "\"event\":{\"kind\":\"event\"");
    json_piece(writer, "\"category\":[\"network\"]");
    json_piece(writer, "\"type\":[\"connection\"");
    if (start_seen(verdict))
        json_name(writer, "start");
    if (end_seen(verdict))
        json_name(writer, "end");
    json_end_array(writer);
    json_key(writer, "dataset");
    json_name(writer, DATASET);
    json_key(writer, "id");
    json_name(writer, id);
    put_event_times(writer, context, verdict->start_ns, verdict->end_ns);
    json_end_object(writer);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_add_overflow(a, b, &result) ? UINT64_MAX : result;
}

static void put_network(struct json_writer *writer, const struct connection_verdict *verdict)
{
    char community[COMMUNITY_ID_BYTES];
    community_id(verdict, community);
    json_piece(writer, "\"network\":{\"transport\":\"tcp\"");
    json_key(writer, "type");
    json_name(writer, verdict->ip_version == 4 ? "ipv4" : "ipv6");
    json_key(writer, "community_id");
    json_text(writer, community, COMMUNITY_ID_BYTES - 1);
    json_key(writer, "packets");
    json_uint(writer, sum(verdict->client.packets, verdict->server.packets));
    json_key(writer, "bytes");
    json_uint(writer, sum(verdict->client.bytes, verdict->server.bytes));
    if (verdict->vlan != VLAN_NONE) {
        char id[sizeof "65535"];
        snprintf(id, sizeof id, "%u", (unsigned)verdict->vlan);
        json_piece(writer, "\"vlan\":{\"id\":");
        json_name(writer, id);
        json_end_object(writer);
    }
    json_end_object(writer);
}

static void put_handshake(struct json_writer *writer, const struct connection_verdict *verdict)
{
    json_piece(writer, "\"handshake\":{\"kind\":");
    record_word(writer, handshake_words, verdict->handshake);
    if (verdict->handshake_rtt_ns >= 0) {
        json_key(writer, "rtt_ns");
        json_int(writer, verdict->handshake_rtt_ns);
    }
    json_end_object(writer);
}

static void put_close_reset(struct json_writer *writer, const struct connection_verdict *verdict)
{
    json_piece(writer, "\"reset\":{\"by\":");
    record_word(writer, role_words, verdict->close.reset_by);
    json_key(writer, "form");
    record_word(writer, reset_form_words, verdict->close.reset_form);
    json_key(writer, "stage");
    record_word(writer, reset_stage_words, verdict->close.reset_stage);
    if (verdict->close.reset_cause < RULES) {
        json_key(writer, "cause");
        json_name(writer, rule_table[verdict->close.reset_cause].id);
    }
    json_end_object(writer);
}

static void put_close_began(struct json_writer *writer, const struct connection_verdict *verdict)
{
    if (verdict->close.by != ROLE_NONE) {
        json_key(writer, "by");
        record_word(writer, role_words, verdict->close.by);
        json_key(writer, "by_certainty");
        record_word(writer, certainty_words, verdict->close.by_certainty);
    }
    json_key(writer, "half_close");
    json_bool(writer, verdict->close.half_close);
    json_key(writer, "segments");
    json_uint(writer, verdict->close.segments);
}

static void put_close(struct json_writer *writer, struct record_context *context,
                      const struct connection_verdict *verdict)
{
    enum close_kind kind = verdict->close.kind;
    bool began = (kind != CLOSE_OPEN && kind != CLOSE_NONE) || verdict->close.segments ||
                 verdict->close.has_reset;
    json_piece(writer, "\"close\":{\"kind\":");
    record_word(writer, close_kind_words, kind);
    if (began)
        put_close_began(writer, verdict);
    if (verdict->close.start_ns != TIME_UNKNOWN) {
        json_key(writer, "start");
        record_time(writer, context, verdict->close.start_ns);
    }
    if (verdict->close.duration_ns >= 0) {
        json_key(writer, "duration_ns");
        json_int(writer, verdict->close.duration_ns);
    }
    if (verdict->close.idle_before_ns >= 0) {
        json_key(writer, "idle_before_ns");
        json_int(writer, verdict->close.idle_before_ns);
    }
    if (began) {
        json_key(writer, "time_wait_held_by");
        record_word(writer, role_words, verdict->close.time_wait_held_by);
    }
    if (verdict->close.time_wait_until_ns != TIME_UNKNOWN) {
        json_key(writer, "time_wait_until");
        record_time(writer, context, verdict->close.time_wait_until_ns);
    }
    if (verdict->close.has_reset)
        put_close_reset(writer, verdict);
    json_end_object(writer);
}

static void put_previous(struct json_writer *writer, const struct connection_verdict *verdict)
{
    if (!verdict->has_previous)
        return;
    char id[CONNECTION_ID_BYTES];
    struct connection_identity identity = identity_of_previous(verdict);
    connection_id(&identity, id);
    json_piece(writer, "\"previous\":{\"connection\":");
    json_name(writer, id);
    if (verdict->previous.gap_ns >= 0) {
        json_key(writer, "gap_ns");
        json_int(writer, verdict->previous.gap_ns);
    }
    json_end_object(writer);
}

/* True when the one way takes less than a quarter of the other. */
static bool much_shorter(int64_t rtt_ns, int64_t other_ns)
{
    return other_ns > 0 && rtt_ns <= (other_ns - 1) / 4;
}

static void put_tap(struct json_writer *writer, int64_t client_ns, int64_t server_ns)
{
    if (client_ns < 0 && server_ns < 0)
        return;
    json_piece(writer, "\"tap\":{");
    if (client_ns >= 0) {
        json_key(writer, "client_rtt_ns");
        json_int(writer, client_ns);
    }
    if (server_ns >= 0) {
        json_key(writer, "server_rtt_ns");
        json_int(writer, server_ns);
    }
    if (client_ns >= 0 && server_ns >= 0) {
        json_key(writer, "near");
        json_name(writer, much_shorter(client_ns, server_ns)   ? "client"
                          : much_shorter(server_ns, client_ns) ? "server"
                                                               : "middle");
    }
    json_end_object(writer);
}

static void put_interface(struct json_writer *writer, const struct record_context *context,
                          uint32_t interface)
{
    const char *name = findings_interface_name(context->findings, interface);
    if (!name)
        return;
    char clean[TEXT_CLEAN_BYTES];
    size_t length = text_clean(clean, sizeof clean, name, strlen(name));
    json_key(writer, "interface");
    json_text(writer, clean, length);
}

static void put_tcp(struct json_writer *writer, struct record_context *context,
                    const struct connection_verdict *verdict, const char *connection)
{
    json_piece(writer, "\"tcp\":{\"connection\":");
    json_name(writer, connection);
    json_key(writer, "incarnation");
    json_uint(writer, verdict->incarnation);
    if (context->findings->file_count == 1) {
        json_key(writer, "stream");
        json_uint(writer, verdict->stream);
    }
    json_key(writer, "client_known_by");
    record_word(writer, client_known_by_words, verdict->client_known_by);
    json_key(writer, "visibility");
    record_word(writer, visibility_words, verdict->visibility);
    if (verdict->tunnel != TUNNEL_NONE) {
        json_key(writer, "tunnel");
        json_name(writer, tunnel_name(verdict->tunnel));
    }
    put_interface(writer, context, verdict->interface);
    put_handshake(writer, verdict);
    put_close(writer, context, verdict);
    put_previous(writer, verdict);
    put_tap(writer, verdict->client_rtt_ns, verdict->server_rtt_ns);
    json_end_object(writer);
}

/* How other tools that users know would call it. */
static void put_other_words(struct json_writer *writer, const struct connection_verdict *verdict)
{
    json_piece(writer, "\"zeek\":{\"conn_state\":");
    record_word(writer, zeek_state_words, verdict->zeek_state);
    json_end_object(writer);
    json_piece(writer, "\"wireshark\":{\"completeness\":");
    json_uint(writer, verdict->completeness);
    json_end_object(writer);
}

/* Each once, in the order of the catalogue. */
static void put_rules(struct json_writer *writer, const struct connection_verdict *verdict)
{
    bool fired[RULES] = {false};
    for (uint32_t i = 0; i < verdict->anomaly_count; i++)
        fired[verdict->anomalies[i].rule] = true;
    json_piece(writer, "\"rules\":[");
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (fired[rule])
            json_name(writer, rule_table[rule].id);
    }
    json_end_array(writer);
}

void connection_record(struct json_writer *writer, struct record_context *context,
                       const struct connection_verdict *verdict)
{
    char connection[CONNECTION_ID_BYTES];
    struct connection_identity identity = identity_of(verdict);
    connection_id(&identity, connection);

    json_begin_object(writer);
    if (verdict->start_ns != TIME_UNKNOWN) {
        json_key(writer, "@timestamp");
        record_time(writer, context, verdict->start_ns);
    }
    put_event(writer, context, verdict, connection);
    record_origin(writer, context);
    put_network(writer, verdict);
    json_key(writer, "client");
    endpoint_record(writer, context, &verdict->client, verdict->end_ns);
    json_key(writer, "server");
    endpoint_record(writer, context, &verdict->server, verdict->end_ns);
    put_tcp(writer, context, verdict, connection);
    put_other_words(writer, verdict);
    put_rules(writer, verdict);
    record_caveats(writer, verdict->caveats);
    json_end_object(writer);
}
