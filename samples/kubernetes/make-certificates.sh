#!/usr/bin/env bash
# Certificates for gapstow serve and for the API servers that ask it: make-certificates.sh FOLDER [NAME-OR-ADDRESS...]
#
# FOLDER gets ca.crt with tls.crt and tls.key (gapstow), and client-ca.crt with client.crt and client.key (API servers). The
# names are added to those of the certificate of gapstow. $NAMESPACE, $SERVICE and $DAYS change the defaults below. Keys of
# the authorities are thrown away: make everything anew, or use an authority of your own.
set -euo pipefail

folder=${1:?the folder for the certificates}
shift
namespace=${NAMESPACE:-gapstow-system}
service=${SERVICE:-gapstow}
days=${DAYS:-397}

umask 077
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# authority NAME SUBJECT
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$days" -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$work/$1.key" -out "$folder/$1.crt" 2>/dev/null
}

# leaf AUTHORITY NAME SUBJECT EXTENSION...
leaf() {
  local authority=$1 name=$2 subject=$3
  shift 3
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "$subject" -keyout "$folder/$name.key" \
    -out "$work/$name.csr" 2>/dev/null
  printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature "$@" >"$work/$name.ext"
  openssl x509 -req -in "$work/$name.csr" -CA "$folder/$authority.crt" -CAkey "$work/$authority.key" -sha256 -days "$days" \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/$name.ext" -out "$folder/$name.crt" 2>/dev/null
}

names="DNS:$service.$namespace.svc,DNS:$service.$namespace.svc.cluster.local,DNS:$service-registry.$namespace.svc"
names="$names,DNS:localhost,IP:127.0.0.1,IP:::1"
for name in "$@"; do
  if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then names="$names,IP:$name"; else names="$names,DNS:$name"; fi
done

authority ca "gapstow serve"
leaf ca tls "/CN=$service.$namespace.svc" extendedKeyUsage=serverAuth "subjectAltName=$names"
authority client-ca "askers of gapstow"
leaf client-ca client "/O=gapstow/CN=kube-apiserver" extendedKeyUsage=clientAuth
chmod 0644 "$folder"/*.crt
