#include "reports/text_connection.h"

#include "reports/identity.h"
#include "reports/sentence.h"
#include "reports/text_clean.h"
#include "reports/text_words.h"
#include "reports/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_INDENT = 14,
    MARK_BYTES = 32,
};

void frame_mark(const struct told_connection *c, frame_ref frame, char out[FRAME_MARK_BYTES])
{
    if (frame == FRAME_NONE)
        *out = '\0';
    else if (c->findings->file_count > 1)
        snprintf(out, FRAME_MARK_BYTES, "%" PRIu32 ":%" PRIu64, frame_file(frame),
                 frame_number(frame));
    else
        snprintf(out, FRAME_MARK_BYTES, "%" PRIu64, frame_number(frame));
}

static void put_labelled(struct text_page *page, const char *label, const char *text)
{
    page_paragraph(page, HEAD_INDENT, TONE_FAINT, label, text);
}

static bool has_frame_of(const struct told_connection *c, uint32_t file)
{
    for (size_t i = 0; i < c->count; i++) {
        frame_ref frame = c->rows[i].frame;
        if (frame != FRAME_NONE && frame_file(frame) == file)
            return true;
    }
    return false;
}

static void put_files(struct text_page *page, const struct told_connection *c)
{
    for (uint32_t i = 0; i < c->findings->file_count; i++) {
        char name[TEXT_CLEAN_BYTES];
        struct sentence line = {0};
        if (!has_frame_of(c, i))
            continue;
        if (c->findings->file_count > 1) {
            sentence_add_count(&line, i);
            sentence_add(&line, ": ");
        }
        const char *raw = c->findings->files[i].name;
        text_clean(name, sizeof name, raw, strlen(raw));
        sentence_add(&line, name);
        put_labelled(page, "Capture", line.text);
    }
}

static void add_close(struct sentence *line, const struct connection_verdict *v)
{
    bool opened = v->close.kind != CLOSE_NONE;
    sentence_add(line, opened ? close_kind_name(v->close.kind) : "never opened: ");
    if (!opened)
        sentence_add(line, handshake_name(v->handshake));
    if (v->close.by != ROLE_NONE) {
        sentence_add(line, " by ");
        sentence_add(line, role_name(v->close.by));
        sentence_add(line, v->close.by_certainty == CERTAINTY_CONFIRMED ? "" : " (presumed)");
    }
    if (v->close.duration_ns > 0) {
        sentence_add(line, " in ");
        sentence_add_duration(line, (uint64_t)v->close.duration_ns);
    }
}

void text_connection_head(struct text_page *page, const struct told_connection *c)
{
    const struct connection_verdict *v = c->verdict;
    struct connection_identity identity = identity_of(v);
    char id[CONNECTION_ID_BYTES];
    struct sentence line = {0};
    put_files(page, c);
    sentence_add_service(&line, v->client.address, v->client.port);
    sentence_add(&line, " (client) to ");
    sentence_add_service(&line, v->server.address, v->server.port);
    sentence_add(&line, " (server)");
    if (v->incarnation > 1) {
        sentence_add(&line, ", use ");
        sentence_add_count(&line, v->incarnation);
        sentence_add(&line, " of this five-tuple");
    }
    put_labelled(page, "Connection", line.text);
    connection_id(&identity, id);
    put_labelled(page, "Id", id);
    sentence_init(&line);
    words_span(&line, v->start_ns, v->end_ns);
    put_labelled(page, "Time (UTC)", line.text);
    sentence_init(&line);
    add_close(&line, v);
    put_labelled(page, "Close", line.text);
    page_newline(page);
}

/* ---- below the ladder ----------------------------------------------------------------------- */

static bool is_in_ladder(const struct told_connection *c, const struct anomaly_evidence *piece)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->rows[i].kind == LADDER_SEGMENT && c->rows[i].frame == piece->frame)
            return true;
    }
    return false;
}

/* Evidence that lies in another connection. */
static void add_elsewhere(const struct told_connection *c, const struct anomaly_verdict *a,
                          struct sentence *line)
{
    const char *before = " Rests also on another connection: frame ";
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        char cell[FRAME_MARK_BYTES];
        if (is_in_ladder(c, &a->evidence[i]))
            continue;
        frame_mark(c, a->evidence[i].frame, cell);
        sentence_add(line, before);
        sentence_add(line, cell);
        sentence_add(line, " (");
        sentence_add(line, a->evidence[i].note);
        sentence_add(line, ")");
        before = ", ";
    }
    if (*before == ',')
        sentence_add(line, ".");
}

/* What an RST says of itself comes from outside. */
static void add_reason(const struct anomaly_verdict *a, struct sentence *line)
{
    char text[SENTENCE_BYTES / 2], bytes[ANOMALY_REASON_MAX];
    if (!a->reason_len)
        return;
    memcpy(bytes, a->reason, sizeof bytes);
    text_clean(text, sizeof text, bytes, a->reason_len);
    sentence_add(line, " In the reset's own words: \"");
    sentence_add(line, text);
    sentence_add(line, "\"");
}

static void put_anomalies(struct text_page *page, const struct told_connection *c)
{
    const struct connection_verdict *v = c->verdict;
    page_heading(page, v->anomaly_count ? "Anomalies" : "No anomalies");
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        const struct anomaly_verdict *a = &v->anomalies[i];
        char label[MARK_BYTES];
        struct sentence line;
        sentence_of_anomaly(&line, a, v);
        sentence_add(&line, " (");
        sentence_add(&line, confidence_name(a->confidence));
        sentence_add(&line, ") [");
        sentence_add(&line, rule_table[a->rule].id);
        sentence_add(&line, "]");
        add_elsewhere(c, a, &line);
        add_reason(a, &line);
        snprintf(label, sizeof label, "[%" PRIu32 "] %s", i + 1, severity_name(a->severity));
        page_paragraph(page, HEAD_INDENT, tone_of_severity(a->severity), label, line.text);
    }
}

static void put_end(struct text_page *page, const struct connection_verdict *v, unsigned role)
{
    const struct endpoint_verdict *e = role == ROLE_CLIENT ? &v->client : &v->server;
    const char *before = e->state == STATE_UNKNOWN ? ": one of " : "; possibly ";
    struct sentence line = {0};
    sentence_add_service(&line, e->address, e->port);
    sentence_add(&line, ": ");
    sentence_add(&line, tcp_state_name(e->state));
    if (e->state != STATE_UNKNOWN) {
        sentence_add(&line, ", ");
        sentence_add(&line, certainty_name(e->state_certainty));
    }
    for (unsigned state = 0; state < STATES; state++) {
        if (!(e->possible_states & 1u << state) || state == e->state)
            continue;
        sentence_add(&line, before);
        sentence_add(&line, tcp_state_name(state));
        before = " or ";
    }
    put_labelled(page, role_name(role), line.text);
}

static void put_caveats(struct text_page *page, const struct connection_verdict *v)
{
    bool any = false;
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++) {
        const char *words = told_caveat(caveat);
        if (!(v->caveats & 1u << caveat) || !words)
            continue;
        if (!any)
            page_heading(page, "What weakens the evidence");
        any = true;
        page_item(page, words);
    }
}

static void put_next(struct text_page *page, const struct connection_verdict *v)
{
    if (v->anomaly_count)
        page_heading(page, "What to run next");
    bool told[RULES] = {false};
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        uint8_t rule = v->anomalies[i].rule;
        struct sentence command = {0};
        sentence_add(&command, "finwait rules ");
        sentence_add(&command, rule_table[rule].id);
        if (!told[rule])
            page_command(page, command.text);
        told[rule] = true;
    }
}

void text_connection_foot(struct text_page *page, const struct told_connection *c)
{
    put_anomalies(page, c);
    put_caveats(page, c->verdict);
    page_heading(page, "At the end");
    put_end(page, c->verdict, ROLE_CLIENT);
    put_end(page, c->verdict, ROLE_SERVER);
    put_next(page, c->verdict);
}

void text_connection_choice(struct text_page *page, const struct connection_verdict *v)
{
    struct connection_identity identity = identity_of(v);
    char id[CONNECTION_ID_BYTES];
    const char *before = " [";
    struct sentence line = {0};
    connection_id(&identity, id);
    words_time(&line, v->start_ns);
    sentence_add(&line, "  ");
    sentence_add_service(&line, v->client.address, v->client.port);
    sentence_add(&line, " > ");
    sentence_add_service(&line, v->server.address, v->server.port);
    sentence_add(&line, ": ");
    add_close(&line, v);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        sentence_add(&line, before);
        sentence_add(&line, rule_table[v->anomalies[i].rule].id);
        before = ", ";
    }
    sentence_add(&line, v->anomaly_count ? "]" : "");
    page_paragraph(page, CONNECTION_ID_BYTES + 1, TONE_STRONG, id, line.text);
}
