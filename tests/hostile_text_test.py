"""Text from outside that would act on a terminal, break a document or read otherwise than it stands:
in names of interfaces and files, in what a reset says, in values of options; through every verb, every
format and every line on standard error. What comes out must be valid UTF-8 that nothing of it obeys.

Which code points act is listed here for itself, after the standards: ECMA-48 (C0, DEL, C1), Unicode
annex 9 (bidirectional controls), and the separators that end lines in scripts (U+2028, U+2029).
"""

import json
import os
import pathlib
import re
import struct
import sys
import tempfile

from harness import TESTDATA, Run, Verdict, skip

sys.path.insert(0, str(TESTDATA))
from lib.files import LINK_ETHERNET, Interface, merged, pcapng  # noqa: E402
from lib.story import START_NS, Conn, ms, seconds  # noqa: E402

ACTING = {*range(0x00, 0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F),
          *range(0x2066, 0x206A)}
MALFORMED = [bytes([octet]) for octet in (*range(0x80, 0xC0), 0xC0, 0xC1, *range(0xF5, 0x100))] + [
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf",  # overlong
    b"\xc0\x9b", b"\xe0\x82\x9b",                       # overlong forms of ESC's and CSI's numbers
    b"\xed\xa0\x80", b"\xed\xbf\xbf",                   # surrogates
    b"\xf4\x90\x80\x80",                                # beyond U+10FFFF
    b"\xe2\x80", b"\xf0\x9f\x98", b"\xe2\x80\xe2\x80\xae",  # cut short
]
SEQUENCES = [b"\x1b]0;owned\x07", b"\x1b[2J", b"\xc2\x9b31m", b"\x9b31m", b"\r\nfinwait: ", b"</script><b>", b"'; DROP",
             b"\xe2\x80\xaegnp.exe", b'"}\n{"']
PIECES = [chr(code).encode() for code in sorted(ACTING)] + MALFORMED + SEQUENCES
TEXT_MAX = 4096      # reports/text_clean.h
NAME_MAX = 255       # of a file
REASON_MAX = 64      # octets of a reset that are kept
READERS = ("", "explain", "extract")


def packed(pieces, most, without=b""):
    """The pieces in texts of at most `most` bytes, each piece between letters."""
    texts = [b""]
    for piece in pieces:
        piece = b"x" + bytes(octet for octet in piece if octet not in without)
        if len(texts[-1]) + len(piece) + 1 > most:
            texts[-1] += b"x"
            texts.append(b"")
        texts[-1] += piece
    return texts


REASONS = packed(PIECES, REASON_MAX)
INTERFACES = packed(PIECES, 250)
NAMES = packed(PIECES, NAME_MAX - len(".pcapng"), without=b"\0/")
VALUES = packed(PIECES, 4000, without=b"\0")


def capture():
    """A connection for each reason, each on the next of the interfaces."""
    talks = []
    for number, reason in enumerate(REASONS):
        talk = Conn(client_port=40000 + number, interface=number % len(INTERFACES),
                    start_ns=START_NS + seconds(number))
        talk.open()
        talk.wait(ms(100))
        talk.s("RA", reason)
        talks.append(talk.packets)
    return pcapng(merged(*talks), [Interface(LINK_ETHERNET, name) for name in INTERFACES])


# ---- what comes out -----------------------------------------------------------------------------

def check_clean(verdict, data, where, allowed="\n"):
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        verdict.fail(f"{where}: no UTF-8: {data[max(0, error.start - 20):error.end + 20]!r}")
        return ""
    acting = sorted({f"U+{ord(c):04X}" for c in text if ord(c) in ACTING and c not in allowed})
    verdict.check(not acting, f"{where}: {acting} come through")
    return text


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def check_json(verdict, data, where, lines=False):
    """ASCII only, and nothing that acts even where it is unpacked."""
    verdict.check(data.isascii(), f"{where}: not all of it is ASCII")
    check_clean(verdict, data, where)
    said = [text for part in (data.splitlines() if lines else [data])
            for text in strings(json.loads(part))]
    for text in said:
        check_clean(verdict, text.encode("utf-8", "surrogatepass"), f"{where}, unpacked", allowed="")
    return said


def check_visible(verdict, said, where, codes=ACTING, malformed=True):
    """Cleaned is not left out: each is spelled, and what is malformed has left its mark."""
    missing = [f"U+{code:04X}" for code in sorted(codes) if f"\\u{{{code:x}}}" not in said]
    verdict.check(not missing, f"{where}: {missing} are not spelled")
    verdict.check(not malformed or "\ufffd" in said, f"{where}: nothing says what was malformed")


def options_of(data):
    """(block type, code, value) of the options of all blocks of a pcapng file in our byte order."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + length - 4]
        start = {0x0A0D0D0A: 16, 1: 8}.get(kind)
        if kind == 6:
            start = 20 + (struct.unpack_from("<I", body, 12)[0] + 3) // 4 * 4
        if start is None:
            raise AssertionError(f"block {kind:#x}")
        while start + 4 <= len(body):
            code, size = struct.unpack_from("<HH", body, start)
            yield kind, code, body[start + 4:start + 4 + size]
            start += 4 + (size + 3) // 4 * 4
        at += length


def check_stderr(verdict, run, where):
    return check_clean(verdict, run.raw_err, f"{where}, standard error")


# ---- through every verb and format --------------------------------------------------------------

def check_report(verdict, folder, path):
    for form in ("json", "ndjson", "text", "html", "openmetrics"):
        run = Run(["-c", "--format", form, "--min-severity", "info", "--observer", os.fsdecode(VALUES[0]), path],
                  cwd=folder)
        verdict.check(run.fault() is None, f"{form}: {run.fault()}")
        check_stderr(verdict, run, form)
        if form in ("json", "ndjson"):
            said = "\n".join(check_json(verdict, run.out, form, form == "ndjson"))
            check_visible(verdict, said, form)
        else:
            # Of these some texts are left out or cut; in openmetrics there is only the observer.
            text = check_clean(verdict, run.out, form).replace("\\\\", "\\")
            check_visible(verdict, text, form, codes={0x1B, 0x9B, 0x202E}, malformed=False)


def check_many_files(verdict, folder, paths):
    for form in ("json", "text", "html"):
        run = Run(["--format", form, "--min-severity", "info", *paths], cwd=folder)
        verdict.check(run.fault() is None, f"many files, {form}: {run.fault()}")
        check_stderr(verdict, run, f"many files, {form}")
        if form == "json":
            said = "\n".join(check_json(verdict, run.out, "many files"))
            check_visible(verdict, said, "names of files", codes=ACTING - {0})
        else:
            check_clean(verdict, run.out, f"many files, {form}")


def check_explain(verdict, folder, path):
    records = [json.loads(line) for line in Run(["-c", "--format", "ndjson", path], cwd=folder).out.splitlines()]
    ids = [record["tcp"]["connection"] for record in records
           if record["event"]["dataset"] == "finwait.connection"]
    verdict.check(len(ids) == len(REASONS), f"{len(ids)} connections, expected {len(REASONS)}")
    seen = ""
    for identity in ids:
        run = Run(["explain", path, "--connection", identity], cwd=folder)
        verdict.check(run.fault() is None, f"explain: {run.fault()}")
        check_stderr(verdict, run, "explain")
        seen += check_clean(verdict, run.out, "explain")
    # What is spelled may be broken between two lines.
    check_visible(verdict, re.sub(r"\n\s+", "", seen), "explain", codes={0x1B, 0x9B, 0x202E}, malformed=False)
    run = Run(["explain", path, "--connection", ids[0], "--format", "json"], cwd=folder)
    verdict.check(run.fault() is None, f"explain json: {run.fault()}")
    check_json(verdict, run.out, "explain json")


def check_extract(verdict, folder, path):
    run = Run(["extract", path, "--min-severity", "info", "--filter", "tcp", "-o", "-"], cwd=folder)
    verdict.check(run.fault() is None, f"extract: {run.fault()}")
    check_stderr(verdict, run, "extract")
    named = commented = 0
    own_lines = ("finwait extract: ", "finwait: ", "frame ", "--")
    for kind, code, value in options_of(run.out):
        if code == 1:
            commented += 1
            text = check_clean(verdict, value, "a comment")
            if kind != 1:
                verdict.check(not any("DROP" in line or "owned" in line for line in text.split("\n")
                                      if not line.startswith(own_lines)),
                              f"a name begins a line of a comment: {text!r}")
        elif code in (2, 3, 4) and (kind, code) != (6, 2):
            named += 1
            check_clean(verdict, value, "a name in an extract", allowed="")
    verdict.check(named >= len(INTERFACES) and commented > len(REASONS),
                  f"extract: {named} names, {commented} comments")


# ---- on standard error --------------------------------------------------------------------------

def option_names(verb):
    """Those with a value, from --help."""
    text = Run([*([verb] if verb else []), "--help"]).out.decode()
    return re.findall(r"^ +(?:-\w, )?(--[\w-]+) [A-Z]", text, re.MULTILINE)


def check_refused(verdict, folder, path):
    """Each option's value, and each operand, where it is wrong and is repeated to the user."""
    repeated = 0
    for verb in (*READERS, "rules"):
        names = option_names(verb)
        verdict.check(names, f"no options of {verb!r}")
        for name in names:
            run = Run([*([verb] if verb else []), path, f"{name}={os.fsdecode(VALUES[0][:200])}"], cwd=folder)
            text = check_stderr(verdict, run, f"{verb} {name}")
            repeated += "\\u{1b}" in text or "\\u{1}" in text
            check_clean(verdict, run.out, f"{verb} {name}")
    verdict.check(repeated >= 20, f"only {repeated} messages repeat the value")
    for arguments in (["--\x1b[2J"], ["-\x1b"], ["explain", "--\u202e=1"], ["rules", os.fsdecode(VALUES[0][:200])],
                      ["nothing\x1b[2J.pcap"], [path, "-o", "no\x1b[2J/folder/report"],
                      ["extract", path, "--min-severity", "info", "-o", path],
                      ["explain", path, "--connection", "10.0.0.1:4\x1b[2J"], [path, "--filter", "tcp port \x1b[2J\u202e"]):
        run = Run(arguments, cwd=folder)
        verdict.check(run.status == 1 and run.err, f"{arguments}: {run.status} {run.err!r}")
        text = check_stderr(verdict, run, f"{arguments}")
        verdict.check("\\u{" in text or arguments[0] == "-\x1b", f"{arguments}: not repeated: {text!r}")


def check_unreadable(verdict, folder, names):
    """What is no capture, what is a pipe, and what is in a folder."""
    inside = folder / "inside"
    inside.mkdir()
    for name in names:
        (inside / name).write_bytes(b"\n\r\r\n" + os.urandom(40))
        (folder / ("not" + name[3:])).write_bytes(b"nothing of a capture")
        run = Run([folder / ("not" + name[3:])], cwd=folder)
        verdict.check(run.status in (0, 1, 2) and (run.err or run.out), f"no capture: {run.status}")
        check_stderr(verdict, run, "no capture")
    run = Run([inside], cwd=folder)
    check_stderr(verdict, run, "a folder")
    check_json(verdict, run.out or b"{}", "a folder")
    fifo = folder / ("fifo" + names[0][4:])
    os.mkfifo(fifo)
    for arguments in (["explain", fifo, "--connection", "123456"],
                      ["extract", fifo, "--min-severity", "info", "-o", "written"]):
        run = Run(arguments, cwd=folder)
        verdict.check(run.status == 1 and "a pipe cannot be" in run.err, f"{arguments}: {run.status} {run.err}")
        check_stderr(verdict, run, f"{arguments}")


def check_lengths(verdict, folder, path):
    """Beyond the limit a text is cut, and ends in an ellipsis."""
    long = "n" * 100_000
    run = Run(["-c", "--format", "ndjson", "--observer", long, path], cwd=folder)
    names = {record["observer"]["name"] for record in run.records()}
    verdict.check(names == {"n" * (TEXT_MAX - 4) + "\u2026"}, f"an observer of {sorted(map(len, names))} characters")
    for arguments in (["--format", long, path], [path, "--filter", "tcp port " + long], [f"--{long}"], [long],
                      ["rules", long], ["explain", path, "--connection", long]):
        run = Run(arguments, cwd=folder)
        verdict.check(run.status == 1 and 0 < len(run.raw_err) <= TEXT_MAX + 300,
                      f"{arguments[0][:20]}: {run.status}, {len(run.raw_err)} bytes on standard error")
        check_stderr(verdict, run, f"{arguments[0][:20]}")


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = []
        try:
            for text in NAMES:
                path = folder / os.fsdecode(text + b".pcapng")
                path.write_bytes(capture())
                paths.append(path)
        except OSError as error:
            skip(f"this file system does not take such names: {error}")
        relative = [path.name for path in paths]
        check_report(verdict, folder, relative[0])
        check_many_files(verdict, folder, relative)
        check_explain(verdict, folder, relative[0])
        check_extract(verdict, folder, relative[0])
        check_refused(verdict, folder, relative[0])
        check_unreadable(verdict, folder, relative)
        check_lengths(verdict, folder, relative[0])
    verdict.finish()


main()
