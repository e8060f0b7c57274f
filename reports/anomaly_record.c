#include "reports/anomaly_record.h"

#include "reports/address_text.h"
#include "reports/flags_text.h"
#include "reports/identity.h"
#include "reports/record_words.h"
#include "reports/sentence.h"
#include "reports/text_clean.h"

#define DATASET "finwait.anomaly"

/* What is known of a record before it is written. */
struct told {
    const struct anomaly_verdict *anomaly;
    const struct connection_verdict
        *connection; /* or NULL; of this its name, and its ends as text */
    char name[CONNECTION_ID_BYTES];
    struct told_end {
        const struct endpoint_verdict *end;
        size_t length;
        char address[ADDRESS_TEXT_BYTES];
    } client, server;
};

static void tell_end(struct told_end *told, const struct endpoint_verdict *end)
{
    told->end = end;
    told->length = address_text(told->address, end->address);
}

static void tell(struct told *told, const struct anomaly_verdict *anomaly,
                 const struct connection_verdict *connection)
{
    told->anomaly = anomaly;
    told->connection = connection;
    told->name[0] = '\0';
    if (!connection)
        return;
    struct connection_identity identity = identity_of(connection);
    connection_id(&identity, told->name);
    tell_end(&told->client, &connection->client);
    tell_end(&told->server, &connection->server);
}

/* A rule speaks once about each endpoint of a connection; about a host, once a service and time. */
#define SUBJECT_BYTES 320

static char *add(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static void subject_of(const struct told *told, char out[SUBJECT_BYTES])
{
    const struct anomaly_verdict *anomaly = told->anomaly;
    const struct anomaly_evidence *first = anomaly->evidence_count ? anomaly->evidence : NULL;
    char *at = add(out, rule_table[anomaly->rule].id);
    *at++ = ' ';
    at = add(at, told->name);
    if (anomaly->has_host)
        at += address_text(at, anomaly->host_address);
    *at++ = ' ';
    if (anomaly->has_service) {
        struct sentence service;
        sentence_init(&service);
        sentence_add_service(&service, anomaly->service_address, anomaly->service_port);
        at = add(at, service.text);
    }
    *at++ = ' ';
    at = add(at, role_name(anomaly->endpoint));
    *at++ = ' ';
    at += json_decimal(at, (uint64_t)(first ? first->at_ns : anomaly->at_ns));
    *at++ = ' ';
    at += json_decimal(at, first ? first->seq : 0);
    *at = '\0';
}

static void put_event(struct json_writer *writer, struct record_context *context,
                      const struct told *told)
{
    const struct anomaly_verdict *anomaly = told->anomaly;
    char id[HEX_DIGEST_BYTES];
    char subject[SUBJECT_BYTES];
    struct sentence reason;
    subject_of(told, subject);
    event_id(DATASET, context->findings->digest, subject, id);
    sentence_by_template(&reason, &context->sentences[anomaly->rule], anomaly, told->connection);
    json_piece(writer, "\"event\":{\"kind\":");
    json_name_bytes(writer, anomaly->severity >= SEVERITY_WARNING ? "alert" : "event", 5);
    json_piece(writer, "\"category\":[\"network\"],\"type\":[\"info\"],"
                       "\"dataset\":\"" DATASET "\",\"id\":");
    json_name_bytes(writer, id, sizeof id - 1);
    json_key(writer, "severity");
    json_uint(writer, anomaly->severity);
    json_key(writer, "reason");
    json_text(writer, reason.text, reason.length);
    json_end_object(writer);
}

static void put_rule(struct json_writer *writer, const struct anomaly_verdict *anomaly)
{
    const struct rule_info *rule = &rule_table[anomaly->rule];
    json_piece(writer, "\"rule\":{\"id\":");
    record_word(writer, rule_words, anomaly->rule);
    json_key(writer, "category");
    record_word(writer, category_words, rule->category);
    json_key(writer, "name");
    record_word(writer, rule_titles, anomaly->rule);
    json_end_object(writer);
    json_key(writer, "severity");
    record_word(writer, severity_words, anomaly->severity);
    json_key(writer, "confidence");
    record_word(writer, confidence_words, anomaly->confidence);
    record_caveats(writer, anomaly->caveats);
    json_key(writer, "scope");
    record_word(writer, scope_words, rule->scope);
}

static void put_address(struct json_writer *writer, const struct told_end *told)
{
    json_key(writer, "ip");
    json_name_bytes(writer, told->address, told->length);
    json_key(writer, "port");
    json_uint(writer, told->end->port);
}

static void put_endpoint(struct json_writer *writer, const struct told *told)
{
    enum role role = told->anomaly->endpoint;
    json_piece(writer, "\"endpoint\":{\"role\":");
    record_word(writer, role_words, role == ROLE_NONE ? ROLE_BOTH : role);
    if (role == ROLE_CLIENT || role == ROLE_SERVER) {
        const struct told_end *x = role == ROLE_CLIENT ? &told->client : &told->server;
        put_address(writer, x);
        if (x->end->fin.active_known) {
            json_key(writer, "closed");
            json_name(writer, x->end->fin.active ? "active" : "passive");
        }
    }
    json_end_object(writer);
}

static void put_end(struct json_writer *writer, const struct told_end *told, uint8_t state)
{
    json_begin_object(writer);
    put_address(writer, told);
    if (state != STATE_UNKNOWN) {
        json_key(writer, "state");
        record_word(writer, state_words, state);
    }
    json_end_object(writer);
}

static void put_connection(struct json_writer *writer, const struct told *told)
{
    put_endpoint(writer, told);
    json_key(writer, "client");
    put_end(writer, &told->client, told->anomaly->client_state);
    json_key(writer, "server");
    put_end(writer, &told->server, told->anomaly->server_state);
}

static void put_host(struct json_writer *writer, const struct anomaly_verdict *anomaly)
{
    if (anomaly->has_host)
        record_host(writer, anomaly->host_address);
    if (anomaly->has_service) {
        json_piece(writer, "\"service\":{");
        record_address(writer, anomaly->service_address);
        json_key(writer, "port");
        json_uint(writer, anomaly->service_port);
        json_end_object(writer);
    }
}

static void put_network(struct json_writer *writer, const struct told *told)
{
    const struct connection_verdict *connection = told->connection;
    json_piece(writer, "\"network\":{\"transport\":\"tcp\"");
    if (connection) {
        char community[COMMUNITY_ID_BYTES];
        community_id(connection, community);
        json_key(writer, "community_id");
        json_text(writer, community, COMMUNITY_ID_BYTES - 1);
    }
    json_end_object(writer);
    if (connection) {
        json_piece(writer, "\"tcp\":{\"connection\":");
        json_name_bytes(writer, told->name, sizeof told->name - 1);
        json_end_object(writer);
    }
}

static void put_piece(struct json_writer *writer, struct record_context *context,
                      const struct anomaly_evidence *piece)
{
    char *at = json_run(writer, 384);
    at[0] = ',';
    at += writer->comma;
    at = run_text(at, "{");
    at = run_frame(at, piece->frame);
    if (piece->at_ns != TIME_UNKNOWN) {
        at = run_text(at, ",\"at\":");
        at = run_time(at, context, piece->at_ns);
    }
    at = run_text(at, ",\"from\":");
    at = run_word(at, record_word_at(role_words, piece->from));
    at = run_text(at, ",\"flags\":\"");
    at = flags_letters(piece->flags, at);
    at = run_text(at, "\",\"seq\":");
    at = run_uint(at, piece->seq);
    if (piece->flags & TCP_ACK) {
        at = run_text(at, ",\"ack\":");
        at = run_uint(at, piece->ack);
    }
    at = run_text(at, ",\"len\":");
    json_run_end(writer, run_uint(at, piece->payload_len));
    json_key(writer, "note");
    json_text(writer, piece->note, strlen(piece->note));
    json_end_object(writer);
}

static void put_evidence(struct json_writer *writer, struct record_context *context,
                         const struct anomaly_verdict *anomaly)
{
    json_piece(writer, "\"evidence\":[");
    for (uint32_t i = 0; i < anomaly->evidence_count; i++)
        put_piece(writer, context, &anomaly->evidence[i]);
    json_end_array(writer);
    if (anomaly->evidence_total > anomaly->evidence_count) {
        json_key(writer, "evidence_omitted");
        json_uint(writer, anomaly->evidence_total - anomaly->evidence_count);
    }
}

/* What a stranger wrote into an RST. */
static void put_reason(struct json_writer *writer, const struct anomaly_verdict *anomaly)
{
    char clean[8 * ANOMALY_REASON_MAX];
    size_t length =
        text_clean(clean, sizeof clean, (const char *)anomaly->reason, anomaly->reason_len);
    json_text(writer, clean, length);
}

static void put_figures(struct json_writer *writer, const struct anomaly_verdict *anomaly)
{
    json_piece(writer, "\"figures\":{");
    for (uint32_t i = 0; i < anomaly->figure_count; i++) {
        const struct anomaly_figure *figure = &anomaly->figures[i];
        const struct figure_info *info = &figure_table[figure->id];
        json_key_word(writer, &figure_keys[figure->id]);
        switch ((enum figure_type)info->type) {
        case FIGURE_TYPE_INTEGER:
            json_int(writer, figure->integer);
            break;
        case FIGURE_TYPE_BOOLEAN:
            json_bool(writer, figure->integer);
            break;
        case FIGURE_TYPE_TEXT:
            put_reason(writer, anomaly);
            break;
        case FIGURE_TYPE_KEYWORD:
        case FIGURE_TYPES:
            json_name(writer, figure->word);
            break;
        }
    }
    json_end_object(writer);
}

void anomaly_record(struct json_writer *writer, struct record_context *context,
                    const struct anomaly_verdict *anomaly,
                    const struct connection_verdict *connection)
{
    struct told told;
    tell(&told, anomaly, connection);
    json_begin_object(writer);
    if (anomaly->at_ns != TIME_UNKNOWN) {
        json_key(writer, "@timestamp");
        record_time(writer, context, anomaly->at_ns);
    }
    put_event(writer, context, &told);
    record_origin(writer, context);
    put_rule(writer, anomaly);
    if (connection)
        put_connection(writer, &told);
    put_host(writer, anomaly);
    put_network(writer, &told);
    put_evidence(writer, context, anomaly);
    put_figures(writer, anomaly);
    json_end_object(writer);
}
