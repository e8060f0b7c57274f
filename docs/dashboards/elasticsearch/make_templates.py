#!/usr/bin/env python3
"""Writes the index templates from the JSON Schemas of the records.

usage: make_templates.py SCHEMAS [FOLDER]     (SCHEMAS: where finwait's *.schema.json are installed)

One template a dataset: `states` and `rules` are other things in other records, and in one index a name
has one type. Objects whose members' names the schema does not list are dynamic, all others strict.
"""

import json
import sys
from pathlib import Path

DATASETS = ("connection", "anomaly", "host", "sample", "summary")

# Arrays in which it matters what stands beside what.
NESTED = ("states", "services", "findings")

# What the ingest pipeline adds.
ENDPOINT = {"properties": {"ip": {"type": "ip"}, "port": {"type": "long"},
                           "packets": {"type": "long"}, "bytes": {"type": "long"}}}

# date_nanos begins in 1970: of an older time only the text is kept.
TIME = {"type": "date_nanos", "ignore_malformed": True}


def resolved(schema, definitions):
    """A schema with what it refers to; what it says itself comes on top."""
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        own = {key: value for key, value in schema.items() if key != "$ref"}
        members = dict(definitions[name].get("properties", {}))
        for member, part in own.get("properties", {}).items():
            members[member] = {**members.get(member, {}), **part}
        schema = {**definitions[name], **own, "properties": members, "name": name}
    return schema


def scalar(schema):
    if schema.get("name") == "time":
        return TIME
    if schema.get("name") == "address":
        return {"type": "ip"}
    kind = schema.get("type")
    if kind == "integer":
        return {"type": "long"}
    if kind == "boolean" or isinstance(schema.get("const"), bool):
        return {"type": "boolean"}
    if kind == "string" or "enum" in schema or "const" in schema:
        return {"type": "keyword"}
    raise ValueError(f"no type for {schema}")


def mapping(name, schema, definitions):
    schema = resolved(schema, definitions)
    if schema.get("type") == "array":
        items = mapping(name, schema["items"], definitions)
        return {"type": "nested", **items} if name in NESTED and "properties" in items else items
    if schema.get("type") != "object":
        return scalar(schema)
    members = dict(schema.get("properties", {}))
    names = schema.get("propertyNames", {})
    if "enum" in names:
        members.update({member: schema["additionalProperties"] for member in names["enum"]})
    elif names:
        return {"type": "object", "dynamic": True}
    return {"properties": {member: mapping(member, part, definitions) for member, part in members.items()}}


def template(schema):
    definitions = schema["$defs"]
    fields = mapping("", schema, definitions)["properties"]
    fields["event"]["properties"]["ingested"] = {"type": "date"}
    if "client" in fields:
        fields["source"] = fields["destination"] = ENDPOINT
    return {
        "index_patterns": [schema["title"]],
        "priority": 200,
        "template": {
            "settings": {"index.default_pipeline": "finwait"},
            "mappings": {
                "dynamic": "strict",
                "dynamic_templates": [{"words": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}],
                "properties": fields,
            },
        },
    }


def templates(folder):
    """{file name: text}"""
    return {f"index-template-{name}.json":
            json.dumps(template(json.loads((folder / f"{name}.schema.json").read_text())), indent=1) + "\n"
            for name in DATASETS}


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    for name, text in templates(Path(sys.argv[1])).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
