/*
 * usage: fuzz-TARGET FILE-OR-FOLDER…
 *
 * Runs the target on each file, and on each in a folder. Says on standard error how many there
 * were; when the target ends the program, the last file that was named is the one.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 4096

/* Written by write(2) right away: the program may end the next moment. */
static void say_running(const char *path)
{
    char line[NAME_BYTES + 16];
    int length = snprintf(line, sizeof line, "%.4000s\n", path);
    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        abort();
}

bool fuzz_thorough(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return true;
}

static bool run_file(const char *path, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = malloc(size ? size : 1);
    size_t have = 0;
    ssize_t got = 1;
    while (fd >= 0 && bytes && have < size && (got = read(fd, bytes + have, size - have)) > 0)
        have += (size_t)got;
    if (fd < 0 || !bytes || have < size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    close(fd);
    say_running(path);
    fuzz_target(bytes, size);
    free(bytes);
    return true;
}

static unsigned run_path(const char *path);

static unsigned run_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return 0;
    unsigned run = 0;
    for (int i = 0; i < count; i++) {
        char name[NAME_BYTES];
        bool whole = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name) < NAME_BYTES;
        if (whole && entries[i]->d_name[0] != '.')
            run += run_path(name);
        free(entries[i]);
    }
    free(entries);
    return run;
}

static unsigned run_path(const char *path)
{
    struct stat status = {0}; /* MSan does not know the calls of a newer C library */
    if (stat(path, &status)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (S_ISDIR(status.st_mode))
        return run_folder(path);
    return run_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
    unsigned run = 0;
    for (int i = 1; i < argc; i++)
        run += run_path(argv[i]);
    fprintf(stderr, "%u inputs\n", run);
    return run ? 0 : 1;
}
