# Images, signed as people sign them: by the docker client with content trust, and by notary. Sourced.
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

export DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE=root-passphrase DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=repository-passphrase
export NOTARY_ROOT_PASSPHRASE=$DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE
export NOTARY_TARGETS_PASSPHRASE=$DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE
export NOTARY_SNAPSHOT_PASSPHRASE=$NOTARY_TARGETS_PASSPHRASE NOTARY_DELEGATION_PASSPHRASE=$NOTARY_TARGETS_PASSPHRASE

# start_signing: an engine and a Notary server, and the client that knows both.
start_signing() {
  need docker notary
  local version
  version=$(docker --version | sed 's/^Docker version \([0-9]*\).*/\1/')
  ((version < 29)) || { echo "skipped: docker $version has no content trust"; exit 77; }
  unset SOURCE_DATE_EPOCH # what is signed here is signed now
  start_docker
  [[ -n ${notary_url:-} ]] || start_notary
  export DOCKER_CONTENT_TRUST_SERVER=$notary_url
  mkdir -p "$DOCKER_CONFIG/tls/${notary_url#https://}"
  cp "$work/tls/ca.pem" "$DOCKER_CONFIG/tls/${notary_url#https://}/ca.crt"
}

# make_image REFERENCE [LAYERS [BYTES]]: in the engine; every layer holds random bytes.
make_image() {
  local folder each
  folder=$(mktemp -d "$work/image.XXXX")
  {
    echo 'FROM scratch'
    for ((each = 1; each <= ${2:-2}; ++each)); do
      head -c "${3:-4096}" /dev/urandom >"$folder/file-$each"
      echo "COPY file-$each /"
    done
  } >"$folder/Dockerfile"
  DOCKER_BUILDKIT=0 DOCKER_CONTENT_TRUST=0 docker build -q -t "$1" "$folder" >>"$work/build.log" 2>&1 ||
    fail "docker build: $(tail -n 3 "$work/build.log")"
  rm -r "$folder"
}

# push_signed REFERENCE: leaves the signed digest in $signed_digest.
push_signed() {
  DOCKER_CONTENT_TRUST=1 docker push "$1" >"$work/push.log" 2>&1 || fail "docker push $1: $(tail -n 3 "$work/push.log")"
  signed_digest=$(sed -n 's/.*digest: \(sha256:[0-9a-f]*\) .*/\1/p' "$work/push.log" | tail -n 1)
  [[ $signed_digest == sha256:* ]] || fail "docker push $1 named no digest: $(cat "$work/push.log")"
}

# push_plain REFERENCE
push_plain() {
  DOCKER_CONTENT_TRUST=0 docker push "$1" >"$work/push.log" 2>&1 || fail "docker push $1: $(tail -n 3 "$work/push.log")"
}

# notary_here ARGUMENT...: against the server of the lab, with docker's keys.
notary_here() {
  notary -s "$notary_url" --tlscacert "$work/tls/ca.pem" -d "$DOCKER_CONFIG/trust" "$@" >>"$work/notary-client.log" 2>&1 ||
    fail "notary $*: $(tail -n 3 "$work/notary-client.log")"
}

# add_signer NAME REPOSITORY: a delegate of its own key; docker signs with it from then on.
add_signer() {
  (cd "$work" && docker trust key generate "$1" && docker trust signer add --key "$1.pub" "$1" "$2") >>"$work/trust.log" 2>&1 ||
    fail "docker trust signer add: $(tail -n 3 "$work/trust.log")"
}

# rotate_key REPOSITORY root|targets|snapshot|timestamp
rotate_key() {
  case $2 in
    snapshot | timestamp) notary_here key rotate "$1" "$2" -r ;;
    root) notary_here key rotate "$1" root <<<yes ;;
    *) notary_here key rotate "$1" "$2" ;;
  esac
}

# sign_index REGISTRY PATH TAG DIGEST...: an index over images that are there, pushed and signed by its digest. Leaves the
# digest in $signed_digest.
sign_index() {
  local registry=$1 path=$2 tag=$3 each size entries='' architecture=amd64
  local image=application/vnd.docker.distribution.manifest.v2+json list=application/vnd.docker.distribution.manifest.list.v2+json
  shift 3
  for each in "$@"; do
    curl -sSf -H "Accept: $image" "http://$registry/v2/$path/manifests/$each" -o "$work/child.json"
    entries+="${entries:+,}$(printf '{"mediaType":"%s","digest":"%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
      "$image" "$each" "$(stat -c %s "$work/child.json")" "$architecture")"
    architecture=arm64
  done
  printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$list" "$entries" >"$work/index.json"
  size=$(stat -c %s "$work/index.json")
  signed_digest=sha256:$(sha256sum <"$work/index.json" | cut -d' ' -f1)
  curl -sSf -X PUT -H "Content-Type: $list" --data-binary "@$work/index.json" "http://$registry/v2/$path/manifests/$tag"
  notary_here addhash "$registry/$path" "$tag" "$size" --sha256 "${signed_digest#sha256:}" --roles targets -p
}

# root_pin REPOSITORY: the key ID that `gapstow trust add-root` takes, of the first root.
root_pin() {
  curl -sSf --cacert "$work/tls/ca.pem" "$notary_url/v2/$1/_trust/tuf/1.root.json" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["signed"]["roles"]["root"]["keyids"][0])'
}
