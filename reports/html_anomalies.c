/*
 * The worst anomalies as a table, and for each what stands behind it: its evidence, its figures and
 * its ladder.
 */
#include "reports/address_text.h"
#include "reports/flags_text.h"
#include "reports/html_report.h"
#include "reports/text_words.h"

#include <stdio.h>

enum { EVIDENCE_SHOWN = 16 };

/* ---- tools ---------------------------------------------------------------------------------- */

static void put_option(struct html *html, unsigned value, const char *name)
{
    html_put(html, "<option value=\"");
    html_count(html, value);
    html_put(html, "\">");
    html_text(html, name);
    html_put(html, "</option>");
}

static void put_rule_options(struct html_report *report)
{
    struct html *html = &report->html;
    uint32_t listed[RULES] = {0};
    for (uint32_t i = 0; i < report->worst.count; i++)
        listed[report->worst.items[i]->anomaly.rule]++;
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!listed[rule])
            continue;
        html_put(html, "<option value=\"");
        html_text(html, rule_table[rule].id);
        html_put(html, "\">");
        html_text(html, rule_table[rule].id);
        html_put(html, " (");
        html_count(html, listed[rule]);
        html_put(html, ")</option>");
    }
}

/* Of use with the script alone, which shows them. */
static void put_tools(struct html_report *report)
{
    struct html *html = &report->html;
    html_put(html, "<div class=\"tools\" hidden>\n<label>Words <input type=\"search\" "
                   "autocomplete=\"off\" spellcheck=\"false\" placeholder=\"address, port, "
                   "word\"></label>\n<label>Severity <select name=\"severity\"><option "
                   "value=\"0\">any</option>");
    for (unsigned severity = SEVERITY_NOTICE; severity < SEVERITIES; severity++) {
        char name[32];
        bool top = severity == SEVERITIES - 1;
        snprintf(name, sizeof name, "%s%s", severity_name(severity), top ? "" : " or above");
        put_option(html, severity, name);
    }
    html_put(html, "</select></label>\n<label>Rule <select name=\"rule\"><option "
                   "value=\"\">any</option>");
    put_rule_options(report);
    html_put(html, "</select></label>\n<label>Confidence <select name=\"confidence\"><option "
                   "value=\"0\">any</option>");
    for (unsigned confidence = CONFIDENCE_PROBABLE; confidence < CONFIDENCES; confidence++) {
        char name[32];
        bool top = confidence == CONFIDENCES - 1;
        snprintf(name, sizeof name, "%s%s", confidence_name(confidence), top ? "" : " or above");
        put_option(html, confidence, name);
    }
    html_put(html, "</select></label>\n<button type=\"button\">Show all</button>\n<output "
                   "aria-live=\"polite\"></output>\n</div>\n");
}

/* ---- the table ------------------------------------------------------------------------------ */

/* Sorts as bytes. */
static void put_service_key(struct html *html, const uint8_t address[16], uint16_t port)
{
    char key[2 * 16 + 4 + 1];
    for (unsigned i = 0; i < 16; i++)
        snprintf(key + 2 * i, 3, "%02x", address[i]);
    snprintf(key + 32, 5, "%04x", port);
    html_put(html, " data-key=\"");
    html_text(html, key);
    html_put(html, "\"");
}

static void put_service(struct html *html, const uint8_t address[16], uint16_t port)
{
    struct sentence name = {0};
    html_put(html, "<td class=\"mono\"");
    put_service_key(html, address, port);
    html_put(html, ">");
    sentence_add_service(&name, address, port);
    html_text(html, name.text);
    html_put(html, "</td>");
}

static void put_host(struct html *html, const struct anomaly_verdict *anomaly)
{
    static const uint8_t nobody[16];
    struct sentence name = {0};
    html_put(html, "<td class=\"mono\"");
    put_service_key(html, anomaly->has_host ? anomaly->host_address : nobody, 0);
    html_put(html, ">");
    if (anomaly->has_host) {
        html_put(html, "host ");
        sentence_add_host(&name, anomaly->host_address);
        html_text(html, name.text);
    }
    html_put(html, "</td>");
    if (anomaly->has_service)
        put_service(html, anomaly->service_address, anomaly->service_port);
    else
        html_put(html, "<td data-key=\"\"></td>");
}

static void put_row(struct html_report *report, uint32_t i)
{
    struct html *html = &report->html;
    const struct worst_item *item = report->worst.items[i];
    const struct anomaly_verdict *anomaly = &item->anomaly;
    html_put(html, "<tr class=\"row\" data-severity=\"");
    html_count(html, anomaly->severity);
    html_put(html, "\" data-confidence=\"");
    html_count(html, anomaly->confidence);
    html_put(html, "\" data-rule=\"");
    html_text(html, rule_table[anomaly->rule].id);
    html_put(html, "\"><td data-key=\"");
    html_count(html, anomaly->severity);
    html_put(html, "\">");
    html_severity(html, anomaly->severity);
    html_put(html, "</td><td class=\"nowrap\">");
    html_time(html, anomaly->at_ns);
    html_put(html, "</td><td class=\"what\" data-key=\"");
    html_text(html, rule_table[anomaly->rule].id);
    html_put(html, "\">");
    html_rule(report, anomaly->rule);
    html_put(html, " ");
    html_text(html, item->sentence);
    html_put(html, "</td>");
    if (item->connection) {
        const struct connection_verdict *verdict = item->connection->verdict;
        put_service(html, verdict->client.address, verdict->client.port);
        put_service(html, verdict->server.address, verdict->server.port);
    } else {
        put_host(html, anomaly);
    }
    html_put(html, "<td data-key=\"");
    html_count(html, anomaly->confidence);
    html_put(html, "\">");
    html_text(html, confidence_name(anomaly->confidence));
    html_put(html, "</td><td><a class=\"open\" href=\"#");
    html_case_id(html, i);
    const char *name = html_has_ladder(report, item) ? "Ladder" : "Evidence";
    html_put(html, "\" aria-label=\"");
    html_put(html, name);
    html_put(html, " of anomaly ");
    html_count(html, (uint64_t)i + 1);
    html_put(html, "\">");
    html_put(html, name);
    html_put(html, "</a></td></tr>\n");
}

/* What is not listed, counted by rule. */
static void put_rest(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    struct sentence line = {0};
    uint64_t listed[RULES] = {0}, rest = 0, all = 0;
    for (uint32_t i = 0; i < report->worst.count; i++)
        listed[report->worst.items[i]->anomaly.rule]++;
    const char *between = "";
    for (unsigned rule = 0; rule < RULES; rule++) {
        uint64_t found = told_anomalies_of(&report->told, summary, rule);
        all += found;
        if (found <= listed[rule])
            continue;
        rest += found - listed[rule];
        sentence_add(&line, between);
        sentence_add(&line, rule_table[rule].id);
        sentence_add(&line, " ");
        words_number(&line, found - listed[rule]);
        between = ", ";
    }
    if (!rest)
        return;
    html_put(html, "<p class=\"note\" id=\"rest\">The worst ");
    html_number(html, report->worst.count);
    html_put(html, " of ");
    html_number(html, all);
    html_put(html, " are listed (--worst). Not listed: ");
    html_text(html, line.text);
    html_put(html, ".</p>\n");
}

void html_anomalies(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    html_put(html, "<section id=\"anomalies\">\n<h2>Anomalies</h2>\n");
    if (report->worst.count) {
        html_ladder_legend(report);
        put_tools(report);
        html_put(html,
                 "<div class=\"scroll\"><table class=\"anomalies\">\n<thead><tr><th scope=\"col\" "
                 "data-sort data-first=\"descending\">Severity</th><th scope=\"col\" "
                 "data-sort>Time (UTC)</th><th scope=\"col\" data-sort>What</th><th scope=\"col\" "
                 "data-sort>Client</th><th scope=\"col\" data-sort>Server</th><th scope=\"col\" "
                 "data-sort data-first=\"descending\">Confidence</th><th scope=\"col\"><span "
                 "class=\"unprinted\">Details</span></th></tr></thead>\n<tbody>\n");
        for (uint32_t i = 0; i < report->worst.count; i++)
            put_row(report, i);
        html_put(html, "</tbody></table></div>\n");
    } else {
        html_put(html, "<p class=\"note\">None are listed.</p>\n");
    }
    put_rest(report, summary);
    html_put(html, "</section>\n");
}

/* ---- cases ---------------------------------------------------------------------------------- */

static void put_piece(struct html_report *report, const struct anomaly_evidence *piece)
{
    struct html *html = &report->html;
    char flags[FLAGS_TEXT_BYTES];
    html_put(html, "<tr><td class=\"n\">");
    html_frame(report, piece->frame);
    html_put(html, "</td><td>");
    html_time(html, piece->at_ns);
    html_put(html, "</td><td>");
    html_text(html, role_name(piece->from));
    html_put(html, "</td><td class=\"mono\">");
    flags_words(piece->flags, flags);
    html_text(html, flags);
    html_put(html, "</td><td class=\"n\">");
    html_count(html, piece->seq);
    html_put(html, "</td><td class=\"n\">");
    if (piece->flags & TCP_ACK)
        html_count(html, piece->ack);
    html_put(html, "</td><td class=\"n\">");
    html_count(html, piece->payload_len);
    html_put(html, "</td><td>");
    html_text(html, piece->note);
    html_put(html, "</td></tr>\n");
}

static void put_evidence(struct html_report *report, const struct anomaly_verdict *anomaly)
{
    struct html *html = &report->html;
    uint32_t shown =
        anomaly->evidence_count < EVIDENCE_SHOWN ? anomaly->evidence_count : EVIDENCE_SHOWN;
    if (!shown)
        return;
    html_put(html, "<h3>Evidence</h3>\n<div class=\"scroll\"><table class=\"evidence\"><thead><tr>"
                   "<th scope=\"col\" class=\"n\">frame</th><th scope=\"col\">time</th><th "
                   "scope=\"col\">from</th><th scope=\"col\">flags</th><th scope=\"col\" "
                   "class=\"n\">seq</th><th scope=\"col\" class=\"n\">ack</th><th scope=\"col\" "
                   "class=\"n\">octets</th><th scope=\"col\">what it shows</th></tr></thead>\n"
                   "<tbody>\n");
    for (uint32_t i = 0; i < shown; i++)
        put_piece(report, &anomaly->evidence[i]);
    html_put(html, "</tbody></table></div>\n");
    if (anomaly->evidence_total > shown) {
        html_put(html, "<p class=\"note\">and ");
        html_number(html, anomaly->evidence_total - shown);
        html_put(html, " more packets.</p>\n");
    }
}

static void put_figure(struct html *html, const struct anomaly_verdict *anomaly,
                       const struct anomaly_figure *figure)
{
    const struct figure_info *info = &figure_table[figure->id];
    struct sentence value = {0};
    html_put(html, "<dt>");
    html_text(html, info->name);
    html_put(html, "</dt><dd>");
    if (info->type == FIGURE_TYPE_BOOLEAN) {
        html_put(html, figure->integer ? "yes" : "no");
    } else if (info->type == FIGURE_TYPE_KEYWORD) {
        html_text(html, figure->word);
    } else if (info->type == FIGURE_TYPE_TEXT) {
        html_outside(html, (const char *)anomaly->reason, anomaly->reason_len);
    } else if (info->unit[0] == 'n' && info->unit[1] == 's' && !info->unit[2] &&
               figure->integer >= 0) {
        sentence_add_duration(&value, (uint64_t)figure->integer);
        html_text(html, value.text);
    } else if (info->unit[0] == 'n' && info->unit[1] == 's') {
        html_time(html, figure->integer);
    } else if (figure->integer < 0) {
        html_put(html, "-");
        html_number(html, 0 - (uint64_t)figure->integer);
    } else {
        words_amount(&value, (uint64_t)figure->integer, info->unit);
        html_text(html, value.text);
    }
    html_put(html, " <span>");
    html_text(html, info->description);
    html_put(html, "</span></dd>\n");
}

static void put_figures(struct html *html, const struct anomaly_verdict *anomaly)
{
    if (!anomaly->figure_count)
        return;
    html_put(html,
             "<h3>Figures <small>X is the endpoint that it is about, Y its peer</small></h3>\n"
             "<dl class=\"figures\">\n");
    for (uint32_t i = 0; i < anomaly->figure_count; i++)
        put_figure(html, anomaly, &anomaly->figures[i]);
    html_put(html, "</dl>\n");
}

static void put_caveats(struct html *html, uint32_t caveats)
{
    const char *between = "<p class=\"note\">What may weaken it: ";
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++) {
        if (!(caveats >> caveat & 1))
            continue;
        html_put(html, between);
        html_put(html, "<code>");
        html_text(html, caveat_name(caveat));
        html_put(html, "</code>");
        between = ", ";
    }
    if (caveats)
        html_put(html, ".</p>\n");
}

static bool put_case(struct html_report *report, uint32_t i)
{
    struct html *html = &report->html;
    const struct worst_item *item = report->worst.items[i];
    html_put(html, "<details class=\"case\"><summary>");
    html_severity(html, item->anomaly.severity);
    html_put(html, " ");
    html_text(html, rule_table[item->anomaly.rule].name);
    html_put(html, " <span class=\"quiet\">");
    html_text(html, item->sentence);
    html_put(html, "</span></summary>\n<div class=\"case-body\" id=\"");
    html_case_id(html, i);
    html_put(html, "\">\n");
    bool drawn = html_ladder(report, item);
    put_evidence(report, &item->anomaly);
    put_figures(html, &item->anomaly);
    put_caveats(html, item->anomaly.caveats);
    html_put(html, "</div></details>\n");
    return drawn;
}

/* Last of what is about anomalies: with the script each opens below its row of the table. */
bool html_cases(struct html_report *report)
{
    struct html *html = &report->html;
    if (!report->worst.count)
        return true;
    html_put(html, "<section id=\"cases\">\n<h2>Ladders and evidence</h2>\n");
    bool drawn = true;
    for (uint32_t i = 0; drawn && i < report->worst.count; i++)
        drawn = put_case(report, i);
    html_put(html, "</section>\n");
    return drawn;
}
