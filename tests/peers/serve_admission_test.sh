#!/usr/bin/env bash
# What an API server asks, as it asks: over mutual TLS, with the decisions of bundles, of a signed decision file, and with a
# break-glass token.
. "$(dirname "$0")/lab.sh"
need curl openssl python3

make_certificates
make_trust
pack_sample app.gapstow
port=$(free_port)
url=https://localhost:$port/k8s
tls=(--tls-cert tls/localhost.pem --tls-key tls/localhost.key --client-ca tls/ca.pem --max-age 36500d --trust-store trust --state state.db)
serve_admission() {
  lab_port[admission]=$port
  lab_command[admission]="$GAPSTOW serve --registry off --notary off --status off --admission 127.0.0.1:$port --log $work/serve.log ${tls[*]} $*"
  launch admission || fail "gapstow serve does not start: $(tail -n 3 "$work/admission.log")"
}
ask() { curl -sS --cacert tls/ca.pem -H 'Content-Type: application/json' -o answer.json -w '%{http_code}' "$@"; }
known() { ask --cert tls/client.pem --key tls/client.key "$@"; }
review() { # IMAGE [ANNOTATIONS]
  printf '{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":{"containers":[{"image":"%s"}],"annotations":{%s},"namespace":"shop"}}' \
    "$1" "${2:-}"
}
# expect_allowed true|false IMAGE [ANNOTATIONS]
expect_allowed() {
  local code
  code=$(known -d "$(review "${@:2}")" "$url/image-review?timeout=30s")
  [[ $code == 200 ]] || fail "an ImageReview got $code: $(cat answer.json)"
  python3 - "$1" <<'PY' || fail "$2: $(cat answer.json)"
import json, sys
answer = json.load(open("answer.json"))
assert answer["kind"] == "ImageReview" and answer["apiVersion"] == "imagepolicy.k8s.io/v1alpha1"
assert answer["status"]["allowed"] is (sys.argv[1] == "true")
assert answer["status"]["allowed"] or answer["status"]["reason"]
PY
}

serve_admission app.gapstow
echo "-- who has no certificate of the authority gets no answer"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -subj /CN=stranger -days 1 -out stranger.pem 2>/dev/null
if ask -d "$(review redis)" "$url/image-review" >/dev/null 2>&1; then fail "an answer without a certificate"; fi
if ask --cert stranger.pem --key stranger.key -d "$(review redis)" "$url/image-review" >/dev/null 2>&1; then
  fail "an answer for a stranger's certificate"
fi

echo "-- ImageReview"
expect_allowed true "localhost:5000/lab/app@$digest_11"
expect_allowed true "localhost:5000/lab/app:1.1@$digest_11"
expect_allowed false localhost:5000/lab/app:1.1
expect_allowed false redis:7
expect_allowed false "docker.io/library/redis@$digest_11"

echo "-- AdmissionReview: a tag is pinned, and the patch does it"
pod() {
  printf '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"7","operation":"CREATE","kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"shop","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"%s"}]}},"oldObject":null,"dryRun":false}}' "$1"
}
[[ $(known -d "$(pod localhost:5000/lab/app:1.1)" "$url/mutate?timeout=10s") == 200 ]] || fail "mutate: $(cat answer.json)"
python3 - "$digest_11" <<'PY'
import base64, json, sys
response = json.load(open("answer.json"))["response"]
assert response["uid"] == "7" and response["allowed"] and response["patchType"] == "JSONPatch", response
operations = json.loads(base64.b64decode(response["patch"]))
images = [o for o in operations if o["path"] == "/spec/containers/0/image"]
assert [o["op"] for o in images] == ["test", "replace"] and images[1]["value"].endswith("@" + sys.argv[1]), operations
PY
[[ $(known -d "$(pod localhost:5000/lab/app:1.1)" "$url/validate?timeout=10s") == 200 ]] || fail "validate: $(cat answer.json)"
grep -q '"allowed":false' answer.json || fail "a tag passed the validating hook: $(cat answer.json)"

echo "-- a pod of 3 MiB is judged, one of 9 MiB is refused before it is read"
python3 - <<'PY'
import json, subprocess
def pod(size):
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "8", "operation": "CREATE",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop", "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"blob": "x" * size}},
        "spec": {"containers": [{"name": "c", "image": "redis"}]}}, "oldObject": None}}
for size in (3, 9):
    json.dump(pod(size << 20), open(f"pod-{size}.json", "w"))
PY
[[ $(known --data-binary @pod-3.json "$url/validate") == 200 ]] && grep -q '"allowed":false' answer.json || fail "3 MiB: $(head -c 300 answer.json)"
[[ $(known --data-binary @pod-9.json "$url/validate") == 413 ]] || fail "9 MiB: $(head -c 300 answer.json)"

echo "-- a token breaks the glass for its digest, in its namespace, while it lasts"
"$GAPSTOW" key generate chief --no-passphrase -q
other=sha256:$(printf 'b%.0s' {1..64})
"$GAPSTOW" trust add-operator chief --key chief.pub --may break-glass --may snapshot --trust-store trust -q
token=$("$GAPSTOW" trust break-glass shop "$other" --reason "outage" --for 1h --signer chief.key --trust-store trust)
expect_allowed false "quay.io/acme/tool@$other" "\"gapstow.image-policy.k8s.io/override\":\"$token\""
kill -HUP "${lab_pid[admission]}"
wait_for grep -q '"event":"reloaded"' serve.log
expect_allowed true "quay.io/acme/tool@$other" "\"gapstow.image-policy.k8s.io/override\":\"$token\""
expect_allowed false "quay.io/acme/tool@$digest_11" "\"gapstow.image-policy.k8s.io/override\":\"$token\""
grep -q '"breakGlass":' serve.log || fail "the log does not tell of the token"
elsewhere=$("$GAPSTOW" trust break-glass bank "$other" --reason "outage" --for 1h --signer chief.key --trust-store trust)
expect_allowed false "quay.io/acme/tool@$other" "\"gapstow.image-policy.k8s.io/override\":\"$elsewhere\""

echo "-- by a signed decision file, without any bundle"
stop_server admission
"$GAPSTOW" trust snapshot app.gapstow --max-age 36500d -o decisions.snapshot --signer chief.key --trust-store trust --state state.db -q
serve_admission --snapshot decisions.snapshot
expect_allowed true "localhost:5000/lab/app@$digest_11"
expect_allowed false redis:7
