/*
 * The same five-tuple again: the rules, and what must not make them speak.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */

/* The server closes first and holds TIME_WAIT. 102/202, 202/102, frames 9. */
#define SERVER_WAITS ESTABLISHED                                                                   \
    "+.100 < F. 201:201(0) ack 101\n"                                                              \
    "+.010 > F. 101:101(0) ack 202\n"                                                              \
    "+.010 < . 202:202(0) ack 102\n"

/* The same with stamps; the client's last is 231. */
#define SERVER_WAITS_TS ESTABLISHED_TS                                                             \
    "+.100 < F. 201:201(0) ack 101 <TS val 1221 ecr 121>\n"                                        \
    "+.010 > F. 101:101(0) ack 202 <TS val 231 ecr 1221>\n"                                        \
    "+.010 < . 202:202(0) ack 102 <TS val 1241 ecr 231>\n"

/* From the SYN on, with the numbers of both ends. */
#define OPENED_WITH(client, client_1, server, server_1)                                            \
    "+2 > S " client ":" client "(0) <mss 1460>\n"                                                 \
    "+.010 < S. " server ":" server "(0) ack " client_1 " <mss 1460>\n"                            \
    "+.010 > . " client_1 ":" client_1 "(0) ack " server_1 "\n"

#define OPENED_HIGHER OPENED_WITH("100000", "100001", "300000", "300001")

static const struct CMUnitTest tests[] = {
    /* ---- TIME_WAIT ---- */
    SCRIPT("the closer opens it again: the other end is closed and accepts", TIME_WAIT
        OPENED_HIGHER
        "connection 1\n"
        "rules nothing\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait by client notice certain @7 @9 @11 @12 holder=client\n"
        "rule tuple_reuse_in_time_wait gap_ns=2000000000 isn_above=99898 ts_above=-\n"
        "rule tuple_reuse_in_time_wait safe_rfc1122=true safe_rfc6191=true outcome=accepted\n"
        "rule tuple_reuse_in_time_wait attempts=1 delay_ns=- got_through=true\n"),
    SCRIPT("the other end holds it and accepts a higher number", SERVER_WAITS OPENED_HIGHER
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait by client notice certain @7 @8 @9 @10 @11 holder=server\n"
        "rule tuple_reuse_in_time_wait isn_above=99898 outcome=accepted\n"),
    SCRIPT("both hold it after a simultaneous close", CLOSING
        "+.006 > . 102:102(0) ack 202\n"
        "+.006 < . 202:202(0) ack 102\n"
        OPENED_HIGHER
        "connection 2\n"
        "rule tuple_reuse_in_time_wait by client notice holder=both\n"),
    SCRIPT("the former server calls back: its own old numbers count", TIME_WAIT
        "+2 < S 203:203(0) <mss 1460>\n"
        "+.010 > S. 100000:100000(0) ack 204 <mss 1460>\n"
        "+.010 < . 204:204(0) ack 100001\n"
        "connection 2\n"
        /* The script's server is the new connection's client. */
        "rule tuple_reuse_in_time_wait by client notice certain holder=server isn_above=1\n"),
    /* The last number used was the FIN's, 101; snd_nxt is 102; above it is what lies beyond. */
    SCRIPT("a number equal to snd_nxt is not above it", SERVER_WAITS
        OPENED_WITH("102", "103", "300000", "300001")
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait by client warning certain isn_above=0\n"
        "rule tuple_reuse_in_time_wait safe_rfc1122=false safe_rfc6191=false outcome=accepted\n"),
    SCRIPT("near miss: one above it is safe", SERVER_WAITS
        OPENED_WITH("103", "104", "300000", "300001")
        "connection 2\n"
        "rule tuple_reuse_in_time_wait notice isn_above=1 safe_rfc1122=true safe_rfc6191=true\n"),
    SCRIPT("without a FIN of its own the SYN's sender stands where its octets ended", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+.010 > S 102:102(0) <mss 1460>\n"
        "+.010 < . 202:202(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "connection 2\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client warning certain isn_above=1 outcome=challenged\n"),
    /* RFC 6191: a newer stamp makes up for a lower number. */
    SCRIPT("a lower number with a newer stamp", SERVER_WAITS_TS
        "+2 > S 50:50(0) <mss 1460,TS val 232 ecr 0>\n"
        "+.010 < S. 300000:300000(0) ack 51 <mss 1460,TS val 3241 ecr 232>\n"
        "+.010 > . 51:51(0) ack 300001 <TS val 252 ecr 3241>\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait notice isn_above=-52 ts_above=1 safe_rfc1122=false\n"
        "rule tuple_reuse_in_time_wait safe_rfc6191=true\n"),
    SCRIPT("an equal stamp needs a higher number, and has it", SERVER_WAITS_TS
        "+2 > S 103:103(0) <mss 1460,TS val 231 ecr 0>\n"
        "+.010 < S. 300000:300000(0) ack 104 <mss 1460,TS val 3241 ecr 231>\n"
        "connection 2\n"
        "rule tuple_reuse_in_time_wait notice ts_above=0 safe_rfc1122=true safe_rfc6191=true\n"),
    SCRIPT("an equal stamp and no higher number", SERVER_WAITS_TS
        "+2 > S 102:102(0) <mss 1460,TS val 231 ecr 0>\n"
        "+.010 < . 202:202(0) ack 102 <TS val 3241 ecr 231>\n"
        "+.010 > R 102:102(0)\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait syn_rejected_in_time_wait\n"
        "rule tuple_reuse_in_time_wait warning ts_above=0 safe_rfc1122=false safe_rfc6191=false\n"
        "rule syn_rejected_in_time_wait by server warning certain failed_condition=isn\n"
        "rule syn_rejected_in_time_wait outcome=challenged got_through=false\n"),
    /* PAWS: Linux drops it whatever the number, and limits how often it says so. */
    SCRIPT("a higher number with an older stamp, dropped until it is newer", SERVER_WAITS_TS
        "+2 > S 100000:100000(0) <mss 1460,TS val 230 ecr 0>\n"
        "+1 > S 100000:100000(0) <mss 1460,TS val 1230 ecr 0>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460,TS val 3241 ecr 1230>\n"
        "+.010 > . 100001:100001(0) ack 300001 <TS val 1250 ecr 3241>\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait syn_rejected_in_time_wait\n"
        "rule tuple_reuse_in_time_wait warning ts_above=-1 safe_rfc1122=true safe_rfc6191=false\n"
        "rule syn_rejected_in_time_wait by server warning probable failed_condition=timestamp\n"
        "rule syn_rejected_in_time_wait @10 @11 outcome=retried attempts=2 delay_ns=1000000000\n"
        "rule syn_rejected_in_time_wait got_through=true\n"),
    SCRIPT("stamps on one of the two uses only: the number decides", SERVER_WAITS_TS
        OPENED_WITH("50", "51", "300000", "300001")
        "connection 2\n"
        "rule tuple_reuse_in_time_wait warning ts_above=- safe_rfc6191=false\n"),
    SCRIPT("challenged, RST, and again", SERVER_WAITS
        "+2 > S 50:50(0) <mss 1460>\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "+.013 > S 50:50(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 51 <mss 1460>\n"
        "+.010 > . 51:51(0) ack 300001\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait syn_rejected_in_time_wait\n"
        "rule tuple_reuse_in_time_wait by client warning certain outcome=challenged @11 @12\n"
        "rule syn_rejected_in_time_wait by server warning certain @10 @11 @12 @13 @14\n"
        "rule syn_rejected_in_time_wait failed_condition=isn isn_above=-52 attempts=2\n"
        "rule syn_rejected_in_time_wait delay_ns=33000000 got_through=true\n"),
    SCRIPT("the same with a number far away", SERVER_WAITS
        "+2 > S 2500000000:2500000000(0) <mss 1460>\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "+.013 > S 2500000000:2500000000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 2500000001 <mss 1460>\n"
        "connection 2\n"
        "rule syn_rejected_in_time_wait by server warning certain failed_condition=isn attempts=2\n"),
    SCRIPT("a RST from TIME_WAIT to the SYN", SERVER_WAITS
        "+2 > S 50:50(0) <mss 1460>\n"
        "+.010 < R. =0:=0(0) ack 51\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait syn_rejected_in_time_wait\n"
        "rule syn_rejected_in_time_wait outcome=reset got_through=false\n"),
    SCRIPT("near miss: a good SYN that was lost, and sent again", SERVER_WAITS
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "+1 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait notice outcome=retried attempts=2 delay_ns=1000000000\n"),
    SCRIPT("near miss: nobody had time to answer", SERVER_WAITS
        "+2 > S 50:50(0) <mss 1460>\n"
        "+.100 quiet\n"
        "connection 2\n"
        "no rule syn_rejected_in_time_wait\n"
        "rule tuple_reuse_in_time_wait warning outcome=-\n"
        "+1 quiet\n"
        "connection 2\n"
        "rule syn_rejected_in_time_wait warning probable outcome=unanswered\n"),
    SCRIPT("another try with another number is judged against the same use", SERVER_WAITS
        "+2 > S 50:50(0) <mss 1460>\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+1 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connections 3\n"
        "connection 3\n"
        "rule tuple_reuse_in_time_wait notice probable holder=server outcome=accepted attempts=2\n"
        "rule tuple_reuse_in_time_wait delay_ns=1010000000 isn_above=99898\n"),
    SCRIPT("near miss: 2*MSL is over", "--2msl=1\n" SERVER_WAITS OPENED_HIGHER
        "connections 2\n"
        "connection 2\n"
        "rules nothing\n"),
    SCRIPT("2*MSL counts from what restarted it", SERVER_WAITS
        "+50 > F. 101:101(0) ack 202\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+50 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rule tuple_reuse_in_time_wait holder=server gap_ns=50000000000\n"),
    SCRIPT("near miss: a SYN again is no reuse", ESTABLISHED
        "+.100 > S 0:0(0)\n"
        "rules nothing\n"),
    SCRIPT("without times nothing can be said about 2*MSL", TIME_WAIT
        "? > S 100000:100000(0) <mss 1460>\n"
        "? < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules nothing\n"),

    SCRIPT("the SYN was not seen: the SYN-ACK of what lived tells", SERVER_WAITS
        "+2 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "+.100 < P. 300001:300101(100) ack 100001\n"
        "connection 2\n"
        "rules tuple_reuse_in_time_wait\n"
        "rule tuple_reuse_in_time_wait by client notice probable @10 holder=server attempts=-\n"
        "rule tuple_reuse_in_time_wait isn_above=99898 safe_rfc1122=- outcome=accepted\n"),
    SCRIPT("near miss: only one direction is seen, of which nothing is missing",
        "0 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.100 < P. 1:201(200) ack 101\n"
        "+.100 < F. 201:201(0) ack 101\n"
        "+2 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.100 < P. 300001:300101(100) ack 100101\n"
        "connections 2\n"
        "connection 2\n"
        "rules nothing\n"),
    SCRIPT("near miss: a SYN-ACK of which nothing comes", TIME_WAIT
        "+2 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules nothing\n"),

    /* ---- after a reset ---- */
    SCRIPT("after a reset that the other end may not have received", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        OPENED_HIGHER
        "connection 2\n"
        "rules tuple_reuse_after_reset\n"
        "rule tuple_reuse_after_reset by client info probable @7 @8 gap_ns=2000000000\n"
        "rule tuple_reuse_after_reset outcome=accepted\n"),
    SCRIPT("near miss: the addressee itself sent the reset", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        OPENED_HIGHER
        "connection 2\n"
        "rules nothing\n"),
    SCRIPT("near miss: a reset long ago", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+60 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules nothing\n"),
    SCRIPT("a reset that was lost: the other end is open, as its challenge shows", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "+.013 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client warning certain @9 @10 outcome=challenged\n"),

    /* ---- while open ---- */
    SCRIPT("half-open: challenge, RST, and again", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "+.013 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "connection 2\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client warning certain @7 @8 @9 @10 @11\n"
        "rule tuple_reuse_while_open outcome=challenged attempts=2 delay_ns=33000000\n"
        "rule tuple_reuse_while_open got_through=true sender_unaware=-\n"),
    SCRIPT("half-open, hours later", ESTABLISHED
        "+7200 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "connection 2\n"
        "rule tuple_reuse_while_open warning certain outcome=challenged got_through=false\n"),
    SCRIPT("half-open: an old stack resets", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < R. =0:=0(0) ack 100001\n"
        "connection 2\n"
        "rule tuple_reuse_while_open warning probable outcome=reset\n"),
    SCRIPT("half-closed: the peer in CLOSE_WAIT turns it down", FIN_WAIT_2
        "+70 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "connection 2\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client warning certain outcome=challenged\n"),
    SCRIPT("no answer at all while the other end is open", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.100 quiet\n"
        "connection 2\n"
        "rules nothing\n"
        "+3 quiet\n"
        "connection 2\n"
        "rules syn_unanswered\n"
        "+3 > S 100000:100000(0) <mss 1460>\n"
        "connection 2\n"
        "rule tuple_reuse_while_open warning possible outcome=unanswered attempts=2\n"),
    SCRIPT("accepted: it had ended unseen", ESTABLISHED OPENED_HIGHER
        "connection 2\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client notice possible outcome=accepted\n"
        "quiet\n"),
    SCRIPT("near miss: accepted long after", ESTABLISHED
        "+600 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connection 2\n"
        "rules nothing\n"),
    SCRIPT("near miss: an acknowledgment of the old use that crossed the SYN", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.001 < . 201:201(0) ack 101\n"
        "+.009 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "connection 2\n"
        "quiet\n"),
    SCRIPT("a SYN that its sender knows nothing of", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "connections 1\n"
        "rules tuple_reuse_while_open\n"
        "rule tuple_reuse_while_open by client warning certain @7 @8 sender_unaware=true\n"
        "rule tuple_reuse_while_open outcome=challenged attempts=1 got_through=false\n"),
    SCRIPT("the same with a number far away, unanswered", ESTABLISHED
        "+10 > S 2500000000:2500000000(0) <mss 1460>\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "connections 1\n"
        "rule tuple_reuse_while_open by client warning certain @7 sender_unaware=true\n"),

    /* ---- another number ---- */
    SCRIPT("another number in SYN_SENT", SYN_SENT
        "+3 > S 5000:5000(0) <mss 1460>\n"
        "connection 2\n"
        "rule syn_isn_changed by client info certain @1 @2 gap_ns=3000000000 isn_above=5000\n"),
    SCRIPT("another number in SYN_RECEIVED", SYN_RECEIVED
        "+3 > S 5000:5000(0) <mss 1460>\n"
        "connection 2\n"
        "rule syn_isn_changed by client info certain @1 @3\n"),
    SCRIPT("near miss: the first was refused", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1\n"
        "+3 > S 5000:5000(0) <mss 1460>\n"
        "connection 2\n"
        "no rule syn_isn_changed\n"),
    SCRIPT("near miss: long ago", SYN_SENT
        "+60 > S 5000:5000(0) <mss 1460>\n"
        "connection 2\n"
        "no rule syn_isn_changed\n"),
    SCRIPT("near miss: the same number", SYN_SENT
        "+3 > S 0:0(0) <mss 1460>\n"
        "connections 1\n"
        "no rule syn_isn_changed\n"),

    /* ---- old duplicates ---- */
    SCRIPT("an old segment within the new connection", TIME_WAIT OPENED_HIGHER
        "+.500 > P. 1:101(100) ack 1\n"
        "connections 2\n"
        "connection 2\n"
        "rules old_duplicate tuple_reuse_in_time_wait\n"
        "rule old_duplicate by client warning certain @14 count=1 offset=-100000\n"
        "rule old_duplicate acceptable=false gap_ns=2520000000\n"),
    SCRIPT("the same from the other end, numbers far away", TIME_WAIT
        OPENED_WITH("2500000000", "2500000001", "2700000000", "2700000001")
        "+.500 < P. 1:201(200) ack 101\n"
        "+.100 < P. 1:201(200) ack 101\n"
        "connection 2\n"
        "rule old_duplicate by server warning certain @14 @15 count=2\n"),
    SCRIPT("an old FIN", TIME_WAIT OPENED_HIGHER
        "+.500 < F. 201:201(0) ack 102\n"
        "connection 2\n"
        "rule old_duplicate by server warning certain @14\n"),
    /* The new numbers begin within the old ones, and without stamps only the ACK tells. */
    SCRIPT("one that the new connection takes for its own", ESTABLISHED
        "+.100 > P. 101:5101(5000) ack 201\n"
        "+.010 < . 201:201(0) ack 5101\n"
        "+.100 < F. 201:201(0) ack 5101\n"
        "+.010 > F. 5101:5101(0) ack 202\n"
        "+.010 < . 202:202(0) ack 5102\n"
        "+2 > S 3000:3000(0) win 65535 <mss 1460>\n"
        "+.010 < S. 1000:1000(0) ack 3001 win 65535 <mss 1460>\n"
        "+.010 > . 3001:3001(0) ack 1001 win 65535\n"
        "+.500 > P. 3101:5101(2000) ack 201 win 65535\n"
        "connection 2\n"
        "rule old_duplicate by client critical certain @15 acceptable=true offset=100\n"),
    SCRIPT("near miss of that: the stamp gives it away, and PAWS rejects it", SERVER_WAITS_TS
        "+2 > S 50:50(0) win 65535 <mss 1460,TS val 2231 ecr 0>\n"
        "+.010 < S. 300000:300000(0) ack 51 win 65535 <mss 1460,TS val 3241 ecr 2231>\n"
        "+.010 > . 51:51(0) ack 300001 win 65535 <TS val 2251 ecr 3241>\n"
        "+.500 > P. 51:101(50) ack 1 win 65535 <TS val 101 ecr 1001>\n"
        "connection 2\n"
        "rule old_duplicate by client warning certain acceptable=false\n"),
    SCRIPT("near miss: octets of the new connection sent again", TIME_WAIT OPENED_HIGHER
        "+.100 > P. 100001:100101(100) ack 300001\n"
        "+.500 > P. 100001:100101(100) ack 300001\n"
        "connection 2\n"
        "no rule old_duplicate\n"),
    SCRIPT("near miss: a keepalive of the new connection", TIME_WAIT OPENED_HIGHER
        "+30 > . 100000:100000(0) ack 300001\n"
        "connection 2\n"
        "no rule old_duplicate\n"),
    SCRIPT("near miss: the old FIN again before the new SYN", LAST_ACK
        "+.200 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        OPENED_HIGHER
        "connection 2\n"
        "no rule old_duplicate\n"),
    SCRIPT("near miss: at another tap", TIME_WAIT OPENED_HIGHER
        "+.500 > P. 1:101(100) ack 1 tap 1\n"
        "connection 2\n"
        "no rule old_duplicate\n"),
    SCRIPT("near miss: out of order in the capture", TIME_WAIT
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "+.001 > . 102:102(0) ack 202\n"
        "connection 2\n"
        "no rule old_duplicate\n"),
    SCRIPT("near miss: octets that the old connection never sent", TIME_WAIT OPENED_HIGHER
        "+.500 > P. 102:202(100) ack 202\n"
        "connection 2\n"
        "no rule old_duplicate\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
