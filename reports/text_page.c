#include "reports/text_page.h"

#include "reports/utf8.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_LEAST 40u
#define COLUMNS_MOST  110u /* longer lines are hard to read, however wide the terminal */

enum { PIECE_BYTES = 16 };

/* One character as the page has it. Returns its bytes; `columns` is how many it takes. */
static size_t spell(const struct text_page *page, uint32_t code_point, char out[PIECE_BYTES],
                    size_t *columns)
{
    *columns = 1;
    if (page->style.utf8 || code_point < 0x80)
        return utf8_put(out, code_point);
    if (code_point == 0x2026)
        return *columns = (size_t)snprintf(out, PIECE_BYTES, "...");
    return *columns = (size_t)snprintf(out, PIECE_BYTES, "\\u{%x}", (unsigned)code_point);
}

static size_t columns_of(const struct text_page *page, const char *text, size_t length)
{
    size_t sum = 0;
    while (length) {
        char piece[PIECE_BYTES];
        size_t consumed, columns;
        spell(page, utf8_next(text, length, &consumed), piece, &columns);
        sum += columns;
        text += consumed;
        length -= consumed;
    }
    return sum;
}

size_t page_columns(const struct text_page *page, const char *text)
{
    return columns_of(page, text, strlen(text));
}

static void put_bytes(struct text_page *page, const char *text, size_t length)
{
    while (length) {
        char piece[PIECE_BYTES];
        size_t consumed, columns;
        size_t bytes = spell(page, utf8_next(text, length, &consumed), piece, &columns);
        output_write(page->output, piece, bytes);
        text += consumed;
        length -= consumed;
    }
}

void page_put(struct text_page *page, enum tone tone, const char *text)
{
    static const char *const codes[TONES] = {
        [TONE_STRONG] = "\033[1m",   [TONE_FAINT] = "\033[2m",       [TONE_NOTICE] = "\033[36m",
        [TONE_WARNING] = "\033[33m", [TONE_CRITICAL] = "\033[1;31m",
    };
    bool coloured = page->style.colour && codes[tone] && *text;
    if (coloured)
        output_text(page->output, codes[tone]);
    put_bytes(page, text, strlen(text));
    if (coloured)
        output_text(page->output, "\033[0m");
}

void page_blanks(struct text_page *page, size_t count)
{
    while (count--)
        output_text(page->output, " ");
}

void page_newline(struct text_page *page)
{
    output_text(page->output, "\n");
}

void page_heading(struct text_page *page, const char *text)
{
    page_newline(page);
    page_put(page, TONE_STRONG, text);
    page_newline(page);
}

static size_t line_columns(const struct text_page *page)
{
    unsigned columns = page->style.columns;
    return columns < COLUMNS_LEAST  ? COLUMNS_LEAST
           : columns > COLUMNS_MOST ? COLUMNS_MOST
                                    : columns;
}

void page_paragraph(struct text_page *page, size_t indent, enum tone tone, const char *label,
                    const char *text)
{
    size_t limit = line_columns(page);
    size_t column = page_columns(page, label);
    page_put(page, tone, label);
    bool first = true; /* of its line */
    while (*text) {
        size_t length = strcspn(text, " ");
        size_t width = columns_of(page, text, length);
        if (length && !first && column + 1 + width > limit) {
            page_newline(page);
            column = 0;
            first = true;
        }
        if (length) {
            size_t blanks = column < indent ? indent - column : column > 0;
            page_blanks(page, blanks);
            put_bytes(page, text, length);
            column += blanks + width;
            first = false;
        }
        text += length;
        text += *text == ' ';
    }
    page_newline(page);
}

void page_item(struct text_page *page, const char *text)
{
    page_paragraph(page, 4, TONE_PLAIN, page->style.utf8 ? "  \xe2\x80\xa2" : "  -", text);
}

void page_command(struct text_page *page, const char *text)
{
    page_blanks(page, 2);
    put_bytes(page, text, strlen(text));
    page_newline(page);
}

enum tone tone_of_severity(enum severity severity)
{
    static const enum tone tones[SEVERITIES] = {
        [SEVERITY_NOTICE] = TONE_NOTICE,
        [SEVERITY_WARNING] = TONE_WARNING,
        [SEVERITY_CRITICAL] = TONE_CRITICAL,
    };
    return tones[severity];
}
