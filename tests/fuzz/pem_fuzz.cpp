// PEM texts of public keys and certificates: whatever is accepted is kept byte for byte and reads back alike.
#include "fuzz/fuzz.h"
#include "gapstow/sign/certificate.h"
#include "gapstow/sign/public_key.h"

using namespace gapstow;

namespace {

void check_key(const sign::PublicKey& key) {
  fuzz::require(sign::PublicKey::from_pem(key.pem()) == key, "a key reads back from its own PEM");
  fuzz::require(sign::PublicKey::from_spki_der(key.spki_der()).spki_der() == key.spki_der(), "a key has one DER form");
  const auto junk = base::as_bytes("0123456789012345678901234567890123456789012345678901234567890123");
  for (const auto scheme : {sign::Scheme::ed25519, sign::Scheme::ecdsa_sha256_raw, sign::Scheme::ecdsa_sha256_der,
                            sign::Scheme::rsa_pss_sha256, sign::Scheme::rsa_pkcs1_sha256}) {
    fuzz::require(!key.verify(scheme, junk, junk), "junk is no signature");
  }
}

void check_certificates(const std::vector<sign::Certificate>& certificates) {
  for (const auto& certificate : certificates) {
    check_key(certificate.public_key());
    static_cast<void>(fuzz::accepted([&] { return certificate.common_name(); }));
    std::string why;
    static_cast<void>(chains_to(certificate, certificates, {certificates.back()}, certificate.not_before(), why));
  }
}

}  // namespace

FUZZ_TARGET(input) {
  const auto text = base::as_text(input);
  if (const auto key = fuzz::accepted([&] { return sign::PublicKey::from_pem(text); })) check_key(*key);
  const auto raw = fuzz::accepted([&] { return sign::PublicKey::from_spki_der(input); });
  if (raw) check_key(*raw);
  const auto certificates = fuzz::accepted([&] { return sign::Certificate::from_pem(text, 4); });
  if (certificates) check_certificates(*certificates);
}
