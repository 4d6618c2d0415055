#!/usr/bin/env bash
# Plain TUF repositories as a user meets them: an image whose manifest is a target, a whole repository across the gap and
# back to clients, by folder and by URL.
. "$(dirname "$0")/common.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
command -v openssl >/dev/null || skip "openssl is not installed"
client=$(dirname "$GAPSTOW")/gapstow-tuf-client

setup_trust
tar -xf "$samples/images/app-1.1.exact-oci.tar" --wildcards 'blobs/sha256/26d980*'
manifest=blobs/sha256/${signed_digest#sha256:}
printf 'hello' >hello
printf 'hello again' >later
# make DIR VERSION FILE: a repository of files and of an image, by lasting keys.
make() {
  python3 "$SOURCE_DIR/tests/support/make_tuf_repository.py" "$1" --keys keys --version "$2" --roots "$2" --delegations 2 \
    --targets 4 --file "registry.test/team/app:1.1=$manifest" --file "app-1.1.json=$manifest" --file "docs/read me.txt=$3"
}
make served 1 hello
expect_exit 0 gapstow trust add-root 'registry.test/team/*' --root served/metadata/1.root.json --trust-store trust
expect_exit 4 gapstow trust add-root 'other.test/*' --root served/metadata/timestamp.json --trust-store trust
expect_class malformed

# An image: named as the target is, and otherwise only when that is said.
pack_tuf() { gapstow pack "$exact_image" --trust tuf:served --signer alice.key --trust-store trust "$@"; }
verify_tuf() { gapstow verify "$1" --trust-store trust --state state.db "${@:2}"; }
expect_exit 0 pack_tuf --name registry.test/team/app:1.1 -o app.gapstow
expect_exit 0 verify_tuf app.gapstow
expect_stdout_line 'target registry.test/team/app:1.1'
expect_exit 0 gapstow import app.gapstow oci:arrived --trust-store trust --state state.db
expect_same "$manifest" "arrived/$manifest"
expect_exit 1 pack_tuf --name registry.test/team/app:1.2 -o no.gapstow
expect_class target_missing
expect_exit 0 pack_tuf --name registry.test/team/app:1.2 --target registry.test/team/app:1.2=app-1.1.json -o mapped.gapstow
expect_exit 0 verify_tuf mapped.gapstow
expect_stdout_line 'the word of who sealed'
expect_exit 2 pack_tuf --name registry.test/team/app:1.2 --target registry.test/team/app:1.2=registry.test/team/app:1.1 -o no.gapstow
expect_exit 2 pack_tuf --name registry.test/team/app:1.1 --target registry.test/team/other:1=app-1.1.json -o no.gapstow
expect_exit 2 pack_tuf --name registry.test/team/app:1.1 --target nonsense -o no.gapstow
expect_exit 1 pack_tuf --name registry.test/team/app:1.1 --target 'registry.test/team/app:1.1=docs/read me.txt' -o no.gapstow
expect_class target_mismatch
expect_exit 1 pack_tuf --name unpinned.test/team/app:1.1 -o no.gapstow
expect_class untrusted_root
expect_exit 0 gapstow chain verify tuf:served --gun registry.test/team/app --target registry.test/team/app:1.1 --trust-store trust
expect_stdout_line "$signed_digest"
expect_exit 0 gapstow chain show tuf:served
expect_no_file no.gapstow

# The whole repository. It wants a name, and its files.
fetch() { gapstow chain fetch "$@" --signer alice.key --trust-store trust; }
expect_exit 2 fetch tuf:served --targets -o no.gapstow
expect_exit 1 fetch tuf:served --targets --gun files -o no.gapstow
expect_class untrusted_root
expect_exit 0 gapstow trust add-root files --root served/metadata/1.root.json --trust-store trust
expect_exit 3 fetch tuf:served --targets --gun files -o no.gapstow
expect_class not_found
for name in $(seq 0 1); do
  for service in $(seq 0 1); do
    full=registry.example/team-000$name/service-000000$service:1.0.0
    for sum in sha256sum sha512sum; do
      mkdir -p "made/${full%/*}"
      hash=$(printf '%s' "$full" | $sum | cut -d ' ' -f 1)
      printf '%s' "$full" >"made/${full%/*}/$hash.${full##*/}"
    done
  done
done
cp -r made/. served/targets/
expect_exit 0 fetch tuf:served --targets --gun files -o one.gapstow
expect_exit 0 verify_tuf one.gapstow
expect_stdout_line '7 target files'
expect_exit 0 fetch tuf:served --targets --gun files --into captured
expect_exit 0 verify_tuf captured/files.gapstow
expect_stdout_line '7 target files'
expect_exit 2 fetch tuf:served --gun ../files --into captured
expect_class invalid_reference
expect_exit 2 gapstow import one.gapstow oci:no --trust-store trust --state state.db
expect_exit 2 gapstow import app.gapstow tuf:no --keep-going --trust-store trust --state state.db

import_tuf() { gapstow import "$1" tuf:"$2" --trust-store trust --state state.db; }
expect_exit 0 import_tuf one.gapstow far
diff -r served far || fail "the repository is not the one that was served"
download() {
  "$client" --metadata-url "file://$PWD/far/metadata/" --metadata-dir client --target-base-url "file://$PWD/far/targets/" \
    --target-dir got --target-name "$1" download
}
expect_exit 0 "$client" --metadata-dir client init served/metadata/1.root.json
expect_exit 0 download 'docs/read me.txt'
expect_same got/* hello
rm -r got

# A later version, by URL, brings the folder up to date; the older bundle is refused then.
make later-served 2 later
cp -r made/. later-served/targets/
python3 -m http.server --bind 127.0.0.1 --directory later-served 0 >"$work/port" 2>&1 &
server=$!
trap 'code=$?; set +e; kill "$server"; (exit "$code"); finish' EXIT
for _ in $(seq 100); do
  port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/port")
  [ -z "$port" ] || break
  sleep 0.1
done
url=http://127.0.0.1:$port
expect_exit 1 fetch "tuf:$url" --targets -o no.gapstow
expect_class untrusted_root
expect_exit 2 fetch "tuf:$url" --targets --tofu -o no.gapstow
expect_exit 0 fetch "tuf:$url" --targets --tofu --plain-http -o tofu.gapstow
expect_exit 0 fetch "tuf:$url/metadata" --targets --gun files -o two.gapstow
expect_exit 0 import_tuf two.gapstow far
expect_exit 0 download 'docs/read me.txt'
expect_same got/* later
expect_exit 6 import_tuf one.gapstow far
expect_class rollback
expect_exit 6 verify_tuf one.gapstow
for file in $(cd later-served && find . -type f ! -name '* *'); do expect_same "later-served/$file" "far/$file"; done
expect_exit 0 gapstow history --state state.db
expect_stdout_line 'tuf:far'

# Over something else nothing is written.
mkdir other
printf x >other/file
expect_exit 3 import_tuf two.gapstow other
expect_class conflict
[ "$(ls other)" = file ] || fail "something was written: $(ls other)"
expect_exit 1 fetch "tuf:$url/nothing" --gun files -o no.gapstow
expect_class chain_incomplete
expect_exit 3 fetch tuf:nothing --gun files -o no.gapstow
expect_exit 2 fetch "tuf:$url/?x=1" --gun files -o no.gapstow
expect_no_file no.gapstow
[ -z "$(find . -name '.*.tmp*')" ] || fail "something was left: $(find . -name '.*.tmp*')"
