"""finwait(1): nothing that mandoc or groff complains of, every verb and option in it, and examples
that work."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import CAPTURES, Run, Verdict

PAGE = pathlib.Path(os.environ["MAN_PAGE"])

# The page goes with a version, which it names; a date would be that of the build.
ACCEPTED = ("missing date",)


def section(source, title):
    return source.split(f".SH {title}\n", 1)[1].split("\n.SH ", 1)[0]


def check_lint(verdict):
    for command in (["mandoc", "-T", "lint", PAGE], ["groff", "-man", "-ww", "-z", PAGE]):
        if not shutil.which(command[0]):
            print(f"without {command[0]}: its judgement is not asked for")
            continue
        done = subprocess.run(command, capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode().splitlines()
        wrong = [line for line in said if not any(word in line for word in ACCEPTED)]
        verdict.check(not wrong, f"{command[0]}: {wrong}")


def check_options(verdict, source):
    plain = source.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")
    told = set(re.findall(r"^\.TP\n(?:-\w, )?(--[\w-]+)", plain, re.MULTILINE))
    for verb in ("", "rules", "explain", "extract"):
        help_text = Run([*verb.split(), "--help"]).out.decode()
        options = set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", help_text, re.MULTILINE))
        verdict.check(options and options <= told, f"not in the page: {options - told}")
        verdict.check(f".B finwait {verb}".strip() + "\n" in source, f"{verb} is not in the synopsis")
        verdict.check(not verb or f"\n{verb} " in section(plain, "VERBS"), f"{verb} is not explained")


def check_examples(verdict, source):
    examples = re.findall(r"^\.RS\n(.*)\n\.RE$", section(source, "EXAMPLES"), re.MULTILINE)
    verdict.check(len(examples) >= 5, f"only {len(examples)} examples")
    folder_of_finwait = pathlib.Path(os.environ["FINWAIT"]).parent
    path = {**os.environ, "PATH": f"{folder_of_finwait}:{os.environ['PATH']}"}
    for example in examples:
        command = example.replace("\\-", "-")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(CAPTURES / "fin_retransmitted.pcap", pathlib.Path(folder) / "capture.pcap")
            done = subprocess.run(["sh", "-c", command], cwd=folder, env=path, capture_output=True,
                                  check=False, timeout=60)
            files = {file.name: file.stat().st_size for file in pathlib.Path(folder).iterdir()}
        del files["capture.pcap"]
        verdict.check(done.returncode == 0 and not done.stderr, f"{command}: {done.stderr.decode()}")
        verdict.check(done.stdout or any(files.values()), f"{command}: says nothing")
        named = set(re.findall(r"(?:-o |>)(\S+)", command))
        verdict.check(set(files) == named, f"{command}: wrote {sorted(files)}")


def main():
    verdict = Verdict()
    source = PAGE.read_text()
    check_lint(verdict)
    check_options(verdict, source)
    check_examples(verdict, source)
    verdict.finish()


main()
