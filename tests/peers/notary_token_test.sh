#!/usr/bin/env bash
# A registry and a Notary server behind one token server: signed by docker after docker login, packed with the credentials
# that docker keeps.
. "$(dirname "$0")/signing.sh"
need curl

start_token_server --user "reader:pass-of-reader:pull"
start_registry near token
start_registry far
start_notary token
start_signing
make_trust
export GAPSTOW_TRUST_STORE=$work/trust XDG_RUNTIME_DIR=$work/none XDG_CONFIG_HOME=$work/none
unset REGISTRY_AUTH_FILE
# shellcheck disable=SC2154
repository=$registry_near/team/app
echo "$lab_password" | docker login -u "$lab_user" --password-stdin "$registry_near" >login.log 2>&1 || fail "docker login: $(cat login.log)"
make_image "$repository:1.0"
push_signed "$repository:1.0"
add_signer alice "$repository"
make_image "$repository:1.1"
push_signed "$repository:1.1"

# The scope for Notary holds the whole name, that for the registry only the path.
pin=$(curl -sSf --cacert tls/ca.pem -H "Authorization: Bearer $(token_for "repository:$repository:pull")" \
  "$notary_url/v2/$repository/_trust/tuf/1.root.json" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["signed"]["roles"]["root"]["keyids"][0])')
"$GAPSTOW" trust add-root "$registry_near/team/*" --key-id "$pin" -q

# pack NAME OPTION...
pack() {
  "$GAPSTOW" pack "docker://$repository:1.1" --trust "notary:$notary_url" --signer desk.key --plain-http --ca-file tls/ca.pem \
    -o "$1.gapstow" "${@:2}"
}

echo "-- with what docker login left behind"
: >tokens.asked
expect_code 0 pack login
grep -q "^[A-Z]* $lab_user repository:team/app:pull$" tokens.asked || fail "the registry's scope: $(cat tokens.asked)"
grep -q "^[A-Z]* $lab_user repository:$repository:pull$" tokens.asked || fail "the scope for Notary: $(cat tokens.asked)"
! grep -q push tokens.asked || fail "more was asked for than reading: $(cat tokens.asked)"
expect_code 0 "$GAPSTOW" import login.gapstow "docker://$registry_far" --plain-http --state state.db
# shellcheck disable=SC2154
expect_tag "$registry_far" team/app 1.1 "$signed_digest"

echo "-- with a reader's password"
export DOCKER_CONFIG=$work/none
expect_code 0 pack reader --creds reader:pass-of-reader
echo "-- with none, and with a wrong one"
for each in --no-progress --creds=reader:pass-of-nobody; do
  expect_code 3 pack refused "$each"
  grep -q '\[unauthorized\]' message || fail "not unauthorized: $(cat message)"
  [[ ! -e refused.gapstow ]] || fail "a bundle was left behind"
done
echo "behind tokens: $signed_digest"
