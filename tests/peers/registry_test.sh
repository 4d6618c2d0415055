#!/usr/bin/env bash
# The whole way: signed by docker, packed from registry and Notary server, imported into another registry, pulled from there.
# Signed by the repository's own key, by a delegate, after every key was rotated, and an index signed by its digest.
. "$(dirname "$0")/signing.sh"
need skopeo curl

start_registry near
start_registry far
start_signing
make_trust
repository=$registry_near/team/app
network=(--plain-http --ca-file "$work/tls/ca.pem")
trust=(--trust-store trust)

# carry TAG DIGEST: from near to far in one bundle; what arrives is what was signed.
carry() {
  local tag=$1 digest=$2
  "$GAPSTOW" pack "docker://$repository:$tag" --trust "notary:$notary_url" --signer desk.key "${trust[@]}" "${network[@]}" \
    -q -o "$tag.gapstow"
  "$GAPSTOW" verify "$tag.gapstow" "${trust[@]}" --state state.db >verdict
  grep -q "$digest" verdict || fail "the verdict does not name $digest: $(cat verdict)"
  "$GAPSTOW" import "$tag.gapstow" "docker://$registry_far/mirror" "${trust[@]}" --plain-http --state state.db >verdict
  grep -q "$repository:$tag" verdict && grep -q "$registry_far/mirror/team/app:$tag" verdict ||
    fail "the verdict does not say proven as and imported as: $(cat verdict)"
  expect_tag "$registry_far" mirror/team/app "$tag" "$digest"
}

# use TAG DIGEST: what people do on the far side.
use() {
  local place=$registry_far/mirror/team/app
  docker pull -q "$place@$2" >/dev/null || fail "docker cannot pull $place@$2"
  docker rmi -f "$place@$2" >/dev/null
  skopeo inspect --tls-verify=false "docker://$place@$2" >inspected
  grep -q "$2" inspected || fail "skopeo sees another digest: $(cat inspected)"
  [[ sha256:$(skopeo inspect --tls-verify=false --raw "docker://$place:$1" | sha256sum | cut -d' ' -f1) == "$2" ]] ||
    fail "skopeo reads other bytes under $place:$1"
}

echo "-- signed by the repository's key"
make_image "$repository:1.0"
push_signed "$repository:1.0"
"$GAPSTOW" trust add-root "$registry_near/team/*" --key-id "$(root_pin "$repository")" "${trust[@]}" -q
first=$signed_digest
carry 1.0 "$first"
docker rmi -f "$repository:1.0" >/dev/null
use 1.0 "$first"

echo "-- signed by a delegate"
add_signer alice "$repository"
make_image "$repository:1.1"
push_signed "$repository:1.1"
carry 1.1 "$signed_digest"
use 1.1 "$signed_digest"
grep -q 'targets/releases' <("$GAPSTOW" chain fetch "notary:$notary_url" --gun "$repository" --signer desk.key "${trust[@]}" "${network[@]}" \
  -q -o chain.gapstow && "$GAPSTOW" inspect chain.gapstow) || fail "the captured chain lacks the delegation"

echo "-- after every key was rotated"
for role in targets root snapshot timestamp; do rotate_key "$repository" "$role"; done
make_image "$repository:2.0" 4
push_signed "$repository:2.0"
carry 2.0 "$signed_digest"
use 2.0 "$signed_digest"
code=0
"$GAPSTOW" import 1.1.gapstow "docker://$registry_far/mirror" "${trust[@]}" --plain-http --state state.db -q 2>message || code=$?
((code == 6)) || fail "an older chain gave exit code $code: $(cat message)"

echo "-- an index"
for each in a b; do
  make_image "$repository:part-$each"
  push_signed "$repository:part-$each"
  declare "part_$each=$signed_digest"
done
# shellcheck disable=SC2154
sign_index "$registry_near" team/app all "$part_a" "$part_b"
carry all "$signed_digest"
skopeo inspect --tls-verify=false --override-arch arm64 "docker://$registry_far/mirror/team/app@$signed_digest" >/dev/null
for each in "$part_a" "$part_b"; do expect_tag "$registry_far" mirror/team/app "$each" "$each"; done

echo "-- every signed tag at once, and copied without a file"
push_plain "$repository:2.0" && docker tag "$repository:2.0" "$repository:unsigned" && push_plain "$repository:unsigned"
"$GAPSTOW" pack --all-tags "docker://$repository" --trust "notary:$notary_url" --signer desk.key "${trust[@]}" "${network[@]}" \
  -q -o every.gapstow
"$GAPSTOW" import every.gapstow "docker://$registry_far/every" "${trust[@]}" --plain-http --state state.db -q
for tag in 1.0 1.1 2.0 part-a part-b all; do
  expect_tag "$registry_far" every/team/app "$tag" "$(tag_digest "$registry_near" team/app "$tag")"
done
expect_tag "$registry_far" every/team/app unsigned ""
"$GAPSTOW" copy "docker://$repository:2.0" "docker://$registry_far/copied" --trust "notary:$notary_url" "${trust[@]}" \
  "${network[@]}" --state state.db -q
expect_tag "$registry_far" copied/team/app 2.0 "$(tag_digest "$registry_near" team/app 2.0)"

echo "-- what was pushed over a signed tag is refused"
docker tag "$repository:part-a" "$repository:1.0" && push_plain "$repository:1.0"
"$GAPSTOW" pack "docker://$repository:1.0" --trust "notary:$notary_url" --signer desk.key "${trust[@]}" "${network[@]}" \
  -q -o replaced.gapstow 2>message && used=by-digest || used=refused
if [[ $used == by-digest ]]; then # the signed digest is still in the registry, and may be taken from there
  "$GAPSTOW" inspect replaced.gapstow | grep -q "$first" || fail "what was not signed was packed"
else
  [[ ! -e replaced.gapstow ]] || fail "a bundle was left behind"
fi
expect_code 1 "$GAPSTOW" pack "docker://$repository:unsigned" --trust "notary:$notary_url" --signer desk.key "${trust[@]}" \
  "${network[@]}" -q -o none.gapstow
[[ ! -e none.gapstow ]] || fail "a bundle of an unsigned tag was left behind"
echo "registry to registry: $first"
