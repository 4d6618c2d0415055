#!/usr/bin/env bash
# The doctor reads what the real containerd says of itself, and its version.
. "$(dirname "$0")/common.sh"
need containerd python3

make_trust
pack_sample app.gapstow

# examine EXPECTED-CODE [OPTION...]: leaves the report in report.json.
examine() {
  local code=$1 seen=0
  shift
  "$GAPSTOW" doctor --trust-store trust --state state.db --snapshot none.snapshot --at "$at" --format json "$@" \
    >report.json 2>error.txt || seen=$?
  [[ $seen -eq $code ]] || fail "exit code $seen instead of $code: $(cat error.txt report.json)"
}
# finds WEIGHT CHECK WORD: such a finding whose subject or text has the word in it.
finds() {
  python3 - "$@" <<'PY' || fail "no finding '$*' in $(cat report.json)"
import json, sys
weight, check, word = sys.argv[1:]
for each in json.load(open("report.json"))["findings"]:
    if (each["weight"], each["check"]) == (weight, check) and word in each["subject"] + each["what"]:
        sys.exit(0)
sys.exit(1)
PY
}

version=$(containerd --version | grep -o '[0-9]*\.[0-9]*\.[0-9]*' | head -1)
code=0
if [[ $version == 1.* || $version == 2.0.* ]]; then code=1; fi
examine 1 app.gapstow
if [[ $code -eq 1 ]]; then finds open containerd-pull "$version"; fi
finds fine bundle app.gapstow
finds open mirrors "config_path"

# Another root: what that containerd would do is read from its files, the defaults included.
containerd config default >default.toml
mkdir -p node/etc/containerd/conf.d node/opt/containerd/image-verifier/bin node/etc/gapstow
{ echo 'imports = ["/etc/containerd/conf.d/*.toml"]' && grep -v '^imports = ' default.toml; } >node/etc/containerd/config.toml
cp trust/trust.json node/etc/gapstow/
finds_root() {
  "$GAPSTOW" doctor --root node --at "$at" --format json >report.json 2>error.txt || true
  finds "$@"
}
finds_root open verifier-directory "is empty"
finds_root open mirrors "config_path"
printf '#!/bin/sh\n' >node/opt/containerd/image-verifier/bin/00-gapstow
chmod 755 node/opt/containerd/image-verifier/bin/00-gapstow
finds_root fine verifier-directory "image-verifier/bin"
plugin=$(grep -o 'io.containerd.grpc.v1.cri\|io.containerd.cri.v1.images' default.toml | sort -u | head -1)
printf "[plugins.'%s'.registry]\nconfig_path = '/etc/containerd/certs.d'\n" "$plugin" >node/etc/containerd/conf.d/mirrors.toml
finds_root open mirrors "there is no mirror"
printf "[plugins.'%s']\nmax_concurrent_downloads = 9\n" "$plugin" >node/etc/containerd/conf.d/fast.toml
finds_root open containerd-pull "max_concurrent_downloads = 9"
echo "the doctor understands containerd $version"
