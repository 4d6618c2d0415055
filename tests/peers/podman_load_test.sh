#!/usr/bin/env bash
# podman loads a bundle, and every archive gapstow writes, and reports the signed digest.
. "$(dirname "$0")/common.sh"
need podman

podman_here() {
  podman --root "$work/root" --runroot "$work/run" --storage-driver vfs --events-backend none "$@"
}
clean_up=("podman_here rmi --all --force >/dev/null 2>&1")

expect_loaded() {
  local file=$1 digest=$2
  podman_here load -q -i "$file" >/dev/null
  [[ $(podman_here image inspect --format '{{.Id}}' "$reference_11") == "${config_11#sha256:}" ]] || fail "$file: another image"
  if [[ -n $digest ]]; then
    local seen
    seen=$(podman_here image inspect --format '{{.Digest}}' "$reference_11")
    [[ $seen == "$digest" ]] || fail "$file: podman reports $seen"
  fi
  podman_here rmi --all --force >/dev/null
}

make_trust
pack_sample app.gapstow
import_sample app.gapstow oci-archive:oci.tar
import_sample app.gapstow docker-archive:docker.tar
for file in app.gapstow oci.tar docker.tar; do expect_loaded "$file" "$digest_11"; done

pack_sample classic.gapstow "docker-archive:$SOURCE_DIR/samples/images/app-1.1.docker-save.tar" \
  --manifest "$SOURCE_DIR/samples/images/manifests/app-1.1.manifest.json"
import_sample classic.gapstow docker-archive:classic.tar
expect_loaded classic.tar ""
echo "podman: $digest_11"
