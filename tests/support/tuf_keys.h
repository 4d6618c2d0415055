// Keys that sign TUF metadata in tests: made in the process, or once for all tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/certificate.h"

namespace gapstow::test {

enum class TestKind { ed25519, p224, p256, p384, p521, rsa2048, rsa1024 };

/// A private key of any kind that Notary knows. Immutable and cheap to copy.
class TestKey {
 public:
  static TestKey generate(TestKind kind);
  /// The same key in every run: its secret is `number` in every byte. RSA keys come from tests/data/keys, which has two
  /// of 2048 bits (1 and 2).
  static TestKey fixed(TestKind kind, unsigned char number);
  /// The same key for the whole process: RSA keys are slow to make.
  static const TestKey& shared_rsa();

  TestKind kind() const { return kind_; }
  base::Bytes spki() const;
  /// 32 bytes, Ed25519 only.
  base::Bytes raw_public() const;
  /// By Notary's method name: "ecdsa" (r || s), "eddsa", "rsapss", "rsapkcs1v15"; "ecdsa-der" and, with SHA-384,
  /// "ecdsa-der-384" as TUF 1.0 has them. The same message always gets the same signature.
  base::Bytes sign(std::string_view method, base::ByteView message) const;
  /// PEM text of the public key.
  std::string pem() const;
  /// "ecdsa", "eddsa" or "rsapss".
  std::string_view method() const;
  /// EVP_PKEY*.
  void* handle() const { return handle_.get(); }

 private:
  TestKey(TestKind kind, std::shared_ptr<void> handle) : kind_(kind), handle_(std::move(handle)) {}
  TestKind kind_;
  std::shared_ptr<void> handle_;
};

/// How a certificate for a test is made.
struct CertificateRecipe {
  std::string common_name;
  const TestKey* issuer = nullptr;  ///< nullptr: self-signed
  std::string issuer_name = {};     ///< with an issuer
  bool is_ca = false;
  bool sha1 = false;
  std::string not_before = "20200101000000Z";
  std::string not_after = "20991231235959Z";
  std::string usage = "codeSigning";  ///< extended key usage; empty: none
};

/// PEM text of a certificate for `key`.
std::string make_certificate(const TestKey& key, const CertificateRecipe& recipe);
/// The one certificate of a PEM text.
sign::Certificate certificate_of(const std::string& pem);

}  // namespace gapstow::test
