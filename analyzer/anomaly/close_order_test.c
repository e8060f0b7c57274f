/*
 * In which order the ends closed.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    SCRIPT("simultaneous close: neither FIN acknowledges the other", CLOSING
        "rule simultaneous_close by none info certain @7 @8 gap_ns=4000000\n"),
    SCRIPT("near miss: the second FIN acknowledges the first", LAST_ACK
        "no rule simultaneous_close\n"
        "quiet\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
