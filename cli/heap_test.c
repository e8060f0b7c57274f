/*
 * What is allocated once the heap is prepared stands in pages that are told to be large (VmFlags of
 * proc_pid_smaps(5): hg), whichever thread asks; a block that is larger is mapped by itself.
 */
#include "cli/heap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK  ((size_t)100 << 10)
#define BLOCKS 400 /* 40 MB: more than what stays in small pages */

/* Of the mapping that has it. */
static bool is_told_large(const void *at)
{
    char line[512];
    bool here = false, large = false;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    assert_non_null(smaps);
    while (!large && fgets(line, sizeof line, smaps)) {
        char *end;
        uintptr_t from = strtoull(line, &end, 16);
        if (*end == '-')
            here = from <= (uintptr_t)at && (uintptr_t)at < strtoull(end + 1, NULL, 16);
        else
            large = here && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg");
    }
    assert_int_equal(fclose(smaps), 0);
    return large;
}

static bool last_is_told_large(int count)
{
    void *blocks[BLOCKS];
    for (int i = 0; i < count; i++) {
        blocks[i] = malloc(BLOCK);
        assert_non_null(blocks[i]);
    }
    bool large = is_told_large(blocks[count - 1]);
    for (int i = 0; i < count; i++)
        free(blocks[i]);
    return large;
}

static void *look(void *large)
{
    *(bool *)large = last_is_told_large(BLOCKS);
    return NULL;
}

static void test_blocks_stand_in_large_pages(void **state)
{
    (void)state;
    bool of_another_thread = false;
    pthread_t thread;
    if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0)
        skip(); /* the system has none */
    assert_false(last_is_told_large(1));
    heap_prepare();
    assert_true(last_is_told_large(BLOCKS));
    assert_int_equal(pthread_create(&thread, NULL, look, &of_another_thread), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(of_another_thread);
    char *apart = malloc(BLOCKS * BLOCK);
    assert_non_null(apart);
    assert_false(is_told_large(apart + BLOCK));
    free(apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_stand_in_large_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
