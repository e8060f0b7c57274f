#include "cli/frame_set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The first, last and first beyond of a word, and far ahead of what there is room for. */
static void only_what_was_added(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {1, 63, 64, 65, 127, 128, 4096, 1000000};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    static const uint32_t files[] = {0, 7, 1};
    struct frame_set set = {0};
    assert_false(frame_set_has(&set, frame_ref_of(0, 1)));
    for (unsigned f = 0; f < 3; f++) {
        for (unsigned i = 0; i < NUMBERS; i++) {
            frame_ref frame = frame_ref_of(files[f], numbers[i]);
            assert_false(frame_set_has(&set, frame));
            assert_true(frame_set_add(&set, frame));
            assert_true(frame_set_has(&set, frame));
            assert_int_equal(set.members, f * NUMBERS + i + 1);
            assert_true(frame_set_add(&set, frame));
            assert_int_equal(set.members, f * NUMBERS + i + 1);
        }
    }
    for (uint32_t file = 0; file < 9; file++) {
        uint64_t found = 0;
        for (uint64_t number = 0; number < 1000100; number++)
            found += frame_set_has(&set, frame_ref_of(file, number));
        assert_int_equal(found, file == 0 || file == 1 || file == 7 ? NUMBERS : 0);
    }
    frame_set_finish(&set);
    assert_false(frame_set_has(&set, frame_ref_of(0, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_was_added)};
    return cmocka_run_group_tests_name("frame_set", tests, NULL, NULL);
}
