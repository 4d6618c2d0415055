#!/usr/bin/env python3
"""Includes go down only: src/<m>/ and include/gapstow/<m>/ against the table in layers.json.

- a module includes its own headers and those of the modules that the table allows, nothing else;
- a third-party header is included only by the modules that the table names, never by a public header;
- other headers are those of the C++ and POSIX standards, or Linux;
- neither modules nor files include each other in circles.
"""

import json
import os
import re

import repository

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
PLATFORM = re.compile(r"(sys|linux|arpa|net|netinet)/\w+\.h")
POSIX = {"dirent.h", "errno.h", "fcntl.h", "fnmatch.h", "limits.h", "malloc.h", "poll.h", "pthread.h", "pwd.h", "signal.h",
         "stdlib.h", "string.h", "termios.h", "time.h", "unistd.h"}
MAIN = {"src/main.cpp": "cli", "src/tuf_client.cpp": "cli", "src/image_verifier.cpp": "cli"}  # programs stand on the top layer


def module_of(path):
    if path in MAIN:
        return MAIN[path]
    parts = path.split("/")
    depth = 2 if path.startswith("include/gapstow/") else 1
    return parts[depth] if len(parts) > depth + 1 else None


def third_party_of(name, table):
    return next((prefix for prefix in table if name.startswith(prefix)), None)


def find_cycle(graph):
    """One cycle of the graph as a list of its nodes, or nothing."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for follower in graph.get(node, ()):
            cycle = visit(follower)
            if cycle:
                return cycle
        path.pop()
        done.add(node)
        return None

    return next((cycle for cycle in map(visit, sorted(graph)) if cycle), None)


class Layers:
    def __init__(self, table):
        self.modules = table["modules"]
        self.third_party = table["third_party"]
        self.findings = []
        self.includes = {}  # file -> files it includes

    def check_file(self, path):
        module = module_of(path)
        if module not in self.modules:
            self.findings.append(f"{path}: not in a module that layers.json knows")
            return
        self.includes[path] = []
        for kind, name in INCLUDE.findall(repository.text(path)):
            problem = self.check_own(path, module, name) if kind == '"' else self.check_foreign(path, module, name)
            if problem:
                self.findings.append(f"{path}: includes {kind}{name}: {problem}")

    def check_own(self, path, module, name):
        if name.startswith("gapstow/"):
            target = "include/" + name
        else:
            target = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if not os.path.isfile(os.path.join(repository.ROOT, target)):
            return "no such header; third-party headers go in angle brackets"
        self.includes[path].append(target)
        other = module_of(target)
        if other == module:
            is_public = path.startswith("include/")
            return "a public header includes a private one" if is_public and target.startswith("src/") else None
        if other not in self.modules[module]:
            return f"{module} may not use {other}"
        return None if target.startswith("include/") else f"a private header of {other}"

    def check_foreign(self, path, module, name):
        if name.startswith("gapstow/"):
            return "own headers go in quotes"
        library = third_party_of(name, self.third_party)
        if library:
            if path.startswith("include/"):
                return "third-party headers stay out of public headers"
            allowed = self.third_party[library]
            return None if module in allowed else f"only {', '.join(allowed)} may use it"
        if name in POSIX or PLATFORM.fullmatch(name) or re.fullmatch(r"[a-z_0-9]+", name):
            return None
        return "layers.json allows no module to use it"

    def check_shape(self):
        for module, used in self.modules.items():
            self.findings += [f"layers.json: {module} uses unknown {u}" for u in used if u not in self.modules]
        for graph in (self.modules, self.includes):
            cycle = find_cycle(graph)
            if cycle:
                self.findings.append("a circle: " + " -> ".join(cycle))


def main():
    layers = Layers(json.loads(repository.text("tests/lint/layers.json")))
    for path in repository.sources("src", "include"):
        layers.check_file(path)
    layers.check_shape()
    repository.report(layers.findings, "layers")


main()
