#!/usr/bin/env python3
"""The closed list of failure classes is the same everywhere.

error.h declares it, error.cpp gives the exit codes, formats/errors.md explains both in the same order, man/gapstow.1 names
every class, and every class that the program can report is expected by some test or vector.
"""

import re

import repository

# The test of the list itself names every class and proves nothing about when they are reported.
LIST_TESTS = ("tests/lint/", "tests/unit/base/error")


def declared():
    body = re.search(r"enum class ErrorCode \{(.*?)\n\};", repository.text("include/gapstow/base/error.h"), re.DOTALL)
    return re.findall(r"^  (\w+),", body.group(1), re.MULTILINE)


def exit_codes():
    rows = re.findall(r'Row\{ErrorCode::(\w+), "(\w+)", (\d+)\}', repository.text("src/base/error.cpp"))
    return [(name, int(code)) for name, printed, code in rows if name == printed]


def documented():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| \S", repository.text("formats/errors.md"), re.MULTILINE)
    return [(name, int(code)) for name, code in rows]


def reported():
    """Classes that some source outside the list can report."""
    found = set()
    for path in repository.sources("src"):
        if path != "src/base/error.cpp":
            found |= set(re.findall(r"\bErrorCode::(\w+)", repository.text(path)))
    return found


def expected_somewhere(names):
    """Classes that a test or vector expects: ErrorCode::x, [x], "x", expect: x."""
    pattern = re.compile(r"""(?:ErrorCode::|REQUIRE_ERROR\(|expect_class\s+|\[|["'`]|expect:\s*|code[:=]\s*)(""" + "|".join(names) + r")\b")
    found = set()
    for path in repository.tracked_files():
        if not path.startswith(("tests/", "formats/vectors/")) or path.startswith(LIST_TESTS):
            continue
        try:
            found |= set(pattern.findall(repository.text(path)))
        except UnicodeDecodeError:
            with open(f"{repository.ROOT}/{path}", "rb") as file:  # a vector: text header, then bytes
                found |= set(pattern.findall(file.read(4096).decode("utf-8", "replace")))
    return found


def main():
    names, findings = declared(), []
    if not names:
        findings.append("error.h: no enum ErrorCode found")
    if [name for name, _ in exit_codes()] != names:
        findings.append("error.cpp: rows differ from the enumerators of error.h")
    if documented() != exit_codes():
        differing = sorted(set(documented()) ^ set(exit_codes()))
        findings.append(f"formats/errors.md: differs from error.cpp (names, exit codes or order): {differing}")
    try:
        manual = repository.text("man/gapstow.1")
        findings += [f"man/gapstow.1: does not name {n}" for n in names if not re.search(rf"\b{n}\b", manual)]
    except FileNotFoundError:
        findings.append("man/gapstow.1 is missing")
    findings += [f"{n}: reported by the program, expected by no test or vector"
                 for n in names if n in reported() - expected_somewhere(names)]
    repository.report(findings, "failure classes")


main()
