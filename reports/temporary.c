#include "reports/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

int temporary_open(void)
{
    const char *folder = temporary_folder();
#ifdef O_TMPFILE
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    /* What a file system or kernel says that does not know O_TMPFILE. */
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
#endif
    static const char pattern[] = "/finwait-XXXXXX";
    size_t folder_len = strlen(folder);
    char *name = malloc(folder_len + sizeof pattern);
    if (!name)
        return -1;
    memcpy(name, folder, folder_len);
    memcpy(name + folder_len, pattern, sizeof pattern);
    int temporary = mkostemp(name, O_CLOEXEC);
    if (temporary >= 0)
        unlink(name);
    free(name);
    return temporary;
}
