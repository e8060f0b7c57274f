/*
 * How a script begins: for each state one beginning that brings an endpoint there. The tap stands
 * in the middle, 10 ms of round trip to either end. Numbers after each are told as
 * `client seq/ack, server seq/ack, frames`.
 */
#ifndef FINWAIT_ANALYZER_STATE_SCENES_H
#define FINWAIT_ANALYZER_STATE_SCENES_H

/* clang-format off */

/* The client waits for an answer. 1/-, frames 1. */
#define SYN_SENT                                                                                   \
    "0 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"

/* The server has answered. 1/-, 1/1, frames 2. */
#define SYN_RECEIVED SYN_SENT                                                                      \
    "+.010 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"

/* The handshake is over, nothing else has passed. 1/1, 1/1, frames 3. */
#define OPENED SYN_RECEIVED                                                                        \
    "+.010 > . 1:1(0) ack 1\n"

/* A request and its answer: both ends are known to be ESTABLISHED. 101/201, 201/101, frames 6. */
#define ESTABLISHED OPENED                                                                         \
    "+.080 > P. 1:101(100) ack 1\n"                                                                \
    "+.010 < P. 1:201(200) ack 101\n"                                                              \
    "+.010 > . 101:101(0) ack 201\n"

/* The client's FIN is out. 102/201, 201/101, frames 7. */
#define FIN_WAIT_1 ESTABLISHED                                                                     \
    "+.100 > F. 101:101(0) ack 201\n"

/* … and acknowledged; the server is in CLOSE_WAIT. 102/201, 201/102, frames 8. */
#define FIN_WAIT_2 FIN_WAIT_1                                                                      \
    "+.010 < . 201:201(0) ack 102\n"

/* The server closes too: LAST_ACK; the client is in TIME_WAIT. 102/201, 202/102, frames 9. */
#define LAST_ACK FIN_WAIT_2                                                                        \
    "+.100 < F. 201:201(0) ack 102\n"

/* All four segments. 102/202, 202/102, frames 10. */
#define TIME_WAIT LAST_ACK                                                                         \
    "+.010 > . 102:102(0) ack 202\n"

/* Both FINs cross; neither is acknowledged yet. 102/201, 202/101, frames 8. */
#define CLOSING FIN_WAIT_1                                                                         \
    "+.004 < F. 201:201(0) ack 101\n"

/* The same with timestamps: each stamp is new, an echo tells what had been received. */
#define ESTABLISHED_TS                                                                             \
    "0 > S 0:0(0) <mss 1460,sackOK,TS val 1 ecr 0>\n"                                              \
    "+.010 < S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 1001 ecr 1>\n"                                \
    "+.010 > . 1:1(0) ack 1 <TS val 21 ecr 1001>\n"                                                \
    "+.080 > P. 1:101(100) ack 1 <TS val 101 ecr 1001>\n"                                          \
    "+.010 < P. 1:201(200) ack 101 <TS val 1111 ecr 101>\n"                                        \
    "+.010 > . 101:101(0) ack 201 <TS val 121 ecr 1111>\n"

/* The tap stands beside the client: 20 us away, 20 ms from the server. 101/201, 201/101, 6. */
#define ESTABLISHED_BESIDE_CLIENT                                                                  \
    "0 > S 0:0(0) <mss 1460>\n"                                                                    \
    "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"                                                         \
    "+.000020 > . 1:1(0) ack 1\n"                                                                  \
    "+.080 > P. 1:101(100) ack 1\n"                                                                \
    "+.020 < P. 1:201(200) ack 101\n"                                                              \
    "+.000020 > . 101:101(0) ack 201\n"

/* The capture starts inside the connection. 101/201, 201/101, frames 3. */
#define MID_STREAM                                                                                 \
    "0 > P. 1:101(100) ack 1\n"                                                                    \
    "+.010 < P. 1:201(200) ack 101\n"                                                              \
    "+.010 > . 101:101(0) ack 201\n"

/* clang-format on */

#endif
