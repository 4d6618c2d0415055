#!/usr/bin/env bash
# The one place where packages are installed: scripts/install-dependencies.sh [GROUP...]   (default: build test peers)
#
# Installs what scripts/packages.txt lists for the groups and is not there yet. Works on a bare Debian 12, also in a
# container. GAPSTOW_SKIP_INSTALL=1 installs nothing and only says what is missing.
set -euo pipefail

list="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/packages.txt"
policy=/usr/sbin/policy-rc.d
policy_is_ours=

say() { printf 'install-dependencies: %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "not root and no sudo: run this as root, or install the packages above"
    return 1
  fi
}

is_installed() {
  # Read to the end (no grep -q): a closed pipe would count as a failure under pipefail.
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages_of() {  # GROUP: a line each, PACKAGE [COMMAND]
  awk -v group="$1" '$1 == group { print $2, $3 }' "$list"
}

# Servers among the peers are started by tests, on their own ports; their packages must not start them now (in a
# container that would fail). A policy that is there already is the administrator's and stays.
forbid_service_starts() {
  [ -e "$policy" ] && return
  policy_is_ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

allow_service_starts() {
  if [ -n "$policy_is_ours" ]; then as_root rm -f "$policy"; fi
}

main() {
  local group package command missing=()
  [ $# -gt 0 ] || set -- build test peers
  for group in "$@"; do
    if [ -z "$(packages_of "$group")" ]; then
      say "no such group: $group"
      exit 2
    fi
    while read -r package command; do
      is_installed "$package" && continue
      if [ -n "$command" ] && type "$command" >/dev/null 2>&1; then continue; fi
      missing+=("$package")
    done < <(packages_of "$group")
  done

  if [ ${#missing[@]} -eq 0 ]; then return; fi
  say "missing: ${missing[*]}"
  if [ "${GAPSTOW_SKIP_INSTALL:-}" = 1 ]; then
    say "GAPSTOW_SKIP_INSTALL=1: going on without"
    return
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  trap allow_service_starts EXIT
  forbid_service_starts
  as_root "${apt[@]}" update </dev/null
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
}

main "$@"
