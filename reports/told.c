#include "reports/told.h"

#include "reports/text_words.h"

void told_init(struct told *told, const struct report_inputs *inputs)
{
    *told = (struct told){.options = inputs->options, .findings = inputs->findings};
}

void told_finish(struct told *told)
{
    examples_finish(&told->examples);
}

void told_connection(struct told *told, const struct connection_verdict *verdict)
{
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++)
        told->caveats[caveat] += verdict->caveats >> caveat & 1;
}

uint64_t told_anomalies_of(const struct told *told, const struct summary_verdict *summary,
                           enum rule_id rule)
{
    uint64_t sum = 0;
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        if (report_speaks_of(told->options, rule, severity))
            sum += summary->anomalies[rule][severity];
    }
    return sum;
}

uint64_t told_anomalies(const struct told *told, const struct summary_verdict *summary,
                        enum severity severity)
{
    uint64_t sum = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (report_speaks_of(told->options, rule, severity))
            sum += summary->anomalies[rule][severity];
    }
    return sum;
}

uint64_t told_anomalies_below(const struct told *told, const struct summary_verdict *summary)
{
    uint64_t sum = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = 0; severity < told->options->min_severity; severity++)
            sum += told->options->rule_left_out[rule] ? 0 : summary->anomalies[rule][severity];
    }
    return sum;
}

void told_severities(struct sentence *line, const struct told *told,
                     const struct summary_verdict *summary)
{
    const char *between = "";
    sentence_init(line);
    for (unsigned severity = SEVERITIES - 1; severity >= SEVERITY_INFO; severity--) {
        uint64_t count = told_anomalies(told, summary, severity);
        if (!count)
            continue;
        sentence_add(line, between);
        words_number(line, count);
        sentence_add(line, " ");
        sentence_add(line, severity_name(severity));
        between = ", ";
    }
}
