#include "reports/record.h"

#include "reports/address_text.h"
#include "reports/identity.h"
#include "reports/record_words.h"

#include <assert.h>

void record_context_init(struct record_context *context, const struct capture_findings *findings,
                         const char *observer)
{
    context->findings = findings;
    context->times = (struct time_cache){0};
    context->events.known = false;
    context->origin_len = 0;
    for (unsigned rule = 0; rule < RULES; rule++)
        context->sentences[rule].count = 0;
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
    char *at = json_room(writer, TIME_TEXT_BYTES + 2);
    at[0] = ',';
    at += writer->comma;
    at[0] = '"';
    time_text(&context->times, time_ns, at + 1);
    at[TIME_TEXT_BYTES] = '"';
    writer->used += TIME_TEXT_BYTES + 1u + writer->comma;
    writer->comma = true;
}

void record_frame(struct json_writer *writer, frame_ref frame)
{
    char *at = json_run(writer, 64);
    at[0] = ',';
    at += writer->comma;
    at = run_text(at, "{");
    at = run_frame(at, frame);
    json_run_end(writer, run_text(at, "}"));
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
    char text[ADDRESS_TEXT_BYTES];
    record_host_text(writer, text, address_text(text, address));
}

void record_host_text(struct json_writer *writer, const char *address, size_t length)
{
    json_piece(writer, "\"host\":{\"ip\":");
    json_name_bytes(writer, address, length);
    json_end_object(writer);
}

void record_metric_event(struct json_writer *writer, struct record_context *context,
                         const char *dataset, const char *subject)
{
    char id[HEX_DIGEST_BYTES];
    event_id_alike(&context->events, dataset, context->findings->digest, subject, id);
    json_piece(writer, "\"event\":{\"kind\":\"metric\",\"category\":[\"network\"],"
                       "\"type\":[\"info\"],\"dataset\":");
    json_name(writer, dataset);
    json_key(writer, "id");
    json_name_bytes(writer, id, HEX_DIGEST_BYTES - 1);
    json_end_object(writer);
}

void record_caveats(struct json_writer *writer, uint32_t caveats)
{
    json_piece(writer, "\"caveats\":[");
    for (caveats &= (1u << CAVEATS) - 1; caveats; caveats &= caveats - 1)
        record_word(writer, caveat_words, (unsigned)__builtin_ctz(caveats));
    json_end_array(writer);
}

static void put_origin(struct json_writer *writer, const struct record_context *context)
{
    char id[HEX_DIGEST_BYTES];
    digest_text(context->findings->digest, id);
    json_piece(writer, "\"capture\":{\"id\":");
    json_name_bytes(writer, id, sizeof id - 1);
    json_end_object(writer);
    if (context->observer_len) {
        json_piece(writer, "\"observer\":{\"name\":");
        json_text(writer, context->observer, context->observer_len);
        json_end_object(writer);
    }
    json_piece(writer, "\"ecs\":{\"version\":\"" ECS_VERSION "\"}");
}

/* The same in all records of a capture; something stands before it in each. */
void record_origin(struct json_writer *writer, struct record_context *context)
{
    const uint8_t *digest = context->findings->digest;
    assert(writer->comma);
    if (context->origin_len &&
        memcmp(context->origin_digest, digest, sizeof context->origin_digest) == 0) {
        json_made(writer, context->origin, context->origin_len);
        return;
    }
    json_flush(writer);
    put_origin(writer, context);
    context->origin_len = 0;
    bool whole = context->observer_len <= sizeof context->origin / 8;
    if (whole && writer->used <= sizeof context->origin) {
        memcpy(context->origin, writer->buffer, writer->used);
        memcpy(context->origin_digest, digest, sizeof context->origin_digest);
        context->origin_len = writer->used;
    }
}
