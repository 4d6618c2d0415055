#!/usr/bin/env bash
# samples/kubernetes, samples/systemd, samples/container: they hang together, and gapstow serves and decides when it is started
# as they say.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import yaml' 2>/dev/null; then python=$candidate && break; fi
done
[ -n "$python" ] || skip "python3-yaml is not installed"
for tool in openssl curl; do type "$tool" >/dev/null || skip "$tool is not installed"; done

cluster=$samples/kubernetes
expect_exit 0 gapstow serve --help
cp "$out" help
expect_exit 0 "$python" "$SOURCE_DIR/tests/cli/check_samples.py" "$cluster" help
cp "$out" arguments
if type kubectl >/dev/null 2>&1; then
  expect_exit 0 kubectl kustomize "$cluster"
  expect_stdout_line '^kind: PodDisruptionBudget$'
fi

# The webhook files are what emit writes, but for the certificate.
expect_exit 0 "$cluster/make-certificates.sh" tls registry.example.test 192.0.2.1
expect_exit 0 gapstow emit webhooks --ca-file tls/ca.crt --exclude-namespace kube-system -o emitted
expect_exit 0 gapstow emit image-policy --ca-file tls/ca.crt --server https://127.0.0.1:9443 -o emitted
for file in webhooks.yaml image-policy-configuration.yaml image-policy-kubeconfig.yaml; do
  for each in "$cluster" emitted; do
    sed -E 's/^( *(caBundle|certificate-authority-data):).*/\1/' "$each/$file" >"${each##*/}.$file"
  done
  expect_same "kubernetes.$file" "emitted.$file"
done

# The Deployment's own arguments, with its paths brought here and its ports left to the system.
setup_bundle
expect_exit 0 gapstow key generate site --no-passphrase
expect_exit 0 gapstow trust add-operator site --key site.pub --may snapshot --trust-store trust
expect_exit 0 gapstow trust snapshot app.gapstow --trust-store trust --state none.db --at "$day" --signer site.key \
  -o decisions.snapshot
mkdir bundles
mv app.gapstow bundles/
mapfile -t words < <(sed -e "s|^/bundles|$work/run/bundles|" -e "s|=/etc/gapstow|=$work/run/trust|" \
  -e "s|=/decisions/|=$work/run/|" -e "s|=/tls/|=$work/run/tls/|" -e "s|=/client-ca/ca.crt|=$work/run/tls/client-ca.crt|" \
  -e "s|=/var/lib/gapstow/|=$work/run/|" -e 's|=:[0-9]*$|=127.0.0.1:0|' arguments)
"$GAPSTOW" "${words[@]}" --at "$day" >serve.log 2>serve.err &
server=$!
stop_server() {
  local status=$?
  set +e
  kill "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  (exit "$status")
  finish
}
trap stop_server EXIT
deadline=$((SECONDS + 20))
until grep -q ' serving ' serve.err; do
  kill -0 "$server" 2>/dev/null || fail "it did not start: $(cat serve.err)"
  ((SECONDS < deadline)) || fail "it does not serve: $(cat serve.err)"
  sleep 0.05
done
address() { sed -nE "s|^gapstow: ([a-z+]*\\+)?$1(\\+[a-z+]*)? at (https?://.*)$|\\3|p" serve.err; }
expect_exit 0 curl -sSf "$(address status)/readyz"

admission=$(address admission)
review() {
  printf '{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":{"containers":[{"image":"%s"}],"namespace":"shop"}}' \
    "$1" >review.json
  curl -sSf --cacert tls/ca.crt --cert tls/client.crt --key tls/client.key -H 'Content-Type: application/json' \
    --data-binary @review.json "$admission/k8s/image-review?timeout=30s"
}
# Decisions are judged by the clock of the machine: a seal counts for 90 days.
expect_exit 0 review "$gun@$signed_digest"
today=$(date -u +%Y%m%d)
if ((today >= 20261123 && today < 20270220)); then
  grep -q '"allowed":true' "$out" || fail "what is proven is denied"
fi
expect_exit 0 review "busybox:1"
grep -q '"allowed":false' "$out" || fail "what is not proven is allowed"
expect_exit 56 curl -sS --cacert tls/ca.crt -H 'Content-Type: application/json' --data-binary @review.json \
  "$admission/k8s/image-review"
kill "$server"
wait "$server" || fail "it did not stop in good order"

# The unit, with the program that is tested in its place.
if type systemd-analyze >/dev/null 2>&1; then
  sed -e "s|/usr/bin/gapstow |$GAPSTOW |" -e '/^Documentation=/d' "$samples/systemd/gapstow-serve.service" >gapstow-serve.service
  expect_exit 0 systemd-analyze verify ./gapstow-serve.service
  expect_exit 0 systemd-analyze security --offline=true --threshold=20 ./gapstow-serve.service
fi
sed -n '/^ExecStart=/,/[^\\]$/p' "$samples/systemd/gapstow-serve.service" >exec
for option in $(grep -oE ' --[a-z-]+' exec | sort -u); do
  grep -q -- "$option" help || fail "the unit: $option is no option of serve"
done
grep -oE '^COPY [^-][^ ]*|scripts/[a-z-]+\.sh' "$samples/container/Containerfile" | grep -v COPY | while read -r file; do
  expect_file "$SOURCE_DIR/$file"
done
