#!/usr/bin/env bash
# Killed registries and a killed gapstow, at several points: no tag, nothing under the final name, and the second run
# finishes. A registry that comes back in time is waited for.
. "$(dirname "$0")/lab.sh"
need curl python3

make_trust
export GAPSTOW_TRUST_STORE=$work/trust
python3 "$SOURCE_DIR/bench/make_images.py" layout --layers 5 --size 3000000 --name bench.test/team/image
"$GAPSTOW" trust add-rule 'bench.test/*' --without-chain -q
"$GAPSTOW" trust add-rule 'localhost:*' --without-chain -q
"$GAPSTOW" pack oci:layout --trust none --signer desk.key -q -o image.gapstow
digest=$(python3 -c 'import json; print(json.load(open("layout/index.json"))["manifests"][0]["digest"])')
size=$(stat -c %s image.gapstow)

# feed COUNT: so many bytes of the bundle, and then nothing more until the reader has gone or $work/go is there.
feed() {
  head -c "$1" image.gapstow
  until [[ -e go ]]; do sleep 0.05; done
  tail -c +$(($1 + 1)) image.gapstow
}

# begin_import NAME COUNT: an import from a pipe that stops after COUNT bytes; its process in $importer.
begin_import() {
  local place=registry_$1
  rm -f go pipe
  mkfifo pipe
  feed "$2" >pipe 2>/dev/null &
  feeder=$!
  "$GAPSTOW" import - "docker://${!place}" --plain-http --retries 1 --state "$1.db" -q <pipe 2>message &
  importer=$!
}

end_feeder() {
  touch go
  wait "$feeder" 2>/dev/null || true
}

# finish_import NAME: the second run.
finish_import() {
  local place=registry_$1
  expect_no_tags "${!place}" team/image
  if [[ -e $1.db ]] && "$GAPSTOW" history --state "$1.db" --format json | grep -q "$digest"; then
    fail "$1: the history tells of an import"
  fi
  expect_code 0 "$GAPSTOW" import image.gapstow "docker://${!place}" --plain-http --state "$1.db"
  expect_tag "${!place}" team/image 0 "$digest"
  expect_code 0 "$GAPSTOW" verify image.gapstow --state "$1.db"
}

points=("20000" "$((size / 4))" "$((size / 2))" "$((size * 9 / 10))" "$((size - 1))")

echo "-- gapstow killed while it imports"
for signal in KILL TERM; do
  for point in "${points[@]}"; do
    name=killed_${signal}_$point
    start_registry "$name"
    begin_import "$name" "$point"
    sleep 0.4 # what was fed is on its way by now; wherever it is, nothing may be visible
    kill -s "$signal" "$importer"
    wait "$importer" 2>/dev/null && fail "gapstow ended well though it was killed"
    end_feeder
    finish_import "$name"
    stop_server "$name"
  done
done

echo "-- the registry killed while gapstow imports"
for point in "${points[@]}"; do
  name=away_$point
  start_registry "$name"
  begin_import "$name" "$point"
  sleep 0.4
  stop_server "$name" KILL
  end_feeder
  code=0
  wait "$importer" || code=$?
  ((code == 3)) || fail "exit code $code after the registry was killed: $(cat message)"
  restart_server "$name"
  finish_import "$name"
  stop_server "$name"
done

echo "-- the registry comes back while gapstow imports"
start_registry back
begin_import back $((size / 2))
sleep 0.4
stop_server back KILL
restart_server back
end_feeder
wait "$importer" || fail "a registry that came back was not used again: $(cat message)"
# shellcheck disable=SC2154
expect_tag "$registry_back" team/image 0 "$digest"

echo "-- gapstow killed while it packs"
place=docker://$registry_back/team/image:0
for delay in 0.005 0.02 0.05 0.1; do
  "$GAPSTOW" pack "$place" --trust none --signer desk.key --plain-http -q -o packed.gapstow &
  packer=$!
  sleep "$delay"
  kill -s KILL "$packer" 2>/dev/null || true
  wait "$packer" 2>/dev/null || true
  # A process may die between the rename and its end: then the bundle is there, and whole.
  if [[ -e packed.gapstow ]]; then
    expect_code 0 "$GAPSTOW" verify packed.gapstow --state packed.db
    rm packed.gapstow
  fi
done
"$GAPSTOW" pack "$place" --trust none --signer desk.key --plain-http -q -o packed.gapstow
expect_code 0 "$GAPSTOW" verify packed.gapstow --state packed.db

echo "-- the registry killed while gapstow packs to a pipe that does not take everything at once"
mkfifo out
"$GAPSTOW" pack "$place" --trust none --signer desk.key --plain-http --retries 1 -q -o - >out 2>message &
packer=$!
exec 7<out
head -c 4000000 <&7 >part
stop_server back KILL
cat <&7 >>part
exec 7<&-
code=0
wait "$packer" || code=$?
((code == 3)) || fail "exit code $code after the registry was killed: $(cat message)"
expect_code 4 "$GAPSTOW" verify part --state part.db

echo "-- and comes back: the download is taken up again"
restart_server back
"$GAPSTOW" pack "$place" --trust none --signer desk.key --plain-http -q -o - >out 2>message &
packer=$!
exec 7<out
head -c 4000000 <&7 >whole
stop_server back KILL
restart_server back
cat <&7 >>whole
exec 7<&-
wait "$packer" || fail "a registry that came back was not used again: $(cat message)"
expect_code 0 "$GAPSTOW" verify whole --state whole.db
echo "killed: $digest"
