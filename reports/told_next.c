/*
 * What to run next, made from what was found.
 */
#include "reports/text_clean.h"
#include "reports/text_words.h"
#include "reports/told.h"

#include <string.h>

#define NAMED_BYTES 200u

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("._/-+,:@%", c);
}

/* As an argument for a shell, in single quotes where it needs them. False: it cannot be shown as it
 * is. */
static bool add_argument(struct sentence *command, bool utf8, const char *text)
{
    char shown[NAMED_BYTES + 1];
    size_t length = strlen(text);
    if (!length || length >= NAMED_BYTES || *text == '-' || strchr(text, '\'') ||
        text_clean(shown, sizeof shown, text, length) != length || memcmp(shown, text, length) != 0)
        return false;
    bool plain = true;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80 && !utf8)
            return false;
        plain = plain && is_plain(text[i]);
    }
    sentence_add(command, plain ? " " : " '");
    sentence_add(command, text);
    sentence_add(command, plain ? "" : "'");
    return true;
}

struct commands {
    const struct told *told;
    bool utf8;
    told_note put;
    void *context;
};

/* Without the options that were given it would not see the same. What cannot be shown is left for
 * the reader to fill in, as are many captures. */
static void put_command(const struct commands *commands, const char *options, const char *rule)
{
    const struct report_options *given = commands->told->options;
    const struct capture_findings *findings = commands->told->findings;
    struct sentence command = {0};
    sentence_add(&command, "finwait ");
    sentence_add(&command, options);
    sentence_add(&command, rule);
    for (size_t i = 0; i < given->argument_count; i++) {
        const struct report_argument *argument = &given->arguments[i];
        sentence_add(&command, " --");
        sentence_add(&command, argument->name);
        if (argument->value && !add_argument(&command, commands->utf8, argument->value))
            sentence_add(&command, " ...");
    }
    if (findings->file_count != 1 ||
        !add_argument(&command, commands->utf8, findings->files[0].name))
        sentence_add(&command, " CAPTURE...");
    commands->put(commands->context, command.text);
}

/* The ladder of an example of the most telling finding that has one. */
static void put_explain(const struct commands *commands, const struct summary_verdict *summary)
{
    for (uint32_t i = 0; i < summary->finding_count; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!report_speaks_of(commands->told->options, finding->rule, finding->severity))
            continue;
        const struct example *example = examples_find(&commands->told->examples, finding);
        if (!example || !*example->connection)
            continue;
        put_command(commands, "explain --connection ", example->connection);
        return;
    }
}

void told_next(const struct told *told, const struct summary_verdict *summary,
               const struct finding *first, bool utf8, told_note put, void *context)
{
    struct commands commands = {told, utf8, put, context};
    if (!summary->connections)
        return;
    if (first) {
        struct sentence command = {0};
        const char *rule = rule_table[first->rule].id;
        sentence_add(&command, "finwait rules ");
        sentence_add(&command, rule);
        put(context, command.text);
        put_explain(&commands, summary);
        put_command(&commands,
                    first->severity < SEVERITY_NOTICE
                        ? "--format ndjson --min-severity info --rule "
                        : "--format ndjson --rule ",
                    rule);
    } else if (told_anomalies_below(told, summary)) {
        put_command(&commands, "--min-severity info", "");
    }
    put_command(&commands, "--format ndjson --connections", "");
}
