#include "analyzer/verdict.h"

#include "analyzer/trace.h"

#include <stddef.h>
#include <stdlib.h>

#define NAME_OF(id, name) [id] = name,
#define NAME_FUNCTION(function, type, table)                                                       \
    const char *function(type value)                                                               \
    {                                                                                              \
        static const char *const names[] = {table(NAME_OF)};                                       \
        return (size_t)value < sizeof names / sizeof *names ? names[value] : "unknown";            \
    }

NAME_FUNCTION(tcp_state_name, enum tcp_state, TCP_STATE_TABLE)
NAME_FUNCTION(state_cause_name, enum state_cause, STATE_CAUSE_TABLE)
NAME_FUNCTION(certainty_name, enum certainty, CERTAINTY_TABLE)
NAME_FUNCTION(role_name, enum role, ROLE_TABLE)
NAME_FUNCTION(client_known_by_name, enum client_known_by, CLIENT_KNOWN_BY_TABLE)
NAME_FUNCTION(visibility_name, enum visibility, VISIBILITY_TABLE)
NAME_FUNCTION(handshake_name, enum handshake_kind, HANDSHAKE_TABLE)
NAME_FUNCTION(close_kind_name, enum close_kind, CLOSE_KIND_TABLE)
NAME_FUNCTION(reset_form_name, enum reset_form, RESET_FORM_TABLE)
NAME_FUNCTION(reset_stage_name, enum reset_stage, RESET_STAGE_TABLE)
NAME_FUNCTION(caveat_name, enum caveat, CAVEAT_TABLE)
NAME_FUNCTION(zeek_state_name, enum zeek_state, ZEEK_STATE_TABLE)
NAME_FUNCTION(segment_class_name, enum segment_class, SEGMENT_CLASS_TABLE)

struct connection_verdict *verdict_copy(const struct connection_verdict *v)
{
    struct whole {
        struct connection_verdict verdict;
        struct anomaly_verdict anomalies[];
    };
    size_t states = (size_t)v->client.state_count + v->server.state_count;
    struct whole *copy = malloc(sizeof *copy + v->anomaly_count * sizeof *v->anomalies +
                                states * sizeof(struct state_entry));
    if (!copy)
        return NULL;
    struct state_entry *entry = (void *)(copy->anomalies + v->anomaly_count);
    copy->verdict = *v;
    copy->verdict.anomalies = copy->anomalies;
    for (uint32_t i = 0; i < v->anomaly_count; i++)
        copy->anomalies[i] = v->anomalies[i];
    struct endpoint_verdict *ends[] = {&copy->verdict.client, &copy->verdict.server};
    for (int i = 0; i < 2; i++) {
        const struct state_entry *from = ends[i]->states;
        ends[i]->states = entry;
        for (uint32_t k = 0; k < ends[i]->state_count; k++)
            *entry++ = from[k];
    }
    return &copy->verdict;
}
