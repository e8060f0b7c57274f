/*
 * Takes away from the process what reading captures does not need, before the first byte of one is
 * parsed: whoever gets code to run in a parser can then read the given captures and spoil the
 * report that is being written, and no more. Everything is best effort on other systems than Linux.
 *
 * What each part shuts off, and where it can be had:
 *   privileges  none are gained by running a program                Linux 3.5
 *   cores       no core file, nobody traces the process             Linux
 *   calls       seccomp: no network, no process, no signal to others, no file opened for writing,
 *               no other process's memory, no mounts and modules    Linux 3.5
 *   files       Landlock: only the inputs are read, and below the output's folder files are
 *               created, renamed and removed                        Linux 5.13, with lsm=landlock
 *
 * It cannot be undone, and holds for the thread that enters it and all that it starts: so before
 * any is started. Outputs and temporary files are opened before, and names in a filter are looked
 * up.
 */
#ifndef FINWAIT_CLI_SANDBOX_H
#define FINWAIT_CLI_SANDBOX_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_mode {
    SANDBOX_AUTO, /* what the kernel offers */
    SANDBOX_REQUIRE,
    SANDBOX_OFF,
};

struct sandbox_needs {
    const char *const *inputs; /* files, or folders that are read beneath; "-" is passed over */
    size_t input_count;
    const char *output; /* what a file will be renamed to, or NULL */
};

/* What is in force. */
struct sandbox {
    bool privileges, cores, calls, files;
    int landlock_abi; /* 0: the kernel offers none */
};

/* False only with SANDBOX_REQUIRE, with a sentence in `error` that names what is missing; the
 * process may then be shut in by half. */
bool sandbox_enter(enum sandbox_mode mode, const struct sandbox_needs *needs,
                   struct sandbox *sandbox, char *error, size_t error_bytes) MUST_CHECK;

/* The parts, for sandbox_enter(). */

/* Landlock's version, 0 without. */
int sandbox_landlock_abi(void);
bool sandbox_files(int abi, const struct sandbox_needs *needs) MUST_CHECK;
bool sandbox_calls(void) MUST_CHECK;

#endif
