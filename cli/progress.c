#include "cli/progress.h"

#include "cli/monotonic.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define FIRST_NS INT64_C(1000000000)
#define EVERY_NS INT64_C(250000000)

void progress_init(struct progress *p)
{
    *p = (struct progress){.terminal = isatty(STDERR_FILENO), .started_ns = monotonic_ns()};
    p->next_ns = p->started_ns + FIRST_NS;
}

void progress_show(struct progress *p, const struct timeline *timeline)
{
    int64_t now_ns = monotonic_ns();
    if (now_ns < p->next_ns)
        return;
    p->next_ns = now_ns + EVERY_NS;
    p->shown = true;
    uint64_t total = timeline_bytes_total(timeline);
    uint64_t read = timeline_bytes_read(timeline);
    double packets = (double)p->packets / 1e6;
    if (total)
        fprintf(stderr, "\r%3" PRIu64 " %%  %.1f million packets ", read * 100 / total, packets);
    else
        fprintf(stderr, "\r%.1f million packets ", packets);
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

void progress_resources(const struct progress *p)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    double wall_s = (double)(monotonic_ns() - p->started_ns) / 1e9;
    double user_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
    double system_s = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
    fprintf(stderr,
            "finwait: %" PRIu64 " packets, %.2f s (user %.2f, system %.2f), %ld MiB at most\n",
            p->packets, wall_s, user_s, system_s, usage.ru_maxrss / 1024);
}
