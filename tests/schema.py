"""Records against the schemas that the build makes: one a dataset, and one for the document."""

import json
import os
from pathlib import Path

from harness import dataset, skip


class Schemas:
    def __init__(self):
        try:
            import jsonschema  # python3-jsonschema of the distribution
        except ImportError:
            skip("the Python module jsonschema is not installed")
        self.validators = {}
        for path in sorted(Path(os.environ["SCHEMAS"]).glob("*.schema.json")):
            schema = json.loads(path.read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            self.validators[path.name.removesuffix(".schema.json")] = (
                jsonschema.Draft202012Validator(schema))
        assert self.validators, f"no schemas in {os.environ['SCHEMAS']}"

    def faults(self, record):
        """What is wrong with a record, or with a document."""
        documents = {"finwait-report-1": "document", "finwait-rules-1": "rules"}
        name = documents[record["schema"]] if "schema" in record else dataset(record)
        if name not in self.validators:
            return [f"no schema for {name}"]
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self.validators[name].iter_errors(record)]
