#!/usr/bin/env bash
# Docker, with content trust on, pulls from gapstow as registry and as trust server, out of a bundle alone. What was not
# signed, or not as it is, is refused by both sides.
. "$(dirname "$0")/signing.sh"
need curl

start_registry near
start_signing
make_trust
repository=$registry_near/team/app
network=(--plain-http --ca-file "$work/tls/ca.pem")

make_image "$repository:1.0"
push_signed "$repository:1.0"
first=$signed_digest
"$GAPSTOW" trust add-root "$registry_near/team/*" --key-id "$(root_pin "$repository")" --trust-store trust -q
add_signer alice "$repository"
make_image "$repository:1.1"
push_signed "$repository:1.1"
delegated=$signed_digest
make_image "$repository:unsigned"
push_plain "$repository:unsigned"
"$GAPSTOW" pack "docker://$repository:1.0" "docker://$repository:1.1" --trust "notary:$notary_url" --signer desk.key \
  --trust-store trust "${network[@]}" -q -o app.gapstow

# From here on nothing of the near side is there any more: no registry, no Notary server, no cache of the client.
stop_server near
stop_server notary
docker rmi -f "$repository:1.0" "$repository:1.1" "$repository:unsigned" >/dev/null
rm -rf "$DOCKER_CONFIG/trust"
serve=(--trust-store trust --state state.db --tls-cert "$work/tls/localhost.pem" --tls-key "$work/tls/localhost.key")
port=${registry_near##*:}
serve_at "$port" app.gapstow "${serve[@]}"
export DOCKER_CONTENT_TRUST=1 DOCKER_CONTENT_TRUST_SERVER=https://localhost:$port
mkdir -p "$DOCKER_CONFIG/tls/localhost:$port"
cp "$work/tls/ca.pem" "$DOCKER_CONFIG/tls/localhost:$port/ca.crt"

echo "-- what is signed is pulled, under the signed digest"
for each in "1.0 $first" "1.1 $delegated"; do
  tag=${each% *} digest=${each#* }
  docker pull "$repository:$tag" >pull.log 2>&1 || fail "docker cannot pull $tag: $(tail -n 3 pull.log serve.log)"
  grep -q "$digest" pull.log || fail "docker pulled another digest: $(cat pull.log)"
  docker image inspect "$repository:$tag" >inspected
  grep -q "@$digest" inspected || fail "the engine holds another digest of $tag"
done

echo "-- the signers are those of the origin"
docker trust inspect "$repository" >signers
grep -q '"alice"' signers && grep -q "${delegated#sha256:}" signers || fail "docker trust inspect: $(cat signers)"
notary -s "$DOCKER_CONTENT_TRUST_SERVER" --tlscacert tls/ca.pem -d "$work/fresh-notary" list "$repository" >listed 2>&1 ||
  fail "notary list: $(cat listed)"
grep -q "1.0 .*${first#sha256:}.* targets" listed && grep -q "1.1 .*${delegated#sha256:}.* targets/alice" listed ||
  fail "notary lists: $(cat listed)"

echo "-- what is not signed is refused, with content trust and without"
for trust in 1 0; do
  if DOCKER_CONTENT_TRUST=$trust docker pull "$repository:unsigned" >pull.log 2>&1; then
    fail "an unsigned image was pulled: $(cat pull.log)"
  fi
done

echo "-- nothing can be written"
if DOCKER_CONTENT_TRUST=0 docker push "$repository:1.0" >push.log 2>&1; then fail "something was pushed"; fi
if notary -s "$DOCKER_CONTENT_TRUST_SERVER" --tlscacert tls/ca.pem -d "$work/fresh-notary" key rotate "$repository" snapshot -r \
  >rotated 2>&1; then
  fail "a key was rotated"
fi

echo "-- a layer that was changed on the disk is not pulled, and the other image still is"
docker rmi -f "$repository:1.0" "$repository:1.1" >/dev/null
layer=$(curl -sS --cacert tls/ca.pem "https://localhost:$port/v2/team/app/manifests/$delegated" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["layers"][-1]["digest"][7:])')
python3 - app.gapstow "$layer" <<'PY'
import sys, tarfile
with tarfile.open(sys.argv[1]) as bundle:
    at = next(m.offset_data for m in bundle if m.name.endswith(sys.argv[2])) + 17
with open(sys.argv[1], "r+b") as file:
    file.seek(at)
    byte = file.read(1)
    file.seek(at)
    file.write(bytes([byte[0] ^ 1]))
PY
if docker pull "$repository:1.1" >pull.log 2>&1; then fail "a changed layer was pulled: $(cat pull.log)"; fi
grep '"event":"damaged"' serve.log | grep -q "blobs/sha256/$layer" || fail "the log does not say what is damaged: $(tail -n 3 serve.log)"
docker pull "$repository:1.0" >pull.log 2>&1 || fail "the other image is gone too: $(tail -n 3 pull.log)"

echo "-- both names of each decision are in the log, and every line is JSON"
python3 - serve.log "$repository" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
decisions = [line for line in lines if line["event"] == "decision"]
assert any(d["verdict"] == "allow" and d["origin"].startswith(sys.argv[2]) and d["keyIds"] for d in decisions), decisions
assert any(d["verdict"] == "deny" and d["image"].endswith(":unsigned") for d in decisions), decisions
PY
