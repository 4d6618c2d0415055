# Real servers for the scripts of this folder: registries, Notary servers, token servers, an engine. Sourced.
# Every server listens on a loopback port of its own, keeps its data in $work, and is stopped by its process ID.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

declare -A lab_pid=() lab_port=() lab_command=()
lab_user=porter lab_password=pass-of-porter
clean_up=(stop_servers "${clean_up[@]}")

# expect_code CODE COMMAND...: it ends with that exit code; what it says is in $work/message. No secret may be in it.
expect_code() {
  local expected=$1 code=0
  shift
  "$@" >"$work/message" 2>&1 || code=$?
  ((code == expected)) || fail "exit code $code where $expected is expected: $*: $(cat "$work/message")"
  ! grep -qF -e "$lab_password" "$work/message" || fail "a secret is in the messages of: $*"
}

# --- Servers by name ---------------------------------------------------------------------------------------------

port_is_open() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port that nobody listens on, below those that the kernel hands out.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); port_is_open "$port"; do :; done
  echo "$port"
}

# launch NAME: runs its command and waits until its port answers; false when it ends before.
launch() {
  local name=$1 deadline=$((SECONDS + 30))
  ${lab_command[$name]} >>"$work/$name.log" 2>&1 &
  lab_pid[$name]=$!
  until port_is_open "${lab_port[$name]}"; do
    kill -0 "${lab_pid[$name]}" 2>/dev/null && ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
  sleep 0.05 # a server that lost its port to another one ends now
  kill -0 "${lab_pid[$name]}" 2>/dev/null
}

# start_server NAME CONFIGURE [OPTION...]: CONFIGURE NAME PORT OPTION... sets lab_command[NAME]. Another port is tried
# when somebody else was faster.
start_server() {
  local name=$1 configure=$2 try
  shift 2
  for try in 1 2 3 4 5; do
    lab_port[$name]=$(free_port)
    "$configure" "$name" "${lab_port[$name]}" "$@"
    launch "$name" && return
    stop_server "$name"
  done
  fail "$name does not start: $(tail -n 3 "$work/$name.log")"
}

# stop_server NAME [SIGNAL]
stop_server() {
  local pid=${lab_pid[$1]:-}
  [[ -n $pid ]] || return 0
  lab_pid[$1]=
  kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# restart_server NAME: again, with the same data on the same port.
restart_server() {
  stop_server "$1"
  launch "$1" || fail "$1 does not start again: $(tail -n 3 "$work/$1.log")"
}

stop_servers() {
  local name
  for name in "${!lab_pid[@]}"; do stop_server "$name"; done
}

# --- Certificates ------------------------------------------------------------------------------------------------

new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# certificate NAME EXTENSIONS: NAME.key and NAME.pem, by the authority of the lab.
certificate() {
  new_key "$work/tls/$1.key"
  openssl req -new -key "$work/tls/$1.key" -subj "/CN=$1" -out "$work/tls/$1.csr"
  openssl x509 -req -in "$work/tls/$1.csr" -CA "$work/tls/ca.pem" -CAkey "$work/tls/ca.key" -CAcreateserial -days 30 \
    -extfile <(printf '%b' "$2") -out "$work/tls/$1.pem" 2>/dev/null
}

# In $work/tls: ca.pem, and key and certificate of "localhost", "client" and "tokens" (RSA, signs tokens).
make_certificates() {
  [[ ! -d $work/tls ]] || return 0
  need openssl
  mkdir "$work/tls"
  new_key "$work/tls/ca.key"
  openssl req -x509 -new -key "$work/tls/ca.key" -subj '/CN=lab authority' -days 30 -out "$work/tls/ca.pem"
  certificate localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'
  certificate client 'extendedKeyUsage=clientAuth\n'
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/tls/tokens.key" -subj '/CN=lab tokens' -days 30 \
    -out "$work/tls/tokens.pem" 2>/dev/null
}

# --- Registries --------------------------------------------------------------------------------------------------

# start_registry NAME [tls] [client-certificates] [htpasswd] [token] [OPTION=VALUE of docker-registry's environment...]:
# leaves its place in registry_NAME ("localhost:PORT").
start_registry() {
  need docker-registry
  start_server "$1" configure_registry "${@:2}"
  declare -g "registry_$1=localhost:${lab_port[$1]}"
}

configure_registry() {
  local name=$1 port=$2 option file=$work/$1.yml variables=()
  printf 'version: 0.1\nlog: {level: info, accesslog: {disabled: false}}\n' >"$file"
  printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$work/$name.data" >>"$file"
  local http="addr: '127.0.0.1:$port'" tls='' auth=''
  for option in "${@:3}"; do
    case $option in
      tls) make_certificates; tls+="certificate: $work/tls/localhost.pem, key: $work/tls/localhost.key" ;;
      client-certificates) tls+=", clientcas: [$work/tls/ca.pem]" ;;
      htpasswd) make_htpasswd; auth="htpasswd: {realm: lab, path: $work/htpasswd}" ;;
      token) auth="token: $(token_options)" ;;
      *=*) variables+=("$option") ;;
      *) fail "start_registry: what is '$option'?" ;;
    esac
  done
  printf 'http: {%s%s}\n' "$http" "${tls:+, tls: {$tls\}}" >>"$file"
  [[ -z $auth ]] || printf 'auth: {%s}\n' "$auth" >>"$file"
  lab_command[$name]="env OTEL_TRACES_EXPORTER=none ${variables[*]} docker-registry serve $file"
}

# $lab_user may come in. The hash is bcrypt: perl reaches the C library's crypt(3) on every Debian.
make_htpasswd() {
  need perl
  perl -e 'print "$ARGV[0]:" . crypt($ARGV[1], "\$2y\$05\$abcdefghijklmnopqrstuu") . "\n"' \
    "$lab_user" "$lab_password" >"$work/htpasswd"
}

# --- Tokens ------------------------------------------------------------------------------------------------------

# start_token_server [OPTION of token_server.py...]: before the servers that rely on it. By https; who was given which
# scope stands in $work/tokens.asked.
start_token_server() {
  need python3 openssl
  make_certificates
  start_server tokens configure_tokens "$@"
}

configure_tokens() {
  lab_command[$1]="python3 $SOURCE_DIR/tests/support/token_server.py --port $2 --service lab --log $work/tokens.asked
    --signing-cert $work/tls/tokens.pem --signing-key $work/tls/tokens.key --user $lab_user:$lab_password
    --tls-cert $work/tls/localhost.pem --tls-key $work/tls/localhost.key ${*:3}"
}

token_options() {
  printf '{realm: "https://localhost:%s/token", service: lab, issuer: test-tokens, rootcertbundle: "%s"}' \
    "${lab_port[tokens]}" "$work/tls/tokens.pem"
}

# --- Notary ------------------------------------------------------------------------------------------------------

# start_notary [token]: leaves its address in $notary_url. It forgets everything when it ends.
start_notary() {
  need notary-server
  make_certificates
  start_server notary configure_notary "$@"
  notary_url=https://localhost:${lab_port[notary]}
}

configure_notary() {
  local auth=
  if [[ ${3:-} == token ]]; then
    auth=$(printf '"auth": {"type": "token", "options": {"realm": "https://localhost:%s/token", "service": "lab",
      "issuer": "test-tokens", "rootcertbundle": "%s"}},' "${lab_port[tokens]}" "$work/tls/tokens.pem")
  fi
  cat >"$work/$1.json" <<JSON
{"server": {"http_addr": "127.0.0.1:$2", "tls_key_file": "$work/tls/localhost.key", "tls_cert_file": "$work/tls/localhost.pem"},
 $auth "trust_service": {"type": "local", "key_algorithm": "ed25519"},
 "logging": {"level": "info"}, "storage": {"backend": "memory"}}
JSON
  lab_command[$1]="notary-server -config $work/$1.json"
}

# --- The engine --------------------------------------------------------------------------------------------------

# start_docker: an engine and a client configuration of our own. Registries of localhost need no certificate there.
start_docker() {
  need dockerd containerd docker
  export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work/docker-config
  mkdir -p "$DOCKER_CONFIG"
  start_containerd
  dockerd --data-root "$work/docker" --exec-root "$work/docker-exec" -H "$DOCKER_HOST" --pidfile "$work/docker.pid" \
    --iptables=false --bridge=none --storage-driver=vfs --containerd "$containerd_socket" >"$work/docker.log" 2>&1 &
  clean_up=("kill $! && wait $! 2>/dev/null" "${clean_up[@]}")
  wait_for docker version
}

# --- Looking at registries --------------------------------------------------------------------------------------------

manifest_types='application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json,
 application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

# registry_curl REGISTRY PATH [OPTION...]: by the scheme that the registry speaks, with whatever it wants to see.
registry_curl() {
  local registry=$1 path=$2 config scheme=http options=()
  config=$work/$(registry_name "$registry").yml
  shift 2
  if grep -q 'tls:' "$config"; then
    scheme=https
    options=(--cacert "$work/tls/ca.pem" --cert "$work/tls/client.pem" --key "$work/tls/client.key")
  fi
  if grep -q 'token:' "$config"; then
    options+=(-H "Authorization: Bearer $(token_for "repository:${path%/*/*}:pull")")
  elif grep -q 'htpasswd:' "$config"; then
    options+=(-u "$lab_user:$lab_password")
  fi
  curl -sS "${options[@]}" "$@" "$scheme://$registry/v2/$path"
}

# token_for SCOPE
token_for() {
  curl -sSf --cacert "$work/tls/ca.pem" -u "$lab_user:$lab_password" \
    "https://localhost:${lab_port[tokens]}/token?service=lab&scope=$1" | sed 's/.*"token": "\([^"]*\)".*/\1/'
}

# registry_name HOST: under which it was started.
registry_name() {
  local name
  for name in "${!lab_port[@]}"; do
    [[ ${lab_port[$name]} != "${1##*:}" ]] || echo "$name"
  done
}

# tag_digest REGISTRY PATH TAG: of the bytes that it holds; empty when there is no such tag.
tag_digest() {
  local code
  code=$(registry_curl "$1" "$2/manifests/$3" -o "$work/manifest" -w '%{http_code}' -H "Accept: ${manifest_types//$'\n'/}")
  [[ $code != 200 ]] || echo "sha256:$(sha256sum <"$work/manifest" | cut -d' ' -f1)"
}

# expect_tag REGISTRY PATH TAG DIGEST
expect_tag() {
  local seen
  seen=$(tag_digest "$1" "$2" "$3")
  [[ $seen == "$4" ]] || fail "$1/$2:$3 is ${seen:-not there}, expected ${4:-none}"
}

# expect_no_tags REGISTRY PATH
expect_no_tags() {
  local tags
  tags=$(registry_curl "$1" "$2/tags/list")
  [[ $tags == *NAME_UNKNOWN* || $tags == *'"tags":null'* || $tags == *'"tags":[]'* ]] || fail "$1/$2 has tags: $tags"
}

# --- gapstow's own server ----------------------------------------------------------------------------------------

# serve_at PORT BUNDLE OPTION...: in place of whoever listened on that port; stopped with the others as "gapstow".
serve_at() {
  local port=$1
  shift
  lab_port[gapstow]=$port
  lab_command[gapstow]="$GAPSTOW serve --registry 127.0.0.1:$port --status off --log $work/serve.log $*"
  launch gapstow || fail "gapstow serve does not start: $(tail -n 3 "$work/gapstow.log")"
}
