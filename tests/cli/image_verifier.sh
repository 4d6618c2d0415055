#!/usr/bin/env bash
# gapstow-image-verifier as containerd runs it: options in any order, a descriptor on standard input, one line and an exit
# status; and it refuses whenever something is missing.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
: "${IMAGE_VERIFIER:?the program to test}"

setup_bundle
for name in ops p256; do
  expect_exit 0 gapstow key generate "$name" --no-passphrase --algorithm "$([ "$name" = ops ] && echo ed25519 || echo p256)"
  expect_exit 0 gapstow trust add-operator "$name" --key "$name.pub" --may snapshot --trust-store trust
done
expect_exit 0 gapstow trust add-relocation "localhost:5000/lab=registry.test/mirror" --tag 1.1=stable --trust-store trust
snapshot() { gapstow trust snapshot app.gapstow --trust-store trust --state none.db --expiry ignore --at "$day" "$@"; }
expect_exit 0 snapshot -o d.snapshot --signer ops.key

export GAPSTOW_TRUST_STORE=$PWD/trust GAPSTOW_SNAPSHOT=$PWD/d.snapshot
type=application/vnd.oci.descriptor.v1+json
other_digest=sha256:$(printf 'other' | sha256sum | cut -d ' ' -f 1)

descriptor() { printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":1638}\n' "$1"; }
# pull NAME DIGEST: as containerd asks.
pull() { descriptor "$2" | "$IMAGE_VERIFIER" -name "$1" -digest "$2" -stdin-media-type "$type"; }

# expect_answer CODE COMMAND...: that exit status, one line that says why, nothing on standard error.
expect_answer() {
  expect_exit "$@"
  [ "$(wc -l <"$out")" -eq 1 ] || fail "the answer is not one line"
  expect_no_stderr
}

answers() {
  expect_answer 0 pull "$gun:1.1" "$signed_digest"
  expect_stdout_line '^allow: '
  expect_answer 0 pull "$gun@$signed_digest" "$signed_digest"
  expect_answer 0 pull "registry.test/mirror/app:stable" "$signed_digest"
  expect_stdout_line "$gun:1.1"
  expect_answer 1 pull "$gun:1.1" "$other_digest"
  expect_stdout_line '^deny: .*\[target_mismatch\]$'
  expect_answer 1 pull "$gun:1.2" "$signed_digest"
  expect_answer 1 pull "docker.io/library/app:1.1" "$signed_digest"
  expect_stdout_line '\[target_missing\]$'
  expect_answer 1 pull "Not A Name" "$signed_digest"
  expect_answer 1 pull "" "$signed_digest"
}

questions() {
  ask() { descriptor "$signed_digest" | "$IMAGE_VERIFIER" "$@"; }
  expect_answer 0 ask -stdin-media-type "$type" -digest "$signed_digest" -name "$gun:1.1"
  expect_answer 0 ask --stdin-media-type "$type" --digest "$signed_digest" --name "$gun:1.1"
  expect_answer 0 ask "-stdin-media-type=$type" "-digest=$signed_digest" "-name=$gun:1.1"
  expect_answer 0 ask -operation pull -name "$gun:1.1" -digest "$signed_digest" -later=1 -stdin-media-type "$type"
  expect_answer 2 ask
  expect_answer 2 ask -name "$gun:1.1" -digest "$signed_digest"
  expect_answer 2 ask -name "$gun:1.1" -stdin-media-type "$type"
  expect_answer 2 ask -digest "$signed_digest" -stdin-media-type "$type"
  expect_answer 2 ask -name "$gun:1.1" -digest "$signed_digest" -stdin-media-type application/json
  expect_answer 2 ask -name "$gun:1.1" -name "$gun:1.1" -digest "$signed_digest" -stdin-media-type "$type"
  expect_answer 2 ask -name "$gun:1.1" -digest "$signed_digest" -stdin-media-type "$type" pull
  expect_answer 2 ask -name "$gun:1.1" -digest "$signed_digest" -stdin-media-type "$type" -more
  expect_answer 2 ask -name "$gun:1.1" -digest latest -stdin-media-type "$type"
}

descriptors() {
  give() { "$IMAGE_VERIFIER" -name "$gun:1.1" -digest "$signed_digest" -stdin-media-type "$type"; }
  local good
  good=$(descriptor "$signed_digest")
  printf '%s' "$good" >input
  expect_answer 0 give <input
  printf '{"digest":"%s","annotations":{"a":"b"},"size":1,"urls":["https://a.test"]}' "$signed_digest" >input
  expect_answer 0 give <input
  : >input
  expect_answer 2 give <input
  descriptor "$other_digest" >input
  expect_answer 2 give <input
  expect_stdout_line '\[digest_mismatch\]$'
  for bad in '{}' 'null' '[]' "$good$good" "${good%\}}" '{"digest":1}' "{\"digest\":\"$other_digest\",\"digest\":\"$signed_digest\"}" \
    "{\"digest\":\"$signed_digest\",\"Digest\":\"$other_digest\"}"; do
    printf '%s' "$bad" >input
    expect_answer 2 give <input
  done
  { printf '%s' "$good" && head -c 1100000 /dev/zero | tr '\0' ' '; } >input
  expect_answer 2 give <input
  expect_stdout_line '\[limit_exceeded\]$'
  head -c 100000 /dev/zero | tr '\0' '[' >input
  expect_answer 2 give <input
  expect_answer 2 give <&-
}

# Whatever is missing or wrong refuses.
closed() {
  GAPSTOW_SNAPSHOT=$PWD/nothing expect_answer 2 pull "$gun:1.1" "$signed_digest"
  expect_stdout_line '\[not_found\]$'
  GAPSTOW_TRUST_STORE=$PWD/nothing expect_answer 2 pull "$gun:1.1" "$signed_digest"
  GAPSTOW_SNAPSHOT=$PWD expect_answer 2 pull "$gun:1.1" "$signed_digest"
  head -c -1 d.snapshot >cut.snapshot
  GAPSTOW_SNAPSHOT=$PWD/cut.snapshot expect_answer 2 pull "$gun:1.1" "$signed_digest"
  head -c 100 d.snapshot >cut.snapshot
  GAPSTOW_SNAPSHOT=$PWD/cut.snapshot expect_answer 2 pull "$gun:1.1" "$signed_digest"
  : >empty.snapshot
  GAPSTOW_SNAPSHOT=$PWD/empty.snapshot expect_answer 2 pull "$gun:1.1" "$signed_digest"
  cp d.snapshot flipped.snapshot
  flip_byte flipped.snapshot 400
  GAPSTOW_SNAPSHOT=$PWD/flipped.snapshot expect_answer 2 pull "$gun:1.1" "$signed_digest"
  mkdir nobody
  expect_exit 0 gapstow trust init --trust-store nobody
  GAPSTOW_TRUST_STORE=$PWD/nobody expect_answer 2 pull "$gun:1.1" "$signed_digest"
  expect_stdout_line '\[untrusted_key\]$'
  chmod o+w trust/trust.json
  expect_answer 2 pull "$gun:1.1" "$signed_digest"
  chmod o-w trust/trust.json
  chmod o+w d.snapshot
  expect_answer 2 pull "$gun:1.1" "$signed_digest"
  expect_stdout_line '\[denied\]$'
  chmod o-w d.snapshot
  GAPSTOW_SNAPSHOT_MAX_AGE=1000d expect_answer 0 pull "$gun:1.1" "$signed_digest"
  GAPSTOW_SNAPSHOT_MAX_AGE=0s expect_answer 2 pull "$gun:1.1" "$signed_digest"
  expect_stdout_line '\[expired\]$'
  GAPSTOW_SNAPSHOT_MAX_AGE=soon expect_answer 2 pull "$gun:1.1" "$signed_digest"
  # Nobody reads the answer; the exit status is what counts.
  expect_exit 0 bash -c "set -o pipefail; printf '%s' '$(descriptor "$signed_digest")' | '$IMAGE_VERIFIER' -name '$gun:1.1' \
    -digest '$signed_digest' -stdin-media-type '$type' >/dev/full"
  expect_exit 1 bash -c "'$IMAGE_VERIFIER' -name '$gun:9' -digest '$signed_digest' -stdin-media-type '$type' >/dev/full \
    <<<'$(descriptor "$signed_digest")'"
}

# Other kinds of keys verify behind the filter too.
keys() {
  expect_exit 0 snapshot -o p256.snapshot --signer p256.key
  GAPSTOW_SNAPSHOT=$PWD/p256.snapshot expect_answer 0 pull "$gun:1.1" "$signed_digest"
  expect_exit 0 snapshot -o both.snapshot --signer p256.key --signer ops.key
  GAPSTOW_SNAPSHOT=$PWD/both.snapshot expect_answer 0 pull "$gun:1.1" "$signed_digest"
}

# A large site.
large() {
  "$MAKE_DECISIONS" ops.key 16384 large.snapshot
  local digest
  digest=sha256:$(printf 'index 77' | sha256sum | cut -d ' ' -f 1)
  GAPSTOW_SNAPSHOT=$PWD/large.snapshot expect_answer 0 pull registry.test/team77/app77:1.0 "$digest"
  digest=sha256:$(printf 'arm64 16383' | sha256sum | cut -d ' ' -f 1)
  GAPSTOW_SNAPSHOT=$PWD/large.snapshot expect_answer 0 pull "registry.test/team83/app16383@$digest" "$digest"
  GAPSTOW_SNAPSHOT=$PWD/large.snapshot expect_answer 1 pull "registry.test/team82/app16382@$digest" "$digest"
}

# It neither reaches a network nor reads foreign formats.
libraries() {
  command -v readelf >/dev/null || return 0
  readelf -d "$IMAGE_VERIFIER" | grep NEEDED >"$out" || true
  ! grep -E 'curl|archive|sqlite|zstd|libssl' "$out" || fail "it links more than it needs"
}

answers
questions
descriptors
closed
keys
large
libraries
