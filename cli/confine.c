#include "cli/confine.h"

#include "cli/tell.h"

#include <unistd.h>

#define ERROR_BYTES 512

/* Reports are made by the thousand as root in containers: who would read it there? */
static void warn_of_root(const struct options *options)
{
    if (geteuid() == 0 && (options->verbose || isatty(STDERR_FILENO)))
        fputs("finwait: running as root, which it never needs: a user who may read the captures "
              "is enough\n",
              stderr);
}

static void tell_sandbox(const struct sandbox *s)
{
    fprintf(stderr, "finwait: sandbox: %s; %s; ",
            s->privileges && s->cores ? "no new privileges, no core files" : "privileges as before",
            s->calls ? "no network, no other processes (seccomp)" : "network and processes open");
    if (s->files)
        fprintf(stderr, "only the captures and the output (Landlock %d)\n", s->landlock_abi);
    else
        fputs("all files open\n", stderr);
}

bool confine(const struct options *options, const struct output *output)
{
    const struct sandbox_needs needs = {
        .inputs = options->inputs,
        .input_count = options->input_count,
        .output = output_final_path(output),
    };
    struct sandbox sandbox;
    char error[ERROR_BYTES];
    warn_of_root(options);
    if (!sandbox_enter(options->sandbox, &needs, &sandbox, error, sizeof error)) {
        tell("%s", error);
        return false;
    }
    if (options->verbose)
        tell_sandbox(&sandbox);
    return true;
}
