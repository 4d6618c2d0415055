#!/usr/bin/env bash
# Imports at once with one state: each is remembered, none disturbs another, and who waits too long is told so.
. "$(dirname "$0")/common.sh"

setup_bundles
number=8

# all_at_once COMMAND...: runs it $number times at once with %N as the number; exit codes go to codes.
all_at_once() {
  local i
  rm -f code.*
  for i in $(seq "$number"); do
    (
      status=0
      "$GAPSTOW" "${@//%N/$i}" --trust-store trust --state state.db --at "$day" >"said.$i" 2>&1 || status=$?
      echo "$status" >"code.$i"
    ) &
  done
  wait
  codes=$(cat code.* | sort -n | uniq -c | awk '{printf "%s%sx%s", (NR > 1 ? " " : ""), $1, $2}')
}

expect_codes() { [ "$codes" = "$1" ] || fail "exit codes $codes, expected $1: $(cat said.*)"; }

# Destinations of their own; the state comes to be at the same time.
all_at_once import older.gapstow oci-archive:out.%N.tar
expect_codes 8x0
expect_imports 8
for i in $(seq 2 "$number"); do expect_same out.1.tar "out.$i.tar"; done

# One archive: whole, whoever was last.
all_at_once import newer.gapstow docker-archive:shared.tar
expect_codes 8x0
expect_imports 16
expect_newer_seen
expect_exit 0 import_sample newer.gapstow docker-archive:alone.tar
expect_same shared.tar alone.tar

# One layout that is there: all names are in it.
mkdir shared
all_at_once import newer.gapstow oci:shared:name%N
expect_codes 8x0
expect_imports 25
for i in $(seq "$number"); do
  grep -q "\"name$i\"" shared/index.json || fail "name$i was lost"
done

# One layout that comes to be: one makes it, and who comes too late is told to run again.
all_at_once import newer.gapstow oci:new:name%N
for i in $(seq "$number"); do
  if [ "$(cat "code.$i")" -eq 0 ]; then
    grep -q "\"name$i\"" new/index.json || fail "name$i was lost"
  else
    cp "said.$i" "$err"
    expect_class conflict
    expect_hint
    expect_exit 0 import_sample newer.gapstow "oci:new:name$i"
  fi
done
[ "$(grep -o '"name[0-9]"' new/index.json | sort -u | wc -l)" -eq 8 ] || fail "names were lost"
expect_imports 33
[ -z "$(find . -name '*.tmp' -o -name '*-journal')" ] || fail "something was left behind"

# Older and newer ones mixed: what the state knows in the end is the newest, and an older one comes first or not at all.
rm state.db
for round in 1 2 3; do
  rm -f mixed.*
  for i in 1 2 3 4; do
    for which in older newer; do
      (
        status=0
        import_sample "$which.gapstow" "oci-archive:mixed.$which.$i" >"said.$which.$i" 2>&1 || status=$?
        echo "$status" >"mixed.code.$which.$i"
      ) &
    done
  done
  wait
  for i in 1 2 3 4; do
    [ "$(cat "mixed.code.newer.$i")" -eq 0 ] || fail "the newer one failed in round $round: $(cat "said.newer.$i")"
    status=$(cat "mixed.code.older.$i")
    [ "$status" -eq 0 ] || [ "$status" -eq 6 ] || fail "the older one ended with $status: $(cat "said.older.$i")"
    [ "$status" -eq 0 ] || expect_no_file "mixed.older.$i"
  done
  expect_newer_seen
done

# Somebody who does not let go: the wait has an end, and nothing was changed.
command -v python3 >/dev/null || exit 0
mkfifo ready release
python3 - <<'END' &
import sqlite3
state = sqlite3.connect("state.db", isolation_level=None)
state.execute("BEGIN EXCLUSIVE")
open("ready", "w").close()
open("release").close()
END
cat ready
cp state.db before.db
expect_exit 3 timeout 60 "$GAPSTOW" import newer.gapstow oci-archive:late.tar --trust-store trust --state state.db --at "$day"
expect_class state_unavailable
expect_hint
expect_no_file late.tar
: >release
wait
expect_same state.db before.db
expect_exit 0 import_sample newer.gapstow oci-archive:late.tar
