#!/usr/bin/env bash
# Static analysis that is too slow for the test run:
#   scripts/lint.sh                 clang-tidy on all sources
#   scripts/lint.sh --changed REV   only on sources that differ from REV (default HEAD~1), headers through what includes them
# Needs the lint group of scripts/install-dependencies.sh.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

database="$root/build/asan"
cd "$root"

changed_sources() {  # REV
  local file
  git diff --name-only --diff-filter=d "$1" -- 'src/*' 'include/*' | while read -r file; do
    case $file in
      *.cpp) echo "$file" ;;
      *.h) grep -rlF --include='*.cpp' "${file##*/}\"" src || true ;;
    esac
  done | sort -u
}

case ${1:-} in
  '') mapfile -t sources < <(find src -name '*.cpp' | sort) ;;
  --changed) mapfile -t sources < <(changed_sources "${2:-HEAD~1}") ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
if [ ${#sources[@]} -eq 0 ]; then echo "lint: no sources differ"; exit 0; fi
command -v clang-tidy-19 >/dev/null || { echo "lint: clang-tidy-19 is missing; run scripts/install-dependencies.sh lint" >&2; exit 3; }

[ -e "$database/compile_commands.json" ] || cmake --preset asan >/dev/null
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 --quiet -p "$database"
echo "lint: ${#sources[@]} sources are clean"
