/*
 * Starting a helper thread. Signals stay with the thread that starts it: helpers block all but
 * those that their own faults raise.
 */
#ifndef FINWAIT_DISSECT_THREAD_H
#define FINWAIT_DISSECT_THREAD_H

#include "dissect/compiler.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* False when the system gives no thread: what it was for is then to be done without. */
MUST_CHECK static inline bool thread_start(pthread_t *thread, void *(*run)(void *context),
                                           void *context)
{
    static const int own[] = {SIGPIPE, SIGXFSZ, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
    sigset_t helper, before;
    sigfillset(&helper);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&helper, own[i]);
    if (pthread_sigmask(SIG_SETMASK, &helper, &before) != 0)
        return false;
    bool started = pthread_create(thread, NULL, run, context) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

#endif
