#!/usr/bin/env bash
# Crowds, with nothing set: 2,000 clients of one address that say nothing, in every phase, while curl is served by every
# listener; with few descriptors too. Its memory stays small, a stop is graceful, and nothing that is sent is stored.
. "$(dirname "$0")/lab.sh"
need curl python3

make_certificates
make_trust
pack_sample app.gapstow
(($(ulimit -Hn) > 2500)) || { echo "skipped: too few descriptors for 2,000 clients"; exit 77; }
ulimit -Sn "$(ulimit -Hn)"

log=$work/serve.log status=$(free_port) admission=$(free_port)
review='{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":{"containers":[{"image":"redis"}]}}'
# serve_crowd LIMITS: soft and hard ones, as prlimit has them.
serve_crowd() {
  local port
  port=$(free_port)
  lab_port[gapstow]=$port
  lab_command[gapstow]="prlimit $1 -- $GAPSTOW serve app.gapstow --registry 127.0.0.1:$port --status 127.0.0.1:$status \
    --admission 127.0.0.1:$admission --client-ca none --tls-cert tls/localhost.pem --tls-key tls/localhost.key \
    --max-age 36500d --trust-store trust --state state.db --log $log"
  launch gapstow || fail "gapstow serve does not start: $(tail -n 3 gapstow.log)"
}
expect_served() {
  local registry=https://localhost:${lab_port[gapstow]}
  expect_code 0 curl -sSf -m 20 --cacert tls/ca.pem -o /dev/null "$registry/v2/lab/app/manifests/1.1"
  expect_code 0 curl -sSf -m 20 --cacert tls/ca.pem -o /dev/null "$registry/v2/lab/app/blobs/$config_11"
  expect_code 0 curl -sSf -m 20 -o /dev/null "http://localhost:$status/readyz"
  expect_code 0 curl -sSf -m 20 --cacert tls/ca.pem -o /dev/null -H 'Content-Type: application/json' -d "$review" \
    "https://localhost:$admission/k8s/image-review"
}
# crowd PORT SCHEME WORDS: 2,000 connections that send these bytes and then nothing, until disperse.
crowd() {
  python3 - "$@" <<'PY' &
import os, socket, ssl, sys, time
port, scheme, words = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode().decode("unicode_escape").encode()
context = ssl.create_default_context(cafile="tls/ca.pem")
held = []
for i in range(2000):
    try:
        client = socket.create_connection(("127.0.0.1", port), 20)
        if scheme == "tls":
            client = context.wrap_socket(client, server_hostname="localhost")
        held.append(client)
        client.send(words)
    except OSError:
        pass  # it gave way to another one
open("crowd.there", "w").close()
while os.path.exists("crowd.there"):
    time.sleep(0.05)
PY
  crowd_pid=$!
  wait_for test -e crowd.there
}
disperse() {
  rm crowd.there
  wait "$crowd_pid"
}

for limits in --nofile=1024:"$(ulimit -Hn)" --nofile=400:400; do
  echo "-- with $limits"
  serve_crowd "$limits"
  for where in "${lab_port[gapstow]}" "$status" "$admission"; do
    # Nothing at all, and half a request.
    for words in '' 'GET / HT'; do
      crowd "$where" plain "$words"
      expect_served
      disperse
    done
  done
  crowd "${lab_port[gapstow]}" tls 'GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n'
  expect_served
  memory=$(awk '/VmHWM/ {print $2}' "/proc/${lab_pid[gapstow]}/status")
  ((memory < 128 * 1024)) || fail "$memory KiB for 2,000 clients"
  disperse
  stop_server gapstow
done

echo "-- nothing that is sent is stored, and the answer says so; the log may be a pipe, and a place that is none ends the start"
exec 9> >(cat >piped.log)
log=/dev/fd/9
serve_crowd --nofile=1024
registry=https://localhost:${lab_port[gapstow]}
head -c 100000 /dev/urandom >sent
for request in "PUT /v2/lab/app/manifests/1.1" "POST /v2/lab/app/blobs/uploads/" "POST /v2/lab/app/_trust/tuf/" \
  "PATCH /v2/lab/app/blobs/uploads/1" "DELETE /v2/lab/app/_trust/tuf/" "POST /v2/lab/app/_trust/tuf/snapshot.key"; do
  code=$(curl -sS --cacert tls/ca.pem -X "${request% *}" --data-binary @sent -o answer.json -w '%{http_code}' "$registry${request#* }")
  [[ $code == 405 ]] || fail "$request got $code: $(cat answer.json)"
done
stop_server gapstow
wait_for grep -q '"event":"stopped"' piped.log
grep -q '"status":405' piped.log || fail "the log has: $(head -c 1000 piped.log)"
expect_code 3 "$GAPSTOW" serve app.gapstow --registry "127.0.0.1:$status" --status off --max-age 36500d --trust-store trust \
  --state state.db --log none/serve.log
