#include "reports/record.h"

#include "reports/address_text.h"
#include "reports/identity.h"

void record_context_init(struct record_context *context, const struct capture_findings *findings,
                         const char *observer)
{
    context->findings = findings;
    context->times = (struct time_cache){0};
    context->observer_len = observer ? text_clean(context->observer, sizeof context->observer,
                                                  observer, strlen(observer))
                                     : 0;
}

bool record_elapsed(int64_t from_ns, int64_t to_ns, uint64_t *elapsed_ns)
{
    /* Computed without limits: only what is below zero does not fit. */
    return from_ns != TIME_UNKNOWN && to_ns != TIME_UNKNOWN &&
           !__builtin_sub_overflow(to_ns, from_ns, elapsed_ns);
}

void record_time(struct json_writer *writer, struct record_context *context, int64_t time_ns)
{
    char text[TIME_TEXT_BYTES];
    time_text(&context->times, time_ns, text);
    json_name_bytes(writer, text, TIME_TEXT_BYTES - 1);
}

void record_frame(struct json_writer *writer, frame_ref frame)
{
    json_begin_object(writer);
    json_key(writer, "file");
    json_uint(writer, frame_file(frame));
    json_key(writer, "frame");
    json_uint(writer, frame_number(frame));
    json_end_object(writer);
}

void record_address(struct json_writer *writer, const uint8_t address[16])
{
    char ip[ADDRESS_TEXT_BYTES];
    size_t length = address_text(ip, address);
    json_key(writer, "ip");
    json_name_bytes(writer, ip, length);
}

void record_host(struct json_writer *writer, const uint8_t *address)
{
    if (!address) {
        json_key(writer, "others");
        json_bool(writer, true);
        return;
    }
    json_key(writer, "host");
    json_begin_object(writer);
    record_address(writer, address);
    json_end_object(writer);
}

void record_metric_event(struct json_writer *writer, const struct record_context *context,
                         const char *dataset, const char *subject)
{
    char id[HEX_DIGEST_BYTES];
    event_id(dataset, context->findings->digest, subject, id);
    json_key(writer, "event");
    json_begin_object(writer);
    json_key(writer, "kind");
    json_name(writer, "metric");
    json_key(writer, "category");
    json_begin_array(writer);
    json_name(writer, "network");
    json_end_array(writer);
    json_key(writer, "type");
    json_begin_array(writer);
    json_name(writer, "info");
    json_end_array(writer);
    json_key(writer, "dataset");
    json_name(writer, dataset);
    json_key(writer, "id");
    json_name(writer, id);
    json_end_object(writer);
}

void record_caveats(struct json_writer *writer, uint32_t caveats)
{
    json_key(writer, "caveats");
    json_begin_array(writer);
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++) {
        if (caveats & 1u << caveat)
            json_name(writer, caveat_name(caveat));
    }
    json_end_array(writer);
}

void record_origin(struct json_writer *writer, const struct record_context *context)
{
    char id[HEX_DIGEST_BYTES];
    digest_text(context->findings->digest, id);
    json_key(writer, "capture");
    json_begin_object(writer);
    json_key(writer, "id");
    json_name(writer, id);
    json_end_object(writer);
    if (context->observer_len) {
        json_key(writer, "observer");
        json_begin_object(writer);
        json_key(writer, "name");
        json_text(writer, context->observer, context->observer_len);
        json_end_object(writer);
    }
    json_key(writer, "ecs");
    json_begin_object(writer);
    json_key(writer, "version");
    json_name(writer, ECS_VERSION);
    json_end_object(writer);
}
