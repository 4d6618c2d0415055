#!/usr/bin/env bash
# What must not pass by what gapstow emits: containerd asks no other registry, skopeo and podman take listed digests and
# nothing else. What must pass by it is in serve_clients_test.sh.
. "$(dirname "$0")/lab.sh"
need ctr containerd podman skopeo

make_certificates
make_trust
pack_sample app.gapstow
port=$(free_port)
emit() {
  "$GAPSTOW" emit "$1" app.gapstow --trust-store trust --state state.db --at "$at" --server "https://localhost:$port" \
    --ca-file tls/ca.pem -q "${@:2}"
}
serve_at "$port" app.gapstow --trust-store trust --state state.db --tls-cert tls/localhost.pem --tls-key tls/localhost.key

# expect_refusal WORDS COMMAND...: it fails and says so with one of the words, an extended regular expression.
expect_refusal() {
  if "${@:2}" >refusal.log 2>&1; then fail "was accepted: ${*:2}"; fi
  grep -qE "$1" refusal.log || fail "${*:2} failed for another reason: $(cat refusal.log)"
}

echo "-- containerd: a registry that no bundle is from is asked for at gapstow"
start_containerd
emit hosts.toml --every-registry -o certs.d
pull() { ctr -a "$containerd_socket" -n k8s.io images pull --hosts-dir "$work/certs.d" --snapshotter native "$1"; }
expect_refusal 'not found' pull quay.io/other/app:1
grep -q 'ns=quay.io' serve.log || fail "gapstow was not asked: $(cat serve.log)"
expect_refusal 'not found' pull docker.io/library/busybox:latest

echo "-- skopeo and podman: digests that are listed, and nothing else"
emit registries.conf -o conf
emit policy.json -o digests
emit policy.json --tags accept -o tags
export CONTAINERS_REGISTRIES_CONF=$work/conf/gapstow.conf
certificates=$work/conf/certs.d/localhost:$port
copied=0
copy() {
  copied=$((copied + 1))
  skopeo --registries-conf conf/gapstow.conf --policy "$1/policy.json" copy --src-cert-dir "$certificates" "$2" \
    "dir:$work/copy-$copied"
}
repository=docker://${reference_11%:*}
rejected='rejected by policy|Source image rejected'
copy digests "$repository@$digest_11" >copy.log 2>&1 || fail "skopeo by digest: $(cat copy.log)"
[[ sha256:$(sha256sum <"copy-$copied/manifest.json" | cut -d' ' -f1) == "$digest_11" ]] || fail "another manifest"
copy tags "docker://$reference_11" >copy.log 2>&1 || fail "skopeo by tag: $(cat copy.log)"
expect_refusal "$rejected" copy digests "docker://$reference_11"
expect_refusal "$rejected" copy digests "oci-archive:$SOURCE_DIR/samples/images/app-1.1.exact-oci.tar"
expect_refusal 'manifest unknown|not found|proves' copy tags "$repository@sha256:$(printf '0%.0s' {1..64})"
# What is not led to gapstow is not pulled from the registry itself.
printf '{"default": [{"type": "insecureAcceptAnything"}]}' >anything.json
mkdir anything && mv anything.json anything/policy.json
expect_refusal 'blocked' copy anything docker://localhost:5000/other/app:1
podman_pull() {
  podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs pull -q \
    --signature-policy digests/policy.json --cert-dir "$certificates" "$1"
}
expect_refusal "$rejected" podman_pull "$reference_11"
podman_pull "${reference_11%:*}@$digest_11" >pull.log 2>&1 || fail "podman by digest: $(cat pull.log)"
