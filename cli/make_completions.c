/* Writes the completions of one shell from the tables of verbs, options and rules. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static bool is_of(const struct option_row *row, int verb)
{
    return row->verbs >> verb & 1;
}

static void put_rule_names(const char *before)
{
    for (unsigned i = 0; i < CATEGORIES; i++) {
        fputs(i ? before : "", stdout);
        fputs(category_name(i), stdout);
    }
    for (unsigned i = 0; i < RULES; i++)
        printf("%s%s", before, rule_table[i].id);
}

static void put_words(const char *const *words, const char *before)
{
    for (int i = 0; words[i]; i++)
        printf("%s%s", i ? before : "", words[i]);
}

/* Text between single quotes, for a shell in which `quote` stands for one of them; colons are for
 * zsh, which separates by them. */
static void put_quoted(const char *text, const char *quote, bool escape_colons)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else if (escape_colons && strchr(":[]", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* ---- bash ----------------------------------------------------------------------------------- */

static void bash_values(int verb)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_table[id];
        if (!is_of(row, verb) || !row->argument)
            continue;
        printf("    '%s --%s'", verb_table[verb].name, row->name);
        if (row->letter)
            printf(" | '%s -%c'", verb_table[verb].name, row->letter);
        if (id == OPTION_RULE) {
            fputs(") _finwait_rules \"$cur\" ;;\n", stdout);
        } else if (strcmp(row->argument, "FILE") == 0) {
            fputs(") _finwait_files \"$cur\" ;;\n", stdout);
        } else if (option_words((enum option_id)id)) {
            fputs(") _finwait_words '", stdout);
            put_words(option_words((enum option_id)id), " ");
            fputs("' \"$cur\" ;;\n", stdout);
        } else {
            fputs(") ;;\n", stdout);
        }
    }
}

static void bash_options(int verb)
{
    const char *before = "";
    printf("        '%s') _finwait_words '", verb_table[verb].name);
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (is_of(&option_table[id], verb)) {
            printf("%s--%s", before, option_table[id].name);
            before = " ";
        }
    }
    fputs("' \"$cur\" ;;\n", stdout);
}

static void put_verb_names(const char *before, int first)
{
    for (int verb = first; verb < VERB_COUNT; verb++)
        printf("%s%s", verb == first ? "" : before, verb_table[verb].name);
}

static void make_bash(void)
{
    fputs("# Completions of finwait for bash; generated.\n\n"
          "_finwait_words() {\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\")\n"
          "}\n\n"
          "_finwait_files() {\n"
          "    mapfile -t COMPREPLY < <(compgen -f -- \"$1\")\n"
          "}\n\n"
          "# Names after a comma as well.\n"
          "_finwait_rules() {\n"
          "    local before=\n"
          "    [[ $1 != *,* ]] || before=${1%,*},\n"
          "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W '",
          stdout);
    put_rule_names(" ");
    fputs("' -- \"${1##*,}\")\n"
          "}\n\n"
          "_finwait() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=\n"
          "    COMPREPLY=()\n"
          "    # --option=value comes in three words.\n"
          "    if [[ $cur == = ]]; then\n"
          "        cur=\n"
          "    elif [[ $prev == = ]]; then\n"
          "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    if ((COMP_CWORD > 1)); then\n"
          "        case ${COMP_WORDS[1]} in\n"
          "        ",
          stdout);
    put_verb_names(" | ", VERB_REPORT + 1);
    fputs(") verb=${COMP_WORDS[1]} ;;\n"
          "        esac\n"
          "    fi\n"
          "    case \"$verb $prev\" in\n",
          stdout);
    for (int verb = 0; verb < VERB_COUNT; verb++)
        bash_values(verb);
    fputs("    *)\n"
          "        if [[ $cur == -* ]]; then\n"
          "            case $verb in\n",
          stdout);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        fputs("    ", stdout);
        bash_options(verb);
    }
    fputs("            esac\n"
          "        elif [[ $verb == rules ]]; then\n"
          "            _finwait_rules \"$cur\"\n"
          "        elif ((COMP_CWORD == 1)); then\n"
          "            mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    put_verb_names(" ", VERB_REPORT + 1);
    fputs("' -- \"$cur\"; compgen -f -- \"$cur\")\n"
          "        else\n"
          "            _finwait_files \"$cur\"\n"
          "        fi\n"
          "        ;;\n"
          "    esac\n"
          "}\n\n"
          "complete -o filenames -F _finwait finwait\n",
          stdout);
}

/* ---- zsh ------------------------------------------------------------------------------------ */

static void zsh_option(int id)
{
    const struct option_row *row = &option_table[id];
    const char *end = row->argument ? "=" : "";
    if (row->letter)
        printf("        '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
               row->argument ? "+" : "", row->name, end);
    else
        printf("        '%s--%s%s[", id == OPTION_RULE ? "*" : "", row->name, end);
    put_quoted(row->help, "'\\''", true);
    putchar(']');
    if (row->argument) {
        printf(":%s:", row->argument);
        if (id == OPTION_RULE)
            fputs("_finwait_rules", stdout);
        else if (strcmp(row->argument, "FILE") == 0)
            fputs("_files", stdout);
        else if (option_words((enum option_id)id)) {
            putchar('(');
            put_words(option_words((enum option_id)id), " ");
            putchar(')');
        } else {
            putchar(' ');
        }
    }
    fputs("' \\\n", stdout);
}

static void zsh_verb(int verb)
{
    printf("    '%s')\n        _arguments -s -S \\\n", verb_table[verb].name);
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (is_of(&option_table[id], verb))
            zsh_option(id);
    }
    if (verb == VERB_RULES)
        fputs("        '*:rule:_finwait_rules'\n", stdout);
    else if (verb == VERB_REPORT)
        fputs("        '1: :_finwait_first' '*:capture:_files'\n", stdout);
    else
        fputs("        '*:capture:_files'\n", stdout);
    fputs("        ;;\n", stdout);
}

static void make_zsh(void)
{
    fputs("#compdef finwait\n"
          "# Completions of finwait for zsh; generated.\n\n"
          "_finwait_rules() {\n"
          "    _sequence compadd - \\\n        ",
          stdout);
    put_rule_names(" \\\n        ");
    fputs("\n}\n\n"
          "_finwait_first() {\n"
          "    local -a verbs=(\n",
          stdout);
    for (int verb = VERB_REPORT + 1; verb < VERB_COUNT; verb++) {
        printf("        '%s:", verb_table[verb].name);
        put_quoted(verb_table[verb].what, "'\\''", false);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    ((CURRENT == 2)) && _describe verb verbs\n"
          "    _files\n"
          "}\n\n"
          "_finwait() {\n"
          "    local verb=\n"
          "    if ((CURRENT > 2)); then\n"
          "        case $words[2] in\n"
          "        ",
          stdout);
    put_verb_names(" | ", VERB_REPORT + 1);
    fputs(")\n"
          "            verb=$words[2]\n"
          "            words[2]=()\n"
          "            ((CURRENT--))\n"
          "            ;;\n"
          "        esac\n"
          "    fi\n"
          "    case $verb in\n",
          stdout);
    for (int verb = 0; verb < VERB_COUNT; verb++)
        zsh_verb(verb);
    fputs("    esac\n"
          "}\n\n"
          "_finwait \"$@\"\n",
          stdout);
}

/* ---- fish ----------------------------------------------------------------------------------- */

/* Options of the same meaning for several verbs are one line. */
static void fish_option(int id)
{
    const struct option_row *row = &option_table[id];
    fputs("complete -c finwait -n '_finwait_is", stdout);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        if (is_of(row, verb))
            printf(" %s", verb == VERB_REPORT ? "report" : verb_table[verb].name);
    }
    printf("' -l %s", row->name);
    if (row->letter)
        printf(" -s %c", row->letter);
    if (row->argument && strcmp(row->argument, "FILE") == 0)
        fputs(" -r -F", stdout);
    else if (row->argument)
        fputs(" -x", stdout);
    if (id == OPTION_RULE) {
        fputs(" -a '(_finwait_rules)'", stdout);
    } else if (option_words((enum option_id)id)) {
        fputs(" -a '", stdout);
        put_words(option_words((enum option_id)id), " ");
        putchar('\'');
    }
    fputs(" -d '", stdout);
    put_quoted(row->help, "\\'", false);
    fputs("'\n", stdout);
}

static void make_fish(void)
{
    fputs("# Completions of finwait for fish; generated.\n\n"
          "function _finwait_is\n"
          "    set -l words (commandline -opc)\n"
          "    set -l verb report\n"
          "    if test (count $words) -gt 1; and contains -- $words[2] ",
          stdout);
    put_verb_names(" ", VERB_REPORT + 1);
    fputs(
        "\n"
        "        set verb $words[2]\n"
        "    end\n"
        "    contains -- $verb $argv\n"
        "end\n\n"
        "function _finwait_is_first\n"
        "    test (count (commandline -opc)) -eq 1\n"
        "end\n\n"
        "# Names after a comma as well.\n"
        "function _finwait_rules\n"
        "    set -l before (commandline -ct | string replace -r '^--[a-z-]*=' '' | string replace "
        "-r '[^,]*$' '')\n"
        "    printf '%s\\n' \"$before\"{",
        stdout);
    put_rule_names(",");
    fputs("}\n"
          "end\n\n",
          stdout);
    for (int verb = VERB_REPORT + 1; verb < VERB_COUNT; verb++) {
        printf("complete -c finwait -n _finwait_is_first -a %s -d '", verb_table[verb].name);
        put_quoted(verb_table[verb].what, "\\'", false);
        fputs("'\n", stdout);
    }
    fputs("complete -c finwait -n '_finwait_is rules' -f -a '(_finwait_rules)'\n", stdout);
    for (int id = 0; id < OPTION_COUNT; id++)
        fish_option(id);
}

int main(int argc, char **argv)
{
    const char *shell = argc == 2 ? argv[1] : "";
    if (strcmp(shell, "bash") == 0)
        make_bash();
    else if (strcmp(shell, "zsh") == 0)
        make_zsh();
    else if (strcmp(shell, "fish") == 0)
        make_fish();
    else
        return 1;
    return ferror(stdout) || fflush(stdout) != 0;
}
