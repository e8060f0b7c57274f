#include "cli/choice.h"

#include <arpa/inet.h>
#include <string.h>

/* At most 65535, in decimal digits only. */
static bool parse_port(const char *text, size_t length, uint16_t *out)
{
    uint32_t port = 0;
    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool parse_address(const char *text, size_t length, bool brackets, uint8_t out[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (brackets)
        return inet_pton(AF_INET6, copy, out) == 1;
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out + sizeof mapped) == 1;
}

/* 10.0.0.2:443 or [2001:db8::1]:443. */
static bool parse_end(const char *text, size_t length, uint8_t address[16], uint16_t *port)
{
    const char *colon = memrchr(text, ':', length);
    if (!colon)
        return false;
    const char *after = text + length;
    bool brackets = *text == '[' && colon > text && colon[-1] == ']';
    const char *from = brackets ? text + 1 : text;
    const char *to = brackets ? colon - 1 : colon;
    return parse_address(from, (size_t)(to - from), brackets, address) &&
           parse_port(colon + 1, (size_t)(after - colon - 1), port);
}

static bool parse_id(const char *text, char id[CONNECTION_ID_BYTES])
{
    size_t length = strlen(text);
    if (length < CHOICE_ID_DIGITS_LEAST || length >= CONNECTION_ID_BYTES ||
        strspn(text, "0123456789abcdefABCDEF") != length)
        return false;
    for (size_t i = 0; i <= length; i++)
        id[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') : text[i]);
    return true;
}

bool choice_parse(const char *text, struct connection_choice *choice)
{
    *choice = (struct connection_choice){.end_count = 0};
    if (parse_id(text, choice->id))
        return true;
    for (; choice->end_count < 2; choice->end_count++) {
        unsigned n = choice->end_count;
        size_t length = strcspn(text, "-");
        if (!parse_end(text, length, choice->ends[n].address, &choice->ends[n].port))
            return false;
        text += length;
        if (*text == '\0') {
            choice->end_count++;
            return true;
        }
        text++;
    }
    return false;
}

bool choice_given(const struct connection_choice *choice)
{
    return *choice->id || choice->end_count;
}

static bool is_end(const struct connection_choice *choice, unsigned n,
                   const struct endpoint_verdict *e)
{
    return choice->ends[n].port == e->port && memcmp(choice->ends[n].address, e->address, 16) == 0;
}

bool choice_matches(const struct connection_choice *choice, const struct connection_verdict *v)
{
    const struct endpoint_verdict *client = &v->client, *server = &v->server;
    if (*choice->id) {
        struct connection_identity identity = identity_of(v);
        char id[CONNECTION_ID_BYTES];
        connection_id(&identity, id);
        return strncmp(id, choice->id, strlen(choice->id)) == 0;
    }
    if (choice->end_count == 1)
        return is_end(choice, 0, client) || is_end(choice, 0, server);
    return choice->end_count == 2 && ((is_end(choice, 0, client) && is_end(choice, 1, server)) ||
                                      (is_end(choice, 1, client) && is_end(choice, 0, server)));
}
