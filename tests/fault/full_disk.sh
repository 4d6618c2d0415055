#!/usr/bin/env bash
# A disk that is full at every size from nothing to just enough: io_write with a hint, no output, no state, and the same command
# succeeds when there is room.
if [ -z "${own_mounts:-}" ]; then
  unshare -rm true 2>/dev/null || { echo "skipped: no mounts of one's own here"; exit 77; }
  own_mounts=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/common.sh"

setup_bundles
expect_exit 0 import_sample older.gapstow oci-archive:first.tar
mkdir disk

# try_size KIB DESTINATION NAME: imports into a disk of that size with a state that knows the older bundle; true when it fits.
try_size() {
  local status=0
  mount -t tmpfs -o "size=$1k" none disk 2>"$err" || skip "tmpfs cannot be mounted"
  if ! cp state.db disk/ 2>"$err"; then
    umount disk
    return 1
  fi
  gapstow import newer.gapstow "$2:disk/$3" --trust-store trust --state disk/state.db --at "$day" >"$out" 2>"$err" || status=$?
  if [ "$status" -ne 0 ]; then
    [ "$status" -eq 3 ] || fail "exit code $status with $1 KiB"
    expect_class io_write
    expect_hint
    expect_no_file "disk/$3"
    [ -z "$(ls -A disk | grep -v '^state.db' || true)" ] || fail "left on the disk: $(ls -A disk)"
    expect_imports 1 disk/state.db
    mount -o remount,size=16m disk
    expect_exit 0 gapstow import newer.gapstow "$2:disk/$3" --trust-store trust --state disk/state.db --at "$day"
  fi
  expect_file "disk/$3"
  expect_imports 2 disk/state.db
  expect_newer_seen disk/state.db
  umount disk
  return "$status"
}

for kind in oci oci-archive docker-archive; do
  size=40
  full=0
  # Widely spaced at first, page by page where the blobs fit and the state does not.
  until try_size "$size" "$kind" out; do
    full=$((full + 1))
    size=$((size < 1080 ? size + 104 : size + 4))
    [ "$size" -lt 3000 ] || fail "it never fits"
  done
  [ "$full" -gt 10 ] || fail "the disk was full only $full times"
  echo "$kind: full $full times, fits $size KiB"
done
