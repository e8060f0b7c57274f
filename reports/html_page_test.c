#include "reports/html_page.h"

#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[TEST_PATH_BYTES];

static struct html begin(void)
{
    char error[512];
    test_path(path, "html");
    struct html html = {output_open(path, error, sizeof error)};
    assert_non_null(html.output);
    return html;
}

static void expect(struct html *html, const char *expected)
{
    char error[512];
    size_t length;
    assert_true(output_commit(html->output, error, sizeof error));
    char *text = test_read(path, &length);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(text, expected);
    free(text);
}

/* The five characters that mean something in text or in an attribute (WHATWG, 13.3). */
static void what_means_something_is_spelled(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } table[] = {
        {"", ""},
        {"plain", "plain"},
        {"&", "&amp;"},
        {"&amp;", "&amp;amp;"},
        {"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
        {"\" onload=\"x", "&quot; onload=&quot;x"},
        {"-->", "--&gt;"},
        {"<<>>", "&lt;&lt;&gt;&gt;"},
        {"a<", "a&lt;"},
        {"caf\xc3\xa9 \xe2\x86\x92", "caf\xc3\xa9 \xe2\x86\x92"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct html html = begin();
        html_text(&html, table[i].text);
        expect(&html, table[i].html);
    }
}

/* Each octet between letters: what comes out is valid, and cannot be markup. */
static void every_octet_from_outside(void **state)
{
    (void)state;
    char error[512];
    size_t length, lines = 0;
    struct html html = begin();
    for (unsigned octet = 0; octet < 256; octet++) {
        char given[3] = {'a', (char)octet, 'b'};
        html_outside(&html, given, sizeof given);
        html_put(&html, "\n");
    }
    assert_true(output_commit(html.output, error, sizeof error));
    char *text = test_read(path, &length);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(strlen(text), length);
    assert_null(strpbrk(text, "<>\"'\r\t"));
    for (const char *at = text; *at; lines++) {
        const char *line_end = strchr(at, '\n');
        assert_non_null(line_end);
        assert_true(line_end - at >= 3 && *at == 'a' && line_end[-1] == 'b');
        for (; at < line_end; at++)
            assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
        at++;
    }
    assert_int_equal(lines, 256);
    free(text);
}

static void outside_is_cleaned_first(void **state)
{
    (void)state;
    static const char text[] = "\033[1m<b>\xff\xe2\x80\xae";
    struct html html = begin();
    html_outside(&html, text, sizeof text - 1);
    expect(&html, "\\u{1b}[1m&lt;b&gt;\xef\xbf\xbd\\u{202e}");
}

static void numbers(void **state)
{
    (void)state;
    struct html html = begin();
    html_count(&html, UINT64_MAX);
    html_put(&html, " ");
    html_number(&html, 1234567);
    static const int64_t tenths[] = {0, 1, -1, 10, -10, 123, -205, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof tenths / sizeof *tenths; i++) {
        html_put(&html, " ");
        html_tenths(&html, tenths[i]);
    }
    expect(&html, "18446744073709551615 1,234,567 0 0.1 -0.1 1 -1 12.3 -20.5 922337203685477580.7 "
                  "-922337203685477580.8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_something_is_spelled),
        cmocka_unit_test(every_octet_from_outside),
        cmocka_unit_test(outside_is_cleaned_first),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
