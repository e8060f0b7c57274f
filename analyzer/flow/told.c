#include "analyzer/flow/told.h"

static struct trace_name name_of(const struct connection *c)
{
    return (struct trace_name){.first_frame = c->first_frame, .incarnation = incarnation_of(c)};
}

struct class_counts told_counts(const struct connection *c, int sender)
{
    struct class_counts counts = {0};
    if (!c->detail)
        return counts;
    const struct seldom *d = seldom_of(&c->detail->side[sender]);
    counts.of[SEGMENT_RETRANSMISSION] = d->retransmitted_segments;
    counts.of[SEGMENT_OUT_OF_ORDER] = d->out_of_order_segments;
    counts.of[SEGMENT_COPY] = d->captured_twice;
    counts.of[SEGMENT_SECOND_TAP] = d->second_tap;
    counts.of[SEGMENT_KEEPALIVE] = d->keepalives;
    counts.of[SEGMENT_ZERO_WINDOW_PROBE] = d->zero_window_probes;
    counts.of[SEGMENT_MALFORMED] = d->malformed;
    return counts;
}

enum flow_status told_class(const struct flows *f, const struct connection *c, int sender,
                            const struct segment *g, const struct class_counts *before)
{
    struct class_counts after = told_counts(c, sender);
    unsigned class = SEGMENT_NEW;
    for (unsigned i = 0; i < SEGMENT_CLASSES; i++) {
        if (after.of[i] != before->of[i])
            class = i;
    }
    return f->trace->segment(f->trace->context, name_of(c), g, class) ? FLOW_OK : FLOW_STOPPED;
}

enum flow_status told_aside(const struct flows *f, const struct connection *c,
                            const struct segment *g)
{
    return f->trace->segment(f->trace->context, name_of(c), g, SEGMENT_FORMER_USE) ? FLOW_OK
                                                                                   : FLOW_STOPPED;
}

enum flow_status told_absorbed(const struct flows *f, const struct connection *forged,
                               const struct connection *by, const struct segment *g)
{
    return f->trace->absorbed(f->trace->context, name_of(forged), name_of(by), g) ? FLOW_OK
                                                                                  : FLOW_STOPPED;
}
