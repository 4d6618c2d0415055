#!/usr/bin/env python3
"""Every vector of a chain is as formats/tuf-vector.schema.json says, and the schema refuses what is not:
tuf_schema_test.py FORMATS"""

import copy
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

FORMATS = sys.argv[1]
REQUIRED = ["at", "dialect", "expect", "files", "group", "gun", "pins", "title"]


def load(path):
    with open(os.path.join(FORMATS, path), encoding="utf-8") as file:
        return json.load(file)


def validator():
    schema = load("tuf-vector.schema.json")
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def wrong(document):
    """Copies with one fault each."""
    for name in REQUIRED:
        yield f"without {name}", {key: value for key, value in document.items() if key != name}
    yield "with an unknown member", {**document, "released": 1}
    yield "with a verdict that there is not", {**document, "expect": "rejected"}
    yield "refused, with a report", {**document, "expect": "malformed"}
    yield "expired of nothing", {**{k: v for k, v in document.items() if k != "report"}, "expect": "expired"}
    other = copy.deepcopy(document)
    other["files"]["roots"]["0"] = ""
    yield "with root 0", other


def main():
    schema, findings = validator(), []
    names = sorted(name for name in os.listdir(os.path.join(FORMATS, "vectors/tuf")) if name.endswith(".json"))
    for name in names:
        document = load("vectors/tuf/" + name)
        findings += [f"{name}: {error.message[:200]}" for error in schema.iter_errors(document)]
    good = load("vectors/tuf/good-notary-v1-plain.json")
    findings += [f"the schema accepts a vector {what}" for what, document in wrong(good) if schema.is_valid(document)]
    for finding in findings:
        print(finding)
    sys.exit(1 if findings or len(names) < 1000 else 0)


main()
