/* Writes docs/tcp-states.md from the tables of the analysis. */
#include "analyzer/state/table.h"
#include "analyzer/verdict.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const state_sentences[] = {
    [STATE_LISTEN] = "waits for a SYN; nothing in a capture tells it from CLOSED before an answer",
    [STATE_SYN_SENT] = "has sent its SYN and, as far as it knows, nothing has come back",
    [STATE_SYN_RECEIVED] = "has sent and received a SYN; its own is not acknowledged yet",
    [STATE_ESTABLISHED] = "open: both SYNs acknowledged, neither end has closed",
    [STATE_FIN_WAIT_1] = "closed first; its FIN is not acknowledged",
    [STATE_FIN_WAIT_2] = "closed first; its FIN is acknowledged, the peer's has not come",
    [STATE_CLOSING] = "both closed at the same time; its FIN is not acknowledged",
    [STATE_TIME_WAIT] = "closed first and is done; it waits 2·MSL for stragglers",
    [STATE_CLOSE_WAIT] = "the peer has closed; its own application has not",
    [STATE_LAST_ACK] = "closed after the peer; its FIN is not acknowledged",
    [STATE_CLOSED] = "holds no connection (any more)",
    [STATE_UNKNOWN] = "its direction was not captured: `possible_states` lists the candidates",
};
_Static_assert(COUNT(state_sentences) == STATES, "a sentence for every state");

static const char *const cause_sentences[] = {
    [CAUSE_FIRST_SEEN] =
        "The capture starts inside the connection: it was open (or closing) already.",
    [CAUSE_SENT_SYN] = "It sent its SYN.",
    [CAUSE_SENT_SYN_ACK] = "It answered the peer's SYN with its own.",
    [CAUSE_RECEIVED_SYN] = "The peer's SYN reached it while its own was out (simultaneous open).",
    [CAUSE_RECEIVED_SYN_ACK] = "The peer's SYN, with the acknowledgment of its own, reached it.",
    [CAUSE_RECEIVED_ACK_OF_SYN] = "The acknowledgment of its SYN reached it.",
    [CAUSE_SENT_FIN] = "It sent its FIN.",
    [CAUSE_RECEIVED_FIN] = "The peer's FIN, and every octet before it, reached it.",
    [CAUSE_RECEIVED_ACK_OF_FIN] = "An acknowledgment of its FIN reached it.",
    [CAUSE_SENT_RST] = "It reset the connection, or answered as a host that holds none.",
    [CAUSE_RECEIVED_RST] = "A reset that it accepts reached it.",
    [CAUSE_TWO_MSL_ELAPSED] = "2·MSL have passed since TIME_WAIT began or was last restarted.",
    [CAUSE_TIMED_OUT] = "Only its silence tells: it gave up when a timer ran out, or died.",
    [CAUSE_REUSED] = "The five-tuple was opened anew.",
    [CAUSE_IMPLIED] = "Later segments prove what the capture did not show.",
    [CAUSE_RETRACTED] = "What was presumed before turned out not to be so.",
};
_Static_assert(COUNT(cause_sentences) == CAUSES, "a sentence for every cause");

/* ---- the state function --------------------------------------------------------------------- */

struct row {
    bool sent, received, acked, active;
    enum tcp_state state;
};

#define ROW(sent, received, acked, active, state) {sent, received, acked, active, state},
static const struct row rows[] = {CLOSE_STATE_TABLE(ROW)};

static const char *yes(bool fact)
{
    return fact ? "yes" : "–";
}

static void put_state_function(void)
{
    puts("## The state function\n\n"
         "An endpoint's state is a function of what it has sent and received, never of the order "
         "in\n"
         "which packets passed the capture.\n\n"
         "| its FIN sent | peer's FIN received | its FIN acknowledged | closed | state |\n"
         "|---|---|---|---|---|");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];
        const char *closed = !r->sent ? "" : r->active ? "actively" : "passively";
        printf("| %s | %s | %s | %s | `%s` |\n", yes(r->sent), yes(r->received), yes(r->acked),
               closed, tcp_state_name(r->state));
    }
    puts("| a reset sent, or received and acceptable | | | | `CLOSED` |\n\n"
         "An endpoint closed *actively* when the first transmission of its FIN does not "
         "acknowledge\n"
         "the peer's FIN, *passively* when it does. Two active closes are a simultaneous close. A\n"
         "passive close whose acknowledgment of the peer's FIN turns out to be in doubt is read "
         "like\n"
         "an active one.\n");
}

/* ---- beside figure 5 ------------------------------------------------------------------------ */

struct step {
    unsigned facts;
    const char *figure; /* the label of the arrow in RFC 9293 figure 5 */
    const char *cause;
};

static const struct step steps[] = {
    {HAS_FIN_SENT, "CLOSE / snd FIN", "sent_fin"},
    {HAS_FIN_RECEIVED, "rcv FIN / snd ACK", "received_fin"},
    {HAS_FIN_ACKED, "rcv ACK of FIN", "received_ack_of_fin"},
    {HAS_FIN_RECEIVED | HAS_FIN_ACKED, "(note 2: both in one segment)", "received_ack_of_fin"},
};

/* The facts by which an endpoint came to a row, with one more step, as far as that can be: whoever
 * sends a FIN after the peer's came closes passively. */
static bool step_applies(unsigned facts, unsigned more)
{
    bool sent = facts & HAS_FIN_SENT;
    bool passive = sent && !(facts & HAS_CLOSED_ACTIVELY);
    if (facts & more)
        return false;
    if (more & HAS_FIN_SENT)
        return !sent;
    if (more & HAS_FIN_ACKED && !sent)
        return false;
    return !(more & HAS_FIN_RECEIVED && passive);
}

static void put_steps_from(unsigned facts)
{
    for (size_t i = 0; i < COUNT(steps); i++) {
        unsigned more = steps[i].facts;
        if (!step_applies(facts, more))
            continue;
        if (more & HAS_FIN_SENT && !(facts & HAS_FIN_RECEIVED))
            more |= HAS_CLOSED_ACTIVELY;
        printf("| `%s` | %s | `%s` | `%s` |\n", tcp_state_name(close_state(facts)), steps[i].figure,
               steps[i].cause, tcp_state_name(close_state(facts | more)));
    }
}

static void put_transitions(void)
{
    puts("## Beside figure 5 of RFC 9293\n\n"
         "What a further fact makes of each state, computed from the table above, with the label "
         "of\n"
         "the arrow in the figure.\n\n"
         "| from | figure 5 | cause in the report | to |\n"
         "|---|---|---|---|");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];
        /* Passive by number without the peer's FIN: no state of the figure's. */
        if (r->sent && !r->active && !r->received)
            continue;
        put_steps_from((r->sent ? HAS_FIN_SENT : 0u) | (r->received ? HAS_FIN_RECEIVED : 0u) |
                       (r->acked ? HAS_FIN_ACKED : 0u) | (r->active ? HAS_CLOSED_ACTIVELY : 0u));
    }
    puts("| `TIME_WAIT` | Timeout=2MSL / delete TCB | `two_msl_elapsed` | `CLOSED` |\n"
         "| any | (note 3: resets are not drawn) | `sent_rst`, `received_rst` | `CLOSED` |\n\n"
         "Before that the handshake:\n\n"
         "| from | figure 5 | cause in the report | to |\n"
         "|---|---|---|---|\n"
         "| `CLOSED` | active OPEN / snd SYN | `sent_syn` | `SYN_SENT` |\n"
         "| `LISTEN` | rcv SYN / snd SYN,ACK | `sent_syn_ack` | `SYN_RECEIVED` |\n"
         "| `SYN_SENT` | rcv SYN,ACK / snd ACK | `received_syn_ack` | `ESTABLISHED` |\n"
         "| `SYN_SENT` | rcv SYN / snd SYN,ACK | `received_syn` | `SYN_RECEIVED` |\n"
         "| `SYN_RECEIVED` | rcv ACK of SYN | `received_ack_of_syn` | `ESTABLISHED` |\n\n"
         "A server is `SYN_RECEIVED` from its own SYN-ACK on: that a SYN passed towards it does "
         "not\n"
         "tell that it has a socket.\n");
}

/* ---- words ---------------------------------------------------------------------------------- */

static void put_states(void)
{
    puts("## The states\n\n| state | the endpoint |\n|---|---|");
    for (unsigned s = 0; s < STATES; s++)
        printf("| `%s` | %s |\n", tcp_state_name((enum tcp_state)s), state_sentences[s]);
    putchar('\n');
}

static void put_causes(void)
{
    puts("## Causes\n\n"
         "Each entry of an endpoint's `states` names what made it change.\n\n"
         "| cause | |\n|---|---|");
    for (unsigned c = 0; c < CAUSES; c++)
        printf("| `%s` | %s |\n", state_cause_name((enum state_cause)c), cause_sentences[c]);
    putchar('\n');
}

static void put_certainty(void)
{
    printf("## `%s` and `%s`\n\n", certainty_name(CERTAINTY_CONFIRMED),
           certainty_name(CERTAINTY_PRESUMED));
    puts(
        "A capture shows segments passing, not arriving. An endpoint is believed only about "
        "itself.\n\n"
        "- *confirmed*: the endpoint's own segments prove it. `confirmed_by` is the segment that\n"
        "  does. What an endpoint sent is confirmed when it passes; what it received, when it\n"
        "  acknowledges it, or echoes a later timestamp, or acts on it.\n"
        "- *presumed*: the segment that causes it passed the capture, nothing contradicts it, and\n"
        "  nothing proves it. Beside the endpoint, presumed and true coincide.\n\n"
        "A presumption that the endpoint contradicts later is taken back: the FIN comes again "
        "after\n"
        "its acknowledgment passed, so that was lost. The entry stays in the report with\n"
        "`\"retracted\": true`, and the transition moves to the segment that was not lost. An "
        "entry's\n"
        "time is the time at the capture.\n\n"
        "## FINs that the capture missed\n"
        "\n"
        "A FIN is known without having passed when its octet is acknowledged, or when its sender "
        "goes\n"
        "on behind it. What is presumed of it then:\n"
        "\n"
        "- acknowledged later behind the peer's own FIN than a FIN could be that crossed that one "
        "(a\n"
        "  round trip to either end, and what it varies by), it was sent when the peer's had come: "
        "its\n"
        "  sender is in `CLOSE_WAIT` until then, and closed second. Sooner, the two crossed: "
        "`CLOSING`;\n"
        "- it acknowledged the peer's FIN, if nothing had before. Where that had waited longer "
        "than a\n"
        "  delayed acknowledgment takes, something had: `FIN_WAIT_2` comes before `TIME_WAIT`, "
        "when\n"
        "  that was due at the latest;\n"
        "- a FIN that nobody was seen to acknowledge, and that was not sent again when that was "
        "due, was\n"
        "  acknowledged unseen: the connection counts as closed.\n"
        "\n"
        "All of it is presumed: `possible_states` holds what else may be.\n"
        "\n"
        "## `possible_states`\n\n"
        "`state` is what is most likely; `possible_states` is every state that nothing rules out. "
        "It\n"
        "always holds the true one, as far as a capture can tell, and is no wider than its "
        "evidence:\n\n"
        "- what is presumed may not have happened: the states on the way from the last confirmed "
        "one;\n"
        "- `SYN_SENT`, `SYN_RECEIVED` and `TIME_WAIT` come with `CLOSED`: they end without a "
        "word;\n"
        "- an endpoint that owes an answer, or its own retransmission, may have died: `CLOSED`. It "
        "is\n"
        "  called so, by the cause `timed_out`, once four transmissions and 5 s went unanswered, "
        "or "
        "after as\n"
        "  many of its own the next did not come when it was due;\n"
        "- an orphan in `FIN_WAIT_2` is dropped in silence after `--fin-timeout`: `CLOSED`;\n"
        "- a FIN may be queued behind data or a closed window: `FIN_WAIT_1` beside `ESTABLISHED`,\n"
        "  `LAST_ACK` beside `CLOSE_WAIT`, `CLOSING` beside `LAST_ACK`, `TIME_WAIT` beside\n"
        "  `CLOSED`. Where the capture has one direction only, data counts as outstanding until\n"
        "  it would have been sent again;\n"
        "- an endpoint silent for longer than `--idle` may have been reset unseen: `CLOSED`.");
}

int main(void)
{
    puts("# TCP states, as finwait tells them\n\n"
         "<!-- Written by docs/make_states.c from the tables in analyzer/; ./dev docs renews it. "
         "-->\n");
    put_states();
    put_state_function();
    put_transitions();
    put_causes();
    put_certainty();
    return 0;
}
