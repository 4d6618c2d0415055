#!/usr/bin/env bash
# What gapstow emits, read by the programs that it is for: containerd pulls through hosts.toml, skopeo and podman through
# registries.conf under policy.json, all of them from gapstow serve and from nowhere else.
set -euo pipefail
# shellcheck source=tests/peers/common.sh
. "$SOURCE_DIR/tests/peers/common.sh"
need openssl containerd ctr skopeo podman

emit() {
  local kind=$1
  shift
  "$GAPSTOW" emit "$kind" app.gapstow --trust-store trust --state state.db --at "$at" --server "https://localhost:$port" \
    --ca-file ca.crt -q "$@"
}

# expect_refusal COMMAND...: it fails, and not for want of a server.
expect_refusal() {
  if "$@" >refusal.log 2>&1; then fail "was accepted: $*"; fi
  ! grep -q 'connection refused' refusal.log || fail "asked somebody else: $(cat refusal.log)"
}

make_trust
pack_sample app.gapstow
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=gapstow \
  -addext subjectAltName=DNS:localhost 2>/dev/null
"$GAPSTOW" key generate border --algorithm p256 --no-passphrase -q
"$GAPSTOW" serve app.gapstow --trust-store trust --state state.db --at "$at" --registry 127.0.0.1:0 --notary off \
  --status off --tls-cert ca.crt --tls-key ca.key --border-key border.key >serve.log 2>serve.err &
clean_up=("kill $! && wait $! 2>/dev/null")
wait_for grep -q 'registry at' serve.err
port=$(sed -n 's/.*registry at https:..127.0.0.1:\([0-9]*\)$/\1/p' serve.err)

emit hosts.toml --every-registry -o certs
start_containerd
pull() { ctr -a "$containerd_socket" -n k8s.io images pull --hosts-dir "$work/certs" "$1"; }
pull "$reference_11" >pull.log 2>&1 || fail "containerd does not pull: $(cat pull.log)"
ctr -a "$containerd_socket" -n k8s.io images ls | grep -q "^$reference_11 .*$digest_11" || fail "containerd: another digest"
expect_refusal pull localhost:5000/lab/app:9.9
expect_refusal pull quay.io/other/app:1
grep -q 'not found' refusal.log || fail "a registry that is not known was asked: $(cat refusal.log)"

emit registries.conf -o conf
emit policy.json -o digests
emit policy.json --tags accept -o tags
emit policy.json --border-key border.pub -o border
export CONTAINERS_REGISTRIES_CONF=$work/conf/gapstow.conf
copied=0
copy() {
  copied=$((copied + 1))
  skopeo --policy "$1/policy.json" --registries.d "$work/border/registries.d" copy \
    --src-cert-dir "$work/conf/certs.d/localhost:$port" "docker://$2" "dir:$work/copy-$copied"
}
repository=${reference_11%:*}
for policy in digests tags border; do
  copy "$policy" "$repository@$digest_11" >copy.log 2>&1 || fail "$policy by digest: $(cat copy.log)"
  [ "sha256:$(sha256sum <"copy-$copied/manifest.json" | cut -d' ' -f1)" = "$digest_11" ] || fail "$policy: another manifest"
done
expect_refusal copy digests "$reference_11"
copy tags "$reference_11" >copy.log 2>&1 || fail "tags: $(cat copy.log)"
copy border "$reference_11" >copy.log 2>&1 || fail "border: $(cat copy.log)"
expect_refusal copy digests "oci-archive:$SOURCE_DIR/samples/images/app-1.1.exact-oci.tar"

# Without signatures, and with those of another key, the border's policy refuses what the others accept.
mkdir empty
expect_refusal skopeo --policy border/policy.json --registries.d "$work/empty" copy \
  --src-cert-dir "$work/conf/certs.d/localhost:$port" "docker://$reference_11" "dir:$work/unsigned"
"$GAPSTOW" key generate other --algorithm p256 --no-passphrase -q
emit policy.json --border-key other.pub -o other
expect_refusal copy other "$reference_11"

podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs pull -q --signature-policy border/policy.json \
  --registries-conf "$work/conf/gapstow.conf" --cert-dir "$work/conf/certs.d/localhost:$port" \
  "$repository@$digest_11" >podman.log 2>&1 && fail "podman pulled without the signatures that its policy wants"
podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs pull -q --signature-policy digests/policy.json \
  --registries-conf "$work/conf/gapstow.conf" --cert-dir "$work/conf/certs.d/localhost:$port" \
  "$repository@$digest_11" >podman.log 2>&1 || fail "podman: $(cat podman.log)"
echo "containerd, skopeo and podman take what is emitted"
