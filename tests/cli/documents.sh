#!/usr/bin/env bash
# The marked examples of the documents run as printed, in their order, in a folder that has samples/ in it.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# examples FILE: the blocks that follow a line "<!-- example … -->".
examples() {
  awk '/^<!-- example/ { wanted = 1; next }
       wanted && /^```/ { inside = !inside; if (!inside) wanted = 0; next }
       inside' "$1"
}

mkdir "$work/bin"
ln -s "$GAPSTOW" "$work/bin/gapstow"
for document in "$SOURCE_DIR"/docs/*.md; do
  examples "$document" >"$work/example.sh"
  [ -s "$work/example.sh" ] || continue
  mkdir "$work/$(basename "$document")"
  cd "$work/$(basename "$document")"
  ln -s "$samples" samples
  echo "$(basename "$document"): $(grep -c '^gapstow' "$work/example.sh") commands"
  PATH="$work/bin:$PATH" expect_exit 0 bash -eux "$work/example.sh"
done
expect_stdout_line "IMPORTED.* 1 image, every byte checked"
