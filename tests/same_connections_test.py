"""The same packets give the same connections, in whatever files and by whatever way they come."""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from harness import TESTDATA, Run, Verdict, connections

sys.path.insert(0, str(TESTDATA))
from lib import files, wire  # noqa: E402
from stories import tapping  # noqa: E402

# What names the place in a file and not the connection.
PLACES = {"file", "frame", "stream", "interface"}
ETHERNET_HEADER = 14


def without_places(value):
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items() if key not in PLACES}
    if isinstance(value, list):
        return [without_places(item) for item in value]
    return value


def comparable(run):
    records = []
    for record in connections(run.records()):
        record = without_places(record)
        record.pop("capture", None)
        record["event"].pop("id", None)
        records.append(json.dumps(record, sort_keys=True, indent=1))
    return sorted(records)


def across_link_types(packets):
    """The packets of each connection on a link layer of its own, in one pcapng."""
    kinds = (files.LINK_ETHERNET, files.LINK_RAW, files.LINK_LINUX_SLL)
    moved = []
    for packet in packets:
        inner = packet.data[ETHERNET_HEADER:]
        ports = inner[20:22], inner[22:24]
        kind = max(int.from_bytes(port, "big") for port in ports) - 40000
        link = (packet.data, inner, wire.linux_cooked(inner, "02:00:00:00:00:01", 0))[kind]
        moved.append(replace(packet, data=link, interface=kind))
    return files.pcapng(moved, [files.Interface(kind) for kind in kinds])


def main():
    packets = tapping.ring_packets()
    plain = files.pcap(packets)
    ethernet = [files.Interface()]
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def stored(name, content):
            (folder / name).write_bytes(content)
            return folder / name

        one = stored("one.pcap", plain)
        pcapng = stored("one.pcapng", files.pcapng(packets, ethernet))
        ring = [TESTDATA / "captures" / f"ring_buffer_{part}.pcap" for part in (4, 3, 2, 1)]
        ways = {
            "gzip": ([stored("one.pcap.gz", gzip.compress(plain, mtime=0))], None),
            "pcapng": ([pcapng], None),
            "big-endian pcapng": ([stored("big.pcapng", files.pcapng(packets, ethernet, True))],
                                  None),
            "nanoseconds": ([stored("ns.pcap", files.pcap(packets, nanoseconds=True))], None),
            "standard input": (["-"], plain),
            "gzip through standard input": (["-"], gzip.compress(plain, mtime=0)),
            "several link types": ([stored("links.pcapng", across_link_types(packets))], None),
            "ring buffer, backwards": (ring, None),
        }
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", pcapng], check=True)
            ways["zstd"] = ([folder / "one.pcapng.zst"], None)
        else:
            print("without zstd: no zstd tool here")
        options = ["--format", "ndjson", "--connections"]
        expected = comparable(Run([*options, one]))
        verdict.check(len(expected) == 3, f"{len(expected)} connections in the plain capture, not 3")
        for way, (paths, stdin) in ways.items():
            run = Run([*options, *paths], stdin=stdin)
            fault = run.fault()
            if way == "zstd" and "without zstd" in run.err:
                print("without zstd: this binary was built so")
                continue
            if not verdict.check(fault is None, f"{way}: {fault}"):
                continue
            found = comparable(run)
            verdict.check(found == expected, f"{way}: other connections:\n" + "\n".join(
                sorted(set(found) ^ set(expected))))
    verdict.finish()


main()
