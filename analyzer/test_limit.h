/*
 * Tests of what happens where address space is lacking. Sanitizers reserve more than any limit
 * would leave.
 */
#ifndef FINWAIT_ANALYZER_TEST_LIMIT_H
#define FINWAIT_ANALYZER_TEST_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Leaves room for as many octets more; `old` is for setrlimit(). False where that cannot be done.
 */
static inline bool limit_address_space(size_t more, struct rlimit *old)
{
    char line[128];
    FILE *statm = SANITIZED ? NULL : fopen("/proc/self/statm", "r");
    if (!statm)
        return false;
    bool read = fgets(line, sizeof(line), statm) != NULL;
    (void)fclose(statm);
    if (!read || getrlimit(RLIMIT_AS, old) != 0)
        return false;
    unsigned long pages = strtoul(line, NULL, 10); /* of address space: the line's first number */
    struct rlimit tight = {.rlim_cur = (rlim_t)pages * 4096 + more, .rlim_max = old->rlim_max};
    return setrlimit(RLIMIT_AS, &tight) == 0;
}

#endif
