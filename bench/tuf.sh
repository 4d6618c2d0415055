#!/usr/bin/env bash
# Measures how long it takes to prove TUF chains, small and very large. Needs a release build, hyperfine, GNU time, openssl.
#
#   bench/tuf.sh [chain|growth|start]...      default: all
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
gun=registry.example/team-0000/service-0000000

# make NAME ARGUMENTS...: a repository in $work/NAME, pinned.
make() {
  local name=$1
  shift
  python3 "$root/tests/support/make_tuf_repository.py" "$work/$name" "$@"
  "$gapstow" trust init --trust-store "$work/$name.trust" -q
  "$gapstow" trust add-root 'registry.example/*' --root "$work/$name/metadata/1.root.json" --trust-store "$work/$name.trust" -q
}

prove() { printf '%s chain verify tuf:%s --gun %s --target %s:1.0.0 --trust-store %s -q' "$gapstow" "$work/$1" "$gun" "$gun" "$work/$1.trust"; }

# measured NAME COMMAND: CPU time of the quickest of the runs on one core, and peak memory against the size of the metadata.
measured() {
  local best=999 peak=0 size
  size=$(du -sb "$work/$1/metadata" | cut -f1)
  for _ in $(seq "$runs"); do
    # shellcheck disable=SC2086
    taskset -c 0 /usr/bin/time -f '%U %S %M' -o "$work/took" $2 >/dev/null
    read -r user system kib <"$work/took"
    best=$(awk -v a="$best" -v b="$user" -v c="$system" 'BEGIN { t = b + c; print (t < a ? t : a) }')
    peak=$kib
  done
  awk -v name="$1" -v t="$best" -v kib="$peak" -v size="$size" \
    'BEGIN { printf "%-28s %8.2f s  %6.1f MB of metadata  peak %6.1f MB = %.1f x\n", name, t, size / 1e6, kib * 1024 / 1e6, kib * 1024 / size }'
}

bench_chain() {
  say "10 roots, 100 delegations, 100,000 targets (aim: at most 0.5 s on one core, under 6 x its size)"
  make targets-100000 --roots 10 --delegations 100 --targets 100000
  measured targets-100000 "$(prove targets-100000)"
}

bench_growth() {
  say "growth with the number of targets, 100 delegations (aim: linear)"
  for count in 1000 10000 100000 1000000; do
    [[ -d $work/targets-$count ]] || make "targets-$count" --roots 10 --delegations 100 --targets "$count"
    measured "targets-$count" "$(prove "targets-$count")"
  done
}

bench_start() {
  say "a chain of Docker Content Trust, start-up included (aim: under 3 ms)"
  local key=9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947
  "$gapstow" trust init --trust-store "$work/dct.trust" -q
  "$gapstow" trust add-root 'localhost:5000/lab/*' --key-id $key --trust-store "$work/dct.trust" -q
  for chain in dct-delegated dct-rotated; do
    hyperfine -N --warmup 20 --runs 300 --export-json "$work/start.json" --style none \
      "$gapstow chain verify dir:$root/samples/chains/$chain --gun localhost:5000/lab/app --target 1.1 --at 2026-11-23T00:00:00Z --trust-store $work/dct.trust -q" >/dev/null
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1]))["results"][0]; print(f"{sys.argv[2]:28} median {1000 * r['"'median'"']:.2f} ms, user {1000 * r['"'user'"']:.2f} ms, system {1000 * r['"'system'"']:.2f} ms")' "$work/start.json" "$chain"
  done
}

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(chain growth start)
for part in "${parts[@]}"; do "bench_$part"; done
