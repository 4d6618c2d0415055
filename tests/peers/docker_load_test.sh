#!/usr/bin/env bash
# The docker engine loads a bundle and the docker archives gapstow writes: the same image, by its ID.
. "$(dirname "$0")/common.sh"
need dockerd containerd docker

make_trust
pack_sample app.gapstow
import_sample app.gapstow docker-archive:docker.tar
pack_sample classic.gapstow "docker-archive:$SOURCE_DIR/samples/images/app-1.1.docker-save.tar" \
  --manifest "$SOURCE_DIR/samples/images/manifests/app-1.1.manifest.json"
import_sample classic.gapstow docker-archive:classic.tar

start_containerd
export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work/docker-config
dockerd --data-root "$work/docker" --exec-root "$work/docker-exec" -H "$DOCKER_HOST" --pidfile "$work/docker.pid" \
  --iptables=false --bridge=none --storage-driver=vfs --containerd "$containerd_socket" >docker.log 2>&1 &
clean_up=("kill $! && wait $! 2>/dev/null" "${clean_up[@]}")
wait_for docker version
for file in app.gapstow docker.tar classic.gapstow classic.tar; do
  docker load -q -i "$file" >/dev/null
  seen=$(docker image inspect --format '{{.Id}}' "$reference_11")
  [[ $seen == "$config_11" ]] || fail "$file: docker reports $seen"
  docker rmi -f "$reference_11" >/dev/null
done

# And back: what docker saves classically is bound to the signed manifest again.
docker load -q -i classic.tar >/dev/null
docker save "$reference_11" -o saved.tar
pack_sample again.gapstow docker-archive:saved.tar --manifest "$SOURCE_DIR/samples/images/manifests/app-1.1.manifest.json"
"$GAPSTOW" verify again.gapstow --trust-store trust --state state.db --at "$at" -q
echo "docker: $config_11"
