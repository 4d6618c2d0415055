#!/usr/bin/env bash
# The example of README.md runs as printed, from the root of the repository: readme_test.sh PROGRAM
set -euo pipefail
program=$1
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

example=$(awk '/^<!-- example -->$/ { wanted = 1; next } wanted && /^```/ { if (inside) exit; inside = 1; next } inside' README.md)
[ "$(grep -c '^gapstow' <<<"$example")" -ge 5 ] || { echo "readme: no example found" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$PWD/samples" "$work/samples"
mkdir "$work/bin"
ln -s "$program" "$work/bin/gapstow"
cd "$work"
HOME=$work XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state PATH="$work/bin:$PATH" bash -euxc "$example" </dev/null
echo "readme: the example runs"
