/*
 * Landlock, as the kernel's Documentation/userspace-api/landlock.rst describes it. The numbers are
 * part of the kernel's interface and stand here, because a kernel may know more than the headers
 * that finwait is built with.
 */
#include "cli/sandbox.h"

#ifdef __linux__

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on all architectures but one, whose numbers are 110 higher. */
#ifdef __alpha__
#define SYSCALL_OFFSET 110
#else
#define SYSCALL_OFFSET 0
#endif
#define CREATE_RULESET (444 + SYSCALL_OFFSET)
#define ADD_RULE       (445 + SYSCALL_OFFSET)
#define RESTRICT_SELF  (446 + SYSCALL_OFFSET)

#define VERSION_ASKED    1u
#define RULE_PATH        1
#define READ_FILE        (UINT64_C(1) << 2)
#define READ_FOLDER      (UINT64_C(1) << 3)
#define REMOVE_FILE      (UINT64_C(1) << 5)
#define MAKE_FILE        (UINT64_C(1) << 8)
#define TCP              UINT64_C(3) /* bind and connect */
#define ABSTRACT_SIGNALS UINT64_C(3) /* abstract Unix sockets, signals */

struct ruleset {
    uint64_t files;
    uint64_t network; /* from version 4 */
    uint64_t scopes;  /* from version 6 */
};

struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

/* Everything that a version can forbid of files is forbidden. */
static struct ruleset everything(int abi, size_t *bytes)
{
    static const uint8_t rights[] = {0, 13, 14, 15, 15, 16};
    size_t last = sizeof rights - 1;
    struct ruleset all = {.files =
                              (UINT64_C(1) << rights[(size_t)abi < last ? (size_t)abi : last]) - 1};
    *bytes = sizeof all.files;
    if (abi >= 4) {
        all.network = TCP;
        *bytes += sizeof all.network;
    }
    if (abi >= 6) {
        all.scopes = ABSTRACT_SIGNALS;
        *bytes += sizeof all.scopes;
    }
    return all;
}

int sandbox_landlock_abi(void)
{
    long version = syscall(CREATE_RULESET, NULL, (size_t)0, VERSION_ASKED);
    return version > 0 ? (int)version : 0;
}

/* Takes the descriptor. What is not of a file system, as a pipe, is not forbidden either. */
static bool allow(int ruleset, int fd, uint64_t rights)
{
    const struct path_rule rule = {.allowed = rights, .folder = fd};
    bool allowed = syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0u) == 0 || errno == EBADFD;
    close(fd);
    return allowed;
}

/* Where the entry's link leads, when that is a file. */
static bool allow_linked(int ruleset, int folder, const char *name)
{
    struct stat status;
    int target = openat(folder, name, O_PATH | O_CLOEXEC);
    if (target < 0)
        return true;
    if (fstat(target, &status) == 0 && S_ISREG(status.st_mode))
        return allow(ruleset, target, READ_FILE);
    close(target);
    return true;
}

/* The files of a folder may be links to captures that are elsewhere. */
static bool allow_links(int ruleset, const char *path)
{
    DIR *folder = opendir(path);
    bool allowed = true;
    if (!folder)
        return true; /* who reads it will say why it cannot */
    const struct dirent *entry;
    while (allowed && (entry = readdir(folder))) {
        struct stat status;
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(status.st_mode))
            allowed = allow_linked(ruleset, dirfd(folder), entry->d_name);
    }
    closedir(folder);
    return allowed;
}

static bool allow_input(int ruleset, const char *path)
{
    struct stat status;
    int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    return allow(ruleset, fd, folder ? READ_FILE | READ_FOLDER : READ_FILE) &&
           (!folder || allow_links(ruleset, path));
}

static bool allow_output(int ruleset, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd >= 0 && allow(ruleset, fd, MAKE_FILE | REMOVE_FILE);
}

bool sandbox_files(int abi, const struct sandbox_needs *needs)
{
    size_t bytes;
    const struct ruleset all = everything(abi, &bytes);
    int ruleset = (int)syscall(CREATE_RULESET, &all, bytes, 0u);
    if (ruleset < 0)
        return false;
    bool done = !needs->output || allow_output(ruleset, needs->output);
    for (size_t i = 0; done && i < needs->input_count; i++)
        done = allow_input(ruleset, needs->inputs[i]);
    done = done && syscall(RESTRICT_SELF, ruleset, 0u) == 0;
    close(ruleset);
    return done;
}

#else

int sandbox_landlock_abi(void)
{
    return 0;
}

bool sandbox_files(int abi, const struct sandbox_needs *needs)
{
    (void)abi;
    (void)needs;
    return false;
}

#endif
