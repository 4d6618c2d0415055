#!/usr/bin/env bash
# Measures what the tests reach in the modules that decide about trust: builds the preset `coverage`, runs the programs
# that drive these modules, and reports lines, branches and failure classes of each module.
#   scripts/coverage.sh             exit 1 below the floor of lines, or when tests fail
#   scripts/coverage.sh --lines     also every line that no test reaches
#   scripts/coverage.sh --report    only reports what the last run has left, with --lines too
# docs/coverage.md explains what is left.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
exec </dev/null

modules=(json sign tuf bundle trust)
# The unit tests of these modules, those of the module above them, test vectors, and disks that fail.
programs=("${modules[@]/#/test_}" test_transfer test_bundle_vectors test_tuf_vectors test_spoilings test_fault)
floor=95
report=("$root/scripts/coverage_report.py" --build "$root/build/coverage" --floor "$floor")
run=yes
for option in "$@"; do
  case $option in
    --lines) report+=(--lines) ;;
    --report) run= ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done

failed=0
if [ -n "$run" ]; then
  build coverage "${programs[@]}"
  find "$root/build/coverage" -name '*.gcda' -delete
  names=$(IFS='|'; echo "${programs[*]}")
  (cd "$root" && ctest --test-dir build/coverage --output-on-failure --parallel "$(nproc)" -R "\\.($names)\$") || failed=1
fi
"${report[@]}" "${modules[@]}" || failed=1
exit "$failed"
