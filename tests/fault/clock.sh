#!/usr/bin/env bash
# A clock that jumps back behind what is proven: refused by all that judge, with a hint; nothing changes, also not the floor.
. "$(dirname "$0")/common.sh"
command -v faketime >/dev/null || skip "faketime is not installed"

# at TIME COMMAND...: with the clock at that time, UTC.
at() { TZ=UTC faketime -f "@$1" "${@:2}"; }
at "2026-11-26 00:00:00" "$GAPSTOW" version >"$out" 2>"$err" || skip "faketime does not work here"

SOURCE_DATE_EPOCH=1795564800 setup_bundles                            # sealed on the 25th
SOURCE_DATE_EPOCH=1795363200 expect_exit 0 pack_sample early.gapstow  # sealed on the 22nd
options=(--trust-store trust --state state.db --at "$day")
expect_exit 0 at "2026-11-26 00:00:00" "$GAPSTOW" import newer.gapstow oci-archive:out.tar "${options[@]}"
expect_imports 1
cp state.db before.db

# Back to the 23rd: the early bundle is from before, so only the state can know.
back="2026-11-23 12:00:00"
expect_exit 0 at "$back" "$GAPSTOW" verify early.gapstow --trust-store trust --state none.db --at "$day"
for command in "verify early.gapstow" "import early.gapstow oci-archive:late.tar" "verify newer.gapstow" \
  "chain verify $newer_chain --gun $gun" "chain verify $newer_chain --gun $gun --commit"; do
  # shellcheck disable=SC2086
  expect_exit 3 at "$back" "$GAPSTOW" $command "${options[@]}"
  expect_class clock_behind
  expect_hint
done
expect_no_file late.tar none.db
expect_same state.db before.db

# Nor does a rollback with a reason go around it.
expect_exit 3 at "$back" "$GAPSTOW" import early.gapstow oci-archive:late.tar "${options[@]}" --allow-rollback because
expect_class clock_behind
expect_same state.db before.db

# A few minutes are forgiven, and do not set the floor back.
expect_exit 0 at "2026-11-24 23:57:00" "$GAPSTOW" verify newer.gapstow "${options[@]}"
expect_exit 3 at "2026-11-24 23:54:00" "$GAPSTOW" verify newer.gapstow "${options[@]}"
expect_class clock_behind
expect_exit 0 at "2026-11-24 23:57:00" "$GAPSTOW" import newer.gapstow oci-archive:again.tar "${options[@]}"
expect_exit 3 at "2026-11-24 23:54:00" "$GAPSTOW" verify early.gapstow "${options[@]}"
expect_class clock_behind

# Right again: all goes on, and versions were never forgotten.
expect_exit 0 at "2026-11-27 00:00:00" "$GAPSTOW" import newer.gapstow oci-archive:again.tar "${options[@]}"
expect_imports 3
expect_exit 6 at "2026-11-27 00:00:00" "$GAPSTOW" verify older.gapstow "${options[@]}"
