"""Records against reports/schema: one JSON Schema a dataset, chosen by event.dataset."""

import json

from harness import SOURCE, dataset, skip

SCHEMA = SOURCE / "reports" / "schema"


class Schemas:
    def __init__(self):
        try:
            import jsonschema  # python3-jsonschema of the distribution
        except ImportError:
            skip("the Python module jsonschema is not installed")
        texts = {path.name: json.loads(path.read_text()) for path in SCHEMA.glob("*.json")}
        if not texts:
            skip("no schemas in reports/schema")
        # Newer jsonschema resolves references with a registry, the older with a store.
        try:
            from referencing import Registry, Resource
            registry = Registry().with_resources(
                (key, Resource.from_contents(text)) for name, text in texts.items()
                for key in {name, text.get("$id", name)})
            more = {name: {"registry": registry} for name in texts}
        except ImportError:
            store = {key: text for name, text in texts.items()
                     for key in {name, text.get("$id", name)}}
            more = {name: {"resolver": jsonschema.RefResolver(text.get("$id", name), text, store)}
                    for name, text in texts.items()}
        for text in texts.values():
            jsonschema.Draft202012Validator.check_schema(text)
        self.validators = {
            name.removesuffix(".json").removesuffix(".schema"):
                jsonschema.Draft202012Validator(text, **more[name]) for name, text in texts.items()}

    def faults(self, record):
        """What is wrong with a record, or with the whole document of --format json."""
        name = dataset(record) if "event" in record else "report"
        if name not in self.validators:
            return [f"no schema for {name}"]
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self.validators[name].iter_errors(record)]
