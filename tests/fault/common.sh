# As ../cli/common.sh, with two bundles of one image: older.gapstow and newer.gapstow; sourced, not run.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../cli/common.sh"

# setup_bundles: setup_trust and both.
setup_bundles() {
  setup_trust
  expect_exit 0 pack_sample older.gapstow
  expect_exit 0 gapstow pack "$exact_image" --name "$gun:1.1" --trust "$newer_chain" --signer alice.key --trust-store trust \
    --at "$day" -o newer.gapstow
}

# expect_imports N [STATE]: that many are in the history.
expect_imports() {
  local count
  count=$(gapstow history --state "${2:-state.db}" --format json | grep -c '"bundleId"' || true)
  [ "$count" -eq "$1" ] || fail "$count imports are remembered, expected $1"
}

# expect_newer_seen [STATE]: the older bundle is refused.
expect_newer_seen() {
  expect_exit 6 gapstow verify older.gapstow --trust-store trust --state "${1:-state.db}" --at "$day"
  expect_class rollback
}

# expect_hint: the last command has said how to go on.
expect_hint() { [ "$(wc -l <"$err")" -ge 2 ] || fail "no hint"; }
