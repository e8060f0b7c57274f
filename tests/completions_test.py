"""What bash, fish and zsh offer behind `finwait`: as the shells themselves say it.

What should be offered is taken from --help, from `finwait rules`, and, for the words of an option's
value, from whether finwait takes them.
"""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile

from harness import CAPTURES, Run, Verdict

COMPLETIONS = pathlib.Path(os.environ["COMPLETIONS"])
VERBS = ("", "rules", "explain", "extract")


def options_of(verb):
    text = Run([*verb.split(), "--help"]).out.decode()
    return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.MULTILINE))


def rule_names():
    rules = json.loads(Run(["rules", "--format", "json"]).out)["rules"]
    return {rule["id"] for rule in rules} | {rule["category"] for rule in rules}


class Bash:
    name = "bash"
    script = COMPLETIONS / "finwait"

    @staticmethod
    def offers(words, folder):
        """For the last of the words. As bash does, --option=value is three words."""
        split = [part for word in words for part in
                 (re.split("(=)", word) if word.startswith("--") and "=" in word else [word])]
        if len(split) > 1 and split[-1] == "" and split[-2] == "=":
            split.pop()
        program = (f'source "{Bash.script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _finwait; '
                   "[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", program, "bash", *split], cwd=folder,
                              capture_output=True, check=False)
        return done.stdout.decode().splitlines() + done.stderr.decode().splitlines()


class Fish:
    name = "fish"
    script = COMPLETIONS / "finwait.fish"

    @staticmethod
    def offers(words, folder):
        line = " ".join(words)
        home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config"),
                "XDG_DATA_HOME": str(folder / ".data"), "XDG_CACHE_HOME": str(folder / ".cache")}
        done = subprocess.run(["fish", "--no-config", "-c",
                               f"source {Fish.script}; complete -C '{line}'"], cwd=folder, env=home,
                              capture_output=True, check=False)
        offered = [row.split("\t")[0].rstrip("/") for row in done.stdout.decode().splitlines()]
        before = words[-1].rpartition("=")[0]
        return [word.removeprefix(before + "=") if before else word for word in offered]


def check_offers(verdict, shell, folder):
    def check(words, wanted, exactly=True):
        offered = set(shell.offers(words.split(" "), folder))
        good = offered == set(wanted) if exactly else offered >= set(wanted)
        verdict.check(good, f"{shell.name}: {words!r} is offered {sorted(offered)}, "
                            f"not {sorted(wanted)}")

    names = rule_names()
    check("finwait e", {"explain", "extract"})
    check("finwait c", {"capture.pcap"})
    check("finwait rules ", names)
    check("finwait rules fin_", {name for name in names if name.startswith("fin_")})
    for verb in VERBS:
        check(f"finwait {verb} --".replace("  ", " "), options_of(verb))
    check("finwait --fo", {"--format"})
    check("finwait capture.pcap --format ", {"text", "json", "ndjson", "openmetrics"}, False)
    check("finwait rules --format ", {"text", "json"})
    check("finwait --format=nd", {"ndjson"})
    check("finwait --fail-on=", {"info", "notice", "warning", "critical"})
    check("finwait -f js", {"json"})
    check("finwait --rule ", names)
    check("finwait extract --rule fin_retransmitted,simul",
          {"fin_retransmitted,simultaneous_close"})
    check("finwait --2msl w", {"windows"})
    check("finwait --stuck ", set())
    check("finwait extract -o o", {"other"})
    check("finwait explain c", {"capture.pcap"})


def check_words(verdict):
    """Each word that bash offers for a value is one that finwait takes, and no other is."""
    text = Bash.script.read_text()
    found = re.findall(r"^    '(\w*) (--[\w-]+)'.*_finwait_words '([^']*)'", text, re.MULTILINE)
    verdict.check(len(found) >= 8, f"only {len(found)} options with words")
    for verb, option, words in found:
        for word in (*words.split(), "nonsense"):
            run = Run([*verb.split(), option, word, *([] if verb == "rules" else ["/nowhere"])])
            refused = f"{option} 'nonsense'" in run.err or f"{option} '{word}'" in run.err
            verdict.check(refused == (word == "nonsense"), f"{verb} {option} {word}: {run.err!r}")


def check_zsh(verdict, folder):
    """Typed into a shell on a terminal: what is unique is completed, and the command then tells its
    arguments."""
    typed = {
        "finwait --verb\t": "--verbose",
        "finwait --format nd\t": "--format ndjson",
        "finwait --format=nd\t": "--format=ndjson",
        "finwait extr\t": "extract",
        "finwait extract --max-c\t3": "extract --max-connections=3",
        "finwait rules --format j\t": "rules --format json",
        "finwait explain --rul\t": "explain --rul",
        "finwait rules simultaneous_c\t": "rules simultaneous_close",
        "finwait extract --rule fin_retransmitted,simultaneous_c\t":
            "extract --rule fin_retransmitted,simultaneous_close",
        "finwait extract -o oth\t": "extract -o other",
        "finwait --stuck 5 capt\t": "--stuck 5 capture.pcap",
    }
    setup = [f"fpath=({COMPLETIONS} $fpath)", "autoload -Uz compinit", "compinit -u -D", "PS1=",
             "unsetopt beep", 'finwait() { print -r -- "<<$*>>" }']
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "HOME": str(folder),
                                                "COLUMNS": "200"})
    out = b""
    said = []
    # Each when the one before has told: what is typed while the shell changes the terminal's mode
    # may be lost.
    for number, line in enumerate(["\n".join([*setup, "finwait"]), *typed]):
        os.write(terminal, (line + "\n").encode())
        while len(said) <= number and select.select([terminal], [], [], 60)[0]:
            out += os.read(terminal, 65536)
            said = [told.rstrip() for told in
                    re.findall(r"<<(?!\$)(.*?)>>", out.decode("utf-8", "replace"))]
        if len(said) <= number:
            break
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    said = said[1:]
    for (line, wanted), found in zip(typed.items(), said):
        verdict.check(found == wanted, f"zsh: {line!r} became {found!r}, not {wanted!r}")
    verdict.check(len(said) == len(typed), f"zsh: {len(said)} of {len(typed)} commands: {out[-500:]!r}")


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(CAPTURES / "fin_retransmitted.pcap", folder / "capture.pcap")
        (folder / "other").mkdir()
        check_offers(verdict, Bash, folder)
        check_words(verdict)
        if shutil.which("fish"):
            check_offers(verdict, Fish, folder)
        else:
            print("without fish: its completions are not tried")
        if shutil.which("zsh"):
            check_zsh(verdict, folder)
        else:
            print("without zsh: its completions are not tried")
    verdict.finish()


main()
