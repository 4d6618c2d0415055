#!/usr/bin/env bash
# Everything that must hold, from nothing: installs what is missing, builds twice and tests both builds.
#   asan  clang, address and undefined behaviour sanitizers: unit tests, vectors, corpora, faults
#   ci    gcc, optimised, warnings as errors: all tests; its summary closes the output
# Takes no input. GAPSTOW_SKIP_INSTALL=1 leaves the machine's packages alone.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
exec </dev/null

jobs=$(nproc)

heading() { printf '\n== %s (%d min %02d s)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

heading "packages"
"$root/scripts/install-dependencies.sh" build test peers

heading "build with sanitizers"
build asan

heading "tests under sanitizers"
(cd "$root" && ctest --preset asan -j "$jobs" -L '^(unit|prop|vector|vectors|corpus|fault)$')

heading "build as released, warnings are errors"
build ci

heading "all tests"
cd "$root" && ctest --preset ci -j "$jobs"
