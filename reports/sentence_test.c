#include "reports/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void durations(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},
        {999, "999 ns"},
        {1000, "0.001 ms"},
        {250000, "0.25 ms"},
        {999499, "0.999 ms"},
        {999500, "1 ms"},
        {1234567, "1.23 ms"},
        {9994999, "9.99 ms"},
        {9995000, "10 ms"},
        {12549999, "12.5 ms"},
        {99950000, "100 ms"},
        {250400000, "250 ms"},
        {999499999, "999 ms"},
        {999500000, "1 s"},
        {1234567890, "1.23 s"},
        {9995000000, "10 s"},
        {12549999999, "12.5 s"},
        {59949999999, "59.9 s"},
        {59950000000, "1 min"},
        {60500000000, "1 min 1 s"},
        {250000000000, "4 min 10 s"},
        {349999600000, "5 min 50 s"},
        {3599499999999, "59 min 59 s"},
        {3599500000000, "1 h"},
        {7500000000000, "2 h 5 min"},
        {86369999999999, "23 h 59 min"},
        {86370000000000, "1 d"},
        {273600000000000, "3 d 4 h"},
        {UINT64_MAX, "213504 d"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sentence s;
        sentence_init(&s);
        sentence_add_duration(&s, cases[i].ns);
        assert_string_equal(s.text, cases[i].text);
    }
}

static void amounts(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *unit, *text;
    } cases[] = {
        {0, "octets", "0 octets"},
        {1, "octets", "1 octet"},
        {1448, "octets", "1448 octets"},
        {1, "", "1"},
        {2, "", "2"},
        {1, "retries", "1 retry"},
        {1, "connections/min", "1 connection/min"},
        {1, "addresses", "1 address"},
        {1, "per mille", "1 per mille"},
        {UINT64_MAX, "segments", "18446744073709551615 segments"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sentence s;
        sentence_init(&s);
        sentence_add_amount(&s, cases[i].count, cases[i].unit);
        assert_string_equal(s.text, cases[i].text);
    }
}

static void addresses(void **state)
{
    (void)state;
    static const uint8_t v4[16] = {[10] = 0xff, 0xff, 10, 0, 0, 2};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
    struct sentence s;
    sentence_init(&s);
    sentence_add_service(&s, v4, 443);
    sentence_add(&s, " ");
    sentence_add_service(&s, v6, 65535);
    sentence_add(&s, " ");
    sentence_add_host(&s, v6);
    assert_string_equal(s.text, "10.0.0.2:443 [2001:db8::2]:65535 2001:db8::2");
}

static void what_does_not_fit(void **state)
{
    (void)state;
    struct sentence s;
    sentence_init(&s);
    for (unsigned i = 0; i < SENTENCE_BYTES; i++)
        sentence_add(&s, "ab ");
    assert_int_equal(s.length, SENTENCE_BYTES - 1);
    assert_int_equal(strlen(s.text), SENTENCE_BYTES - 1);
}

static void example(void **state)
{
    (void)state;
    struct connection_verdict c = {0};
    struct anomaly_verdict a = {.rule = RULE_SIMULTANEOUS_CLOSE, .endpoint = ROLE_NONE};
    memcpy(c.client.address, (uint8_t[16]){[10] = 0xff, 0xff, 10, 0, 0, 1}, 16);
    memcpy(c.server.address, (uint8_t[16]){0x20, 1, [15] = 1}, 16);
    c.client.port = 40000;
    c.server.port = 80;
    struct sentence s;
    sentence_of_anomaly(&s, &a, &c);
    assert_string_equal(s.text, "10.0.0.1:40000 and [2001::1]:80 closed at the same time: each "
                                "sent its FIN before it had received the other's.");
    a.figures[a.figure_count++] = (struct anomaly_figure){.id = FIGURE_GAP_NS, .integer = 4000000};
    sentence_of_anomaly(&s, &a, &c);
    assert_string_equal(s.text, "10.0.0.1:40000 and [2001::1]:80 closed at the same time: each "
                                "sent its FIN before it had received the other's, 4 ms apart at "
                                "the capture point.");
}

static void findings(void **state)
{
    (void)state;
    struct sentence s;
    struct finding finding = {.rule = RULE_SIMULTANEOUS_CLOSE,
                              .has_service = true,
                              .address = {[10] = 0xff, 0xff, 10, 0, 0, 2},
                              .port = 443,
                              .count = 12,
                              .affected = 12,
                              .connections = 30,
                              .clients = {{{[10] = 0xff, 0xff, 10, 0, 0, 1}, 8}, {{0}, 4}},
                              .client_count = 2};
    sentence_of_finding(&s, &finding);
    assert_string_equal(s.text, "10.0.0.2:443: simultaneous close, found in 12 of 30 "
                                "connections (clients 10.0.0.1: 8, ::: 4).");
    finding.count = 15;
    sentence_of_finding(&s, &finding);
    assert_string_equal(s.text, "10.0.0.2:443: simultaneous close, found 15 times in 12 of 30 "
                                "connections (clients 10.0.0.1: 8, ::: 4).");
    finding.client_count = 1;
    finding.count = finding.affected = finding.connections = 1;
    sentence_of_finding(&s, &finding);
    assert_string_equal(s.text, "10.0.0.2:443: simultaneous close, found in 1 of 1 connection "
                                "(client 10.0.0.1: 8).");
    finding.has_service = false;
    finding.has_host = true;
    finding.client_count = 0;
    finding.connections = finding.affected = 0;
    sentence_of_finding(&s, &finding);
    assert_string_equal(s.text, "10.0.0.2: simultaneous close, found 1 time.");
    finding.has_host = false;
    sentence_of_finding(&s, &finding);
    assert_string_equal(s.text, "The capture: simultaneous close, found 1 time.");
}

/* ---- the catalogue -------------------------------------------------------------------------- */

static void expect_sentence(const struct anomaly_verdict *a, const struct connection_verdict *c)
{
    static const char *const faults[] = {"{",  "}",  "[",  "]",  "  ", " .",
                                         " ,", " ;", " :", "..", ",,", ",."};
    /* Taken apart for the first of a rule's anomalies, and used for all others. */
    static struct sentence_template templates[RULES];
    struct sentence s, again;
    sentence_of_anomaly(&s, a, c);
    sentence_by_template(&again, &templates[a->rule], a, c);
    assert_string_equal(again.text, s.text);
    bool good = s.length > 20 && s.length < SENTENCE_BYTES - 1 && s.text[s.length - 1] == '.';
    for (size_t i = 0; i < COUNT(faults); i++)
        good &= strstr(s.text, faults[i]) == NULL;
    if (!good)
        fail_msg("%s: not a sentence: '%s'", rule_table[a->rule].id, s.text);
}

enum amounts { NOTHING, ONE, MUCH, AMOUNTS };

static const int64_t integers[] = {[NOTHING] = 0, [ONE] = 1, [MUCH] = 61234567890};

/* Those of its figures, of which the bits are set. */
static void give_figures(struct anomaly_verdict *a, unsigned bits, enum amounts amount)
{
    const uint8_t *ids = rule_table[a->rule].figures;
    a->figure_count = 0;
    for (unsigned i = 0; ids[i] != FIGURES; i++) {
        bool flag = figure_table[ids[i]].type == FIGURE_TYPE_BOOLEAN;
        if (bits >> i & 1)
            a->figures[a->figure_count++] =
                (struct anomaly_figure){.id = ids[i],
                                        .integer = flag ? amount != NOTHING : integers[amount],
                                        .word = "some_word"};
    }
}

static void expect_sentences(struct anomaly_verdict *a, const struct connection_verdict *c,
                             unsigned bits)
{
    for (enum amounts amount = NOTHING; amount < AMOUNTS; amount++) {
        give_figures(a, bits, amount);
        expect_sentence(a, c);
    }
}

/* Every rule's sentence reads well with all of its figures, with none, and with some. */
static void every_rule(void **state)
{
    (void)state;
    static struct connection_verdict c;
    c.client.address[10] = c.client.address[11] = 0xff;
    c.client.address[12] = 10;
    c.server = c.client;
    for (unsigned rule = 0; rule < RULES; rule++) {
        static struct anomaly_verdict a;
        unsigned figures = 0;
        while (rule_table[rule].figures[figures] != FIGURES)
            figures++;
        assert_true(figures <= ANOMALY_FIGURES_MAX);
        bool host = rule_table[rule].scope != SCOPE_CONNECTION;
        for (unsigned role = 0; role < ROLES; role++) {
            a = (struct anomaly_verdict){.rule = (uint8_t)rule, .endpoint = (uint8_t)role};
            a.has_host = a.has_service = host && role % 2;
            memcpy(a.host_address, c.client.address, sizeof a.host_address);
            memcpy(a.service_address, c.client.address, sizeof a.service_address);
            const struct connection_verdict *about = host ? NULL : &c;
            for (unsigned i = 0; i <= figures; i++) {
                unsigned all = (1u << figures) - 1, one = i < figures ? 1u << i : 0;
                expect_sentences(&a, about, one);
                expect_sentences(&a, about, all & ~one);
            }
        }
    }
}

/* A placeholder that nobody fills would vanish from the sentence. */
static void every_placeholder(void **state)
{
    (void)state;
    static const char *const words[] = {"x", "y", "client", "server", "host", "service"};
    for (unsigned rule = 0; rule < RULES; rule++) {
        const struct rule_info *info = &rule_table[rule];
        for (const char *at = strchr(info->sentence, '{'); at; at = strchr(at + 1, '{')) {
            size_t length = strcspn(++at, "}");
            bool known = false;
            for (size_t i = 0; i < COUNT(words); i++)
                known |= strlen(words[i]) == length && memcmp(words[i], at, length) == 0;
            for (const uint8_t *id = info->figures; *id != FIGURES; id++) {
                const char *name = figure_table[*id].name;
                known |= strlen(name) == length && memcmp(name, at, length) == 0;
            }
            /* An amount brings its unit along. */
            if (strncmp(at + length, "} times", 7) == 0)
                fail_msg("%s: {%.*s} times", info->id, (int)length, at);
            if (!known)
                fail_msg("%s: {%.*s} is not among its figures", info->id, (int)length, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),  cmocka_unit_test(amounts),
        cmocka_unit_test(addresses),  cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(findings),   cmocka_unit_test(example),
        cmocka_unit_test(every_rule), cmocka_unit_test(every_placeholder),
    };
    return cmocka_run_group_tests_name("sentence", tests, NULL, NULL);
}
