/*
 * usage: sweep CAPTURE…
 *
 * Goes the whole way with each capture while one allocation fails, and while it and all that follow
 * fail, from the first to the last. Whatever fails, nothing is
 * lost or released twice; the fault is told, or it took away only what can be done without, and the
 * report is valid.
 */
#include "tests/fuzz/failing.h"
#include "tests/fuzz/pipeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* False when no allocation was left to fail. */
static bool run(struct failing how, const struct pipeline *kind, unsigned *told)
{
    struct pipeline p = *kind;
    failing_begin(how);
    enum pipeline_result result = pipeline_run(&p);
    how = failing_end();
    REQUIRE(how.held == 0);
    REQUIRE(result == PIPELINE_WRITTEN || how.failures);
    if (result == PIPELINE_WRITTEN) {
        pipeline_keep(&p);
        pipeline_check_octets(&p);
        pipeline_check(&p);
        pipeline_release(&p);
    } else {
        ++*told;
    }
    return how.failures;
}

static void read_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && fstat(fd, &status) == 0);
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = malloc(size ? size : 1);
    REQUIRE(bytes && read(fd, bytes, size) == (ssize_t)size);
    close(fd);
    pipeline_input(bytes, size);
    free(bytes);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct pipeline kind = {.format = i % 2 ? REPORT_JSON : REPORT_NDJSON,
                                .compressed = i % 4 == 3};
        unsigned runs = 0, told = 0;
        read_file(argv[i]);
        for (int ever_after = 0; ever_after < 2; ever_after++) {
            struct failing how = {.ever_after = ever_after};
            while (run(how, &kind, &told)) {
                how.until_failure++;
                runs++;
            }
        }
        REQUIRE(runs > 20 && told > 0);
        fprintf(stderr, "%s: %u failures, %u of them told\n", argv[i], runs, told);
    }
    return argc > 1 ? 0 : 1;
}
