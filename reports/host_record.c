#include "reports/host_record.h"

#include "reports/record_words.h"
#include "reports/sentence.h"

#define DATASET "finwait.host"

static int64_t capture_start_ns(const struct capture_findings *findings)
{
    int64_t start_ns = TIME_UNKNOWN;
    for (uint32_t i = 0; i < findings->file_count; i++) {
        int64_t file_ns = findings->files[i].start_ns;
        if (file_ns != TIME_UNKNOWN && (start_ns == TIME_UNKNOWN || file_ns < start_ns))
            start_ns = file_ns;
    }
    return start_ns;
}

static void put_connections(struct json_writer *writer, const struct host_verdict *verdict)
{
    json_piece(writer, "\"connections\":{\"opened\":");
    json_uint(writer, verdict->opened);
    json_key(writer, "accepted");
    json_uint(writer, verdict->accepted);
    json_key(writer, "closed_first");
    json_uint(writer, verdict->closed_first);
    json_key(writer, "reset_sent");
    json_uint(writer, verdict->reset_sent);
    json_key(writer, "reset_received");
    json_uint(writer, verdict->reset_received);
    json_end_object(writer);
}

static void put_peak_at(struct json_writer *writer, struct record_context *context, int64_t at_ns)
{
    if (at_ns == TIME_UNKNOWN)
        return;
    json_key(writer, "peak_at");
    record_time(writer, context, at_ns);
}

static void put_states(struct json_writer *writer, struct record_context *context,
                       const struct host_verdict *verdict)
{
    json_piece(writer, "\"states\":{");
    for (unsigned state = 0; state < STATE_UNKNOWN; state++) {
        const struct state_load *load = &verdict->states[state];
        if (!load->peak)
            continue;
        record_word(writer, state_words, state);
        json_colon(writer);
        json_piece(writer, "{\"peak\":");
        json_uint(writer, load->peak);
        put_peak_at(writer, context, load->peak_at_ns);
        json_key(writer, "mean");
        json_uint(writer, load->mean);
        json_end_object(writer);
    }
    json_end_object(writer);
}

static void put_services(struct json_writer *writer, struct record_context *context,
                         const struct host_verdict *verdict)
{
    json_piece(writer, "\"services\":[");
    for (uint32_t i = 0; i < verdict->service_count; i++) {
        const struct service_use *use = &verdict->services[i];
        json_begin_object(writer);
        record_address(writer, use->address);
        json_key(writer, "port");
        json_uint(writer, use->port);
        json_key(writer, "ports_in_use_peak");
        json_uint(writer, use->ports_in_use_peak);
        put_peak_at(writer, context, use->peak_at_ns);
        json_key(writer, "port_range");
        json_uint(writer, use->port_range);
        json_key(writer, "range_widened");
        json_bool(writer, use->range_widened);
        json_key(writer, "used_permille");
        json_uint(writer, use->used_permille);
        json_key(writer, "server_held_peak");
        json_uint(writer, use->server_held_peak);
        json_end_object(writer);
    }
    json_end_array(writer);
}

void host_record(struct json_writer *writer, struct record_context *context,
                 const struct host_verdict *verdict)
{
    struct sentence subject;
    sentence_init(&subject);
    if (!verdict->others)
        sentence_add_host(&subject, verdict->address);
    int64_t start_ns = capture_start_ns(context->findings);

    json_begin_object(writer);
    if (start_ns != TIME_UNKNOWN) {
        json_key(writer, "@timestamp");
        record_time(writer, context, start_ns);
    }
    record_metric_event(writer, context, DATASET, subject.text);
    record_origin(writer, context);
    record_host(writer, verdict->others ? NULL : verdict->address);
    put_connections(writer, verdict);
    put_states(writer, context, verdict);
    put_services(writer, context, verdict);
    json_end_object(writer);
}
