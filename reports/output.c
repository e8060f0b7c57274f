#include "reports/output.h"

#include "dissect/compiler.h"
#include "reports/compressor.h"
#include "reports/temporary.h"
#include "reports/text_clean.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES  ((size_t)TABLE_SIZE(128, 4) * 1024)
#define NAME_ATTEMPTS 100

struct output {
    int fd;
    bool borrowed;   /* standard output */
    int error;       /* errno of the first failure: nothing is written after it */
    char *path;      /* the final name, or NULL for standard output and spools */
    char *temporary; /* the name until the end, or NULL when `path` is written directly */
    struct compressor *compressor; /* of what leaves the buffer, or NULL */
    uint64_t written;              /* octets that left the buffer for the file */
    size_t used;
    char buffer[BUFFER_BYTES];
};

static void explain(char *error, size_t error_bytes, const char *what, const char *name,
                    const char *why)
{
    char clean[TEXT_CLEAN_BYTES];
    text_clean(clean, sizeof clean, name, strlen(name));
    snprintf(error, error_bytes, "%s %s: %s", what, clean, why);
}

static void describe(char *error, size_t error_bytes, const char *what, const char *name, int code)
{
    explain(error, error_bytes, what, name, strerror(code));
}

static struct output *create(int fd)
{
    struct output *output = malloc(sizeof *output);
    if (!output)
        return NULL;
    output->fd = fd;
    output->borrowed = false;
    output->error = 0;
    output->path = NULL;
    output->temporary = NULL;
    output->compressor = NULL;
    output->written = 0;
    output->used = 0;
    return output;
}

static void release(struct output *output)
{
    if (output->fd >= 0 && !output->borrowed)
        close(output->fd);
    if (output->temporary)
        unlink(output->temporary);
    compressor_destroy(output->compressor);
    free(output->temporary);
    free(output->path);
    free(output);
}

/* Opens a new file in the folder of `path` under a name that nobody else has. Its own name and not
 * one derived from `path`, which may already be as long as names can be. */
static int open_beside(const char *path, char **name)
{
    const char *slash = strrchr(path, '/');
    size_t folder_len = slash ? (size_t)(slash - path) + 1 : 0;
    size_t bytes = folder_len + sizeof ".finwait-0123456789abcdef.tmp";
    *name = malloc(bytes);
    if (!*name)
        return -1;
    memcpy(*name, path, folder_len);
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        uint64_t random;
        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
            break;
        snprintf(*name + folder_len, bytes - folder_len, ".finwait-%016llx.tmp",
                 (unsigned long long)random);
        int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            break;
    }
    int code = errno;
    free(*name);
    *name = NULL;
    errno = code;
    return -1;
}

/* A symbolic link keeps pointing where it points: what is replaced is the file behind it. */
static bool open_replacing(struct output *output, const struct stat *existing)
{
    if (existing) {
        char *target = realpath(output->path, NULL);
        if (!target)
            return false;
        free(output->path);
        output->path = target;
        /* The rename would also replace a file that its owner protected. */
        if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS))
            return false;
    }
    output->fd = open_beside(output->path, &output->temporary);
    if (output->fd < 0)
        return false;
    return !existing || fchmod(output->fd, existing->st_mode & 0777) == 0;
}

static bool open_path(struct output *output, const char *path)
{
    output->path = strdup(path);
    if (!output->path)
        return false;
    struct stat existing;
    if (stat(path, &existing)) {
        if (errno != ENOENT)
            return false;
        return open_replacing(output, NULL);
    }
    if (S_ISREG(existing.st_mode))
        return open_replacing(output, &existing);
    /* A device or a pipe has no content to protect, and must not be renamed over. */
    output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return output->fd >= 0;
}

struct output *output_open(const char *path, char *error, size_t error_bytes)
{
    bool standard = !path || strcmp(path, "-") == 0;
    const char *name = standard ? "standard output" : path;
    struct output *output = create(standard ? STDOUT_FILENO : -1);
    if (!output) {
        describe(error, error_bytes, "cannot write to", name, ENOMEM);
        return NULL;
    }
    output->borrowed = standard;
    if (!standard && !open_path(output, path)) {
        describe(error, error_bytes, "cannot write to", name, errno);
        release(output);
        return NULL;
    }
    return output;
}

/* As for messages. */
static const char *name_of(const struct output *output)
{
    return output->path ? output->path : "standard output";
}

bool output_compress(struct output *output, char *error, size_t error_bytes)
{
    const char *obstacle = NULL;
    if (isatty(output->fd))
        obstacle = "it is a terminal, which cannot show what is compressed; give --output FILE, or "
                   "direct it into a file or a pipe";
    else if (!(output->compressor = compressor_create()))
        obstacle = "out of memory for compressing; without --compress less is needed";
    if (obstacle)
        explain(error, error_bytes, "cannot write to", name_of(output), obstacle);
    return !obstacle;
}

const char *output_final_path(const struct output *output)
{
    return output->temporary ? output->path : NULL;
}

struct output *output_spool(char *error, size_t error_bytes)
{
    int fd = temporary_open();
    if (fd < 0) {
        describe(error, error_bytes, "cannot make a temporary file in", temporary_folder(), errno);
        return NULL;
    }
    struct output *spool = create(fd);
    if (!spool) {
        describe(error, error_bytes, "cannot make a temporary file in", temporary_folder(), ENOMEM);
        close(fd);
    }
    return spool;
}

static void write_all(struct output *output, const char *bytes, size_t length)
{
    while (length && !output->error) {
        ssize_t written = write(output->fd, bytes, length);
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
            output->written += (uint64_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            /* Standard output may have been left non-blocking by whoever shares it. */
            struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            output->error = written < 0 ? errno : EIO;
        }
    }
}

static void write_compressed(struct output *output, const char *bytes, size_t length, bool last)
{
    const void *piece;
    size_t piece_bytes;
    if (output->error)
        return;
    compressor_give(output->compressor, bytes, length, last);
    while (!output->error && (piece_bytes = compressor_take(output->compressor, &piece)))
        write_all(output, piece, piece_bytes);
}

static void put(struct output *output, const char *bytes, size_t length)
{
    if (output->compressor)
        write_compressed(output, bytes, length, false);
    else
        write_all(output, bytes, length);
}

static void flush(struct output *output)
{
    put(output, output->buffer, output->used);
    output->used = 0;
}

static void flush_last(struct output *output)
{
    if (output->compressor)
        write_compressed(output, output->buffer, output->used, true);
    else
        flush(output);
}

void output_write(struct output *output, const void *bytes, size_t length)
{
    if (output->error)
        return;
    if (length > BUFFER_BYTES - output->used) {
        flush(output);
        if (length >= BUFFER_BYTES) {
            put(output, bytes, length);
            return;
        }
    }
    memcpy(output->buffer + output->used, bytes, length);
    output->used += length;
}

void output_text(struct output *output, const char *text)
{
    output_write(output, text, strlen(text));
}

void output_append(struct output *output, struct output *spool)
{
    flush(spool);
    flush(output);
    uint64_t offset = 0;
    while (offset < spool->written && !spool->error && !output->error) {
        ssize_t got = pread(spool->fd, spool->buffer, BUFFER_BYTES, (off_t)offset);
        if (got > 0) {
            put(output, spool->buffer, (size_t)got);
            offset += (uint64_t)got;
        } else if (got == 0) {
            spool->error = EIO; /* it was written */
        } else if (errno != EINTR) {
            spool->error = errno;
        }
    }
    if (!output->error)
        output->error = spool->error;
}

bool output_ok(const struct output *output)
{
    return !output->error;
}

/* Network file systems tell of a full device only when a descriptor is closed. Of a borrowed one
 * a copy is closed. */
static void close_checked(struct output *output)
{
    int fd = output->borrowed ? dup(output->fd) : output->fd;
    if (!output->borrowed)
        output->fd = -1;
    if ((fd < 0 || (close(fd) && errno != EINTR)) && !output->error)
        output->error = errno;
}

bool output_commit(struct output *output, char *error, size_t error_bytes)
{
    flush_last(output);
    /* EINVAL: a file system that has nothing to synchronise. */
    if (!output->error && output->temporary && fsync(output->fd) && errno != EINVAL)
        output->error = errno;
    close_checked(output);
    if (!output->error && output->temporary) {
        if (rename(output->temporary, output->path)) {
            output->error = errno;
        } else {
            free(output->temporary);
            output->temporary = NULL;
        }
    }
    bool ok = !output->error;
    if (!ok)
        describe(error, error_bytes, "cannot write to", name_of(output), output->error);
    release(output);
    return ok;
}

void output_discard(struct output *output)
{
    if (output)
        release(output);
}
