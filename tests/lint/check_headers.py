#!/usr/bin/env python3
"""Every public header compiles alone, without warnings: check_headers.py COMPILER"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import repository


def compile_alone(header):
    command = [sys.argv[1], "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-Iinclude", "-"]
    unit = f'#include "{os.path.relpath(header, "include")}"\n'
    result = subprocess.run(command, cwd=repository.ROOT, input=unit, capture_output=True, text=True, check=False)
    return f"{header}: does not compile alone\n{result.stderr}" if result.returncode else None


def main():
    headers = repository.sources("include", endings=(".h",))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [finding for finding in pool.map(compile_alone, headers) if finding]
    repository.report(findings, f"{len(headers)} headers alone")


main()
