#include "gapstow/sign/signer.h"

#include <openssl/err.h>
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using base::as_bytes;
using base::from_hex;
using sign::KeyType;
using sign::Scheme;
using sign::SecretKey;

namespace {

const char* kZero = "0000000000000000000000000000000000000000000000000000000000000000";
const char* kOne = "0000000000000000000000000000000000000000000000000000000000000001";
const char* kOrderLessOne = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
const char* kOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const char* kBig = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const std::string kP256Head = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

}  // namespace

TEST_CASE("Ed25519 signs as RFC 8032 says") {
  struct Row {
    const char* seed;
    const char* key;
    const char* message;
    const char* signature;
  };
  const Row rows[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "4"
       "655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "e"
       "b00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "d"
       "c027beceea1ec40a"},
  };
  for (const auto& row : rows) {
    const auto key = SecretKey::from_secret(KeyType::ed25519, from_hex(row.seed));
    CHECK(base::hex(key.public_key().spki_der()) == std::string("302a300506032b6570032100") + row.key);
    CHECK(base::hex(key.sign(from_hex(row.message))) == row.signature);
    CHECK(base::hex(key.secret().view()) == row.seed);
  }
}

TEST_CASE("P-256 public keys follow from their scalars") {
  const auto one = SecretKey::from_secret(KeyType::ecdsa_p256, from_hex(kOne));
  CHECK(base::hex(one.public_key().spki_der()) ==
        kP256Head +
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  const auto rfc6979 = SecretKey::from_secret(
      KeyType::ecdsa_p256, from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
  CHECK(base::hex(rfc6979.public_key().spki_der()) ==
        kP256Head +
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto last = SecretKey::from_secret(KeyType::ecdsa_p256, from_hex(kOrderLessOne));
  CHECK(last.public_key().verify(Scheme::ecdsa_sha256_der, as_bytes("m"), last.sign(as_bytes("m"))));
}

TEST_CASE("secrets that are no keys") {
  for (const char* bad : {kZero, kOrder, kBig, "", "01"}) {
    CAPTURE(bad);
    REQUIRE_ERROR(key_unusable, SecretKey::from_secret(KeyType::ecdsa_p256, from_hex(bad)));
  }
  REQUIRE_ERROR(key_unusable, SecretKey::from_secret(KeyType::ecdsa_p256, from_hex(std::string(kOne) + "00")));
  REQUIRE_ERROR(key_unusable, SecretKey::from_secret(KeyType::ed25519, from_hex("00")));
  REQUIRE_ERROR(key_unusable, SecretKey::from_secret(KeyType::ed25519, from_hex(std::string(kOne) + kOne)));
  for (const auto type : {KeyType::ecdsa_p224, KeyType::ecdsa_p384, KeyType::ecdsa_p521, KeyType::rsa}) {
    REQUIRE_ERROR(unsupported, SecretKey::generate(type));
    REQUIRE_ERROR(unsupported, SecretKey::from_secret(type, from_hex(kOne)));
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("generated keys differ, sign, and come back from their secret") {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const auto key = SecretKey::generate(type);
    CHECK(key.public_key().type() == type);
    CHECK_FALSE(key.public_key() == SecretKey::generate(type).public_key());
    const auto again = SecretKey::from_secret(type, key.secret().view());
    CHECK(again.public_key() == key.public_key());
    const auto message = as_bytes("sealed");
    CHECK(again.public_key().verify(key.public_key().seal_scheme(), message, key.sign(message)));
  }
}

TEST_CASE("a moved key signs") {
  auto key = SecretKey::generate(KeyType::ed25519);
  auto moved = std::move(key);
  CHECK(moved.sign(as_bytes("a")) == moved.sign(as_bytes("a")));
}

TEST_CASE("prop: signatures verify for their message only") {
  const SecretKey keys[] = {SecretKey::generate(KeyType::ed25519), SecretKey::generate(KeyType::ecdsa_p256)};
  rc::prop("for any message", [&] {
    const auto message = *test::any_bytes();
    auto other = message;
    other.push_back(std::byte{0});
    for (const auto& key : keys) {
      const auto scheme = key.public_key().seal_scheme();
      const auto signature = key.sign(message);
      RC_ASSERT(key.public_key().verify(scheme, message, signature));
      RC_ASSERT(!key.public_key().verify(scheme, other, signature));
    }
    RC_ASSERT(keys[0].sign(message) == keys[0].sign(message));
  });
}
