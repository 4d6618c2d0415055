#!/usr/bin/env bash
# Every command with --format json prints a document that its schema in formats/ accepts, refusals and failures included.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import jsonschema' 2>/dev/null; then python=$candidate && break; fi
done
[ -n "$python" ] || skip "python3-jsonschema is not installed"

documents=$work/documents
mkdir "$documents"
count=0

# json CODE SCHEMA COMMAND...: runs it with --format json and keeps what it prints. The first document of a schema is the
# one that shows how tight the schema is.
json() {
  local code=$1 schema=$2
  shift 2
  expect_exit "$code" "$@" --format json
  count=$((count + 1))
  cp "$out" "$documents/$(printf '%03d' "$count").$schema.json"
}

keys() {
  json 0 version gapstow version
  json 0 key gapstow key generate alice --no-passphrase
  json 0 key gapstow key generate bob --no-passphrase --algorithm p256
  GAPSTOW_PASSPHRASE='correct horse' json 0 key gapstow key generate carol
  json 0 key gapstow key public alice.key
  json 0 key gapstow key public bob.pub
  json 0 key gapstow key list
  mkdir empty
  json 0 key gapstow key list empty
}

trust() {
  json 0 trust-change gapstow trust init --trust-store trust
  json 0 trust-list gapstow trust list --trust-store trust
  json 0 trust-change gapstow trust add-signer export-desk --key alice.pub --trust-store trust
  json 0 trust-change gapstow trust add-signer second-desk --key bob.pub --trust-store trust
  json 0 trust-change gapstow trust add-root 'localhost:5000/lab/*' --key-id "$root_key" --trust-store trust
  json 0 trust-change gapstow trust add-root 'example.test/a' --spki "$root_key" --trust-store trust
  json 0 trust-change gapstow trust add-root 'example.test/b' --root "$samples/chains/dct-delegated/1.root.json" \
    --trust-store trust
  json 0 trust-change gapstow trust add-rule 'example.test/*' --without-chain --trust-store trust
  json 0 trust-change gapstow trust add-rule 'example.test/old' --deny "switched off" --trust-store trust
  json 0 trust-change gapstow trust add-rule 'example.test/strict' --signer export-desk --signer second-desk --threshold 2 \
    --role targets/releases --expiry now --max-age 30d --trust-store trust
  json 0 trust-list gapstow trust list --trust-store trust
  json 0 trust-change gapstow trust remove root 'example.test/b' --trust-store trust
  json 0 trust-change gapstow trust remove rule 'example.test/strict' --trust-store trust
  json 0 trust-change gapstow trust remove signer second-desk --trust-store trust
}

decisions() {
  local snapshot=(gapstow trust snapshot app.gapstow --trust-store trust --state none.db -o d.snapshot)
  local token=(gapstow trust break-glass shop "$signed_digest" --trust-store trust --reason "incident 7" --for 4h)
  json 0 key gapstow key generate ops --no-passphrase
  json 0 trust-change gapstow trust add-operator ops --key ops.pub --may snapshot --may break-glass --trust-store trust
  json 0 trust-change gapstow trust add-relocation localhost:5000/lab=registry.test/mirror --tag 1.1=stable --trust-store trust
  json 0 trust-list gapstow trust list --trust-store trust
  json 0 decisions "${snapshot[@]}" --at "$day" --signer ops.key
  json 0 decisions "${snapshot[@]}" --at 2028-01-01T00:00:00Z --signer ops.key
  json 0 decisions "${snapshot[@]}" --at "$day" --expiry ignore --signer ops.key
  json 0 decisions gapstow trust show-snapshot d.snapshot --trust-store trust
  json 0 decisions gapstow trust show-snapshot d.snapshot --trust-store trust --at 2099-01-01T00:00:00Z
  json 1 failure "${snapshot[@]}" --at "$day" --signer alice.key
  json 0 break-glass "${token[@]}" --signer ops.key
  json 1 failure "${token[@]}" --signer alice.key
  json 0 trust-change gapstow trust remove relocation registry.test/mirror --trust-store trust
  json 0 trust-change gapstow trust remove operator ops --trust-store trust
}

chains() {
  json 0 chain-show gapstow chain show "$newer_chain"
  json 0 chain-show gapstow chain show "$older_chain"
  cp -r "$samples/chains/dct-delegated" torn
  printf '{' >torn/timestamp.json
  json 0 chain-show gapstow chain show dir:torn
  local verify=(gapstow chain verify --gun "$gun" --trust-store trust --at)
  json 0 chain-verify "${verify[@]}" "$day" "$newer_chain" --state none.db
  json 0 chain-verify "${verify[@]}" "$day" "$older_chain" --state none.db --target 1.1 --expiry ignore
  json 0 chain-verify "${verify[@]}" "$day" "$newer_chain" --state chain.db --commit
  json 6 failure "${verify[@]}" "$day" "$older_chain" --state chain.db
  json 0 chain-verify "${verify[@]}" "$day" "$older_chain" --state chain.db --allow-rollback "to look at it"
  json 1 failure "${verify[@]}" "$day" "$older_chain" --state none.db --target 9.9
  json 5 failure "${verify[@]}" 2027-02-01T00:00:00Z "$older_chain" --state none.db
  expect_no_file none.db
}

packs() {
  json 0 outcome pack_sample app.gapstow
  json 0 outcome gapstow pack "docker-archive:$samples/images/app-1.1.docker-save.tar" --name "$gun:1.1" --trust "$older_chain" \
    --manifest "$samples/images/manifests/app-1.1.manifest.json" --signer alice.key --trust-store trust --at "$day" \
    -o saved.gapstow
  json 0 outcome gapstow pack "$exact_image" --name "$gun:1.1" --trust "$newer_chain" --signer alice.key --signer bob.key \
    --trust-store trust --at "$day" -o newer.gapstow
  json 0 outcome gapstow pack "$exact_image" --name example.test/app:1 --trust none --signer alice.key --trust-store trust \
    --at "$day" -o bare.gapstow
  day=2027-02-01T00:00:00Z json 0 outcome pack_sample late.gapstow --expiry ignore
  expect_exit 0 gapstow trust init --trust-store nobody
  json 0 outcome gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer alice.key --trust-store nobody \
    --at "$day" --tofu -o first.gapstow
  json 0 outcome gapstow pack "$exact_image" --name example.test/old/app:1 --trust none --signer alice.key --trust-store nobody \
    --at "$day" -o unruled.gapstow
  local bundle
  for bundle in newer app saved bare late first; do json 0 inspect gapstow inspect "$bundle.gapstow"; done
  # On standard output flows the bundle; the report is beside it.
  expect_exit 0 pack_sample - --format json
  cp "$err" "$documents/aside.outcome.json"
}

verdicts() {
  json 0 outcome verify_sample app.gapstow
  json 0 outcome verify_sample saved.gapstow
  json 0 outcome verify_sample bare.gapstow
  json 0 outcome verify_sample first.gapstow
  json 0 outcome verify_sample newer.gapstow
  day=2027-02-01T00:00:00Z json 5 outcome verify_sample late.gapstow --expiry now
  json 5 outcome verify_sample app.gapstow --max-age 1h
  json 0 outcome verify_sample app.gapstow --expiry ignore
  expect_exit 0 gapstow trust add-rule "$gun" --deny "not this one" --trust-store trust
  json 7 outcome verify_sample app.gapstow
  json 7 outcome import_sample app.gapstow oci:denied
  expect_no_file denied
  expect_exit 0 gapstow trust remove rule "$gun" --trust-store trust
}

imports() {
  json 0 history gapstow history --state none.db
  json 0 outcome import_sample newer.gapstow oci:images
  json 0 outcome import_sample saved.gapstow docker-archive:never.tar --allow-rollback "the old one is needed"
  json 6 outcome verify_sample app.gapstow
  json 6 outcome import_sample app.gapstow oci-archive:old.tar
  expect_no_file old.tar
  json 0 outcome import_sample bare.gapstow oci-archive:bare.tar
  json 0 history gapstow history --state state.db
  json 0 history gapstow history --state state.db --limit 1
}

repositories() {
  command -v openssl >/dev/null || return 0
  printf x >file
  python3 "$SOURCE_DIR/tests/support/make_tuf_repository.py" served --file a/file=file
  expect_exit 0 gapstow trust add-root files --root served/metadata/1.root.json --trust-store trust
  json 0 chain-verify gapstow chain verify tuf:served --gun files --trust-store trust --state none.db
  json 0 chain-show gapstow chain show tuf:served
  json 0 outcome gapstow chain fetch tuf:served --gun files --targets --signer alice.key --trust-store trust -o files.gapstow
  json 0 inspect gapstow inspect files.gapstow
  json 0 outcome gapstow import files.gapstow tuf:far --trust-store trust --state files.db
  json 0 history gapstow history --state files.db
}

copies() {
  local copy=(gapstow copy "$exact_image" --name "$gun:1.1" --trust "$older_chain" --trust-store trust --at "$day")
  json 0 outcome "${copy[@]}" oci:copied --state copy.db --dry-run
  expect_no_file copied copy.db
  json 0 outcome "${copy[@]}" oci:copied --state copy.db
  json 0 outcome "${copy[@]}" oci:copied --state copy.db --attach-chain --signer alice.key
  json 2 failure "${copy[@]}" oci:other --state copy.db --attach-chain
  json 0 outcome gapstow pack oci:copied --name "$gun:1.1" --trust attached --signer alice.key --trust-store trust --at "$day" \
    -o attached.gapstow
  json 0 inspect gapstow inspect attached.gapstow
  json 0 outcome gapstow verify attached.gapstow --trust-store trust --state none.db --at "$day"
  json 0 outcome import_sample attached.gapstow oci:onward --allow-rollback "to see it travel" --rename "$gun=$gun/moved"
  json 3 outcome gapstow pack "$exact_image" oci-archive:nothing.tar --name "$gun:1.1" --name "$gun:1.2" --trust "$older_chain" \
    --signer alice.key --trust-store trust --at "$day" --keep-going -o partial.gapstow
  expect_file partial.gapstow
  expect_exit 0 gapstow trust add-rule "$gun" --deny "not this one" --trust-store trust
  json 7 outcome import_sample attached.gapstow oci:none --keep-going --allow-rollback "to see it refused"
  expect_no_file none
  expect_exit 0 gapstow trust remove rule "$gun" --trust-store trust
}

captures() {
  local fetch=(gapstow chain fetch "$older_chain" --signer alice.key --trust-store trust --at "$day")
  json 0 outcome "${fetch[@]}" --gun "$gun" -o chain.gapstow
  json 0 inspect gapstow inspect chain.gapstow
  json 0 outcome gapstow verify chain.gapstow --trust-store trust --state none.db --at "$day"
  json 2 failure import_sample chain.gapstow oci:none
  json 0 chain-fetch "${fetch[@]}" --gun "$gun" --into captured
  json 0 chain-fetch "${fetch[@]}" --gun "$gun" --into captured
  json 1 chain-fetch "${fetch[@]}" --gun "$gun" --gun example.test/unpinned --into captured
  expect_file "captured/$gun.gapstow"
}

files() {
  json 0 files gapstow split app.gapstow --size 500KB -o part
  json 0 inspect gapstow inspect part.part*.gapstow
  json 0 outcome gapstow verify part.part*.gapstow --trust-store trust --state none.db --at "$day"
  json 0 files gapstow join part.part*.gapstow -o joined.gapstow
  expect_same app.gapstow joined.gapstow
  json 0 sign gapstow sign joined.gapstow --signer bob.key
  GAPSTOW_PASSPHRASE='correct horse' json 0 sign gapstow sign joined.gapstow --signer carol.key
}

doctors() {
  mkdir -p node/etc/containers node/etc/containerd
  json 0 doctor gapstow doctor --root node
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >node/etc/containers/policy.json
  echo 'version = 3' >node/etc/containerd/config.toml
  json 1 doctor gapstow doctor --root node --trust-store trust --state state.db app.gapstow zero*.gapstow
  json 1 doctor gapstow doctor --root node app.gapstow
  grep -q '"bundle"' "$out" || fail "a bundle that no trust store proves is no finding"
  json 3 failure gapstow doctor --root nowhere
  json 2 failure gapstow doctor --soon tomorrow
  json 2 failure gapstow doctor --snapshot ''
}

failures() {
  json 3 failure gapstow serve none.gapstow --trust-store trust --state none.db
  json 2 failure gapstow serve --trust-store trust --state none.db
  json 2 failure gapstow emit nothing none.gapstow --trust-store trust --state none.db
  json 2 failure gapstow verify --trust-store trust --state none.db
  json 2 failure gapstow split app.gapstow
  json 2 failure gapstow pack "$exact_image" --name 'Not A Name' --signer alice.key --trust none --trust-store trust -o x.gapstow
  json 3 failure gapstow verify nothing.gapstow --trust-store trust --state none.db
  json 3 failure gapstow key generate alice --no-passphrase
  json 3 failure gapstow sign joined.gapstow --signer bob.key
  json 1 failure gapstow verify app.gapstow --trust-store nobody --state none.db --at "$day"
  cp app.gapstow flipped.gapstow
  flip_byte flipped.gapstow $(($(stat -c %s app.gapstow) / 2))
  json 1 failure gapstow verify flipped.gapstow --trust-store trust --state none.db --at "$day"
  head -c -1 app.gapstow >cut.gapstow
  json 4 failure gapstow verify cut.gapstow --trust-store trust --state none.db --at "$day"
  head -c 2000 /dev/zero >zeros.gapstow
  json 4 failure gapstow inspect zeros.gapstow
}

keys
trust
packs
chains
verdicts
imports
repositories
copies
captures
decisions
files
failures
doctors
"$python" "$SOURCE_DIR/tests/cli/check_json.py" "$SOURCE_DIR/formats" "$documents"
