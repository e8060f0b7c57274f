/*
 * The catalogue of anomalies as data: every rule with what it means, how it is recognised, and what
 * it counts. Records, `finwait rules`, docs/anomalies.md and the schema's enumerations all come
 * from these tables, so that none of them can drift.
 *
 * A rule's id is stable once released. A figure's name has one type and one unit over all rules.
 */
#ifndef FINWAIT_ANALYZER_CATALOGUE_H
#define FINWAIT_ANALYZER_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define CATEGORY_TABLE(X)                                                                          \
    X(CATEGORY_RST_TEARDOWN, "rst_teardown", "Who reset it, and why")                              \
    X(CATEGORY_MISSING_FIN_ACK, "missing_fin_ack", "A FIN that nobody acknowledged, or nobody answered") \
    X(CATEGORY_RETRANSMITTED_FIN, "retransmitted_fin", "A FIN that was sent more than once")       \
    X(CATEGORY_TUPLE_REUSE, "tuple_reuse", "The same five-tuple again inside 2*MSL")               \
    X(CATEGORY_CLOSE_ORDER, "close_order", "Facts to filter on: in which order the ends closed")   \
    X(CATEGORY_DEAD_PEER, "dead_peer", "No farewell at all")                                       \
    X(CATEGORY_OPEN_FAILURE, "open_failure", "Connections that never opened")                      \
    X(CATEGORY_TIME_WAIT_PRESSURE, "time_wait_pressure", "What closed connections cost a host, and what leaks")

/* A fact to filter on; odd, often harmless; somebody lost something or will; data or trust at
 * stake. */
#define SEVERITY_TABLE(X)                                                                          \
    X(SEVERITY_INFO, "info")                                                                       \
    X(SEVERITY_NOTICE, "notice")                                                                   \
    X(SEVERITY_WARNING, "warning")                                                                 \
    X(SEVERITY_CRITICAL, "critical")

#define CONFIDENCE_TABLE(X)                                                                        \
    X(CONFIDENCE_POSSIBLE, "possible")                                                             \
    X(CONFIDENCE_PROBABLE, "probable")                                                             \
    X(CONFIDENCE_CERTAIN, "certain")

#define SCOPE_TABLE(X)                                                                             \
    X(SCOPE_CONNECTION, "connection")                                                              \
    X(SCOPE_HOST, "host")                                                                          \
    X(SCOPE_CAPTURE, "capture")

#define FIGURE_TYPE_TABLE(X)                                                                       \
    X(FIGURE_TYPE_INTEGER, "integer")                                                              \
    X(FIGURE_TYPE_BOOLEAN, "boolean")                                                              \
    X(FIGURE_TYPE_KEYWORD, "keyword")                                                              \
    X(FIGURE_TYPE_TEXT, "text")
/* clang-format on */

/* What a rule must be able to see. Of a connection where it cannot, the rule says nothing;
 * NEEDS_NO_LOSS alone only weakens what it says: a notice at most, `possible`. */
/* clang-format off */
#define RULE_NEED_TABLE(X)                                                                         \
    X(NEEDS_BOTH_DIRECTIONS, 0, "both_directions", "both directions")                              \
    X(NEEDS_HANDSHAKE, 1, "handshake", "the beginning of the connection")                          \
    X(NEEDS_TIME, 2, "time", "every packet's time, of a clock that does not run backwards")        \
    X(NEEDS_LENGTHS, 3, "lengths", "whole headers and payload lengths")                            \
    X(NEEDS_NO_LOSS, 4, "no_loss", "every packet that passed (else it is a notice at most, and possible)")
/* clang-format on */

#define RULE_NEED_ENUM(id, bit, name, words) id = 1u << bit,
enum rule_need { NEEDS_NOTHING = 0, RULE_NEED_TABLE(RULE_NEED_ENUM) };
#undef RULE_NEED_ENUM

#define CATALOGUE_ENUM2(id, name)       id,
#define CATALOGUE_ENUM3(id, name, more) id,
enum rule_category { CATEGORY_TABLE(CATALOGUE_ENUM3) CATEGORIES };
enum severity { SEVERITY_NONE, SEVERITY_TABLE(CATALOGUE_ENUM2) SEVERITIES };
enum confidence { CONFIDENCE_TABLE(CATALOGUE_ENUM2) CONFIDENCES };
enum rule_scope { SCOPE_TABLE(CATALOGUE_ENUM2) SCOPES };
enum figure_type { FIGURE_TYPE_TABLE(CATALOGUE_ENUM2) FIGURE_TYPES };
#undef CATALOGUE_ENUM2
#undef CATALOGUE_ENUM3

#define FIGURE(id, name, type, unit, description) FIGURE_##id,
enum figure_id {
#include "analyzer/figures.def"
    FIGURES
};
#undef FIGURE

#define RULE(id, ...) RULE_##id,
enum rule_id {
#include "analyzer/catalogue.def"
    RULES
};
#undef RULE

struct figure_info {
    const char *name;
    uint8_t type;     /* enum figure_type */
    const char *unit; /* "ns", "octets", "segments", …; "" for booleans and keywords */
    const char *description;
};

struct rule_info {
    const char *id;
    uint8_t category; /* enum rule_category */
    uint8_t scope;    /* enum rule_scope */
    const char *name;
    unsigned needs;         /* enum rule_need */
    const char *yields;     /* ids of the rules that silence it for the same endpoint, or "" */
    const uint8_t *figures; /* enum figure_id; ends with FIGURES */
    const char *severity;   /* when which */
    /* For an on-call engineer. {x} is the endpoint, {y} its peer, {client}, {server}, {host},
     * {service} what they say, {name} a figure; what stands in [brackets] is left out when one of
     * its figures is absent, 0 or false (a boolean that is true prints nothing). */
    const char *sentence;
    const char *means;
    const char *recognised;
    const char *causes;
    const char *check;
    const char *references;
};

extern const struct figure_info figure_table[FIGURES];
extern const struct rule_info rule_table[RULES];

const char *category_name(enum rule_category category);
const char *category_title(enum rule_category category);
const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);
const char *scope_name(enum rule_scope scope);
const char *figure_type_name(enum figure_type type);

/* By its id; RULES when there is no such rule. */
enum rule_id rule_by_name(const char *name);

/* By its name; CATEGORIES when there is no such category. */
enum rule_category category_by_name(const char *name);

#endif
