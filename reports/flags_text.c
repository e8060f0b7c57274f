#include "reports/flags_text.h"

#include <stdio.h>

static const struct {
    uint16_t flag;
    char letter;
    const char *name;
} table[] = {{TCP_FIN, 'F', "FIN"}, {TCP_SYN, 'S', "SYN"}, {TCP_RST, 'R', "RST"},
             {TCP_PSH, 'P', "PSH"}, {TCP_ACK, 'A', "ACK"}, {TCP_URG, 'U', "URG"},
             {TCP_ECE, 'E', "ECE"}, {TCP_CWR, 'W', "CWR"}, {TCP_AE, 'e', "AE"}};

char *flags_letters(uint16_t flags, char out[FLAGS_TEXT_BYTES])
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (flags & table[i].flag)
            *out++ = table[i].letter;
    }
    *out = '\0';
    return out;
}

void flags_words(uint16_t flags, char out[FLAGS_TEXT_BYTES])
{
    int length = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (flags & table[i].flag)
            length += snprintf(out + length, FLAGS_TEXT_BYTES - (size_t)length, "%s%s",
                               length ? "+" : "", table[i].name);
    }
    if (!length)
        snprintf(out, FLAGS_TEXT_BYTES, "none");
}
