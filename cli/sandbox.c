#include "cli/sandbox.h"

#include <stdio.h>
#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* What watches a process from within needs what is taken away here: sanitizers start a process
 * and look at /proc, the counters of coverage are written at the end. */
#ifndef SANDBOX_POSSIBLE
#define SANDBOX_POSSIBLE 1
#endif

static bool drop_privileges(void)
{
#ifdef __linux__
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
#else
    return false;
#endif
}

/* A limit alone does not stop a core that the kernel pipes into a program. */
static bool forbid_cores(void)
{
    const struct rlimit none = {0, 0};
    bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
#ifdef __linux__
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limited;
#else
    return limited;
#endif
}

static const char *missing(const struct sandbox *s)
{
    if (!SANDBOX_POSSIBLE)
        return "this finwait was built with a sanitizer or to measure coverage, which a sandbox "
               "would stop";
    if (!s->privileges || !s->calls)
        return "the system has no seccomp (Linux 3.5), which shuts off network and processes";
    if (!s->cores)
        return "core files cannot be forbidden";
    if (!s->landlock_abi)
        return "the kernel has no Landlock (Linux 5.13, and landlock in its lsm= list), which "
               "shuts off other files";
    return "Landlock refused to shut off other files";
}

bool sandbox_enter(enum sandbox_mode mode, const struct sandbox_needs *needs,
                   struct sandbox *sandbox, char *error, size_t error_bytes)
{
    *sandbox = (struct sandbox){0};
    if (mode == SANDBOX_OFF)
        return true;
    if (SANDBOX_POSSIBLE) {
        sandbox->privileges = drop_privileges();
        sandbox->cores = forbid_cores();
        sandbox->landlock_abi = sandbox_landlock_abi();
        sandbox->files = sandbox->landlock_abi && sandbox_files(sandbox->landlock_abi, needs);
        sandbox->calls = sandbox_calls();
    }
    if (mode == SANDBOX_AUTO ||
        (sandbox->privileges && sandbox->cores && sandbox->files && sandbox->calls))
        return true;
    snprintf(error, error_bytes, "--sandbox=require: %s; --sandbox=auto goes on without",
             missing(sandbox));
    return false;
}
