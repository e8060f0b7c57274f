"""docs/dashboards/elasticsearch holds every record that finwait writes.

No server is asked. The templates are compared with the schemas, property by property, by a walk of its
own; and what Elasticsearch would do with every record of every capture is done here: the bulk lines are
made by sed as the page says, the processors of the pipeline are run, and each member of the outcome is
looked up in the mapping, which is strict.
"""

import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CAPTURES, SOURCE, Run, Verdict, captures, sampled
from untimed import without_times

FOLDER = SOURCE / "docs" / "dashboards" / "elasticsearch"
DATASETS = ("connection", "anomaly", "host", "sample", "summary")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
INGESTED = "2026-01-05T10:00:00.000Z"


# ---- the schema beside the template ------------------------------------------------------------------

def wanted_types(schema, root):
    """What the values of a schema may be, as types of Elasticsearch; None for an object."""
    if "$ref" in schema:
        if schema["$ref"].endswith("/time"):
            return {"date_nanos"}
        if schema["$ref"].endswith("/address"):
            return {"ip"}
        return wanted_types(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if schema.get("type") == "array":
        return wanted_types(schema["items"], root)
    if schema.get("type") == "object":
        return None
    if schema.get("type") == "integer":
        return {"long"}
    if schema.get("type") == "boolean" or schema.get("const") is True:
        return {"boolean"}
    return {"keyword"}


def walk(schema, root, at=()):
    """Yields (path, types) of everything that a schema names, through references."""
    if "$ref" in schema:
        yield from walk(root["$defs"][schema["$ref"].rpartition("/")[2]], root, at)
    if schema.get("type") == "array" and "items" in schema:
        yield from walk(schema["items"], root, at)
    members = dict(schema.get("properties", {}))
    if "enum" in schema.get("propertyNames", {}):
        members.update({name: schema["additionalProperties"] for name in schema["propertyNames"]["enum"]})
    for name, part in members.items():
        if set(part) & {"$ref", "type", "const", "enum"}:  # else it only adds to what is told elsewhere
            yield (*at, name), wanted_types(part, root)
        yield from walk(part, root, (*at, name))


def mapped(mappings, path):
    for name in path:
        mappings = mappings.get("properties", {}).get(name)
        if mappings is None:
            return None
    return mappings


def check_schema(verdict, name, template):
    schema = json.loads((Path(os.environ["SCHEMAS"]) / f"{name}.schema.json").read_text())
    seen = 0
    for path, types in walk(schema, schema):
        found = mapped(template["template"]["mappings"], path)
        seen += 1
        good = found and ("properties" in found or found.get("dynamic") is True if types is None
                          else found.get("type") in types)
        verdict.check(good, f"{name}: {'.'.join(path)} is mapped as {found and found.get('type')}, not {types}")
    verdict.check(seen > 15, f"{name}: only {seen} properties were found in the schema")


# ---- what a server does --------------------------------------------------------------------------------

def value_at(document, path):
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def put(document, path, value):
    *parents, last = path.split(".")
    for name in parents:
        document = document.setdefault(name, {})
    document[last] = value


def ingested(pipeline, record):
    """The record after the pipeline; ValueError for what is not understood here."""
    document = json.loads(json.dumps(record))
    for processor in pipeline["processors"]:
        (kind, options), = processor.items()
        condition = re.fullmatch(r"ctx\.([a-z]+)\?\.([a-z]+) != null", options.get("if", "ctx.event?.id != null"))
        if not condition:
            raise ValueError(f"condition {options['if']}")
        if value_at(document, f"{condition[1]}.{condition[2]}") is None:
            continue
        if kind == "set":
            template = re.fullmatch(r"\{\{\{([a-z_.]+)\}\}\}", options["value"])[1]
            value = INGESTED if template == "_ingest.timestamp" else str(value_at(document, template))
            put(document, options["field"], value)
        elif kind == "convert" and options["type"] == "long" and options["ignore_missing"]:
            value = value_at(document, options["field"])
            if value is not None:
                put(document, options["field"], int(value))
        else:
            raise ValueError(f"processor {kind}")
    return document


def fits(value, kind):
    if kind == "long":
        return type(value) is int and -2**63 <= value < 2**63
    if kind == "boolean":
        return type(value) is bool
    if kind == "keyword":
        return isinstance(value, str) and len(value.encode()) <= 32766  # Lucene's longest term
    if kind == "date_nanos":
        return isinstance(value, str) and TIME.fullmatch(value)
    if kind == "date":
        return value == INGESTED
    return kind == "ip" and bool(ipaddress.ip_address(value))


def misfits(value, mapping, path=""):
    """Where a strict index would refuse a document."""
    if isinstance(value, list):
        for item in value:
            yield from misfits(item, mapping, path)
    elif isinstance(value, dict):
        if mapping.get("dynamic") is True:
            return
        for name, member in value.items():
            part = mapping.get("properties", {}).get(name)
            if part is None:
                yield f"{path}.{name} is not mapped"
            else:
                yield from misfits(member, part, f"{path}.{name}")
    elif "properties" in mapping or not fits(value, mapping.get("type")):
        yield f"{path} {value!r} is no {mapping.get('type', 'object')}"


def bulk(lines):
    return subprocess.run(["sed", "-E", "-f", FOLDER / "bulk.sed"], input=lines, capture_output=True,
                          check=True).stdout.decode("ascii").splitlines()


def check_report(verdict, name, lines, templates, pipeline):
    body = bulk(lines)
    records = lines.decode("ascii").splitlines()
    verdict.check(body[1::2] == records, f"{name}: sed changes records")
    for action, line in zip(body[::2], records):
        record = json.loads(line)
        event = record["event"]
        verdict.check(json.loads(action) == {"index": {"_index": event["dataset"], "_id": event["id"]}},
                      f"{name}: goes to {action}")
        document = ingested(pipeline, record)
        faults = list(misfits(document, templates[event["dataset"]]["template"]["mappings"]))
        verdict.check(not faults, f"{name}: {event['dataset']}: {faults[:3]}")
        for to, of in (("source", "client"), ("destination", "server")):
            wanted = {key: record[of][key] for key in ("ip", "port", "packets", "bytes") if key in record.get(of, {})}
            verdict.check(document.pop(to, {}) == wanted, f"{name}: {to} is not {of}")
        document["event"].pop("ingested")
        verdict.check(document == record, f"{name}: the pipeline changes or drops something")


def main():
    verdict = Verdict()
    templates = {}
    for name in DATASETS:
        template = json.loads((FOLDER / f"index-template-{name}.json").read_text())
        verdict.check(template["index_patterns"] == [f"finwait.{name}"], f"{name}: {template['index_patterns']}")
        verdict.check(template["template"]["mappings"]["dynamic"] == "strict", f"{name} is not strict")
        templates[f"finwait.{name}"] = template
        check_schema(verdict, name, template)
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([sys.executable, FOLDER / "make_templates.py", os.environ["SCHEMAS"], fresh], check=True)
        for path in sorted(Path(fresh).iterdir()):
            verdict.check(path.read_text() == (FOLDER / path.name).read_text(),
                          f"{path.name} is not as the schemas say (./dev docs renews it)")

    pipeline = json.loads((FOLDER / "ingest-pipeline.json").read_text())
    options = ("--format", "ndjson", "--connections", "--min-severity", "info", "--observer", 'a"b\\\n{}')
    judged = set(sampled(captures()))
    for path in captures():
        run = Run([*options, path])
        fault = run.fault((0, 1, 2))
        verdict.check(fault is None, f"{path.name}: {fault}")
        if run.status != 1 and path in judged:
            check_report(verdict, path.name, run.out, templates, pipeline)
    untimed, _ = without_times(CAPTURES / "four_segment_close.pcap")
    lines = Run([*options, "-"], stdin=untimed).out
    verdict.check(b"@timestamp" not in lines, "without times there is an @timestamp")
    check_report(verdict, "without times", lines, templates, pipeline)
    verdict.finish()


main()
