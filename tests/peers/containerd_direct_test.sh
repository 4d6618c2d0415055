#!/usr/bin/env bash
# gapstow hands images to containerd: under their names and digests, of all platforms, some, or none of this machine's;
# and a run that fails or is killed changes no name.
. "$(dirname "$0")/common.sh"
need containerd ctr python3

mkdir tmp
export TMPDIR=$work/tmp
store=(--trust-store trust --state state.db --at "$at")
c() { ctr -a "$containerd_socket" -n k8s.io "$@"; }
# target NAME: the digest that a name leads to; nothing when there is none.
target() { c images ls | awk -v name="$1" '$1 == name {print $3}'; }
leads_to() { [[ $(target "$1") == "$2" ]] || fail "$1 leads to '$(target "$1")' and not to $2"; }
no_stages() { ! grep -q gapstow.invalid <<<"$(c images ls -q)" || fail "a staged name stayed"; }
# All names but those that containerd's CRI makes by itself, for IDs.
names() { c images ls | awk 'NR > 1 && $1 !~ /^sha256:/ {print $1, $3}' | sort; }
# has DIGEST: containerd has the blob, and still has it after collecting garbage.
has() { grep -qx "$1" <<<"$(c content ls -q)" || fail "blob $1 is gone"; }
collect() {
  c images tag "$reference_11" gapstow.test/garbage:1 >/dev/null
  c images rm --sync gapstow.test/garbage:1 >/dev/null
}
# pack_index NAME OUTPUT LAYOUT [OPTION...]
pack_index() {
  local name=$1 output=$2 layout=$3
  shift 3
  "$GAPSTOW" pack "oci:$layout" --name "$name" --trust none --signer desk.key --trust-store trust -q -o "$output" "$@"
}

make_trust
"$GAPSTOW" trust add-rule 'reg.test/*' --without-chain --trust-store trust -q
pack_sample app.gapstow
here=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
other=$([[ $here == s390x ]] && echo ppc64le || echo s390x)
read -r index first second third < <(python3 "$SOURCE_DIR/tests/peers/make_platforms.py" layout multi \
  "linux/$other" "linux/$here" linux/riscv64)
start_containerd
place=containerd:$containerd_socket

# One image, and again: name and digest, what it is from, nothing else.
"$GAPSTOW" import app.gapstow "$place" "${store[@]}" --dry-run -q
[[ -z $(c images ls -q) ]] || fail "a rehearsal left an image"
for round in 1 2; do
  "$GAPSTOW" import app.gapstow "$place" --format json "${store[@]}" >report.json
  leads_to "$reference_11" "$digest_11"
  leads_to "localhost:5000/lab/app@$digest_11" "$digest_11"
  no_stages
  [[ $(c content ls | grep -c 'containerd.distribution.source.localhost:5000=lab/app') -ge 3 ]] ||
    fail "round $round: blobs do not say where they are from"
done
grep -q '"fate":"present"\|"present"' report.json || fail "the second report does not say that blobs were there"
grep -q "$place,namespace=k8s.io" <<<"$("$GAPSTOW" history --state state.db)" || fail "the history does not know containerd"

# An index: whole, without a platform, without this machine's; every part that came stays.
pack_index reg.test/lab/whole:1 whole.gapstow layout
"$GAPSTOW" import whole.gapstow "$place" "${store[@]}" -q --rename reg.test/lab=far.test/mirror
leads_to far.test/mirror/whole:1 "$index"
leads_to "far.test/mirror/whole@$index" "$index"
collect
for blob in "$index" "$first" "$second" "$third"; do has "$blob"; done
for name in $(c images ls -q | grep far.test); do c images rm --sync "$name" >/dev/null; done
pack_index reg.test/lab/some:1 some.gapstow layout --platform "linux/$other" --platform "linux/$here"
pack_index reg.test/lab/foreign:1 foreign.gapstow layout --platform "linux/$other" --platform linux/riscv64
"$GAPSTOW" import some.gapstow "$place" "${store[@]}" -q
leads_to reg.test/lab/some:1 "$index"
no_stages
collect
for blob in "$index" "$first" "$second"; do has "$blob"; done
c run --rm --null-io reg.test/lab/some:1 nothing /nothing 2>run.log || true
! grep -q 'not found: .*sha256\|no match for platform' run.log || fail "containerd cannot use it: $(cat run.log)"
for name in $(c images ls -q | grep reg.test); do c images rm --sync "$name" >/dev/null; done
"$GAPSTOW" import foreign.gapstow "$place" "${store[@]}" -q
leads_to "reg.test/lab/foreign@$index" "$index"
collect
for blob in "$index" "$first" "$third"; do has "$blob"; done

# Without a bundle between.
"$GAPSTOW" copy oci:layout --name reg.test/lab/copied:1 --trust none "$place" "${store[@]}" -q --platform "linux/$here"
leads_to reg.test/lab/copied:1 "$index"
for name in $(c images ls -q | grep lab/copied); do c images rm --sync "$name" >/dev/null; done

# What k3s is given, loaded as k3s loads it: names, digests, every platform.
mkdir images
"$GAPSTOW" import whole.gapstow k3s-dir:images "${store[@]}" -q --rename reg.test/lab=k3s.test/mirror
"$GAPSTOW" import app.gapstow k3s-dir:images "${store[@]}" -q --rename localhost:5000/lab=k3s.test/lab
[[ $(compgen -G 'images/gapstow-*.tar' | wc -l) -eq 2 ]] || fail "the folder holds $(ls -a images)"
for archive in images/gapstow-*.tar; do c images import --all-platforms --no-unpack "$archive" >/dev/null; done
leads_to k3s.test/mirror/whole:1 "$index"
leads_to k3s.test/lab/app:1.1 "$digest_11"
for name in $(c images ls -q | grep k3s.test); do c images rm --sync "$name" >/dev/null; done

# What is not proven gets nowhere; what was there stays.
names >before
"$GAPSTOW" pack oci:layout --name reg.test/lab/some:1 --trust none --signer desk.key --trust-store trust -q -o cut.gapstow
truncate -s -600 cut.gapstow
! "$GAPSTOW" import cut.gapstow "$place" "${store[@]}" -q 2>/dev/null || fail "a cut bundle was imported"
names | cmp - before || fail "a cut bundle changed names"

# Each call of ctr fails in turn: no name changes. The name leads to another image before.
mkdir bin
cat >bin/ctr <<'CTR'
#!/bin/sh
case "$*" in *"$FAIL_AT"*)
  count=$(cat "$COUNT" 2>/dev/null || echo 0)
  echo $((count + 1)) >"$COUNT"
  if [ "$count" = "$FAIL_AFTER" ]; then echo "ctr: no luck" >&2; exit 1; fi;;
esac
exec "$REAL_CTR" "$@"
CTR
chmod +x bin/ctr
REAL_CTR=$(command -v ctr) COUNT=$work/count
export REAL_CTR COUNT FAIL_AT FAIL_AFTER
c images tag "$reference_11" reg.test/lab/some:1 >/dev/null
names >before
for failure in "images import:0" "images import:2" "images ls:1" "images ls:2" "images ls:3" "content label:0" "snapshots unpack:0" \
  "images tag --force reg.test:0" "images tag --force gapstow.invalid:0" "images tag --force gapstow.invalid:1"; do
  FAIL_AT=${failure%:*} FAIL_AFTER=${failure##*:}
  rm -f count
  if PATH=$work/bin:$PATH "$GAPSTOW" import some.gapstow "$place" "${store[@]}" -q 2>error.txt; then
    fail "'$failure' did not matter"
  fi
  grep -q 'no luck.*\[network\]' error.txt || fail "'$failure' says: $(cat error.txt)"
  names | cmp - before || fail "'$failure' changed names"
done
[[ $("$GAPSTOW" history --state state.db | grep -c 'reg.test/lab/some:1') -eq 1 ]] ||
  fail "a failed run is in the history"

# Killed while containerd takes it in: no name changed, and the next run is whole.
cat >bin/ctr <<'CTR'
#!/bin/sh
case "$*" in *"images tag --force gapstow.invalid"*) kill -9 $PPID; exit 1;; esac
exec "$REAL_CTR" "$@"
CTR
(PATH=$work/bin:$PATH exec "$GAPSTOW" import some.gapstow "$place" "${store[@]}" -q) 2>/dev/null && fail "it was not killed"
leads_to reg.test/lab/some:1 "$digest_11"
old=gapstow.invalid/staged:1600000000-0123456789abcdef-0
c images tag "$reference_11" "$old" >/dev/null
"$GAPSTOW" import some.gapstow "$place" "${store[@]}" -q
leads_to reg.test/lab/some:1 "$index"
[[ -z $(target "$old") ]] || fail "the leftover of a killed run stayed"

# Refused with a reason.
refuses() {
  local code=$1
  shift
  "$GAPSTOW" import "$@" "${store[@]}" -q 2>error.txt && fail "'$*' was accepted"
  grep -q "\[$code\]" error.txt || fail "'$*' says: $(cat error.txt)"
}
refuses not_found app.gapstow "containerd:$work/nothing.sock"
refuses usage app.gapstow "containerd:relative.sock"
refuses usage app.gapstow "$place,colour=blue"
refuses usage app.gapstow "$place" --prefix mirror
pack_sample diff.gapstow "docker-archive:$SOURCE_DIR/samples/images/app-1.1.docker-save.tar" \
  --manifest "$SOURCE_DIR/samples/images/manifests/app-1.1.manifest.json"
refuses digest_unavailable diff.gapstow "$place"
mkdir empty
PATH=$work/empty "$GAPSTOW" import app.gapstow "$place" "${store[@]}" -q 2>error.txt && fail "there is no ctr"
grep -q 'not_found' error.txt || fail "without ctr: $(cat error.txt)"
[[ $(compgen -G "$TMPDIR/.gapstow-import*" | wc -l) -eq 1 ]] || fail "more than the folder of the killed run stayed"
echo "containerd: $digest_11 and $index under their names"
