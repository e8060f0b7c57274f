"""finwait's states of simulated connections beside the truth.

Sound: the true state is among the possible ones; it must always be. Final: the state is the true
one. Width: how many states are possible, on average. Only endpoints whose last change of state left
nothing in the capture, nor anything that had to be answered (`hidden`, see world.h), are counted
apart: nobody could know. Short runs are allowed what chance does to few endpoints. A socket that
listens is no connection: LISTEN may be called CLOSED.

    check.py SIMULATE            a short run of every configuration
    check.py SIMULATE --long     100,000 connections of each
"""

import argparse
import csv
import dataclasses
import json
import math
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

CHUNK = 10_000  # connections in one capture


@dataclasses.dataclass(frozen=True)
class Configuration:
    name: str
    share: float  # of the connections of a short run
    options: tuple
    final: float = 0.0      # at least
    width: float = 11.0     # at most
    hidden: float = 0.01    # share of the endpoints, at most


WORN = ("--reorder", "--duplicate")
CONFIGURATIONS = [
    Configuration("clean", 0.25, (), 0.995, 2.1),
    Configuration("reordered", 0.15, WORN, 0.995, 2.1),
    Configuration("loss_1", 0.15, ("--loss", "0.01", *WORN, "--tap", "middle"), 0.97, 2.6),
    Configuration("loss_5", 0.25, ("--loss", "0.05", *WORN, "--tap", "middle"), 0.97, 2.6),
    Configuration("loss_5_anywhere", 0.10, ("--loss", "0.05", *WORN), 0.97, 2.6),
    Configuration("capture_loss_2", 0.05, ("--capture-loss", "0.02", *WORN), width=2.6),
    Configuration("loss_5_capture_loss_2", 0.05,
                  ("--loss", "0.05", "--capture-loss", "0.02", *WORN, "--tap", "middle"),
                  width=2.6, hidden=0.015),  # what the two together hide
]


@dataclasses.dataclass
class Count:
    connections: int = 0
    endpoints: int = 0
    hidden: int = 0
    hidden_sound: int = 0
    sound: int = 0
    final: int = 0
    states: int = 0
    split: int = 0


def finwait(pcap):
    """The last connection of each pair of addresses, and which pairs have several."""
    done = subprocess.run(
        [os.environ.get("FINWAIT", "finwait"), "--format", "ndjson", "--connections",
         "--2msl", "60", pcap], stdout=subprocess.PIPE, check=True)
    last, split = {}, set()
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record["event"]["dataset"] != "finwait.connection":
            continue
        ends = {f'{record[role]["ip"]}:{record[role]["port"]}': record[role]
                for role in ("client", "server")}
        pair = frozenset(ends)
        if pair in last:
            split.add(pair)
        if pair not in last or record["event"]["start_ns"] >= last[pair][0]:
            last[pair] = record["event"]["start_ns"], ends
    return {pair: ends for pair, (_, ends) in last.items()}, split


def compare(row, ends, count, miss):
    """One connection: both ends of it."""
    count.connections += 1
    for role in ("client", "server"):
        truth = row[f"{role}_state"]
        if ends is None:
            # Nothing of it was captured, so nothing can be said: as good as no connection.
            said, possible = "CLOSED", ["CLOSED", "LISTEN"]
        else:
            said, possible = ends[row[role]]["state"], ends[row[role]]["possible_states"]
        if truth == "LISTEN" and said != "LISTEN":
            truth = "CLOSED"
        sound = truth in possible
        if row[f"{role}_is"] == "hidden":
            count.hidden += 1
            count.hidden_sound += sound
            continue
        count.endpoints += 1
        count.sound += sound
        count.states += len(possible)
        count.final += said == truth
        if not sound:
            miss("unsound", row, role, truth, said, possible)
        elif said != truth:
            miss("final", row, role, truth, said, possible)


def run_chunk(arguments, options, seed, connections, count):
    with tempfile.TemporaryDirectory() as folder:
        pcap, truth = (str(pathlib.Path(folder) / name) for name in ("sim.pcap", "truth.tsv"))
        command = [arguments.simulate, "--seed", str(seed), *options]
        subprocess.run([*command, "--connections", str(connections), pcap, truth], check=True)
        found, split = finwait(pcap)
        with open(truth, newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))

    def miss(kind, row, role, true, said, possible):
        if not arguments.verbose:
            return
        replay = shlex.join([*command, "--only", row["connection"], "--trace", "x.pcap", "x.tsv"])
        moving = " in flight" if row["in_flight"] == "1" else ""
        print(f"{kind}: {role} {true}, said {said} of {','.join(possible)}{moving} | "
              f"{row['client_state']}/{row['server_state']} {row['about']} | {replay}")

    for row in rows:
        pair = frozenset((row["client"], row["server"]))
        compare(row, found.get(pair), count, miss)
        count.split += pair in split
        if pair in split:
            miss("split", row, "both", "", "", [])


def deviation(share, count):
    """How far a share of so few endpoints strays from that of many."""
    return math.sqrt(share * (1 - share) / (count.endpoints + count.hidden))


def run(arguments, configuration, connections):
    """Returns whether every bar was reached."""
    count, left, chunk = Count(), connections, 0
    while left:
        run_chunk(arguments, configuration.options, arguments.seed + chunk, min(left, CHUNK), count)
        left -= min(left, CHUNK)
        chunk += 1
    final, width = count.final / count.endpoints, count.states / count.endpoints
    hidden = count.hidden / (count.endpoints + count.hidden)
    chance = 0 if connections >= 100_000 else 3
    good = (count.sound == count.endpoints
            and final >= configuration.final - chance * deviation(configuration.final, count)
            and width <= configuration.width
            and hidden <= configuration.hidden + chance * deviation(configuration.hidden, count))
    print(f"{configuration.name}: {count.connections} connections, sound "
          f"{100 * count.sound / count.endpoints:.4f} % ({count.endpoints - count.sound} missed), "
          f"final {100 * final:.2f} %, width {width:.3f}, hidden {100 * hidden:.2f} % (of them "
          f"{count.hidden_sound}/{count.hidden} sound), split {count.split}: "
          f"{'good' if good else 'FAILED'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("simulate", help="the simulator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--connections", type=int, default=3000, help="in all (short run)")
    parser.add_argument("--long", action="store_true", help="100,000 of each configuration")
    parser.add_argument("--each", type=int, help="as many of each configuration")
    parser.add_argument("--only", action="append", help="only this configuration")
    parser.add_argument("--verbose", action="store_true", help="every miss, and how to replay it")
    arguments = parser.parse_args()
    if "FINWAIT" not in os.environ:
        print("skipped: FINWAIT is not set")
        sys.exit(77)
    print(f"seed {arguments.seed}")
    good = True
    for configuration in CONFIGURATIONS:
        if arguments.only and configuration.name not in arguments.only:
            continue
        connections = arguments.each or (100_000 if arguments.long else
                                         int(arguments.connections * configuration.share))
        good &= run(arguments, configuration, connections)
    sys.exit(0 if good else 1)


main()
