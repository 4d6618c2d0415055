#!/usr/bin/env python3
"""JSON output against its schemas: check_json.py FORMATS FOLDER

FOLDER holds documents named <what>.<schema>.json; each must be valid under FORMATS/<schema>.schema.json. The first document of
a schema also shows that the schema is tight: with any member taken out or one added anywhere it is no longer valid. Schemas
that list failure classes must list those of errors.md with their exit codes.
"""

import copy
import json
import os
import re
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def refuse_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a member twice among {keys}")
    return dict(pairs)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=refuse_duplicates)


def objects(value, path=()):
    """Paths of all objects in a document; of the items of a list only the first and last."""
    if isinstance(value, dict):
        yield path
        for key, member in value.items():
            yield from objects(member, (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} if value else ()):
            yield from objects(value[index], (*path, index))


def at(document, path):
    for step in path:
        document = document[step]
    return document


def spoiled(document):
    """Copies of the document, each with one member too few or too many, and where."""
    for path in objects(document):
        for key in [*at(document, path), None]:
            other = copy.deepcopy(document)
            if key is None:
                at(other, path)["unheardOf"] = 1
            else:
                del at(other, path)[key]
            yield f"{'/'.join(map(str, path))}: {'one more member' if key is None else 'without ' + key}", other


def check_document(path, validator, tight):
    try:
        document = load(path)
    except ValueError as error:
        yield f"is not JSON: {error}"
        return
    for error in validator.iter_errors(document):
        yield f"{error.json_path}: {error.message[:300]}"
    if tight and validator.is_valid(document):
        yield from (f"still valid: {what}" for what, other in spoiled(document) if validator.is_valid(other))


def check_classes(formats):
    with open(os.path.join(formats, "errors.md"), encoding="utf-8") as file:
        listed = {(name, int(code)) for name, code in re.findall(r"^\| `(\w+)` \| (\d+) \|", file.read(), re.MULTILINE)}
    branches = load(os.path.join(formats, "failure.schema.json"))["oneOf"]
    found = {(name, branch["properties"]["exitCode"]["const"])
             for branch in branches for name in branch["properties"]["code"]["enum"]}
    if found != listed:
        yield f"failure.schema.json: classes differ from errors.md: {sorted(found ^ listed)}"


def main():
    formats, folder = sys.argv[1:]
    findings, validators = [*check_classes(formats)], {}
    documents = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    for name in documents:
        schema = name.split(".")[-2]
        first = schema not in validators
        if first:
            validators[schema] = jsonschema.Draft202012Validator(load(os.path.join(formats, schema + ".schema.json")))
        findings += [f"{name}: {finding}"
                     for finding in check_document(os.path.join(folder, name), validators[schema], first)]
    print("\n".join([*findings, f"{len(documents)} documents, {len(validators)} schemas, {len(findings)} findings"]))
    sys.exit(1 if findings or not documents else 0)


main()
