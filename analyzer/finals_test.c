#include "analyzer/finals.h"

#include "analyzer/tcp/track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct counted {
    int64_t next;   /* clock_ns of the one that is to come */
    int64_t enough; /* no more is wanted behind this one */
    unsigned wrong; /* out of order; the thread may not fail the test */
};

static bool count_one(void *context, struct final *final)
{
    struct counted *c = context;
    c->wrong += final->clock_ns != c->next++;
    connection_finish(&final->connection);
    return c->next <= c->enough;
}

/* With something to release. */
static struct final final_of(int64_t number)
{
    struct final final = {.clock_ns = number};
    final.connection.detail = calloc(1, sizeof *final.connection.detail);
    assert_non_null(final.connection.detail);
    final.connection.detail->log = final.connection.detail->within;
    return final;
}

static void all_in_order(void **state)
{
    (void)state;
    static const int64_t counts[] = {0, 1, 63, 64, 65, 4096, 20000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct counted counted = {.enough = INT64_MAX};
        struct finals *finals = finals_start(count_one, &counted);
        assert_non_null(finals);
        for (int64_t number = 0; number < counts[i]; number++) {
            struct final final = final_of(number);
            assert_true(finals_give(finals, &final));
        }
        assert_true(finals_end(finals));
        assert_int_equal(counted.next, counts[i]);
        assert_int_equal(counted.wrong, 0);
    }
}

/* What is not counted any more is released: with AddressSanitizer a leak would show. */
static void no_more_wanted(void **state)
{
    (void)state;
    for (int64_t enough = 0; enough < 200; enough += 40) {
        struct counted counted = {.enough = enough};
        struct finals *finals = finals_start(count_one, &counted);
        assert_non_null(finals);
        bool wanted = true;
        int64_t given = 0;
        for (; wanted && given < 100000; given++) {
            struct final final = final_of(given);
            wanted = finals_give(finals, &final);
        }
        assert_false(wanted);
        assert_false(finals_end(finals));
        assert_int_equal(counted.next, enough + 1);
        assert_true(given <= enough + 1 + 4096 + 1);
        assert_int_equal(counted.wrong, 0);
    }
    /* Before the ring is full only the end tells. */
    struct counted counted = {.enough = 0};
    struct finals *finals = finals_start(count_one, &counted);
    assert_non_null(finals);
    for (int64_t number = 0; number < 3; number++) {
        struct final final = final_of(number);
        assert_true(finals_give(finals, &final));
    }
    assert_false(finals_end(finals));
    assert_int_equal(counted.next, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_in_order),
        cmocka_unit_test(no_more_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
