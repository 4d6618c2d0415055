#!/bin/sh
# Runs the steps of formats/bundle.md, "Checking without gapstow", on vectors: right bundles pass, spoiled ones do not.
# plain_tools_test.sh MAKE_BUNDLE_VECTORS FORMATS
set -eu
make=$1
formats=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -n '/^## Checking without gapstow/,/^## /p' "$formats/bundle.md" | sed -n '/^```sh$/,/^```$/p' | sed '/^```/d' > "$work/steps.sh"
test -s "$work/steps.sh"

# check VECTOR: the verdict of the steps on it.
check() {
  rm -rf "$work/in" "$work/out"
  mkdir "$work/in" "$work/out"
  "$make" --extract "$formats/vectors/bundle/$1.vec" "$work/in"
  (cd "$work/out" && BUNDLE=$work/in/bundle KEY=$work/in/1.pub sh "$work/steps.sh") > "$work/log" 2>&1
}

failed=0
for vector in ok-example ok-full-block ok-without-chain ok-two-signers ok-unknown-co-signer ok-p256 ok-rsa-pss; do
  if ! check "$vector"; then
    echo "$vector is refused:"
    cat "$work/log"
    failed=1
  fi
done
for vector in wrong-key statement-changed signature-flipped flip-seal-header flip-entry-header flip-header-end flip-view \
  flip-layer flip-padding flip-trailer entry-added entry-inserted entry-dropped entries-swapped appended-byte \
  appended-zero-block truncated-content truncated-half-trailer tar-symlink tar-gnu-long-name tar-pax-path tar-mtime \
  padding-text padding-zeros; do
  if check "$vector"; then
    echo "$vector is not refused"
    failed=1
  fi
done
exit $failed
