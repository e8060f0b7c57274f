#include "analyzer/state/plain.h"
#include "analyzer/state/plain_steps.h"

static int speaker_of(const struct connection *c)
{
    return c->side[0].packets ? 0 : 1;
}

bool lone_segment_is_all(const struct connection *c)
{
    bool mid_stream = c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET;
    const struct side *own = &c->side[speaker_of(c)];
    const struct side *peer = &c->side[!speaker_of(c)];
    return !c->detail && mid_stream && own->packets && !peer->packets &&
           (own->marks & (SIDE_SYN | SIDE_ACKED | SIDE_SPOKE)) == SIDE_SPOKE &&
           !(peer->marks & ~SIDE_ACKED);
}

/* Nothing was seen of its close, and the direction is unseen that could tell more. */
static void describe_speaker(const struct connection *c, struct endpoint_states *s)
{
    clear_states(s);
    enter_at(s, c->first_ns, c->first_frame, STATE_ESTABLISHED, CAUSE_FIRST_SEEN,
             CERTAINTY_PRESUMED, FRAME_NONE);
    s->possible =
        STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_CLOSED);
}

static void describe_unseen(struct endpoint_states *s)
{
    clear_states(s);
    s->state = STATE_UNKNOWN;
    s->possible = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_FIN_WAIT_1) |
                  STATE_BIT(STATE_FIN_WAIT_2) | STATE_BIT(STATE_CLOSED);
}

void lone_segment_conclude(struct states_basis *basis, struct endpoint_states states[2])
{
    const struct connection *c = basis->evidence.c;
    int own = speaker_of(c);
    basis->shape = SHAPE_LONE_SEGMENT;
    clear_traces(&basis->ends[0]);
    clear_traces(&basis->ends[1]);
    describe_speaker(c, &states[own]);
    describe_unseen(&states[!own]);
}
