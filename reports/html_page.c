#include "reports/html_page.h"

#include "reports/sentence.h"
#include "reports/text_clean.h"
#include "reports/text_words.h"

#include <stdio.h>
#include <string.h>

void html_put(struct html *html, const char *markup)
{
    output_text(html->output, markup);
}

void html_put_lines(struct html *html, const char *const *lines)
{
    for (; *lines; lines++)
        html_put(html, *lines);
}

void html_text(struct html *html, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const spelled[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (;;) {
        size_t plain = strcspn(text, special);
        output_write(html->output, text, plain);
        text += plain;
        if (!*text)
            return;
        output_text(html->output, spelled[strchr(special, *text) - special]);
        text++;
    }
}

void html_outside(struct html *html, const char *text, size_t length)
{
    char clean[TEXT_CLEAN_BYTES];
    text_clean(clean, sizeof clean, text, length);
    html_text(html, clean);
}

void html_count(struct html *html, uint64_t count)
{
    char digits[sizeof "18446744073709551615"];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    output_text(html->output, digits);
}

void html_number(struct html *html, uint64_t number)
{
    struct sentence digits = {0};
    words_number(&digits, number);
    output_text(html->output, digits.text);
}

void html_tenths(struct html *html, int64_t tenths)
{
    uint64_t amount = tenths < 0 ? 0 - (uint64_t)tenths : (uint64_t)tenths;
    if (tenths < 0)
        output_text(html->output, "-");
    html_count(html, amount / 10);
    if (amount % 10) {
        output_text(html->output, ".");
        html_count(html, amount % 10);
    }
}
