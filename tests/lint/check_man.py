#!/usr/bin/env python3
"""The manual says what the program takes: check_man.py PROGRAM

Every page is clean mdoc, every command has its section, and the options of each section are those of `--help`, neither fewer
nor more, with the same letters and arguments. Failure classes and pages that the manual names exist.
"""

import os
import re
import shutil
import subprocess
import sys

import repository

MAX_COLUMNS = 100
# What depends on the pages installed on this machine says nothing about ours.
MACHINE_MATTERS = re.compile(r"referenced manual not found|outdated mandoc\.db")
HELP_COMMAND = re.compile(r"^  ([a-z-]+(?: [a-z-]+)?)(?:  |$)")
HELP_OPTION = re.compile(r"^ {2,6}(?:-(\w), )?--([a-z-]+)(?: (\S+))?(?:  |$)")
PAGE_OPTION = re.compile(r"^\.It (?:Fl (\w) , )?Fl Fl ([a-z-]+)(?: Ar (\S+))?")


def run_help(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def section(lines, title):
    """Lines below the heading "Title:" up to the next empty line."""
    start = lines.index(title + ":") + 1
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return lines[start:end]


def commands(program):
    found = (HELP_COMMAND.match(line) for line in section(run_help(program), "Commands"))
    return [match.group(1) for match in found if match]


def help_options(program, command):
    found = (HELP_OPTION.match(line) for line in section(run_help(program, *command.split()), "Options"))
    return {match.group(2): (match.group(1), match.group(3)) for match in found if match}


def page_options(lines):
    found = (PAGE_OPTION.match(line) for line in lines)
    return {match.group(2): (match.group(1), match.group(3)) for match in found if match}


def page_section(path, heading):
    """Lines of a page below the heading ".Sh X" or ".Ss x" up to the next heading of its kind or above; None without."""
    lines = repository.text(path).splitlines()
    if heading not in lines:
        return None
    rest = lines[lines.index(heading) + 1:]
    stop = (".Sh ", ".Ss ") if heading.startswith(".Ss") else (".Sh ",)
    end = next((i for i, line in enumerate(rest) if line.startswith(stop)), len(rest))
    return rest[:end]


def shown(option, letter, argument):
    return (f"-{letter}, " if letter else "") + f"--{option}" + (f" {argument}" if argument else "")


def compare(where, documented, taken):
    for option in sorted(documented.keys() | taken.keys()):
        if option not in documented:
            yield f"{where}: does not explain {shown(option, *taken[option])}"
        elif option not in taken:
            yield f"{where}: explains --{option}, which --help does not show"
        elif documented[option] != taken[option]:
            yield f"{where}: has {shown(option, *documented[option])}, --help has {shown(option, *taken[option])}"


def check_commands(program):
    names = commands(program)
    if not names:
        yield "gapstow --help: no command found"
    common = page_options(page_section("man/gapstow.1", ".Sh OPTIONS") or [])
    for name in names:
        first = name.split()[0]
        path, heading = f"man/gapstow-{first}.1", ".Sh OPTIONS" if name == first else f".Ss {name}"
        lines = page_section(path, heading) if os.path.isfile(os.path.join(repository.ROOT, path)) else None
        if lines is None:
            yield f"{path}: no '{heading}' for gapstow {name}"
            continue
        own = page_options(lines)
        yield from (f"{path}: --{option} is an option of every command" for option in own if option in common)
        yield from compare(f"{path} ({name})", {**common, **own}, help_options(program, name))
        if f".Nm gapstow {name}" not in repository.text(path).splitlines():
            yield f"{path}: the synopsis does not show gapstow {name}"


def check_widths(program):
    for words in [[], *(name.split() for name in commands(program))]:
        for line in run_help(program, *words):
            if len(line) > MAX_COLUMNS:
                yield f"gapstow {' '.join([*words, '--help'])}: {len(line)} columns: {line.strip()}"


def check_names(pages):
    classes = set(re.findall(r"^\| `(\w+)` \| \d+ \|", repository.text("formats/errors.md"), re.MULTILINE))
    files = {os.path.basename(page) for page in pages}
    for page in pages:
        text = repository.text(page)
        name, number = os.path.basename(page).rsplit(".", 1)
        if f".Dt {name.upper()} {number}\n" not in text:
            yield f"{page}: .Dt is not {name.upper()} {number}"
        for other, its_number in re.findall(r"\bXr (gapstow\S*) (\d)", text):
            if f"{other}.{its_number}" not in files:
                yield f"{page}: refers to {other}({its_number}), which is not there"
        for words in re.findall(r"^\.Bq (.+)$", text, re.MULTILINE):
            for word in re.findall(r"[a-z_]+", words):
                if word not in classes:
                    yield f"{page}: [{word}] is no failure class"
        if page != "man/gapstow.1" and f".Xr {name} {number}" not in repository.text("man/gapstow.1"):
            yield f"man/gapstow.1: does not name {name}({number})"


def check_mdoc(pages):
    for page in pages:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], cwd=repository.ROOT,
                              capture_output=True, text=True, check=False)
        for line in (done.stdout + done.stderr).splitlines():
            if not MACHINE_MATTERS.search(line):
                yield line


def main():
    program = sys.argv[1]
    pages = [path for path in repository.tracked_files() if re.fullmatch(r"man/[^/]+\.[1-8]", path)]
    findings = [*check_commands(program), *check_widths(program), *check_names(pages)]
    if shutil.which("mandoc"):
        findings += check_mdoc(pages)
    elif not findings:
        repository.skip("mandoc is not installed; options and names agree")
    repository.report(findings, f"{len(pages)} manual pages")


main()
