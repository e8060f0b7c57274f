#include "reports/sentence.h"

#include "reports/address_text.h"
#include "reports/json_writer.h"
#include "reports/time_text.h"

#include <stdio.h>
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
    char text[ADDRESS_TEXT_BYTES];
    size_t length = address_text(text, address);
    bool brackets = memchr(text, ':', length) != NULL;
    sentence_add(sentence, brackets ? "[" : "");
    add_bytes(sentence, text, length);
    sentence_add(sentence, brackets ? "]:" : ":");
    sentence_add_count(sentence, port);
}

/* ---- placeholders --------------------------------------------------------------------------- */

struct subject {
    const struct anomaly_verdict *anomaly;
    const struct connection_verdict *connection; /* or NULL */
};

static bool is_name(const char *name, size_t length, const char *of)
{
    return *name == *of && strncmp(name, of, length) == 0 && of[length] == '\0';
}

/* Among the few that the anomaly has. */
static const struct anomaly_figure *figure_named(const struct anomaly_verdict *anomaly,
                                                 const char *name, size_t length)
{
    for (uint32_t i = 0; i < anomaly->figure_count; i++) {
        if (is_name(name, length, figure_table[anomaly->figures[i].id].name))
            return &anomaly->figures[i];
    }
    return NULL;
}

/* Also of those that it does not have. */
static enum figure_id figure_id_named(const char *name, size_t length)
{
    unsigned id = 0;
    while (id < FIGURES && !is_name(name, length, figure_table[id].name))
        id++;
    return (enum figure_id)id;
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

enum word { WORD_X, WORD_Y, WORD_CLIENT, WORD_SERVER, WORD_HOST, WORD_SERVICE, WORDS };

static const struct {
    const char *name;
    const char *unknown;
} words[WORDS] = {
    [WORD_X] = {"x", "one end"},          [WORD_Y] = {"y", "its peer"},
    [WORD_CLIENT] = {"client", "client"}, [WORD_SERVER] = {"server", "server"},
    [WORD_HOST] = {"host", "a host"},     [WORD_SERVICE] = {"service", "a service"},
};

static enum word word_named(const char *name, size_t length)
{
    unsigned word = 0;
    while (word < WORDS && !is_name(name, length, words[word].name))
        word++;
    return (enum word)word;
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

/* ---- the template --------------------------------------------------------------------------- */

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

static bool placeholder_known(const struct subject *subject, const char *name, size_t length)
{
    enum word word = word_named(name, length);
    if (word != WORDS)
        return word_known(subject, word);
    const struct anomaly_figure *figure = figure_named(subject->anomaly, name, length);
    return figure && (figure_table[figure->id].type == FIGURE_TYPE_KEYWORD || figure->integer);
}

/* Does the anomaly have all that the part speaks of, parts within it aside? */
static bool part_known(const struct subject *subject, const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at == '[') {
            at = closing(at, end);
        } else if (*at == '{') {
            const char *close = closing(at, end);
            if (!placeholder_known(subject, at + 1, (size_t)(close - at - 1)))
                return false;
            at = close;
        }
    }
    return true;
}

static void add_placeholder(struct sentence *sentence, const struct subject *subject,
                            const char *name, size_t length)
{
    enum word word = word_named(name, length);
    if (word != WORDS) {
        add_word(sentence, subject, word);
        return;
    }
    const struct anomaly_figure *figure = figure_named(subject->anomaly, name, length);
    enum figure_id id = figure ? FIGURES : figure_id_named(name, length);
    if (figure)
        add_figure(sentence, figure);
    else if (id != FIGURES)
        add_unknown(sentence, &figure_table[id]);
}

static void render(struct sentence *sentence, const struct subject *subject, const char *at,
                   const char *end)
{
    while (at < end) {
        const char *plain = at;
        while (at < end && *at != '{' && *at != '[')
            at++;
        add_bytes(sentence, plain, (size_t)(at - plain));
        if (at == end)
            return;
        const char *close = closing(at, end);
        if (*at == '{')
            add_placeholder(sentence, subject, at + 1, (size_t)(close - at - 1));
        else if (part_known(subject, at + 1, close))
            render(sentence, subject, at + 1, close);
        at = close < end ? close + 1 : end;
    }
}

void sentence_of_anomaly(struct sentence *sentence, const struct anomaly_verdict *anomaly,
                         const struct connection_verdict *connection)
{
    struct subject subject = {anomaly, connection};
    const char *template = rule_table[anomaly->rule].sentence;
    sentence_init(sentence);
    render(sentence, &subject, template, template + strlen(template));
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
