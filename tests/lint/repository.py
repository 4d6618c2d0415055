"""What the lint checks share: the repository's files and how findings are reported."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77  # ctest shows this as "skipped"


def tracked_files():
    """Paths from the root of all files that are or would be committed, sorted."""
    try:
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        return sorted({path for path in listed if path and os.path.isfile(os.path.join(ROOT, path))})
    except (OSError, subprocess.CalledProcessError):  # a source archive without git
        found = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [f for f in folders if not f.startswith(".") or f == ".ci"]
            if folder == ROOT and "build" in folders:
                folders.remove("build")
            found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
        return sorted(found)


def sources(*folders, endings=(".h", ".cpp")):
    """Tracked C++ files below the folders."""
    prefixes = tuple(folder + "/" for folder in folders)
    return [path for path in tracked_files() if path.startswith(prefixes) and path.endswith(endings)]


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def report(findings, what):
    """Prints one finding a line and ends the program; no finding is success."""
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings)} findings" if findings else f"{what}: clean")
    sys.exit(1 if findings else 0)
