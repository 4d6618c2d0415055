# Shared by the scripts of this folder: a working folder, what they need, and a bundle of the sample image.
set -euo pipefail

work=$(mktemp -d)
clean_up=()
finish() {
  local each
  for each in "${clean_up[@]}"; do eval "$each" || true; done
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

digest_11=sha256:26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab
config_11=sha256:e912757323316aaac08f7af6c8924af0a081a6719d2e61aad064f5849488118c
reference_11=localhost:5000/lab/app:1.1
root_key=9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947
at=2026-11-23T00:00:00Z
export SOURCE_DATE_EPOCH=1795392000

need() {
  local each
  for each in "$@"; do
    command -v "$each" >/dev/null || { echo "skipped: $each is not installed"; exit 77; }
  done
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# wait_for COMMAND...: until it succeeds, at most 30 seconds.
wait_for() {
  local deadline=$((SECONDS + 30))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "waited in vain for: $*"
    sleep 0.1
  done
}

make_trust() {
  "$GAPSTOW" key generate desk --no-passphrase -q
  "$GAPSTOW" trust init --trust-store trust -q
  "$GAPSTOW" trust add-signer desk --key desk.pub --trust-store trust -q
  "$GAPSTOW" trust add-root 'localhost:5000/lab/*' --key-id "$root_key" --trust-store trust -q
}

# pack_sample OUTPUT [IMAGE [OPTION...]]
pack_sample() {
  local output=$1 image=${2:-oci-archive:$SOURCE_DIR/samples/images/app-1.1.exact-oci.tar}
  shift $(($# < 2 ? $# : 2))
  "$GAPSTOW" pack "$image" --name "$reference_11" --trust "dir:$SOURCE_DIR/samples/chains/dct-delegated" \
    --signer desk.key --trust-store trust --at "$at" -q -o "$output" "$@"
}

import_sample() { "$GAPSTOW" import "$1" "$2" --trust-store trust --state state.db --at "$at" -q; }

# start_containerd: leaves its address in $containerd_socket.
start_containerd() {
  containerd_socket=$work/containerd.sock
  containerd --root "$work/containerd" --state "$work/containerd-state" --address "$containerd_socket" \
    >containerd.log 2>&1 &
  clean_up=("kill $! && wait $! 2>/dev/null" "${clean_up[@]}")
  wait_for ctr -a "$containerd_socket" version
}
