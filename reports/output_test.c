#include "reports/output.h"

#include "reports/test_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static char error[512];

static struct output *open_or_fail(const char *path)
{
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    return output;
}

static void expect_content(const char *path, const char *content)
{
    size_t length;
    char *bytes = test_read(path, &length);
    assert_string_equal(bytes, content);
    assert_int_equal(length, strlen(content));
    free(bytes);
}

static void put_file(const char *path, const char *content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void a_new_file_appears_at_commit(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    mode_t mask = umask(027);
    struct output *output = open_or_fail(path);
    umask(mask);
    output_text(output, "one ");
    output_write(output, "two", 3);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(test_folder_entries(), 1);
    assert_true(output_ok(output));
    assert_true(output_commit(output, error, sizeof error));
    expect_content(path, "one two");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(test_folder_entries(), 1);
    assert_int_equal(unlink(path), 0);
}

static void an_existing_file_is_replaced_at_commit(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    put_file(path, "old", 0604);
    struct output *output = open_or_fail(path);
    output_text(output, "new");
    expect_content(path, "old");
    assert_true(output_commit(output, error, sizeof error));
    expect_content(path, "new");
    assert_int_equal(mode_of(path), 0604);
    assert_int_equal(test_folder_entries(), 1);

    output = open_or_fail(path);
    output_text(output, "newer");
    output_discard(output);
    expect_content(path, "new");
    assert_int_equal(test_folder_entries(), 1);
    assert_int_equal(unlink(path), 0);
    output_discard(NULL);
}

static void a_link_keeps_pointing(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES], link_path[TEST_PATH_BYTES];
    struct stat status;
    test_path(path, "report");
    test_path(link_path, "link");
    put_file(path, "old", 0600);
    assert_int_equal(symlink("report", link_path), 0);
    struct output *output = open_or_fail(link_path);
    output_text(output, "new");
    assert_true(output_commit(output, error, sizeof error));
    expect_content(path, "new");
    assert_int_equal(lstat(link_path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_opened(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "no such folder/\x1breport");
    assert_null(output_open(path, error, sizeof error));
    assert_non_null(strstr(error, "no such folder/\\u{1b}report: No such file or directory"));
    test_path(path, "");
    assert_null(output_open(path, error, sizeof error));
    assert_non_null(strstr(error, "Is a directory"));
    test_path(path, "report");
    put_file(path, "protected", 0444);
    if (geteuid() != 0) {
        assert_null(output_open(path, error, sizeof error));
        assert_non_null(strstr(error, "Permission denied"));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(test_folder_entries(), 0);
}

/* Sizes around the buffer's, in pieces of every kind. */
static void every_byte_arrives(void **state)
{
    (void)state;
    enum { BYTES = 700001 };
    char path[TEST_PATH_BYTES];
    unsigned char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    test_path(path, "report");
    static const size_t pieces[] = {1, 3, 4096, 131071, 131072, 131073, 300000, BYTES};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        struct output *output = open_or_fail(path);
        for (size_t at = 0; at < BYTES; at += pieces[p])
            output_write(output, bytes + at, BYTES - at < pieces[p] ? BYTES - at : pieces[p]);
        assert_true(output_commit(output, error, sizeof error));
        size_t length;
        char *back = test_read(path, &length);
        assert_int_equal(length, BYTES);
        assert_memory_equal(back, bytes, BYTES);
        free(back);
    }
    free(bytes);
    assert_int_equal(unlink(path), 0);
}

static void a_full_device(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK))
        skip();
    struct output *output = open_or_fail("/dev/full");
    output_text(output, "lost");
    assert_true(output_ok(output)); /* still in the buffer */
    assert_false(output_commit(output, error, sizeof error));
    assert_non_null(strstr(error, "/dev/full: No space left on device"));
    /* a device is written to, not renamed over */
    struct stat status;
    assert_int_equal(stat("/dev/full", &status), 0);
    assert_true(S_ISCHR(status.st_mode));

    char *large = calloc(1, 1 << 20);
    assert_non_null(large);
    output = open_or_fail("/dev/full");
    output_write(output, large, 1 << 20);
    assert_false(output_ok(output));
    output_text(output, "nothing more");
    assert_false(output_commit(output, error, sizeof error));
    free(large);
}

static void a_file_that_may_not_grow(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    put_file(path, "old", 0600);
    char *large = calloc(1, 1 << 20);
    assert_non_null(large);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 200000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct output *output = open_or_fail(path);
    output_write(output, large, 1 << 20);
    bool committed = output_commit(output, error, sizeof error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(committed);
    assert_non_null(strstr(error, "File too large"));
    expect_content(path, "old");
    assert_int_equal(test_folder_entries(), 1);
    assert_int_equal(unlink(path), 0);
    free(large);
}

/* With standard output on `fd` while `output` is open; puts it back. */
static bool commit_on(int fd, const char *bytes, size_t length)
{
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    struct output *output = output_open("-", error, sizeof error);
    if (output)
        output_write(output, bytes, length);
    bool ok = output && output_commit(output, error, sizeof error);
    bool open_still = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_true(open_still);
    return ok;
}

static void a_closed_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    bool ok = commit_on(ends[1], "lost", 4);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
    assert_false(ok);
    assert_non_null(strstr(error, "standard output: Broken pipe"));
}

struct reader {
    int fd;
    size_t length;
    unsigned sum;
};

static void *read_slowly(void *context)
{
    struct reader *reader = context;
    unsigned char piece[777];
    for (ssize_t got; (got = read(reader->fd, piece, sizeof piece)) > 0;) {
        for (ssize_t i = 0; i < got; i++)
            reader->sum += piece[i] * (unsigned)(reader->length + (size_t)i);
        reader->length += (size_t)got;
    }
    return NULL;
}

/* A pipe that is full most of the time and was left non-blocking: short writes and EAGAIN. */
static void a_slow_pipe(void **state)
{
    (void)state;
    enum { BYTES = 500000 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    unsigned sum = 0;
    for (unsigned i = 0; i < BYTES; i++) {
        bytes[i] = (char)(i % 127);
        sum += i % 127 * i;
    }
    struct reader reader = {.fd = ends[0]};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    bool ok = commit_on(ends[1], bytes, BYTES);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    free(bytes);
    assert_true(ok);
    assert_int_equal(reader.length, BYTES);
    assert_int_equal(reader.sum, sum);
}

static void spools_wait_and_follow(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    static const size_t sizes[] = {0, 1, 131071, 131072, 131073, 500000};
    char *bytes = malloc(500000);
    assert_non_null(bytes);
    memset(bytes, 's', 500000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct output *output = open_or_fail(path);
        struct output *spool = output_spool(error, sizeof error);
        assert_non_null(spool);
        output_text(output, "<");
        for (size_t at = 0; at < sizes[i]; at += 1000)
            output_write(spool, bytes, sizes[i] - at < 1000 ? sizes[i] - at : 1000);
        output_append(output, spool);
        output_text(output, ">");
        output_discard(spool);
        assert_true(output_commit(output, error, sizeof error));
        size_t length;
        char *back = test_read(path, &length);
        assert_int_equal(length, sizes[i] + 2);
        assert_int_equal(back[0], '<');
        assert_memory_equal(back + 1, bytes, sizes[i]);
        assert_int_equal(back[length - 1], '>');
        free(back);
    }
    free(bytes);
    assert_int_equal(unlink(path), 0);
}

static void a_spool_leaves_no_name(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    const char *before = getenv("TMPDIR");
    char *saved = before ? strdup(before) : NULL;
    test_path(path, "");
    setenv("TMPDIR", path, 1);
    struct output *spool = output_spool(error, sizeof error);
    size_t entries = test_folder_entries();
    test_path(path, "missing");
    setenv("TMPDIR", path, 1);
    struct output *none = output_spool(error, sizeof error);
    if (saved)
        setenv("TMPDIR", saved, 1);
    else
        unsetenv("TMPDIR");
    free(saved);
    assert_non_null(spool);
    assert_int_equal(entries, 0);
    output_discard(spool);
    assert_null(none);
    assert_non_null(strstr(error, "missing: No such file or directory"));
}

/* What the spool lost is lost to the output it should have followed in. */
static void a_spool_that_failed(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    char *large = calloc(1, 1 << 20);
    assert_non_null(large);
    struct output *spool = output_spool(error, sizeof error);
    assert_non_null(spool);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 200000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    output_write(spool, large, 1 << 20);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    free(large);
    struct output *output = open_or_fail(path);
    output_append(output, spool);
    output_discard(spool);
    assert_false(output_ok(output));
    assert_false(output_commit(output, error, sizeof error));
    assert_int_equal(test_folder_entries(), 0);
}

/* Nor does it follow in part. */
static void a_spool_that_lost_its_end(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    char *large = calloc(1, 1 << 20);
    assert_non_null(large);
    int next = dup(STDIN_FILENO); /* the number that the spool will have */
    assert_true(next >= 0);
    close(next);
    struct output *spool = output_spool(error, sizeof error);
    assert_non_null(spool);
    output_write(spool, large, 1 << 20);
    free(large);
    assert_int_equal(ftruncate(next, 300000), 0);
    struct output *output = open_or_fail(path);
    output_append(output, spool);
    output_discard(spool);
    assert_false(output_ok(output));
    assert_false(output_commit(output, error, sizeof error));
    assert_non_null(strstr(error, strerror(EIO)));
    assert_int_equal(test_folder_entries(), 0);
}

/* ---- compressed ---- */

static struct output *open_compressed(const char *path)
{
    struct output *output = open_or_fail(path);
    assert_true(output_compress(output, error, sizeof error));
    return output;
}

/* What zlib itself reads from the file, which is that stream and nothing else. */
static void expect_compressed(const char *path, const void *bytes, size_t length)
{
    size_t stream_bytes;
    char *stream = test_read(path, &stream_bytes);
    unsigned char *plain = malloc(length + 1);
    assert_non_null(plain);
    z_stream inflater = {.next_in = (unsigned char *)stream,
                         .avail_in = (uInt)stream_bytes,
                         .next_out = plain,
                         .avail_out = (uInt)length + 1};
    assert_int_equal(inflateInit2(&inflater, 16 + 15), Z_OK);
    assert_int_equal(inflate(&inflater, Z_FINISH), Z_STREAM_END);
    assert_int_equal(inflater.avail_in, 0);
    assert_int_equal(inflater.total_out, length);
    assert_memory_equal(plain, bytes, length);
    inflateEnd(&inflater);
    free(plain);
    free(stream);
}

static char *octets(size_t length)
{
    char *bytes = malloc(length);
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 7 + i / 251 * (i % 13));
    return bytes;
}

static void every_byte_arrives_compressed(void **state)
{
    (void)state;
    enum { BYTES = 700001 };
    char path[TEST_PATH_BYTES];
    char *bytes = octets(BYTES);
    test_path(path, "report");
    static const size_t pieces[] = {3, 4096, 131071, 131072, 131073, 300000, BYTES};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        struct output *output = open_compressed(path);
        for (size_t at = 0; at < BYTES; at += pieces[p])
            output_write(output, bytes + at, BYTES - at < pieces[p] ? BYTES - at : pieces[p]);
        assert_true(output_commit(output, error, sizeof error));
        expect_compressed(path, bytes, BYTES);
    }
    assert_true(output_commit(open_compressed(path), error, sizeof error));
    expect_compressed(path, "", 0);
    free(bytes);
    assert_int_equal(unlink(path), 0);
}

/* When the buffer has been written, a reader of the pipe can decompress all that was in it. */
static void a_pipe_can_be_read_meanwhile(void **state)
{
    (void)state;
    enum { PIECE = 1000, PIECES = 132 }; /* the last is the first that has no room */
    char path[TEST_PATH_BYTES];
    unsigned char stream[4096], *plain = malloc((size_t)PIECE * PIECES);
    char text[PIECE];
    assert_non_null(plain);
    memset(text, 'x', sizeof text);
    test_path(path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    struct output *output = open_compressed(path);
    for (int i = 0; i < PIECES; i++)
        output_write(output, text, PIECE);
    ssize_t got = read(fd, stream, sizeof stream);
    assert_true(got > 0 && (size_t)got < sizeof stream);
    z_stream inflater = {
        .next_in = stream, .avail_in = (uInt)got, .next_out = plain, .avail_out = PIECE * PIECES};
    assert_int_equal(inflateInit2(&inflater, 16 + 15), Z_OK);
    assert_int_equal(inflate(&inflater, Z_SYNC_FLUSH), Z_OK);
    assert_int_equal(inflater.total_out, PIECE * (PIECES - 1));
    assert_true(output_commit(output, error, sizeof error));
    got = read(fd, stream, sizeof stream);
    assert_true(got > 0 && (size_t)got < sizeof stream);
    inflater.next_in = stream;
    inflater.avail_in = (uInt)got;
    assert_int_equal(inflate(&inflater, Z_FINISH), Z_STREAM_END);
    assert_int_equal(inflater.total_out, PIECE * PIECES);
    inflateEnd(&inflater);
    close(fd);
    free(plain);
    assert_int_equal(unlink(path), 0);
}

static void spools_follow_compressed(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    test_path(path, "report");
    static const size_t sizes[] = {0, 1, 131072, 500000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = octets(sizes[i] + 2);
        struct output *output = open_compressed(path);
        struct output *spool = output_spool(error, sizeof error);
        assert_non_null(spool);
        output_write(output, bytes, 1);
        output_write(spool, bytes + 1, sizes[i]);
        output_append(output, spool);
        output_write(output, bytes + 1 + sizes[i], 1);
        output_discard(spool);
        assert_true(output_commit(output, error, sizeof error));
        expect_compressed(path, bytes, sizes[i] + 2);
        free(bytes);
    }
    assert_int_equal(unlink(path), 0);
}

static void compressed_or_not_at_all(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    char path[TEST_PATH_BYTES];
    char *bytes = octets(BYTES);
    test_path(path, "report");
    put_file(path, "old", 0600);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    signal(SIGXFSZ, SIG_IGN);
    /* Before the header, in what comes early, and in what only the end brings. */
    static const rlim_t limits[] = {0, 5, 2000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        limit.rlim_cur = limits[i];
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        struct output *output = open_compressed(path);
        output_write(output, bytes, i == 1 ? 10 : BYTES);
        output_text(output, "and more");
        bool committed = output_commit(output, error, sizeof error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_false(committed);
        assert_non_null(strstr(error, "File too large"));
        expect_content(path, "old");
        assert_int_equal(test_folder_entries(), 1);
    }
    signal(SIGXFSZ, SIG_DFL);
    struct output *output = open_compressed(path);
    output_write(output, bytes, BYTES);
    output_discard(output);
    expect_content(path, "old");
    assert_int_equal(test_folder_entries(), 1);
    assert_int_equal(unlink(path), 0);
    free(bytes);
}

static void terminals_are_refused(void **state)
{
    (void)state;
    int main_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (main_end < 0 || grantpt(main_end) || unlockpt(main_end)) {
        if (main_end >= 0)
            close(main_end);
        skip();
    }
    struct output *output = open_or_fail(ptsname(main_end));
    assert_false(output_compress(output, error, sizeof error));
    assert_non_null(strstr(error, ptsname(main_end)));
    assert_non_null(strstr(error, "it is a terminal"));
    output_discard(output);
    close(main_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_appears_at_commit),
        cmocka_unit_test(an_existing_file_is_replaced_at_commit),
        cmocka_unit_test(a_link_keeps_pointing),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(every_byte_arrives),
        cmocka_unit_test(a_full_device),
        cmocka_unit_test(a_file_that_may_not_grow),
        cmocka_unit_test(a_closed_pipe),
        cmocka_unit_test(a_slow_pipe),
        cmocka_unit_test(spools_wait_and_follow),
        cmocka_unit_test(a_spool_leaves_no_name),
        cmocka_unit_test(a_spool_that_failed),
        cmocka_unit_test(a_spool_that_lost_its_end),
        cmocka_unit_test(every_byte_arrives_compressed),
        cmocka_unit_test(a_pipe_can_be_read_meanwhile),
        cmocka_unit_test(spools_follow_compressed),
        cmocka_unit_test(compressed_or_not_at_all),
        cmocka_unit_test(terminals_are_refused),
    };
    return cmocka_run_group_tests_name("output", tests, test_folder_make, test_folder_remove);
}
