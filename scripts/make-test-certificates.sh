#!/bin/sh
# Makes the keys and certificates under tests/data anew. They are kept in the repository, because making them takes
# time and tests want the same ones each run; run this only to add a case, then commit all of its output.
# Nothing made here protects anything: the private keys of the tests are public.
set -eu

cd "$(dirname "$0")/../tests/data"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

public() { openssl pkey -in "keys/$1.key" -pubout -out "keys/$1.pub"; }
ec_key() { openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "keys/$1.key" && public "$1"; }
rsa_key() {
  name=$1
  shift
  openssl genpkey -quiet -algorithm "$@" -out "keys/$name.key" && public "$name"
}

make_keys() {
  mkdir -p keys
  openssl genpkey -quiet -algorithm ed25519 -out keys/ed25519.key && public ed25519
  for size in 224 256 384 521; do ec_key "p$size" "P-$size"; done
  ec_key secp256k1 secp256k1
  openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit -out keys/p256-explicit.key
  public p256-explicit
  openssl ec -in keys/p256.key -pubout -conv_form compressed -out keys/p256-compressed.pub 2>/dev/null
  rsa_key rsa2048 RSA -pkeyopt rsa_keygen_bits:2048
  rsa_key rsa2048-e3 RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
  rsa_key rsa2048-e-large RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:1099511627791
  rsa_key rsa2040 RSA -pkeyopt rsa_keygen_bits:2040
  rsa_key rsa1024 RSA -pkeyopt rsa_keygen_bits:1024
  pss="RSA-PSS -pkeyopt rsa_keygen_bits:2048"
  sha256="-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256"
  # shellcheck disable=SC2086
  {
    rsa_key rsapss $pss
    rsa_key rsapss-sha256 $pss $sha256 -pkeyopt rsa_pss_keygen_saltlen:32
    rsa_key rsapss-salt48 $pss $sha256 -pkeyopt rsa_pss_keygen_saltlen:48
    rsa_key rsapss-sha512 $pss -pkeyopt rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha512
  }
  rsa_key x25519 X25519
  # Nothing is ever signed with these.
  for name in secp256k1 p256-explicit rsa2048-e-large rsa2040 rsapss-salt48 rsapss-sha512 x25519; do
    rm "keys/$name.key"
  done
}

# A database for `openssl ca`, which alone can set both ends of a validity.
ca_settings() {
  : >"$work/index"
  cat >"$work/ca.cnf" <<END
[ca]
default_ca = main
[main]
database = $work/index
new_certs_dir = $work
rand_serial = yes
policy = any
email_in_dn = no
unique_subject = no
preserve = yes
[any]
commonName = optional
organizationName = optional
[req]
distinguished_name = empty
[empty]
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
[leaf_code]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = codeSigning
[leaf_server]
extendedKeyUsage = serverAuth
[leaf_any]
extendedKeyUsage = anyExtendedKeyUsage
[leaf_mail]
extendedKeyUsage = emailProtection
[leaf_critical]
1.2.3.4.5 = critical,ASN1:NULL
[ca_cert]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ca_mail]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
extendedKeyUsage = emailProtection
[not_ca]
basicConstraints = critical,CA:FALSE
END
}

# certificate NAME SUBJECT KEY EXTENSIONS FROM TO DIGEST [ISSUER]: self-signed without an issuer.
certificate() {
  openssl req -new -batch -config "$work/ca.cnf" -key "keys/$3.key" -subj "$2" -out "$work/request" -utf8
  if [ $# -ge 8 ]; then
    openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/request" -out "certs/$1.crt" -extensions "$4" \
      -startdate "$5" -enddate "$6" -md "$7" -cert "certs/$8.crt" -keyfile "keys/$(cat "$work/key.$8").key" \
      2>"$work/log" || { cat "$work/log" && exit 1; }
  else
    openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/request" -out "certs/$1.crt" -extensions "$4" \
      -startdate "$5" -enddate "$6" -md "$7" -selfsign -keyfile "keys/$3.key" \
      2>"$work/log" || { cat "$work/log" && exit 1; }
  fi
  echo "$3" >"$work/key.$1"
}

make_certificates() {
  mkdir -p certs
  ca_settings
  cn='/CN=example.test\/team\/app'
  from=20260101000000Z
  to=20460101000000Z
  certificate proper "$cn" p256 leaf $from $to sha256
  certificate proper-rsa "$cn" rsa2048 leaf $from $to sha256
  certificate proper-ed25519 "$cn" ed25519 leaf $from $to null
  certificate no-cn /O=nobody p256 leaf $from $to sha256
  certificate two-cn "$cn/CN=example.test\/other" p256 leaf $from $to sha256
  certificate ca-leaf "$cn" p256 ca_cert $from $to sha256
  certificate sha1 "$cn" p256 leaf $from $to sha1
  certificate md5 "$cn" rsa2048 leaf $from $to md5
  certificate expired "$cn" p256 leaf 20200101000000Z 20210101000000Z sha256
  certificate future "$cn" p256 leaf 20600101000000Z 20610101000000Z sha256
  certificate small-rsa "$cn" rsa1024 leaf $from $to sha256

  certificate ca "/O=Test/CN=Test CA" p384 ca_cert $from $to sha384
  certificate intermediate "/CN=Test intermediate" p256 ca_cert $from 20360101000000Z sha256 ca
  certificate leaf-code "$cn" ed25519 leaf_code $from 20300101000000Z sha256 intermediate
  certificate leaf-server "$cn" p224 leaf_server $from $to sha256 intermediate
  certificate leaf-any "$cn" p521 leaf_any $from $to sha256 intermediate
  certificate leaf-none "$cn" rsa2048 leaf $from $to sha256 intermediate
  certificate leaf-mail "$cn" p224 leaf_mail $from $to sha256 intermediate
  certificate leaf-critical "$cn" p224 leaf_critical $from $to sha256 intermediate
  certificate leaf-sha1 "$cn" p224 leaf_code $from $to sha1 intermediate
  certificate mail-intermediate "/CN=Mail intermediate" p256 ca_mail $from $to sha256 ca
  certificate leaf-below-mail "$cn" p224 leaf_code $from $to sha256 mail-intermediate
  certificate fake-intermediate "/CN=Not an authority" p256 not_ca $from $to sha256 ca
  certificate leaf-below-fake "$cn" p224 leaf_code $from $to sha256 fake-intermediate
  certificate other-ca "/O=Test/CN=Test CA" p521 ca_cert $from $to sha256
}

case "${1:-all}" in
  certificates) make_certificates ;;
  all) make_keys && make_certificates ;;
esac
