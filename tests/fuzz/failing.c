#include "tests/fuzz/failing.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
int __real_vasprintf(char **text, const char *format, va_list arguments);
ssize_t __real_read(int fd, void *buffer, size_t length);
void __real_free(void *old);
void *__real_mmap64(void *where, size_t length, int access, int flags, int fd, off_t offset);
int __real_munmap(void *old, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *old);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_asprintf(char **text, const char *format, ...);
ssize_t __wrap_read(int fd, void *buffer, size_t length);
void *__wrap_mmap64(void *where, size_t length, int access, int flags, int fd, off_t offset);
int __wrap_munmap(void *old, size_t length);

static struct failing faults;
static bool on;
static uint32_t reads;

static bool refused(void)
{
    if (!on)
        return false;
    if (faults.until_failure) {
        faults.until_failure--;
        return false;
    }
    if (faults.failures && !faults.ever_after)
        return false;
    faults.failures++;
    return true;
}

static void *counted(void *fresh)
{
    faults.held += on && fresh;
    return fresh;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refused())
        return NULL;
    return old ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    if (refused())
        return NULL;
    void *fresh = __real_reallocarray(old, count, size);
    return old ? fresh : counted(fresh);
}

void __wrap_free(void *old)
{
    faults.held -= on && old;
    __real_free(old);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

/* What glibc makes of mmap() where offsets have 64 bits. */
void *__wrap_mmap64(void *where, size_t length, int access, int flags, int fd, off_t offset)
{
    if (refused())
        return MAP_FAILED;
    void *fresh = __real_mmap64(where, length, access, flags, fd, offset);
    faults.held += on && fresh != MAP_FAILED;
    return fresh;
}

int __wrap_munmap(void *old, size_t length)
{
    faults.held -= on;
    return __real_munmap(old, length);
}

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : counted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t length)
{
    return refused() ? NULL : counted(__real_strndup(text, length));
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
    if (refused())
        return -1;
    int length = __real_vasprintf(text, format, arguments);
    faults.held += on && length >= 0;
    return length;
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = __wrap_vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

/* Short, interrupted, failing, ended: by the read's number, the same in every run. */
ssize_t __wrap_read(int fd, void *buffer, size_t length)
{
    if (!on || !faults.read_kind)
        return __real_read(fd, buffer, length);
    uint32_t number = reads++;
    uint32_t every = (faults.read_kind >> 3) + 1u;
    if (faults.read_kind & 1 && number % 2) {
        errno = EINTR;
        return -1;
    }
    if (faults.read_kind & 2 && number >= every) {
        errno = EIO;
        return -1;
    }
    if (faults.read_kind & 4)
        length = length < every ? length : every;
    return __real_read(fd, buffer, length);
}

void failing_begin(struct failing failing)
{
    static bool begun;
    if (!begun)
        json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    begun = true;
    faults = failing;
    faults.failures = 0;
    faults.held = 0;
    reads = 0;
    on = true;
}

struct failing failing_end(void)
{
    on = false;
    return faults;
}
