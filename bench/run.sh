#!/usr/bin/env bash
# Measures gapstow against its yardsticks, pair by pair in one run, and prints ratios. Needs a release build, hyperfine,
# GNU time, openssl, skopeo and about 6 GB of free disk.
#
#   bench/run.sh [verify|pack|import|memory|start|curve]...      default: all
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export SOURCE_DATE_EPOCH=1795392000
at=2026-11-23T00:00:00Z

prepare_keys() {
  "$gapstow" key generate "$work/bench" --no-passphrase -q
  "$gapstow" trust init --trust-store "$work/trust" -q
  "$gapstow" trust add-signer bench --key "$work/bench.pub" --trust-store "$work/trust" -q
  "$gapstow" trust add-rule 'bench.test/*' --without-chain --trust-store "$work/trust" -q
}

prepare_image() {
  [[ -d $work/layout ]] && return
  say "making an image of 1 GiB in 4 layers"
  python3 "$here/make_images.py" "$work/layout"
  tar -C "$work/layout" -cf "$work/image.tar" .
  "$gapstow" pack "oci:$work/layout" --trust none --signer "$work/bench.key" -o "$work/image.gapstow" -q
  cat "$work"/layout/blobs/sha256/* "$work/image.tar" "$work/image.gapstow" >/dev/null
}

common() { printf -- '--trust-store %s --state %s --at %s -q' "$work/trust" "$work/state.db" "$at"; }

bench_verify() {
  prepare_image
  say "verify, against openssl dgst -sha256 over the same bytes"
  pair "verify FILE" "<= 0.7" "$gapstow verify $work/image.gapstow $(common)" "openssl dgst -sha256 $work/image.gapstow >/dev/null"
  pair "verify - (from a pipe)" "<= 1.2" "cat $work/image.gapstow | $gapstow verify - $(common)" \
    "cat $work/image.gapstow | openssl dgst -sha256 >/dev/null"
}

bench_pack() {
  prepare_image
  say "pack, against cp of the same bytes"
  local pack="$gapstow pack %s --trust none --signer $work/bench.key -q -o $work/out.gapstow"
  # shellcheck disable=SC2059
  pair "pack oci:" "<= 1.15" "$(printf "$pack" "oci:$work/layout")" "cp -r $work/layout $work/copy" "rm -rf $work/out.gapstow $work/copy"
  # shellcheck disable=SC2059
  pair "pack oci-archive:" "<= 1.15" "$(printf "$pack" "oci-archive:$work/image.tar")" "cp $work/image.tar $work/copy" \
    "rm -rf $work/out.gapstow $work/copy"
}

bench_import() {
  prepare_image
  say "import, against skopeo copy"
  pair "import oci:" "<= 0.25" "$gapstow import $work/image.gapstow oci:$work/imported $(common)" \
    "skopeo copy -q --preserve-digests oci-archive:$work/image.tar oci:$work/copied:0" \
    "rm -rf $work/imported $work/copied $work/state.db"
}

bench_memory() {
  prepare_image
  say "peak memory"
  local signer=(--signer "$work/bench.key" -q)
  # shellcheck disable=SC2046
  {
    memory "pack oci:, 1 GiB" "$gapstow" pack "oci:$work/layout" --trust none "${signer[@]}" -o "$work/out.gapstow"
    memory "verify FILE, 1 GiB" "$gapstow" verify "$work/image.gapstow" $(common)
    memory "import oci:, 1 GiB" "$gapstow" import "$work/image.gapstow" "oci:$work/imported" $(common)
    rm -rf "$work/imported" "$work/out.gapstow"
    say "an image of 10 GiB of holes"
    python3 "$here/make_images.py" "$work/sparse" --layers 4 --size $((2560 << 20)) --sparse
    memory "pack oci: to a pipe, 10 GiB" bash -c "$gapstow pack oci:$work/sparse --trust none --signer $work/bench.key -q -o - | cat >/dev/null"
    memory "pack, verify - in a pipe, 10 GiB" bash -c \
      "$gapstow pack oci:$work/sparse --trust none --signer $work/bench.key -q -o - | $gapstow verify - $(common)"
  }
  rm -rf "$work/sparse"
}

bench_start() {
  say "start-up"
  hyperfine -N --warmup 5 --runs 100 --export-json "$work/start.json" --style none "$gapstow version" >/dev/null
  python3 -c "import json; print('version%37s %8.1f ms  (aim < 10)' % ('', json.load(open('$work/start.json'))['results'][0]['median'] * 1000))"
}

bench_curve() {
  say "many small images: time must grow as the count does"
  printf '%-10s %-10s %10s %10s %10s %12s\n' images blobs pack/s verify/s import/s 'verify MiB'
  local count
  for count in 250 500 1000 2000; do
    rm -rf "$work/many" "$work/many.gapstow" "$work/many.out"
    python3 "$here/make_images.py" "$work/many" --images "$count" --layers 8 --size 1024
    local pack verify import
    pack=$(/usr/bin/time -f %e "$gapstow" pack "oci:$work/many" --trust none --signer "$work/bench.key" -q -o "$work/many.gapstow" 2>&1)
    # shellcheck disable=SC2046
    verify=$(/usr/bin/time -f '%e %M' "$gapstow" verify "$work/many.gapstow" $(common) 2>&1)
    # shellcheck disable=SC2046
    import=$(/usr/bin/time -f %e "$gapstow" import "$work/many.gapstow" "oci-archive:$work/many.out" $(common) 2>&1)
    printf '%-10s %-10s %10s %10s %10s %12s\n' "$count" $((count * 10)) "$pack" "${verify% *}" "$import" $((${verify#* } / 1024))
  done
  rm -rf "$work/many" "$work/many.gapstow" "$work/many.out"
}

prepare_keys
if (($# == 0)); then set -- verify pack import memory start curve; fi
for each in "$@"; do "bench_$each"; done
