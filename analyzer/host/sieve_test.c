#include "analyzer/host/sieve.h"

#include "analyzer/test_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NAMES 65536u

static struct sieve sieve;
static uint64_t hashes[NAMES];

static uint64_t draw(void)
{
    uint64_t hash = 0;
    for (int i = 0; i < 4; i++)
        hash = hash << 16 ^ random_below(UINT32_MAX >> 1);
    return hash;
}

static int set_up(void **state)
{
    (void)state;
    memset(&sieve, 0, sizeof sieve);
    random_state = 1;
    for (uint32_t i = 0; i < NAMES; i++)
        hashes[i] = draw();
    return 0;
}

static void what_was_put_in_may_be_held(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NAMES; i++) {
        sieve_put(&sieve, hashes[i]);
        assert_true(sieve_may_hold(&sieve, hashes[i]));
    }
    for (uint32_t i = 0; i < NAMES; i++)
        assert_true(sieve_may_hold(&sieve, hashes[i]));
}

static uint32_t passing(uint32_t of)
{
    uint32_t pass = 0;
    for (uint32_t i = 0; i < of; i++)
        pass += sieve_may_hold(&sieve, draw());
    return pass;
}

static void most_others_do_not_pass(void **state)
{
    (void)state;
    assert_int_equal(passing(NAMES), 0);
    for (uint32_t i = 0; i < NAMES; i++)
        sieve_put(&sieve, hashes[i]);
    /* Two bits of 64, of which 8 are taken on average: 1.4 %, and more since words differ. */
    assert_in_range(passing(100000), 1000, 2500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_put_in_may_be_held, set_up),
        cmocka_unit_test_setup(most_others_do_not_pass, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
