"""Which report standard output gets, and in which dress: a terminal (a pseudo-terminal here) text
with colours and as wide as it is, a pipe JSON."""

import fcntl
import gzip
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import tempfile
import termios
from pathlib import Path

from harness import TESTDATA, Run, Verdict, dataset, skip

CAPTURE = "captures/lost_last_ack.pcap"  # short: a name is never cut
ESCAPE = "\x1b["


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("NO_COLOR", "COLUMNS", "TERM", "LC_ALL", "LC_CTYPE", "LANG")}
    return {**kept, "TERM": "xterm", "LC_ALL": "C", **more}


def on_terminal(*arguments, columns=100, **more):
    """What finwait writes to a terminal, and its status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen([os.environ["FINWAIT"], *map(str, arguments)], stdout=slave,
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             env=environment(**more), cwd=TESTDATA)
    os.close(slave)
    output = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how Linux says that nobody is left to write
            break
        if not piece:
            break
        output += piece
    os.close(master)
    child.communicate(timeout=60)
    return output.decode().replace("\r\n", "\n"), child.returncode


def piped(*arguments, folder=TESTDATA, **more):
    done = subprocess.run([os.environ["FINWAIT"], *map(str, arguments)], capture_output=True,
                          env=environment(**more), cwd=folder, timeout=60, check=False)
    return done.stdout.decode()


def prose_width(text):
    """Of the widest line that is not a command to be copied."""
    lines = (line for line in text.splitlines() if not line.startswith("  finwait "))
    return max(map(len, lines))


def check_formats(verdict):
    text, status = on_terminal(CAPTURE)
    verdict.check(status == 0 and "Capture" in text and "{" not in text, "no text on a terminal")
    verdict.check(json.loads(piped(CAPTURE))["schema"], "a pipe does not get JSON")
    document, _ = on_terminal("--format", "json", CAPTURE)
    verdict.check(json.loads(document)["schema"], "--format json does not hold on a terminal")
    verdict.check(piped("--format", "text", CAPTURE).startswith("Capture"), "no text into a pipe")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report"
        shown, _ = on_terminal("-o", path, CAPTURE)
        verdict.check(not shown and json.loads(path.read_text())["schema"],
                      "-o on a terminal does not write JSON")
        shown, _ = on_terminal("--format", "text", "-o", path, CAPTURE)
        verdict.check(not shown and ESCAPE not in path.read_text()
                      and prose_width(path.read_text()) <= 80, "-o writes for the terminal")


def check_compressed(verdict):
    """Not even where the terminal is named."""
    for arguments in ((), ("-o", "-"), ("-o", "/dev/stdout"), ("--format", "ndjson")):
        shown, status = on_terminal("--compress", *arguments, CAPTURE)
        verdict.check(status == 1 and not shown, f"--compress {arguments} on a terminal: {status}, {shown!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.gz"
        shown, status = on_terminal("--compress", "-o", path, CAPTURE)
        verdict.check(status == 0 and not shown and json.loads(gzip.decompress(path.read_bytes()))["schema"],
                      f"--compress -o on a terminal: {status}, {shown!r}")


def check_colours(verdict):
    for arguments, more, coloured in (
            ((), {}, True), ((), {"NO_COLOR": "1"}, False), ((), {"NO_COLOR": ""}, True),
            ((), {"TERM": "dumb"}, False), (("--color", "never"), {}, False),
            (("--color", "always"), {"NO_COLOR": "1"}, True)):
        text, _ = on_terminal(*arguments, CAPTURE, **more)
        verdict.check((ESCAPE in text) == coloured, f"{arguments} {more}: colours wrong")
        verdict.check(re.search(r"^(\x1b\[\d+m)?notice", text, re.MULTILINE),
                      f"{arguments} {more}: the severity is not a word")
    verdict.check(ESCAPE not in piped("--format", "text", CAPTURE), "colours in a pipe")
    verdict.check(ESCAPE in piped("--format", "text", "--color", "always", CAPTURE),
                  "--color always has none")


def check_widths(verdict):
    for columns in (40, 60, 80, 100):
        text, _ = on_terminal("--color", "never", CAPTURE, columns=columns)
        verdict.check(columns < 60 or prose_width(text) <= columns, f"wider than {columns} columns")
        verdict.check(prose_width(text) > columns - 15, f"{columns} columns are not used")
    text, _ = on_terminal("--color", "never", CAPTURE, COLUMNS="64")
    verdict.check(prose_width(text) <= 64, "COLUMNS is not looked at")
    same = piped("--format", "text", CAPTURE)
    for value in ("0", "x", "-5", "80x", "99999999999999999999999"):
        verdict.check(piped("--format", "text", CAPTURE, COLUMNS=value) == same,
                      f"COLUMNS={value} is not the default")


def check_charsets(verdict):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "caf\u00e9 \u001b[31m.pcap"
        path.write_bytes((TESTDATA / CAPTURE).read_bytes())
        plain = piped("--format", "text", path)
        verdict.check("caf\\u{e9} \\u{1b}[31m.pcap" in plain and plain.isascii(),
                      "not ASCII in the locale C")
        typeset = piped("--format", "text", path, LC_ALL="C.UTF-8")
        if typeset.isascii():
            return  # no such locale here
        verdict.check("caf\u00e9 \\u{1b}[31m.pcap" in typeset, "no UTF-8 in a locale that has it")


def check_commands(verdict):
    """What the page says to run next runs, and tells of what was found."""
    for arguments, rule in (((CAPTURE,), "fin_retransmitted_after_ack"),
                            (("--stuck", "5", "captures/close_wait_leak.pcap"), "close_wait_leak"),
                            (("--min-severity", "info", "--filter", "tcp port 5001",
                              "captures/half_close.pcap"), "half_close")):
        page = piped("--format", "text", *arguments)
        commands = [shlex.split(line)[1:] for line in page.splitlines()
                    if line.startswith("  finwait ")]
        verdict.check(len(commands) == 4 and commands[0] == ["rules", rule]
                      and commands[1][:2] == ["explain", "--connection"],
                      f"{rule}: not what to run next: {commands}")
        for command in commands:
            run = Run(command, cwd=TESTDATA)
            verdict.check(run.status == 0, f"{command}: status {run.status}, {run.err}")
            if "explain" in command:
                verdict.check(f"Id            {command[2]}" in run.out.decode(),
                              f"{command} explains something else")
            if "--rule" in command:
                found = [record["rule"]["id"] for record in run.records()
                         if dataset(record) == "anomaly"]
                verdict.check(found and set(found) == {rule}, f"{command} finds {found}")


def ladder_width(text):
    """Of the widest line with both lifelines, and what stands below such lines."""
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("frame "))
    return max(map(len, lines[first:lines.index("", first)]))


def check_ladder(verdict):
    explain = ("explain", "--connection", "10.0.0.1:40000")
    for columns, wide in ((60, False), (80, False), (119, False), (120, True), (160, True)):
        text, status = on_terminal(*explain, "--color", "never", CAPTURE, columns=columns)
        verdict.check(status == 0 and ladder_width(text) <= columns,
                      f"the ladder is wider than {columns} columns")
        verdict.check(("seq=101 (1000101)" in text) == wide, f"{columns} columns: numbers wrong")
        verdict.check("seq=101" in text, f"{columns} columns: no relative numbers")
        verdict.check("| LAST_ACK" in text and "| (CLOSED)" in text and "| CLOSED?" in text,
                      f"{columns} columns: proved, taken back and presumed look alike")
        verdict.check(text.isascii() and ESCAPE not in text, f"{columns} columns: not plain")
        marks = re.findall(r"\[1\]\s+(?:FIN|acknowledges)", text)
        verdict.check(len(marks) == 4, f"{columns} columns: evidence is marked {len(marks)} times")
    text, _ = on_terminal(*explain, CAPTURE)
    verdict.check(ESCAPE in text, "no colours of a ladder on a terminal")
    verdict.check(ESCAPE not in on_terminal(*explain, CAPTURE, NO_COLOR="1")[0],
                  "NO_COLOR does not hold for ladders")
    verdict.check(ESCAPE not in piped(*explain, CAPTURE), "colours of a ladder in a pipe")
    typeset = piped(*explain, CAPTURE, LC_ALL="C.UTF-8")
    verdict.check(typeset.isascii() or "\u25c0" in typeset, "no arrows in a locale that has them")
    hostile = piped(*explain, "captures/reset_says_why.pcap", LC_ALL="C.UTF-8")
    verdict.check("\\u{1b}[2J" in hostile and ESCAPE not in hostile,
                  "what a reset says reaches the terminal")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "\u001b[31m\u202e.pcap"
        path.write_bytes((TESTDATA / CAPTURE).read_bytes())
        shown = piped(*explain, path, LC_ALL="C.UTF-8")
        verdict.check("\\u{1b}[31m\\u{202e}.pcap" in shown and ESCAPE not in shown
                      and "\u202e" not in shown, "a file's name reaches the terminal")
        written = Path(folder) / "ladder"
        shown, status = on_terminal(*explain, "-o", written, CAPTURE)
        verdict.check(status == 0 and not shown and "LAST_ACK" in written.read_text(),
                      "-o does not write the ladder")


def check_several(verdict):
    """Connections that match: a list to choose from, of which each leads to its ladder."""
    capture = "captures/close_wait_leak.pcap"
    run = Run(["explain", "--connection", "10.0.0.2:5001", capture], cwd=TESTDATA)
    ids = re.findall(r"^([0-9a-f]{20})  2026-01-05", run.out.decode(), re.MULTILINE)
    verdict.check(run.status == 1 and len(set(ids)) == 12 and "12 connections match" in run.err,
                  f"status {run.status}, {run.err!r}, {ids}")
    for identity in ids[:2]:
        run = Run(["explain", "--connection", identity[:8], capture], cwd=TESTDATA)
        verdict.check(run.status == 0 and f"Id            {identity}" in run.out.decode(),
                      f"{identity} is not explained: {run.err!r}")
    many = Run(["explain", "--connection", "10.0.0.2:5001", "captures/large/many_time_waits.pcap.gz"],
               cwd=TESTDATA)
    matching = re.search(r"(\d+) connections match", many.err)
    lines = re.findall(r"^[0-9a-f]{20} ", many.out.decode(), re.MULTILINE)
    verdict.check(matching and int(matching[1]) > 20 and len(lines) == 20
                  and f"and {int(matching[1]) - 20:,} more" in many.out.decode(),
                  f"{matching and matching[0]}, and {len(lines)} are listed")


def check_readme(verdict):
    """The page that README.md shows is the one that finwait writes."""
    readme = (TESTDATA.parent / "README.md").read_text()
    shown = re.search(r"^    ./dev run (--stuck .*)\n(?:.*\n)*?```\n((?:.*\n)*?)```\n", readme,
                      re.MULTILINE)
    if verdict.check(shown, "README.md shows no page"):
        page = piped("--format", "text", *shlex.split(shown[1]), folder=TESTDATA.parent,
                     COLUMNS="100")
        verdict.check(page == shown[2], "README.md shows another page than\n" + page)


def main():
    if "FINWAIT" not in os.environ:
        skip("FINWAIT is not set")
    verdict = Verdict()
    check_formats(verdict)
    check_compressed(verdict)
    check_colours(verdict)
    check_widths(verdict)
    check_charsets(verdict)
    check_commands(verdict)
    check_ladder(verdict)
    check_several(verdict)
    check_readme(verdict)
    run = Run(["--color", "sometimes", CAPTURE], cwd=TESTDATA)
    verdict.check(run.status == 1 and "auto, always or never" in run.err, "--color takes anything")
    verdict.finish()


if __name__ == "__main__":
    main()
