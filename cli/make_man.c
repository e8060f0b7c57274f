/* Writes the man page finwait.1 from the option table. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#define SOURCE_COLUMNS 76

/* Text of the tables as roff: '-' is a minus, as on the command line, and not a hyphen. */
static void put_escaped(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '-')
            fputs("\\-", stdout);
        else if (text[i] == '\\')
            fputs("\\e", stdout);
        else
            putchar(text[i]);
    }
}

static void put_text(const char *text)
{
    put_escaped(text, strlen(text));
}

static void put_raw(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stdout);
}

/* Words in lines, each sentence on a new one: that is how roff knows where it ends. */
static void fill(const char *text, void (*put)(const char *text, size_t bytes))
{
    size_t column = 0;
    for (;;) {
        text += strspn(text, " \n");
        size_t bytes = strcspn(text, " \n");
        if (!bytes)
            break;
        if (column && column + 1 + bytes > SOURCE_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        if (column)
            putchar(' ');
        else if (*text == '.' || *text == '\'')
            fputs("\\&", stdout); /* not a request */
        put(text, bytes);
        column += bytes + 1;
        if (text[bytes - 1] == '.' && text[bytes] == ' ') {
            putchar('\n');
            column = 0;
        }
        text += bytes;
    }
    if (column)
        putchar('\n');
}

static void fill_text(const char *text)
{
    fill(text, put_escaped);
}

static void fill_roff(const char *text)
{
    fill(text, put_raw);
}

/* "explain, rules": where an option is not that of finwait without a verb. */
static void put_verb_names(unsigned verbs)
{
    const char *before = "Only of ";
    for (int i = 0; i < VERB_COUNT && !(verbs & 1u << VERB_REPORT); i++) {
        if (verbs & 1u << i) {
            printf("%s\\fB%s\\fR", before, verb_table[i].name);
            before = ", ";
        }
    }
    if (*before == ',')
        fputs(".\n", stdout);
}

static void put_option(const struct option_row *row)
{
    fputs(".TP\n", stdout);
    if (row->letter)
        printf("\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", stdout);
    put_text(row->name);
    fputs("\\fR", stdout);
    if (row->argument)
        printf(" \\fI%s\\fR", row->argument);
    putchar('\n');
    char first[128];
    snprintf(first, sizeof first, "%s.", row->help);
    if (first[0] >= 'a' && first[0] <= 'z')
        first[0] = (char)(first[0] - 'a' + 'A');
    fill_text(first);
    fill_text(row->more);
    put_verb_names(row->verbs);
}

static void put_synopsis(const struct verb_row *row)
{
    printf("%s.B finwait%s%s\n[\\fIOPTION\\fR]... ", *row->name ? ".br\n" : "",
           *row->name ? " " : "", row->name);
    put_text(row->operands);
    putchar('\n');
}

static void put_verbs(void)
{
    fputs(".SH VERBS\n", stdout);
    fill_roff("The first argument, when it is one of these; a capture of that name is written "
              "\\fI./rules\\fR.");
    for (int i = VERB_REPORT + 1; i < VERB_COUNT; i++) {
        printf(".TP\n\\fB%s\\fR ", verb_table[i].name);
        put_text(verb_table[i].operands);
        putchar('\n');
        fill_text(verb_table[i].text);
        fill_text(verb_table[i].more);
    }
}

static void put_options(void)
{
    const char *group = "";
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        if (strcmp(group, row->group) != 0) {
            fputs(".SH ", stdout);
            for (const char *c = row->group; *c; c++)
                putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
            fputs(" OPTIONS\n", stdout);
        }
        group = row->group;
        put_option(row);
    }
}

static void put_described(const char *const (*rows)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf(".TP\n%s\n", rows[i][0]);
        fill_roff(rows[i][1]);
    }
}

static void put_examples(void)
{
    static const char *const rows[][2] = {
        {"finwait capture.pcap", "What was found in a capture, as a page (on a terminal):"},
        {"finwait --connections --format ndjson capture.pcap",
         "Everything about every connection, a record a line:"},
        {"finwait --connections --format ndjson --compress -o report.ndjson.gz capture.pcap",
         "The same for the archive:"},
        {"gzip -c capture.pcap | finwait --format text -", "From a pipe:"},
        {"finwait --fail-on critical capture.pcap >report.json",
         "For a script: exit status 3 when something critical was found:"},
        {"finwait rules fin_retransmitted", "What an anomaly means, and what to check next:"},
        {"finwait explain capture.pcap --connection 10.0.0.1:40000",
         "How one connection closed, segment by segment:"},
        {"finwait extract capture.pcap --rule fin_retransmitted -o fins.pcapng",
         "The packets of the connections in which a FIN was sent again, to be opened in "
         "Wireshark:"},
    };
    fputs(".SH EXAMPLES\n", stdout);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fputs(i ? ".PP\n" : "", stdout);
        fill_text(rows[i][1]);
        fputs(".PP\n.nf\n.RS\n", stdout);
        put_text(rows[i][0]);
        fputs("\n.RE\n.fi\n", stdout);
    }
}

int main(void)
{
    static const char *const description[] = {
        "Reads packet captures (pcap and pcapng of any byte order, also compressed with gzip or "
        "zstd) and reports, for every TCP connection and both of its endpoints, which states "
        "it went through while it closed, who closed and who reset.",
        "A \\fICAPTURE\\fR is a file, a directory of captures, or \\fB\\-\\fR for standard "
        "input. Several captures are read as one timeline, whatever the order in which they are "
        "given.",
        "What is odd about a connection, and what was lost, is told as anomalies. \\fBfinwait "
        "rules\\fR lists the rules that find them; with the name of a rule it explains it: what "
        "it means, how it is recognised, usual causes, what to check next.",
        "On a terminal the report is a page for people: what the captures hold, what was found, "
        "most telling first and with an example each, how the connections of each service ended, "
        "hosts under pressure, what weakens the evidence, and what to run next. Into a file or a "
        "pipe it is JSON. \\fB\\-\\-format\\fR chooses.",
        ("What is damaged in a capture is named in the report with its place, and what can still "
         "be read is read.")};
    static const char *const statuses[][2] = {
        {"0", "Done."},
        {"1", "Wrong usage, no readable input, nothing to explain or extract, out of memory, or "
              "output that could not be written; one line on standard error tells which, and "
              "nothing is left under the name of the output."},
        {"2", "Done, but something was damaged or one of several inputs unreadable."},
        {"3", "An anomaly as grave as \\fB\\-\\-fail\\-on\\fR asks for was found."},
        {"130, 143", "Interrupted; a report is valid and says \"complete\": false, an extract is "
                     "not written. Of very many connections that were still held some are "
                     "left out, so that nobody waits: those that tell least of an end, "
                     "counted as \"not_concluded\"."}};
    static const char *const environment[][2] = {
        {"\\fBNO_COLOR\\fR",
         "When not empty, no colours unless \\fB\\-\\-color always\\fR is given."},
        {"\\fBCOLUMNS\\fR", "How wide text is; else as wide as the terminal, or 80."},
        {"\\fBLC_ALL\\fR, \\fBLC_CTYPE\\fR, \\fBLANG\\fR",
         "Text is ASCII unless their character set is UTF\\-8. Its language is English."},
        {"\\fBTMPDIR\\fR",
         "Where a document keeps what it can only write at its end, and closed connections are, "
         "beyond 22 MiB, when more than 128 MiB of them are foreseen; else \\fI/tmp\\fR. Where "
         "nothing can be written there, these stay in memory."}};
    fputs(".TH FINWAIT 1 \"\" \"finwait " FINWAIT_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nfinwait \\- tell how every TCP connection in a capture ended\n"
          ".SH SYNOPSIS\n",
          stdout);
    for (int i = 0; i < VERB_COUNT; i++)
        put_synopsis(&verb_table[i]);
    fputs(".SH DESCRIPTION\n", stdout);
    for (size_t i = 0; i < sizeof description / sizeof *description; i++) {
        fputs(i ? ".PP\n" : "", stdout);
        fill_roff(description[i]);
    }
    put_verbs();
    put_options();
    fputs(".SH EXIT STATUS\n", stdout);
    put_described(statuses, sizeof statuses / sizeof *statuses);
    fputs(".SH ENVIRONMENT\n", stdout);
    put_described(environment, sizeof environment / sizeof *environment);
    put_examples();
    fputs(".SH STANDARDS\nRFC 9293 (TCP), draft\\-ietf\\-opsawg\\-pcap, "
          "draft\\-ietf\\-opsawg\\-pcapng.\n"
          ".SH SEE ALSO\n"
          "\\fBtcpdump\\fR(8), \\fBtshark\\fR(1), \\fBwireshark\\fR(1), "
          "\\fBpcap\\-filter\\fR(7)\n",
          stdout);
    return ferror(stdout) || fflush(stdout) != 0;
}
