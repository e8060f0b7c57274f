#include "reports/sample_record.h"

#include "reports/address_text.h"
#include "reports/record_words.h"

#define DATASET "finwait.sample"

/* Always all states that a socket can be counted in, so that each makes an unbroken curve. */
static void put_states(struct json_writer *writer, const struct sample_verdict *verdict)
{
    json_piece(writer, "\"states\":{");
#define PUT_STATE(state, name)                                                                     \
    if (state != STATE_LISTEN && state != STATE_CLOSED && state != STATE_UNKNOWN) {                \
        json_key(writer, name);                                                                    \
        json_uint(writer, verdict->states[state]);                                                 \
    }
    TCP_STATE_TABLE(PUT_STATE)
#undef PUT_STATE
    json_end_object(writer);
}

static void put_events(struct json_writer *writer, const struct sample_verdict *verdict,
                       const bool rule_left_out[RULES])
{
    json_key(writer, "opens");
    json_uint(writer, verdict->opens);
    json_key(writer, "closes");
    json_uint(writer, verdict->closes);
    json_key(writer, "resets");
    json_uint(writer, verdict->resets);
    json_piece(writer, "\"rules\":{");
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!verdict->rules[rule] || rule_left_out[rule])
            continue;
        record_word(writer, rule_words, rule);
        json_colon(writer);
        json_uint(writer, verdict->rules[rule]);
    }
    json_end_object(writer);
}

void sample_record(struct json_writer *writer, struct record_context *context,
                   const struct sample_verdict *verdict, const bool rule_left_out[RULES])
{
    char subject[20 + sizeof " host " - 1 + ADDRESS_TEXT_BYTES];
    size_t length = json_decimal(subject, (uint64_t)verdict->at_ns);
    if (verdict->of_host) {
        memcpy(subject + length, " host ", 6);
        length += 6;
    }
    const char *address = subject + length;
    size_t address_len = 0;
    if (verdict->of_host && !verdict->others)
        address_len = address_text(subject + length, verdict->address);
    subject[length + address_len] = '\0';

    json_begin_object(writer);
    json_key(writer, "@timestamp");
    record_time(writer, context, verdict->at_ns);
    record_metric_event(writer, context, DATASET, subject);
    record_origin(writer, context);
    if (verdict->of_host) {
        if (verdict->others)
            record_host(writer, NULL);
        else
            record_host_text(writer, address, address_len);
        put_states(writer, verdict);
    } else {
        put_events(writer, verdict, rule_left_out);
    }
    json_end_object(writer);
}
