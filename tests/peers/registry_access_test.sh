#!/usr/bin/env bash
# How registries let people in: TLS, client certificates, passwords, tokens. As source and as destination.
. "$(dirname "$0")/lab.sh"
need curl

make_trust
make_certificates
pack_sample app.gapstow
export DOCKER_CONFIG=$work/no-config XDG_RUNTIME_DIR=$work/no-runtime XDG_CONFIG_HOME=$work/no-xdg
unset REGISTRY_AUTH_FILE

# there_and_back NAME OPTION...: import into the registry, pack from it again; both reach it with these options.
there_and_back() {
  local place=registry_$1 name=$1 options=("${@:2}")
  rm -f state.db
  expect_code 0 "$GAPSTOW" import app.gapstow "docker://${!place}" --trust-store trust --state state.db --at "$at" "${options[@]}"
  expect_tag "${!place}" lab/app 1.1 "$digest_11"
  expect_code 0 "$GAPSTOW" pack "docker://${!place}/lab/app:1.1" --gun localhost:5000/lab/app --at "$at" --trust-store trust \
    --trust "dir:$SOURCE_DIR/samples/chains/dct-delegated" --signer desk.key -o "$name.gapstow" "${options[@]}"
  expect_code 0 "$GAPSTOW" verify "$name.gapstow" --trust-store trust --state state.db --at "$at"
  grep -q "$digest_11" message || fail "$name: another image: $(cat message)"
}

# turned_away NAME CLASS OPTION...: neither in nor out; nothing is left.
turned_away() {
  local place=registry_$1 class=$2 options=(--retries 0 "${@:3}")
  rm -f state.db out.gapstow
  expect_code 3 "$GAPSTOW" import app.gapstow "docker://${!place}" --trust-store trust --state state.db --at "$at" "${options[@]}"
  grep -q "\[$class\]" message || fail "$1: not of class $class: $(cat message)"
  expect_code 3 "$GAPSTOW" pack "docker://${!place}/lab/app:1.1" --gun localhost:5000/lab/app --at "$at" --trust-store trust \
    --trust "dir:$SOURCE_DIR/samples/chains/dct-delegated" --signer desk.key -o out.gapstow "${options[@]}"
  grep -q "\[$class\]" message || fail "$1: not of class $class: $(cat message)"
  [[ ! -e out.gapstow && ! -e state.db ]] || fail "$1: something was left behind"
}

ca=(--ca-file "$work/tls/ca.pem")
creds=(--creds "$lab_user:$lab_password")

echo "-- TLS"
start_registry secure tls
turned_away secure network
there_and_back secure "${ca[@]}"

echo "-- client certificates"
start_registry mutual tls client-certificates
turned_away mutual network "${ca[@]}"
there_and_back mutual "${ca[@]}" --cert-file tls/client.pem --key-file tls/client.key
cat tls/client.pem tls/client.key >both.pem
there_and_back mutual "${ca[@]}" --cert-file both.pem

echo "-- passwords"
start_registry basic tls htpasswd
turned_away basic unauthorized "${ca[@]}"
turned_away basic unauthorized "${ca[@]}" --creds "$lab_user:not-$lab_user"
there_and_back basic "${ca[@]}" "${creds[@]}"
coded=$(printf '%s:%s' "$lab_user" "$lab_password" | base64 -w0)
# shellcheck disable=SC2154
printf '{"auths": {"%s": {"auth": "%s"}}}' "$registry_basic" "$coded" >auth.json
there_and_back basic "${ca[@]}" --authfile auth.json
REGISTRY_AUTH_FILE=$work/auth.json there_and_back basic "${ca[@]}"
mkdir docker && cp auth.json docker/config.json
DOCKER_CONFIG=$work/docker there_and_back basic "${ca[@]}"
mkdir -p run/containers && cp auth.json run/containers/auth.json
XDG_RUNTIME_DIR=$work/run there_and_back basic "${ca[@]}"
echo '{"auths": {"other.test": {"auth": "eDp5"}}}' >other.json
turned_away basic unauthorized "${ca[@]}" --authfile other.json

echo "-- a credential helper"
mkdir bin helped
cat >bin/docker-credential-lab <<SH
#!/bin/sh
read -r host
[ "\$1" = get ] && [ "\$host" = "$registry_basic" ] || { echo 'credentials not found in native keychain'; exit 1; }
echo '{"ServerURL": "$registry_basic", "Username": "$lab_user", "Secret": "$lab_password"}'
SH
chmod +x bin/docker-credential-lab
printf '{"credsStore": "none-such", "credHelpers": {"%s": "lab"}}' "$registry_basic" >helped/config.json
PATH=$work/bin:$PATH DOCKER_CONFIG=$work/helped there_and_back basic "${ca[@]}"
echo '{"credsStore": "lab"}' >helped/config.json
PATH=$work/bin:$PATH DOCKER_CONFIG=$work/helped there_and_back basic "${ca[@]}"

echo "-- tokens"
start_token_server --user reader:reading:pull --refresh "long-lived=$lab_user" --anonymous lab/
start_registry token tls token
turned_away token unauthorized "${ca[@]}" --creds "$lab_user:wrong"
there_and_back token "${ca[@]}" "${creds[@]}"
grep -q "^GET $lab_user repository:lab/app:.*push" tokens.asked || fail "no token to push was asked for: $(cat tokens.asked)"
printf '{"auths": {"%s": {"auth": "%s", "identitytoken": "long-lived"}}}' "$registry_token" "$(printf '%s:' "$lab_user" | base64 -w0)" >identity.json
there_and_back token "${ca[@]}" --authfile identity.json
grep -q "^POST $lab_user" tokens.asked || fail "the refresh token was not used: $(cat tokens.asked)"
expect_code 0 "$GAPSTOW" pack "docker://$registry_token/lab/app:1.1" --gun localhost:5000/lab/app --at "$at" --trust-store trust \
  --trust "dir:$SOURCE_DIR/samples/chains/dct-delegated" --signer desk.key -o public.gapstow "${ca[@]}"
rm -f state.db
expect_code 3 "$GAPSTOW" import app.gapstow "docker://$registry_token/new" --trust-store trust --state state.db --at "$at" \
  --retries 0 "${ca[@]}" --creds reader:reading
grep -q '\[unauthorized\]' message || fail "a reader could write: $(cat message)"
grep -q 'reading' message && fail "a secret is in the messages"
expect_no_tags "$registry_token" new/lab/app

echo "-- tokens that live a second, over a stream that stops in between"
stop_server tokens
lasting=${lab_command[tokens]}
lab_command[tokens]+=" --expires 1"
launch tokens || fail "the token server does not start again"
size=$(stat -c %s app.gapstow)
{ head -c $((size / 2)) app.gapstow; sleep 2; tail -c +$((size / 2 + 1)) app.gapstow; } |
  "$GAPSTOW" import - "docker://$registry_token/slow" --trust-store trust --state slow.db --at "$at" -q "${ca[@]}" "${creds[@]}" ||
  fail "a token that ran out was not renewed"
# Whoever looks now needs longer.
stop_server tokens
lab_command[tokens]=$lasting
launch tokens || fail "the token server does not start again"
expect_tag "$registry_token" slow/lab/app 1.1 "$digest_11"

echo "-- two sides, two ways in"
expect_code 0 "$GAPSTOW" copy "docker://$registry_mutual/lab/app:1.1" "docker://$registry_basic/copied" --gun localhost:5000/lab/app \
  --trust "dir:$SOURCE_DIR/samples/chains/dct-delegated" --trust-store trust --state copy.db --at "$at" "${ca[@]}" \
  --src-cert-file tls/client.pem --src-key-file tls/client.key --dest-creds "$lab_user:$lab_password"
expect_tag "$registry_basic" copied/lab/app 1.1 "$digest_11"
echo "let in: $digest_11"
