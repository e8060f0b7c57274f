"""Draws anomalies of ../shared/corpus for review by hand: see docs/review.md.

    FINWAIT=build-release/cli/finwait tests/draw_review.py [--seed N] [--count N] [--json]

Every critical one, up to ten certain ones of every rule, and COUNT warnings: a rule by turns, then
one of its files, then one of its anomalies in that file, so that neither a noisy rule nor a large
capture crowds out the rest. The same seed draws the same as long as the rules find the same.
"""

import argparse
import csv
import json
import random
from concurrent.futures import ThreadPoolExecutor

from harness import SHARED, Run, dataset, skip

CORPUS = SHARED / "corpus"


def anomalies(path):
    """Of one capture, in the order of the report; none of a file that cannot be read."""
    run = Run(["--format", "ndjson", path], timeout=300)
    if run.fault(statuses=(0, 1, 2)) or run.status == 1:
        return []
    return [{"file": path.relative_to(CORPUS).as_posix(), **record} for record in run.records()
            if dataset(record) == "anomaly"]


def draw_warnings(found, count, random_):
    """{rule: {file: [anomaly]}} by turns, without putting back."""
    piles = {}
    for a in found:
        piles.setdefault(a["rule"]["id"], {}).setdefault(a["file"], []).append(a)
    drawn = []
    while piles and len(drawn) < count:
        for rule in sorted(piles):
            name = random_.choice(sorted(piles[rule]))
            pile = piles[rule][name]
            drawn.append(pile.pop(random_.randrange(len(pile))))
            if not pile:
                del piles[rule][name]
            if not piles[rule]:
                del piles[rule]
            if len(drawn) == count:
                break
    return drawn


def draw_certain(found, random_):
    by_rule = {}
    for a in found:
        by_rule.setdefault(a["rule"]["id"], []).append(a)
    return [a for rule in sorted(by_rule)
            for a in random_.sample(by_rule[rule], min(10, len(by_rule[rule])))]


def told(a):
    """One line: where, what, on which frames."""
    frames = ",".join(str(e["frame"]) for e in a.get("evidence", []))
    return (f"{a['file']}\t{a['rule']['id']}\t{a['severity']}\t{a['confidence']}\t{frames}\t"
            f"{a['event']['reason']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="whole records, one a line")
    arguments = parser.parse_args()
    if not CORPUS.is_dir():
        skip(f"{CORPUS} is not there")
    with open(CORPUS / "MANIFEST.tsv", newline="", encoding="utf-8") as file:
        paths = [CORPUS / row["path"] for row in csv.DictReader(file, delimiter="\t")]
    with ThreadPoolExecutor(2) as pool:
        found = [a for part in pool.map(anomalies, paths) for a in part]
    random_ = random.Random(arguments.seed)
    chosen = [a for a in found if a["severity"] == "critical"]
    chosen += draw_warnings([a for a in found if a["severity"] == "warning"], arguments.count,
                            random_)
    chosen += [a for a in draw_certain([a for a in found if a["confidence"] == "certain"], random_)
               if a not in chosen]
    print(f"# seed {arguments.seed}: {len(chosen)} of {len(found)} anomalies in {len(paths)} files")
    for a in chosen:
        print(json.dumps(a) if arguments.json else told(a))


main()
