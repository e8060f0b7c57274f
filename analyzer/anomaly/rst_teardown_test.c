/*
 * Who reset the connection, and why: each rule, its precedence, and what looks like it.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- time_wait_missing */
    SCRIPT("time_wait_missing: the FIN again draws RST", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
                "rule time_wait_missing by client warning certain @7 @10 @11 @12 gap_ns=250000000 "
        "stage=closing form=reply drawn_by=fin ttl_differs=false\n"),
    SCRIPT("time_wait_missing: long after, it may have been short", TIME_WAIT
        "+20 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule time_wait_missing by client warning probable\n"),
    SCRIPT("time_wait_missing, near: after 2*MSL it had ended", "--2msl=1\n" TIME_WAIT
        "+2 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule fin_met_closed by client\n"
        "quiet\n"),
    SCRIPT("time_wait_missing, near: TIME_WAIT acknowledges the FIN again", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "no rule time_wait_missing\n"),
    SCRIPT("time_wait_missing, near: a reset had ended it", TIME_WAIT
        "+.100 < R 202:202(0)\n"
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "no rule time_wait_missing\n"
        "quiet\n"),
    SCRIPT("time_wait_missing, near: the passive end has none", LAST_ACK
        "+.010 > . 102:102(0) ack 202\n"
        "+.250 > F. 101:101(0) ack 202\n"
        "+.010 < R 202:202(0)\n"
        "no rule time_wait_missing\n"),

    /* ---- time_wait_assassination */
    SCRIPT("time_wait_assassination: the last ACK came twice", TIME_WAIT
        "+.400 > . 102:102(0) ack 202 win 7\n"
        "+.010 < R 202:202(0)\n"
        "rules time_wait_assassination\n"
        "rule time_wait_assassination by server notice probable @10 @11 @12 gap_ns=410000000 "
        "drawn_by=ack\n"),
    SCRIPT("time_wait_assassination: on purpose", TIME_WAIT
        "+.400 < R. 202:202(0) ack 102\n"
        "rules time_wait_assassination\n"
        "rule time_wait_assassination by server drawn_by=nothing form=abort\n"),
    SCRIPT("time_wait_assassination, near: not acceptable", TIME_WAIT
        "+.400 < R. 90202:90202(0) ack 102\n"
        "no rule time_wait_assassination\n"),
    SCRIPT("time_wait_assassination, near: the holder itself sends it", TIME_WAIT
        "+.400 > R. 102:102(0) ack 202\n"
        "rules rst_after_close\n"
        "rule rst_after_close by client info certain @10 @11 gap_ns=400000000\n"),
    SCRIPT("time_wait_assassination, near: TIME_WAIT was over", "--2msl=1\n" TIME_WAIT
        "+2 < R. 202:202(0) ack 102\n"
        "rules rst_after_close\n"
        "rule rst_after_close by server info\n"),

    /* ---- request_met_close */
    SCRIPT("request_met_close: the FIN passes first", ESTABLISHED
        "+5 < F. 201:201(0) ack 101\n"
        "+.004 > P. 101:151(50) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules request_met_close\n"
        "rule request_met_close by server warning certain @7 @8 @9 idle_ns=5000000000 "
        "gap_ns=4000000 bytes_lost=50 drawn_by=data\n"),
    SCRIPT("request_met_close: the request passes first", ESTABLISHED
        "+60.4 > P. 101:151(50) ack 201\n"
        "+.004 < F. 201:201(0) ack 101\n"
        "+.006 < R 201:201(0)\n"
        "rules request_met_close\n"
        "rule request_met_close by server warning certain @7 @8 @9 idle_ns=60404000000 "
        "well_known_timeout=common_60s gap_ns=4000000 bytes_lost=50\n"),
    SCRIPT("request_met_close: part of the request did not pass", ESTABLISHED
        "+5 < F. 201:201(0) ack 101\n"
        "+.004 > P. 151:201(50) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rule request_met_close by server warning probable bytes_lost=50\n"),
    SCRIPT("request_met_close: two segments, numbers told apart", ESTABLISHED
        "+5 > P. 101:151(50) ack 201\n"
        "+0 > P. 151:201(50) ack 201\n"
        "+.004 < F. 201:201(0) ack 101\n"
        "+.006 < R 201:201(0)\n"
        "rule request_met_close by server bytes_lost=100 idle_ns=5004000000\n"),
    SCRIPT("request_met_close: the FIN is acknowledged in between", ESTABLISHED
        "+5 > P. 101:151(50) ack 201\n"
        "+.004 < F. 201:201(0) ack 101\n"
        "+.001 > . 151:151(0) ack 202\n"
        "+.005 < R 201:201(0)\n"
        "+.006 < R 202:202(0)\n"
        "rules request_met_close\n"
        "rule request_met_close by server certain @7 @8 @10 drawn_by=data\n"),
    SCRIPT("request_met_close, near: not idle", ESTABLISHED
        "+.5 < F. 201:201(0) ack 101\n"
        "+.004 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by server warning certain @7 @8 @9 gap_ns=4000000 bytes_lost=100\n"),
    SCRIPT("request_met_close, near: it had heard of the FIN", ESTABLISHED
        "+5 < F. 201:201(0) ack 101\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+1 > P. 101:201(100) ack 202\n"
        "+.010 < R 202:202(0)\n"
        "rules data_after_close\n"),
    SCRIPT("request_met_close, near: a client that waits no longer for the answer", ESTABLISHED
        "+.1 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+5 > F. 201:201(0) ack 201\n"
        "+.004 < P. 201:301(100) ack 201\n"
        "+.010 > R 201:201(0)\n"
        "rules data_after_close\n"),
    SCRIPT("request_met_close, near: the request is answered", ESTABLISHED
        "+5 < F. 201:201(0) ack 101\n"
        "+.004 > P. 101:201(100) ack 201\n"
        "+.010 < . 202:202(0) ack 201\n"
        "no rule request_met_close\n"
        "quiet\n"),

    /* ---- fin_wait_2_expired */
    SCRIPT("fin_wait_2_expired: data", "--fin-timeout=3\n" FIN_WAIT_2
        "+3.5 < P. 201:301(100) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules fin_wait_2_expired\n"
        "rule fin_wait_2_expired by client warning probable @7 @8 @9 @10 gap_ns=3500000000 "
        "bytes_lost=100\n"),
    SCRIPT("fin_wait_2_expired: a FIN", "--fin-timeout=3\n" FIN_WAIT_2
        "+3.5 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules fin_wait_2_expired\n"
        "rule fin_wait_2_expired by client warning @9 @10 bytes_lost=-\n"),
    SCRIPT("fin_wait_2_expired, near: not so late", "--fin-timeout=3\n" FIN_WAIT_2
        "+2.9 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules fin_met_closed\n"),
    SCRIPT("fin_wait_2_expired, near: late, and still there", "--fin-timeout=3\n" FIN_WAIT_2
        "+9 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "no rule fin_wait_2_expired\n"),

    SCRIPT("fin_wait_2_expired, near: the FIN had come before", "--fin-timeout=3\n" FIN_WAIT_2
        "+.100 < F. 201:201(0) ack 102\n"
        "+3.5 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules fin_met_closed fin_retransmitted\n"
        "quiet\n"),

    /* ---- data_after_close */
    SCRIPT("data_after_close", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by client notice certain @7 @9 @10 gap_ns=310000000 "
        "bytes_lost=400 stage=closing form=reply drawn_by=data\n"),
    SCRIPT("data_after_close: an abort, which may be over unread octets", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.010 > R. 102:102(0) ack 601\n"
        "rule data_after_close by client notice probable bytes_lost=- bytes_acked_by_reset=400 "
        "drawn_by=data\n"),
    SCRIPT("data_after_close: an abort that takes nothing", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.010 > R. 102:102(0) ack 201\n"
        "rule data_after_close by client notice certain bytes_lost=400 bytes_acked_by_reset=-\n"),
    SCRIPT("data_after_close: the client's own octets are lost as well", ESTABLISHED
        "+.100 > FP. 101:182(81) ack 201\n"
        "+.004 < P. 201:601(400) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rule data_after_close by client warning certain bytes_lost=400\n"),
    SCRIPT("data_after_close: no more than a goodbye of the client's is lost", ESTABLISHED
        "+.100 > FP. 101:181(80) ack 201\n"
        "+.004 < P. 201:601(400) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rule data_after_close by client notice certain bytes_lost=400\n"),
    SCRIPT("data_after_close: in mid-stream the port tells who is the client", MID_STREAM
        "+.100 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.300 < P. 201:601(400) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client notice bytes_lost=400\n"),
    SCRIPT("data_after_close: the server closed over a request", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+.300 > P. 101:201(100) ack 202\n"
        "+.010 < R 202:202(0)\n"
        "rule data_after_close by server warning certain bytes_lost=100\n"),
    SCRIPT("data_after_close: padding inside the IP length is not lost", ESTABLISHED
        "+.010 < . 201:207(6) ack 101 <zeros>\n"
        "+.010 > . 101:103(2) ack 201 <zeros>\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:207(6) ack 201 <zeros>\n"
        "+.100 < P. 201:301(100) ack 201\n"
        "+.001 > F. 201:203(2) ack 201 <zeros>\n"
        "+.010 < F. 301:307(6) ack 202 <zeros>\n"
        "+.010 > R. 202:204(2) ack 301 <zeros>\n"
        "rule data_after_close by client probable @11 @12 @14 bytes_acked_by_reset=100 form=abort\n"),
    SCRIPT("data_after_close: only a goodbye", FIN_WAIT_2
        "+.010 < P. 201:232(31) ack 102\n"
        "+0 < F. 232:232(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by client info bytes_lost=31\n"
        "quiet\n"),
    SCRIPT("data_after_close: 81 octets are no goodbye", FIN_WAIT_2
        "+.010 < FP. 201:282(81) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client notice bytes_lost=81\n"),
    SCRIPT("data_after_close: 80 octets may be one", FIN_WAIT_2
        "+.010 < FP. 201:281(80) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client info bytes_lost=80\n"),
    SCRIPT("data_after_close, near: the data were taken first", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.010 > . 102:102(0) ack 601\n"
        "+.100 > R. 102:102(0) ack 601\n"
        "no rule data_after_close\n"
        "rule rst_after_own_fin by client notice certain @7 @11 gap_ns=420000000\n"),

    SCRIPT("data_after_close: under way when the FIN passed", FIN_WAIT_1
        "+.004 < P. 201:601(400) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rule data_after_close by client notice certain crossed=true gap_ns=4000000 bytes_lost=400\n"),
    SCRIPT("data_after_close: first sent before the FIN, and again by one who has it", ESTABLISHED
        "+.100 < P. 201:601(400) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.220 < P. 201:601(400) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client crossed=true\n"),
    SCRIPT("data_after_close, near: sent and sent again by one who has the FIN", FIN_WAIT_2
        "+.100 < P. 201:601(400) ack 102\n"
        "+.220 < P. 201:601(400) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client crossed=false\n"),
    SCRIPT("data_after_close: passed before the FIN, in mid-stream", MID_STREAM
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < F. 201:201(0) ack 101\n"
        "+.006 < R 201:201(0)\n"
        "rule data_after_close by server crossed=true gap_ns=-\n"),
    SCRIPT("data_after_close: they come with the peer's FIN, and both cross", ESTABLISHED
        "+.100 < FP. 201:326(125) ack 101\n"
        "+.004 > F. 101:101(0) ack 201\n"
        "+.010 > R 101:101(0)\n"
        "rule data_after_close by client notice @7 @8 @9 crossed=true bytes_lost=125\n"
        "no rule fin_met_closed\n"),
    SCRIPT("data_after_close: octets told of selectively were there before the FIN", ESTABLISHED
        "+.100 < FP. 401:501(100) ack 101\n"
        "+.001 > . 101:101(0) ack 201 <sack 401:502>\n"
        "+.001 > F. 101:101(0) ack 201 <sack 401:502>\n"
        "+.003 < . 201:401(200) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by client certain @9 @10 @11 gap_ns=3000000 crossed=true "
        "bytes_lost=300\n"),
    SCRIPT("data_after_close: only what the selective acknowledgment covers", ESTABLISHED
        "+.100 < P. 401:501(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201 <sack 401:500>\n"
        "+.010 > R 101:101(0)\n"
        "rule data_after_close by client @7 @8 @9\n"),
    SCRIPT("data_after_close, near: an abort long after the data", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.200 > R. 102:102(0) ack 601\n"
        "rules rst_after_own_fin\n"
        "quiet\n"),
    SCRIPT("data_after_close, near: numbered behind its FIN, of which the data did not know", ESTABLISHED
        "+.100 < FP. 201:301(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.001 < F. 301:301(0) ack 102\n"
        "+.008 > R. 102:102(0) ack 9302\n"
        "no rule data_after_close\n"),
    SCRIPT("data_after_close: data and FIN bear the number, and the data came first", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+0 < F. 601:601(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "+0 > R 102:102(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by client notice certain drawn_by=data @11\n"),
    SCRIPT("data_after_close: the FIN bears another number than the data before it", MID_STREAM
        "+.100 > P. 101:201(100) ack 201\n"
        "+1.5 < F. 201:201(0) ack 101\n"
        "+.001 > F. 201:201(0) ack 202\n"
        "+.050 < R 201:201(0)\n"
        "rule data_after_close by server drawn_by=data\n"),
    SCRIPT("data_after_close: an abort that takes the first of the data", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+0 < P. 601:701(100) ack 102\n"
        "+.001 > R. 102:102(0) ack 601\n"
        "rule data_after_close by client notice probable bytes_lost=100 at_least=false "
        "bytes_acked_by_reset=400 drawn_by=data\n"),
    SCRIPT("data_after_close: an abort that takes the data, not the FIN that came with them", FIN_WAIT_1
        "+.003 < FP. 201:301(100) ack 101\n"
        "+.001 > R. 102:102(0) ack 301\n"
        "rule data_after_close by client notice probable bytes_acked_by_reset=100 "
        "drawn_by=data\n"),
    SCRIPT("data_after_close: by its number it answers the acknowledgment of the FIN", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+0 < F. 301:301(0) ack 101\n"
        "+.002 > F. 101:101(0) ack 201\n"
        "+.001 < . 302:302(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule data_after_close by client notice probable bytes_lost=100 drawn_by=ack\n"),

    /* ---- fin_met_closed */
    SCRIPT("fin_met_closed", FIN_WAIT_2
        "+.300 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules fin_met_closed\n"
        "rule fin_met_closed by client notice certain @7 @9 @10 gap_ns=310000000 drawn_by=fin\n"),
    SCRIPT("fin_met_closed: answered with an abort", FIN_WAIT_2
        "+.300 < F. 201:201(0) ack 102\n"
        "+.010 > R. 102:102(0) ack 202\n"
        "rules fin_met_closed\n"
        "rule fin_met_closed by client notice probable\n"),
    SCRIPT("fin_met_closed, near: acknowledged before", LAST_ACK
        "+.010 > . 102:102(0) ack 202\n"
        "no rule fin_met_closed\n"),

    /* ---- rst_after_own_fin */
    SCRIPT("rst_after_own_fin: at once", FIN_WAIT_1
        "+.001 > R. 102:102(0) ack 201\n"
        "rules rst_after_own_fin\n"
        "rule rst_after_own_fin by client notice certain @7 @8 gap_ns=1000000 unacked_bytes=- "
        "answers_probe=false\n"),
    SCRIPT("rst_after_own_fin: with octets outstanding", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+0 > F. 201:201(0) ack 201\n"
        "+.001 > R. 202:202(0) ack 201\n"
        "rule rst_after_own_fin by client notice unacked_bytes=100\n"),

    SCRIPT("rst_after_own_fin: whoever closed had another TTL before", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 ttl 63\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.001 > R. 102:102(0) ack 201 ttl 63\n"
        "rule rst_after_own_fin by client probable ttl=63 baseline_ttl=64 ttl_differs=true\n"),

    SCRIPT("rst_after_own_fin: the TTL changed in mid-connection, and only the new one is kept",
        MID_STREAM
        "+.100 > P. 101:151(50) ack 201 ttl 63\n"
        "+.010 < P. 201:251(50) ack 151\n"
        "+.010 > . 151:151(0) ack 251 ttl 63\n"
        "+.100 > F. 151:151(0) ack 251 ttl 63\n"
        "+.010 < . 251:251(0) ack 152\n"
        "+9 > R. 152:152(0) ack 251 ttl 63\n"
        "rule rst_after_own_fin by client notice probable ttl=63 ttl_changed=true baseline_ttl=- "
        "ttl_differs=-\n"),
    SCRIPT("rst_after_own_fin, near: it changed, and changed back", MID_STREAM
        "+.100 > P. 101:151(50) ack 201 ttl 63\n"
        "+.010 < P. 201:251(50) ack 151\n"
        "+.010 > . 151:151(0) ack 251 ttl 64\n"
        "+.100 > F. 151:151(0) ack 251 ttl 64\n"
        "+.010 < . 251:251(0) ack 152\n"
        "+9 > R. 152:152(0) ack 251 ttl 64\n"
        "rule rst_after_own_fin by client certain baseline_ttl=64 ttl_differs=false ttl_changed=-\n"),

    SCRIPT("rst_after_own_fin: a bare RST may answer a missed acknowledgment of the FIN", ESTABLISHED
        "+1 > F. 101:101(0) ack 201\n"
        "+.200 > F. 101:101(0) ack 201\n"
        "+.400 > F. 101:101(0) ack 201\n"
        "+.800 > F. 101:101(0) ack 201\n"
        "+1.6 > R 102:102(0)\n"
        "no rule retransmission_reset\n"
        "rule rst_after_own_fin by client notice\n"),
    SCRIPT("rst_after_own_fin, near: the TTL varies", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 ttl 63\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.001 > . 102:102(0) ack 201 ttl 64\n"
        "+.001 > R. 102:102(0) ack 201 ttl 63\n"
        "rule rst_after_own_fin by client certain ttl_differs=false\n"),
    SCRIPT("rst_after_own_fin: it answers a keepalive probe", FIN_WAIT_2
        "+45 < . 200:200(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules rst_after_own_fin\n"
        "rule rst_after_own_fin by client notice certain @7 @9 @10 answers_probe=true "
        "drawn_by=probe\n"),

    /* ---- keepalive_reset */
    SCRIPT("keepalive_reset: after two probes", ESTABLISHED
        "+10 < . 200:200(0) ack 101\n"
        "+5 < . 200:200(0) ack 101\n"
        "+5 < R. 201:201(0) ack 101\n"
        "rules keepalive_reset\n"
        "rule keepalive_reset by server warning certain @7 @8 @9 count=2 interval_ns=5000000000\n"),
    SCRIPT("keepalive_reset, near: one probe", "--idle=30\n" ESTABLISHED
        "+10 < . 200:200(0) ack 101\n"
        "+5 < R. 201:201(0) ack 101\n"
        "no rule keepalive_reset\n"),
    SCRIPT("keepalive_reset, near: answered in between", ESTABLISHED
        "+10 < . 200:200(0) ack 101\n"
        "+5 < . 200:200(0) ack 101\n"
        "+.010 > . 101:101(0) ack 201\n"
        "+5 < R. 201:201(0) ack 101\n"
        "no rule keepalive_reset\n"),

    /* ---- retransmission_reset */
    SCRIPT("retransmission_reset: after three", ESTABLISHED
        "+1 > P. 101:201(100) ack 201\n"
        "+.200 > P. 101:201(100) ack 201\n"
        "+.400 > P. 101:201(100) ack 201\n"
        "+.800 > P. 101:201(100) ack 201\n"
        "+1.6 > R. 201:201(0) ack 201\n"
        "rule retransmission_reset by client warning certain @10 @11 count=3 backoff=true "
        "span_ns=1400000000 unacked_bytes=100\n"),
    SCRIPT("retransmission_reset, near: two", ESTABLISHED
        "+1 > P. 101:201(100) ack 201\n"
        "+.200 > P. 101:201(100) ack 201\n"
        "+.400 > P. 101:201(100) ack 201\n"
        "+.8 > R. 201:201(0) ack 201\n"
        "no rule retransmission_reset\n"
        "rule abortive_close by client warning unacked_bytes=100\n"),
    SCRIPT("retransmission_reset, near: acknowledged at last", ESTABLISHED
        "+1 > P. 101:201(100) ack 201\n"
        "+.200 > P. 101:201(100) ack 201\n"
        "+.400 > P. 101:201(100) ack 201\n"
        "+.800 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+1.6 > R. 201:201(0) ack 201\n"
        "no rule retransmission_reset\n"),

    SCRIPT("retransmission_reset: behind its FIN", ESTABLISHED
        "+1 > FP. 101:201(100) ack 201\n"
        "+.200 > FP. 101:201(100) ack 201\n"
        "+.400 > FP. 101:201(100) ack 201\n"
        "+.800 > FP. 101:201(100) ack 201\n"
        "+1.6 > R. 202:202(0) ack 201\n"
        "rule retransmission_reset by client warning certain @8 @10 @11 count=3 unacked_bytes=100\n"
        "rule fin_retransmitted by client info count=3 outcome=reset\n"
        "no rule rst_after_own_fin\n"),
    SCRIPT("retransmission_reset: octets that were acknowledged count no more", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 > P. 201:301(100) ack 201\n"
        "+.300 > P. 201:301(100) ack 201\n"
        "+.600 > P. 201:301(100) ack 201\n"
        "+1.2 > P. 201:301(100) ack 201\n"
        "+2.4 > R. 301:301(0) ack 201\n"
        "rule retransmission_reset by client count=3 @10 @11 @13\n"),

    /* ---- idle_reset */
    SCRIPT("idle_reset: Azure's 240 s", ESTABLISHED
        "+241 < R. 201:201(0) ack 101\n"
        "rules idle_reset\n"
        "rule idle_reset by server warning certain @6 @7 idle_ns=241000000000 "
        "well_known_timeout=azure_240s form=abort stage=later\n"),
    SCRIPT("idle_reset: with another TTL, a box in its name", ESTABLISHED
        "+45 < R. 201:201(0) ack 101 ttl 61\n"
        "rules idle_reset\n"
        "rule idle_reset by server warning probable ttl_differs=true ttl=61 baseline_ttl=64 "
        "well_known_timeout=-\n"),
    SCRIPT("idle_reset, near: not so long", "--idle=30\n" ESTABLISHED
        "+29 < R. 201:201(0) ack 101\n"
        "rules abortive_close\n"),
    SCRIPT("idle_reset, near: it had something outstanding", ESTABLISHED
        "+.1 > P. 101:201(100) ack 201\n"
        "+241 < R. 201:201(0) ack 101\n"
        "rules abortive_close\n"),
    SCRIPT("idle_reset, near: the peer had closed", FIN_WAIT_2
        "+100 < R. 201:201(0) ack 102\n"
        "no rule idle_reset\n"
        "rule abortive_close by server info\n"),

    SCRIPT("idle_reset: the client that opened it puts it away", ESTABLISHED
        "+61 > R. 101:101(0) ack 201\n"
        "rule idle_reset by client notice certain well_known_timeout=common_60s\n"),
    SCRIPT("idle_reset: a box in the client's name", ESTABLISHED
        "+61 > R. 101:101(0) ack 201 ttl 61\n"
        "rule idle_reset by client warning probable\n"),
    SCRIPT("idle_reset: in mid-stream the port tells who opened it", MID_STREAM
        "+61 > R. 101:101(0) ack 201\n"
        "rule idle_reset by client notice\n"),

    /* ---- abortive_close */
    SCRIPT("abortive_close: all acknowledged", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "rules abortive_close\n"
        "rule abortive_close by server notice certain @7 abort_kind=linger_zero bytes_lost=- "
        "unacked_bytes=- unanswered=false idle_ns=100000000 stage=later form=abort\n"),
    SCRIPT("abortive_close: a client that was answered", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client notice certain abort_kind=undetermined\n"),
    SCRIPT("abortive_close: a request unanswered", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+.100 < R. 201:201(0) ack 201\n"
        "rule abortive_close by server warning certain @7 @9 abort_kind=unread_data "
        "unanswered=true bytes_lost=-\n"),
    SCRIPT("abortive_close: octets lost", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.010 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client notice bytes_lost=100 at_least=false "
        "abort_kind=unread_data\n"),
    SCRIPT("abortive_close: octets lost after a silence are no choice", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+30 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client warning bytes_lost=100\n"),
    SCRIPT("abortive_close: the server's are the client's loss", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < R. 201:201(0) ack 101\n"
        "rule abortive_close by server warning bytes_lost=100\n"),
    SCRIPT("abortive_close: octets lost, and of its own too", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+0 > P. 101:182(81) ack 201\n"
        "+.001 > R. 182:182(0) ack 201\n"
        "+1 quiet\n"
        "rule abortive_close by client warning bytes_lost=100 unacked_bytes=81\n"),
    SCRIPT("abortive_close: acknowledged by nothing but the reset", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.010 > R. 101:101(0) ack 301\n"
        "rule abortive_close by client notice certain abort_kind=undetermined "
        "bytes_acked_by_reset=100 bytes_lost=-\n"),
    SCRIPT("abortive_close: some acknowledged by the reset, some by nothing", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+0 < P. 301:351(50) ack 101\n"
        "+.010 > R. 101:101(0) ack 301\n"
        "rule abortive_close by client notice certain abort_kind=unread_data "
        "bytes_acked_by_reset=100 bytes_lost=50\n"),
    SCRIPT("abortive_close, near: all acknowledged before", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client bytes_acked_by_reset=-\n"),
    SCRIPT("abortive_close: octets on their way when it came", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.004 < P. 201:301(100) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rules abortive_close\n"
        "rule abortive_close by client notice bytes_lost=100\n"),
    SCRIPT("abortive_close: its own octets may be lost", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 301:301(0) ack 101\n"
        "rule abortive_close by server notice probable unacked_bytes=100\n"
        "+1 quiet\n"
        "rule abortive_close by server warning certain unacked_bytes=100 abort_kind=linger_zero\n"),
    SCRIPT("abortive_close, near: its own octets, whose acknowledgment may be missed", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.100 < R. 301:301(0) ack 101\n"
        "+1 quiet\n"
        "rule abortive_close by server notice probable unacked_bytes=100\n"),
    SCRIPT("abortive_close, near: an answer tells that its own octets had been acknowledged", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 301:301(0) ack 101\n"
        "+.020 < R 301:301(0)\n"
        "+1 quiet\n"
        "rule abortive_close by server notice certain unacked_bytes=-\n"),
    SCRIPT("abortive_close, near: the peer's RST acknowledges its own octets", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 301:301(0) ack 101\n"
        "+.010 > R. 101:101(0) ack 301\n"
        "+1 quiet\n"
        "rule abortive_close by server notice unacked_bytes=-\n"),
    SCRIPT("abortive_close, near: the answer may be among octets that the capture lacks", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.030 > . 201:201(0) ack 501\n"
        "+.100 < R. 501:501(0) ack 201\n"
        "rule abortive_close by server notice abort_kind=linger_zero unanswered=false\n"),
    SCRIPT("abortive_close, near: the answer may be what the reset is numbered behind", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.100 < R. 501:501(0) ack 201\n"
        "rule abortive_close by server notice abort_kind=linger_zero unanswered=false\n"),
    SCRIPT("abortive_close: in mid-stream the port tells who is asked", MID_STREAM
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+.100 < R. 201:201(0) ack 201\n"
        "rule abortive_close by server warning unanswered=true\n"),
    SCRIPT("abortive_close: a request that the reset acknowledges", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < R. 201:201(0) ack 201\n"
        "rule abortive_close by server warning certain unanswered=true\n"),
    SCRIPT("abortive_close, near: a word that may have asked for the end", ESTABLISHED
        "+.100 > P. 101:106(5) ack 201\n"
        "+.010 < R. 201:201(0) ack 106\n"
        "rule abortive_close by server notice probable\n"),
    SCRIPT("abortive_close: the first word was never answered", OPENED
        "+.100 > P. 1:6(5) ack 1\n"
        "+.010 < R. 1:1(0) ack 6\n"
        "rule abortive_close by server warning certain unanswered=true\n"),
    SCRIPT("abortive_close: only octets that passed are counted", ESTABLISHED
        "+.100 < P. 301:401(100) ack 101\n"
        "+.010 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client notice probable bytes_lost=100 at_least=true\n"),
    SCRIPT("abortive_close: octets lost between two holes are at least so many", ESTABLISHED
        "+.100 < P. 201:208(7) ack 101\n"
        "+0 < P. 212:215(3) ack 101\n"
        "+0 < P. 220:223(3) ack 101\n"
        "+.001 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client notice probable bytes_lost=13 at_least=true\n"),
    SCRIPT("abortive_close: octets that pass after it are its evidence, and were not unread", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.001 < P. 201:301(100) ack 101\n"
        "rule abortive_close by client notice @7 @8 bytes_lost=100 abort_kind=undetermined\n"),
    SCRIPT("abortive_close, near: nobody is left to reset", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+9 > P. 101:201(100) ack 201\n"
        "+.001 > R 201:201(0)\n"
        "no rule abortive_close by client\n"),
    SCRIPT("abortive_close: its own goodbye", ESTABLISHED
        "+.100 > P. 101:132(31) ack 201\n"
        "+.001 > R. 132:132(0) ack 201\n"
        "rule abortive_close by client notice unacked_bytes=31\n"
        "quiet\n"),
    SCRIPT("abortive_close: a health check", OPENED
        "+.001 > R. 1:1(0) ack 1\n"
        "rules abortive_close\n"
        "rule abortive_close by client info certain stage=post_ack\n"),
    SCRIPT("abortive_close: the peer had closed", FIN_WAIT_2
        "+.100 < R. 201:201(0) ack 102\n"
        "rules abortive_close\n"
        "rule abortive_close by server info certain @7 @9 stage=closing\n"),
    SCRIPT("abortive_close: the peer had closed with a goodbye", ESTABLISHED
        "+.100 < P. 201:232(31) ack 101\n"
        "+0 < F. 232:232(0) ack 101\n"
        "+.010 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client info bytes_lost=31\n"
        "quiet\n"),
    SCRIPT("abortive_close: request and FIN, and no answer", ESTABLISHED
        "+.100 > FP. 101:301(200) ack 201\n"
        "+.010 < . 201:201(0) ack 302\n"
        "+.100 < R. 201:201(0) ack 302\n"
        "rule abortive_close by server warning unanswered=true abort_kind=unread_data\n"),
    SCRIPT("abortive_close: one direction only", 
        "0 > P. 1:101(100) ack 1\n"
        "+.010 > . 101:101(0) ack 201\n"
        "+.010 > R. 101:101(0) ack 201\n"
        "rule abortive_close by client notice probable\n"),
    SCRIPT("abortive_close: the peer answers it with another", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.011 < R. 201:201(0) ack 101\n"
        "rules abortive_close\n"
        "rule abortive_close by client\n"
        "no rule abortive_close by server\n"),
    SCRIPT("abortive_close, near: an orderly close", TIME_WAIT
        "no rule abortive_close\n"),

    /* ---- no_such_connection */
    SCRIPT("no_such_connection: data", ESTABLISHED
        "+350 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules no_such_connection\n"
        "rule no_such_connection by server warning certain @5 @7 @8 idle_ns=350000000000 "
        "well_known_timeout=aws_nlb_350s bytes_lost=100 drawn_by=data form=reply\n"),
    SCRIPT("no_such_connection: a probe", ESTABLISHED
        "+10 < . 200:200(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rules no_such_connection\n"
        "rule no_such_connection by client warning certain @7 @8 idle_ns=- "
        "drawn_by=probe\n"),
    SCRIPT("no_such_connection: the end of the handshake", OPENED
        "+.010 < R 1:1(0)\n"
        "rule no_such_connection by server warning drawn_by=ack stage=post_ack\n"),
    SCRIPT("no_such_connection: the peer's FIN", ESTABLISHED
        "+40 > F. 101:101(0) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules no_such_connection\n"),
    SCRIPT("no_such_connection: what drew it was not kept", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.004 < R 201:201(0)\n"
        "rule no_such_connection by server notice possible\n"),
    SCRIPT("no_such_connection, near: it had spoken just before, and may have aborted", ESTABLISHED
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules abortive_close\n"
        "rule abortive_close by server warning possible @7 @8 abort_kind=undetermined "
        "bytes_lost=100 drawn_by=data form=reply\n"),
    SCRIPT("no_such_connection, near: a client that had just asked may have aborted", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < P. 201:301(100) ack 201\n"
        "+.010 > R 201:201(0)\n"
        "rules abortive_close\n"
        "rule abortive_close by client notice possible @8 @9 abort_kind=undetermined "
        "bytes_lost=100\n"),
    SCRIPT("no_such_connection: it had spoken just before, but the answer has another TTL", ESTABLISHED
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0) ttl 61\n"
        "rule no_such_connection by server warning probable ttl_differs=true\n"),
    SCRIPT("no_such_connection: it had spoken just before, but stands elsewhere", ESTABLISHED
        "+.010 < P. 201:301(100) ack 101\n"
        "+.002 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rule no_such_connection by server warning probable bytes_lost=100\n"),
    SCRIPT("no_such_connection: a listener that has said no more than its SYN-ACK", OPENED
        "+.001 > P. 1:101(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "rule no_such_connection by server warning probable bytes_lost=100\n"),
    SCRIPT("no_such_connection, near: what it answers may answer a reset", ESTABLISHED
        "+.300 > . 101:101(0) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rule no_such_connection by server notice possible\n"),
    SCRIPT("no_such_connection, near: it had been reset", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.500 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "no rule no_such_connection\n"),
    SCRIPT("no_such_connection, near: it never was in it",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "no rule no_such_connection\n"),
    SCRIPT("no_such_connection, near: it fends off a former use", SYN_SENT
        "+.010 < . 7000:7000(0) ack 90001\n"
        "+.001 > R 90001:90001(0)\n"
        "+1 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+.010 > P. 1:101(100) ack 1\n"
        "no rule no_such_connection\n"
        "no rule rst_forged\n"),
    SCRIPT("no_such_connection, near: a SYN refused", SYN_SENT
        "+.010 < R. 0:0(0) ack 1\n"
        "no rule no_such_connection\n"
        "no rule abortive_close\n"),
    SCRIPT("no_such_connection, near: the handshake refused by the client", SYN_RECEIVED
        "+.010 > R 1:1(0)\n"
        "no rule no_such_connection\n"
        "no rule abortive_close\n"),

    /* ---- in the RST's own words */
    SCRIPT("a NetScaler's code", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 win 9811\n"
        "rule abortive_close by server netscaler_code=9811\n"),
    SCRIPT("a window like any other", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 win 8192\n"
        "rule abortive_close by server netscaler_code=-\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
