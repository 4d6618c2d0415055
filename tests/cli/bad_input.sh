#!/usr/bin/env bash
# Bad input: the right exit code and class in one line, nothing under the final name, no state.
. "$(dirname "$0")/common.sh"

setup_bundle
size=$(stat -c %s app.gapstow)

refused() {  # refused EXIT CLASS BUNDLE: by verify of file and stream, and by import
  expect_exit "$1" verify_sample "$3"
  expect_class "$2"
  expect_exit "$1" verify_sample - <"$3"
  expect_class "$2"
  expect_exit "$1" import_sample "$3" oci-archive:out.tar
  expect_class "$2"
  expect_no_file out.tar state.db
}

# Cut, lengthened, damaged.
for length in 0 1 511 512 600 30000 $((size - 1024)) $((size - 1)); do
  head -c "$length" app.gapstow >cut
  refused 4 truncated cut
done
{ cat app.gapstow; printf x; } >long
refused 4 malformed long
{ cat app.gapstow; head -c 512 /dev/zero; } >long
refused 4 malformed long
echo "this is no bundle at all, only a text that is long enough to be read as the header of something" >text
expect_exit 4 verify_sample text
gzip -kc app.gapstow >packed
expect_exit 4 verify_sample packed
cp app.gapstow flipped
flip_byte flipped 500000
refused 1 digest_mismatch flipped
cp app.gapstow flipped
flip_byte flipped 700
refused 4 malformed flipped

# Not there, not readable as what it should be.
expect_exit 3 verify_sample nothing.gapstow
expect_class not_found
expect_exit 3 verify_sample .
expect_exit 3 import_sample app.gapstow oci-archive:no/such/folder/out.tar

# The wrong keys.
expect_exit 0 gapstow key generate mallory --no-passphrase
expect_exit 0 gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer mallory.key --trust-store trust \
  --at "$day" -o forged.gapstow
refused 1 untrusted_key forged.gapstow
expect_exit 0 gapstow trust init --threshold 2 --trust-store two
expect_exit 0 gapstow trust add-signer alice --key alice.pub --trust-store two
expect_exit 0 gapstow trust add-signer mallory --key mallory.pub --trust-store two
expect_exit 0 gapstow trust add-root 'localhost:5000/lab/*' --key-id "$root_key" --trust-store two
expect_exit 1 gapstow verify app.gapstow --trust-store two --state state.db --at "$day"
expect_class threshold_unmet
cp app.gapstow both.gapstow
expect_exit 0 gapstow sign both.gapstow --signer mallory.key
expect_exit 0 gapstow verify both.gapstow --trust-store two --state state.db --at "$day"
expect_exit 3 gapstow sign both.gapstow --signer mallory.key
expect_class conflict
expect_exit 0 verify_sample both.gapstow
expect_exit 0 gapstow trust init --trust-store none
expect_exit 0 gapstow trust add-signer alice --key alice.pub --trust-store none
expect_exit 1 gapstow verify app.gapstow --trust-store none --state state.db --at "$day"
expect_class untrusted_root
expect_exit 3 gapstow verify app.gapstow --trust-store nowhere --state state.db
expect_class not_found

# A clock that says too little.
SOURCE_DATE_EPOCH=4070908800 expect_exit 0 pack_sample future.gapstow
expect_exit 3 gapstow verify future.gapstow --trust-store trust --state state.db
expect_class clock_behind

# Without a chain.
expect_exit 0 gapstow pack "$exact_image" --name "$gun:1.1" --trust none --signer alice.key -o bare.gapstow
refused 7 denied bare.gapstow
expect_exit 0 gapstow trust add-rule 'localhost:5000/lab/*' --without-chain --trust-store trust
expect_exit 0 verify_sample bare.gapstow
expect_exit 0 gapstow trust remove rule 'localhost:5000/lab/*' --trust-store trust

# Images and chains that do not fit.
expect_exit 1 pack_sample no.gapstow --gun localhost:5000/lab/other
expect_class name_mismatch
expect_exit 1 gapstow pack "$exact_image" --name "$gun:9.9" --trust "$older_chain" --signer alice.key --trust-store trust \
  --at "$day" -o no.gapstow
expect_class target_missing
expect_exit 5 gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer alice.key --trust-store trust \
  --at 2027-01-01T00:00:00Z -o no.gapstow
expect_class expired
expect_no_file no.gapstow

# Usage.
expect_exit 2 gapstow
expect_exit 2 gapstow frobnicate
expect_exit 2 gapstow verify
expect_exit 2 gapstow verify app.gapstow --no-such-option
expect_exit 2 gapstow verify app.gapstow --at yesterday --trust-store trust
expect_exit 2 gapstow verify app.gapstow --format yaml --trust-store trust
expect_exit 2 gapstow pack "$exact_image" --name 'Not/A Name' --trust none --signer alice.key -o no.gapstow
expect_class invalid_reference
expect_exit 2 gapstow pack docker-daemon:app --signer alice.key -o no.gapstow
expect_exit 2 gapstow pack "$exact_image" --name "$gun:1.1" --signer alice.key --trust-store trust -o no.gapstow
expect_no_file no.gapstow
