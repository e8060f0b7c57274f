#include "analyzer/flow/table.h"

#include "analyzer/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

static struct table made(void)
{
    struct table table;
    assert_true(table_init(&table));
    return table;
}

static void insert(struct table *table, uint32_t tag, uint32_t value)
{
    assert_true(table_reserve(table));
    table_insert(table, tag, value);
}

/* How many slots with this tag a walk yields, and whether `value` is among them. */
static uint32_t walk(struct table *table, uint32_t tag, uint32_t value, bool *found)
{
    uint32_t at = tag & table->mask;
    uint32_t count = 0;
    *found = false;
    for (uint32_t v; (v = table_next(table, tag, &at)) != TABLE_NONE; count++) {
        *found |= v == value;
        at = (at + 1) & table->mask;
    }
    return count;
}

static bool contains(struct table *table, uint32_t tag, uint32_t value)
{
    bool found;
    walk(table, tag, value, &found);
    return found;
}

#define MODEL_VALUES 3000u

/* What must be in the table: the tag of each value, and whether it is in. */
struct model {
    uint32_t tags[MODEL_VALUES];
    bool in[MODEL_VALUES];
    uint32_t used;
};

static void agrees(struct table *table, const struct model *model)
{
    assert_int_equal(table->used, model->used);
    uint32_t occupied = 0;
    for (uint64_t i = 0; i <= table->mask; i++)
        occupied += table->slots[i].value != TABLE_NONE;
    assert_int_equal(occupied, model->used);
    for (uint32_t v = 0; v < MODEL_VALUES; v++) {
        if (model->in[v])
            assert_true(contains(table, model->tags[v], v));
    }
}

/* `tag_bits` few: many equal tags; `high`: only bits that the mask does not see at first. */
static void random_operations(uint64_t seed, uint32_t tags, uint32_t stride)
{
    print_message("seed %llu, %u tags\n", (unsigned long long)seed, tags);
    random_state = seed;
    struct table table = made();
    static struct model model;
    memset(&model, 0, sizeof model);
    for (uint32_t step = 0; step < 40000; step++) {
        uint32_t v = random_below(MODEL_VALUES);
        /* More grows than shrinks in the first half, then the other way round. */
        bool grows = random_below(10) < (step < 20000 ? 7u : 3u);
        if (!model.in[v] && grows) {
            model.tags[v] = random_below(tags) * stride;
            model.in[v] = true;
            model.used++;
            insert(&table, model.tags[v], v);
        } else if (model.in[v] && !grows) {
            table_remove(&table, model.tags[v], v);
            assert_false(contains(&table, model.tags[v], v));
            model.in[v] = false;
            model.used--;
        }
        assert_true((uint64_t)table.used * 10 <= ((uint64_t)table.mask + 1) * 7);
        if (step % 4000 == 0)
            agrees(&table, &model);
    }
    agrees(&table, &model);
    table_finish(&table);
}

static void as_a_naive_model(void **state)
{
    (void)state;
    random_operations(1, UINT32_C(0x7fffffff), 2);
    random_operations(2, 100, 1);
    random_operations(3, 50, UINT32_C(0x01000000)); /* all at home in the first slot */
    random_operations(4, 7, UINT32_C(0xffffffff));  /* at home around the end of the slots */
}

static void growth_keeps_everything(void **state)
{
    enum { VALUES = 300000 }; /* until it stands in large pages */
    (void)state;
    struct table table = made();
    uint32_t first = table.mask;
    /* The load limit: 0.7 of the slots fit, one more does not. */
    uint32_t fits = (first + 1) * 7 / 10;
    for (uint32_t v = 0; v < fits; v++)
        insert(&table, v * UINT32_C(2654435761), v);
    assert_int_equal(table.mask, first);
    insert(&table, fits * UINT32_C(2654435761), fits);
    assert_int_equal(table.mask, first * 2 + 1);
    for (uint32_t v = fits + 1; v < VALUES; v++)
        insert(&table, v * UINT32_C(2654435761), v);
    assert_true(table_bytes(&table) > LARGE_PAGE);
    assert_int_equal((uintptr_t)table.slots % LARGE_PAGE, 0);
    for (uint32_t v = 0; v < VALUES; v++)
        assert_true(contains(&table, v * UINT32_C(2654435761), v));
    assert_int_equal(table_bytes(&table), ((size_t)table.mask + 1) * 8);
    table_finish(&table);
}

static void one_tag_for_all(void **state)
{
    (void)state;
    struct table table = made();
    for (uint32_t v = 0; v < 2000; v++)
        insert(&table, 0xabcdef, v);
    bool found;
    assert_int_equal(walk(&table, 0xabcdef, 1999, &found), 2000);
    assert_true(found);
    assert_int_equal(walk(&table, 0xabcdee, 0, &found), 0);
    for (uint32_t v = 0; v < 2000; v += 2)
        table_remove(&table, 0xabcdef, v);
    for (uint32_t v = 0; v < 2000; v++)
        assert_int_equal(contains(&table, 0xabcdef, v), v % 2);
    table_finish(&table);
}

/* Runs around the end of the slots: for each way to place five values near the end, each is
 * removed, and the others must still be found, without a gap before any of them. */
static void removal_around_the_end(void **state)
{
    (void)state;
    enum { VALUES = 5, HOMES = 5 };
    struct table table = made();
    uint32_t start = table.mask - 2;
    uint32_t ways = 1;
    for (int i = 0; i < VALUES; i++)
        ways *= HOMES;
    for (uint32_t way = 0; way < ways; way++) {
        uint32_t tags[VALUES];
        uint32_t rest = way;
        for (uint32_t v = 0; v < VALUES; v++, rest /= HOMES)
            tags[v] = (start + rest % HOMES) & table.mask;
        for (uint32_t gone = 0; gone < VALUES; gone++) {
            for (uint32_t v = 0; v < VALUES; v++)
                insert(&table, tags[v], v);
            table_remove(&table, tags[gone], gone);
            for (uint32_t v = 0; v < VALUES; v++)
                assert_int_equal(contains(&table, tags[v], v), v != gone);
            for (uint32_t v = 0; v < VALUES; v++) {
                if (v != gone)
                    table_remove(&table, tags[v], v);
            }
            assert_int_equal(table.used, 0);
            for (uint32_t i = 0; i <= table.mask; i++)
                assert_int_equal(table.slots[i].value, TABLE_NONE);
        }
    }
    table_finish(&table);
}

static void replacing(void **state)
{
    (void)state;
    struct table table = made();
    insert(&table, 5, 1);
    insert(&table, 5, 2);
    insert(&table, 6, 1); /* the same value with another tag is another entry */
    table_replace(&table, 5, 1, 9);
    assert_true(contains(&table, 5, 9));
    assert_true(contains(&table, 5, 2));
    assert_false(contains(&table, 5, 1));
    assert_true(contains(&table, 6, 1));
    assert_int_equal(table.used, 3);
    table_finish(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_naive_model), cmocka_unit_test(growth_keeps_everything),
        cmocka_unit_test(one_tag_for_all),  cmocka_unit_test(removal_around_the_end),
        cmocka_unit_test(replacing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
