#include "cli/interrupt.h"

#include "dissect/source/source.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void catch (int signal)
{
    caught = signal;
    source_stop();
}

void interrupt_install(void)
{
    /* Not restarting: a read that waits for a pipe must return. */
    struct sigaction action = {.sa_handler = catch, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A file-size limit shows as a failed write, with its clean-up. */
    signal(SIGXFSZ, SIG_IGN);
}

int interrupted(void)
{
    return caught;
}
