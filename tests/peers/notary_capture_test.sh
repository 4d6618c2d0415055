#!/usr/bin/env bash
# Capturing a Notary server: a list of repositories, some of which fail; running it again; verifying with what was captured.
. "$(dirname "$0")/lab.sh"
need notary curl

unset SOURCE_DATE_EPOCH
start_notary
start_registry images
make_trust
export GAPSTOW_TRUST_STORE=$work/trust
export NOTARY_ROOT_PASSPHRASE=root-passphrase NOTARY_TARGETS_PASSPHRASE=repository NOTARY_SNAPSHOT_PASSPHRASE=repository

notary_here() {
  notary -s "$notary_url" --tlscacert "$work/tls/ca.pem" -d "$work/notary" "$@" >>notary-client.log 2>&1 ||
    fail "notary $*: $(tail -n 3 notary-client.log)"
}

# root_pin REPOSITORY
root_pin() {
  curl -sSf --cacert tls/ca.pem "$notary_url/v2/$1/_trust/tuf/1.root.json" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["signed"]["roles"]["root"]["keyids"][0])'
}

# shellcheck disable=SC2154
for ((each = 1; each <= 12; ++each)); do
  gun=$registry_images/captured/app$each
  notary_here init -p "$gun"
  notary_here addhash -p "$gun" "1.$each" 735 --sha256 "${digest_11#sha256:}"
  "$GAPSTOW" trust add-root "$gun" --key-id "$(root_pin "$gun")" -q
  echo "$gun" >>list
done
network=(--ca-file tls/ca.pem)

echo "-- one repository"
"$GAPSTOW" chain fetch "notary:$notary_url" --gun "$registry_images/captured/app1" --signer desk.key "${network[@]}" -q -o one.gapstow
expect_code 0 "$GAPSTOW" verify one.gapstow --state one.db

echo "-- a list"
"$GAPSTOW" chain fetch "notary:$notary_url" --list list --signer desk.key "${network[@]}" -q -o all.gapstow
expect_code 0 "$GAPSTOW" verify all.gapstow --state all.db --format json
for ((each = 1; each <= 12; ++each)); do
  grep -q "captured/app$each\"" message || fail "app$each was not captured"
done

echo "-- a list in which some fail"
{ echo "# repositories of the department"; echo; cat list; echo "$registry_images/captured/unknown"; } >longer
code=0
"$GAPSTOW" chain fetch "notary:$notary_url" --list longer --signer desk.key "${network[@]}" -q -o stopped.gapstow 2>message || code=$?
((code != 0)) && [[ ! -e stopped.gapstow ]] || fail "a repository that is not there was passed over in silence"
code=0
"$GAPSTOW" chain fetch "notary:$notary_url" --list longer --keep-going --signer desk.key "${network[@]}" -o kept.gapstow >message 2>&1 || code=$?
((code != 0)) || fail "a run in which something failed ended with exit code 0"
grep -q captured/unknown message || fail "what failed is not named: $(cat message)"
expect_code 0 "$GAPSTOW" verify kept.gapstow --state kept.db

echo "-- one bundle each, and run again"
code=0
"$GAPSTOW" chain fetch "notary:$notary_url" --list longer --into captured --signer desk.key "${network[@]}" >message 2>&1 || code=$?
((code != 0)) || fail "a run in which something failed ended with exit code 0"
grep -q captured/unknown message || fail "what failed is not named: $(cat message)"
((12 == $(find captured -name '*.gapstow' | wc -l))) || fail "not every repository was captured: $(find captured)"
find captured -name '*.gapstow' -exec stat -c '%n %i %y' {} + | sort >before
stop_server notary
code=0
"$GAPSTOW" chain fetch "notary:$notary_url" --list list --into captured --signer desk.key "${network[@]}" -q 2>message || code=$?
((code == 0)) || fail "what was there was asked for again: $(cat message)"
code=0
"$GAPSTOW" chain fetch "notary:$notary_url" --list longer --refresh --retries 0 --into captured --signer desk.key "${network[@]}" \
  -q 2>message || code=$?
((code == 3)) || fail "a server that is gone gave exit code $code: $(cat message)"
find captured -name '*.gapstow' -exec stat -c '%n %i %y' {} + | sort | diff before - || fail "what was captured has changed"
find captured -type f ! -name '*.gapstow' | grep . && fail "something was left behind"
find captured -name '*.gapstow' -print0 | while IFS= read -r -d '' each; do
  "$GAPSTOW" verify "$each" --state each.db -q || fail "$each does not verify"
done

echo "-- the server is gone: what was captured proves an image"
"$GAPSTOW" chain verify bundle:all.gapstow --gun "$registry_images/captured/app3" --target 1.3 >verdict
grep -q "$digest_11" verdict || fail "the captured chain does not prove its target: $(cat verdict)"
"$GAPSTOW" pack "oci-archive:$SOURCE_DIR/samples/images/app-1.1.exact-oci.tar" --name "$registry_images/captured/app3:1.3" \
  --trust bundle:all.gapstow --signer desk.key -q -o image.gapstow
expect_code 0 "$GAPSTOW" import image.gapstow "docker://$registry_images" --plain-http --state image.db
expect_tag "$registry_images" captured/app3 1.3 "$digest_11"
echo "captured: 12 repositories"
