#!/usr/bin/env bash
# Measures gapstow between registries against skopeo and curl, pair by pair in one run, and prints ratios. Needs a release
# build, docker-registry, skopeo, curl, hyperfine, GNU time and about 8 GB of free disk.
#
#   bench/registry.sh [pack|import|copy|small|memory]...      default: all
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

near='' far='' servers=()
finish() {
  local each
  for each in "${servers[@]}"; do kill "$each" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

# start NAME: a registry on a free port, its place in the variable NAME.
start() {
  local port
  while port=$((20000 + RANDOM % 12000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  cat >"$work/$1.yml" <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/$1.data}}
http: {addr: '127.0.0.1:$port'}
YML
  docker-registry serve "$work/$1.yml" >"$work/$1.log" 2>&1 &
  servers+=($!)
  until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 $!; sleep 0.05; done
  printf -v "$1" 'localhost:%s' "$port"
}

# The layers of a real image are of all sizes: 1 GiB in 7.
big_sizes=$((420 << 20)),$((260 << 20)),$((160 << 20)),$((96 << 20)),$((56 << 20)),$((24 << 20)),$((8 << 20))
small_count=50

prepare() {
  say "two registries, an image of 1 GiB in 7 layers, $small_count images of 1 MB"
  start near
  start far
  "$gapstow" key generate "$work/bench" --no-passphrase -q
  "$gapstow" trust init --trust-store "$work/trust" -q
  "$gapstow" trust add-signer bench --key "$work/bench.pub" --trust-store "$work/trust" -q
  "$gapstow" trust add-rule 'localhost:*' --without-chain --trust-store "$work/trust" -q
  python3 "$here/make_images.py" "$work/big" --sizes "$big_sizes" --name bench/big
  python3 "$here/make_images.py" "$work/small" --images "$small_count" --layers 4 --size 250000 --name bench/small
  skopeo copy -q --preserve-digests --dest-tls-verify=false "oci:$work/big" "docker://$near/bench/big:0"
  local each
  for ((each = 0; each < small_count; ++each)); do
    skopeo copy -q --preserve-digests --dest-tls-verify=false "oci:$work/small:bench/small:$each" "docker://$near/bench/small:$each"
    echo "docker://$near/bench/small:$each"
  done >"$work/list"
  tar -C "$work/big" -cf "$work/big.tar" .
  pack="$gapstow pack docker://$near/bench/big:0 --trust none --signer $work/bench.key --plain-http -q"
  import="$gapstow import $work/big.gapstow docker://$far --plain-http --trust-store $work/trust --state $work/state.db -q"
  copy="$gapstow copy --trust none --trust-store $work/trust --plain-http --state $work/state.db -q"
  $pack -o "$work/big.gapstow"
  cat "$work/big.tar" "$work/big.gapstow" "$work"/big/blobs/sha256/* >/dev/null
}

empty="rm -rf $work/far.data/docker $work/state.db"

bench_pack() {
  say "pack from a registry"
  local blob fetch="true"
  for blob in "$work"/big/blobs/sha256/*; do
    fetch+=" && curl -sSf -o /dev/null http://$near/v2/bench/big/blobs/sha256:$(basename "$blob")"
  done
  # The manifest is no blob.
  fetch=${fetch//" && curl -sSf -o /dev/null http://$near/v2/bench/big/blobs/$(manifest_digest)"/}
  pair "pack docker:// -o FILE, against skopeo" "<= 0.45" "$pack -o $work/out.gapstow" \
    "skopeo copy -q --preserve-digests --src-tls-verify=false docker://$near/bench/big:0 oci-archive:$work/out.tar" \
    "rm -f $work/out.gapstow $work/out.tar"
  pair "pack docker:// -o FILE, against curl" "<= 1.2" "$pack -o $work/out.gapstow" "$fetch" "rm -f $work/out.gapstow"
  rm -f "$work/out.gapstow"
}

manifest_digest() { python3 -c "import json; print(json.load(open('$work/big/index.json'))['manifests'][0]['digest'])"; }

bench_import() {
  say "import into a registry"
  pair "import FILE docker://, against skopeo" "<= 0.4" "$import" \
    "skopeo copy -q --preserve-digests --dest-tls-verify=false oci-archive:$work/big.tar docker://$far/bench/big:0" "$empty"
  $import
  hyperfine -N --warmup 1 --runs "$runs" --export-json "$work/again.json" --style none "$import" >/dev/null
  python3 -c "import json; print('%-44s %8.3f s  (aim < 0.5)' % ('import again, everything is there', json.load(open('$work/again.json'))['results'][0]['median']))"
}

bench_copy() {
  say "copy between registries"
  pair "copy docker:// docker://, against skopeo" "<= 0.67" "$copy docker://$near/bench/big:0 docker://$far" \
    "skopeo copy -q --preserve-digests --src-tls-verify=false --dest-tls-verify=false docker://$near/bench/big:0 docker://$far/bench/big:0" \
    "$empty"
}

bench_small() {
  say "$small_count small images"
  local loop="while read -r image; do skopeo copy -q --preserve-digests --src-tls-verify=false --dest-tls-verify=false \\\$image docker://$far/\\\${image#docker://*/}; done <$work/list"
  pair "copy --list, against skopeo one by one" "<= 0.33" "$copy --list $work/list docker://$far" "$loop" "$empty"
}

bench_memory() {
  say "peak memory, -j 8"
  # shellcheck disable=SC2086
  {
    memory "pack docker:// -o FILE" $pack -j 8 -o "$work/out.gapstow"
    memory "pack docker:// -o - (a pipe)" bash -c "$pack -j 8 -o - | cat >/dev/null"
    bash -c "$empty"
    memory "import FILE docker://" $import -j 8
    bash -c "$empty"
    memory "import - docker:// (a pipe)" bash -c "cat $work/big.gapstow | ${import/"$work/big.gapstow"/-} -j 8"
    bash -c "$empty"
    memory "copy docker:// docker://" $copy "docker://$near/bench/big:0" "docker://$far" -j 8
  }
  rm -f "$work/out.gapstow"
}

prepare
if (($# == 0)); then set -- pack import copy small memory; fi
for each in "$@"; do "bench_$each"; done
