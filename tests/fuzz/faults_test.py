"""Memory that runs out, reads and writes that fail, signals: finwait ends, says so, and leaves no
report behind that is not whole.

What goes wrong is brought about by trouble.c, preloaded, and by what the system offers: /dev/full,
closed pipes, limits of file sizes.
"""

import gzip
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import CAPTURES, SANITIZER_WORDS, Verdict, summary  # noqa: E402

FINWAIT, SWEEP, TROUBLE = (os.environ[name] for name in ("FINWAIT", "SWEEP", "TROUBLE"))
SWEPT = ("fin_retransmitted.pcap", "hostile_names.pcapng", "fragments.pcap", "reset_says_why.pcap",
         "half_open.pcap", "time_wait_reuse.pcap", "tenants_same_addresses.pcap",
         "close_wait_stuck.pcap", "forged_syn.pcap", "capture_lost_segments.pcap", "one_direction.pcap")
CAPTURE = CAPTURES / "fin_retransmitted.pcap"
LARGE = CAPTURES / "large" / "many_time_waits.pcap.gz"
REPORT = ["--format", "ndjson", "--connections"]


def finwait(arguments, trouble=None, **more):
    env = {**os.environ, "LC_ALL": "C"}
    if trouble:
        # A sanitizer's library wants to be the first; it is not about ours.
        env |= {"LD_PRELOAD": TROUBLE, **{f"TROUBLE_{name}": str(value) for name, value in trouble.items()}}
        env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    more.setdefault("stdout", subprocess.PIPE)
    done = subprocess.run([FINWAIT, *map(str, arguments)], env=env, stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=60, check=False, **more)
    done.said = done.stderr.decode("utf-8", "backslashreplace")
    done.fault = next((word for word in SANITIZER_WORDS if word in done.said), None)
    return done


def records(text):
    return [json.loads(line) for line in text.decode("ascii").splitlines()]


def is_instrumented():
    program = Path(FINWAIT).read_bytes()
    return any(word in program for word in (b"__asan_init", b"__ubsan_handle", b"__gcov_init"))


# ---- memory -------------------------------------------------------------------------------------


def sweep(verdict):
    """Inside one process, with everything counted that is allocated and released."""
    run = subprocess.run([SWEEP, *(CAPTURES / name for name in SWEPT)], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    said = run.stderr.decode("utf-8", "backslashreplace")
    verdict.check(run.returncode == 0 and said.count("failures") == len(SWEPT),
                  f"sweep: status {run.returncode}: {said[-2000:]}")


def memory(verdict, folder):
    """The finished program, libraries included: some of the allocations of one run, spread over it."""
    if is_instrumented():
        print("not with sanitizers or coverage, which allocate themselves: allocations of the finished program")
        return
    report = folder / "report.ndjson"
    whole = finwait([*REPORT, CAPTURE]).stdout
    for suffix, step in (("", 11), ("+", 13)):
        n, refused = 1, 0
        while True:
            run = finwait([*REPORT, "-o", report, CAPTURE], {"ALLOCATION": f"{n}{suffix}"})
            place = f"allocation {n}{suffix}"
            left = sorted(path.name for path in folder.iterdir())
            if run.returncode == 0:
                verdict.check(report.exists() and report.read_bytes() == whole,
                              f"{place}: exit status 0, but another report")
                report.unlink(missing_ok=True)
            else:
                refused += 1
                verdict.check(run.returncode == 1 and run.said.count("\n") == 1
                              and run.said.startswith("finwait: "),
                              f"{place}: status {run.returncode}: {run.said[:300]!r}")
                verdict.check(not left, f"{place}: left behind: {left}")
            if run.returncode == 0 and n > 400 or n > 4000:
                break
            n += step
        verdict.check(20 < refused <= n / step, f"{refused} failures up to allocation {n}{suffix}")


def compression_memory(verdict, folder):
    """What deflate needs it asks for at once, before the captures are opened: each of that refused."""
    if is_instrumented():
        print("not with sanitizers or coverage, which allocate themselves: allocations of the compression")
        return
    arguments = ["--compress", *REPORT, "-o", folder / "report", CAPTURE]
    told = 0
    for n in range(1, 40):
        run = finwait(arguments, {"ALLOCATION": n})
        left = [path.name for path in folder.iterdir()]
        verdict.check((run.returncode, left) in ((1, []), (0, ["report"])),
                      f"compressed, allocation {n}: status {run.returncode}, {left}: {run.said[:300]!r}")
        told += run.returncode == 1 and "out of memory for compressing" in run.said and run.said.count("\n") == 1
        (folder / "report").unlink(missing_ok=True)
    verdict.check(told >= 3, f"compressed: {told} refused allocations are told as the compression's")


def limit_addresses():
    resource.setrlimit(resource.RLIMIT_AS, (80 << 20, 80 << 20))


def addresses(verdict, folder):
    """Threads, and what they decompress ahead, must not take the memory of the analysis."""
    if is_instrumented():
        print("not with sanitizers, which reserve addresses by the terabyte: little address space")
        return
    many_connections(folder / "many.pcap")
    packed = gzip.compress((folder / "many.pcap").read_bytes(), 1, mtime=0)
    paths = [folder / f"{number}.pcap.gz" for number in range(8)]
    for path in paths:
        path.write_bytes(packed)
    outputs = [finwait(["--format", "ndjson", "--max-memory", "16M", "--jobs", jobs, *paths],
                       preexec_fn=limit_addresses) for jobs in (1, 8)]
    for run in outputs:
        verdict.check(run.returncode == 0 and run.stdout == outputs[0].stdout,
                      f"little address space: {run.args[5:7]}: status {run.returncode}: {run.said[:300]}")


# ---- reads --------------------------------------------------------------------------------------


def record_ends(data):
    """Where each record of a pcap ends, and how many packets there are up to there."""
    at, ends = 24, []
    while at < len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        ends.append(at)
    return ends


def reads(verdict, folder):
    data = CAPTURE.read_bytes()
    packed = folder / "x.pcap.gz"
    packed.write_bytes(gzip.compress(data, mtime=0))
    for path in (CAPTURE, packed):
        whole = finwait([*REPORT, path])
        for trouble in ({"READ_BYTES": 1}, {"READ_BYTES": 7, "READ_INTERRUPTED": 1}):
            run = finwait([*REPORT, path], trouble)
            verdict.check(run.returncode == 0 and run.stdout == whole.stdout,
                          f"{path.name} {trouble}: status {run.returncode}, or another report: {run.said[:300]}")
    packed.unlink()
    ends = [24, *record_ends(data)]
    for number, end in list(enumerate(ends))[:4] + [(len(ends) - 1, ends[-1])]:
        for offset in (end - 1, end) if end == len(data) else (end - 1, end, end + 1):
            for kind in ("READ_ERROR", "READ_END"):
                check_ending(verdict, kind, offset, number - (offset < end), number, offset == end, len(data))
    run = finwait([*REPORT, CAPTURE], {"READ_ERROR": 0})
    verdict.check(run.returncode == 1 and "Input/output error" in run.said and not run.stdout,
                  f"unreadable from the start: {run.returncode} {run.said}")


def check_ending(verdict, kind, offset, packets, number, at_boundary, size):
    """A file that cannot be read from `offset` on, or ends there: what lies before it counts."""
    run = finwait([*REPORT, CAPTURE], {kind: offset})
    place = f"{kind} at {offset}"
    if number == 0 and not at_boundary and offset < 24:
        verdict.check(run.returncode == 1 and run.said, f"{place}: status {run.returncode}")
        return
    whole = offset >= size and kind == "READ_END" or kind == "READ_END" and at_boundary
    if not verdict.check(run.returncode == (0 if whole else 2) and not run.fault,
                         f"{place}: status {run.returncode}: {run.said[:300]}"):
        return
    said = summary(records(run.stdout))["capture"]
    verdict.check(said["packets"]["total"] == packets, f"{place}: {said['packets']} of {packets} packets")
    reasons = [damage.get("reason") for damage in said["files"][0].get("damage", [])]
    verdict.check(reasons == ([] if whole else ["read_error"] if kind == "READ_ERROR" else [None]),
                  f"{place}: damage {reasons}")


# ---- writes -------------------------------------------------------------------------------------


def fails_to_write(verdict, place, run, words):
    verdict.check(run.returncode == 1 and words in run.said and run.said.count("\n") == 1,
                  f"{place}: status {run.returncode}: {run.said[:300]!r}")


def limit_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def writes(verdict, folder):
    report = folder / "report.json"
    with open("/dev/full", "wb") as full:
        fails_to_write(verdict, "/dev/full", finwait([*REPORT, CAPTURE], stdout=full), "No space left")
    fails_to_write(verdict, "-o /dev/full", finwait([*REPORT, "-o", "/dev/full", CAPTURE]), "No space left")
    fails_to_write(verdict, "a folder without writing", finwait([*REPORT, "-o", "/proc/x.json", CAPTURE]),
                   "cannot write to /proc/x.json")
    with open("/dev/full", "wb") as full:
        fails_to_write(verdict, "compressed, /dev/full", finwait(["--compress", *REPORT, CAPTURE], stdout=full),
                       "No space left")
    for kind, *more in (("json",), ("ndjson",), ("text",), ("ndjson", "--compress")):
        arguments = [*more, "--format", kind, "--connections", "-o", report, CAPTURE]
        finwait(arguments)
        good = report.read_bytes()
        for size in {0, 1, min(1000, len(good) // 2), len(good) - 1}:
            run = finwait(arguments, preexec_fn=limit_files(size))
            verdict.check(run.returncode == 1 and run.said, f"{kind}, files of {size} octets: {run.returncode}")
            verdict.check(report.read_bytes() == good, f"{kind}, files of {size} octets: the former report changed")
        verdict.check([path.name for path in folder.iterdir()] == [report.name],
                      f"{kind}: left behind: {[path.name for path in folder.iterdir()]}")
        report.unlink()
        # Compressed too, more than a pipe holds.
        captures = [LARGE] if more else [CAPTURES / name for name in SWEPT] * 8
        for size in (700,) if more else (0, 1, 700):
            closed_pipe(verdict, kind, size, [*more, *captures])


def closed_pipe(verdict, kind, size, more):
    """The reader goes away after so many octets: the writer dies of it, as pipes have it."""
    reading, writing = os.pipe()
    child = subprocess.Popen([FINWAIT, "--format", kind, "--connections", *more],
                             stdout=writing, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    os.close(writing)
    while size:
        size -= len(os.read(reading, size))
    os.close(reading)
    said = child.communicate(timeout=60)[1]
    # What fitted into the pipe before the reader went away went through.
    verdict.check(child.returncode == -signal.SIGPIPE or (child.returncode in (0, 2) and kind == "text"),
                  f"{kind}, closed pipe: status {child.returncode}: {said[:300]}")


# ---- signals ------------------------------------------------------------------------------------


def signals(verdict, folder):
    report = folder / "report.ndjson"
    reads_in_all = 2 * (CAPTURE.stat().st_size // 90)
    for which in (signal.SIGINT, signal.SIGTERM):
        for read in range(0, reads_in_all, 6):
            trouble = {"READ_BYTES": 90, "SIGNAL": int(which), "SIGNAL_READ": read}
            run = finwait([*REPORT, "-o", report, CAPTURE], trouble)
            place = f"signal {int(which)} at read {read}"
            if not verdict.check(run.returncode == 128 + which and report.exists() and not run.fault,
                                 f"{place}: status {run.returncode}: {run.said[:300]}"):
                continue
            said = summary(records(report.read_bytes()))
            verdict.check(said["complete"] is False, f"{place}: complete is {said['complete']}")
            report.unlink()
            twice = finwait([*REPORT, "-o", report, CAPTURE], trouble | {"SIGNAL_TIMES": 2})
            verdict.check(twice.returncode == -which, f"{place}, twice: status {twice.returncode}")
            verdict.check(not report.exists(), f"{place}, twice: there is a report")
            for path in folder.iterdir():
                verdict.check(path.name.startswith(".finwait-"), f"{place}, twice: left behind: {path}")
                path.unlink()
    trouble = {"READ_BYTES": 90, "SIGNAL": int(signal.SIGINT), "SIGNAL_READ": reads_in_all // 2}
    plain = finwait([*REPORT, CAPTURE], trouble)
    run = finwait(["--compress", *REPORT, CAPTURE], trouble)
    verdict.check(plain.returncode == run.returncode == 128 + signal.SIGINT
                  and gzip.decompress(run.stdout) == plain.stdout,
                  f"compressed and interrupted: status {run.returncode}: {run.said[:300]}")


MANY = 15000
CLOSING = 2000


def frame(flags, port, number, client_sends, seq, ack):
    """Of the connection with this number, from a client of its own."""
    ends = struct.pack(">BBH", 10, 1, number), bytes((10, 0, 0, 2))
    ports = (port, 5001)
    if not client_sends:
        ends, ports = ends[::-1], ports[::-1]
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 8192, 0, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ends[0] + ends[1]
    return ip + tcp


def many_connections(path):
    """A pcap of MANY attempts, and among the last of them CLOSING that open and begin to close."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number in range(MANY):
            frames = [frame(0x02, 40000, number, True, 100, 0)]
            if number >= MANY - CLOSING:
                frames += [frame(0x12, 40000, number, False, 500, 101), frame(0x10, 40000, number, True, 101, 501),
                           frame(0x11, 40000, number, True, 101, 501)]
            for data in frames:
                file.write(struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000,
                                       len(data), len(data)) + data)
        # Enough of another protocol that the signal comes behind all of these, and before the end.
        data = frame(0, 1, 0, True, 0, 0)
        data = data[:9] + bytes((253,)) + data[10:]
        file.write((struct.pack("<IIII", 1700000000, 0, len(data), len(data)) + data) * 40000)


def many(verdict, folder):
    """Whoever interrupts does not wait until all that is held is concluded: most of what tells
    little is left out, and counted."""
    capture = folder / "many.pcap"
    many_connections(capture)
    trouble = {"READ_BYTES": 1 << 18, "SIGNAL": int(signal.SIGTERM), "SIGNAL_READ": 12}
    outputs = {}
    for jobs in (1, 8):
        run = finwait([*REPORT, "--jobs", jobs, capture], trouble)
        if not verdict.check(run.returncode == 128 + signal.SIGTERM and not run.fault,
                             f"many, {jobs} jobs: status {run.returncode}: {run.said[:300]}"):
            return
        outputs[jobs] = run.stdout
    verdict.check(len(set(outputs.values())) == 1, "many: another report with more threads")
    told = records(outputs[1])
    said = summary(told)
    left = said.get("not_concluded", 0)
    seen = said["capture"]["packets"]
    verdict.check(said["complete"] is False and seen["tcp"] == MANY + 3 * CLOSING
                  and 0 < seen["total"] - seen["tcp"] < 40000,
                  f"many: {seen}, complete {said['complete']}")
    verdict.check(left == MANY - 10000 and said["connections"]["total"] == 10000,
                  f"many: {said['connections']['total']} connections concluded, {left} not")
    verdict.check(said["connections"]["close"].get("mid_close") == CLOSING, f"many: {said['connections']['close']}")
    verdict.check(sum(record["event"]["dataset"] == "finwait.connection" for record in told) == 10000,
                  "many: as many records as connections")
    text = finwait(["--format", "text", capture], trouble).stdout.decode("ascii")
    verdict.check("INTERRUPTED" in text and f"without {left:,} connections" in " ".join(text.split()),
                  f"many: the text says nothing of it: {text[:600]}")


def main():
    verdict = Verdict()
    sweep(verdict)
    for test in (memory, compression_memory, addresses, reads, writes, signals, many):
        with tempfile.TemporaryDirectory() as folder:
            test(verdict, Path(folder))
    verdict.finish()


main()
