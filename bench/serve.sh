#!/usr/bin/env bash
# Measures `gapstow serve` against docker-registry, which serves the same blob on the same machine: pairs in turn, in one
# run. Needs a release build, docker-registry, wrk, curl, openssl, a C++ compiler with libssl-dev, and 1 GB of free disk
# (25 GB for `ready`).
#
#   bench/serve.sh [blobs|manifests|admission|ready]...      default: all
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

clients=${CLIENTS:-64}
seconds=${SECONDS_EACH:-5}
blob_bytes=$((256 << 20))
servers=()
finish() {
  local each
  for each in "${servers[@]}"; do kill "$each" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# wait_for PORT PID
wait_for() {
  until (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do kill -0 "$2" && sleep 0.02; done
}

make_certificates() {
  local ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) name
  openssl req -x509 "${ec[@]}" -keyout "$work/ca.key" -out "$work/ca.crt" -days 30 -subj '/CN=Bench CA' 2>/dev/null
  echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >"$work/extensions"
  for name in server client; do
    openssl req "${ec[@]}" -keyout "$work/$name.key" -out "$work/$name.csr" -subj "/CN=$name" 2>/dev/null
    openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 30 \
      -extfile "$work/extensions" -out "$work/$name.crt" 2>/dev/null
  done
}

# start_registry NAME TLS: docker-registry on a free port, its port in the variable NAME.
start_registry() {
  local port tls=''
  port=$(free_port)
  if [[ $2 == tls ]]; then tls=", tls: {certificate: $work/server.crt, key: $work/server.key}"; fi
  cat >"$work/$1.yml" <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: '127.0.0.1:$port'$tls}
YML
  docker-registry serve "$work/$1.yml" >"$work/$1.log" 2>&1 &
  servers+=($!)
  wait_for "$port" $!
  printf -v "$1" '%s' "$port"
}

# start_gapstow NAME [OPTION...]: the same with `gapstow serve`.
start_gapstow() {
  local name=$1 port
  shift
  port=$(free_port)
  "$gapstow" serve "$work/image.gapstow" --trust-store "$work/trust" --state "$work/state.db" --log off -q --status off \
    --registry "127.0.0.1:$port" "$@" >"$work/$name.log" 2>&1 &
  servers+=($!)
  wait_for "$port" $!
  printf -v "$name" '%s' "$port"
}

prepare() {
  say "one image with a layer of 256 MB, four servers"
  "$gapstow" key generate "$work/bench" --no-passphrase -q
  "$gapstow" trust init --trust-store "$work/trust" -q
  "$gapstow" trust add-signer bench --key "$work/bench.pub" --trust-store "$work/trust" -q
  "$gapstow" trust add-rule 'bench.test/*' --without-chain --trust-store "$work/trust" -q
  make_certificates
  python3 "$here/make_images.py" "$work/image" --sizes "$blob_bytes" --name bench.test/image
  "$gapstow" pack "oci:$work/image" --trust none --signer "$work/bench.key" -q -o "$work/image.gapstow"
  manifest=$(python3 -c "import json; print(json.load(open('$work/image/index.json'))['manifests'][0]['digest'])")
  blob=$(python3 -c "import json; print(json.load(open('$work/image/blobs/sha256/${manifest#sha256:}'))['layers'][0]['digest'])")
  start_registry their_plain plain
  start_registry their_tls tls
  "$gapstow" import "$work/image.gapstow" "docker://localhost:$their_plain" --plain-http --trust-store "$work/trust" \
    --state "$work/import.db" -q
  start_gapstow our_plain --plain-http
  admission=$(free_port)
  start_gapstow our_tls --tls-cert "$work/server.crt" --tls-key "$work/server.key" \
    --admission "127.0.0.1:$admission" --client-ca "$work/ca.crt"
  wait_for "$admission" "${servers[-1]}"
  our_image=v2/bench.test/image
  their_image=v2/$(curl -sSf "http://127.0.0.1:$their_plain/v2/_catalog" | python3 -c 'import json, sys; print(json.load(sys.stdin)["repositories"][0])')
  # Proven, and in the page cache: what is measured afterwards is serving.
  local url
  for url in "http://127.0.0.1:$our_plain/$our_image" "https://127.0.0.1:$our_tls/$our_image" \
    "http://127.0.0.1:$their_plain/$their_image" "https://127.0.0.1:$their_tls/$their_image"; do
    curl -sSfk -o /dev/null "$url/blobs/$blob"
  done
}

# rate URL: requests and bytes a second.
rate() {
  wrk -t1 -c"$clients" -d"$seconds" --timeout 60 -H "Accept: application/vnd.oci.image.manifest.v1+json" "$1" | python3 -c '
import re, sys
text = sys.stdin.read()
if "Non-2xx" in text: sys.exit("what is measured must succeed:\n" + text)
unit = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
number, of = re.search(r"Transfer/sec:\s+([\d.]+)(\w+)", text).groups()
print(re.search(r"Requests/sec:\s+([\d.]+)", text)[1], float(number) * unit[of])'
}

# compare NAME AIM FIELD OURS THEIRS: rates in turn; the medians and their ratio. FIELD: 1 requests, 2 bytes.
compare() {
  local name=$1 aim=$2 field=$3 i
  : >"$work/rates"
  for ((i = 0; i < runs; ++i)); do
    echo "$(rate "$4" | cut -d' ' -f"$field") $(rate "$5" | cut -d' ' -f"$field")" >>"$work/rates"
  done
  python3 - "$work/rates" "$name" "$aim" "$field" <<'PY'
import statistics, sys
pairs = [[float(n) for n in line.split()] for line in open(sys.argv[1])]
ours, theirs = (statistics.median(column) for column in zip(*pairs))
ratio = statistics.median(a / b for a, b in pairs if b)
scale, unit = (1e6, "MB/s") if sys.argv[4] == "2" else (1, "/s")
print(f"{sys.argv[2]:36} {ours / scale:9.0f} {unit}  docker-registry {theirs / scale:9.0f} {unit}  ratio {ratio:5.2f}  (aim {sys.argv[3]})")
PY
}

bench_blobs() {
  say "a blob of 256 MB, $clients clients"
  compare "blob, plain" ">= 1" 2 "http://127.0.0.1:$our_plain/$our_image/blobs/$blob" \
    "http://127.0.0.1:$their_plain/$their_image/blobs/$blob"
  compare "blob, TLS" ">= 1" 2 "https://127.0.0.1:$our_tls/$our_image/blobs/$blob" \
    "https://127.0.0.1:$their_tls/$their_image/blobs/$blob"
}

bench_manifests() {
  say "a manifest by its tag, $clients clients"
  compare "manifest, plain" ">= 5" 1 "http://127.0.0.1:$our_plain/$our_image/manifests/0" \
    "http://127.0.0.1:$their_plain/$their_image/manifests/0"
  compare "manifest, TLS" ">= 5" 1 "https://127.0.0.1:$our_tls/$our_image/manifests/0" \
    "https://127.0.0.1:$their_tls/$their_image/manifests/0"
}

bench_admission() {
  say "ImageReview over kept TLS connections with client certificates (aim: 10,000/s, p99 under 10 ms)"
  c++ -O2 -std=c++20 -o "$work/admission_load" "$here/admission_load.cpp" -lssl -lcrypto -pthread
  cat >"$work/review.json" <<JSON
{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","metadata":{"creationTimestamp":null},
"spec":{"containers":[{"image":"bench.test/image@$manifest"},{"image":"bench.test/image:0@$manifest"}],"namespace":"shop"},"status":{"allowed":false}}
JSON
  local ask=("$work/admission_load" "$admission" "$work/ca.crt" "$work/client.crt" "$work/client.key" "$work/review.json" 16 "$seconds")
  printf '%-26s' 'alone'
  "${ask[@]}"
  wrk -t1 -c8 -d"$((seconds + 3))" --timeout 60 "https://127.0.0.1:$our_tls/$our_image/blobs/$blob" >"$work/downloads" &
  local downloads=$!
  sleep 1
  printf '%-26s' 'while 8 clients download'
  "${ask[@]}"
  wait "$downloads"
  grep Transfer "$work/downloads"
}

bench_ready() {
  say "from start to readiness, a bundle of 10 GiB of holes (aim: 100 ms)"
  python3 "$here/make_images.py" "$work/sparse" --layers 4 --size $((2560 << 20)) --sparse --name bench.test/sparse
  "$gapstow" pack "oci:$work/sparse" --trust none --signer "$work/bench.key" -q -o "$work/sparse.gapstow"
  rm -rf "$work/sparse"
  local i port start
  for ((i = 0; i < 3; ++i)); do
    port=$(free_port)
    start=$(date +%s%N)
    "$gapstow" serve "$work/sparse.gapstow" --trust-store "$work/trust" --state "$work/state.db" --log off -q --plain-http \
      --registry off --status "127.0.0.1:$port" >/dev/null 2>&1 &
    until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do kill -0 $!; done
    echo "ready after $((($(date +%s%N) - start) / 1000000)) ms"
    kill $!
    wait $! || true
  done
  rm -f "$work/sparse.gapstow"
}

prepare
if (($# == 0)); then set -- blobs manifests admission ready; fi
for each in "$@"; do "bench_$each"; done
