#!/usr/bin/env bash
# gapstow-tuf-client against a repository that tuf-on-ci made: three commands, bytes stored as served, exit status 0 or 1.
. "$(dirname "$0")/common.sh"

repository=$SOURCE_DIR/../shared/vectors/public/tuf-on-ci-0.11
[ -d "$repository" ] || skip "the public vectors are not there"
repository=$(cd "$repository" && pwd)
program=$(dirname "$GAPSTOW")/gapstow-tuf-client
[ -x "$program" ] || skip "gapstow-tuf-client is not built"
cp -r "$repository" served
target=delegatedrole/artifact

client() { "$program" --metadata-url "file://$PWD/served/metadata/" --metadata-dir state "$@"; }
download() { client --target-base-url "file://$PWD/served/targets/" --target-dir out --target-name "$1" download; }

# Wrong use, and nothing to start from.
expect_exit 1 "$program"
expect_exit 1 "$program" --metadata-dir state
expect_exit 1 "$program" --metadata-dir state --no-such-option x refresh
expect_exit 1 client refresh
expect_exit 1 "$program" --metadata-dir state init missing.json
expect_no_file state/root.json

expect_exit 0 "$program" --metadata-dir state init served/initial_root.json
expect_same state/root.json served/initial_root.json
expect_exit 0 client refresh
expect_same state/timestamp.json served/metadata/timestamp.json
expect_same state/snapshot.json served/metadata/2.snapshot.json
expect_same state/targets.json served/metadata/1.targets.json

expect_exit 1 download nonexistent
expect_exit 0 download "$target"
found=$(find out -type f)
expect_same "$found" "$(find served/targets -type f)"

# A target that is there already is not fetched again; one that was changed on the way is not taken.
mv served/targets served/away
expect_exit 0 download "$target"
rm "$found"
expect_exit 1 download "$target"
expect_no_file "$found"
mv served/away served/targets
flip_byte "$(find served/targets -type f)" 3
expect_exit 1 download "$target"
expect_no_file "$found"
[ -z "$(find out -type f)" ] || fail "something was left: $(find out -type f)"

# Metadata that was changed on the way, before and after it has been seen.
cp state/timestamp.json good.json
flip_byte served/metadata/timestamp.json 40
expect_exit 1 client refresh
expect_same state/timestamp.json good.json
rm -r state
expect_exit 0 "$program" --metadata-dir state init served/initial_root.json
expect_exit 1 client refresh
expect_no_file state/timestamp.json
