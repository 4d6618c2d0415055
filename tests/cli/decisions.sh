#!/usr/bin/env bash
# Operators, relocations, decision files and break-glass tokens: who may make them, and what is in them.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
: "${MAKE_DECISIONS:?the program that makes large decision files}"

setup_bundle
for name in ops duty; do expect_exit 0 gapstow key generate "$name" --no-passphrase; done

change() { gapstow trust "$@" --trust-store trust; }
# Without expiry, so that these tests hold on any day.
snapshot() { gapstow trust snapshot "$@" --trust-store trust --state none.db --expiry ignore --at "$day"; }

operators() {
  expect_exit 2 change add-operator ops --key ops.pub
  expect_exit 2 change add-operator ops --key ops.pub --may everything
  expect_exit 2 change add-operator ops --may snapshot
  expect_exit 3 change add-operator ops --key nothing.pub --may snapshot
  cp trust/trust.json before.json
  expect_exit 0 change add-operator ops --key ops.pub --may snapshot
  expect_exit 3 change add-operator ops --key duty.pub --may snapshot
  expect_class conflict
  expect_exit 3 change add-operator other --key ops.pub --may snapshot
  expect_class conflict
  expect_exit 0 change list
  expect_stdout_line 'Operator +ops +may sign decision files'
  expect_exit 0 change remove operator ops
  expect_same before.json trust/trust.json
  expect_exit 3 change remove operator ops
  expect_class not_found
  expect_exit 0 change add-operator ops --key ops.pub --may snapshot
  expect_exit 0 change add-operator duty --key duty.pub --may break-glass
}

relocations() {
  cp trust/trust.json before.json
  for bad in docker.io =registry.test docker.io= a.test=b.test=c.test redis=registry.test a.test/X=b.test a.test/=b.test \
    a.test=a.test/mirror index.docker.io=registry.test; do
    expect_exit 2 change add-relocation "$bad"
  done
  expect_exit 2 change add-relocation a.test=b.test --tag 1
  expect_exit 2 change add-relocation a.test=b.test --tag 1=x --tag 2=x
  expect_same before.json trust/trust.json
  expect_exit 0 change add-relocation "localhost:5000/lab=registry.test/mirror" --tag 1.1=stable
  expect_exit 3 change add-relocation "docker.io=registry.test/mirror"
  expect_class conflict
  expect_exit 2 change add-relocation "registry.test/mirror/sub=other.test"
  expect_exit 0 change list
  expect_stdout_line 'registry.test/mirror stands for localhost:5000/lab'
  expect_exit 0 change remove relocation registry.test/mirror
  expect_same before.json trust/trust.json
  expect_exit 0 change add-relocation "localhost:5000/lab=registry.test/mirror" --tag 1.1=stable
}

snapshots() {
  expect_exit 2 snapshot app.gapstow -o d.snapshot
  expect_exit 2 snapshot app.gapstow --signer ops.key
  expect_exit 2 snapshot -o d.snapshot --signer ops.key
  expect_exit 2 snapshot app.gapstow -o d.snapshot --signer ops.key --snapshot-version 0
  expect_exit 1 snapshot app.gapstow -o d.snapshot --signer alice.key
  expect_class untrusted_key
  expect_exit 1 snapshot app.gapstow -o d.snapshot --signer duty.key
  expect_no_file d.snapshot
  head -c -1 app.gapstow >cut.gapstow
  expect_exit 4 snapshot cut.gapstow -o d.snapshot --signer ops.key
  cp app.gapstow flipped.gapstow
  flip_byte flipped.gapstow $(($(stat -c %s app.gapstow) / 2))
  expect_exit 1 snapshot app.gapstow flipped.gapstow -o d.snapshot --signer ops.key
  expect_no_file d.snapshot none.db

  expect_exit 0 snapshot app.gapstow -o d.snapshot --signer ops.key
  expect_stdout_line "$signed_digest"
  expect_stdout_line 'version 1$'
  expect_exit 0 gapstow trust show-snapshot d.snapshot --trust-store trust
  expect_stdout_line 'signed by ops'
  expect_stdout_line 'targets'
  # Another one rises, whatever is in it; parts and folders are bundles too.
  expect_exit 0 gapstow split app.gapstow --size 500KB -o part
  expect_exit 0 snapshot part.part*.gapstow app.gapstow -o d.snapshot --signer ops.key
  expect_stdout_line 'version 2$'
  mkdir bundles
  cp app.gapstow bundles
  expect_exit 0 snapshot bundles -o d.snapshot --signer ops.key --snapshot-version 40
  expect_stdout_line 'version 40$'
  cp d.snapshot before.snapshot
  expect_exit 2 snapshot app.gapstow -o d.snapshot --signer ops.key --snapshot-version 40
  expect_same before.snapshot d.snapshot
  flip_byte d.snapshot 30
  expect_exit 1 gapstow trust show-snapshot d.snapshot --trust-store trust
  expect_exit 1 snapshot app.gapstow -o d.snapshot --signer ops.key
  expect_exit 0 snapshot app.gapstow -o d.snapshot --signer ops.key --snapshot-version 41
  expect_exit 4 gapstow trust show-snapshot app.gapstow --trust-store trust
  expect_exit 3 gapstow trust show-snapshot nothing --trust-store trust
}

# What a rule refuses is in the file, with the reason.
refusals() {
  expect_exit 0 change add-rule "$gun" --deny "withdrawn"
  expect_exit 0 snapshot app.gapstow -o refused.snapshot --signer ops.key
  expect_stdout_line 'refused \[denied\].*withdrawn'
  expect_exit 0 change remove rule "$gun"
  expect_exit 0 gapstow trust snapshot app.gapstow --trust-store trust --state none.db --at 2028-01-01T00:00:00Z \
    -o refused.snapshot --signer ops.key
  expect_stdout_line 'refused \[expired\]'
}

# The format document is enough to read one.
documents() {
  "$MAKE_DECISIONS" ops.key 20 many.snapshot
  expect_exit 0 snapshot app.gapstow -o site.snapshot --signer ops.key
  for file in many site refused; do
    expect_exit 0 gapstow trust show-snapshot "$file.snapshot" --trust-store trust --format json
    cp "$out" "$file.json"
    python3 "$SOURCE_DIR/tests/cli/read_decisions.py" "$file.snapshot" "$file.json" >"$out" 2>"$err" || fail "$file is read otherwise"
  done
}

tokens() {
  local token=(gapstow trust break-glass --trust-store trust --reason "incident 7")
  expect_exit 0 "${token[@]}" shop "$signed_digest" --for 4h --signer duty.key
  [ "$(wc -l <"$out")" -eq 1 ] || fail "a token is one line"
  base64 -d "$out" >envelope
  grep -q '"payloadType":"application/vnd.gapstow.break-glass+json"' envelope || fail "no envelope"
  expect_exit 1 "${token[@]}" shop "$signed_digest" --for 4h --signer ops.key
  expect_class untrusted_key
  expect_exit 2 "${token[@]}" '*' "$signed_digest" --for 4h --signer duty.key
  expect_exit 2 "${token[@]}" shop --for 4h --signer duty.key
  expect_exit 2 "${token[@]}" shop latest --for 4h --signer duty.key
  expect_exit 2 "${token[@]}" shop "$signed_digest" --signer duty.key
  expect_exit 2 "${token[@]}" shop "$signed_digest" --for 7d --signer duty.key
  expect_exit 2 "${token[@]}" shop "$signed_digest" --for 0h --signer duty.key
  expect_exit 2 gapstow trust break-glass --trust-store trust shop "$signed_digest" --for 4h --signer duty.key
  expect_no_stdout
}

operators
relocations
snapshots
refusals
if command -v python3 >/dev/null; then documents; fi
tokens
