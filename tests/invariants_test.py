"""What holds of every report, whatever the capture: packets add up, frames exist, bytes repeat."""

from harness import Run, Verdict, captures, connections, summary


def frames(value):
    """Every {"file", "frame"} below a JSON value."""
    if isinstance(value, dict):
        if "file" in value and "frame" in value:
            yield value["file"], value["frame"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from frames(item)


def main():
    verdict = Verdict()
    for path in captures():
        arguments = ["--format", "ndjson", "--connections", path]
        run = Run(arguments)
        # A file that is no capture at all has nothing to add up: one line, status 1.
        fault = run.fault((0, 1, 2))
        if not verdict.check(fault is None, f"{path.name}: {fault}") or run.status == 1:
            continue
        records = run.records()
        capture = summary(records)["capture"]
        packets = capture["packets"]
        parts = packets["tcp"] + sum(packets["other"].values()) + sum(
            packets["undecodable"].values())
        verdict.check(packets["total"] == parts,
                      f"{path.name}: {packets['total']} packets, but the parts make {parts}")
        in_files = [file["packets"] for file in capture["files"]]
        verdict.check(packets["total"] == sum(in_files),
                      f"{path.name}: {packets['total']} packets, but the files hold {in_files}")
        for record in connections(records):
            for file, frame in frames(record):
                verdict.check(file < len(in_files) and 1 <= frame <= in_files[file],
                              f"{path.name}: frame {frame} of file {file} does not exist")
        verdict.check(summary(records)["connections"]["total"] == len(connections(records)),
                      f"{path.name}: the summary counts other connections than were written")
        verdict.check(Run(arguments).out == run.out, f"{path.name}: a second run differs")
    verdict.finish()


main()
