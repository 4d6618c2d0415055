#!/usr/bin/env bash
# The Debian package holds what it should, where it should, and its program runs: package_test.sh BUILD-FOLDER
set -euo pipefail
build=$1

for tool in dpkg-deb dpkg-shlibdeps file; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is not installed"
    exit 77
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "package: $*" >&2; exit 1; }

(cd "$build" && cpack -G DEB -B "$work/out") >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log" >&2; fail "cpack failed"; }
packages=("$work"/out/*.deb)
[ ${#packages[@]} -eq 1 ] && [ -f "${packages[0]}" ] || fail "expected one .deb, found: ${packages[*]}"
package=${packages[0]}
root=$work/root
dpkg-deb -x "$package" "$root"

must_hold() {  # PATH-PATTERN...
  local pattern
  for pattern in "$@"; do
    compgen -G "$root/$pattern" >/dev/null || fail "$pattern is not in it"
  done
}
must_hold usr/bin/gapstow usr/bin/gapstow-image-verifier usr/share/man/man8/gapstow-image-verifier.8.gz \
  usr/share/man/man1/gapstow.1.gz 'usr/share/man/man1/gapstow-*.1.gz' 'usr/share/man/man5/gapstow*.5.gz' \
  usr/share/bash-completion/completions/gapstow usr/share/zsh/vendor-completions/_gapstow \
  usr/share/fish/vendor_completions.d/gapstow.fish
doc=usr/share/doc/gapstow
must_hold "$doc"/{README.md,LICENSE,SECURITY.md,copyright,changelog.gz,formats/bundle.md,formats/errors.md} \
  "$doc"/samples/{README.md,chains/dct-rotated/1.root.json,images/app-1.1.exact-oci.tar}

# Everything belongs to root, nothing can be written by others, and only the programs are executable.
wrong=$(dpkg-deb -c "$package" | awk '$2 != "root/root" || substr($1, 6, 1) == "w" || substr($1, 9, 1) == "w"')
[ -z "$wrong" ] || fail "wrong owner or mode: $wrong"
executables=$(cd "$root" && find . -type f -perm /111 | sort | tr '\n' ' ')
[ "$executables" = "./usr/bin/gapstow ./usr/bin/gapstow-image-verifier " ] || fail "executable: $executables"
for place in $(cd "$root" && find . -mindepth 1 -maxdepth 2 -not -path ./usr); do
  case $place in ./usr/bin | ./usr/share) ;; *) fail "unexpected: $place" ;; esac
done

field() { dpkg-deb -f "$package" "$1"; }
[ "$(field Package)" = gapstow ] || fail "package name $(field Package)"
[ "$(field Section)/$(field Priority)" = admin/optional ] || fail "section or priority"
for library in libarchive libsodium libsqlite3 libssl; do
  case $(field Depends) in *"$library"*) ;; *) fail "does not depend on $library: $(field Depends)" ;; esac
done

gzip -t "$root"/usr/share/man/man*/*.gz "$root/$doc/changelog.gz"
"$root/usr/bin/gapstow" version >/dev/null || fail "the program does not run"
status=0
"$root/usr/bin/gapstow-image-verifier" </dev/null >"$work/answer" || status=$?
[ "$status" -eq 2 ] && grep -q '\[usage\]$' "$work/answer" || fail "the image verifier does not refuse an empty question"
bash -n "$root/usr/share/bash-completion/completions/gapstow" || fail "the bash completion does not parse"
echo "package: $(basename "$package") is whole"
