/*
 * gzip by ISA-L, in less than half of zlib's time. Where its words on a stream and zlib's may
 * differ, zlib has the word: at the first trouble zlib begins anew and takes over where content was
 * last delivered. So what a broken or cut file gives, and what is said of it, is zlib's.
 *
 * ISA-L accepts some broken streams for longer than zlib does. It gives whole pieces of content, of
 * a size of its own, so that what it gave by then does not depend on what is asked for.
 */
#include "dissect/source/raw.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Divides the steps of the decompression guard, and fits behind what a window keeps. */
#define PIECE_BYTES GUARD_STEP_BYTES

struct isal {
    struct inflate_state inflate;
    bool between_members;
    bool over;          /* all members are undone */
    uint64_t delivered; /* whole pieces */
    uint8_t *piece;     /* for a caller with less room */
    size_t piece_length, piece_given;
    void *zlib; /* has taken over, and reads `again` */
    struct raw again;
    enum source_fault fault;
};

static void *isal_create(void)
{
    struct isal *isal = calloc(1, sizeof *isal);
    if (isal)
        isal->between_members = true;
    return isal;
}

static void isal_destroy(void *state)
{
    struct isal *isal = state;
    if (isal->zlib)
        gzip_decoder.destroy(isal->zlib);
    free(isal->again.buffer);
    free(isal->piece);
    free(isal);
}

/* ---- ISA-L ---------------------------------------------------------------------------------- */

/* RFC 1952 section 2.3.1: ISA-L does not look at reserved flags, nor at a checksum of the header.
 */
#define FLAGS_FOR_ZLIB 0xe2

static bool begin_member(struct isal *isal, struct raw *raw)
{
    if (raw_need(raw, 4) < 4 || raw->at[3] & FLAGS_FOR_ZLIB)
        return false;
    isal_inflate_init(&isal->inflate);
    isal->inflate.crc_flag = ISAL_GZIP;
    isal->between_members = false;
    return true;
}

static bool member_follows(struct raw *raw)
{
    return raw_need(raw, 2) >= 2 && raw->at[0] == 0x1f && raw->at[1] == 0x8b;
}

/* False in trouble: the input is broken, or ends. */
static bool inflate_some(struct isal *isal, struct raw *raw, uint8_t *to, size_t room, size_t *got)
{
    struct inflate_state *inflate = &isal->inflate;
    size_t left = raw_need(raw, 1);
    /* The library declares its input without const, and does not write it. */
    union {
        const uint8_t *ours;
        uint8_t *theirs;
    } in = {raw->at};
    uint32_t given = left < UINT32_MAX / 2 ? (uint32_t)left : UINT32_MAX / 2;
    inflate->next_in = in.theirs;
    inflate->avail_in = given;
    inflate->next_out = to;
    inflate->avail_out = (uint32_t)room;
    /* In trouble the counts of what is left may be wrong. */
    if (isal_inflate(inflate) < 0 || inflate->avail_in > given || inflate->avail_out > room)
        return false;
    raw->at += given - inflate->avail_in;
    *got = room - inflate->avail_out;
    isal->between_members = inflate->block_state == ISAL_BLOCK_FINISH;
    return left || *got || isal->between_members;
}

/* A whole piece, or what is left of the content. False in trouble. */
static bool make_piece(struct isal *isal, struct raw *raw, uint8_t *to, size_t *length)
{
    *length = 0;
    while (*length < PIECE_BYTES && !isal->over) {
        if (isal->between_members && !member_follows(raw)) {
            isal->over = true;
            break;
        }
        if (isal->between_members && !begin_member(isal, raw))
            return false;
        size_t got;
        if (!inflate_some(isal, raw, to + *length, PIECE_BYTES - *length, &got))
            return false;
        *length += got;
    }
    return true;
}

/* ---- zlib, from the start ------------------------------------------------------------------- */

static bool read_anew(struct isal *isal, struct raw *raw)
{
    struct raw *again = &isal->again;
    if (raw->fd < 0) {
        *again = *raw;
        again->at = again->end - again->taken;
        return true;
    }
    off_t position = lseek(raw->fd, 0, SEEK_CUR);
    if (position < 0 || lseek(raw->fd, position - (off_t)raw->taken, SEEK_SET) < 0)
        return false;
    raw->at = raw->end;
    *again = (struct raw){.fd = raw->fd, .buffer = malloc(RAW_BUFFER_BYTES)};
    again->at = again->end = again->buffer;
    return again->buffer != NULL;
}

/* Nothing more comes when zlib does not come as far. */
static void take_over(struct isal *isal, struct raw *raw)
{
    uint8_t skipped[16384];
    isal->fault = SOURCE_NO_MEMORY;
    if (!read_anew(isal, raw) || !(isal->zlib = gzip_decoder.create()))
        return;
    isal->fault = SOURCE_WHOLE;
    for (uint64_t left = isal->delivered; left && isal->fault == SOURCE_WHOLE;) {
        size_t wanted = left < sizeof skipped ? (size_t)left : sizeof skipped;
        size_t got = gzip_decoder.read(isal->zlib, &isal->again, skipped, wanted, &isal->fault);
        if (!got && isal->fault == SOURCE_WHOLE)
            isal->fault = SOURCE_CORRUPT;
        left -= got;
    }
}

/* Where zlib stands, as soon as that is further than ISA-L was. */
static void note_position(const struct isal *isal, struct raw *raw)
{
    raw->error = isal->again.error;
    if (raw->fd >= 0 && raw->taken < isal->again.taken)
        raw->taken = isal->again.taken;
    else if (raw->fd < 0 && raw->at < isal->again.at)
        raw->at = isal->again.at;
}

/* What lies behind the last member is the caller's. */
static void hand_back(struct isal *isal, struct raw *raw)
{
    uint8_t *buffer = raw->buffer;
    *raw = isal->again;
    isal->again.buffer = buffer;
}

static size_t read_zlib(struct isal *isal, struct raw *raw, uint8_t *buffer, size_t length,
                        enum source_fault *fault)
{
    *fault = isal->fault;
    if (isal->fault)
        return 0;
    size_t got = gzip_decoder.read(isal->zlib, &isal->again, buffer, length, fault);
    note_position(isal, raw);
    if (!got && *fault == SOURCE_WHOLE && !isal->over) {
        isal->over = true;
        hand_back(isal, raw);
    }
    return got;
}

/* ---- both ----------------------------------------------------------------------------------- */

static size_t give_piece(struct isal *isal, uint8_t *buffer, size_t length)
{
    size_t left = isal->piece_length - isal->piece_given;
    size_t given = left < length ? left : length;
    memcpy(buffer, isal->piece + isal->piece_given, given);
    isal->piece_given += given;
    return given;
}

static size_t isal_read(void *state, struct raw *raw, uint8_t *buffer, size_t length,
                        enum source_fault *fault)
{
    struct isal *isal = state;
    if (isal->piece_given < isal->piece_length)
        return give_piece(isal, buffer, length);
    if (isal->zlib || isal->fault)
        return read_zlib(isal, raw, buffer, length, fault);
    bool direct = length >= PIECE_BYTES;
    if (!direct && !isal->piece && !(isal->piece = malloc(PIECE_BYTES))) {
        *fault = isal->fault = SOURCE_NO_MEMORY;
        return 0;
    }
    size_t got;
    if (!make_piece(isal, raw, direct ? buffer : isal->piece, &got)) {
        /* Where reading failed, all has been said. */
        if (raw->error) {
            *fault = isal->fault = SOURCE_TRUNCATED;
        } else {
            take_over(isal, raw);
            return read_zlib(isal, raw, buffer, length, fault);
        }
    }
    isal->delivered += got;
    if (direct)
        return got;
    isal->piece_length = got;
    isal->piece_given = 0;
    return give_piece(isal, buffer, length);
}

const struct decoder gzip_isal_decoder = {
    .create = isal_create, .read = isal_read, .destroy = isal_destroy};
