#!/usr/bin/env python3
"""Compares what gapstow says of spoiled repositories (cases.tsv of make_spoiled) with what a client answered (a file each).

Fails where the client refuses what gapstow takes, where gapstow refuses what the client takes and no reason is given, and
for reasons that nothing needs.
"""
import collections
import os
import sys


def main():
    cases_file, answers = sys.argv[1:]
    problems, counts = [], collections.Counter()
    reasons, needed = {}, set()
    for line in open(cases_file, encoding="utf-8"):
        number, spoiling, role, state, verdict, reason = line.rstrip("\n").split("\t")
        with open(os.path.join(answers, f"{number}-{state}"), encoding="utf-8", errors="replace") as file:
            answer = file.read().strip()
        what = f"{spoiling}, {role}, {state} ({number})"
        takes, client_takes = verdict == "ok", answer == "ok"
        counts[takes, client_takes] += 1
        if reason != "-":
            reasons[spoiling] = reason
        if takes and not client_takes:
            problems.append(f"{what}: gapstow takes what the client does not: {answer}")
        if not takes and client_takes:
            needed.add(spoiling)
            if reason == "-":
                problems.append(f"{what}: gapstow is stricter ({verdict}), and no reason is given")
    for spoiling, reason in reasons.items():
        if spoiling not in needed:
            problems.append(f"{spoiling}: gapstow is nowhere stricter than the client, whatever '{reason}' says")
    print(f"both take {counts[True, True]}, both refuse {counts[False, False]}, "
          f"gapstow alone refuses {counts[False, True]}, the client alone refuses {counts[True, False]}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems or not counts[True, True] or not counts[False, False] else 0


sys.exit(main())
