#!/usr/bin/env python3
"""statement.schema.json and part-header.schema.json accept what is right and nothing slacker:
schema_test.py MAKE_BUNDLE_VECTORS FORMATS"""

import base64
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

MAKE, FORMATS = sys.argv[1:3]
RIGHT = ["ok-example", "ok-without-chain", "ok-full-block"]
# Faults that a schema can see.
WRONG = ["newer-predicate", "newer-statement", "newer-version", "newer-requires", "version-text", "requires-missing",
         "json-unknown-member", "json-missing-member", "time-fraction", "time-offset", "digest-upper-case",
         "size-negative", "size-beyond-integers", "subject-more", "name-absolute", "name-too-long", "attachment-kind", "attachments-empty", "attachment-twice",
         "chain-empty", "text-control", "text-too-long", "rule-unknown", "image-binding", "seal-size-limit", "stray-entry"]


def load(name):
    with open(f"{FORMATS}/{name}", encoding="utf-8") as file:
        return file.read()


def validator(name):
    schema = json.loads(load(name))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def statement(vector):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([MAKE, "--extract", f"{FORMATS}/vectors/bundle/{vector}.vec", folder], check=True)
        with open(os.path.join(folder, "bundle"), "rb") as file:
            seal = file.read()[512:]
    payload = re.match(rb'\{"payload":"([^"]*)"', seal).group(1)
    return json.loads(base64.b64decode(payload))


def spoilt(document, path=()):
    """Copies that lack one member, or have one more, anywhere; `proof` alone may be absent."""
    here = document
    for step in path:
        here = here[step]
    if isinstance(here, dict):
        for name in [*here, "extra"]:
            if name == "proof":
                continue
            other = copy.deepcopy(document)
            place = other
            for step in path:
                place = place[step]
            place.pop(name) if name in place else place.update({name: 1})
            yield other, (*path, name)
    steps = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
    for step, _ in steps:
        yield from spoilt(document, (*path, step))


def check(schema, document, findings):
    findings += [f"right, but refused: {error.message}" for error in schema.iter_errors(document)]
    findings += [f"accepted with a change at {path}" for other, path in spoilt(document) if schema.is_valid(other)]


def main():
    findings = []
    schema = validator("statement.schema.json")
    for vector in RIGHT:
        check(schema, statement(vector), findings)
    findings += [f"{vector} is accepted" for vector in WRONG if schema.is_valid(statement(vector))]
    header = re.search(r'^\{"_type":"urn:gapstow:part:v1".*\}$', load("bundle.md"), re.MULTILINE).group(0)
    check(validator("part-header.schema.json"), json.loads(header), findings)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


main()
