#!/usr/bin/env python3
"""Every JSON file of formats/ parses, and those that say they are JSON Schemas are valid ones."""

import json

import repository

try:
    import jsonschema
except ImportError:
    repository.skip("python3-jsonschema is not installed")


def refuse_duplicates(pairs):
    keys = [key for key, _ in pairs]
    doubled = {key for key in keys if keys.count(key) > 1}
    if doubled:
        raise ValueError(f"duplicate keys {sorted(doubled)}")
    return dict(pairs)


def check(path):
    try:
        document = json.loads(repository.text(path), object_pairs_hook=refuse_duplicates)
    except ValueError as error:
        return f"{path}: {error}"
    if not isinstance(document, dict) or "$schema" not in document:
        return f"{path}: names no $schema" if path.endswith(".schema.json") else None
    validator = jsonschema.validators.validator_for(document, default=None)
    if validator is None:
        return f"{path}: unknown $schema {document['$schema']}"
    try:
        validator.check_schema(document)
    except jsonschema.SchemaError as error:
        return f"{path}: {error.message} at {list(error.path)}"
    return None


def main():
    # Vectors are data, broken ones included; only schemas and examples are ours to keep whole.
    paths = [p for p in repository.tracked_files()
             if p.startswith("formats/") and p.endswith(".json") and not p.startswith("formats/vectors/")]
    findings = [finding for finding in map(check, paths) if finding]
    repository.report(findings, f"{len(paths)} JSON files")


main()
