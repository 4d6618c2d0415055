// The keys of tests/data/keys: reading them, and signing with OpenSSL in every way that gapstow checks, and some
// that it must refuse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/public_key.h"

namespace gapstow::test {

/// The content of a file below tests/data.
std::string data_file(const std::string& name);

/// The public key tests/data/keys/<name>.pub.
sign::PublicKey public_fixture(const std::string& name);

/// How OpenSSL is to sign; salt is used with PSS only, -1 being the length of the digest.
struct OpensslWay {
  const char* digest = "SHA256";  ///< nullptr: none (Ed25519)
  enum class Padding { none, pkcs1, pss } padding = Padding::none;
  int salt = 32;
};

/// A signature by the private key tests/data/keys/<name>.key.
base::Bytes openssl_sign(const std::string& name, const OpensslWay& way, base::ByteView message);

/// A signature under a scheme of gapstow.
base::Bytes scheme_sign(const std::string& name, sign::Scheme scheme, base::ByteView message);

/// ASN.1 INTEGER and SEQUENCE with short or long lengths, for signatures spelled by hand.
base::Bytes der_integer(base::ByteView content);
base::Bytes der_sequence(const std::vector<base::Bytes>& items);

/// r and s of an ECDSA signature in DER, each padded to `half` bytes.
base::Bytes raw_from_der(base::ByteView der, std::size_t half);

/// A copy with one bit turned.
base::Bytes flipped(base::ByteView bytes, std::size_t bit);

}  // namespace gapstow::test
