#include "gapstow/sign/public_key.h"

#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"
#include "pem.h"
#include "spki.h"
#include "verify.h"

namespace gapstow::sign {

using base::Error;
using base::ErrorCode;

struct PublicKey::Data {
  base::Bytes spki;
  std::string fingerprint;
  VerifyKey key;
};

std::string_view name(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return "ed25519";
    case KeyType::ecdsa_p224:
      return "ecdsa-p224";
    case KeyType::ecdsa_p256:
      return "ecdsa-p256";
    case KeyType::ecdsa_p384:
      return "ecdsa-p384";
    case KeyType::ecdsa_p521:
      return "ecdsa-p521";
    case KeyType::rsa:
      return "rsa";
  }
  return "unknown";
}

PublicKey PublicKey::from_spki_der(base::ByteView der) {
  VerifyKey key = load_verify_key(der);
  return PublicKey(std::make_shared<const Data>(Data{base::to_bytes(der), digest::sha256(der).hex(), std::move(key)}));
}

PublicKey PublicKey::from_pem(std::string_view pem) {
  constexpr std::size_t kMaxKeyText = 64 << 10;
  if (pem.size() > kMaxKeyText) throw Error(ErrorCode::malformed, "text is too long for one public key");
  const auto blocks = read_pem(pem, 16);
  if (blocks.size() != 1) {
    throw Error(ErrorCode::malformed,
                "expected one PEM block 'PUBLIC KEY', found " + std::to_string(blocks.size()) + " blocks");
  }
  if (blocks[0].label != "PUBLIC KEY") {
    throw Error(ErrorCode::malformed, "expected a PEM block 'PUBLIC KEY', found '" + blocks[0].label + "'",
                "openssl pkey -pubout writes the right form");
  }
  return from_spki_der(blocks[0].der);
}

PublicKey PublicKey::from_ed25519(base::ByteView raw) {
  if (raw.size() != 32) {
    throw Error(ErrorCode::malformed, "Ed25519 key has " + std::to_string(raw.size()) + " bytes instead of 32");
  }
  return from_spki_der(ed25519_spki(raw));
}

PublicKey PublicKey::from_ec_point(KeyType curve, base::ByteView point) {
  return from_spki_der(ec_point_spki(curve, point));
}

KeyType PublicKey::type() const { return data_->key.type; }

int PublicKey::bits() const { return data_->key.bits; }

const base::Bytes& PublicKey::spki_der() const { return data_->spki; }

const std::string& PublicKey::fingerprint() const { return data_->fingerprint; }

std::string PublicKey::pem() const { return write_pem("PUBLIC KEY", data_->spki); }

bool PublicKey::verify(Scheme scheme, base::ByteView message, base::ByteView signature) const {
  return check_signature(data_->key, scheme, message, signature);
}

Scheme PublicKey::seal_scheme() const {
  switch (type()) {
    case KeyType::ed25519:
      return Scheme::ed25519;
    case KeyType::ecdsa_p256:
      return Scheme::ecdsa_sha256_der;
    case KeyType::rsa:
      return Scheme::rsa_pss_sha256;
    default:
      throw Error(ErrorCode::unsupported, "seals are not signed with keys of type " + std::string(name(type())),
                  "use an Ed25519, ECDSA P-256 or RSA key");
  }
}

}  // namespace gapstow::sign
