"""Measures finwait beside the loops that no reader gets below, and beside other programs.

    run.py GENERATE LIMITS FINWAIT [--quick] [--rounds N] [--only KIND…] [--folder FOLDER] [--keep]

Captures are generated, measured and removed, kind by kind. Of every kind everything is run in
turn, round after round, so that a busy machine is as busy for the one as for the other: what
counts is the median of the ratios within a round. Before each run as much memory as it takes is
written to and given back: where a host takes away what its guest has free, whoever wants it next
pays for it, and who that is depends on how long ago another program ended. CPU is user and system
time of a program and of all that it started; memory is the largest resident size of any of them,
and never less than what this script takes itself, 16 MiB.
"""

import argparse
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# Connections of each kind: as in docs/benchmarks.md, and for --quick.
SIZES = {"web": (200000, 12000), "bulk": (50, 5), "churn": (1500000, 60000), "scan": (5000000, 200000),
         "live1m": (1500000, 60000), "live5m": (5000000, 200000)}

# What a peer's command is given: {file} to read, {out} an empty folder.
PEERS = {
    "tcpdump -w /dev/null": ("tcpdump", "tcpdump", "tcpdump -r {file} -w /dev/null"),
    "softflowd": ("softflowd", "softflowd", "softflowd -d -r {file}"),
    "nfpcapd": ("nfdump", "nfpcapd", "nfpcapd -r {file} -w {out}"),
    "argus + ra": ("argus-server", "argus", "argus -X -r {file} -w {out}/argus && ra -X -n -r {out}/argus"),
    "ndpiReader -q": ("libndpi-bin", "ndpiReader", "ndpiReader -q -i {file}"),
    "tcptrace -n -l": ("tcptrace", "tcptrace", "tcptrace -n -l {file}"),
    "tshark -q -z conv,tcp": ("tshark", "tshark", "tshark -n -q -z conv,tcp -r {file}"),
}

MIB = 1 << 20


class Sample:
    def __init__(self, cpu, wall, peak):
        self.cpu, self.wall, self.peak = cpu, wall, peak


def timed(command):
    """Runs it with its output thrown away."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(map(str, command))}")
    return Sample(usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss * 1024)


def read_anew(path):
    """All of it is on the disk, or it would be written while others are timed, and in the page cache in the pieces in
    which it is read: how fast it is read later depends on them, and on what memory was left while it was written."""
    with open(path, "rb", buffering=0) as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(MIB):
            pass


class Row:
    """One command, and what its runs took."""

    def __init__(self, name, command, fresh=None):
        self.name, self.command, self.fresh, self.samples = name, command, fresh, []
        self.memory = 512 * MIB  # octets to have ahead; what a temporary file takes is not known

    def run(self, limits):
        if self.fresh:
            shutil.rmtree(self.fresh, ignore_errors=True)
            self.fresh.mkdir()
        subprocess.run([limits, "memory", str(self.memory // MIB)], stdout=subprocess.DEVNULL, check=True)
        self.samples.append(timed(self.command))
        self.memory = max(self.memory, self.samples[-1].peak)

    def median(self, what):
        return statistics.median(getattr(sample, what) for sample in self.samples)

    def over(self, other, what="cpu", per_self=1, per_other=1):
        """Median of the ratios within a round, each divided by its amount of work."""
        return statistics.median(getattr(one, what) / per_self / (getattr(two, what) / per_other)
                                 for one, two in zip(self.samples, other.samples))


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.folder)
        self.rows = []  # (kind, packets, Row, its limit or None)
        self.bars = []  # (what, value, bar, whether more is better, unit)
        self.packet_cpu = {}
        self.skipped = []

    def connections(self, kind):
        return SIZES[kind][self.options.quick]

    def generate(self, name, kind, *options):
        path = self.folder / name
        said = subprocess.run([self.options.generate, "--kind", kind, "--connections", str(self.connections(kind)),
                               *options, path], check=True, capture_output=True, text=True).stdout
        read_anew(path)
        return path, {key: int(number) for key, number in (line.split() for line in said.splitlines())}

    def discard(self, *paths):
        for path in paths:
            if not self.options.keep:
                path.unlink(missing_ok=True)

    def ours(self, path, *options, name="finwait"):
        """In one thread, as the others are."""
        return Row(" ".join([name, *options]), [self.options.finwait, "-j", "1", *options, path])

    def threads(self, name, bar, paths):
        """The same in two threads: its wall time over that of one."""
        one = Row("finwait", [self.options.finwait, "-j", "1", *paths])
        two = Row("finwait -j 2", [self.options.finwait, "-j", "2", *paths])
        self.measure([one, two])
        self.bar(f"{name}, -j 2 / -j 1, wall", two.over(one, "wall"), bar)
        return two

    def limit(self, loop, path, name):
        return Row(name, [self.options.limits, loop, path])

    def measure(self, rows, rounds=None):
        """There and back."""
        for number in range(rounds or self.options.rounds):
            for row in rows if number % 2 == 0 else reversed(rows):
                row.run(self.options.limits)

    def note(self, kind, packets, rows, limit):
        for row in rows:
            self.rows.append((kind, packets, row, limit))

    def bar(self, what, value, bar, at_least=False, unit=""):
        self.bars.append((what, value, bar, at_least, unit))

    def say(self, text):
        print(f"… {text}", file=sys.stderr, flush=True)

    # ---- kinds ---------------------------------------------------------------------------------

    def web(self):
        path, said = self.generate("web.pcap", "web")
        packets = said["packets"]
        limit = self.limit("pcap", path, "libpcap, empty callback (E)")
        walk = self.limit("walk", path, "read() and walk")
        ours = self.ours(path)
        all_connections = self.ours(path, "--connections")
        lossy_path, lossy_said = self.generate("web-lossy.pcap", "web", "--lossy")
        lossy, lossy_limit = self.ours(lossy_path), self.limit("pcap", lossy_path, limit.name)
        self.measure([limit, walk, ours, all_connections, lossy_limit, lossy])
        self.note("web", packets, [limit, walk, ours, all_connections], limit)
        self.note("web, 2 % lost", lossy_said["packets"], [lossy_limit, lossy], lossy_limit)
        self.discard(lossy_path)
        self.bar("web / E", ours.over(limit), 1.9)
        self.bar("web with --connections / E", all_connections.over(limit), 3.0)
        self.note("web", packets, [self.threads("web", 0.7, [path])], limit)
        self.web_forms(path, packets)
        self.web_peers(path, packets)
        self.discard(path)
        self.web_parts()

    def web_forms(self, path, packets):
        """The same as pcapng and compressed."""
        pcapng, _ = self.generate("web.pcapng", "web", "--pcapng")
        gzip = path.with_suffix(".pcap.gz")
        with open(gzip, "wb") as out:
            subprocess.run(["gzip", "-c", "-6", path], stdout=out, check=True)
        plain, ng = self.ours(path), self.ours(pcapng, name="finwait, pcapng")
        zlib, packed = self.limit("gzread", gzip, "zlib, gzread"), self.ours(gzip, name="finwait, gzip")
        unpacking = Row("gzip -dc", ["gzip", "-dc", gzip])
        self.measure([plain, ng, zlib, packed, unpacking])
        self.note("web", packets, [ng], plain)
        self.note("web.gz", packets, [zlib, packed, unpacking], zlib)
        self.bar("web as pcapng / as pcap", ng.over(plain), 1.1)
        self.bar("web.gz / zlib's gzread loop", packed.over(zlib), 1.2)
        self.bar("web.gz / gzip -dc, wall", packed.over(unpacking, "wall"), 0.65)
        self.discard(pcapng, gzip)

    def web_parts(self):
        """Web in four compressed files of one timeline, every fourth connection in each."""
        parts, packets = [], 0
        for part in range(1, 5):
            path, said = self.generate(f"part{part}.pcap", "web", "--part", f"{part}/4")
            subprocess.run(["gzip", "-6", "-f", path], check=True)
            parts.append(path.with_suffix(".pcap.gz"))
            packets += said["packets"]
        self.note("web, four .gz", packets, [self.threads("four .gz", 0.6, parts)], None)
        self.discard(*parts)

    def web_peers(self, path, packets):
        bars = {"tshark -q -z conv,tcp": 35, "tcptrace -n -l": 10, "argus + ra": 7, "ndpiReader -q": 14,
                "nfpcapd": 3.5, "softflowd": 2.7}
        out = self.folder / "out"
        rows = []
        for name, (package, program, command) in PEERS.items():
            if shutil.which(program) is None:
                self.skipped.append(f"{name}: {program} is not installed")
                continue
            text = command.format(file=path, out=out)
            row = Row(f"{name} ({version_of(package)})", ["sh", "-c", text], fresh=out)
            try:
                row.run(self.options.limits)
            except RuntimeError as error:
                self.skipped.append(f"{name}: {error}")
                continue
            row.samples.clear()
            rows.append((name, row))
        ours = self.ours(path)
        self.measure([ours, *(row for _, row in rows)])
        shutil.rmtree(out, ignore_errors=True)
        self.note("web, peers", packets, [ours, *(row for _, row in rows)], ours)
        for name, row in rows:
            if name in bars:
                self.bar(f"{name} / finwait, on web", row.over(ours), bars[name], at_least=True)

    def against_limit(self, kind, most):
        path, said = self.generate(f"{kind}.pcap", kind)
        limit, ours = self.limit("pcap", path, "libpcap, empty callback (E)"), self.ours(path)
        self.measure([limit, ours])
        self.note(kind, said["packets"], [limit, ours], limit)
        if most:
            self.bar(f"{kind} / E", ours.over(limit), most)
        return path, said, ours

    def bulk(self):
        self.discard(self.against_limit("bulk", 1.1)[0])

    def churn(self):
        path, _, ours = self.against_limit("churn", 7)
        self.discard(path)
        twice_as_long = str(2 * self.connections("churn"))
        path, said = self.generate("churn2.pcap", "churn", "--connections", twice_as_long)
        longer = self.ours(path)
        self.measure([longer], rounds=1)
        self.note("churn, twice as long", said["packets"], [longer], None)
        self.bar("churn, peak memory", ours.median("peak") / MIB, 64, unit=" MiB")
        self.bar("churn twice as long, peak memory", longer.median("peak") / ours.median("peak"), 1.1)
        self.discard(path)

    def scan(self):
        path, said, ours = self.against_limit("scan", 14)
        self.bar("scan, peak memory per connection",
                 (ours.median("peak") - 16 * MIB) / said["connections"], 320, unit=" B")
        self.discard(path)

    def live(self):
        one, said, ours = self.against_limit("live1m", None)
        five, said5, ours5 = self.against_limit("live5m", None)
        # Both once more, in turn.
        ours, ours5 = self.ours(one), self.ours(five)
        self.measure([ours, ours5])
        self.bar("live5m per packet / live1m per packet",
                 ours5.over(ours, "cpu", said5["packets"], said["packets"]), 1.6)
        self.discard(five)
        self.note("live1m", said["packets"], [self.threads("live1m", 0.75, [one])], None)
        self.discard(one)

    # ---- telling -------------------------------------------------------------------------------

    def tell(self):
        print(f"finwait {version_of_finwait(self.options.finwait)}, {machine()}, medians of "
              f"{self.options.rounds} rounds{', small files (--quick)' if self.options.quick else ''}\n")
        print("| capture | program | packets | CPU s | wall s | ns a packet | peak MiB | × the first |")
        print("|---|---|--:|--:|--:|--:|--:|--:|")
        for kind, packets, row, limit in self.rows:
            cpu = row.median("cpu")
            ratio = f"{row.over(limit):.2f}" if limit else "–"
            print(f"| {kind} | {row.name} | {packets} | {cpu:.3f} | {row.median('wall'):.3f} | "
                  f"{cpu * 1e9 / packets:.0f} | {row.median('peak') / MIB:.1f} | {ratio} |")
        print("\n| what | measured | asked | |")
        print("|---|--:|--:|---|")
        for what, value, bar, at_least, unit in self.bars:
            kept = value >= bar if at_least else value <= bar
            print(f"| {what} | {value:.2f}{unit} | {'≥' if at_least else '≤'} {bar}{unit} | "
                  f"{'kept' if kept else 'missed'} |")
        for line in self.skipped:
            print(f"\nLeft out: {line}")


def version_of(package):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                           check=False)
    return found.stdout or "unknown version"


def version_of_finwait(finwait):
    return subprocess.run([finwait, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, libpcap {version_of('libpcap0.8')}, " \
           f"zlib {version_of('zlib1g')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generate")
    parser.add_argument("limits")
    parser.add_argument("finwait")
    parser.add_argument("--quick", action="store_true", help="smaller files, in two minutes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=["web", "bulk", "churn", "scan", "live"])
    parser.add_argument("--folder", help="where the captures are made; up to 8 GB without --quick")
    parser.add_argument("--keep", action="store_true", help="leave the captures there")
    options = parser.parse_args()
    made = None
    if not options.folder:
        made = options.folder = tempfile.mkdtemp(prefix="finwait-bench-")
    pathlib.Path(options.folder).mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    try:
        for kind in options.only or ["web", "bulk", "churn", "scan", "live"]:
            bench.say(kind)
            getattr(bench, kind)()
        bench.tell()
    finally:
        if made and not options.keep:
            shutil.rmtree(made, ignore_errors=True)


main()
