#!/usr/bin/env bash
# gapstow emit: what it writes is what its readers expect, for the images of bundles and of decision files alike.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import yaml, tomllib, jsonschema' 2>/dev/null; then python=$candidate && break; fi
done
[ -n "$python" ] || skip "python3-yaml or python3-jsonschema is not installed"
type openssl >/dev/null || skip "openssl is not installed"

setup_bundle
expect_exit 0 gapstow key generate ops --no-passphrase
expect_exit 0 gapstow key generate border --algorithm p256 --no-passphrase
expect_exit 0 gapstow trust add-operator ops --key ops.pub --may snapshot --trust-store trust
expect_exit 0 gapstow trust add-relocation localhost:5000/lab=registry.test/mirror --trust-store trust
expect_exit 0 openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ca
expect_exit 0 gapstow trust snapshot app.gapstow --trust-store trust --state none.db --signer ops.key -o d.snapshot --at "$day"

emit() { gapstow emit "$@" --trust-store trust --at "$day"; }
bundle=(app.gapstow --state none.db)
server=(--server https://gapstow.test:9443 --ca-file ca.crt)
place=(--namespace trust-system --exclude-namespace kube-system)

expect_exit 0 emit hosts.toml "${bundle[@]}" "${server[@]}" --every-registry -o all/hosts.toml
expect_exit 0 emit registries.conf "${bundle[@]}" "${server[@]}" -o all/registries.conf
expect_exit 0 emit policy.json "${bundle[@]}" "${server[@]}" --border-key border.pub -o all/policy.json
expect_exit 0 emit vap "${bundle[@]}" "${place[@]}" -o all/vap
expect_exit 0 emit static-manifests "${bundle[@]}" "${server[@]}" --folder /srv/k8s/ -o all/static-manifests
expect_exit 0 emit image-policy "${server[@]}" -o all/image-policy
expect_exit 0 emit webhooks --ca-file ca.crt --workloads "${place[@]}" -o all/webhooks
expect_stdout_line '^all/webhooks/webhooks.yaml$'
"$python" "$SOURCE_DIR/tests/cli/check_emitted.py" all "${signed_digest#sha256:}"

# From the decision file it is the same, and one file needs no folder.
expect_exit 0 emit vap --snapshot d.snapshot "${place[@]}"
expect_same "$out" all/vap/policy.yaml
expect_exit 0 emit vap --snapshot d.snapshot "${place[@]}" --quiet
expect_same "$out" all/vap/policy.yaml

if type kubectl >/dev/null 2>&1; then
  expect_exit 0 kubectl config view --kubeconfig all/image-policy/image-policy-kubeconfig.yaml -o json
  grep -q '"server": "https://gapstow.test:9443/k8s/image-review"' "$out" || fail "kubectl reads another server"
  expect_exit 0 kubectl config view --kubeconfig all/webhooks/webhook-kubeconfig.yaml --minify=false -o json
  for file in webhooks/webhooks.yaml vap/policy.yaml static-manifests/validating-policies/gapstow.yaml; do
    expect_exit 0 kubectl label --local --dry-run=client -f "all/$file" read=back -o name
  done
fi

mkdir documents
n=0
for kind in hosts.toml policy.json vap; do
  n=$((n + 1))
  expect_exit 0 emit "$kind" "${bundle[@]}" "${server[@]}" --format json
  cp "$out" "documents/$n.emit.json"
done
expect_exit 0 emit webhooks --ca-file ca.crt --format json -o json
cp "$out" documents/4.emit.json
expect_exit 0 "$python" "$SOURCE_DIR/tests/cli/check_json.py" "$SOURCE_DIR/formats" documents

expect_exit 2 emit hosts.toml "${bundle[@]}" "${server[@]}"  # several files need a folder
expect_exit 2 emit everything "${bundle[@]}"
expect_exit 2 emit vap
expect_exit 2 emit vap "${bundle[@]}" -o ''
expect_exit 2 emit image-policy "${server[@]}" --folder $'/a\x7fb' -o none
expect_exit 2 emit image-policy "${server[@]}" --cert-file $'a\nb' -o none
expect_exit 2 emit vap app.gapstow --snapshot d.snapshot
expect_exit 2 emit webhooks app.gapstow --ca-file ca.crt -o none
expect_exit 2 emit webhooks -o none
expect_exit 2 emit webhooks --ca-file ca.key -o none
expect_exit 2 emit webhooks --ca-file ca.crt --namespace Trust_System -o none
expect_exit 2 emit image-policy --ca-file ca.crt --server http://gapstow.test -o none
expect_exit 2 emit policy.json "${bundle[@]}" --tags pin
expect_exit 4 emit policy.json "${bundle[@]}" --border-key alice.pub
expect_class unsupported
expect_no_file none

# What may not run is in nothing that is emitted, and where nothing may run nothing is.
expect_exit 0 gapstow trust add-rule "$gun" --deny "withdrawn" --trust-store trust
expect_exit 7 emit vap "${bundle[@]}"
expect_no_stdout
expect_exit 0 gapstow trust remove rule "$gun" --trust-store trust
expect_exit 7 gapstow emit vap --snapshot d.snapshot --trust-store trust --at 2099-01-01T00:00:00Z
# A decision file that no operator signed decides nothing.
flip_byte d.snapshot 200
expect_exit 1 emit vap --snapshot d.snapshot
expect_no_stdout
