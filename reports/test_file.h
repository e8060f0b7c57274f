/* For tests: a folder of their own under TMPDIR, and what is in it. */
#ifndef FINWAIT_REPORTS_TEST_FILE_H
#define FINWAIT_REPORTS_TEST_FILE_H

#include <stddef.h>

#define TEST_PATH_BYTES 256

/* cmocka group fixtures; the folder must be empty at the end. */
int test_folder_make(void **state);
int test_folder_remove(void **state);

/* A path in the folder. */
void test_path(char out[TEST_PATH_BYTES], const char *name);

/* How many entries the folder has. */
size_t test_folder_entries(void);

/* The file's bytes and a NUL behind them; the caller's to free. Fails the test when it cannot be
 * read. */
char *test_read(const char *path, size_t *length);

#endif
