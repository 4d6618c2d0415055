#include "tls_maker.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace gapstow::test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<std::FILE, Free>;

void demand(bool holds) {
  if (!holds) throw std::runtime_error("cannot make a certificate");
}

File open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  demand(file != nullptr);
  return file;
}

Key make_key(KeyKind kind) {
  Key key(kind == KeyKind::rsa2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  demand(key != nullptr);
  return key;
}

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  demand(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

MadeCertificate TlsMaker::make(const std::string& file, const CertificateShape& shape,
                               const MadeCertificate* issuer) const {
  const Key key = make_key(shape.kind);
  const Certificate certificate(X509_new());
  X509* made = certificate.get();
  Certificate issuing;
  Key issuing_key;
  if (issuer != nullptr) {
    issuing.reset(PEM_read_X509(open(issuer->certificate, "r").get(), nullptr, nullptr, nullptr));
    issuing_key.reset(PEM_read_PrivateKey(open(issuer->key, "r").get(), nullptr, nullptr, nullptr));
  }
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), static_cast<long>(std::hash<std::string>{}(file) >> 8));
  X509_gmtime_adj(X509_getm_notBefore(made), shape.begins);
  X509_gmtime_adj(X509_getm_notAfter(made), shape.ends);
  X509_set_pubkey(made, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(shape.name.c_str()), -1, -1, 0);
  X509* signer = issuing ? issuing.get() : made;
  X509_set_issuer_name(made, X509_get_subject_name(signer));
  extend(made, signer, NID_basic_constraints, shape.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!shape.authority) extend(made, signer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  demand(X509_sign(made, issuing_key ? issuing_key.get() : key.get(), EVP_sha256()) != 0);

  MadeCertificate result{folder_ + "/" + file + ".crt", folder_ + "/" + file + ".key"};
  demand(PEM_write_X509(open(result.certificate, "w").get(), made) == 1);
  demand(PEM_write_PrivateKey(open(result.key, "w").get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return result;
}

}  // namespace gapstow::test
