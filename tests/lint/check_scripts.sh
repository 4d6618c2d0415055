#!/usr/bin/env bash
# Every shell script parses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
while IFS= read -r -d '' script; do
  bash -n "$script" || status=1
done < <(find scripts tests bench .ci -type f \( -name '*.sh' -o -path '.ci/*' \) -print0 2>/dev/null || true)
exit "$status"
