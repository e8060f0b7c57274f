#include "reports/identity.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define START INT64_C(1700000000123456789)

static void set_end(struct endpoint_verdict *end, const char *address, uint16_t port)
{
    memset(end, 0, sizeof *end);
    end->port = port;
    if (strchr(address, ':')) {
        assert_int_equal(inet_pton(AF_INET6, address, end->address), 1);
    } else {
        memset(end->address + 10, 0xff, 2);
        assert_int_equal(inet_pton(AF_INET, address, end->address + 12), 1);
    }
}

struct community_case {
    const char *client, *server;
    uint16_t client_port, server_port;
    uint8_t ip_version;
    const char *id;
};

/* clang-format off */
static const struct community_case communities[] = {
    /* published with the specification, and in Zeek's tests */
    {"128.232.110.120", "66.35.250.204", 34855, 80, 4, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"1.2.3.4", "5.6.7.8", 1122, 3344, 4, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
    /* computed by hand: IPv6, equal addresses, mapped addresses in IPv6 packets and in IPv4 */
    {"2001:db8::1", "2001:db8::2", 40000, 443, 6, "1:RYG3Msb11GthNt1OYXJouPzmrvA="},
    {"10.0.0.1", "10.0.0.1", 1000, 999, 4, "1:4qKOd28WxXk7lnF+Tq+IfUWKgMU="},
    {"::ffff:10.0.0.1", "::ffff:10.0.0.2", 1, 2, 6, "1:rcEGPZED9aQPWo3P7Q3MWogffX0="},
    {"10.0.0.1", "10.0.0.2", 1, 2, 4, "1:nsF+CyuHj+gRdemh9jH9fNbMK+U="},
};
/* clang-format on */

static void community_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof communities / sizeof *communities; i++) {
        const struct community_case *c = &communities[i];
        struct connection_verdict verdict = {.ip_version = c->ip_version};
        char id[COMMUNITY_ID_BYTES];
        set_end(&verdict.client, c->client, c->client_port);
        set_end(&verdict.server, c->server, c->server_port);
        community_id(&verdict, id);
        assert_string_equal(id, c->id);
        set_end(&verdict.client, c->server, c->server_port);
        set_end(&verdict.server, c->client, c->client_port);
        community_id(&verdict, id);
        assert_string_equal(id, c->id);
    }
}

struct connection_case {
    const char *client, *server;
    uint16_t client_port, server_port;
    bool has_client_isn, has_server_isn;
    uint32_t client_isn, server_isn;
    int64_t start_ns;
    const char *id;
};

/* clang-format off */
static const struct connection_case connections[] = {
    {"10.0.0.1", "10.0.0.2", 40000, 443, true, true, 1, 2, START, "26897dbe01ee6fed2d92"},
    {"10.0.0.1", "10.0.0.2", 40000, 443, false, true, 1, 2, START, "edaaa2b6bd834b91fff5"},
    {"10.0.0.1", "10.0.0.2", 40000, 443, true, false, 1, 2, START, "95c27f2e73d2652bc257"},
    {"10.0.0.1", "10.0.0.2", 40000, 443, false, false, 1, 2, TIME_UNKNOWN, "356c262228543950e696"},
    {"2001:db8::1", "2001:db8::2", 65535, 0, true, true, UINT32_MAX, 0, 0, "69457d1aa40dc0166e27"},
};
/* clang-format on */

static void set_connection(struct connection_verdict *verdict, const struct connection_case *c)
{
    memset(verdict, 0, sizeof *verdict);
    set_end(&verdict->client, c->client, c->client_port);
    set_end(&verdict->server, c->server, c->server_port);
    verdict->client.has_isn = c->has_client_isn;
    verdict->server.has_isn = c->has_server_isn;
    verdict->client.isn = c->client_isn;
    verdict->server.isn = c->server_isn;
    verdict->start_ns = c->start_ns;
}

static void connection_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        struct connection_verdict verdict;
        char id[CONNECTION_ID_BYTES];
        set_connection(&verdict, &connections[i]);
        struct connection_identity identity = identity_of(&verdict);
        connection_id(&identity, id);
        assert_string_equal(id, connections[i].id);
        /* a frame is no part of it */
        verdict.first_frame = frame_ref_of(3, 4);
        verdict.stream = 5;
        verdict.incarnation = 6;
        identity = identity_of(&verdict);
        connection_id(&identity, id);
        assert_string_equal(id, connections[i].id);
    }
}

/* What a connection says about the one before it names that one as it named itself. */
static void previous_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            const struct connection_case *before = &connections[i];
            struct connection_verdict verdict;
            char id[CONNECTION_ID_BYTES];
            set_connection(&verdict, before);
            if (swapped) {
                struct endpoint_verdict client = verdict.client;
                verdict.client = verdict.server;
                verdict.server = client;
            }
            verdict.client.has_isn = verdict.server.has_isn = true;
            verdict.client.isn = 77;
            verdict.server.isn = 88;
            verdict.start_ns = 99;
            verdict.has_previous = true;
            verdict.previous.has_client_isn = before->has_client_isn;
            verdict.previous.has_server_isn = before->has_server_isn;
            verdict.previous.client_isn = before->client_isn;
            verdict.previous.server_isn = before->server_isn;
            verdict.previous.start_ns = before->start_ns;
            verdict.previous.roles_swapped = swapped;
            struct connection_identity identity = identity_of_previous(&verdict);
            connection_id(&identity, id);
            assert_string_equal(id, before->id);
        }
    }
}

static void event_ids(void **state)
{
    (void)state;
    uint8_t digest[20];
    char id[HEX_DIGEST_BYTES], other[HEX_DIGEST_BYTES];
    for (unsigned i = 0; i < 20; i++)
        digest[i] = (uint8_t)i;
    digest_text(digest, id);
    assert_string_equal(id, "000102030405060708090a0b0c0d0e0f10111213");
    event_id("finwait.connection", digest, "26897dbe01ee6fed2d92", id);
    assert_string_equal(id, "2443aa8e94fa25f8bd07b7acf02e7f66a457032e");
    event_id("finwait.summary", digest, "", id);
    assert_string_equal(id, "6de9249ac64b6896b8288634ae370a53c1dfbdbb");
    digest[19] ^= 1;
    event_id("finwait.summary", digest, "", other);
    assert_string_not_equal(id, other);
}

/* Subjects that begin alike as far as any place around the end of the first block, and not. */
static void event_ids_alike(void **state)
{
    (void)state;
    static const char *const datasets[] = {"finwait.sample", "finwait.host"};
    struct event_start start = {0};
    uint8_t digest[20] = {7};
    char subject[200], id[HEX_DIGEST_BYTES], expected[HEX_DIGEST_BYTES];
    for (unsigned i = 0; i < 4000; i++) {
        size_t length = i * 7 % 100;
        memset(subject, 'a', sizeof subject);
        subject[length] = '\0';
        if (i % 3 == 0 && length)
            subject[i % length] = 'b';
        digest[0] = (uint8_t)(i % 5 == 0);
        event_id(datasets[i % 11 == 0], digest, subject, expected);
        event_id_alike(&start, datasets[i % 11 == 0], digest, subject, id);
        assert_string_equal(id, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(community_ids),        cmocka_unit_test(connection_ids),
        cmocka_unit_test(previous_is_the_same), cmocka_unit_test(event_ids),
        cmocka_unit_test(event_ids_alike),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
