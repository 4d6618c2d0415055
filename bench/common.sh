# Shared by the measurements beside it; sourced, not run.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
gapstow=${GAPSTOW:-$root/build/release/gapstow}
runs=${RUNS:-7}
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/gapstow-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }

# pair NAME LIMIT "ours" "yardstick" ["prepare ours" ["prepare yardstick"]]: runs both in turn, prints the medians and
# their ratio against the limit.
pair() {
  local name=$1 limit=$2 ours=$3 yard=$4 before_ours=${5:-true} before_yard=${6:-${5:-true}}
  hyperfine -N --warmup 1 --runs "$runs" --export-json "$work/pair.json" --style none \
    --prepare "bash -c '$before_ours'" "bash -c \"$ours\"" --prepare "bash -c '$before_yard'" "bash -c \"$yard\"" >/dev/null
  python3 - "$work/pair.json" "$name" "$limit" <<'PY'
import json, sys
ours, yard = (r["median"] for r in json.load(open(sys.argv[1]))["results"])
print(f"{sys.argv[2]:44} {ours:8.3f} s  yardstick {yard:8.3f} s  ratio {ours / yard:5.2f}  (aim {sys.argv[3]})")
PY
}

# memory NAME COMMAND...: peak resident memory.
memory() {
  local name=$1
  shift
  /usr/bin/time -f '%M' -o "$work/peak" "$@" >/dev/null
  printf '%-44s %8.1f MiB  (aim < 64)\n' "$name" "$(awk '{print $1 / 1024}' "$work/peak")"
}
