#!/usr/bin/env python3
"""Validates reports against the JSON Schema files of a build.

usage: validate_records.py --schemas FOLDER [FILE...]
       validate_records.py --schemas FOLDER --run PROGRAM [ARGUMENT...]

Takes documents and reports in lines from files, from standard input, or from what a program
prints. Exit status 0: all valid; 1: something is not; 77: no validator installed (Debian:
python3-jsonschema).
"""

import json
import os
import subprocess
import sys

SYSTEM_PYTHON = "/usr/bin/python3"

try:
    import jsonschema
except ImportError:
    # The distribution's package is seen by the distribution's interpreter only.
    if os.path.exists(SYSTEM_PYTHON) and "VALIDATE_RECORDS_RETRIED" not in os.environ:
        os.environ["VALIDATE_RECORDS_RETRIED"] = "1"
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
    print("skipped: the Python module jsonschema is not installed", file=sys.stderr)
    sys.exit(77)

DATASET_PREFIX = "finwait."


class Schemas:
    """The schema files of a folder, each loaded when first needed."""

    def __init__(self, folder):
        self.folder = folder
        self.validators = {}

    def validator(self, name):
        if name not in self.validators:
            with open(os.path.join(self.folder, name + ".schema.json"), encoding="ascii") as file:
                schema = json.load(file)
            jsonschema.Draft202012Validator.check_schema(schema)
            self.validators[name] = jsonschema.Draft202012Validator(schema)
        return self.validators[name]


def refuse_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def refuse_float(text):
    raise ValueError(f"not an integer: {text}")


def parse(text):
    return json.loads(text, object_pairs_hook=refuse_duplicates, parse_float=refuse_float,
                      parse_constant=refuse_float)


def schema_name(record):
    if "schema" in record:
        return "document"
    dataset = record.get("event", {}).get("dataset", "")
    if not dataset.startswith(DATASET_PREFIX):
        raise ValueError("neither a document nor a record of ours")
    return dataset[len(DATASET_PREFIX):]


def adds_up(record):
    """What a schema cannot say: every packet is accounted for."""
    packets = record.get("capture", {}).get("packets")
    if packets is None:
        return True
    parts = packets["tcp"] + sum(packets["other"].values()) + sum(packets["undecodable"].values())
    return packets["total"] == parts


def problems(schemas, record):
    """Yields a sentence for everything that is wrong with a record."""
    for error in schemas.validator(schema_name(record)).iter_errors(record):
        yield f"{error.json_path}: {error.message[:400]}"
    if not adds_up(record):
        yield "$.capture.packets: total is not the sum of its parts"


def records(data):
    """The records of a report's bytes, each with its line."""
    text = data.decode("ascii")
    if text.startswith('{"schema"'):
        yield 1, parse(text)
        return
    if text and not text.endswith("\n"):
        raise ValueError("the last line does not end")
    for number, line in enumerate(text.splitlines(), 1):
        yield number, parse(line)


def validate(schemas, name, data):
    """Returns how many records there were and how many of them are wrong."""
    count = wrong = 0
    try:
        for line, record in records(data):
            count += 1
            found = list(problems(schemas, record))
            wrong += bool(found)
            for problem in found:
                print(f"{name}:{line}: {problem}")
    except (ValueError, OSError) as error:
        print(f"{name}: {error}")
        wrong += 1
    return count, wrong


def main(arguments):
    if len(arguments) < 2 or arguments[0] != "--schemas":
        print(__doc__, file=sys.stderr)
        return 1
    schemas = Schemas(arguments[1])
    rest = arguments[2:]
    if rest[:1] == ["--run"]:
        result = subprocess.run(rest[1:], stdout=subprocess.PIPE, check=False)
        if result.returncode != 0:
            print(f"{rest[1]}: exit status {result.returncode}")
            return 1
        inputs = [(rest[1], result.stdout)]
    elif rest:
        inputs = ((name, open(name, "rb").read()) for name in rest)
    else:
        inputs = [("standard input", sys.stdin.buffer.read())]

    count = wrong = 0
    for name, data in inputs:
        found, bad = validate(schemas, name, data)
        count += found
        wrong += bad
    print(f"{count} records, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
