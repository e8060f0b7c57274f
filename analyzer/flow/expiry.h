/*
 * When connections are handed out: by the clock, which only segments move, at the end of the
 * capture, or early because memory is full. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_EXPIRY_H
#define FINWAIT_ANALYZER_FLOW_EXPIRY_H

#include "analyzer/flow/flows.h"

/* Where a tick of the wheel ends, or no time was known. */
enum flow_status expiry_turn(struct flows *flows, int64_t time_ns) MUST_CHECK;

/* Moves the clock, and hands out what has become final. */
static inline enum flow_status expiry_advance(struct flows *flows, int64_t time_ns)
{
    if (UNLIKELY(time_ns >= flows->wheel.end_ns))
        return expiry_turn(flows, time_ns);
    if (time_ns > flows->clock_ns)
        flows->clock_ns = time_ns;
    return FLOW_OK;
}

/* When a connection is final that does nothing after this time. */
int64_t expiry_after(const struct flows *flows, int64_t time_ns);

/* Lets a record wait for that time. */
void expiry_file(struct flows *flows, uint32_t record, int64_t due_ns);

/* At once; what waits in the wheel must not be. */
enum flow_status expiry_hand_out(struct flows *flows, uint32_t index, bool evicted) MUST_CHECK;

/* Where memory is plenty, more may be held than a pool has indices: before they run out connections
 * give way, as where it is full. */
bool expiry_names_run_out(const struct flows *flows);

/* Looks how much memory is held, and hands out until it is no more than is allowed. */
enum flow_status expiry_look_for_room(struct flows *flows) MUST_CHECK;

/* The same, once whatever makes connections hold more has happened. */
static inline enum flow_status expiry_make_room(struct flows *flows)
{
    if (UNLIKELY(!flows->steps_with_room))
        return expiry_look_for_room(flows);
    flows->steps_with_room--;
    return FLOW_OK;
}

#endif
