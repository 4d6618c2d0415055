#!/usr/bin/env bash
# All C++ files are as clang-format 19 writes them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v clang-format-19 >/dev/null; then
  echo "skipped: clang-format-19 is not installed"
  exit 77
fi
folders=()
for folder in src include tests bench; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done
find "${folders[@]}" \( -name '*.h' -o -name '*.cpp' \) -print0 | xargs -0 -n 20 -P "$(nproc)" clang-format-19 --dry-run -Werror
echo "format: clean"
