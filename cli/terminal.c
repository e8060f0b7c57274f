#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define COLUMNS_MOST    10000u

static bool on_terminal(const struct options *options)
{
    return !options->output && isatty(STDOUT_FILENO);
}

enum report_format terminal_format(const struct options *options)
{
    return !options->some_format && on_terminal(options) ? REPORT_TEXT : options->format;
}

bool terminal_scrolls(const struct options *options)
{
    return options->connections && on_terminal(options);
}

static unsigned columns(const struct options *options)
{
    const char *text = getenv("COLUMNS");
    char *end = NULL;
    unsigned long given = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
    if (given && given <= COLUMNS_MOST && *end == '\0')
        return (unsigned)given;
    struct winsize size;
    if (on_terminal(options) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return COLUMNS_DEFAULT;
}

static bool colour(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    if (options->color != COLOR_AUTO)
        return options->color == COLOR_ALWAYS;
    return on_terminal(options) && !(no_color && *no_color) && !(kind && strcmp(kind, "dumb") == 0);
}

/* The locale of the process stays "C": only the charset is looked at. */
static bool utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale)
        return false;
    bool is = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return is;
}

struct text_style terminal_style(const struct options *options)
{
    return (struct text_style){
        .columns = columns(options), .colour = colour(options), .utf8 = utf8()};
}
