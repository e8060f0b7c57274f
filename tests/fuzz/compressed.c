/*
 * Compressed bytes: what comes out does not depend on the sizes in which it is asked for, and the
 * whole of the input is taken, or a fault says where it ended.
 */
#include "tests/fuzz/fuzz.h"

#include "dissect/source/source.h"

#include <sys/mman.h>

/* A caller may stop anywhere; a bomb is to be looked at only as long as it is instructive. */
#define CONTENT_BYTES_MAX ((uint64_t)4 << 20)
#define ASKED_BYTES_MAX   ((size_t)1 << 19)
#define GUARDED_BYTES_MAX ((size_t)1 << 20)

struct content {
    struct digest digest;
    uint64_t bytes;
    enum source_fault fault;
    uint64_t fault_bytes;
};

static struct content content_of(const uint8_t *bytes, size_t size, size_t piece)
{
    static uint8_t buffer[ASKED_BYTES_MAX];
    struct content content = {.digest = DIGEST_BEGIN};
    struct source *source = source_from_memory(bytes, size);
    REQUIRE(source);
    const uint8_t *peeked;
    size_t peekable = source_peek(source, &peeked);
    REQUIRE(peekable == (size < SOURCE_PEEK_BYTES ? size : SOURCE_PEEK_BYTES));
    REQUIRE(!peekable || !memcmp(peeked, bytes, peekable));
    size_t got = 0;
    uint64_t raw = 0;
    while (content.bytes < CONTENT_BYTES_MAX) {
        uint64_t left = CONTENT_BYTES_MAX - content.bytes;
        size_t asked = left < piece ? (size_t)left : piece;
        got = source_read(source, buffer, asked);
        REQUIRE(got <= asked);
        if (!got)
            break;
        content.bytes += got;
        digest_add(&content.digest, buffer, got);
        REQUIRE(source_raw_bytes(source) >= raw && source_raw_bytes(source) <= size);
        raw = source_raw_bytes(source);
    }
    content.fault = source_fault(source);
    content.fault_bytes = source_fault_bytes(source);
    if (!got) {
        REQUIRE(source_read(source, buffer, sizeof buffer) == 0);
        REQUIRE(content.fault != SOURCE_NO_MEMORY && content.fault != SOURCE_FAILED);
        REQUIRE(content.fault != SOURCE_WHOLE || source_raw_bytes(source) == size);
        REQUIRE(content.fault != SOURCE_GARBAGE ||
                (content.fault_bytes && content.fault_bytes <= size));
        if (source_compression(source) == COMPRESSION_NONE)
            REQUIRE(content.bytes == size && content.fault == SOURCE_WHOLE);
    }
    source_destroy(source);
    return content;
}

/* Libraries are not built with sanitizers, and some are written in assembly: behind the input lies
 * a page that nobody may touch. */
static const uint8_t *with_guard(const uint8_t *bytes, size_t size)
{
    static uint8_t *room;
    const size_t page = 4096;
    if (!room) {
        room = mmap(NULL, GUARDED_BYTES_MAX + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(room != MAP_FAILED);
        REQUIRE(mprotect(room + GUARDED_BYTES_MAX, page, PROT_NONE) == 0);
    }
    REQUIRE(size <= GUARDED_BYTES_MAX);
    uint8_t *copy = room + GUARDED_BYTES_MAX - size;
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

void fuzz_target(const uint8_t *bytes, size_t size)
{
    bytes = with_guard(bytes, size);
    struct content at_once = content_of(bytes, size, ASKED_BYTES_MAX);
    struct content in_pieces = content_of(bytes, size, size % 1021 + 63);
    REQUIRE(at_once.bytes == in_pieces.bytes);
    REQUIRE(at_once.digest.value == in_pieces.digest.value);
    if (at_once.bytes < CONTENT_BYTES_MAX) {
        REQUIRE(at_once.fault == in_pieces.fault);
        REQUIRE(at_once.fault_bytes == in_pieces.fault_bytes);
    }
}
