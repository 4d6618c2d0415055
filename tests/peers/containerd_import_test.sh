#!/usr/bin/env bash
# containerd imports a bundle and the archives gapstow writes, and knows them by the signed digest.
. "$(dirname "$0")/common.sh"
need containerd ctr

make_trust
pack_sample app.gapstow
import_sample app.gapstow oci-archive:oci.tar
import_sample app.gapstow docker-archive:docker.tar
start_containerd
for file in app.gapstow oci.tar docker.tar; do
  ctr -a "$containerd_socket" -n k8s.io images import --digests "$file" >/dev/null
  seen=$(ctr -a "$containerd_socket" -n k8s.io images ls "name==$reference_11" | awk 'NR == 2 {print $3}')
  [[ $seen == "$digest_11" ]] || fail "$file: containerd reports '$seen'"
  ctr -a "$containerd_socket" -n k8s.io images ls -q | xargs ctr -a "$containerd_socket" -n k8s.io images rm >/dev/null
done
echo "containerd: $digest_11"
