#include "gapstow/sign/key_file.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "gapstow/base/encoding.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/sign_keys.h"

using namespace gapstow;
using base::as_bytes;
using base::as_text;
using base::Bytes;
using base::ByteView;
using sign::KdfCost;
using sign::KeyFile;
using sign::KeyType;
using sign::SecretBytes;
using sign::SecretKey;

namespace {

constexpr KdfCost kCheap = sign::kMinKdfCost;

std::optional<SecretBytes> passphrase(std::string_view text) { return SecretBytes::copy_of(as_bytes(text)); }

SecretKey fixed_key(KeyType type) { return SecretKey::from_secret(type, Bytes(32, std::byte{0x42})); }

std::string encrypted_text(KeyType type = KeyType::ed25519) {
  return std::string(as_text(write_key_file(fixed_key(type), passphrase("open sesame"), kCheap)));
}

std::string clear_text(KeyType type = KeyType::ed25519) {
  return std::string(as_text(write_key_file(fixed_key(type), std::nullopt)));
}

KeyFile parse(const std::string& text) { return KeyFile::parse(as_bytes(text)); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

/// The string value of a member, by its name.
std::string member(const std::string& text, const std::string& name) {
  const auto begin = text.find("\"" + name + "\":\"") + name.size() + 4;
  return text.substr(begin, text.find('"', begin) - begin);
}

}  // namespace

TEST_CASE("an encrypted key comes back with its passphrase only") {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const auto key = SecretKey::generate(type);
    const auto file = KeyFile::parse(write_key_file(key, passphrase("open sesame"), kCheap));
    CHECK(file.is_encrypted());
    CHECK(file.public_key() == key.public_key());
    const auto opened = file.open(passphrase("open sesame"));
    CHECK(opened.public_key() == key.public_key());
    CHECK(base::equal(opened.secret().view(), key.secret().view()));
    REQUIRE_ERROR(key_unusable, file.open(passphrase("open sesam")));
    REQUIRE_ERROR(key_unusable, file.open(passphrase("Open sesame")));
    REQUIRE_ERROR(key_unusable, file.open(passphrase("")));
    REQUIRE_ERROR(key_unusable, file.open(std::nullopt));
  }
}

TEST_CASE("the default cost works") {
  const auto key = fixed_key(KeyType::ed25519);
  const auto text = write_key_file(key, passphrase("p"));
  CHECK(as_text(text).find("\"memoryBytes\":67108864") != std::string_view::npos);
  CHECK(KeyFile::parse(text).open(passphrase("p")).public_key() == key.public_key());
}

TEST_CASE("an unencrypted key says so and opens without a passphrase") {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const auto file = parse(clear_text(type));
    CHECK_FALSE(file.is_encrypted());
    CHECK(file.open(std::nullopt).public_key() == fixed_key(type).public_key());
    CHECK(file.open(passphrase("ignored")).public_key() == fixed_key(type).public_key());
  }
}

TEST_CASE("an unencrypted key file, byte for byte") {
  const auto key = SecretKey::from_secret(
      KeyType::ed25519, base::from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  CHECK(as_text(write_key_file(key, std::nullopt)) ==
        "{\"algorithm\":\"ed25519\",\"gapstowKey\":1,"
        "\"publicKey\":\"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\","
        "\"secret\":\"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\"}\n");
}

TEST_CASE("an encrypted key file of this format opens forever") {
  // Made once by this program from the seed of RFC 8032, test 1.
  const auto file = parse(test::data_file("keys/encrypted.key.json"));
  CHECK(base::hex(file.open(passphrase("correct horse")).secret().view()) ==
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
}

TEST_CASE("the examples of the specification open") {
  std::ifstream spec(GAPSTOW_SOURCE_DIR "/formats/key-file.md");
  int opened = 0;
  for (std::string line; std::getline(spec, line);) {
    if (!line.starts_with("{")) continue;
    CHECK(base::hex(parse(line + "\n").open(passphrase("correct horse")).secret().view()) ==
          "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    ++opened;
  }
  CHECK(opened == 2);
}

TEST_CASE("salt and nonce are fresh in each file") {
  const auto one = encrypted_text();
  const auto two = encrypted_text();
  for (const char* name : {"salt", "nonce", "sealed"}) CHECK(member(one, name) != member(two, name));
}

TEST_CASE("no secret stands in an encrypted file") {
  const auto text = encrypted_text();
  CHECK(text.find(base::base64(fixed_key(KeyType::ed25519).secret().view())) == std::string::npos);
  CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("every flipped bit and every cut of a key file is noticed") {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    for (const bool encrypted : {true, false}) {
      const auto text = base::to_bytes(encrypted ? encrypted_text(type) : clear_text(type));
      const auto secret = passphrase("open sesame");
      for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        CAPTURE(encrypted, bit);
        REQUIRE(test::error_of([&] { KeyFile::parse(test::flipped(text, bit)).open(secret); }).has_value());
      }
      for (std::size_t size = 0; size < text.size(); ++size) {
        REQUIRE_ERROR(malformed, KeyFile::parse(ByteView(text).first(size)));
      }
    }
  }
}

TEST_CASE("parts of two encrypted files do not mix") {
  const auto one = encrypted_text();
  const auto other =
      std::string(as_text(write_key_file(SecretKey::generate(KeyType::ed25519), passphrase("open sesame"), kCheap)));
  for (const char* name : {"publicKey", "nonce", "salt", "sealed"}) {
    CAPTURE(name);
    const auto mixed = replaced(one, member(one, name), member(other, name));
    REQUIRE_ERROR(key_unusable, parse(mixed).open(passphrase("open sesame")));
  }
  const auto dearer = replaced(one, "\"operations\":1", "\"operations\":2");
  REQUIRE_ERROR(key_unusable, parse(dearer).open(passphrase("open sesame")));
}

TEST_CASE("an unencrypted secret must belong to the public key") {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const auto text = clear_text(type);
    const auto other = base::base64(SecretKey::generate(type).secret().view());
    REQUIRE_ERROR(key_unusable, parse(replaced(text, member(text, "secret"), other)).open(std::nullopt));
    const auto zero = base::base64(Bytes(32));
    REQUIRE_ERROR(key_unusable, parse(replaced(text, member(text, "secret"), zero)).open(std::nullopt));
  }
}

TEST_CASE("costs out of bounds are refused before any work") {
  const auto text = encrypted_text();
  const std::string memory = "\"memoryBytes\":8192";
  const std::string operations = "\"operations\":1";
  for (const char* huge : {"1073741825", "4294967296", "9007199254740992"}) {
    REQUIRE_ERROR(limit_exceeded, parse(replaced(text, memory, std::string("\"memoryBytes\":") + huge)));
  }
  for (const char* huge : {"17", "4294967296", "9007199254740992"}) {
    REQUIRE_ERROR(limit_exceeded, parse(replaced(text, operations, std::string("\"operations\":") + huge)));
  }
  for (const char* bad : {"0", "8191", "-1", "1e3", "\"8192\"", "9007199254740993", "18446744073709551616", "null"}) {
    REQUIRE_ERROR(malformed, parse(replaced(text, memory, std::string("\"memoryBytes\":") + bad)));
  }
  REQUIRE_ERROR(malformed, parse(replaced(text, operations, "\"operations\":0")));
  const auto key = fixed_key(KeyType::ed25519);
  for (const auto cost : {KdfCost{0, 8192}, KdfCost{1, 8191}, KdfCost{17, 8192}, KdfCost{1, (1ULL << 30) + 1}}) {
    REQUIRE_ERROR(usage, write_key_file(key, passphrase("p"), cost));
  }
}

TEST_CASE("an empty passphrase encrypts nothing") {
  REQUIRE_ERROR(usage, write_key_file(fixed_key(KeyType::ed25519), passphrase(""), kCheap));
}

TEST_CASE("versions, kinds and ciphers that are not known") {
  for (const auto& text : {encrypted_text(), clear_text()}) {
    REQUIRE_ERROR(unsupported, parse(replaced(text, "\"gapstowKey\":1", "\"gapstowKey\":2")));
    REQUIRE_ERROR(malformed, parse(replaced(text, "\"gapstowKey\":1", "\"gapstowKey\":0")));
    REQUIRE_ERROR(malformed, parse(replaced(text, "\"gapstowKey\":1", "\"gapstowKey\":\"1\"")));
    REQUIRE_ERROR(malformed, parse(replaced(text, "\"gapstowKey\":1,", "")));
    REQUIRE_ERROR(malformed, parse(replaced(text, "\"ed25519\"", "\"ecdsa-p256\"")));
    const auto rsa = base::base64(test::public_fixture("rsa2048").spki_der());
    REQUIRE_ERROR(unsupported, parse(replaced(text, member(text, "publicKey"), rsa)));
  }
  REQUIRE_ERROR(unsupported, parse(replaced(encrypted_text(), "argon2id", "scrypt")));
  REQUIRE_ERROR(unsupported, parse(replaced(encrypted_text(), "xchacha20poly1305", "aes")));
}

TEST_CASE("key files in any other form are refused") {
  const auto text = encrypted_text();
  const auto clear = clear_text();
  const auto short_of = [&](const char* name) { return replaced(text, "\"" + member(text, name) + "\"", "\"AAAA\""); };
  for (const auto& bad : {std::string(),
                          std::string("{}"),
                          std::string("[]"),
                          std::string("null"),
                          text + "\n",
                          " " + text,
                          text.substr(0, text.size() - 1),
                          replaced(text, "{", "{ "),
                          replaced(text, ",", ",\n"),
                          replaced(text, "\"cipher\"", "\"extra\":1,\"cipher\""),
                          replaced(text, "\"name\"", "\"more\":1,\"name\""),
                          replaced(clear, "\"secret\"", "\"sealed\":\"\",\"secret\""),
                          replaced(clear, "\"secret\"", "\"sealed\""),
                          replaced(text, "\"sealed\"", "\"secret\""),
                          replaced(text, "\"nonce\"", "\"Nonce\""),
                          short_of("salt"),
                          short_of("nonce"),
                          short_of("sealed"),
                          short_of("publicKey"),
                          replaced(text, "\"ed25519\"", "\"ed\\u00325519\""),
                          replaced(clear, "\"" + member(clear, "secret") + "\"", "\"AAAA\""),
                          replaced(clear, "\"" + member(clear, "secret") + "\"", "null"),
                          replaced(text, "\"gapstowKey\":1", "\"gapstowKey\":1,\"gapstowKey\":1")}) {
    CAPTURE(bad);
    REQUIRE_ERROR(malformed, parse(bad));
  }
  REQUIRE_ERROR(limit_exceeded, parse(std::string(sign::kMaxKeyFileBytes + 1, ' ')));
}

TEST_CASE("prop: key files come back") {
  rc::prop("with any secret and passphrase", [] {
    const auto seed = *rc::gen::container<std::vector<std::uint8_t>>(32, rc::gen::arbitrary<std::uint8_t>());
    const auto key = SecretKey::from_secret(KeyType::ed25519, std::as_bytes(std::span(seed)));
    auto text = *test::any_bytes();
    text.push_back(std::byte{'x'});
    const std::optional<SecretBytes> secret = SecretBytes::copy_of(text);
    const auto file = KeyFile::parse(write_key_file(key, secret, kCheap));
    RC_ASSERT(file.open(secret).public_key() == key.public_key());
    text.push_back(std::byte{'x'});
    const std::optional<SecretBytes> other = SecretBytes::copy_of(text);
    RC_ASSERT(test::error_of([&] { file.open(other); }) == base::ErrorCode::key_unusable);
  });
  rc::prop("arbitrary bytes are no key file", [] {
    const auto bytes = *test::any_bytes();
    RC_ASSERT(test::error_of([&] { KeyFile::parse(bytes); }) == base::ErrorCode::malformed);
  });
}
