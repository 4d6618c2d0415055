#!/usr/bin/env bash
# Builds gapstow and shows the main job on real data, step by step, in a temporary folder that is removed at the end.
# Everything is offline. GAPSTOW_SKIP_INSTALL=1 leaves the machine's packages alone.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
exec </dev/null

gun=localhost:5000/lab/app
root_key=9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947
signed=26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab
# The samples' time stamps lapsed in December 2026: the story plays on this day.
day=2026-11-23T00:00:00Z
SOURCE_DATE_EPOCH=$(date -u -d "$day" +%s)
export SOURCE_DATE_EPOCH

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '   %s\n' "$*"; }

show_line() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; }

show() {
  local word line=
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=,@+-]*) line+="'$word' " ;; *) line+="$word " ;; esac
  done
  show_line "${line% }"
}

run() {
  show "$@"
  "$@" 2>&1
}

refused() {  # EXIT-CODE COMMAND...
  local expected=$1 status=0
  shift
  show "$@"
  "$@" 2>&1 || status=$?
  say "-> exit code $status"
  [ "$status" -eq "$expected" ] || { echo "demo: expected exit code $expected" >&2; exit 1; }
}

flip_byte() {  # FILE OFFSET
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf '%b' "\\0$(printf '%o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

prepare() {
  heading "Packages and build"
  "$root/scripts/install-dependencies.sh" build
  build release gapstow | tail -n 1
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  ln -s "$root/samples" "$work/samples"
  cd "$work"
  export PATH="$root/build/release:$PATH" GAPSTOW_TRUST_STORE=trust
}

set_up_trust() {
  heading "Once: a key to seal with, and what the far side trusts"
  run gapstow key generate alice --no-passphrase
  run gapstow trust init
  run gapstow trust add-signer export-desk --key alice.pub
  run gapstow trust add-root 'localhost:5000/lab/*' --key-id "$root_key"
}

pack_and_verify() {
  heading "Connected side: image and chain into one sealed file"
  run gapstow pack oci-archive:samples/images/app-1.1.exact-oci.tar --name $gun:1.1 --trust dir:samples/chains/dct-delegated \
    --signer alice.key --at $day -o app.gapstow
  heading "What the file claims (proves nothing)"
  run gapstow inspect app.gapstow
  heading "What the file proves"
  run gapstow verify app.gapstow --state state.db --at $day
}

show_refusals() {
  heading "One bit of one byte changed: refused"
  cp app.gapstow tampered.gapstow
  flip_byte tampered.gapstow $(($(stat -c %s app.gapstow) / 2))
  refused 1 gapstow verify tampered.gapstow --state state.db --at $day
  heading "The last byte lost: damaged"
  head -c -1 app.gapstow >cut.gapstow
  refused 4 gapstow verify cut.gapstow --state state.db --at $day
  heading "The same image after a plain skopeo copy, which rewrites the manifest: refused"
  refused 1 gapstow pack oci-archive:samples/images/app-1.1.skopeo-oci.tar --name $gun:1.1 \
    --trust dir:samples/chains/dct-delegated --signer alice.key --at $day -o converted.gapstow
}

import_image() {
  heading "Far side: import, under the digest that was signed"
  run gapstow import app.gapstow oci-archive:out.tar --state state.db --at $day
  show_line "tar -xOf out.tar blobs/sha256/$signed | sha256sum"
  tar -xOf out.tar "blobs/sha256/$signed" | sha256sum | grep "^$signed"
  say "the same as the chain signed"
  run gapstow history --state state.db
}

use_docker_save() {
  heading "A docker save archive holds no manifest: give the signed one beside it"
  run gapstow pack docker-archive:samples/images/app-1.1.docker-save.tar --name $gun:1.1 \
    --manifest samples/images/manifests/app-1.1.manifest.json --trust dir:samples/chains/dct-delegated \
    --signer alice.key --at $day -o saved.gapstow
  run gapstow import saved.gapstow docker-archive:saved.tar --state state.db --at $day
}

show_rollback() {
  heading "A newer chain, with its root key rotated twice, follows from the same pin"
  run gapstow pack oci-archive:samples/images/app-1.1.exact-oci.tar --name $gun:1.1 --trust dir:samples/chains/dct-rotated \
    --signer alice.key --at $day -o newer.gapstow
  run gapstow import newer.gapstow oci-archive:newer.tar --state state.db --at $day
  heading "The first bundle again: genuine, but older than what was seen"
  refused 6 gapstow import app.gapstow oci-archive:again.tar --state state.db --at $day
}

load_elsewhere() {
  heading "Other tools read the result, and the bundle itself"
  if command -v skopeo >/dev/null; then
    show_line "skopeo inspect --raw oci-archive:out.tar | sha256sum"
    skopeo inspect --raw oci-archive:out.tar | sha256sum | grep "^$signed"
  else
    say "skopeo is not installed: left out"
  fi
  if command -v podman >/dev/null; then
    local podman=(podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs)
    show podman load -i app.gapstow
    if "${podman[@]}" load -q -i app.gapstow 2>&1; then
      "${podman[@]}" images --digests --format '{{.Repository}}:{{.Tag}} {{.Digest}}'
    else
      say "podman cannot store images on this machine"
    fi
    "${podman[@]}" rmi --all --force >/dev/null 2>&1 || true
  else
    say "podman is not installed: left out"
  fi
}

serve_it() {
  heading "Served as it lies: a registry and a trust server that give what is proven, and nothing else"
  command -v curl >/dev/null || { say "curl is not installed: left out"; return; }
  local serve=(gapstow serve app.gapstow --state state.db --registry 127.0.0.1:0 --status off --log log.jsonl --max-age 36500d)
  show_line "${serve[*]} &"
  "${serve[@]}" 2>serve.txt &
  server=$!
  local url=
  trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
  until url=$(sed -n 's/.* at \(http:.*\)/\1/p' serve.txt) && [ -n "$url" ]; do sleep 0.1; kill -0 "$server"; done
  cat serve.txt
  show_line "curl -s $url/v2/lab/app/manifests/1.1 | sha256sum"
  curl -s "$url/v2/lab/app/manifests/1.1" | sha256sum | grep "^$signed"
  run curl -s -w '\n%{http_code}\n' "$url/v2/lab/app/manifests/latest"
  run curl -s -o root.json -w '%{http_code}\n' "$url/v2/$gun/_trust/tuf/1.root.json"
  run cmp root.json samples/chains/dct-delegated/1.root.json
  kill "$server"
  wait "$server"
  trap 'rm -rf "$work"' EXIT
  show_line "grep decision log.jsonl"
  grep '"event":"decision"' log.jsonl
}

prepare
set_up_trust
pack_and_verify
show_refusals
import_image
use_docker_save
serve_it
show_rollback
load_elsewhere
heading "Done"
