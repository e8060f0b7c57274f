#include "dissect/tcp/tcp.h"

enum option_kind {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WINDOW_SCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMPS = 8,
    OPTION_MD5 = 19,
    OPTION_AO = 29,
    OPTION_MPTCP = 30,
    OPTION_FAST_OPEN = 34,
    OPTION_EXPERIMENT = 254,
};

#define FAST_OPEN_EXPERIMENT 0xf989 /* RFC 7413 section 4.1.1 */
#define MP_TCPRST            8
#define WINDOW_SCALE_MAX     14
#define SACK_BLOCK_BYTES     8u

static bool before(uint32_t a, uint32_t b)
{
    uint32_t distance;
    (void)__builtin_sub_overflow(a, b, &distance); /* meant to wrap */
    return distance >> 31;
}

/* RFC 2883 section 4: the first block reports a duplicate when it begins below the acknowledgment,
 * or lies inside the second. */
static bool reports_duplicate(const struct segment *segment, const uint8_t *option)
{
    if (!(segment->flags & TCP_ACK))
        return false;
    if (before(segment->sack_left, segment->ack))
        return true;
    if (option[1] < 2 + 2 * SACK_BLOCK_BYTES)
        return false;
    uint32_t left = load_be32(option + 10);
    uint32_t right = load_be32(option + 14);
    return !before(segment->sack_left, left) && !before(right, segment->sack_right);
}

static inline void read_window_scale(struct segment *segment, uint8_t shift)
{
    segment->marks |= SEG_WINDOW_SCALE;
    segment->window_scale = shift > WINDOW_SCALE_MAX ? WINDOW_SCALE_MAX : shift;
}

static void read_sack(struct segment *segment, const uint8_t *option)
{
    segment->marks |= SEG_SACK;
    segment->sack_left = load_be32(option + 2);
    segment->sack_right = load_be32(option + 6);
    if (reports_duplicate(segment, option))
        segment->marks |= SEG_DSACK;
}

static void read_mptcp(struct segment *segment, const uint8_t *option, struct tcp_extra *extra)
{
    segment->marks |= SEG_MPTCP;
    if (option[2] >> 4 == MP_TCPRST && option[1] >= 4) {
        extra->has_mptcp_reason = true;
        extra->mptcp_reason = option[3];
    }
}

/* The whole option, whose length suits its kind. */
static inline void read_option(struct segment *segment, const uint8_t *option,
                               struct tcp_extra *extra)
{
    switch (option[0]) {
    case OPTION_MSS:
        segment->marks |= SEG_MSS;
        segment->mss = load_be16(option + 2);
        break;
    case OPTION_WINDOW_SCALE:
        read_window_scale(segment, option[2]);
        break;
    case OPTION_SACK_PERMITTED:
        segment->marks |= SEG_SACK_PERMITTED;
        break;
    case OPTION_SACK:
        read_sack(segment, option);
        break;
    case OPTION_TIMESTAMPS:
        segment->marks |= SEG_TIMESTAMPS;
        segment->ts_val = load_be32(option + 2);
        segment->ts_ecr = load_be32(option + 6);
        break;
    case OPTION_MD5:
    case OPTION_AO:
        segment->marks |= SEG_SIGNED;
        break;
    case OPTION_MPTCP:
        read_mptcp(segment, option, extra);
        break;
    case OPTION_FAST_OPEN:
        segment->marks |= SEG_FAST_OPEN;
        break;
    case OPTION_EXPERIMENT:
        if (option[1] >= 4 && load_be16(option + 2) == FAST_OPEN_EXPERIMENT)
            segment->marks |= SEG_FAST_OPEN;
        break;
    default:
        break;
    }
}

/* By kind; a kind that is of no interest takes every length. Lengths count kind and length; `unit`,
 * a power of two, is what those above the shortest must be multiples of. */
/* clang-format off */
static const struct option_lengths {
    uint8_t shortest, longest, unit;
} lengths[256] = {
    [OPTION_MSS]            = { 4,  4, 1},
    [OPTION_WINDOW_SCALE]   = { 3,  3, 1},
    [OPTION_SACK_PERMITTED] = { 2,  2, 1},
    [OPTION_SACK]           = {10, 34, 8},
    [OPTION_TIMESTAMPS]     = {10, 10, 1},
    [OPTION_MD5]            = {18, 18, 1},
    [OPTION_AO]             = { 4, 40, 1},
    [OPTION_MPTCP]          = { 3, 40, 1},
    [OPTION_FAST_OPEN]      = { 2, 18, 1},
    [OPTION_EXPERIMENT]     = { 2, 40, 1},
};
/* clang-format on */

static inline bool suits(uint8_t kind, uint32_t length)
{
    const struct option_lengths *l = &lengths[kind];
    return !l->unit || (length >= l->shortest && length <= l->longest &&
                        ((length - l->shortest) & (l->unit - 1u)) == 0);
}

#define NOP_NOP_SACK_PERMITTED  0x01010402u
#define NOP_NOP_TIMESTAMPS      0x0101080au
#define SACK_PERMITTED_AND_TIME 0x0402080au

/* Options as the usual stacks place them in a SYN, on multiples of four octets; how far it came. */
static inline uint32_t read_aligned(struct segment *segment, const uint8_t *options,
                                    uint32_t length)
{
    uint32_t at = 0;
    while (length - at >= 4) {
        uint32_t word = load_be32(options + at);
        if (word >> 16 == (OPTION_MSS << 8 | 4)) {
            segment->marks |= SEG_MSS;
            segment->mss = (uint16_t)word;
        } else if (word >> 8 == (OPTION_NOP << 16 | OPTION_WINDOW_SCALE << 8 | 3)) {
            read_window_scale(segment, (uint8_t)word);
        } else if (word == NOP_NOP_SACK_PERMITTED) {
            segment->marks |= SEG_SACK_PERMITTED;
        } else if ((word == NOP_NOP_TIMESTAMPS || word == SACK_PERMITTED_AND_TIME) &&
                   length - at >= 12) {
            if (word == SACK_PERMITTED_AND_TIME)
                segment->marks |= SEG_SACK_PERMITTED;
            tcp_fill_timestamps(segment, options + at);
            at += 8;
        } else {
            break;
        }
        at += 4;
    }
    return at;
}

static inline void read_options(struct segment *segment, const uint8_t *options, uint32_t at,
                                uint32_t captured, uint32_t length, struct tcp_extra *extra)
{
    while (at < length) {
        if (at >= captured) {
            segment->marks |= SEG_OPTIONS_CUT;
            return;
        }
        uint8_t kind = options[at];
        if (kind == OPTION_END)
            return;
        if (kind == OPTION_NOP) {
            at++;
            continue;
        }
        if (length - at >= 2 && captured - at < 2) {
            segment->marks |= SEG_OPTIONS_CUT;
            return;
        }
        uint32_t option_length = length - at >= 2 ? options[at + 1] : 0;
        if (option_length < 2 || option_length > length - at) {
            segment->marks |= SEG_OPTIONS_BAD;
            return;
        }
        if (option_length > captured - at) {
            segment->marks |= SEG_OPTIONS_CUT;
            return;
        }
        /* A length that does not suit its kind: kernels step over the option and read on. */
        if (LIKELY(suits(kind, option_length)))
            read_option(segment, options + at, extra);
        else
            segment->marks |= SEG_OPTIONS_BAD;
        at += option_length;
    }
}

void tcp_options(struct segment *segment, const uint8_t *options, uint32_t captured,
                 uint32_t length, struct tcp_extra *extra)
{
    /* Nothing is cut but in captures with a short snapshot length: two loops of one text. */
    if (LIKELY(captured == length))
        read_options(segment, options, read_aligned(segment, options, length), length, length,
                     extra);
    else
        read_options(segment, options, 0, captured, length, extra);
}
