#!/usr/bin/env bash
# A damaged state stops every command that needs it, with a way to go on that works.
. "$(dirname "$0")/common.sh"

setup_bundles
expect_exit 0 import_sample newer.gapstow oci-archive:out.tar
cp state.db whole.db
size=$(stat -c %s state.db)

stopped() {
  local command
  for command in "verify newer.gapstow" "import newer.gapstow oci:new" "chain verify $newer_chain --gun $gun" \
    "chain verify $newer_chain --gun $gun --commit"; do
    # shellcheck disable=SC2086
    expect_exit 3 gapstow $command --trust-store trust --state state.db --at "$day"
    expect_class state_unavailable
    expect_hint
    expect_no_file new
  done
  expect_exit 3 gapstow history --state state.db
  expect_class state_unavailable
}

for length in 0 1 99 100 4095 4096 $((size / 2)) $((size - 4096)) $((size - 1)); do
  head -c "$length" whole.db >state.db
  stopped
done
for page in $(seq 0 $((size / 4096 - 1))); do
  cp whole.db state.db
  head -c 4096 /dev/zero | dd of=state.db bs=4096 seek="$page" conv=notrunc status=none
  expect_exit 3 verify_sample newer.gapstow
  expect_class state_unavailable
done
stopped
head -c "$size" /dev/urandom >state.db
stopped

# Without its journal, and the journal without it.
cp whole.db state.db
expect_exit 0 verify_sample newer.gapstow
mv state.db state.db.damaged
head -c 4096 whole.db >state.db-journal
stopped
expect_no_file state.db
mv state.db-journal state.db.damaged-journal

# As the hint says: aside with it, and what that means.
expect_exit 0 verify_sample older.gapstow
expect_exit 0 import_sample newer.gapstow oci:new
expect_imports 1
expect_newer_seen

# A backup remembers what it knew.
cp whole.db state.db
expect_newer_seen
