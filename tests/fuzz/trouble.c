/*
 * To be preloaded into finwait: makes what the environment names go wrong.
 *
 *     TROUBLE_ALLOCATION=N, N+   the N-th allocation fails; and all that follow
 *     TROUBLE_READ_BYTES=N       no read() gives more
 *     TROUBLE_READ_INTERRUPTED=1 every other read() is interrupted first
 *     TROUBLE_READ_ERROR=OFFSET  files cannot be read from there on (EIO)
 *     TROUBLE_READ_END=OFFSET    files end there, whatever size they had when they were opened
 *     TROUBLE_SIGNAL=S, TROUBLE_SIGNAL_READ=N, TROUBLE_SIGNAL_TIMES=N
 *                                 the N-th read() (from 0) brings signal S, so often
 *
 * Reads are those of regular files and pipes that were opened for reading alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : -1;
}

/* ---- memory --------------------------------------------------------------------------------- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool refused(void)
{
    static long allocations, failing = -2;
    static bool ever_after;
    if (failing == -2) {
        failing = -1; /* getenv() does not allocate, but nobody promises it */
        const char *text = getenv("TROUBLE_ALLOCATION");
        if (text) {
            char *end;
            failing = strtol(text, &end, 10);
            ever_after = *end == '+';
        }
    }
    if (failing < 0)
        return false;
    allocations++;
    if (allocations == failing || (ever_after && allocations > failing)) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refused() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : __libc_memalign(alignment, size);
}

/* ---- reads ---------------------------------------------------------------------------------- */

static void bring_signal(void)
{
    static long reads;
    long at = number("TROUBLE_SIGNAL_READ");
    if (at < 0 || reads++ != at)
        return;
    long times = number("TROUBLE_SIGNAL_TIMES");
    for (long i = 0; i < (times < 0 ? 1 : times); i++)
        raise((int)number("TROUBLE_SIGNAL"));
}

ssize_t read(int fd, void *buffer, size_t length)
{
    static unsigned calls;
    off_t at = lseek(fd, 0, SEEK_CUR);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY)
        return syscall(SYS_read, fd, buffer, length);
    if (number("TROUBLE_READ_INTERRUPTED") > 0 && calls++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    long error = number("TROUBLE_READ_ERROR");
    long end = number("TROUBLE_READ_END");
    long limit = error >= 0 ? error : end;
    if (limit >= 0 && at >= limit) {
        errno = EIO;
        return error >= 0 ? -1 : 0;
    }
    if (limit >= 0 && length > (size_t)(limit - at))
        length = (size_t)(limit - at);
    long most = number("TROUBLE_READ_BYTES");
    if (most > 0 && length > (size_t)most)
        length = (size_t)most;
    ssize_t got = syscall(SYS_read, fd, buffer, length);
    bring_signal();
    return got;
}
