#include "reports/flags_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void names_flags(void **state)
{
    (void)state;
    static const struct {
        uint16_t flags;
        const char *letters, *words;
    } cases[] = {
        {0, "", "none"},
        {TCP_SYN, "S", "SYN"},
        {TCP_SYN | TCP_ACK, "SA", "SYN+ACK"},
        {TCP_FIN | TCP_PSH | TCP_ACK, "FPA", "FIN+PSH+ACK"},
        {TCP_AE | TCP_CWR | TCP_ECE, "EWe", "ECE+CWR+AE"},
        {0xffff, "FSRPAUEWe", "FIN+SYN+RST+PSH+ACK+URG+ECE+CWR+AE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[FLAGS_TEXT_BYTES];
        flags_letters(cases[i].flags, text);
        assert_string_equal(text, cases[i].letters);
        flags_words(cases[i].flags, text);
        assert_string_equal(text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_flags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
