/* Writes the man page finwait.1 from the option table. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

/* roff reads a leading dot or quote as a request, and '-' as a hyphen. */
static void put_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
    }
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
    printf("%c", row->help[0] >= 'a' && row->help[0] <= 'z' ? row->help[0] - 32 : row->help[0]);
    put_text(row->help + 1);
    fputs(".\n", stdout);
    if (*row->more) {
        put_text(row->more);
        putchar('\n');
    }
    put_verb_names(row->verbs);
}

static void put_synopsis(const struct verb_row *row)
{
    printf(".br\n.B finwait%s%s\n[\\fIOPTION\\fR]... ", *row->name ? " " : "", row->name);
    put_text(row->operands);
    putchar('\n');
}

static void put_verbs(void)
{
    fputs(
        ".SH VERBS\nThe first argument, when it is one of these; a capture of that name is written "
        "\\fI./rules\\fR.\n",
        stdout);
    for (int i = VERB_REPORT + 1; i < VERB_COUNT; i++) {
        printf(".TP\n\\fB%s\\fR ", verb_table[i].name);
        put_text(verb_table[i].operands);
        putchar('\n');
        put_text(verb_table[i].text);
        if (*verb_table[i].more) {
            put_text(verb_table[i].more);
            putchar('\n');
        }
    }
}

int main(void)
{
    fputs(".TH FINWAIT 1 \"\" \"finwait " FINWAIT_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nfinwait \\- tell how every TCP connection in a capture ended\n"
          ".SH SYNOPSIS\n",
          stdout);
    for (int i = 0; i < VERB_COUNT; i++)
        put_synopsis(&verb_table[i]);
    fputs(
        ".SH DESCRIPTION\n"
        "Reads packet captures (pcap and pcapng of any byte order, also compressed with gzip or\n"
        "zstd) and reports, for every TCP connection and both of its endpoints, which states\n"
        "it went through while it closed, who closed and who reset.\n"
        ".PP\n"
        "A \\fICAPTURE\\fR is a file, a directory of captures, or \\fB\\-\\fR for standard\n"
        "input. Several captures are read as one timeline, whatever the order in which they are\n"
        "given.\n"
        ".PP\n"
        "What is odd about a connection, and what was lost, is told as anomalies. \\fBfinwait\n"
        "rules\\fR lists the rules that find them; with the name of a rule it explains it: what\n"
        "it means, how it is recognised, usual causes, what to check next.\n"
        ".PP\n"
        "On a terminal the report is a page for people: what the captures hold, what was found, "
        "most\ntelling first and with an example each, how the connections of each service ended, "
        "hosts\nunder pressure, what weakens the evidence, and what to run next. Into a file or a "
        "pipe it is\nJSON. \\fB\\-\\-format\\fR chooses.\n"
        ".PP\n"
        "What is damaged in a capture is named in the report with its place, and what can still\n"
        "be read is read.\n",
        stdout);
    put_verbs();
    const char *group = "";
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        if (strcmp(group, row->group) != 0)
            printf(".SH %s OPTIONS\n", row->group);
        group = row->group;
        put_option(row);
    }
    fputs(".SH EXIT STATUS\n"
          ".TP\n0\nAnalysed.\n"
          ".TP\n1\nWrong usage, no readable input, out of memory, or output that could not be\n"
          "written; one line on standard error tells which.\n"
          ".TP\n2\nAnalysed, but something was damaged or one of several inputs unreadable.\n"
          ".TP\n3\nAn anomaly as grave as \\fB\\-\\-fail\\-on\\fR asks for was found.\n"
          ".TP\n130, 143\nInterrupted; the report is valid and says \"complete\": false.\n"
          ".SH ENVIRONMENT\n"
          ".TP\n\\fBNO_COLOR\\fR\nWhen not empty, no colours unless \\fB\\-\\-color always\\fR is "
          "given.\n"
          ".TP\n\\fBCOLUMNS\\fR\nHow wide text is; else as wide as the terminal, or 80.\n"
          ".TP\n\\fBLC_ALL\\fR, \\fBLC_CTYPE\\fR, \\fBLANG\\fR\n"
          "Text is ASCII unless their character set is UTF\\-8. Its language is English.\n"
          ".SH STANDARDS\nRFC 9293 (TCP), draft\\-ietf\\-opsawg\\-pcap, "
          "draft\\-ietf\\-opsawg\\-pcapng.\n",
          stdout);
    return ferror(stdout) || fflush(stdout) != 0;
}
