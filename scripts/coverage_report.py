#!/usr/bin/env python3
"""What tests reached, from the counters of gcov: coverage_report.py --build DIR [--floor PERCENT] [--lines] MODULE...

Branches are those that the source spells out; the ways that an exception may take from any call are not counted. A
failure class counts as reached in a module when one of the module's places that report it was executed.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE = re.compile(r"\s*[-#=\d*]+:\s*(\d+):(.*)")
RETURNED_NEVER = re.compile(r"call\s+\d+ returned 0$")
SITE = re.compile(r"\bErrorCode::(\w+)")


class File:
    """Counters of one source file, summed over all programs."""

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.defaultdict(collections.Counter)
        self.thrown = set()

    def add(self, line):
        number = line["line_number"]
        self.lines[number] += line["count"]
        spelled = [branch["count"] for branch in line["branches"] if not branch["throw"]]
        # A template has its branches once for each instance: the same place in the source.
        for index, count in enumerate(spelled):
            self.branches[number][index] += count


def counters(build):
    """Path of each file with counters: gcov's report on it."""
    found = []
    for folder, _, names in os.walk(build):
        found += [os.path.join(folder, name) for name in names if name.endswith(".gcda")]
    return sorted(found)


def gcov(path, *options):
    command = ["gcov", "--stdout", "--branch-probabilities", *options, path]
    result = subprocess.run(command, cwd=os.path.dirname(path), capture_output=True, text=True, check=False)
    if result.returncode:
        print(f"{path}: not counted, it is of another build than the program", file=sys.stderr)
        return []
    return result.stdout.splitlines()


def thrown(path):
    """(source, line) of each place with a call that was made and never came back, as that of `throw`."""
    source, number, places = "", 0, set()
    for line in gcov(path, "--branch-counts"):
        if place := LINE.match(line):
            number = int(place[1])
            if number == 0 and place[2].startswith("Source:"):
                source = place[2].removeprefix("Source:")
        elif RETURNED_NEVER.match(line):
            places.add((source, number))
    return places


def read(path):
    documents = [json.loads(line) for line in gcov(path, "--json-format") if line.startswith("{")]
    return [file for document in documents for file in document["files"]], thrown(path)


def is_of(module, path):
    return path.startswith((f"src/{module}/", f"include/gapstow/{module}/"))


def gather(build, modules):
    files = collections.defaultdict(File)

    def place_of(name):
        path = os.path.relpath(os.path.join(build, name), ROOT)
        return path if any(is_of(module, path) for module in modules) else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for reports, places in pool.map(read, counters(build)):
            for file in reports:
                if path := place_of(file["file"]):
                    for line in file["lines"]:
                        files[path].add(line)
            for name, number in places:
                if path := place_of(name):
                    files[path].thrown.add(number)
    return files


def source_lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def reported_classes(path, file):
    """(class, line, reached) of each place that reports: by `throw`, or by its statement's being executed."""
    for number, text in enumerate(source_lines(path), 1):
        code = text.split("//")[0]
        for name in SITE.findall(code):
            measured = [n for n in range(number, max(number - 4, 0), -1) if n in file.lines]
            if not measured or re.search(r"(case|[=!]=) (base::)?ErrorCode", code):
                continue
            is_conditional = re.search(r"\bif \(.*throw\b", code)
            yield name, number, number in file.thrown if is_conditional else file.lines[measured[0]] > 0


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def report_module(module, files, arguments):
    own = {path: file for path, file in sorted(files.items()) if is_of(module, path)}
    lines = [count for file in own.values() for count in file.lines.values()]
    branches = [count for file in own.values() for line in file.branches.values() for count in line.values()]
    hit, taken = sum(map(bool, lines)), sum(map(bool, branches))
    sites = collections.defaultdict(list)
    for path, file in own.items():
        for name, number, reached in reported_classes(path, file):
            sites[name].append((reached, f"{path}:{number}"))
    missing = sorted(name for name, places in sites.items() if not any(reached for reached, _ in places))
    print(f"{module:8} lines {percent(hit, len(lines)):6.2f} % ({hit}/{len(lines)})  "
          f"branches {percent(taken, len(branches)):6.2f} % ({taken}/{len(branches)})  "
          f"classes {len(sites) - len(missing)}/{len(sites)}")
    for name in missing:
        print(f"         never reported: {name} ({', '.join(place for _, place in sites[name])})")
    if arguments.lines:
        for path, file in own.items():
            content = source_lines(path)
            for number in sorted(number for number, count in file.lines.items() if count == 0):
                print(f"         {path}:{number}: {content[number - 1].strip()}")
    if not lines:
        print("         no counters: were the tests run?")
    return bool(lines) and percent(hit, len(lines)) >= arguments.floor


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--floor", type=float, default=0)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("modules", nargs="+")
    arguments = parser.parse_args()
    files = gather(os.path.abspath(arguments.build), arguments.modules)
    good = [report_module(module, files, arguments) for module in arguments.modules]
    sys.exit(0 if all(good) else 1)


main()
