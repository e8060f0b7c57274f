/*
 * The whole way once more while memory and reads fail. Four octets say how, then the file follows:
 * which allocation fails (two octets), what comes then (one), how reads go (one).
 *
 * Linked with malloc and its kin, strdup, vasprintf and read wrapped: what our own code and jansson
 * ask for can fail.
 */
#include "tests/fuzz/pipeline.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <sys/types.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **text, const char *format, va_list arguments);
ssize_t __real_read(int fd, void *buffer, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **text, const char *format, va_list arguments);
ssize_t __wrap_read(int fd, void *buffer, size_t length);

static struct {
    bool on;
    bool ever_after;
    uint32_t until_failure;
    uint32_t failures;
    uint8_t read_kind;
    uint32_t reads;
} faults;

static bool refused(void)
{
    if (!faults.on)
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

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refused() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : __real_strdup(text);
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
    return refused() ? -1 : __real_vasprintf(text, format, arguments);
}

/* Short, interrupted, failing, ended: by the read's number, the same in every run. */
ssize_t __wrap_read(int fd, void *buffer, size_t length)
{
    if (!faults.on || !faults.read_kind)
        return __real_read(fd, buffer, length);
    uint32_t number = faults.reads++;
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

void fuzz_target(const uint8_t *bytes, size_t size)
{
    static bool begun;
    if (!begun)
        json_set_alloc_funcs(__wrap_malloc, free);
    begun = true;
    struct bytes in = {bytes, bytes + size};
    uint32_t until_failure = bytes_u16(&in) % 4096u;
    uint8_t then = bytes_u8(&in);
    uint8_t read_kind = bytes_u8(&in);
    pipeline_input(in.at, bytes_left(&in));
    struct pipeline p = {.format = then & 2 ? REPORT_JSON : REPORT_NDJSON};
    faults.until_failure = until_failure;
    faults.failures = 0;
    faults.ever_after = then & 1;
    faults.read_kind = read_kind;
    faults.reads = 0;
    faults.on = true;
    enum pipeline_result result = pipeline_run(&p);
    faults.on = false;
    REQUIRE(result != PIPELINE_NO_MEMORY || faults.failures);
    REQUIRE(result != PIPELINE_OUTPUT_FAILED || faults.failures);
    if (result == PIPELINE_WRITTEN)
        pipeline_check(&p);
    pipeline_release(&p);
}
