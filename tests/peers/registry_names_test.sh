#!/usr/bin/env bash
# Several images at once between registries: other names, prefixes, rehearsals, going on without what fails, importing again.
. "$(dirname "$0")/lab.sh"
need curl python3

start_registry near
start_registry far
make_trust
export GAPSTOW_TRUST_STORE=$work/trust
"$GAPSTOW" trust add-rule 'bench.test/*' --without-chain -q
"$GAPSTOW" trust add-rule 'localhost:*' --without-chain -q
python3 "$SOURCE_DIR/bench/make_images.py" layout --images 3 --layers 3 --size 100000 --name bench.test/team/image
"$GAPSTOW" pack oci:layout --trust none --signer desk.key -q -o images.gapstow
mapfile -t digests < <(python3 -c 'import json; print(*(m["digest"] for m in json.load(open("layout/index.json"))["manifests"]), sep="\n")')
to_registry=(--plain-http --state state.db)
# shellcheck disable=SC2154
far=$registry_far near=$registry_near

# value PATH: of the JSON in $work/message, as "images.0.delivery.name".
value() {
  python3 - "$1" <<'PY'
import json, sys
value = json.load(open("message"))
for part in sys.argv[1].split("."):
    value = value[int(part)] if isinstance(value, list) else value[part]
print(value)
PY
}

# expect_value PATH VALUE
expect_value() { [[ $(value "$1") == "$2" ]] || fail "$1 is $(value "$1"), expected $2: $(cat message)"; }

echo "-- a rehearsal changes nothing and tells what would be done"
expect_code 0 "$GAPSTOW" import images.gapstow "docker://$far/mirror" --prefix deep --dry-run --format json "${to_registry[@]}"
expect_value images.0.delivery.name "$far/mirror/deep/team/image:0"
expect_value images.0.delivery.written.blobs 5
expect_no_tags "$far" mirror/deep/team/image
[[ ! -e state.db ]] || fail "a rehearsal was remembered"
[[ -z $(find "$work/far.data" -type f 2>/dev/null) ]] || fail "a rehearsal has left something at the registry"

echo "-- names below a prefix, and other names"
expect_code 0 "$GAPSTOW" import images.gapstow "docker://$far/mirror" --prefix deep --format json "${to_registry[@]}"
expect_value images.2.delivery.name "$far/mirror/deep/team/image:2"
for each in 0 1 2; do expect_tag "$far" mirror/deep/team/image "$each" "${digests[each]}"; done
expect_code 0 "$GAPSTOW" import images.gapstow "docker://$far" --rename bench.test/team/image:1=other/name:x \
  --rename bench.test/team=nest "${to_registry[@]}"
grep -q "bench.test/team/image:1.*$far/other/name:x" message || fail "the verdict does not say what became of whom: $(cat message)"
expect_tag "$far" nest/image 0 "${digests[0]}"
expect_tag "$far" other/name x "${digests[1]}"
expect_tag "$far" nest/image 2 "${digests[2]}"
expect_no_tags "$far" team/image
"$GAPSTOW" history --state state.db >message
grep -q "bench.test/team/image:1" message && grep -q "$far/other/name:x" message || fail "the history: $(cat message)"
expect_code 2 "$GAPSTOW" import images.gapstow "docker://$far" --rename bench.test/team=elsewhere.test:5000/nest "${to_registry[@]}"
expect_code 2 "$GAPSTOW" import images.gapstow "docker://$far" --rename bench.test/team=UPPER "${to_registry[@]}"

echo "-- blobs of another repository of the run are mounted, again they are there"
expect_code 0 "$GAPSTOW" import images.gapstow "docker://$far" --rename bench.test/team/image:0=one/a:0 \
  --rename bench.test/team/image:1=one/b:1 --rename bench.test/team/image:2=one/a:2 --format json "${to_registry[@]}"
expect_code 0 "$GAPSTOW" import images.gapstow "docker://$far" --rename bench.test/team/image:0=one/a:0 \
  --rename bench.test/team/image:1=one/b:1 --rename bench.test/team/image:2=one/a:2 --format json "${to_registry[@]}"
for each in 0 1 2; do
  expect_value "images.$each.delivery.present.blobs" 5
  expect_value "images.$each.delivery.written.blobs" 0
done

echo "-- the same bytes under two names in one run"
"$GAPSTOW" pack "oci:layout:bench.test/team/image:0" "oci:layout:bench.test/team/image:0" --name bench.test/first/x:1 \
  --name bench.test/second/y:1 --trust none --signer desk.key -q -o twice.gapstow
expect_code 0 "$GAPSTOW" import twice.gapstow "docker://$far/twice" --format json "${to_registry[@]}"
expect_tag "$far" twice/first/x 1 "${digests[0]}"
expect_tag "$far" twice/second/y 1 "${digests[0]}"

echo "-- going on without what fails"
pack=("$GAPSTOW" pack --trust none --signer desk.key --plain-http)
printf '%s\n' '# three, and two that are not there' '' "docker://$far/mirror/deep/team/image:0" "docker://$far/no/such:1" \
  "docker://$far/mirror/deep/team/image:1" "docker://$far/mirror/deep/team/image:none" "docker://$far/mirror/deep/team/image@${digests[2]}" >list
expect_code 3 "${pack[@]}" --list list -o stopped.gapstow
[[ ! -e stopped.gapstow ]] || fail "a bundle was made though an image was not there"
expect_code 3 "${pack[@]}" --list list --keep-going --format json -o kept.gapstow
grep -q 'no/such:1' message && grep -q 'image:none' message || fail "what failed is not named: $(cat message)"
expect_code 0 "$GAPSTOW" verify kept.gapstow --state kept.db --format json
for each in 0 1 2; do grep -q "${digests[each]}" message || fail "image $each is not in the bundle"; done
expect_code 3 "$GAPSTOW" copy --list list "docker://$near/kept" --keep-going --trust none --plain-http --state kept.db
for each in 0 1; do expect_tag "$near" kept/mirror/deep/team/image "$each" "${digests[each]}"; done
expect_tag "$near" kept/mirror/deep/team/image "${digests[2]}" "${digests[2]}"
grep -q 'no/such:1' message || fail "what failed is not named: $(cat message)"

echo "-- every tag"
expect_code 0 "${pack[@]}" --all-tags "docker://$far/mirror/deep/team/image" -o every.gapstow
expect_code 0 "$GAPSTOW" verify every.gapstow --state every.db --format json
for each in 0 1 2; do grep -q "image:$each\"" message || fail "tag $each is not in the bundle: $(cat message)"; done

echo "-- what one rule denies does not keep the others out"
"$GAPSTOW" trust add-rule 'bench.test/second/*' --deny "withdrawn" -q
expect_code 7 "$GAPSTOW" import twice.gapstow "docker://$near/strict" "${to_registry[@]}"
expect_no_tags "$near" strict/first/x
expect_code 7 "$GAPSTOW" import twice.gapstow "docker://$near/lax" --keep-going "${to_registry[@]}"
expect_tag "$near" lax/first/x 1 "${digests[0]}"
expect_no_tags "$near" lax/second/y

echo "-- registries that are not there"
for each in nothing.invalid "localhost:$(free_port)"; do
  expect_code 3 "$GAPSTOW" import images.gapstow "docker://$each" --retries 0 "${to_registry[@]}"
  grep -q '\[network\]' message || fail "not of class network: $(cat message)"
  expect_code 3 "${pack[@]}" "docker://$each/a:1" --retries 0 -o none.gapstow
  [[ ! -e none.gapstow ]] || fail "a bundle was left behind"
done
expect_code 3 "$GAPSTOW" import images.gapstow "docker://$far" --retries 0 --state state.db # https to a plain server
echo "names: ${#digests[@]} images"
