#include "gapstow/sign/public_key.h"

#include <openssl/err.h>
#include <rapidcheck/catch.h>
#include <sodium.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/sign_keys.h"

using namespace gapstow;
using base::as_bytes;
using base::Bytes;
using base::ByteView;
using base::from_hex;
using sign::KeyType;
using sign::PublicKey;
using sign::Scheme;

namespace {

const std::string kMessage = "the manifest that was signed";

constexpr Scheme kSchemes[] = {
    Scheme::ed25519,        Scheme::ecdsa_sha256_raw,        Scheme::ecdsa_sha256_der, Scheme::ecdsa_sha384_der,
    Scheme::rsa_pss_sha256, Scheme::rsa_pss_sha256_any_salt, Scheme::rsa_pkcs1_sha256,
};

struct Pair {
  const char* key;
  Scheme scheme;
};
/// Every pair that must work; all others must not.
constexpr Pair kPairs[] = {
    {"ed25519", Scheme::ed25519},
    {"p224", Scheme::ecdsa_sha256_raw},
    {"p256", Scheme::ecdsa_sha256_raw},
    {"p384", Scheme::ecdsa_sha256_raw},
    {"p521", Scheme::ecdsa_sha256_raw},
    {"p256", Scheme::ecdsa_sha256_der},
    {"p384", Scheme::ecdsa_sha384_der},
    {"rsa2048", Scheme::rsa_pss_sha256},
    {"rsa2048", Scheme::rsa_pss_sha256_any_salt},
    {"rsa2048", Scheme::rsa_pkcs1_sha256},
    {"rsa2048-e3", Scheme::rsa_pkcs1_sha256},
    {"rsapss", Scheme::rsa_pss_sha256},
    {"rsapss-sha256", Scheme::rsa_pss_sha256},
};
constexpr const char* kKeys[] = {"ed25519", "p224",       "p256",   "p384",         "p521",
                                 "rsa2048", "rsa2048-e3", "rsapss", "rsapss-sha256"};

std::string pem_of(ByteView der) {
  return "-----BEGIN PUBLIC KEY-----\n" + base::base64(der) + "\n-----END PUBLIC KEY-----\n";
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const auto part : parts) base::append(all, part);
  return all;
}

const char* kP256Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

}  // namespace

TEST_CASE("public keys as openssl writes them") {
  struct Row {
    const char* name;
    KeyType type;
    int bits;
  };
  const Row rows[] = {
      {"ed25519", KeyType::ed25519, 256}, {"p224", KeyType::ecdsa_p224, 224}, {"p256", KeyType::ecdsa_p256, 256},
      {"p384", KeyType::ecdsa_p384, 384}, {"p521", KeyType::ecdsa_p521, 521}, {"rsa2048", KeyType::rsa, 2048},
      {"rsa2048-e3", KeyType::rsa, 2048}, {"rsapss", KeyType::rsa, 2048},     {"rsapss-sha256", KeyType::rsa, 2048}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto text = test::data_file(std::string("keys/") + row.name + ".pub");
    const auto key = PublicKey::from_pem(text);
    CHECK(key.type() == row.type);
    CHECK(key.bits() == row.bits);
    CHECK(key.pem() == text);
    CHECK(PublicKey::from_spki_der(key.spki_der()) == key);
    CHECK(base::is_hex(key.fingerprint(), 64));
  }
  CHECK(sign::name(KeyType::ecdsa_p521) == "ecdsa-p521");
  CHECK(sign::name(KeyType::rsa) == "rsa");
}

TEST_CASE("kinds of keys that are not supported are named so") {
  for (const char* name : {"secp256k1", "p256-compressed", "p256-explicit", "rsa1024", "rsa2040", "rsa2048-e-large",
                           "rsapss-salt48", "rsapss-sha512", "x25519"}) {
    CAPTURE(name);
    REQUIRE_ERROR(unsupported, test::public_fixture(name));
  }
}

TEST_CASE("a public key has one spelling in DER") {
  for (const char* name : kKeys) {
    CAPTURE(name);
    const auto der = test::public_fixture(name).spki_der();
    auto longer = der;
    longer.push_back(std::byte{0});
    REQUIRE_ERROR(malformed, PublicKey::from_spki_der(longer));
    for (std::size_t size = 0; size < der.size(); ++size) {
      REQUIRE_ERROR(malformed, PublicKey::from_spki_der(ByteView(der).first(size)));
    }
    // A flipped bit gives no key, or another key of exactly these bytes.
    const std::size_t bits = std::min<std::size_t>(der.size(), 60) * 8;
    for (std::size_t bit = 0; bit < bits; ++bit) {
      const auto changed = test::flipped(der, bit);
      Bytes read_as = changed;
      const auto code = test::error_of([&] { read_as = PublicKey::from_spki_der(changed).spki_der(); });
      CHECK(read_as == changed);
      if (code) CHECK((*code == base::ErrorCode::malformed || *code == base::ErrorCode::unsupported));
    }
  }
}

TEST_CASE("long forms of DER lengths are refused") {
  // The outer sequence of a P-256 key with its length in two bytes instead of one.
  auto der = test::public_fixture("p256").spki_der();
  der.insert(der.begin() + 1, std::byte{0x81});
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(der));
  auto indefinite = test::public_fixture("p256").spki_der();
  indefinite[1] = std::byte{0x80};
  indefinite.insert(indefinite.end(), 2, std::byte{0});
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(indefinite));
}

TEST_CASE("points off the curve are refused") {
  for (const char* name : {"p224", "p256", "p384", "p521"}) {
    CAPTURE(name);
    const auto der = test::public_fixture(name).spki_der();
    REQUIRE_ERROR(malformed, PublicKey::from_spki_der(test::flipped(der, (der.size() - 1) * 8)));
  }
  // A hybrid point and the point at infinity.
  auto hybrid = test::public_fixture("p256").spki_der();
  hybrid[hybrid.size() - 65] = std::byte{6};
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(hybrid));
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(
                               from_hex("3019301306072a8648ce3d020106082a8648ce3d0301070302000" + std::string("0"))));
}

TEST_CASE("odd RSA keys are refused") {
  const auto der = test::public_fixture("rsa2048").spki_der();
  // The last five bytes are the exponent 02 03 01 00 01, before it the modulus ends.
  auto even_exponent = der;
  even_exponent.back() = std::byte{2};
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(even_exponent));
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(test::flipped(der, (der.size() - 6) * 8)));
  auto padded_exponent = der;
  padded_exponent[der.size() - 3] = std::byte{0};
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(padded_exponent));
  auto negative_exponent = der;
  negative_exponent[der.size() - 3] = std::byte{0x81};
  REQUIRE_ERROR(malformed, PublicKey::from_spki_der(negative_exponent));
}

TEST_CASE("PEM holds one public key and nothing else") {
  const auto text = test::data_file("keys/p256.pub");
  const auto key = PublicKey::from_pem(text);
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (const auto& good : {"\n\n  " + text + "\t\n", crlf, text.substr(0, text.size() - 1), pem_of(key.spki_der())}) {
    CAPTURE(good);
    CHECK(PublicKey::from_pem(good) == key);
  }
  auto wrong_end = text;
  wrong_end.replace(wrong_end.find("END PUBLIC"), 10, "END PRIVAT");
  const auto body = text.substr(27);
  for (const auto& bad : {std::string(),
                          std::string("\n"),
                          text + text,
                          text + "x",
                          "x\n" + text,
                          "# key\n" + text,
                          wrong_end,
                          text.substr(0, text.size() - 10),
                          "-----BEGIN PUBLIC KEY-----" + body,
                          "-----BEGIN PUBLIC KEY-----\nA: b\n\n" + body,
                          "-----BEGIN PUBLIC KEY----- x\n" + body,
                          "-----BEGIN PUBLIC KEY-----\n*" + body,
                          "-----BEGIN PUBLIC KEY-----\nAA==\n" + body,
                          std::string("-----BEGIN PUBLIC KEY-----"),
                          std::string("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
                          std::string("-----BEGIN -----\n"),
                          "\xEF\xBB\xBF" + text,
                          text + std::string(1, '\0'),
                          test::data_file("keys/p256.key"),
                          test::data_file("certs/proper.crt"),
                          std::string(1 << 20, '\n')}) {
    CAPTURE(bad.substr(0, 300));
    REQUIRE_ERROR(malformed, PublicKey::from_pem(bad));
  }
}

TEST_CASE("Ed25519 points must be of the main subgroup and canonical") {
  const auto good = from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const auto key = PublicKey::from_ed25519(good);
  CHECK(base::hex(key.spki_der()) == "302a300506032b6570032100" + base::hex(good));
  for (const char* bad : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "00", ""}) {
    CAPTURE(bad);
    REQUIRE_ERROR(malformed, PublicKey::from_ed25519(from_hex(bad)));
  }
  // A good point plus one of order 8.
  const auto small = from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  Bytes mixed(32);
  REQUIRE(crypto_core_ed25519_add(reinterpret_cast<unsigned char*>(mixed.data()),
                                  reinterpret_cast<const unsigned char*>(good.data()),
                                  reinterpret_cast<const unsigned char*>(small.data())) == 0);
  REQUIRE_ERROR(malformed, PublicKey::from_ed25519(mixed));
}

TEST_CASE("bare points are those of the SubjectPublicKeyInfo, and nothing else is taken") {
  const auto generator = from_hex(
      "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  const auto key = PublicKey::from_ec_point(KeyType::ecdsa_p256, generator);
  CHECK(key.type() == KeyType::ecdsa_p256);
  CHECK(PublicKey::from_spki_der(key.spki_der()) == key);
  const auto larger = from_hex(
      "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
      "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f");
  CHECK(PublicKey::from_ec_point(KeyType::ecdsa_p384, larger).type() == KeyType::ecdsa_p384);
  auto off = generator;
  off.back() ^= std::byte{1};
  auto compressed = generator;
  compressed.resize(33);
  compressed[0] = std::byte{3};
  for (const auto& bad : {off, compressed, larger, Bytes{}}) {
    REQUIRE_ERROR(malformed, PublicKey::from_ec_point(KeyType::ecdsa_p256, bad));
  }
  REQUIRE_ERROR(unsupported, PublicKey::from_ec_point(KeyType::ecdsa_p521, generator));
  REQUIRE_ERROR(unsupported, PublicKey::from_ec_point(KeyType::rsa, generator));
}

TEST_CASE("Ed25519 signatures of RFC 8032") {
  struct Row {
    const char* key;
    const char* message;
    const char* signature;
  };
  const Row rows[] = {
      {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "4"
       "655141438e7a100b"},
      {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "e"
       "b00d291612bb0c00"},
      {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "d"
       "c027beceea1ec40a"},
  };
  for (const auto& row : rows) {
    const auto key = PublicKey::from_ed25519(from_hex(row.key));
    const auto signature = from_hex(row.signature);
    CHECK(key.verify(Scheme::ed25519, from_hex(row.message), signature));
    CHECK_FALSE(key.verify(Scheme::ed25519, as_bytes("another message"), signature));
  }
}

TEST_CASE("an Ed25519 signature with the order added to S is refused") {
  const auto key =
      PublicKey::from_ed25519(from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  auto signature = from_hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
      "655141"
      "438e7a100b");
  REQUIRE(key.verify(Scheme::ed25519, {}, signature));
  const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += std::to_integer<unsigned>(signature[32 + i]) + std::to_integer<unsigned>(order[i]);
    signature[32 + i] = static_cast<std::byte>(carry & 0xff);
    carry >>= 8;
  }
  CHECK_FALSE(key.verify(Scheme::ed25519, {}, signature));
}

TEST_CASE("ECDSA signature of RFC 6979, raw and in DER") {
  const auto spki = from_hex(
      "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto r = from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
  const auto s = from_hex("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const auto key = PublicKey::from_spki_der(spki);
  const auto message = as_bytes("sample");
  const Bytes zero{std::byte{0}};
  const auto positive = [&](const Bytes& number) { return test::der_integer(joined({zero, number})); };
  CHECK(key.verify(Scheme::ecdsa_sha256_raw, message, joined({r, s})));
  const auto der = test::der_sequence({positive(r), positive(s)});
  CHECK(key.verify(Scheme::ecdsa_sha256_der, message, der));
  CHECK_FALSE(key.verify(Scheme::ecdsa_sha256_der, message, joined({r, s})));
  CHECK_FALSE(key.verify(Scheme::ecdsa_sha256_raw, message, der));

  SECTION("DER in other spellings") {
    const auto bad = [&](const Bytes& signature) {
      CHECK_FALSE(key.verify(Scheme::ecdsa_sha256_der, message, signature));
    };
    bad(test::der_sequence({test::der_integer(r), test::der_integer(s)}));                   // negative numbers
    bad(test::der_sequence({test::der_integer(joined({zero, zero, r})), positive(s)}));      // not the shortest
    bad(test::der_sequence({positive(r)}));                                                  // one number
    bad(test::der_sequence({positive(r), positive(s), positive(s)}));                        // three
    bad(joined({der, zero}));                                                                // data behind
    bad(test::der_sequence({positive(r), positive(s), Bytes{std::byte{5}, std::byte{0}}}));  // data inside
    auto long_length = der;
    long_length.insert(long_length.begin() + 1, std::byte{0x81});
    bad(long_length);
    auto indefinite = der;
    indefinite[1] = std::byte{0x80};
    bad(joined({indefinite, zero, zero}));
    for (std::size_t size = 0; size < der.size(); ++size) bad(base::to_bytes(ByteView(der).first(size)));
  }
  SECTION("numbers out of range") {
    const auto order = from_hex(kP256Order);
    const Bytes nothing(32);
    for (const auto& [bad_r, bad_s] : {std::pair{nothing, s},
                                       {r, nothing},
                                       {nothing, nothing},
                                       {order, s},
                                       {r, order},
                                       {order, order},
                                       {Bytes(32, std::byte{0xff}), s},
                                       {r, Bytes(32, std::byte{0xff})}}) {
      CHECK_FALSE(key.verify(Scheme::ecdsa_sha256_raw, message, joined({bad_r, bad_s})));
      CHECK_FALSE(
          key.verify(Scheme::ecdsa_sha256_der, message, test::der_sequence({positive(bad_r), positive(bad_s)})));
    }
    CHECK_FALSE(
        key.verify(Scheme::ecdsa_sha256_der, message, test::der_sequence({test::der_integer(zero), positive(s)})));
    CHECK_FALSE(
        key.verify(Scheme::ecdsa_sha256_der, message, test::der_sequence({positive(r), test::der_integer({})})));
  }
}

TEST_CASE("each scheme works with its own family of keys and with no other") {
  const auto message = as_bytes(kMessage);
  for (const auto& made : kPairs) {
    const auto signature = test::scheme_sign(made.key, made.scheme, message);
    for (const char* name : kKeys) {
      const auto key = test::public_fixture(name);
      for (const auto scheme : kSchemes) {
        const bool same_key = std::string_view(name) == made.key;
        const bool same_scheme = scheme == made.scheme ||
                                 (scheme == Scheme::rsa_pss_sha256_any_salt && made.scheme == Scheme::rsa_pss_sha256);
        CAPTURE(made.key, static_cast<int>(made.scheme), name, static_cast<int>(scheme));
        CHECK(key.verify(scheme, message, signature) == (same_key && same_scheme));
      }
    }
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("DER schemes are tied to one curve each") {
  const auto message = as_bytes(kMessage);
  for (const char* name : {"p224", "p384", "p521"}) {
    CHECK_FALSE(test::public_fixture(name).verify(Scheme::ecdsa_sha256_der, message,
                                                  test::scheme_sign(name, Scheme::ecdsa_sha256_der, message)));
  }
  for (const char* name : {"p224", "p256", "p521"}) {
    CHECK_FALSE(test::public_fixture(name).verify(Scheme::ecdsa_sha384_der, message,
                                                  test::scheme_sign(name, Scheme::ecdsa_sha384_der, message)));
  }
}

TEST_CASE("every flipped bit and every other length spoils a signature") {
  const auto message = as_bytes(kMessage);
  for (const auto& [name, scheme] : kPairs) {
    if (scheme == Scheme::rsa_pss_sha256_any_salt) continue;
    CAPTURE(name, static_cast<int>(scheme));
    const auto key = test::public_fixture(name);
    const auto signature = test::scheme_sign(name, scheme, message);
    REQUIRE(key.verify(scheme, message, signature));
    const std::size_t step = signature.size() > 100 ? 7 : 1;  // P-521 is slow, RSA has many
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += step) {
      CHECK_FALSE(key.verify(scheme, message, test::flipped(signature, bit)));
    }
    for (std::size_t size = 0; size < signature.size(); ++size) {
      CHECK_FALSE(key.verify(scheme, message, ByteView(signature).first(size)));
    }
    auto longer = signature;
    longer.push_back(std::byte{0});
    CHECK_FALSE(key.verify(scheme, message, longer));
    longer = signature;
    longer.insert(longer.begin(), std::byte{0});
    CHECK_FALSE(key.verify(scheme, message, longer));
    for (std::size_t bit = 0; bit < message.size() * 8; bit += 5) {
      CHECK_FALSE(key.verify(scheme, test::flipped(message, bit), signature));
    }
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("raw ECDSA signatures have the exact size of their curve") {
  const auto message = as_bytes(kMessage);
  const std::pair<const char*, std::size_t> sizes[] = {{"p224", 56}, {"p256", 64}, {"p384", 96}, {"p521", 132}};
  for (const auto& [name, size] : sizes) {
    const auto signature = test::scheme_sign(name, Scheme::ecdsa_sha256_raw, message);
    CHECK(signature.size() == size);
    CHECK(test::public_fixture(name).verify(Scheme::ecdsa_sha256_raw, message, signature));
  }
}

TEST_CASE("RSA signatures with other salts, digests and paddings") {
  using Padding = test::OpensslWay::Padding;
  const auto key = test::public_fixture("rsa2048");
  const auto message = as_bytes(kMessage);
  for (const int salt : {0, 20, 31, 33, 222}) {
    CAPTURE(salt);
    const auto signature = test::openssl_sign("rsa2048", {.padding = Padding::pss, .salt = salt}, message);
    CHECK_FALSE(key.verify(Scheme::rsa_pss_sha256, message, signature));
    CHECK(key.verify(Scheme::rsa_pss_sha256_any_salt, message, signature));
  }
  for (const char* digest : {"SHA1", "SHA384", "SHA512"}) {
    for (const auto padding : {Padding::pss, Padding::pkcs1}) {
      const auto signature = test::openssl_sign("rsa2048", {.digest = digest, .padding = padding}, message);
      for (const auto scheme : kSchemes) CHECK_FALSE(key.verify(scheme, message, signature));
    }
  }
  CHECK_FALSE(key.verify(Scheme::rsa_pkcs1_sha256, message, Bytes(256, std::byte{0xff})));
  CHECK_FALSE(key.verify(Scheme::rsa_pkcs1_sha256, message, Bytes(256)));
}

TEST_CASE("keys that may seal") {
  CHECK(test::public_fixture("ed25519").seal_scheme() == Scheme::ed25519);
  CHECK(test::public_fixture("p256").seal_scheme() == Scheme::ecdsa_sha256_der);
  CHECK(test::public_fixture("rsa2048").seal_scheme() == Scheme::rsa_pss_sha256);
  CHECK(test::public_fixture("rsapss-sha256").seal_scheme() == Scheme::rsa_pss_sha256);
  for (const char* name : {"p224", "p384", "p521"})
    REQUIRE_ERROR(unsupported, test::public_fixture(name).seal_scheme());
}

TEST_CASE("prop: arbitrary bytes are no key and no signature") {
  const PublicKey keys[] = {test::public_fixture("ed25519"), test::public_fixture("p256"),
                            test::public_fixture("rsa2048")};
  rc::prop("never anything but an Error of two classes, or a key of those bytes", [] {
    const auto bytes = *test::any_bytes();
    const auto code = test::error_of([&] { RC_ASSERT(PublicKey::from_spki_der(bytes).spki_der() == bytes); });
    RC_ASSERT(!code || *code == base::ErrorCode::malformed || *code == base::ErrorCode::unsupported);
    const auto text_code = test::error_of([&] { PublicKey::from_pem(pem_of(bytes)); });
    RC_ASSERT(!text_code || *text_code == base::ErrorCode::malformed || *text_code == base::ErrorCode::unsupported);
  });
  rc::prop("no signature verifies", [&] {
    const auto bytes = *test::any_bytes();
    const auto message = *test::any_bytes();
    for (const auto& key : keys) {
      for (const auto scheme : kSchemes) RC_ASSERT(!key.verify(scheme, message, bytes));
    }
  });
}
