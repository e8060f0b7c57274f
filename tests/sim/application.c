/* The applications' wishes, and what RFC 9293 3.10 does about them. */
#include "tests/sim/world.h"

#include <assert.h>

/* clang-format off */
static const bool MAY_ENTER[STATE_COUNT][STATE_COUNT] = {
    [CLOSED]       = {[SYN_SENT] = true, [SYN_RECEIVED] = true},
    [LISTEN]       = {[SYN_RECEIVED] = true, [CLOSED] = true},
    [SYN_SENT]     = {[SYN_RECEIVED] = true, [ESTABLISHED] = true, [CLOSED] = true},
    [SYN_RECEIVED] = {[ESTABLISHED] = true, [CLOSED] = true},
    [ESTABLISHED]  = {[FIN_WAIT_1] = true, [CLOSE_WAIT] = true, [CLOSED] = true},
    [FIN_WAIT_1]   = {[FIN_WAIT_2] = true, [CLOSING] = true, [CLOSED] = true},
    [FIN_WAIT_2]   = {[TIME_WAIT] = true, [CLOSED] = true},
    [CLOSING]      = {[TIME_WAIT] = true, [CLOSED] = true},
    [TIME_WAIT]    = {[CLOSED] = true},
    [CLOSE_WAIT]   = {[LAST_ACK] = true, [CLOSED] = true},
    [LAST_ACK]     = {[CLOSED] = true},
};
/* clang-format on */

void enter(struct world *world, struct endpoint *end, enum state state, unsigned unshown)
{
    assert(MAY_ENTER[end->state][state]);
    end->state = state;
    end->unshown |= unshown;
    if (state == CLOSED) {
        for (int timer = 0; timer < TIMERS; timer++) {
            if (timer != TIMER_SUDDEN) {
                end->deadline[timer] = NEVER;
            }
        }
    }
    world_trace(world, end->side, "= %s%s", state_name(state), unshown ? "  (not shown yet)" : "");
}

/* CLOSED whatever came before: what was hidden before is of no matter any more. */
void close_silently(struct world *world, struct endpoint *end, unsigned unshown)
{
    end->unshown = 0;
    end->gave_up_at = world->now;
    enter(world, end, CLOSED, unshown);
}

static void die(struct world *world, struct endpoint *end)
{
    if (end->state != CLOSED) {
        close_silently(world, end, DIED);
    }
    end->dead = true;
    for (int timer = 0; timer < TIMERS; timer++) {
        end->deadline[timer] = NEVER;
    }
}

static void abort_connection(struct world *world, struct endpoint *end)
{
    switch (end->state) {
    case SYN_SENT:
        close_silently(world, end, FORGOTTEN);
        end->gave_up_at = NEVER;
        break;
    case SYN_RECEIVED:
    case ESTABLISHED:
    case FIN_WAIT_1:
    case FIN_WAIT_2:
    case CLOSE_WAIT:
        send_abort(world, end);
        close_silently(world, end, OWN_RESET);
        break;
    default:
        break;
    }
}

/* close() and shutdown(SHUT_WR): the state changes at once, the FIN goes when its turn comes. */
static void queue_fin(struct world *world, struct endpoint *end)
{
    if (end->fin_queued || (end->state != ESTABLISHED && end->state != CLOSE_WAIT)) {
        return;
    }
    end->fin_queued = true;
    enter(world, end, end->state == ESTABLISHED ? FIN_WAIT_1 : LAST_ACK, OWN_FIN);
}

static void close_connection(struct world *world, struct endpoint *end)
{
    if (end->state == SYN_SENT || end->unread) {
        abort_connection(world, end); /* unread data is lost: the peer must know (RFC 2525 2.17) */
        return;
    }
    queue_fin(world, end);
    if (end->fin_queued) {
        end->orphan = true;
        if (end->state == FIN_WAIT_2 && end->habits.fin_timeout) {
            end->deadline[TIMER_FIN_WAIT_2] = world->now + end->habits.fin_timeout;
        }
    }
}

void application_do(struct world *world, struct endpoint *end, struct action action)
{
    static const char *const WORDS[] = {"",         "send",  "",      "",   "stop reading",
                                        "shutdown", "close", "abort", "die"};
    if (end->dead || (end->orphan && action.kind != DIE)) {
        return;
    }
    world_trace(world, end->side, "%s %lld", WORDS[action.kind], (long long)action.amount);
    switch (action.kind) {
    case SEND:
        if (!end->fin_queued && (end->state == ESTABLISHED || end->state == CLOSE_WAIT)) {
            end->written += (uint32_t)action.amount;
        }
        break;
    case STALL:
        end->stalled = true;
        end->deadline[TIMER_READ_ON] = world->now + action.amount;
        break;
    case SHUTDOWN:
        queue_fin(world, end);
        break;
    case CLOSE:
        close_connection(world, end);
        break;
    case ABORT:
        abort_connection(world, end);
        break;
    case DIE:
        die(world, end);
        break;
    default:
        assert(false); /* waiting is no doing */
    }
}

static bool satisfied(const struct endpoint *end, const struct action *action)
{
    if (action->kind == EXPECT) {
        return end->read_bytes >= action->amount || (end->fin_received && !end->unread);
    }
    return end->fin_received && !end->unread;
}

/* Goes on with the plan as far as it goes without waiting. */
void application_run(struct world *world, struct endpoint *end)
{
    while (end->next_action < end->planned && end->state != CLOSED && end->state != LISTEN &&
           end->state != SYN_SENT && end->state != SYN_RECEIVED) {
        struct action *action = &end->plan[end->next_action];
        if (action->kind == PAUSE) {
            if (!end->pausing) {
                end->pausing = true;
                end->deadline[TIMER_APPLICATION] = world->now + action->amount;
            }
            break;
        }
        if (action->kind == EXPECT || action->kind == EXPECT_EOF) {
            if (!satisfied(end, action)) {
                break;
            }
        } else {
            application_do(world, end, *action);
        }
        end->next_action++;
    }
    send_output(world, end);
}

/* Something came in: it is read, and the application wakes now or when it is scheduled. */
void application_read(struct world *world, struct endpoint *end)
{
    if (!end->stalled && !end->orphan) {
        end->read_bytes += end->unread;
        end->unread = 0;
    }
    if (!end->habits.reaction) {
        application_run(world, end);
    } else if (end->deadline[TIMER_APPLICATION] == NEVER) {
        end->deadline[TIMER_APPLICATION] = world->now + end->habits.reaction;
    }
}
