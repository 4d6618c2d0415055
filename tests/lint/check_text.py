#!/usr/bin/env python3
"""House rules that need no compiler: sizes of files, `#pragma once`, paths of one machine, links in documents."""

import os
import re

import repository

HEADER_LINES = 300
SOURCE_LINES = 600
TEXT_ENDINGS = (".h", ".cpp", ".cmake", ".txt", ".md", ".json", ".py", ".sh", ".1", ".5", ".vec", ".yml", ".yaml")
# Spelled in two pieces, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w./])/(?:" + "work|tm" + r"p)/")
TEMPORARY = re.compile(r"mktemp|mkdtemp|XXXXXX|TMPDIR")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


def check_sizes():
    for path in repository.sources("src", "include"):
        content = repository.text(path)
        lines, limit = content.count("\n"), HEADER_LINES if path.endswith(".h") else SOURCE_LINES
        if lines > limit:
            yield f"{path}: {lines} lines, more than {limit}; is it still one concept?"
        if path.endswith(".h") and "#pragma once" not in content:
            yield f"{path}: no #pragma once"


def check_machine_paths():
    for path in repository.tracked_files():
        if not path.endswith(TEXT_ENDINGS) or path.startswith("samples/chains/"):
            continue
        may_use_temporary = path.startswith(("tests/", "scripts/", "bench/"))
        try:
            lines = repository.text(path).splitlines()
        except UnicodeDecodeError:  # vectors may hold raw bytes
            continue
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line) and not (may_use_temporary and TEMPORARY.search(line)):
                yield f"{path}:{number}: names a path of one machine: {line.strip()}"


def check_links():
    for path in (p for p in repository.tracked_files() if p.endswith(".md")):
        for target in LINK.findall(repository.text(path)):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not os.path.exists(os.path.join(repository.ROOT, os.path.dirname(path), target)):
                yield f"{path}: links to {target}, which is not there"


repository.report([*check_sizes(), *check_machine_paths(), *check_links()], "text")
