"""What the capture hides is no alarm.

Captures are spoiled in the ways in which captures are spoiled: one direction is missing, the head,
the tail, two packets of a hundred, single packets; or every packet is there twice. A connection
that raises no alarm (severity warning or above) as it was captured raises none when it is spoiled.
"""

import json
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from frames import files, layout, plain, read_pcap, sender
from harness import CAPTURES, SHARED, Run, Verdict, run_thousands, sampled

TRUTH = SHARED / "truth"
ALARM = 3  # severity warning
DATASET = '"dataset":"finwait.'
SINGLE_MAX = 60  # in captures up to so many frames single ones are left out in turn: every one,
TRUTH_STEP = 2   # of kernels' recordings, of which many are alike, every second

# Near misses in which one frame at the end is the whole difference: without it, it is so.
ONE_FRAME_APART = {"idle_recovers.pcap", "peer_recovers.pcap"}

# What no rule can tell: (capture, how it was spoiled), and why.
BEYOND_ANY_RULE = {
    # Frame 14 is the reset that ends TIME_WAIT. Without it frames 13, 15 and 16 are an endpoint that
    # was in TIME_WAIT and answers the FIN that comes again with a reset, of its own accord.
    ("time_wait_rst-client-rfc1337_0/middle.pcap", "without frame 14"),
    # Frame 11 is the reset. Without it frame 13 is one of an endpoint that had neither closed nor
    # reset the connection, and no longer knows it.
    ("captures/reset_found_late.pcap", "without frame 11"),
}


def alarms(path):
    """{five-tuple: {rule: sentence}} of what is a warning or worse; a sentence when it failed."""
    # In so small a capture a second thread has nothing to do, and starting it takes a third of the time.
    run = Run(["-j", "1", "--format", "ndjson", "--min-severity", "warning", path])
    if run.fault():
        return run.fault()
    found = {}
    *lines, last = run.out.decode().splitlines()
    assert f'{DATASET}summary"' in last, last
    for line in lines:
        # Most records are samples, and to parse them would take as long as finwait takes.
        if f'{DATASET}anomaly"' not in line:
            continue
        record = json.loads(line)
        if record["scope"] != "connection":
            continue
        key = frozenset((record[role]["ip"], record[role]["port"]) for role in
                        ("client", "server"))
        found.setdefault(key, {})[record["rule"]["id"]] = record["event"]["reason"]
    return found


def directions(frames):
    """The frames of each half: by which of its two ends a connection's packet was sent."""
    for lower in (True, False):
        yield [f for f in frames if not layout(f.data) or (sender(f) < receiver(f)) == lower]


def receiver(frame):
    at, length, tcp = layout(frame.data)
    return frame.data[at + length:at + 2 * length] + frame.data[tcp + 2:tcp + 4]


def spoiled(frames, seed, step):
    """(how, frames) for every way of spoiling; of single frames one in `step`."""
    random_ = random.Random(seed)
    for i, half in enumerate(directions(frames)):
        yield f"direction {i} alone", half
    for share in (3, 10):
        yield f"without a head of one in {share}", frames[len(frames) // share + 1:]
        yield f"without a tail of one in {share}", frames[:-(len(frames) // share + 1)]
    yield "without the handshake", frames[3:]
    for i in range(3):
        yield f"two of a hundred lost ({i})", [f for f in frames if random_.random() >= 0.02]
    if len(frames) <= SINGLE_MAX:
        for i in sampled(range(step - 1, len(frames), step)):
            yield f"without frame {i + 1}", frames[:i] + frames[i + 1:]
    copies = [replace(f, time_ns=f.time_ns + 200_000) for f in frames]
    yield "twice", sorted(frames + copies, key=lambda f: f.time_ns)


def violations(path, folder):
    """What is said of the spoiled capture and was not said before; how many ways were tried."""
    frames = read_pcap(path)
    if not frames or not plain(frames) or any(
            b.time_ns < a.time_ns for a, b in zip(frames, frames[1:])):
        return [], 0
    before = alarms(path)
    if isinstance(before, str):
        return [f"as it is: {before}"], 1
    found, tried = [], 0
    step = TRUTH_STEP if path.is_relative_to(TRUTH) else 1
    for how, kept in spoiled(frames, path.parent.name + path.name, step):
        if not kept or (f"{path.parent.name}/{path.name}", how) in BEYOND_ANY_RULE:
            continue
        tried += 1
        name = Path(folder) / f"{path.parent.name}-{path.name}"
        name.write_bytes(files.pcap(kept, nanoseconds=True))
        after = alarms(name)
        if isinstance(after, str):
            found.append(f"{how}: {after}")
            continue
        for key in after.keys() - before.keys():
            found += [f"{how}: {rule}: {sentence}" for rule, sentence in after[key].items()]
    return found, tried


def captures():
    yield from (path for path in sorted(CAPTURES.glob("*.pcap"))
                if path.name not in ONE_FRAME_APART)
    if not TRUTH.is_dir():
        print(f"without {TRUTH}: only the captures of testdata/")
        return
    for folder in sorted(TRUTH.iterdir()):
        yield from sorted(folder.glob("middle.pcap"))


def main():
    run_thousands()
    verdict = Verdict()
    chosen = [Path(argument) for argument in sys.argv[1:]] or sampled(captures())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda path: violations(path, folder), chosen)
        for path, (found, tried) in zip(chosen, results):
            verdict.checked += tried
            verdict.failures += [f"{path.parent.name}/{path.name}: {words}" for words in found]
    verdict.finish()


main()
