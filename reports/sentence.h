/*
 * What an anomaly says, as a sentence for an on-call engineer: the rule's own of the catalogue with
 * its placeholders filled in, and the words for amounts that it is made of.
 *
 * No text from outside gets into a sentence: addresses, numbers, and words of ours.
 */
#ifndef FINWAIT_REPORTS_SENTENCE_H
#define FINWAIT_REPORTS_SENTENCE_H

#include "analyzer/verdict.h"

#include <stddef.h>
#include <stdint.h>

/* Room for any sentence. */
#define SENTENCE_BYTES 2048

/* Text in a buffer; what does not fit is cut. Always terminated. */
struct sentence {
    size_t length;
    char text[SENTENCE_BYTES];
};

void sentence_init(struct sentence *sentence);
void sentence_add(struct sentence *sentence, const char *text);
void sentence_add_count(struct sentence *sentence, uint64_t count);

/* "1 octet", "1448 octets": units are plurals. Without a unit the number alone. */
void sentence_add_amount(struct sentence *sentence, uint64_t count, const char *unit);

/* "800 ns", "0.25 ms", "250 ms", "12.5 s", "4 min 10 s", "2 h 5 min", "3 d 4 h": rounded. */
void sentence_add_duration(struct sentence *sentence, uint64_t ns);

/* 10.0.0.2:443, [2001:db8::2]:443 */
void sentence_add_service(struct sentence *sentence, const uint8_t address[16], uint16_t port);
void sentence_add_host(struct sentence *sentence, const uint8_t address[16]);

/* The rule's sentence about this anomaly. `connection` is NULL where it is about none. What an
 * anomaly does not have reads as unknown, or takes its [optional part] with it. */
void sentence_of_anomaly(struct sentence *sentence, const struct anomaly_verdict *anomaly,
                         const struct connection_verdict *connection);

/* A rule's sentence taken apart, for who tells many anomalies: zeroed at first. The same rule's
 * each time. */
#define SENTENCE_STEPS_MAX 40

struct sentence_template {
    uint16_t count; /* 0: not yet */
    struct sentence_step {
        uint8_t kind, id;
        uint16_t at, length;
    } steps[SENTENCE_STEPS_MAX];
};

void sentence_by_template(struct sentence *sentence, struct sentence_template *of_its_rule,
                          const struct anomaly_verdict *anomaly,
                          const struct connection_verdict *connection);

/* "10.0.0.2:443: abortive close, found in 12 of 30 connections (client 10.0.0.1: 12)." */
void sentence_of_finding(struct sentence *sentence, const struct finding *finding);

#endif
