#!/usr/bin/env bash
# A full disk, a closed pipe, a signal in the middle, folders that cannot be written: nothing is left behind.
. "$(dirname "$0")/common.sh"

setup_bundle

# A full disk, on every way out.
if [ -w /dev/full ]; then
  expect_exit 3 pack_sample /dev/full
  expect_class io_write
  code=0
  pack_sample - >/dev/full 2>"$err" || code=$?
  [ "$code" -eq 3 ] || fail "pack to a full standard output gave $code"
  code=0
  verify_sample app.gapstow >/dev/full 2>"$err" || code=$?
  [ "$code" -eq 3 ] || fail "a report to a full standard output gave $code"
fi

# A limit on the size of files stands for a disk that fills up in the middle.
limited() { (trap '' XFSZ; ulimit -f 400; "$@"); }
expect_exit 3 limited pack_sample full.gapstow
expect_no_file full.gapstow
for destination in oci-archive:full.tar docker-archive:full.tar oci:full; do
  expect_exit 3 limited import_sample app.gapstow "$destination"
  expect_no_file full.tar full state.db
  [ -z "$(find . -name '*.tmp')" ] || fail "temporary files are left: $(find . -name '*.tmp')"
done

# A closed pipe.
set +o pipefail
pack_sample - 2>"$err" | head -c 100 >/dev/null
verify_sample app.gapstow 2>"$err" | true
set -o pipefail

# A signal while the input is still coming: exit 130, no output.
mkfifo slow
for signal in TERM INT; do
  (head -c 200000 app.gapstow; exec sleep 30) >slow &
  feeder=$!
  "$GAPSTOW" import - oci-archive:late.tar --trust-store trust --state state.db --at "$day" <slow >"$out" 2>"$err" &
  running=$!
  sleep 0.5
  kill -"$signal" "$running"
  code=0
  wait "$running" || code=$?
  kill "$feeder" 2>/dev/null || true
  wait "$feeder" 2>/dev/null || true
  # A shell makes its background children deaf to SIGINT; then the signal to test is SIGTERM alone.
  [ "$code" -eq 130 ] || [ "$signal" = INT ] || fail "SIG$signal gave exit code $code"
  [ "$code" -eq 0 ] && fail "the run ended well without its input"
  expect_no_file late.tar state.db
done

# Streams: from one command into the other.
pack_sample - | verify_sample - >"$out"
pack_sample - | import_sample - oci-archive:piped.tar >"$out"
expect_file piped.tar state.db
expect_exit 0 verify_sample <(cat app.gapstow)

# A state that is no database, a trust store that is no store.
echo "no database" >broken.db
expect_exit 3 gapstow verify app.gapstow --trust-store trust --state broken.db --at "$day"
expect_class state_unavailable
[ "$(cat broken.db)" = "no database" ] || fail "a foreign file was overwritten"
mkdir bad && echo '{"gapstowTrust":1,"gapstowTrust":1}' >bad/trust.json
expect_exit 4 gapstow verify app.gapstow --trust-store bad --state none.db
expect_class malformed
