#!/usr/bin/env bash
# Measures how long gapstow-image-verifier holds up a pull, start and end of the process included. Needs a release build with
# tests (make_decisions), hyperfine, GNU time.
#
#   bench/verifier.sh [sizes|memory]...      default: all
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
build=$(dirname "$gapstow")
verifier=${IMAGE_VERIFIER:-$build/gapstow-image-verifier}
make_decisions=${MAKE_DECISIONS:-$build/tests/cli/make_decisions}
type=application/vnd.oci.descriptor.v1+json
digest=sha256:$(printf 'index 7' | sha256sum | cut -d ' ' -f 1)

printf '{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"%s","size":1638}\n' "$digest" >"$work/descriptor"
"$gapstow" key generate "$work/ops" --no-passphrase -q
"$gapstow" trust init --trust-store "$work/trust" -q
"$gapstow" trust add-operator ops --key "$work/ops.pub" --may snapshot --trust-store "$work/trust" -q
export GAPSTOW_TRUST_STORE=$work/trust

# question IMAGES: the command that asks a decision file of so many images; and the file.
question() {
  [[ -f $work/$1.snapshot ]] || "$make_decisions" "$work/ops.key" "$1" "$work/$1.snapshot"
  printf 'GAPSTOW_SNAPSHOT=%s exec %s -name registry.test/team7/app7:1.0 -digest %s -stdin-media-type %s <%s >/dev/null' \
    "$work/$1.snapshot" "$verifier" "$digest" "$type" "$work/descriptor" >"$work/$1.sh"
}

bench_sizes() {
  say "a pull of one image out of so many (aim: under 20 ms with 16,384)"
  printf 'exec true <%s\n' "$work/descriptor" >"$work/nothing.sh"
  for count in nothing 10 1024 16384 65536; do
    [[ $count = nothing ]] || question "$count"
    hyperfine -N --warmup 3 --runs $((runs * 10)) --export-json "$work/took.json" --style none "sh $work/$count.sh" >/dev/null
    python3 - "$work/took.json" "$count" <<'PY'
import json, sys
took = json.load(open(sys.argv[1]))["results"][0]
print(f"{sys.argv[2]:>8} images {took['median'] * 1e3:8.1f} ms  least {took['min'] * 1e3:6.1f} ms  processor {(took['user'] + took['system']) * 1e3:6.1f} ms")
PY
  done
}

bench_memory() {
  say "peak memory"
  question 16384
  memory "16,384 images, $(du -k "$work/16384.snapshot" | cut -f1) KiB of decisions" sh "$work/16384.sh"
}

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(sizes memory)
for part in "${parts[@]}"; do "bench_$part"; done
