#include "reports/sample_record.h"

#include "reports/sentence.h"

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
    json_key(writer, "rules");
    json_begin_object(writer);
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!verdict->rules[rule] || rule_left_out[rule])
            continue;
        json_key_name(writer, rule_table[rule].id);
        json_uint(writer, verdict->rules[rule]);
    }
    json_end_object(writer);
}

void sample_record(struct json_writer *writer, struct record_context *context,
                   const struct sample_verdict *verdict, const bool rule_left_out[RULES])
{
    const uint8_t *address = verdict->others ? NULL : verdict->address;
    struct sentence subject;
    sentence_init(&subject);
    sentence_add_count(&subject, (uint64_t)verdict->at_ns);
    sentence_add(&subject, verdict->of_host ? " host " : "");
    if (verdict->of_host && address)
        sentence_add_host(&subject, address);

    json_begin_object(writer);
    json_key(writer, "@timestamp");
    record_time(writer, context, verdict->at_ns);
    record_metric_event(writer, context, DATASET, subject.text);
    record_origin(writer, context);
    if (verdict->of_host) {
        record_host(writer, address);
        put_states(writer, verdict);
    } else {
        put_events(writer, verdict, rule_left_out);
    }
    json_end_object(writer);
}
