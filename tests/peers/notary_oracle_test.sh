#!/usr/bin/env bash
# The notary client as oracle: whatever it refuses of the spoiled repositories, gapstow refuses; where gapstow refuses more,
# tests/data/spoilings.txt says why. Each repository is read by a client that knows nothing but its pin, and by one that
# has read the publication before.
. "$(dirname "$0")/lab.sh"
need notary python3

configure_files() {
  lab_command[$1]="python3 $SOURCE_DIR/tests/support/notary_files.py --port $2 --folder $work/served"
}

# ask NUMBER TRUST: "ok" when the client gives the target that only the newer publication names, else its last words.
ask() {
  local said
  if said=$(timeout 60 notary -s "$notary_url/$1" -c "$work/served/$1/notary.json" -d "$2" lookup "$gun" 2.0 2>&1); then
    echo ok
  else
    echo "refused: ${said##*$'\n'}"
  fi
}

# judge [NUMBER STATE]...: each in a folder of its own; the answers are left in $work/answers.
judge() {
  local trust
  while (($#)); do
    trust=$work/trust-$1-$2
    if [[ $2 == known ]]; then cp -r "$work/cache" "$trust"; fi
    ask "$1" "$trust" >"$work/answers/$1-$2"
    rm -rf "$trust"
    shift 2
  done
}

gun=example.test/app
mkdir served answers
"$MAKE_SPOILED" served || fail "the spoiled repositories cannot be made"
start_server files configure_files
notary_url=http://127.0.0.1:${lab_port[files]}
export gun work notary_url
export -f ask judge

echo "-- the client takes both publications while they are good"
notary -s "$notary_url/before" -c served/before/notary.json -d cache lookup "$gun" 1.0 >message 2>&1 ||
  fail "the first publication: $(cat message)"
for state in fresh known; do
  judge good "$state"
  [[ $(cat "answers/good-$state") == ok ]] || fail "the second publication, $state: $(cat "answers/good-$state")"
done

echo "-- spoiled ones"
cut -f 1,4 served/cases.tsv | xargs -P "$(nproc)" -n 64 bash -c 'judge "$@"' judge

echo "-- against what gapstow says"
python3 "$SOURCE_DIR/tests/support/compare_oracle.py" served/cases.tsv answers || fail "notary and gapstow disagree"
