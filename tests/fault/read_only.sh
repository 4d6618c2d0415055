#!/usr/bin/env bash
# Places that cannot be written, and states that are no files: one class, a hint, nothing changed. Reading works there.
if [ -z "${own_mounts:-}" ]; then
  unshare -rm true 2>/dev/null || { echo "skipped: no mounts of one's own here"; exit 77; }
  own_mounts=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/common.sh"

setup_bundles
mkdir frozen
expect_exit 0 gapstow import older.gapstow oci:frozen/layout --trust-store trust --state frozen/state.db --at "$day"
cp frozen/state.db kept.db
mount --bind frozen frozen && mount -o remount,ro,bind frozen || skip "nothing can be mounted read-only"

# The destination.
for place in oci:frozen/new oci:frozen/layout:other oci-archive:frozen/out.tar docker-archive:frozen/out.tar; do
  expect_exit 3 import_sample newer.gapstow "$place"
  expect_class io_write
  expect_hint
  [ ! -e state.db ] || expect_imports 0
done

# The state: it can be read, not written, and is looked at before anything can be seen.
expect_exit 0 gapstow verify newer.gapstow --trust-store trust --state frozen/state.db --at "$day"
expect_imports 1 frozen/state.db
for place in oci:new oci-archive:out.tar docker-archive:out.tar; do
  expect_exit 3 gapstow import newer.gapstow "$place" --trust-store trust --state frozen/state.db --at "$day"
  expect_class state_unavailable
  expect_hint
  expect_no_file new out.tar
done
expect_exit 3 gapstow chain verify "$newer_chain" --gun "$gun" --trust-store trust --state frozen/state.db --at "$day" --commit
expect_class state_unavailable
expect_exit 3 gapstow import newer.gapstow oci:new --trust-store trust --state frozen/deeper/state.db --at "$day"
expect_hint
expect_no_file new
expect_same frozen/state.db kept.db
umount frozen
expect_exit 0 gapstow import newer.gapstow oci:frozen/layout --trust-store trust --state frozen/state.db --at "$day"
expect_newer_seen frozen/state.db

# Keys and trust stores.
mkdir sealed
cp -r trust sealed/
mount --bind sealed sealed && mount -o remount,ro,bind sealed
expect_exit 3 gapstow trust add-root 'x.test/*' --key-id "$root_key" --trust-store sealed/trust
expect_class io_write
expect_hint
expect_exit 3 gapstow key generate sealed/bob --no-passphrase
expect_class io_write
umount sealed

# What is no state database.
mkdir folder
mkfifo pipe
ln -s nowhere dangling
: >empty
for state in folder pipe /dev/null /dev/full empty dangling alice.pub/state.db alice.pub/a/b/state.db; do
  for command in "verify newer.gapstow" "import newer.gapstow oci:new"; do
    # shellcheck disable=SC2086
    expect_exit 3 timeout 20 "$GAPSTOW" $command --trust-store trust --state "$state" --at "$day"
    expect_class state_unavailable
    expect_hint
    expect_no_file new
  done
done
expect_no_file nowhere
[ -p pipe ] && [ -d folder ] && [ -f empty ] && [ ! -s empty ] || fail "something was written to"

# A folder that is missing is made, for its owner alone.
expect_exit 0 gapstow import newer.gapstow oci:new --trust-store trust --state a/b/state.db --at "$day"
[ "$(stat -c %a a/b)" = 700 ] && [ "$(stat -c %a a/b/state.db)" = 600 ] || fail "the state is open to others"
