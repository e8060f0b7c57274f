#include "cli/trial.h"

#include <stddef.h>

/* A period. What one way left in caches and queues takes the other's time at first, and a window is
 * short enough for something else to fall into it: so there are two that count. */
static const struct window {
    bool second, counts, holds;
} windows[] = {
    {.second = false}, {.second = false, .counts = true}, {.second = false, .counts = true},
    {.second = true},  {.second = true, .counts = true},  {.second = true, .counts = true},
    {.holds = true},
};

#define WINDOWS (sizeof windows / sizeof *windows)

bool trial_is_second(const struct trial *t)
{
    return windows[t->window].holds ? t->second : windows[t->window].second;
}

void trial_go_on(struct trial *t, int64_t now_ns)
{
    const struct window *w = &windows[t->window];
    double took_ns = (double)(now_ns - t->from_ns) / t->done;
    if (w->counts && (!w[-1].counts || took_ns < t->took_ns[w->second]))
        t->took_ns[w->second] = took_ns;
    t->window = (unsigned)((t->window + 1) % WINDOWS);
    if (windows[t->window].holds)
        t->second = t->took_ns[1] < t->took_ns[0];
    t->units = windows[t->window].holds ? TRIAL_HOLDS : TRIAL_UNITS;
    t->done = 0;
    t->from_ns = now_ns;
}
