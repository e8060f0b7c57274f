#include "dissect/capture/timeline.h"

#include "dissect/capture/capture_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FILES_MAX 8

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/finwait-timeline-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void save(const char *name, const void *bytes, size_t length)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

/* A pcap of packets at these seconds, ended by 0. */
static void save_pcap(const char *name, const uint32_t *seconds)
{
    struct build b = {0};
    put_pcap(&b, 65535, 1);
    for (; *seconds; seconds++)
        put_record(&b, *seconds, *seconds, 60);
    save(name, b.bytes, b.length);
    free(b.bytes);
}

struct expectation {
    const char *names[FILES_MAX];
    const char *order; /* file:second, with a blank after each; ? without a time */
};

static void read_timeline(const char *const *names, char *order, size_t room,
                          struct capture_findings *findings)
{
    char paths[FILES_MAX][128];
    const char *given[FILES_MAX];
    size_t count = 0;
    for (; names[count]; count++) {
        snprintf(paths[count], sizeof paths[count], "%s/%s", folder, names[count]);
        given[count] = paths[count];
    }
    struct timeline *timeline = timeline_open(given, count, findings);
    assert_non_null(timeline);
    struct packet packet;
    size_t at = 0;
    order[0] = 0;
    while (timeline_next(timeline, &packet) == CAPTURE_PACKET) {
        uint32_t file = frame_file(packet.frame);
        if (packet.time_ns == TIME_UNKNOWN)
            at += (size_t)snprintf(order + at, room - at, "%u:? ", file);
        else
            at += (size_t)snprintf(order + at, room - at, "%u:%d ", file,
                                   (int)(packet.time_ns / 1000000000));
        assert_true(at < room);
    }
    assert_int_equal(timeline_next(timeline, &packet), CAPTURE_END);
    if (timeline_bytes_total(timeline))
        assert_int_equal(timeline_bytes_read(timeline), timeline_bytes_total(timeline));
    timeline_destroy(timeline);
}

static void save_captures(void)
{
    struct build b = {0};
    save_pcap("early.pcap", (const uint32_t[]){1000, 1010, 1020, 0});
    save_pcap("late.pcap", (const uint32_t[]){2000, 2010, 0});
    save_pcap("overlap.pcap", (const uint32_t[]){1005, 1015, 1025, 0});
    save_pcap("back.pcap", (const uint32_t[]){1012, 1002, 1018, 0});
    save_pcap("same.pcap", (const uint32_t[]){1010, 1010, 0});
    save_pcap("none.pcap", (const uint32_t[]){0});
    put_section(&b);
    put_interface(&b, 1, NULL, 0);
    put_epb(&b, 1011000000, 1, 60, NULL, 0);
    struct build simple = {0};
    put32(&simple, 4);
    put32(&simple, 0);
    put_block(&b, 3, &simple);
    put_epb(&b, 1021000000, 1, 60, NULL, 0);
    save("untimed.pcapng", b.bytes, b.length);
    free(simple.bytes);
    free(b.bytes);
    save("notes.txt", "no capture\n", 11);
}

static void files_are_merged_by_time(void **state)
{
    (void)state;
    static const struct expectation cases[] = {
        {{"early.pcap"}, "0:1000 0:1010 0:1020 "},
        {{"late.pcap", "early.pcap"}, "1:1000 1:1010 1:1020 0:2000 0:2010 "},
        {{"early.pcap", "overlap.pcap"}, "0:1000 1:1005 0:1010 1:1015 0:1020 1:1025 "},
        {{"overlap.pcap", "early.pcap"}, "1:1000 0:1005 1:1010 0:1015 1:1020 0:1025 "},
        {{"same.pcap", "early.pcap"}, "1:1000 1:1010 0:1010 0:1010 1:1020 "},
        {{"early.pcap", "same.pcap"}, "0:1000 0:1010 1:1010 1:1010 0:1020 "},
        /* One stamp that runs backwards does not reorder its file. */
        {{"early.pcap", "back.pcap"}, "0:1000 0:1010 1:1012 1:1002 1:1018 0:1020 "},
        /* The packet without a time follows the one before it. */
        {{"early.pcap", "untimed.pcapng"}, "0:1000 0:1010 1:1011 1:? 0:1020 1:1021 "},
        {{"none.pcap", "late.pcap"}, "1:2000 1:2010 "},
    };
    save_captures();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capture_findings findings = {0};
        char order[512];
        read_timeline(cases[i].names, order, sizeof order, &findings);
        assert_string_equal(order, cases[i].order);
        assert_false(findings_damaged(&findings));
        findings_finish(&findings);
    }
}

static void unreadable_files_do_not_stop_the_others(void **state)
{
    (void)state;
    static const char *const names[] = {"absent.pcap", "early.pcap", "notes.txt", NULL};
    struct capture_findings findings = {0};
    char order[512];
    save_captures();
    read_timeline(names, order, sizeof order, &findings);
    assert_string_equal(order, "1:1000 1:1010 1:1020 ");
    assert_int_equal(findings.file_count, 3);
    assert_null(findings.files[1].error);
    for (int i = 0; i < 3; i += 2) {
        const struct file_findings *file = &findings.files[i];
        assert_non_null(file->error);
        assert_memory_equal(file->error, file->name, strlen(file->name));
        assert_memory_equal(file->error + strlen(file->name), ": ", 2);
    }
    assert_non_null(strstr(findings.files[2].error, "text"));
    assert_true(findings_damaged(&findings));
    findings_finish(&findings);
}

/* Captures by content and by name; neither hidden files, nor other files, nor folders below. */
static void directories_give_their_captures(void **state)
{
    (void)state;
    static const char *const names[] = {"d", NULL};
    static const char *const nothing[] = {"d/sub", NULL};
    struct capture_findings findings = {0};
    char path[128];
    char order[512];
    snprintf(path, sizeof path, "%s/d", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/d/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    save_pcap("d/b", (const uint32_t[]){1000, 0});
    save_pcap("d/a.txt", (const uint32_t[]){1001, 0});
    save_pcap("d/.hidden.pcap", (const uint32_t[]){1002, 0});
    save("d/readme.pcap", "text\n", 5);
    read_timeline(names, order, sizeof order, &findings);
    assert_string_equal(order, "1:1000 0:1001 ");
    assert_int_equal(findings.file_count, 2);
    findings_finish(&findings);
    read_timeline(nothing, order, sizeof order, &findings);
    assert_string_equal(order, "");
    assert_non_null(findings.files[0].error);
    findings_finish(&findings);
}

/* A ring buffer's files follow each other, and are one tap; what overlaps is not. */
static void files_of_one_tap(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *names[FILES_MAX];
        uint32_t interfaces;
    } cases[] = {
        {{"ring-0", "ring-1", "ring-2", "ring-3"}, 1},
        {{"ring-3", "ring-1", "ring-0", "ring-2"}, 1},
        {{"ring-0", "beside-0"}, 2},
        {{"ring-0", "beside-0", "ring-1"}, 2},
        {{"ring-0", "beside-0", "ring-1", "beside-1", "ring-2", "ring-3"}, 2},
        {{"ring-0", "other"}, 2}, /* another link type */
        {{"ring-0", "ng-0"}, 2},  /* no name, and a name */
        {{"ng-0", "ng-1"}, 1},
    };
    /* clang-format on */
    save_pcap("ring-0", (const uint32_t[]){1000, 1010, 0});
    save_pcap("ring-1", (const uint32_t[]){1010, 1020, 0});
    save_pcap("ring-2", (const uint32_t[]){1021, 1030, 0});
    save_pcap("ring-3", (const uint32_t[]){1031, 0});
    save_pcap("beside-0", (const uint32_t[]){1005, 1015, 0});
    save_pcap("beside-1", (const uint32_t[]){1016, 1035, 0});
    struct build b = {0};
    put_pcap(&b, 65535, 101);
    put_record(&b, 2000, 1, 60);
    save("other", b.bytes, b.length);
    for (unsigned i = 0; i < 2; i++) {
        b.length = 0;
        put_section(&b);
        put_interface(&b, 1, "\2\0\4\0eth0", 8);
        put_epb(&b, 2000000000u + i, 1, 60, NULL, 0);
        save(i ? "ng-1" : "ng-0", b.bytes, b.length);
    }
    free(b.bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capture_findings findings = {0};
        char order[512];
        read_timeline(cases[i].names, order, sizeof order, &findings);
        if (findings.interface_count != cases[i].interfaces)
            fail_msg("case %zu: %u interfaces", i, findings.interface_count);
        findings_finish(&findings);
    }
}

/* More files than may be open: each begins before the one before it ends. */
static void many_files_are_read_in_turn(void **state)
{
    (void)state;
    enum { FILES = TIMELINE_OPEN_MAX + 44 };
    static char paths[FILES][128];
    static const char *given[FILES];
    struct capture_findings findings = {0};
    for (uint32_t i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "many-%03u", (unsigned)i);
        save_pcap(name, (const uint32_t[]){5000 - i * 10, 5015 - i * 10, 0});
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
        given[i] = paths[i];
    }
    struct timeline *timeline = timeline_open(given, FILES, &findings);
    assert_non_null(timeline);
    struct packet packet;
    int64_t last_ns = 0;
    unsigned packets = 0;
    while (timeline_next(timeline, &packet) == CAPTURE_PACKET) {
        assert_true(packet.time_ns >= last_ns);
        last_ns = packet.time_ns;
        packets++;
    }
    assert_int_equal(packets, 2 * FILES);
    timeline_destroy(timeline);
    findings_finish(&findings);
}

/* A file's packets come in runs; their order is that of packets taken one by one: always the file
 * whose highest time so far is lowest, found here by looking at all of them. */
static void runs_of_long_files(void **state)
{
    (void)state;
    enum { FILES = 5, PACKETS = 300 };
    static uint32_t seconds[FILES][PACKETS + 1];
    static char paths[FILES][128];
    static const char *given[FILES];
    uint32_t random = 7;
    for (uint32_t i = 0; i < FILES; i++) {
        char name[32];
        uint32_t at = 10000 + i * 400;
        for (uint32_t k = 0; k < PACKETS; k++) {
            random = random * 1664525u + 1013904223u;
            /* No two files have the same time; now and then a stamp runs backwards. */
            at += FILES * (random >> 20) % 64 / 8 * FILES;
            seconds[i][k] = at / FILES * FILES + i - (k % 50 == 49 ? 20 * FILES : 0);
        }
        snprintf(name, sizeof name, "long-%u", (unsigned)i);
        save_pcap(name, seconds[i]);
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
        given[i] = paths[i];
    }
    struct capture_findings findings = {0};
    struct timeline *timeline = timeline_open(given, FILES, &findings);
    assert_non_null(timeline);
    const struct packet *packets;
    uint32_t count, taken = 0, longest = 0;
    uint32_t next[FILES] = {0}, highest[FILES] = {0};
    int64_t highest_ns = TIME_UNKNOWN;
    assert_true(timeline_highest_ns(timeline) == highest_ns);
    while (timeline_next_run(timeline, &packets, &count) == CAPTURE_PACKET) {
        longest = count > longest ? count : longest;
        for (uint32_t i = 0; i < count; i++, taken++) {
            uint32_t expected = FILES;
            for (uint32_t file = 0; file < FILES; file++) {
                uint32_t second = seconds[file][next[file]];
                if (second > highest[file])
                    highest[file] = second;
                if (second && (expected == FILES || highest[file] < highest[expected]))
                    expected = file;
            }
            assert_int_equal(packets[i].frame, frame_ref_of(expected, ++next[expected]));
            assert_int_equal(packets[i].time_ns / 1000000000,
                             seconds[expected][next[expected] - 1]);
            if (packets[i].time_ns > highest_ns)
                highest_ns = packets[i].time_ns;
        }
        assert_true(timeline_highest_ns(timeline) == highest_ns);
    }
    assert_int_equal(taken, FILES * PACKETS);
    assert_true(longest > 10);
    timeline_destroy(timeline);
    findings_finish(&findings);
}

static void digest_names_the_input(void **state)
{
    (void)state;
    static const char *const lists[][3] = {{"early.pcap", "late.pcap", NULL},
                                           {"late.pcap", "early.pcap", NULL},
                                           {"early.pcap", NULL, NULL},
                                           {"early.pcap", "late.pcap", NULL}};
    uint8_t digests[4][20];
    char order[512];
    save_captures();
    for (size_t i = 0; i < 4; i++) {
        struct capture_findings findings = {0};
        read_timeline(lists[i], order, sizeof order, &findings);
        memcpy(digests[i], findings.digest, 20);
        findings_finish(&findings);
    }
    assert_memory_equal(digests[0], digests[3], 20);
    assert_memory_not_equal(digests[0], digests[1], 20);
    assert_memory_not_equal(digests[0], digests[2], 20);
    struct capture_findings findings = {0};
    assert_null(timeline_open(NULL, 0, &findings));
    timeline_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_merged_by_time, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(unreadable_files_do_not_stop_the_others, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(directories_give_their_captures, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(files_of_one_tap, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(many_files_are_read_in_turn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(runs_of_long_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(digest_names_the_input, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
