#include "reports/text_clean.h"

#include "reports/utf8.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

static bool hidden(uint32_t code_point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     /* C0 */
        {0x7f, 0x9f},     /* DEL, C1 */
        {0x061c, 0x061c}, /* Arabic letter mark */
        {0x200e, 0x200f}, /* left-to-right, right-to-left mark */
        {0x2028, 0x202e}, /* line and paragraph separator, embeddings and overrides */
        {0x2066, 0x2069}, /* isolates */
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    }
    return false;
}

size_t text_clean(char *out, size_t out_bytes, const char *text, size_t length)
{
    assert(out_bytes >= 16);
    size_t limit = out_bytes - 1;
    size_t used = 0;
    size_t cut = 0; /* the last place between characters behind which an ellipsis still fits */
    while (length) {
        size_t consumed;
        uint32_t code_point = utf8_next(text, length, &consumed);
        char piece[16];
        size_t piece_len;
        if (hidden(code_point))
            piece_len = (size_t)snprintf(piece, sizeof piece, "\\u{%x}", (unsigned)code_point);
        else
            piece_len = utf8_put(piece, code_point);
        if (used + sizeof ellipsis - 1 <= limit)
            cut = used;
        if (piece_len > limit - used) {
            memcpy(out + cut, ellipsis, sizeof ellipsis - 1);
            used = cut + sizeof ellipsis - 1;
            break;
        }
        memcpy(out + used, piece, piece_len);
        used += piece_len;
        text += consumed;
        length -= consumed;
    }
    out[used] = '\0';
    return used;
}
