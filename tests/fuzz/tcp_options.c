/*
 * The options of one TCP header: two octets of flags and of what the snapshot length cut, two
 * numbers, and at most 40 octets of options.
 */
#include "tests/fuzz/fuzz.h"

#include "dissect/tcp/tcp.h"

#define OPTIONS_MAX 40u

static void check_marks(const struct segment *g)
{
    static const uint32_t ours = SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED | SEG_SACK |
                                 SEG_DSACK | SEG_TIMESTAMPS | SEG_FAST_OPEN | SEG_SIGNED |
                                 SEG_MPTCP | SEG_OPTIONS_CUT | SEG_OPTIONS_BAD;
    REQUIRE(!(g->marks & ~ours));
    REQUIRE(g->marks & SEG_MSS || !g->mss);
    REQUIRE(g->marks & SEG_WINDOW_SCALE || !g->window_scale);
    REQUIRE(g->window_scale <= 14);
    REQUIRE(!(g->marks & SEG_DSACK) || (g->marks & SEG_SACK && g->flags & TCP_ACK));
    REQUIRE(g->marks & SEG_TIMESTAMPS || (!g->ts_val && !g->ts_ecr));
}

void fuzz_target(const uint8_t *bytes, size_t size)
{
    struct bytes in = {bytes, bytes + size};
    struct segment segment = {.flags = bytes_u8(&in)};
    uint32_t cut = bytes_u8(&in) % (OPTIONS_MAX + 1);
    segment.seq = bytes_u32(&in);
    segment.ack = bytes_u32(&in);
    uint32_t captured = bytes_left(&in) < OPTIONS_MAX ? (uint32_t)bytes_left(&in) : OPTIONS_MAX;
    uint32_t length = captured + cut < OPTIONS_MAX ? captured + cut : OPTIONS_MAX;
    uint8_t *options = bytes_take(&in, captured);
    struct segment first = segment;
    struct segment second = segment;
    struct tcp_extra extra = {0};
    tcp_options(&first, options, captured, length, &extra);
    check_marks(&first);
    REQUIRE(extra.has_mptcp_reason || !extra.mptcp_reason);
    REQUIRE(!extra.has_mptcp_reason || first.marks & SEG_MPTCP);
    if (length == captured)
        REQUIRE(!(first.marks & SEG_OPTIONS_CUT));
    tcp_options(&second, options, captured, length, &extra);
    REQUIRE(!memcmp(&first, &second, sizeof first));
    free(options);
}
