#!/usr/bin/env bash
# skopeo reads what gapstow writes, digest for digest, and gapstow reads what skopeo writes.
. "$(dirname "$0")/common.sh"
need skopeo

make_trust
pack_sample app.gapstow
import_sample app.gapstow oci-archive:oci.tar
import_sample app.gapstow oci:layout
import_sample app.gapstow docker-archive:docker.tar

for place in oci-archive:oci.tar oci:layout; do
  seen=sha256:$(skopeo inspect --raw "$place" | sha256sum | cut -d' ' -f1)
  [[ $seen == "$digest_11" ]] || fail "$place: skopeo reads $seen"
done
[[ sha256:$(skopeo inspect --raw --config docker-archive:docker.tar | sha256sum | cut -d' ' -f1) == "$config_11" ]] ||
  fail "docker-archive: another configuration"

# Copied by skopeo with its digest kept, in every form, it is still the signed image; plain and compressed.
skopeo copy -q --preserve-digests oci-archive:oci.tar oci:copied:1.1
skopeo copy -q --preserve-digests oci-archive:oci.tar oci-archive:copied.tar:1.1
gzip -k copied.tar
zstd -q copied.tar -o copied.tar.zst
for place in oci:copied oci-archive:copied.tar oci-archive:copied.tar.gz oci-archive:copied.tar.zst; do
  pack_sample again.gapstow "$place"
  "$GAPSTOW" verify again.gapstow --trust-store trust --state state.db --at "$at" -q
done

# Copied as skopeo does by default it is not, and gapstow says so.
skopeo copy -q oci-archive:oci.tar oci-archive:rewritten.tar:1.1
code=0
pack_sample no.gapstow oci-archive:rewritten.tar 2>message || code=$?
((code == 1)) || fail "a rewritten image gave exit code $code"
grep -q "$digest_11" message && grep -q -- --preserve-digests message || fail "the message does not help: $(cat message)"
[[ ! -e no.gapstow ]] || fail "a bundle was left behind"

# What skopeo makes a docker archive of is bound by diff_ids.
skopeo copy -q oci-archive:oci.tar docker-archive:saved.tar:localhost:5000/lab/app:1.1
pack_sample saved.gapstow docker-archive:saved.tar \
  --manifest "$SOURCE_DIR/samples/images/manifests/app-1.1.manifest.json"
"$GAPSTOW" verify saved.gapstow --trust-store trust --state state.db --at "$at" -q
echo "skopeo: $digest_11"
