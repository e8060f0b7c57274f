/*
 * Which connections --connection means: by their id (tcp.connection of a record) or its first
 * digits, or by their ends, both or one.
 */
#ifndef FINWAIT_CLI_CHOICE_H
#define FINWAIT_CLI_CHOICE_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "reports/identity.h"

#define CHOICE_ID_DIGITS_LEAST 6

struct connection_choice {
    char id[CONNECTION_ID_BYTES]; /* its first digits, or "" */
    unsigned end_count;           /* then: 1 or 2; 0: nothing was chosen */
    struct {
        uint8_t address[16];
        uint16_t port;
    } ends[2];
};

/* False when the text is neither. */
bool choice_parse(const char *text, struct connection_choice *choice) MUST_CHECK;

bool choice_given(const struct connection_choice *choice);
bool choice_matches(const struct connection_choice *choice,
                    const struct connection_verdict *verdict);

#endif
