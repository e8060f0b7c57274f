#include "reports/sentence.h"

#include "reports/address_text.h"
#include "reports/json_writer.h"
#include "reports/time_text.h"

#include <assert.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/* ---- amounts -------------------------------------------------------------------------------- */

void sentence_init(struct sentence *sentence)
{
    sentence->length = 0;
    sentence->text[0] = '\0';
}

static void add_bytes(struct sentence *sentence, const char *bytes, size_t length)
{
    size_t room = sizeof sentence->text - 1 - sentence->length;
    if (length > room)
        length = room;
    memcpy(sentence->text + sentence->length, bytes, length);
    sentence->length += length;
    sentence->text[sentence->length] = '\0';
}

void sentence_add(struct sentence *sentence, const char *text)
{
    add_bytes(sentence, text, strlen(text));
}

void sentence_add_count(struct sentence *sentence, uint64_t count)
{
    char digits[20];
    add_bytes(sentence, digits, json_decimal(digits, count));
}

static bool ends_in(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/* Also of rates: "connections/min". */
static void add_singular(struct sentence *sentence, const char *plural)
{
    size_t length = strcspn(plural, "/");
    if (ends_in(plural, length, "ies")) {
        add_bytes(sentence, plural, length - 3);
        sentence_add(sentence, "y");
    } else if (ends_in(plural, length, "sses")) {
        add_bytes(sentence, plural, length - 2);
    } else {
        add_bytes(sentence, plural, length - ends_in(plural, length, "s"));
    }
    sentence_add(sentence, plural + strcspn(plural, "/"));
}

void sentence_add_amount(struct sentence *sentence, uint64_t count, const char *unit)
{
    sentence_add_count(sentence, count);
    if (!*unit)
        return;
    sentence_add(sentence, " ");
    if (count == 1)
        add_singular(sentence, unit);
    else
        sentence_add(sentence, unit);
}

/* `value` / `scale`, without zeros at the end. */
static void add_decimal(struct sentence *sentence, uint64_t value, uint64_t scale)
{
    sentence_add_count(sentence, value / scale);
    uint64_t rest = value % scale;
    if (!rest)
        return;
    sentence_add(sentence, ".");
    while (rest) {
        scale /= 10;
        char digit[2] = {(char)('0' + rest / scale), '\0'};
        sentence_add(sentence, digit);
        rest %= scale;
    }
}

/* "4 min 10 s", or "4 min". */
static void add_two(struct sentence *sentence, uint64_t count, uint64_t per, const char *large,
                    const char *small)
{
    sentence_add_amount(sentence, count / per, "");
    sentence_add(sentence, large);
    if (count % per) {
        sentence_add(sentence, " ");
        sentence_add_count(sentence, count % per);
        sentence_add(sentence, small);
    }
}

static uint64_t rounded(uint64_t value, uint64_t quantum)
{
    return value / quantum + (value % quantum >= (quantum + 1) / 2);
}

void sentence_add_duration(struct sentence *sentence, uint64_t ns)
{
    /* Three digits or so; what rounding lifts to a row's limit belongs to the next. */
    static const struct {
        uint64_t below_ns, quantum_ns, scale;
        const char *unit;
    } rows[] = {
        {1000, 1, 1, " ns"},
        {1000000, 1000, 1000, " ms"},
        {10000000, 10000, 100, " ms"},
        {100000000, 100000, 10, " ms"},
        {NS_PER_SECOND, 1000000, 1, " ms"},
        {10 * NS_PER_SECOND, 10000000, 100, " s"},
        {60 * NS_PER_SECOND, 100000000, 10, " s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = rounded(ns, rows[i].quantum_ns);
        if (value < rows[i].below_ns / rows[i].quantum_ns) {
            add_decimal(sentence, value, rows[i].scale);
            sentence_add(sentence, rows[i].unit);
            return;
        }
    }
    uint64_t seconds = rounded(ns, NS_PER_SECOND);
    uint64_t minutes = rounded(ns, 60 * NS_PER_SECOND);
    if (seconds < 3600)
        add_two(sentence, seconds, 60, " min", " s");
    else if (minutes < (uint64_t)24 * 60)
        add_two(sentence, minutes, 60, " h", " min");
    else
        add_two(sentence, rounded(ns, 3600 * NS_PER_SECOND), 24, " d", " h");
}

void sentence_add_host(struct sentence *sentence, const uint8_t address[16])
{
    char text[ADDRESS_TEXT_BYTES];
    add_bytes(sentence, text, address_text(text, address));
}

void sentence_add_service(struct sentence *sentence, const uint8_t address[16], uint16_t port)
{
    char text[1 + ADDRESS_TEXT_BYTES + 1 + 20]; /* "[", and "]:" for the NUL */
    char *end = text + 1 + address_text(text + 1, address);
    bool brackets = memchr(text + 1, ':', (size_t)(end - text - 1)) != NULL;
    text[0] = '[';
    if (brackets)
        *end++ = ']';
    *end++ = ':';
    end += json_decimal(end, port);
    const char *start = text + !brackets;
    add_bytes(sentence, start, (size_t)(end - start));
}

/* ---- placeholders --------------------------------------------------------------------------- */

enum word { WORD_X, WORD_Y, WORD_CLIENT, WORD_SERVER, WORD_HOST, WORD_SERVICE, WORDS };

static const struct {
    const char *name;
    const char *unknown;
} words[WORDS] = {
    [WORD_X] = {"x", "one end"},          [WORD_Y] = {"y", "its peer"},
    [WORD_CLIENT] = {"client", "client"}, [WORD_SERVER] = {"server", "server"},
    [WORD_HOST] = {"host", "a host"},     [WORD_SERVICE] = {"service", "a service"},
};

_Static_assert(FIGURES <= UINT8_MAX && ANOMALY_FIGURES_MAX < UINT8_MAX, "counted in an octet");

struct subject {
    const struct anomaly_verdict *anomaly;
    const struct connection_verdict *connection; /* or NULL */
    uint8_t place[FIGURES]; /* of the figure among the anomaly's, from 1; 0: it has none */
};

static void begin_subject(struct subject *subject, const struct anomaly_verdict *anomaly,
                          const struct connection_verdict *connection)
{
    subject->anomaly = anomaly;
    subject->connection = connection;
    memset(subject->place, 0, sizeof subject->place);
    for (uint32_t i = anomaly->figure_count; i > 0; i--)
        subject->place[anomaly->figures[i - 1].id] = (uint8_t)i;
}

static const struct anomaly_figure *figure_of(const struct subject *subject, unsigned id)
{
    unsigned place = id < FIGURES ? subject->place[id] : 0;
    return place ? &subject->anomaly->figures[place - 1] : NULL;
}

static void add_keyword(struct sentence *sentence, const char *word)
{
    for (; *word; word++) {
        char letter[2] = {*word == '_' ? ' ' : *word, '\0'};
        sentence_add(sentence, letter);
    }
}

static void add_unknown(struct sentence *sentence, const struct figure_info *info)
{
    if (info->type == FIGURE_TYPE_BOOLEAN)
        return;
    if (info->type != FIGURE_TYPE_INTEGER || !*info->unit) {
        sentence_add(sentence, "unknown");
    } else if (strcmp(info->unit, "ns") == 0 || strcmp(info->unit, "ns since 1970") == 0) {
        sentence_add(sentence, "an unknown time");
    } else {
        sentence_add(sentence, "an unknown number of ");
        sentence_add(sentence, info->unit);
    }
}

static void add_figure(struct sentence *sentence, const struct anomaly_figure *figure)
{
    const struct figure_info *info = &figure_table[figure->id];
    if (info->type == FIGURE_TYPE_TEXT) {
        add_unknown(sentence, info);
    } else if (info->type == FIGURE_TYPE_KEYWORD) {
        add_keyword(sentence, figure->word);
    } else if (strcmp(info->unit, "ns since 1970") == 0) {
        char time[TIME_TEXT_BYTES];
        time_text(&(struct time_cache){0}, figure->integer, time);
        sentence_add(sentence, time);
    } else if (info->type == FIGURE_TYPE_INTEGER) {
        uint64_t value = (uint64_t)figure->integer;
        if (figure->integer < 0) {
            sentence_add(sentence, "-");
            value = 0 - value;
        }
        if (strcmp(info->unit, "ns") == 0)
            sentence_add_duration(sentence, value);
        else
            sentence_add_amount(sentence, value, info->unit);
    }
}

static void add_endpoint(struct sentence *sentence, const struct subject *subject, enum role role)
{
    const struct connection_verdict *c = subject->connection;
    const struct endpoint_verdict *end = role == ROLE_CLIENT ? &c->client : &c->server;
    sentence_add_service(sentence, end->address, end->port);
}

static bool word_known(const struct subject *subject, enum word word)
{
    const struct anomaly_verdict *a = subject->anomaly;
    switch (word) {
    case WORD_X:
    case WORD_Y:
        return subject->connection && (a->endpoint == ROLE_CLIENT || a->endpoint == ROLE_SERVER);
    case WORD_CLIENT:
    case WORD_SERVER:
        return subject->connection != NULL;
    case WORD_HOST:
        return a->has_host;
    case WORD_SERVICE:
        return a->has_service || subject->connection;
    case WORDS:
        break;
    }
    return false;
}

static void add_word(struct sentence *sentence, const struct subject *subject, enum word word)
{
    const struct anomaly_verdict *a = subject->anomaly;
    if (!word_known(subject, word)) {
        sentence_add(sentence, words[word].unknown);
        return;
    }
    switch (word) {
    case WORD_X:
    case WORD_CLIENT:
    case WORD_SERVER:
        add_endpoint(sentence, subject,
                     word == WORD_X        ? (enum role)a->endpoint
                     : word == WORD_CLIENT ? ROLE_CLIENT
                                           : ROLE_SERVER);
        break;
    case WORD_Y:
        add_endpoint(sentence, subject, a->endpoint == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT);
        break;
    case WORD_HOST:
        sentence_add_host(sentence, a->host_address);
        break;
    case WORD_SERVICE:
        if (a->has_service)
            sentence_add_service(sentence, a->service_address, a->service_port);
        else
            add_endpoint(sentence, subject, ROLE_SERVER);
        break;
    case WORDS:
        break;
    }
}

static void add_named_figure(struct sentence *sentence, const struct subject *subject, unsigned id)
{
    const struct anomaly_figure *figure = figure_of(subject, id);
    if (figure)
        add_figure(sentence, figure);
    else if (id < FIGURES)
        add_unknown(sentence, &figure_table[id]);
}

/* ---- the template --------------------------------------------------------------------------- */

enum step {
    STEP_TEXT,   /* octets of the template, as they are */
    STEP_WORD,   /* enum word */
    STEP_FIGURE, /* enum figure_id; FIGURES: nobody knows the name */
    STEP_PART,   /* the next steps, which are left out together */
};

static bool is_name(const char *name, size_t length, const char *of)
{
    return strncmp(name, of, length) == 0 && of[length] == '\0';
}

static unsigned word_named(const char *name, size_t length)
{
    unsigned word = 0;
    while (word < WORDS && !is_name(name, length, words[word].name))
        word++;
    return word;
}

static unsigned figure_named(const char *name, size_t length)
{
    unsigned id = 0;
    while (id < FIGURES && !is_name(name, length, figure_table[id].name))
        id++;
    return id;
}

/* Of {name} or [part], the place of the closing bracket; the end when there is none. */
static const char *closing(const char *open, const char *end)
{
    char opens = *open, closes = opens == '{' ? '}' : ']';
    int depth = 0;
    const char *at = open;
    for (; at < end; at++) {
        depth += *at == opens;
        depth -= *at == closes;
        if (depth == 0)
            break;
    }
    return at;
}

static struct sentence_step *add_step(struct sentence_template *t, enum step kind)
{
    assert(t->count < SENTENCE_STEPS_MAX); /* the catalogue is ours */
    struct sentence_step *step = &t->steps[t->count++];
    *step = (struct sentence_step){.kind = (uint8_t)kind};
    return step;
}

static void add_text_step(struct sentence_template *t, const char *text, const char *at,
                          const char *end)
{
    if (at == end)
        return;
    struct sentence_step *step = add_step(t, STEP_TEXT);
    step->at = (uint16_t)(at - text);
    step->length = (uint16_t)(end - at);
}

static void add_placeholder_step(struct sentence_template *t, const char *name, size_t length)
{
    unsigned word = word_named(name, length);
    struct sentence_step *step = add_step(t, word < WORDS ? STEP_WORD : STEP_FIGURE);
    step->id = (uint8_t)(word < WORDS ? word : figure_named(name, length));
}

/* What stands between `at` and `end` in `text`. */
static void take_apart(struct sentence_template *t, const char *text, const char *at,
                       const char *end)
{
    while (at < end) {
        const char *plain = at;
        while (at < end && *at != '{' && *at != '[')
            at++;
        add_text_step(t, text, plain, at);
        if (at == end)
            return;
        const char *close = closing(at, end);
        if (*at == '{') {
            add_placeholder_step(t, at + 1, (size_t)(close - at - 1));
        } else {
            struct sentence_step *part = add_step(t, STEP_PART);
            unsigned before = t->count;
            take_apart(t, text, at + 1, close);
            part->length = (uint16_t)(t->count - before);
        }
        at = close < end ? close + 1 : end;
    }
}

static bool step_known(const struct subject *subject, const struct sentence_step *step)
{
    if (step->kind == STEP_TEXT)
        return true;
    if (step->kind == STEP_WORD)
        return word_known(subject, step->id);
    const struct anomaly_figure *figure = figure_of(subject, step->id);
    return figure && (figure_table[figure->id].type == FIGURE_TYPE_KEYWORD || figure->integer);
}

/* Does the anomaly have all that the part speaks of, parts within it aside? */
static bool part_known(const struct subject *subject, const struct sentence_step *part)
{
    const struct sentence_step *end = part + 1 + part->length;
    for (const struct sentence_step *step = part + 1; step < end; step++) {
        if (step->kind == STEP_PART)
            step += step->length;
        else if (!step_known(subject, step))
            return false;
    }
    return true;
}

static void fill_in(struct sentence *sentence, const struct subject *subject,
                    const struct sentence_template *t, const char *text)
{
    for (const struct sentence_step *step = t->steps; step < t->steps + t->count; step++) {
        switch ((enum step)step->kind) {
        case STEP_TEXT:
            add_bytes(sentence, text + step->at, step->length);
            break;
        case STEP_WORD:
            add_word(sentence, subject, step->id);
            break;
        case STEP_FIGURE:
            add_named_figure(sentence, subject, step->id);
            break;
        case STEP_PART:
            if (!part_known(subject, step))
                step += step->length;
            break;
        }
    }
}

void sentence_by_template(struct sentence *sentence, struct sentence_template *t,
                          const struct anomaly_verdict *anomaly,
                          const struct connection_verdict *connection)
{
    struct subject subject;
    const char *text = rule_table[anomaly->rule].sentence;
    if (!t->count)
        take_apart(t, text, text, text + strlen(text));
    begin_subject(&subject, anomaly, connection);
    sentence_init(sentence);
    fill_in(sentence, &subject, t, text);
}

void sentence_of_anomaly(struct sentence *sentence, const struct anomaly_verdict *anomaly,
                         const struct connection_verdict *connection)
{
    struct sentence_template template;
    template.count = 0;
    sentence_by_template(sentence, &template, anomaly, connection);
}

/* ---- findings ------------------------------------------------------------------------------- */

/* In the middle of a sentence: "Abortive close" begins small, "FIN retransmitted" does not. */
static void add_rule_name(struct sentence *sentence, const char *name)
{
    bool capital = name[0] >= 'A' && name[0] <= 'Z' && name[1] >= 'a' && name[1] <= 'z';
    char first[2] = {capital ? (char)(name[0] - 'A' + 'a') : name[0], '\0'};
    sentence_add(sentence, first);
    sentence_add(sentence, name + 1);
}

/* " in 12 of 30 connections", " 15 times in 12 of 30 connections", " 2 times" */
static void add_how_often(struct sentence *sentence, const struct finding *finding)
{
    if (finding->count != finding->affected) {
        sentence_add(sentence, " ");
        sentence_add_amount(sentence, finding->count, "times");
    }
    if (!finding->affected)
        return;
    sentence_add(sentence, " in ");
    if (finding->connections) {
        sentence_add_count(sentence, finding->affected);
        sentence_add(sentence, " of ");
        sentence_add_amount(sentence, finding->connections, "connections");
    } else {
        sentence_add_amount(sentence, finding->affected, "connections");
    }
}

void sentence_of_finding(struct sentence *sentence, const struct finding *finding)
{
    sentence_init(sentence);
    if (finding->has_service)
        sentence_add_service(sentence, finding->address, finding->port);
    else if (finding->has_host)
        sentence_add_host(sentence, finding->address);
    else
        sentence_add(sentence, "The capture");
    sentence_add(sentence, ": ");
    add_rule_name(sentence, rule_table[finding->rule].name);
    sentence_add(sentence, ", found");
    add_how_often(sentence, finding);
    for (uint32_t i = 0; i < finding->client_count; i++) {
        sentence_add(sentence, i ? ", " : finding->client_count > 1 ? " (clients " : " (client ");
        sentence_add_host(sentence, finding->clients[i].address);
        sentence_add(sentence, ": ");
        sentence_add_count(sentence, finding->clients[i].count);
    }
    sentence_add(sentence, finding->client_count ? ")." : ".");
}
