#!/usr/bin/env bash
# Images for several platforms, pulled from gapstow serve by podman, skopeo and containerd: clients take the index and then
# the image for their platform, and look for signatures of the latter.
. "$(dirname "$0")/lab.sh"
need ctr containerd podman skopeo curl python3

make_certificates
make_trust
"$GAPSTOW" trust add-rule 'reg.test/*' --without-chain --trust-store trust -q
"$GAPSTOW" key generate border --algorithm p256 --no-passphrase -q
here=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
other=$([[ $here == s390x ]] && echo ppc64le || echo s390x)
read -r index own foreign < <(python3 "$SOURCE_DIR/tests/peers/make_platforms.py" layout multi "linux/$here" "linux/$other")
pack_here() {
  "$GAPSTOW" pack oci:layout --name "$1" --trust none --signer desk.key --trust-store trust -q -o "$2" "${@:3}"
}
pack_here reg.test/lab/whole:1 whole.gapstow
pack_here reg.test/lab/some:1 some.gapstow --platform "linux/$here"
port=$(free_port)
server=https://localhost:$port
serve_at "$port" whole.gapstow some.gapstow --trust-store trust --state state.db --tls-cert tls/localhost.pem \
  --tls-key tls/localhost.key --border-key border.key
from_bundle=(whole.gapstow some.gapstow --trust-store trust --state state.db --server "$server" --ca-file "$work/tls/ca.pem" -q)
get() { curl -sS --cacert tls/ca.pem "$@"; }

echo "-- containerd, podman and skopeo, whether other platforms were left out or not"
start_containerd
"$GAPSTOW" emit hosts.toml "${from_bundle[@]}" --output certs.d
"$GAPSTOW" emit registries.conf "${from_bundle[@]}" --output containers
"$GAPSTOW" emit policy.json "${from_bundle[@]}" --tags accept --output containers
export CONTAINERS_REGISTRIES_CONF=$work/containers/gapstow.conf
certificates=containers/certs.d/localhost:$port
podman_here() { podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs "$@"; }
skopeo_here() {
  local policy=$1
  shift
  skopeo --registries-conf containers/gapstow.conf --policy "$policy/policy.json" --registries.d "$policy/registries.d" \
    copy --src-cert-dir "$certificates" --preserve-digests "$@" >copy.log 2>&1
}
for name in whole some; do
  ctr -a "$containerd_socket" -n k8s.io images pull --hosts-dir "$work/certs.d" --snapshotter native "reg.test/lab/$name:1" \
    >pull.log 2>&1 || fail "containerd: $(tail -n 3 pull.log)"
  ctr -a "$containerd_socket" -n k8s.io images ls >listed
  grep "^reg.test/lab/$name:1 .*$index" listed >/dev/null || fail "containerd has: $(cat listed)"
  podman_here pull --signature-policy containers/policy.json --cert-dir "$certificates" "reg.test/lab/$name:1" \
    >pull.log 2>&1 || fail "podman: $(cat pull.log)"
done
skopeo_here containers --all docker://reg.test/lab/whole:1 dir:whole || fail "skopeo: $(cat copy.log)"
[[ sha256:$(sha256sum <whole/manifest.json | cut -d' ' -f1) == "$index" ]] || fail "skopeo has another index"
get "$server/v2/lab/some/manifests/$foreign" >answer
grep -q 'left out' answer || fail "of a platform that was left out it is said: $(cat answer)"

echo "-- the border signs what clients look for: the image for their platform"
"$GAPSTOW" emit policy.json "${from_bundle[@]}" --border-key border.pub --output border
skopeo_here border docker://reg.test/lab/whole:1 dir:signed || grep -q 'sigstore disabled' copy.log || fail "skopeo: $(cat copy.log)"
grep -F "lab/whole/manifests/sha256-${own#sha256:}.sig" serve.log >asked || fail "skopeo did not look for a signature"
grep -q '"status":200.*"userAgent":"skopeo' asked || fail "skopeo found no signature: $(cat asked)"
for manifest in "$index" "$own" "$foreign"; do
  get -f "$server/v2/lab/whole/manifests/sha256-${manifest#sha256:}.sig" -o signature.json
  python3 - <<'PY'
import base64, json
layer, = json.load(open("signature.json"))["layers"]
open("signature.der", "wb").write(base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))
open("payload.digest", "w").write(layer["digest"])
PY
  get -f "$server/v2/lab/whole/blobs/$(cat payload.digest)" -o payload.json
  openssl dgst -sha256 -verify border.pub -signature signature.der payload.json >/dev/null || fail "openssl refuses the signature"
  grep -q '"docker-reference":"reg.test/lab/whole:1"' payload.json && grep -q "$manifest" payload.json ||
    fail "it signs: $(cat payload.json)"
done
