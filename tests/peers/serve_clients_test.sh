#!/usr/bin/env bash
# containerd through a mirror, podman and skopeo under a policy that trusts the signatures of the border alone: all with the
# configuration that gapstow emits, all against gapstow serve. What arrives has the signed digest.
. "$(dirname "$0")/lab.sh"
need ctr containerd podman skopeo curl python3

make_certificates
make_trust
pack_sample app.gapstow
"$GAPSTOW" key generate border --algorithm p256 --no-passphrase -q
port=$(free_port)
server=https://localhost:$port
from_bundle=(app.gapstow --max-age 36500d --trust-store trust --state state.db --server "$server" --ca-file "$work/tls/ca.pem" -q)
serve_at "$port" app.gapstow --max-age 36500d --trust-store trust --state state.db --tls-cert tls/localhost.pem --tls-key tls/localhost.key \
  --border-key border.key

echo "-- containerd, by its mirror configuration, under the origin name"
start_containerd
"$GAPSTOW" emit hosts.toml "${from_bundle[@]}" --output certs.d
ctr_here() { ctr -a "$containerd_socket" -n k8s.io "$@"; }
ctr_here images pull --hosts-dir "$work/certs.d" --snapshotter native "$reference_11" >pull.log 2>&1 ||
  fail "containerd: $(tail -n 3 pull.log) $(tail -n 2 serve.log)"
ctr_here images ls >listed
grep "^$reference_11 .*$digest_11" listed >/dev/null || fail "containerd has: $(cat listed)"
grep -q '"target":"/v2/lab/app/manifests/1.1?ns=localhost' serve.log || fail "no ns was sent: $(cat serve.log)"
if ctr_here images pull --hosts-dir "$work/certs.d" --snapshotter native localhost:5000/lab/app:9.9 >pull.log 2>&1; then
  fail "containerd pulled what is not proven"
fi

echo "-- skopeo and podman, by registries.conf and policy.json"
"$GAPSTOW" emit registries.conf "${from_bundle[@]}" --output containers
"$GAPSTOW" emit policy.json "${from_bundle[@]}" --tags accept --output containers
export CONTAINERS_REGISTRIES_CONF=$work/containers/gapstow.conf
certificates=containers/certs.d/localhost:$port
skopeo_here() {
  skopeo --registries-conf containers/gapstow.conf --policy "${policy:-containers}/policy.json" \
    --registries.d "${policy:-containers}/registries.d" copy --src-cert-dir "$certificates" --preserve-digests "$@"
}
skopeo_here "docker://$reference_11" dir:got >copy.log 2>&1 || fail "skopeo: $(cat copy.log) $(tail -n 2 serve.log)"
[[ sha256:$(sha256sum <got/manifest.json | cut -d' ' -f1) == "$digest_11" ]] || fail "skopeo has other bytes"
skopeo_here "docker://localhost:5000/lab/app@$digest_11" dir:by-digest >copy.log 2>&1 || fail "by digest: $(cat copy.log)"
if skopeo_here docker://localhost:5000/lab/app:9.9 dir:refused >copy.log 2>&1; then fail "skopeo took what is not proven"; fi
podman_here() { podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs "$@"; }
podman_here pull --signature-policy containers/policy.json --cert-dir "$certificates" "$reference_11" >pull.log 2>&1 ||
  fail "podman: $(cat pull.log)"
podman_here image inspect --format '{{.Digest}}' "$reference_11" >inspected
grep -q "$digest_11" inspected || fail "podman has another digest"

echo "-- the signature of the border, as openssl and skopeo see it"
"$GAPSTOW" emit policy.json "${from_bundle[@]}" --border-key border.pub --output border
curl -sSf --cacert tls/ca.pem "$server/v2/lab/app/manifests/sha256-${digest_11#sha256:}.sig" -o signature.json
python3 - <<'PY'
import base64, json
layer, = json.load(open("signature.json"))["layers"]
open("signature.der", "wb").write(base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))
open("payload.digest", "w").write(layer["digest"])
PY
curl -sSf --cacert tls/ca.pem "$server/v2/lab/app/blobs/$(cat payload.digest)" -o payload.json
openssl dgst -sha256 -verify border.pub -signature signature.der payload.json >/dev/null || fail "openssl refuses the signature"
grep -q "\"docker-reference\":\"$reference_11\"" payload.json && grep -q "$digest_11" payload.json || fail "it signs: $(cat payload.json)"
# Debian's builds fetch these signatures and then say that they cannot check them; others accept the image.
policy=border skopeo_here "docker://$reference_11" dir:signed >copy.log 2>&1 || grep -q "sigstore disabled" copy.log ||
  fail "skopeo: $(cat copy.log)"
stop_server gapstow
serve_at "$port" app.gapstow --max-age 36500d --trust-store trust --state state.db --tls-cert tls/localhost.pem --tls-key tls/localhost.key
if policy=border skopeo_here "docker://$reference_11" dir:refused >copy.log 2>&1; then fail "skopeo took an image without a signature"; fi

echo "-- killed and started again while clients pull; reloaded while clients pull"
# Layers stay where they are between the runs, so each pull is whole again.
pulls() {
  local each
  for each in 1 2 3 4 5 6; do
    curl -sS --retry 20 --retry-all-errors --retry-delay 0 --retry-max-time 20 --cacert tls/ca.pem -o "blob.$1" \
      "$server/v2/lab/app/blobs/$config_11" || return 1
    [[ sha256:$(sha256sum <"blob.$1" | cut -d' ' -f1) == "$config_11" ]] || return 1
  done
}
for each in 1 2 3 4; do pulls "$each" & pullers[each]=$!; done
for each in 1 2 3; do restart_server gapstow; kill -HUP "${lab_pid[gapstow]}"; stop_server gapstow KILL; launch gapstow; done
for each in 1 2 3 4; do wait "${pullers[each]}" || fail "a pull did not come to its end"; done
kill -HUP "${lab_pid[gapstow]}"
wait_for grep -q '"event":"reloaded"' serve.log
expect_code 0 curl -sSf --cacert tls/ca.pem "$server/v2/lab/app/manifests/1.1"

echo "-- a bundle that cannot be proven does not replace the one that is served"
cp app.gapstow good.gapstow
head -c 5000 good.gapstow >app.gapstow
kill -HUP "${lab_pid[gapstow]}"
wait_for grep -q '"event":"reload failed"' serve.log
expect_code 0 curl -sSf --cacert tls/ca.pem "$server/v2/lab/app/manifests/1.1"

echo "-- every line of the log is as its schema says"
stop_server gapstow
wait_for grep -q '"event":"stopped"' serve.log
for python in python3 /usr/bin/python3; do "$python" -c 'import jsonschema' 2>/dev/null && break; done
"$python" - serve.log "$SOURCE_DIR/formats/serve-log.schema.json" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert {line["event"] for line in lines} >= {"started", "access", "decision", "reloaded", "reload failed", "stopped"}
try:
    import jsonschema
except ImportError:
    sys.exit("jsonschema is not installed")
schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[2])))
for line in lines:
    schema.validate(line)
PY
