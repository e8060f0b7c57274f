#include "reports/text_page.h"

#include "reports/test_file.h"
#include "reports/text_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[TEST_PATH_BYTES];

static struct text_page begin(unsigned columns, bool colour, bool utf8)
{
    char error[512];
    test_path(path, "page");
    struct text_page page = {output_open(path, error, sizeof error), {columns, colour, utf8}};
    assert_non_null(page.output);
    return page;
}

static void expect(struct text_page *page, const char *expected)
{
    char error[512];
    size_t length;
    assert_true(output_commit(page->output, error, sizeof error));
    char *text = test_read(path, &length);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void wraps_at_the_width(void **state)
{
    (void)state;
    struct text_page page = begin(40, false, true);
    page_paragraph(&page, 4, TONE_PLAIN, "  -",
                   "exactly as wide as this line is now, and then the rest of it");
    expect(&page, "  - exactly as wide as this line is now,\n    and then the rest of it\n");
    page = begin(41, false, true);
    page_paragraph(&page, 4, TONE_PLAIN, "  -", "exactly as wide as this line is now,");
    expect(&page, "  - exactly as wide as this line is now,\n");
    page = begin(40, false, true);
    page_paragraph(&page, 4, TONE_PLAIN, "  -", "exactly as wide as this line is nowX");
    expect(&page, "  - exactly as wide as this line is nowX\n");
    page = begin(40, false, true);
    page_paragraph(&page, 4, TONE_PLAIN, "  -", "exactly as wide as this line is nowXY");
    expect(&page, "  - exactly as wide as this line is\n    nowXY\n");
}

static void a_long_word_stands_alone(void **state)
{
    (void)state;
    struct text_page page = begin(40, false, true);
    page_paragraph(&page, 2, TONE_PLAIN, "",
                   "of /a/very/long/name/that/nobody/would/cut/anywhere now");
    expect(&page, "  of\n  /a/very/long/name/that/nobody/would/cut/anywhere\n  now\n");
}

static void odd_widths_and_texts(void **state)
{
    (void)state;
    struct text_page page = begin(0, false, true);
    page_paragraph(&page, 0, TONE_PLAIN, "", "a terminal that says it has no columns has forty");
    expect(&page, "a terminal that says it has no columns\nhas forty\n");
    page = begin(80, false, true);
    page_paragraph(&page, 4, TONE_PLAIN, "x", "");
    expect(&page, "x\n");
    page = begin(80, false, true);
    page_paragraph(&page, 2, TONE_PLAIN, "label", "  two  blanks ");
    expect(&page, "label two blanks\n");
}

static void characters_count_not_bytes(void **state)
{
    (void)state;
    struct text_page page = begin(40, false, true);
    page_paragraph(
        &page, 0, TONE_PLAIN, "",
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
        "twenty-nine characters follow");
    expect(&page,
           "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
           "twenty-nine characters follow\n");
}

static void ascii_says_what_it_lacks(void **state)
{
    (void)state;
    struct text_page page = begin(40, false, false);
    page_paragraph(&page, 0, TONE_PLAIN, "", "caf\xc3\xa9 cut\xe2\x80\xa6 \xff");
    expect(&page, "caf\\u{e9} cut... \\u{fffd}\n");
    page = begin(40, false, false);
    assert_int_equal(page_columns(&page, "\xe2\x80\xa6"), 3);
    assert_int_equal(page_columns(&page, "\xc3\xa9"), 6);
    expect(&page, "");
}

static void colours_only_where_asked(void **state)
{
    (void)state;
    struct text_page page = begin(80, true, false);
    page_paragraph(&page, 9, tone_of_severity(SEVERITY_CRITICAL), "CRITICAL", "text");
    page_put(&page, TONE_PLAIN, "plain");
    page_put(&page, TONE_STRONG, "");
    expect(&page, "\033[1;31mCRITICAL\033[0m text\nplain");
    page = begin(80, false, false);
    page_paragraph(&page, 9, tone_of_severity(SEVERITY_CRITICAL), "CRITICAL", "text");
    page_heading(&page, "Heading");
    expect(&page, "CRITICAL text\n\nHeading\n");
}

static const struct text_table addresses = {
    .cells = 2,
    .rows = 3,
    .row = {{"server", {"conns", "reset"}},
            {"10.0.0.2:80", {"1,234", "-"}},
            {"[2001:db8:1111:2222:3333:4444:5555:6666]:65535", {"7", "12 %"}}},
};

static void tables_fit(void **state)
{
    (void)state;
    struct text_page page = begin(80, false, false);
    table_put(&page, &addresses);
    expect(&page, "  server                                          conns  reset\n"
                  "  10.0.0.2:80                                     1,234      -\n"
                  "  [2001:db8:1111:2222:3333:4444:5555:6666]:65535      7   12 %\n");
}

static void a_name_without_room_has_a_line(void **state)
{
    (void)state;
    struct text_page page = begin(40, false, false);
    table_put(&page, &addresses);
    expect(&page, "  server                    conns  reset\n"
                  "  10.0.0.2:80               1,234      -\n"
                  "  [2001:db8:1111:2222:3333:4444:5555:6666]:65535\n"
                  "                                7   12 %\n");
    page = begin(1, false, false);
    table_put(&page, &addresses);
    expect(&page, "  server conns reset\n"
                  "  10.0.0.2:80\n"
                  "         1,234     -\n"
                  "  [2001:db8:1111:2222:3333:4444:5555:6666]:65535\n"
                  "             7  12 %\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_at_the_width),
        cmocka_unit_test(a_long_word_stands_alone),
        cmocka_unit_test(odd_widths_and_texts),
        cmocka_unit_test(characters_count_not_bytes),
        cmocka_unit_test(ascii_says_what_it_lacks),
        cmocka_unit_test(colours_only_where_asked),
        cmocka_unit_test(tables_fit),
        cmocka_unit_test(a_name_without_room_has_a_line),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
