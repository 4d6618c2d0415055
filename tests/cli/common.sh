# Shared by the scripts beside it; sourced, not run. Goes into a folder of its own, which is removed at the end, and fails when
# a command has touched the home folder: every command names its --trust-store and --state.
# shellcheck shell=bash
set -euo pipefail
exec </dev/null

: "${GAPSTOW:?the program to test}" "${SOURCE_DIR:?the root of the tree}"
work=$(mktemp -d)
mkdir "$work/home" "$work/run"
cd "$work/run"
unset GAPSTOW_TRUST_STORE GAPSTOW_PASSPHRASE XDG_CONFIG_HOME XDG_STATE_HOME NO_COLOR
export HOME=$work/home LC_ALL=C.UTF-8

# What the samples are: images and chains of one repository, valid on this day. `day=… pack_sample` judges by another one.
day=2026-11-23T00:00:00Z
gun=localhost:5000/lab/app
root_key=9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947
signed_digest=sha256:26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab
samples=$SOURCE_DIR/samples
exact_image=oci-archive:$samples/images/app-1.1.exact-oci.tar
older_chain=dir:$samples/chains/dct-delegated
newer_chain=dir:$samples/chains/dct-rotated
export SOURCE_DATE_EPOCH=1795305600  # 2026-11-22T00:00:00Z

out=$work/out err=$work/err  # of the last command

finish() {
  local status=$?
  cd /
  if [ "$status" -eq 0 ] && [ -n "$(ls -A "$work/home")" ]; then
    echo "FAILED: the home folder was written to: $(ls -A "$work/home")" >&2
    status=1
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

fail() {
  {
    echo "FAILED: $*"
    echo "  called from lines ${BASH_LINENO[*]:1:${#BASH_LINENO[@]}-2} of $0"
    echo "--- last standard output"
    head -c 4000 "$out" 2>/dev/null || true
    echo "--- last standard error"
    head -c 4000 "$err" 2>/dev/null || true
  } >&2
  exit 1
}

# skip REASON: this test cannot run here.
skip() {
  echo "skipped: $*"
  exit 77
}

gapstow() { "$GAPSTOW" "$@"; }

# expect_exit CODE COMMAND...: runs it; its output is in $out and $err afterwards.
expect_exit() {
  local expected=$1 status=0
  shift
  "$@" >"$out" 2>"$err" || status=$?
  [ "$status" -eq "$expected" ] || fail "exit code $status, expected $expected: $*"
}

# expect_class CLASS: the last command failed with one line on standard error that ends in [CLASS].
expect_class() {
  local first
  first=$(head -n 1 "$err")
  [[ $first == "gapstow: "*" [$1]" ]] || fail "expected a message of class $1"
}

expect_stdout_line() { grep -qE -- "$1" "$out" || fail "no line of standard output matches: $1"; }
expect_stderr_line() { grep -qE -- "$1" "$err" || fail "no line of standard error matches: $1"; }
expect_no_stdout() { [ ! -s "$out" ] || fail "there is standard output"; }
expect_no_stderr() { [ ! -s "$err" ] || fail "there is standard error"; }

expect_file() {
  local path
  for path in "$@"; do [ -e "$path" ] || fail "$path is not there"; done
}

# expect_no_file PATH...: nor a temporary file that was to become it.
expect_no_file() {
  local path leftover
  for path in "$@"; do
    [ ! -e "$path" ] || fail "$path is there"
    for leftover in "$(dirname "$path")/.$(basename "$path")".*.tmp; do
      [ ! -e "$leftover" ] || fail "$leftover was left behind"
    done
  done
}

expect_same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }

# flip_byte FILE OFFSET: one bit of it.
flip_byte() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf '%b' "\\0$(printf '%o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# setup_trust: alice.key, alice.pub and a trust store "trust" that pins her and the root of the samples.
setup_trust() {
  expect_exit 0 gapstow key generate alice --no-passphrase
  expect_exit 0 gapstow trust init --trust-store trust
  expect_exit 0 gapstow trust add-signer export-desk --key alice.pub --trust-store trust
  expect_exit 0 gapstow trust add-root 'localhost:5000/lab/*' --key-id "$root_key" --trust-store trust
}

# pack_sample OUTPUT [OPTION...]: the exact image with the older chain.
pack_sample() {
  local output=$1
  shift
  gapstow pack "$exact_image" --name "$gun:1.1" --trust "$older_chain" --signer alice.key --trust-store trust --at "$day" \
    -o "$output" "$@"
}

# setup_bundle: setup_trust and app.gapstow.
setup_bundle() {
  setup_trust
  expect_exit 0 pack_sample app.gapstow
  expect_file app.gapstow
}

# verify_sample and import_sample: with the trust store, the day and state.db; further arguments as given.
verify_sample() { gapstow verify --trust-store trust --state state.db --at "$day" "$@"; }
import_sample() { gapstow import --trust-store trust --state state.db --at "$day" "$@"; }
