#include "reports/test_file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[TEST_PATH_BYTES / 2];

int test_folder_make(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/finwait-test-XXXXXX", parent && *parent ? parent : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

int test_folder_remove(void **state)
{
    (void)state;
    return rmdir(folder);
}

void test_path(char out[TEST_PATH_BYTES], const char *name)
{
    snprintf(out, TEST_PATH_BYTES, "%s/%s", folder, name);
}

size_t test_folder_entries(void)
{
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return count;
}

char *test_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t room = 1 << 16;
    char *bytes = malloc(room);
    *length = 0;
    while (bytes) {
        size_t got = fread(bytes + *length, 1, room - *length, file);
        *length += got;
        if (*length < room)
            break;
        room *= 2;
        char *more = realloc(bytes, room);
        if (!more)
            free(bytes);
        bytes = more;
    }
    fclose(file);
    if (!bytes) {
        fail_msg("out of memory");
        return NULL;
    }
    bytes[*length] = '\0';
    return bytes;
}
