"""Every record of every capture of testdata is what reports/schema says, in both formats.

A build with sanitizers writes them all too, and judges those of a sample: validating takes long, and
has nothing to do with memory.
"""

import copy
import json

from harness import CAPTURES, Run, Verdict, captures, sampled, summary
from schema import Schemas


def main():
    schemas, verdict = Schemas(), Verdict()
    judged = set(sampled(captures()))
    for path in captures():
        run = Run(["--format", "ndjson", "--connections", "--min-severity", "info", path])
        fault = run.fault((0, 1, 2))
        if not verdict.check(fault is None, f"{path.name}: {fault}") or run.status == 1:
            continue
        for number, record in enumerate(run.records() if path in judged else (), 1):
            found = schemas.faults(record)
            verdict.check(not found, f"{path.name} record {number}: {found[:3]}")
        document = Run(["--format", "json", "--connections", "--min-severity", "info", path])
        fault = document.fault()
        verdict.check(fault is None, f"{path.name} as one document: {fault}")
        told = json.loads(document.out)
        found = schemas.faults(told) if path in judged else []
        verdict.check(not found, f"{path.name} as one document: {found[:3]}")

    found = schemas.faults(json.loads(Run(["rules", "--format", "json"]).out))
    verdict.check(not found, f"finwait rules: {found[:3]}")

    # The schemas are closed, and know their types: what they must refuse.
    good = summary(Run(["--format", "ndjson", CAPTURES / "four_segment_close.pcap"]).records())
    for change in (lambda r: r.update(unheard_of=1),
                   lambda r: r["capture"]["packets"].update(total="10"),
                   lambda r: r["capture"]["packets"].pop("tcp")):
        bad = copy.deepcopy(good)
        change(bad)
        verdict.check(schemas.faults(bad), "a wrong summary was accepted")
    verdict.finish()


main()
