#include "dissect/source/source.h"

#include "dissect/source/ahead.h"
#include "dissect/source/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
    struct raw raw;
    uint64_t size;
    uint64_t content_bytes;
    uint64_t fault_bytes;
    const struct decoder *decoder; /* NULL for plain content */
    void *decoder_state;
    enum compression compression;
    enum source_fault fault;
    bool regular; /* a file that can wait: nothing is lost by reading on */
    bool recognised;
    bool over;
    struct ahead *ahead; /* has the descriptor, buffer and decoder; what is here is copied of it */
};

/* Of one machine word: signal handlers may set it. */
static atomic_int stopped;

void source_stop(void)
{
    stopped = 1;
}

size_t raw_read(struct raw *raw, void *buffer, size_t length)
{
    ssize_t got;
    do
        got = read(raw->fd, buffer, length);
    while (got < 0 && errno == EINTR && !stopped);
    if (got <= 0) {
        raw->ended = true;
        raw->error = got < 0 ? errno : 0;
        return 0;
    }
    raw->taken += (uint64_t)got;
    return (size_t)got;
}

size_t raw_need(struct raw *raw, size_t wanted)
{
    size_t left = raw_left(raw);
    if (left >= wanted || raw->ended)
        return left;
    if (left)
        memmove(raw->buffer, raw->at, left);
    raw->at = raw->buffer;
    while (left < wanted && !raw->ended)
        left += raw_read(raw, raw->buffer + left, RAW_BUFFER_BYTES - left);
    raw->end = raw->at + left;
    return left;
}

static bool open_descriptor(struct source *source, const char *path, char *error,
                            size_t error_bytes)
{
    bool standard_input = strcmp(path, "-") == 0;
    source->raw.fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->raw.fd < 0) {
        snprintf(error, error_bytes, "cannot be opened: %s", strerror(errno));
        return false;
    }
    struct stat status;
    if (fstat(source->raw.fd, &status) != 0) {
        snprintf(error, error_bytes, "cannot be examined: %s", strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        snprintf(error, error_bytes, "is a directory where a capture file was expected");
        return false;
    }
    if (S_ISREG(status.st_mode)) {
        source->regular = true;
        source->size = status.st_size > 0 ? (uint64_t)status.st_size : 0;
        (void)posix_fadvise(source->raw.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return true;
}

struct source *source_open(const char *path, char *error, size_t error_bytes)
{
    struct source *source = calloc(1, sizeof *source);
    if (!source) {
        snprintf(error, error_bytes, "cannot be opened: out of memory");
        return NULL;
    }
    if (!open_descriptor(source, path, error, error_bytes))
        goto failed;
    source->raw.buffer = malloc(RAW_BUFFER_BYTES);
    if (!source->raw.buffer) {
        snprintf(error, error_bytes, "cannot be opened: out of memory");
        goto failed;
    }
    source->raw.at = source->raw.end = source->raw.buffer;
    return source;
failed:
    source_destroy(source);
    return NULL;
}

struct source *source_from_memory(const void *bytes, size_t length)
{
    static const uint8_t nothing[1];
    struct source *source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->raw.fd = -1;
    source->raw.ended = true;
    source->raw.at = length ? bytes : nothing;
    source->raw.end = source->raw.at + length;
    source->raw.taken = length;
    source->size = length;
    return source;
}

void source_destroy(struct source *source)
{
    if (!source)
        return;
    if (source->ahead) {
        ahead_destroy(source->ahead);
        free(source);
        return;
    }
    if (source->decoder_state)
        source->decoder->destroy(source->decoder_state);
    if (source->raw.fd > STDIN_FILENO)
        close(source->raw.fd);
    free(source->raw.buffer);
    free(source);
}

size_t source_peek(struct source *source, const uint8_t **bytes)
{
    size_t left = raw_need(&source->raw, SOURCE_PEEK_BYTES);
    *bytes = source->raw.at;
    return left < SOURCE_PEEK_BYTES ? left : SOURCE_PEEK_BYTES;
}

static void end_with(struct source *source, enum source_fault fault)
{
    source->over = true;
    source->fault = source->raw.error == EINTR ? SOURCE_STOPPED
                    : source->raw.error        ? SOURCE_FAILED
                                               : fault;
}

/* RFC 1952 section 2.3.1 (with the one method there is), RFC 8878 sections 3.1.1 and 3.1.2. */
static enum compression compression_of(const uint8_t *p, size_t left)
{
    if (left >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8)
        return COMPRESSION_GZIP;
    if (left >= 4 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd && p[0] == 0x28)
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

bool source_can_read_ahead(struct source *source)
{
    const uint8_t *bytes;
    size_t length = source_peek(source, &bytes);
    return source->regular && compression_of(bytes, length) != COMPRESSION_NONE;
}

static const struct decoder *gzip_decoder_for(const struct source *source)
{
#ifdef HAVE_ISAL
    if (source->regular || source->raw.fd < 0)
        return &gzip_isal_decoder;
#else
    (void)source;
#endif
    return &gzip_decoder;
}

static void recognise(struct source *source)
{
    source->recognised = true;
    size_t left = raw_need(&source->raw, 4);
    source->compression = compression_of(source->raw.at, left);
    if (source->compression == COMPRESSION_GZIP) {
        source->decoder = gzip_decoder_for(source);
    } else if (source->compression == COMPRESSION_ZSTD) {
#ifdef HAVE_ZSTD
        source->decoder = &zstd_decoder;
#else
        end_with(source, SOURCE_UNSUPPORTED);
#endif
    }
    if (source->decoder) {
        source->decoder_state = source->decoder->create();
        if (!source->decoder_state)
            end_with(source, SOURCE_NO_MEMORY);
    }
}

/* What was read ahead to recognise the content first; then straight into the caller's buffer. */
static size_t read_plain(struct source *source, uint8_t *buffer, size_t length)
{
    struct raw *raw = &source->raw;
    size_t left = raw_left(raw);
    if (left) {
        size_t taken = left < length ? left : length;
        memcpy(buffer, raw->at, taken);
        raw->at += taken;
        return taken;
    }
    return raw->ended ? 0 : raw_read(raw, buffer, length);
}

static void count_garbage(struct source *source)
{
    struct raw *raw = &source->raw;
    for (;;) {
        size_t left = raw_need(raw, 1);
        if (!left)
            break;
        source->fault_bytes += left;
        raw->at = raw->end;
    }
    end_with(source, source->fault_bytes ? SOURCE_GARBAGE : SOURCE_WHOLE);
}

/* Where the guard looks, whatever the pieces that are asked for: it stops every reader at the same
 * byte. */
static bool at_guard(const struct source *source)
{
    return source->content_bytes % GUARD_STEP_BYTES == 0;
}

static size_t until_guard(const struct source *source, size_t length)
{
    uint64_t left = GUARD_STEP_BYTES - source->content_bytes % GUARD_STEP_BYTES;
    return source->content_bytes >= GUARD_FREE_BYTES && left < length ? (size_t)left : length;
}

static size_t read_decoded(struct source *source, uint8_t *buffer, size_t length)
{
    enum source_fault fault = SOURCE_WHOLE;
    size_t wanted = until_guard(source, length);
    size_t got = source->decoder->read(source->decoder_state, &source->raw, buffer, wanted, &fault);
    if (!got) {
        if (fault == SOURCE_WHOLE)
            count_garbage(source);
        else
            end_with(source, fault);
        return 0;
    }
    source->content_bytes += got;
    uint64_t consumed = source->raw.taken - raw_left(&source->raw);
    if (at_guard(source) && ratio_exceeded(consumed, source->content_bytes))
        end_with(source, SOURCE_TOO_LARGE);
    return got;
}

size_t source_read_itself(struct source *source, uint8_t *buffer, size_t length)
{
    if (!source->recognised)
        recognise(source);
    if (source->over || !length)
        return 0;
    if (source->decoder)
        return read_decoded(source, buffer, length);
    size_t got = read_plain(source, buffer, length);
    if (!got)
        end_with(source, SOURCE_WHOLE);
    return got;
}

struct standing source_standing(const struct source *source)
{
    return (struct standing){.raw_bytes = source->raw.taken,
                             .fault_bytes = source->fault_bytes,
                             .fault = source->fault,
                             .compression = source->compression,
                             .error = source->raw.error};
}

void source_read_ahead(struct source *source, struct source_pool *pool)
{
    struct source *itself = malloc(sizeof *itself);
    if (!itself)
        return;
    *itself = *source;
    source->ahead = ahead_create(pool, itself);
    if (!source->ahead)
        free(itself);
}

size_t source_read(struct source *source, void *buffer, size_t length)
{
    if (!source->ahead)
        return source_read_itself(source, buffer, length);
    if (!length)
        return 0;
    struct standing standing;
    size_t got = ahead_read(source->ahead, buffer, length, &standing);
    source->raw.taken = standing.raw_bytes;
    source->raw.error = standing.error;
    source->fault_bytes = standing.fault_bytes;
    source->fault = standing.fault;
    source->compression = standing.compression;
    return got;
}

enum source_fault source_fault(const struct source *source)
{
    return source->fault;
}

uint64_t source_fault_bytes(const struct source *source)
{
    return source->fault_bytes;
}

int source_errno(const struct source *source)
{
    return source->raw.error;
}

enum compression source_compression(const struct source *source)
{
    return source->compression;
}

uint64_t source_raw_bytes(const struct source *source)
{
    return source->raw.fd >= 0 ? source->raw.taken : source->raw.taken - raw_left(&source->raw);
}

uint64_t source_size(const struct source *source)
{
    return source->size;
}
