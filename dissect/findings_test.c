#include "dissect/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void link_types_as_libpcap_names_them(void **state)
{
    (void)state;
    static const struct {
        uint16_t link_type;
        const char *name;
    } cases[] = {
        {0, "NULL"},           {1, "EN10MB"},
        {50, "PPP_SERIAL"},    {101, "RAW"},
        {108, "LOOP"},         {113, "LINUX_SLL"},
        {246, "PFSYNC"},       {276, "LINUX_SLL2"},
        {999, "LINKTYPE_999"}, {65535, "LINKTYPE_65535"},
    };
    char buffer[LINK_NAME_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(link_type_name(cases[i].link_type, buffer), cases[i].name);
}

static void errors_name_their_file(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    struct file_findings *file = findings_add_file(&findings, "a/b.pcap");
    assert_non_null(file);
    assert_false(findings_damaged(&findings));
    assert_true(findings_error(file, "100% wrong"));
    assert_string_equal(file->error, "a/b.pcap: 100% wrong");
    assert_true(findings_damaged(&findings));
    findings_finish(&findings);
}

static void damage_beyond_what_is_kept(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    struct file_findings *file = findings_add_file(&findings, "file");
    assert_non_null(file);
    for (uint64_t i = 0; i <= DAMAGE_KEPT; i++)
        findings_damage(file, (struct damage){.offset = i});
    assert_int_equal(file->damage_count, DAMAGE_KEPT + 1);
    assert_int_equal(file->damage[DAMAGE_KEPT - 1].offset, DAMAGE_KEPT - 1);
    findings_finish(&findings);
}

/* Interfaces in a row, and the index that each gets. */
static void taps(void **state)
{
    (void)state;
    static const struct {
        uint32_t file, section, ordinal;
        uint16_t link_type;
        const char *name;
        int finished; /* the file that has been read to its end by then, or -1 */
        uint32_t index;
    } rows[] = {
        {0, 1, 0, 1, "eth0", -1, 0},  {0, 1, 1, 1, "eth1", -1, 1},
        {0, 1, 2, 1, NULL, -1, 2},    {1, 1, 0, 1, "eth0", -1, 3}, /* beside the first file */
        {2, 1, 0, 1, "eth0", 0, 0},   {3, 1, 0, 1, "eth0", -1, 4}, /* taken by file 2 */
        {3, 1, 1, 1, "eth0", -1, 5},                               /* another ordinal */
        {3, 1, 2, 1, NULL, -1, 2},    {3, 2, 0, 1, "eth0", -1, 4}, /* a new section */
        {3, 2, 1, 1, "eth", -1, 6},                                /* another name */
        {3, 2, 2, 113, NULL, -1, 7},                               /* another link type */
        {3, 3, 1, 1, "eth00", -1, 8}, {3, 3, 2, 1, "", -1, 9},
        {4, 1, 1, 1, "eth1", -1, 1},  {5, 1, 0, 1, "eth0", 1, 3},
    };
    struct capture_findings findings = {0};
    for (int i = 0; i < 6; i++)
        assert_non_null(findings_add_file(&findings, "file"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].finished >= 0)
            findings.files[rows[i].finished].finished = true;
        struct interface_place place = {rows[i].file, rows[i].section, rows[i].ordinal};
        uint32_t index = findings_add_interface(&findings, place, rows[i].link_type, rows[i].name,
                                                rows[i].name ? strlen(rows[i].name) : 0);
        if (index != rows[i].index)
            fail_msg("row %zu: %u instead of %u", i, index, rows[i].index);
    }
    assert_int_equal(findings.interface_count, 10);
    findings_finish(&findings);
}

static uint32_t in_section(struct capture_findings *findings, uint32_t section, uint32_t ordinal,
                           const char *name, size_t length)
{
    return findings_add_interface(findings, (struct interface_place){0, section, ordinal}, 1, name,
                                  length);
}

static void names_are_cut(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    assert_non_null(findings_add_file(&findings, "file"));
    char name[257];
    memset(name, 'n', sizeof name);
    static const size_t lengths[] = {254, 255, 256, 257};
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(in_section(&findings, 1, i, name, lengths[i]), i);
        assert_int_equal(strlen(findings.interfaces[i].name), lengths[i] < 255 ? lengths[i] : 255);
    }
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(in_section(&findings, 2, i, name, lengths[i]), i);
    assert_int_equal(in_section(&findings, 3, 0, name, 253), 4);
    findings_finish(&findings);
}

/* Only so many are looked at. */
static void the_search_is_bounded(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    assert_non_null(findings_add_file(&findings, "file"));
    for (uint32_t i = 0; i < 300; i++)
        assert_int_equal(in_section(&findings, 1, i, NULL, 0), i);
    assert_int_equal(in_section(&findings, 2, 44, NULL, 0), 44);
    assert_int_equal(in_section(&findings, 2, 43, NULL, 0), 300);
    findings_finish(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_types_as_libpcap_names_them),
        cmocka_unit_test(errors_name_their_file),
        cmocka_unit_test(damage_beyond_what_is_kept),
        cmocka_unit_test(taps),
        cmocka_unit_test(names_are_cut),
        cmocka_unit_test(the_search_is_bounded),
    };
    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
