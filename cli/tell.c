#include "cli/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *clean_copy(char out[TEXT_CLEAN_BYTES], const char *text)
{
    text_clean(out, TEXT_CLEAN_BYTES, text, strlen(text));
    return out;
}

void tell(const char *format, ...)
{
    char clean[TEXT_CLEAN_BYTES];
    char *line = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    fprintf(stderr, "finwait: %s\n", length < 0 ? "out of memory" : clean_copy(clean, line));
    if (length >= 0)
        free(line);
}
