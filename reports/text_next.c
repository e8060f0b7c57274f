/*
 * What to run next, made from what was found.
 */
#include "reports/text_clean.h"
#include "reports/text_report.h"
#include "reports/text_words.h"

#include <stdio.h>
#include <string.h>

#define NAMED_BYTES 200u

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("._/-+,:@%", c);
}

/* The capture as an argument for a shell, in single quotes where it needs them. One whose name is
 * not what can be shown, and many, are left for the reader to fill in. */
static void add_capture(struct sentence *command, const struct capture_findings *findings)
{
    char shown[NAMED_BYTES + 1];
    const char *name = findings->file_count == 1 ? findings->files[0].name : "";
    size_t length = strlen(name);
    bool showable = length && length < NAMED_BYTES && *name != '-' && !strchr(name, '\'') &&
                    text_clean(shown, sizeof shown, name, length) == length &&
                    memcmp(shown, name, length) == 0;
    bool plain = showable;
    for (size_t i = 0; plain && i < length; i++)
        plain = is_plain(name[i]);
    sentence_add(command, plain || !showable ? "" : "'");
    sentence_add(command, showable ? name : "CAPTURE...");
    sentence_add(command, plain || !showable ? "" : "'");
}

static void put(struct text_report *report, const char *before, const char *rule)
{
    struct sentence command = {0};
    sentence_add(&command, before);
    sentence_add(&command, rule);
    sentence_add(&command, *rule ? " " : "");
    add_capture(&command, report->findings);
    page_command(&report->page, command.text);
}

void text_next(struct text_report *report, const struct summary_verdict *summary,
               const struct finding *first)
{
    if (!summary->connections)
        return;
    page_heading(&report->page, "What to run next");
    if (first) {
        struct sentence command = {0};
        const char *rule = rule_table[first->rule].id;
        sentence_add(&command, "finwait rules ");
        sentence_add(&command, rule);
        page_command(&report->page, command.text);
        put(report, "finwait --format ndjson --rule ", rule);
    } else if (text_anomalies_below(report, summary)) {
        put(report, "finwait --min-severity info ", "");
    }
    put(report, "finwait --connections --format ndjson ", "");
}
