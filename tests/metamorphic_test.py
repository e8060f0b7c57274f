"""What a capture says does not depend on how it is written, or on numbers that mean nothing.

Each capture is changed in a way that leaves the two endpoints' story as it was, and told again: the
same states on the same packets, the same possible states, the same close, the same anomalies.
Captures of testdata/ always; those of ../shared/truth when they are there, of the middle and of one end.
"""

import json
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from frames import files, layout, plain, read_pcap, sender
from harness import CAPTURES, SHARED, Run, Verdict, dataset, run_thousands, sampled

TRUTH = SHARED / "truth"
RST, ACK = 4, 16
WINDOW_NS = 1_000_000
ENDS = ("client", "server")  # what they have captured of one close differs little: one of them, by turns
SHUFFLED = "shuffled within a millisecond"


# ---- changing -----------------------------------------------------------------------------------

def mirrored(frame):
    """Each end under the other's address."""
    found = layout(frame.data)
    if not found:
        return frame
    at, length, _ = found
    d = frame.data
    swapped = d[:at] + d[at + length:at + 2 * length] + d[at:at + length] + d[at + 2 * length:]
    return replace(frame, data=swapped)


def moved(frame, shift):
    """Every sequence number of an end moved by what `shift` says for it."""
    found = layout(frame.data)
    if not found:
        return frame
    at, length, tcp = found
    d = bytearray(frame.data)
    own = shift(bytes(d[at:at + length]), bytes(d[tcp:tcp + 2]))
    peer = shift(bytes(d[at + length:at + 2 * length]), bytes(d[tcp + 2:tcp + 4]))

    def add(place, by):
        value = int.from_bytes(d[place:place + 4], "big") + by
        d[place:place + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")

    flags = d[tcp + 13]
    # The number of a refusal is zero by itself.
    if not (flags & RST and flags & ACK and d[tcp + 4:tcp + 8] == bytes(4)):
        add(tcp + 4, own)
    if flags & ACK:
        add(tcp + 8, peer)
    option, end = tcp + 20, tcp + (d[tcp + 12] >> 4) * 4
    while option + 1 < end and d[option] != 0:
        if d[option] == 1:
            option += 1
            continue
        if d[option] == 5:  # SACK
            for edge in range(option + 2, option + d[option + 1] - 3, 4):
                add(edge, peer)
        option += max(d[option + 1], 2)
    return replace(frame, data=bytes(d))


def shifts(seed):
    """A constant of its own for each end."""
    table = {}

    def shift(address, port):
        key = address + port
        if key not in table:
            table[key] = random.Random(seed + key.hex()).getrandbits(32)
        return table[key]

    return shift


def doubled(frames, random_):
    """Every packet again, less than a millisecond later, and no later than the eighth one of the
    same sender that follows: that many are remembered. The capture ends when it did: silence is
    evidence."""
    copies = []
    following = {}
    for f in reversed(frames):
        later = following.setdefault(sender(f), [])
        end = min([f.time_ns + WINDOW_NS, frames[-1].time_ns, *later[7:8]])
        copies.append(replace(f, time_ns=random_.randrange(f.time_ns, max(end, f.time_ns + 1))))
        following[sender(f)] = [f.time_ns, *later[:7]]
    return sorted(frames + copies[::-1], key=lambda f: f.time_ns)


def within_a_millisecond(frames):
    """The frames in groups, none of which lasts for a millisecond."""
    groups = []
    for f in frames:
        if not groups or f.time_ns - groups[-1][0].time_ns >= WINDOW_NS:
            groups.append([])
        groups[-1].append(f)
    return groups


def reordered(frames, random_):
    """Packets that passed within a millisecond, in another order; the clock still runs forward."""
    out = []
    for group in within_a_millisecond(frames):
        times = [f.time_ns for f in group]
        random_.shuffle(group)
        out += [replace(f, time_ns=t) for f, t in zip(group, times)]
    return out


# ---- telling ------------------------------------------------------------------------------------

def told(record, anomalies, where, swap):
    """What must stay the same of a connection; `where` gives the original number of a frame."""
    ends = [record["client"], record["server"]]

    def place(entry):
        return where(entry["file"], entry["frame"]) if "frame" in entry else None

    def end(e):
        return {
            "path": [(s["state"], place(s), s["cause"], s["certainty"]) for s in e["states"]
                     if not s.get("retracted")],
            "state": e["state"],
            "possible": sorted(e["possible_states"]),
        }

    addresses = [e["ip"] for e in (reversed(ends) if swap else ends)]
    close = record["tcp"]["close"]
    return {
        "ends": [(address, e["port"], end(e)) for address, e in zip(addresses, ends)],
        "close": (close["kind"], close.get("by")),
        "rules": sorted((a["rule"]["id"], a["endpoint"]["role"], a["severity"], a["confidence"])
                        for a in anomalies),
        "copies": sum(e.get("capture_duplicates", 0) for e in ends),
    }


def with_anomalies(records):
    """(connection, its anomalies) for each connection: they follow it."""
    found = []
    for record in records:
        if dataset(record) == "connection":
            found.append((record, []))
        elif dataset(record) == "anomaly" and record["scope"] == "connection":
            found[-1][1].append(record)
    return found


# Of these the first hundred of a client have records; which ones, the order of files may decide.
CROWDED = {"connection_refused", "syn_unanswered", "handshake_aborted", "syn_ack_unanswered",
           "stray_segment"}


def one_by_one(records):
    crowd = any(dataset(record) == "anomaly" and record["rule"]["id"] == "open_failures_many"
                for record in records)
    return [record for record in records if not crowd or dataset(record) != "anomaly" or
            record["rule"]["id"] not in CROWDED]


def tell(paths, where, swap=False):
    # In so small a capture a second thread has nothing to do, and starting it takes a third of the time.
    run = Run(["-j", "1", "--format", "ndjson", "--connections", "--min-severity", "info", *paths])
    fault = run.fault()
    if fault:
        return fault
    try:
        records = with_anomalies(one_by_one(run.records()))
        return sorted((told(*each, where, swap) for each in records), key=repr)
    except KeyError as missing:
        return f"a record without {missing}"


def path_of(end, label):
    """The path, each frame under the name that `label` has for it."""
    return [(state, label.get(number, number), *rest) for state, number, *rest in end["path"]]


def difference(before, after, label, reordered_):
    """The first difference in words."""
    if isinstance(after, str):
        return after
    if len(before) != len(after):
        return f"{len(before)} connections became {len(after)}"
    for b, a in zip(before, after):
        for name, x, y in zip(("client", "server"), b["ends"], a["ends"]):
            if x[:2] != y[:2]:
                return f"{name} {x[:2]} became {y[:2]}"
            x, y = x[2], y[2]
            paths = path_of(x, label), path_of(y, label)
            if reordered_:  # what made it so may be another packet of the same millisecond
                paths = [[step[:2] for step in path] for path in paths]
            if paths[0] != paths[1]:
                return f"{name} path: {x['path']} became {y['path']}"
            if x["state"] != y["state"]:
                return f"{name} state: {x['state']} became {y['state']}"
            # Order is evidence: without it more is possible, never less.
            narrower = not set(x["possible"]) <= set(y["possible"])
            if narrower or (x["possible"] != y["possible"] and not reordered_):
                return f"{name} possible: {x['possible']} became {y['possible']}"
        if b["close"] != a["close"]:
            return f"close {b['close']} became {a['close']}"
        if b["rules"] != a["rules"] and not reordered_:
            return f"rules {b['rules']} became {a['rules']}"
    return None


# ---- the relations ------------------------------------------------------------------------------

class Change:
    """One way of writing a capture anew: files, and how their frames are the original's. Frames
    that `label` gives one name are as good as each other."""

    def __init__(self, name, written, swap=False, label=None):
        self.name, self.swap, self.label = name, swap, label or {}
        self.parts = written  # (octets, frames) each

    def where(self, file, frame):
        return self.parts[file][1][frame - 1].number


def nanoseconds(frames):
    return files.pcap(frames, nanoseconds=True)


def changes(frames, seed, far_apart, copies):
    random_ = random.Random(seed)

    def whole(name, changed, **more):
        return Change(name, [(nanoseconds(changed), changed)], **more)

    yield whole("the ends' addresses exchanged", [mirrored(f) for f in frames], swap=True)
    for i in range(3):
        yield whole(f"all numbers moved ({i})", [moved(f, shifts(f"{seed}{i}")) for f in frames])
    if not copies:
        yield whole("every packet twice", doubled(frames, random_))
    if far_apart:
        label = {f.number: group[0].number for group in within_a_millisecond(frames)
                 for f in group}
        yield whole(SHUFFLED, reordered(frames, random_), label=label)
    yield Change("as pcapng", [(files.pcapng(frames, [files.Interface(resolution=9)]), frames)])
    coarse = [replace(f, time_ns=f.time_ns // 1000 * 1000) for f in frames]
    yield Change("with microseconds", [(files.pcap(coarse), coarse)])
    if len(frames) >= 3:
        cuts = sorted(random_.sample(range(1, len(frames)), 2))
        parts = [frames[:cuts[0]], frames[cuts[0]:cuts[1]], frames[cuts[1]:]]
        random_.shuffle(parts)
        yield Change("in three files", [(nanoseconds(part), part) for part in parts])


def violations(path, far_apart):
    """(relation, difference) for each that does not hold, and how many were tried."""
    frames = read_pcap(path)
    if not frames or not plain(frames) or any(
            b.time_ns < a.time_ns for a, b in zip(frames, frames[1:])):
        return [], 0
    found, tried = [], 0
    with tempfile.TemporaryDirectory() as folder:
        before = tell([path], lambda _, frame: frame)
        if isinstance(before, str):
            return [("as it is", before)], 1
        copies = any(record["copies"] for record in before)
        for change in changes(frames, path.parent.name + path.name, far_apart, copies):
            tried += 1
            paths = []
            for i, (octets, _) in enumerate(change.parts):
                paths.append(Path(folder) / f"{tried}-{i}.cap")
                paths[-1].write_bytes(octets)
            words = difference(before, tell(paths, change.where, change.swap), change.label,
                               change.name == SHUFFLED)
            if words:
                found.append((change.name, words))
    return found, tried


def one_way_delay_ms(folder):
    return json.loads((folder / "truth.json").read_text())["one_way_delay_ms"]


def captures():
    for path in sorted(CAPTURES.glob("*.pcap")):
        yield path, False
    if not TRUTH.is_dir():
        print(f"without {TRUTH}: only the captures of testdata/")
        return
    for number, folder in enumerate(sorted(TRUTH.iterdir())):
        left_out = ENDS[number % 2]
        for path in sorted(folder.glob("*.pcap")):
            if path.stem == left_out:
                continue
            # Between the ends of a long way nothing that passes within a millisecond is an answer.
            yield path, path.stem == "middle" and one_way_delay_ms(folder) >= 3


def main():
    run_thousands()
    verdict = Verdict()
    everything = sampled(captures())
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda each: violations(*each), everything)
        for (path, _), (found, tried) in zip(everything, results):
            verdict.checked += tried
            for name, words in found:
                verdict.failures.append(f"{path.parent.name}/{path.name}: {name}: {words}")
    verdict.finish()


main()
