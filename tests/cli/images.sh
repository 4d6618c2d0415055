#!/usr/bin/env bash
# Kinds of images and of chain sources: indexes and platforms, several images in a bundle, docker's trust folder, names.
. "$(dirname "$0")/common.sh"
command -v python3 >/dev/null || skip "python3 is not installed"

setup_trust
expect_exit 0 gapstow trust add-rule 'example.test/*' --without-chain --trust-store trust
read -r index amd64 < <(python3 "$SOURCE_DIR/tests/cli/make_index.py" multi example.test/multi:1)
pack_bare() { gapstow pack "$@" --trust none --signer alice.key --trust-store trust; }

# A whole index: its bytes arrive, with every child.
expect_exit 0 pack_bare oci:multi -o multi.gapstow
expect_exit 0 verify_sample multi.gapstow
expect_stdout_line 'linux/amd64, linux/arm64'
[ "$(tar tf multi.gapstow | grep -c '^blobs/')" -eq "$(ls multi/blobs/sha256 | wc -l)" ] || fail "blobs are missing or doubled"
expect_exit 0 import_sample multi.gapstow oci:arrived
expect_same "multi/blobs/sha256/${index#sha256:}" "arrived/blobs/sha256/${index#sha256:}"
diff -r multi/blobs arrived/blobs || fail "the blobs differ"
expect_exit 2 import_sample multi.gapstow docker-archive:multi.tar
expect_class digest_unavailable
expect_no_file multi.tar

# One platform of it: the same index, the other child left out and listed, its own attestation kept.
expect_exit 0 pack_bare oci:multi --platform linux/amd64 -o one.gapstow
expect_exit 0 verify_sample one.gapstow --format json
grep -q "\"digest\": \"$index\"" "$out" || fail "the index has another digest"
expect_exit 0 import_sample one.gapstow oci:sparse
[ "$(ls sparse/blobs/sha256 | wc -l)" -eq 8 ] || fail "$(ls sparse/blobs/sha256 | wc -l) blobs arrived"
expect_file "sparse/blobs/sha256/${amd64#sha256:}"
expect_exit 0 import_sample one.gapstow docker-archive:one.tar
expect_exit 3 pack_bare oci:multi --platform linux/s390x -o no.gapstow
expect_class not_found
expect_exit 3 pack_bare oci:sparse -o no.gapstow
expect_class not_found
expect_exit 0 pack_bare oci:sparse --platform linux/amd64 -o again.gapstow
expect_exit 2 pack_bare oci:multi --platform amd64 -o no.gapstow
expect_no_file no.gapstow

# Several images, from several places, in one bundle; blobs they share stand there once.
python3 "$SOURCE_DIR/bench/make_images.py" many --images 3 --layers 2 --size 1000 --name example.test/many
expect_exit 0 pack_bare oci:many oci:multi -o all.gapstow
expect_exit 0 verify_sample all.gapstow
[ "$(grep -c '^  Image' "$out")" -eq 4 ] || fail "there are not four images"
expect_exit 0 import_sample all.gapstow oci-archive:all.tar
expect_exit 0 pack_bare oci-archive:all.tar:example.test/many:1 -o picked.gapstow
expect_exit 0 pack_bare oci:many:2 -o picked.gapstow
expect_stdout_line 'example.test/many:2'
expect_exit 3 pack_bare oci:many:7 -o no.gapstow
expect_exit 2 pack_bare oci:many:1 oci:many:1 -o no.gapstow
expect_exit 2 pack_bare oci:many --name example.test/many:1 -o no.gapstow
expect_no_file no.gapstow

# The signed image with a chain beside unsigned ones without: not in one run.
expect_exit 2 pack_sample no.gapstow --trust none

# Equal input, key and time: equal bytes, whatever the way out.
expect_exit 0 pack_bare oci:many oci:multi -o second.gapstow
expect_same all.gapstow second.gapstow
sleep 1.1
pack_bare oci:many oci:multi -o - 2>/dev/null >third.gapstow
expect_same all.gapstow third.gapstow

# docker's trust folder, by GUN; several sources are asked in turn.
metadata=docker/tuf/$gun/metadata
mkdir -p "$metadata" other/tuf
cp -r "$samples"/chains/dct-delegated/* "$metadata"
rm "$metadata/1.root.json"
pack_signed() {
  gapstow pack "$exact_image" --signer alice.key --trust-store trust --at "$day" -o signed.gapstow "$@"
}
expect_exit 0 pack_signed --name "$gun:1.1" --trust docker:docker
expect_exit 0 verify_sample signed.gapstow
expect_exit 1 pack_signed --name "$gun:1.1" --trust docker:other
expect_class chain_incomplete
expect_exit 0 pack_signed --name "$gun:1.1" --trust docker:other --trust "$older_chain"
expect_exit 3 pack_signed --name "$gun:1.1" --trust docker:multi

# Names: a digest instead of a tag, another repository with --gun, trust on first use only where it is asked for.
expect_exit 0 pack_signed --name "$gun@$signed_digest" --trust "$older_chain"
expect_stdout_line "Image +$gun:1.1"
expect_exit 1 pack_signed --name "mirror.test/app:1.1" --trust "$older_chain"
expect_exit 0 pack_signed --name "mirror.test/app:1.1" --gun "$gun" --trust "$older_chain"
expect_exit 0 verify_sample signed.gapstow
expect_stdout_line "Image +$gun:1.1"
expect_exit 0 gapstow trust init --trust-store empty
expect_exit 1 gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer alice.key --trust-store empty \
  --at "$day" -o tofu.gapstow
expect_class untrusted_root
expect_exit 0 gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer alice.key --trust-store empty \
  --at "$day" --tofu -o tofu.gapstow
expect_exit 0 verify_sample tofu.gapstow
expect_stdout_line 'first use'

# Signers of the other kinds: P-256 with a passphrase, and an RSA key of openssl that only verifies.
GAPSTOW_PASSPHRASE=secret expect_exit 0 gapstow key generate carol --algorithm p256
GAPSTOW_PASSPHRASE=wrong expect_exit 3 gapstow sign signed.gapstow --signer carol.key
expect_class key_unusable
GAPSTOW_PASSPHRASE=secret expect_exit 0 gapstow sign signed.gapstow --signer carol.key
expect_exit 0 verify_sample signed.gapstow
expect_stdout_line 'ecdsa-p256'
