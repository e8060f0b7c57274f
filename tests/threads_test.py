"""With any number of threads the output is the same, to the byte: over every capture there is, the
damaged ones too, plain and compressed, several at once, through standard input, and in every format.

The captures are too short to keep threads busy; two larger ones, in files that follow each other and
in files that overlap, fill every queue. FINWAIT may be a build with a sanitizer.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CAPTURES, SANITIZER_WORDS, TESTDATA, Run, Verdict, captures, plain_build

sys.path.insert(0, str(TESTDATA))
from lib import files  # noqa: E402

FORMATS = ("text", "html", "json", "openmetrics")
LARGE = CAPTURES / "large" / "many_time_waits.pcap.gz"
HEADER, RECORD = 24, 16


def same(verdict, name, arguments, jobs=(1, 4), stdin=None, cwd=None):
    """Runs it with each number of threads; the first run. With a sanitizer with two and more: that one
    thread gives the same is for the plain build to show."""
    jobs = [count for count in jobs if count > 1 or plain_build()]
    runs = [Run(["-j", count, *arguments], stdin=stdin, cwd=cwd) for count in jobs]
    for count, run in zip(jobs, runs):
        verdict.check(not run.timed_out and run.status >= 0 and not any(word in run.err for word in SANITIZER_WORDS),
                      f"{name}, -j {count}: status {run.status}, {run.err[:2000]}")
        verdict.check((run.status, run.out, run.err) == (runs[0].status, runs[0].out, runs[0].err),
                      f"{name}: -j {count} gives something else than -j {jobs[0]}")
    return runs[0]


def records_of(content):
    """The header of a little-endian pcap, and its records as they stand there."""
    records, at = [], HEADER
    while at < len(content):
        end = at + RECORD + int.from_bytes(content[at + 8:at + 12], "little")
        records.append(content[at:end])
        at = end
    return content[:HEADER], records


def check_every_capture(verdict, folder):
    """As it is, and compressed in one file with garbage behind it or without its end."""
    # With a sanitizer a start takes long, and what threads do wrong they do in a few.
    for number, path in enumerate(captures()[::1 if plain_build() else 10]):
        same(verdict, path.name, ["--connections", "--format", "ndjson", path], jobs=(1, 3))
        content = path.read_bytes()
        packed = gzip.compress(content, 1, mtime=0)
        changed = (packed + b"no gzip", packed[:len(packed) * 2 // 3], packed + packed)[number % 3]
        (folder / "packed").write_bytes(changed)
        same(verdict, f"{path.name}, compressed ({number % 3})",
             ["--connections", "--format", "ndjson", folder / "packed"])


def check_formats(verdict):
    for name in FORMATS:
        same(verdict, f"--format {name}", ["--format", name, LARGE, CAPTURES / "close_wait_leak.pcap"], jobs=(1, 2, 3))
    same(verdict, "explain", ["explain", "--connection", "10.0.0.1", CAPTURES / "fin_crossed.pcap"])


def split(header, records, pieces, take_turns):
    """In files that follow each other, or that overlap."""
    if take_turns:
        parts = [records[piece::pieces] for piece in range(pieces)]
    else:
        size = len(records) // pieces + 1
        parts = [records[at:at + size] for at in range(0, len(records), size)]
    return [header + b"".join(part) for part in parts]


def check_several_files(verdict, folder, header, records):
    """Compressed files of one timeline, more than threads, whole and damaged."""
    for take_turns in (False, True):
        paths = []
        for number, content in enumerate(split(header, records, 6, take_turns)):
            paths.append(folder / f"turns{take_turns}-{number}.pcap.gz")
            packed = gzip.compress(content, 1, mtime=0)
            paths[-1].write_bytes(packed[:-len(packed) // 3] if number == 2 else packed)
        run = same(verdict, f"six files, take_turns={take_turns}",
                   ["--connections", "--format", "ndjson", *paths], jobs=(1, 2, 3, 8))
        told = json.loads(run.out.splitlines()[-1])
        verdict.check(run.status == 2, f"six files, one cut: status {run.status}, {told}")
        plain = folder / "plain.pcap"
        plain.write_bytes(gzip.decompress(paths[0].read_bytes()))
        same(verdict, "plain and compressed", ["--connections", "--format", "ndjson", plain, *paths[1:]], jobs=(1, 2, 4))
        same(verdict, "a file that is not there", ["--format", "ndjson", paths[0], folder / "none.gz", paths[1]])


def check_long(verdict, folder, header, records):
    """Many blocks of 320 KiB, more than the threads may keep, and an early end."""
    packet = max(records, key=len)
    content = header + b"".join(records) + packet * (24 * 1048576 // len(packet))
    long = folder / "long.pcap.gz"
    long.write_bytes(gzip.compress(content, 1, mtime=0))
    same(verdict, "a long file", ["--connections", "--format", "ndjson", long], jobs=(1, 2, 4))
    noise = bytearray(long.read_bytes())
    noise[len(noise) // 2] ^= 0x55
    long.write_bytes(noise)
    same(verdict, "a long file with a broken byte", ["--connections", "--format", "ndjson", long], jobs=(1, 2, 4))
    if shutil.which("zstd"):
        packed = subprocess.run(["zstd", "-1", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout
        for name, data in (("whole", packed), ("cut", packed[:len(packed) // 2])):
            (folder / "long.zst").write_bytes(data)
            same(verdict, f"zstd, {name}", ["--connections", "--format", "ndjson", folder / "long.zst"], jobs=(1, 2, 4))


def check_finals(verdict, folder, header, records):
    """Time ends connections by the thousand while the capture goes on: with room for them, without, and when nobody
    reads what is written of them."""
    content = bytearray(header)
    for turn in range(3):
        for record in records:
            seconds = int.from_bytes(record[:4], "little") + 200 * turn
            content += seconds.to_bytes(4, "little") + record[4:]
    path = folder / "turns.pcap"
    path.write_bytes(content)
    for options in ([], ["--connections"], ["--connections", "--max-memory", "1M"], ["--max-memory", "6M"]):
        run = same(verdict, f"three turns, {options}", ["--format", "ndjson", *options, path], jobs=(1, 2, 3, 4))
        told = json.loads(run.out.splitlines()[-1])
        evicted = told["evicted"]
        verdict.check((evicted > 0) == ("1M" in options), f"three turns, {options}: {evicted} evicted")
    for jobs in (1, 3):
        with subprocess.Popen([os.environ["FINWAIT"], "-j", str(jobs), "--connections", "--format", "ndjson", path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(100)
            process.stdout.close()
            err = process.stderr.read()
            process.wait(timeout=60)
        verdict.check(not any(word in err.decode() for word in SANITIZER_WORDS) and process.returncode in (-13, 0, 2),
                      f"output closed, -j {jobs}: status {process.returncode}, {err!r}")


def check_standard_input(verdict, header, records):
    content = header + b"".join(records)
    for name, data in (("plain", content), ("gzip", gzip.compress(content, 1, mtime=0))):
        same(verdict, f"standard input, {name}", ["--connections", "--format", "ndjson", "-"], jobs=(1, 2, 4), stdin=data)


def check_interfaces(verdict, folder):
    """Interfaces that are still being described while connections are written."""
    _, records = records_of((CAPTURES / "four_segment_close.pcap").read_bytes())
    out = []
    for number in range(300):
        out.append(files.pcapng([files.Packet(number * 200 * 10**9 + place, record[RECORD:])
                                 for place, record in enumerate(records)],
                                [files.Interface(name=b"tap %d" % number)]))
    path = folder / "interfaces.pcapng"
    path.write_bytes(b"".join(out))
    run = same(verdict, "many interfaces", ["--connections", "--format", "ndjson", path], jobs=(1, 2, 3))
    verdict.check(b'"interface":"tap 299"' in run.out, "the last interface is not named")


def check_interrupted(verdict):
    """Interrupted while it waits for more of a pipe, it gives a whole report."""
    data = (CAPTURES / "close_wait_leak.pcap").read_bytes()
    packets = data[HEADER:] * (3 * 65536 // len(data) + 1)
    for jobs, packed in ((1, False), (2, False), (3, False), (2, True), (4, True)):
        content = data[:HEADER] + packets
        if packed:
            content = gzip.compress(content, 0, mtime=0)[:-9]
        with subprocess.Popen([os.environ["FINWAIT"], "-j", str(jobs), "--format", "json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            # More than a pipe holds: when it is written, the program has come beyond its beginning.
            process.stdin.write(content)
            process.stdin.flush()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
        name = f"interrupted, -j {jobs}, compressed {packed}"
        verdict.check(process.returncode == 130, f"{name}: status {process.returncode}, {err!r}")
        told = json.loads(out)["summary"]["complete"] if out else None
        verdict.check(told is False, f"{name}: complete is {told}")


def check_words(verdict):
    for value in ("0", "-1", "x", "", "1025"):
        run = Run(["-j", value, CAPTURES / "fin_crossed.pcap"])
        verdict.check(run.status == 1 and "--jobs" in run.err, f"-j '{value}': status {run.status}, {run.err}")


def main():
    verdict = Verdict()
    header, records = records_of(gzip.decompress(LARGE.read_bytes()))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        check_every_capture(verdict, folder)
        check_formats(verdict)
        check_several_files(verdict, folder, header, records)
        check_long(verdict, folder, header, records)
        check_finals(verdict, folder, header, records)
        check_standard_input(verdict, header, records)
        check_interfaces(verdict, folder)
        check_interrupted(verdict)
        check_words(verdict)
    verdict.finish()


main()
