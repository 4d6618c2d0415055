#!/usr/bin/env bash
# What belongs to an image moves with it: the sealed chain over three registries in a row, without any Notary server; and
# referrers of referrers and cosign's tags.
. "$(dirname "$0")/signing.sh"
need curl

for each in first second third; do start_registry "$each"; done
start_signing
make_trust
export GAPSTOW_TRUST_STORE=$work/trust
# shellcheck disable=SC2154
repository=$registry_first/team/app
make_image "$repository:1.0"
push_signed "$repository:1.0"
"$GAPSTOW" trust add-root "$registry_first/team/*" --key-id "$(root_pin "$repository")" -q
image=$signed_digest
for each in a b; do
  make_image "$repository:part-$each"
  push_signed "$repository:part-$each"
  declare "part_$each=$signed_digest"
done
# shellcheck disable=SC2154
sign_index "$registry_first" team/app all "$part_a" "$part_b"
index=$signed_digest

# put_blob REGISTRY PATH FILE: prints its descriptor without a media type.
put_blob() {
  local digest location
  digest=sha256:$(sha256sum <"$3" | cut -d' ' -f1)
  location=$(curl -sSf -X POST -D - -o /dev/null "http://$1/v2/$2/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -X PUT --data-binary "@$3" -H 'Content-Type: application/octet-stream' "$location&digest=$digest" -o /dev/null
  printf '"digest":"%s","size":%d' "$digest" "$(stat -c %s "$3")"
}

# put_manifest REGISTRY PATH REFERENCE TYPE FILE
put_manifest() {
  curl -sSf -X PUT -H "Content-Type: $4" --data-binary "@$5" "http://$1/v2/$2/manifests/$3" -o /dev/null
}

oci_manifest=application/vnd.oci.image.manifest.v1+json
oci_index=application/vnd.oci.image.index.v1+json
empty=application/vnd.oci.empty.v1+json

# attach REGISTRY PATH SUBJECT TYPE CONTENT: an artifact that refers to SUBJECT, listed under the fallback tag. Leaves its
# digest in $attached.
attach() {
  local registry=$1 path=$2 subject=$3 type=$4 size subject_type
  printf '{}' >empty && printf '%s' "$5" >content
  size=$(registry_curl "$registry" "$path/manifests/$subject" -H "Accept: ${manifest_types//$'\n'/}" -D headers | wc -c)
  subject_type=$(tr -d '\r' <headers | sed -n 's/^[Cc]ontent-[Tt]ype: //p')
  printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"text/plain",%s}],"subject":{"mediaType":"%s","digest":"%s","size":%d}}' \
    "$oci_manifest" "$type" "$empty" "$(put_blob "$registry" "$path" empty)" "$(put_blob "$registry" "$path" content)" \
    "$subject_type" "$subject" "$size" >artifact.json
  attached=sha256:$(sha256sum <artifact.json | cut -d' ' -f1)
  put_manifest "$registry" "$path" "$attached" "$oci_manifest" artifact.json
  printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%d,"artifactType":"%s"}]}' \
    "$oci_index" "$oci_manifest" "$attached" "$(stat -c %s artifact.json)" "$type" >list.json
  put_manifest "$registry" "$path" "${subject/:/-}" "$oci_index" list.json
}

# sign_like_cosign REGISTRY PATH SUBJECT SUFFIX: leaves the digest in $attached.
sign_like_cosign() {
  printf '{"of": "%s"}' "$4" >config && printf 'payload %s' "$4" >content
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json",%s,"annotations":{"dev.cosignproject.cosign/signature":"c2lnbmF0dXJl"}}]}' \
    "$oci_manifest" "$(put_blob "$1" "$2" config)" "$(put_blob "$1" "$2" content)" >signature.json
  attached=sha256:$(sha256sum <signature.json | cut -d' ' -f1)
  put_manifest "$1" "$2" "${3/:/-}.$4" "$oci_manifest" signature.json
}

# expect_referrer REGISTRY PATH SUBJECT REFERRER: it is there, and the fallback tag lists it.
expect_referrer() {
  expect_tag "$1" "$2" "$4" "$4"
  registry_curl "$1" "$2/manifests/${3/:/-}" -H "Accept: $oci_index" | grep -q "$4" || fail "$1/$2: $4 is not listed for $3"
}

echo "-- the sealed chain over three registries"
"$GAPSTOW" pack "docker://$repository:1.0" --trust "notary:$notary_url" --signer desk.key --plain-http --ca-file tls/ca.pem -q -o one.gapstow
# shellcheck disable=SC2154
"$GAPSTOW" import one.gapstow "docker://$registry_second" --attach-chain --plain-http --state second.db -q
stop_server notary
stop_server first
"$GAPSTOW" pack "docker://$registry_second/team/app:1.0" --trust attached --signer desk.key --plain-http -q -o two.gapstow
"$GAPSTOW" verify two.gapstow --state third.db >verdict
grep -q "$image" verdict && grep -q "$repository" verdict || fail "the verdict names another image or origin: $(cat verdict)"
# shellcheck disable=SC2154
"$GAPSTOW" import two.gapstow "docker://$registry_third" --attach-chain --plain-http --state third.db -q
stop_server second
"$GAPSTOW" pack "docker://$registry_third/team/app:1.0" --trust attached --signer desk.key --plain-http -q -o three.gapstow
"$GAPSTOW" verify three.gapstow --state end.db >verdict
grep -q "$image" verdict && grep -q "$repository" verdict || fail "after three registries: $(cat verdict)"
expect_tag "$registry_third" team/app 1.0 "$image"

echo "-- a chain that is not pinned proves nothing, attached or not"
"$GAPSTOW" trust init --trust-store other -q
"$GAPSTOW" trust add-signer desk --key desk.pub --trust-store other -q
expect_code 1 "$GAPSTOW" pack "docker://$registry_third/team/app:1.0" --trust attached --signer desk.key --plain-http \
  --trust-store other -o unpinned.gapstow
[[ ! -e unpinned.gapstow ]] || fail "a bundle was left behind"

echo "-- referrers of referrers, and cosign's tags"
restart_server first
restart_server second
attach "$registry_first" team/app "$image" application/spdx+json '{"spdxVersion": "SPDX-2.3"}'
sbom=$attached
attach "$registry_first" team/app "$sbom" application/vnd.test.signature 'a signature of the SBOM'
signature=$attached
sign_like_cosign "$registry_first" team/app "$image" sig
cosign_signature=$attached
sign_like_cosign "$registry_first" team/app "$image" att
cosign_attestation=$attached
"$GAPSTOW" pack "docker://$repository:1.0" --trust bundle:one.gapstow --signer desk.key --plain-http -q -o whole.gapstow
"$GAPSTOW" inspect whole.gapstow --format json >inspected
for each in "$sbom" "$signature" "$cosign_signature" "$cosign_attestation"; do
  grep -q "$each" inspected || fail "the seal does not list $each"
done
"$GAPSTOW" import whole.gapstow "docker://$registry_second/whole" --plain-http --state whole.db -q
"$GAPSTOW" copy "docker://$registry_second/whole/team/app:1.0" "docker://$registry_third/whole" --trust bundle:one.gapstow \
  --gun "$repository" --plain-http --state whole-third.db -q
for place in "$registry_second whole/team/app" "$registry_third whole/team/app"; do
  read -r registry path <<<"$place"
  expect_tag "$registry" "$path" 1.0 "$image"
  expect_referrer "$registry" "$path" "$image" "$sbom"
  expect_referrer "$registry" "$path" "$sbom" "$signature"
  expect_tag "$registry" "$path" "${image/:/-}.sig" "$cosign_signature"
  expect_tag "$registry" "$path" "${image/:/-}.att" "$cosign_attestation"
done

echo "-- attachments of an index and of its parts"
attach "$registry_first" team/app "$index" application/vnd.test.note 'of the index'
of_index=$attached
attach "$registry_first" team/app "$part_b" application/vnd.test.note 'of a part'
of_part=$attached
attach "$registry_first" team/app "$of_part" application/vnd.test.signature 'of the note'
of_note=$attached
sign_like_cosign "$registry_first" team/app "$part_a" sbom
"$GAPSTOW" pack "docker://$repository:all" --trust bundle:one.gapstow --signer desk.key --plain-http -q -o index.gapstow
"$GAPSTOW" import index.gapstow "docker://$registry_second/index" --plain-http --state index.db -q
expect_tag "$registry_second" index/team/app all "$index"
expect_referrer "$registry_second" index/team/app "$index" "$of_index"
expect_referrer "$registry_second" index/team/app "$part_b" "$of_part"
expect_referrer "$registry_second" index/team/app "$of_part" "$of_note"
expect_tag "$registry_second" index/team/app "${part_a/:/-}.sbom" "$attached"

echo "-- into a layout and out of it, found by subject"
"$GAPSTOW" import index.gapstow oci:layout --state layout.db -q
"$GAPSTOW" pack oci:layout --name "$repository:all" --trust bundle:one.gapstow --signer desk.key -q -o layout.gapstow
"$GAPSTOW" inspect layout.gapstow --format json >inspected
for each in "$of_index" "$of_part" "$of_note" "$attached"; do
  grep -q "$each" inspected || fail "the layout has lost $each"
done

echo "-- left behind when asked to"
"$GAPSTOW" pack "docker://$repository:all" --trust bundle:one.gapstow --signer desk.key --plain-http --without-attachments -q -o bare.gapstow
"$GAPSTOW" inspect bare.gapstow --format json | grep -q "$of_index" && fail "an attachment travels though it was told not to"

echo "-- an attachment that cannot be carried is an error"
rm -rf "first.data/docker/registry/v2/blobs/sha256/${signature:7:2}/${signature#sha256:}"
restart_server first
code=0
"$GAPSTOW" pack "docker://$repository:1.0" --trust bundle:one.gapstow --signer desk.key --plain-http -q -o lacking.gapstow 2>message || code=$?
((code != 0)) || fail "a bundle without one of its attachments was made"
[[ ! -e lacking.gapstow ]] || fail "a bundle was left behind"
echo "attached: $image"
