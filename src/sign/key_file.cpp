#include "gapstow/sign/key_file.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "sealed_secret.h"

namespace gapstow::sign {
namespace {

using base::Error;
using base::ErrorCode;

constexpr int kVersion = 1;
constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kKdfName = "argon2id";
constexpr std::string_view kCipherName = "xchacha20poly1305";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

void wipe_text(std::string& text) { wipe(std::as_writable_bytes(std::span(text.data(), text.size()))); }

/// The members that an encrypted and a plain file share.
json::Object head(const PublicKey& key) {
  return {{"algorithm", name(key.type())}, {"gapstowKey", kVersion}, {"publicKey", base::base64(key.spki_der())}};
}

/// All members of an encrypted file but "sealed"; its text is what the encryption binds.
json::Object sealed_head(const PublicKey& key, const KdfCost& cost, base::ByteView salt, base::ByteView nonce) {
  auto object = head(key);
  object.set("cipher", kCipherName);
  object.set("kdf", json::Object{{"memoryBytes", cost.memory_bytes},
                                 {"name", kKdfName},
                                 {"operations", cost.operations},
                                 {"salt", base::base64(salt)}});
  object.set("nonce", base::base64(nonce));
  return object;
}

void check_cost_to_write(const KdfCost& cost) {
  if (cost.operations < kMinKdfCost.operations || cost.operations > kMaxKdfCost.operations ||
      cost.memory_bytes < kMinKdfCost.memory_bytes || cost.memory_bytes > kMaxKdfCost.memory_bytes) {
    throw Error(ErrorCode::usage, "cost of the key derivation is out of bounds");
  }
}

KdfCost read_cost(const json::Cursor& kdf) {
  KdfCost cost;
  cost.operations = kdf.at("operations").unsigned_integer();
  cost.memory_bytes = kdf.at("memoryBytes").unsigned_integer();
  base::check_limit(cost.operations, kMaxKdfCost.operations, "operations of the key derivation");
  base::check_limit(cost.memory_bytes, kMaxKdfCost.memory_bytes, "memory of the key derivation");
  if (cost.operations < kMinKdfCost.operations || cost.memory_bytes < kMinKdfCost.memory_bytes) {
    kdf.refuse("less than what Argon2id needs");
  }
  return cost;
}

base::Bytes read_bytes(const json::Cursor& cursor, std::size_t size) {
  const auto& text = cursor.string(kMaxKeyFileBytes);
  auto bytes = base::with_context(cursor.path(), [&] { return base::from_base64(text); });
  if (bytes.size() != size) {
    cursor.refuse(std::to_string(bytes.size()) + " bytes instead of " + std::to_string(size));
  }
  return bytes;
}

PublicKey read_public_key(const json::Cursor& file) {
  const auto& text = file.at("publicKey").string(kMaxKeyFileBytes);
  auto key = base::with_context("publicKey", [&] { return PublicKey::from_spki_der(base::from_base64(text)); });
  if (key.type() != KeyType::ed25519 && key.type() != KeyType::ecdsa_p256) {
    throw Error(ErrorCode::unsupported, "key files hold no keys of type " + std::string(name(key.type())));
  }
  if (file.at("algorithm").string(64) != name(key.type())) file.at("algorithm").refuse("does not fit the public key");
  return key;
}

void check_version(const json::Cursor& file) {
  const auto version = file.at("gapstowKey").integer(1, 1 << 30);
  if (version == kVersion) return;
  throw Error(ErrorCode::unsupported, "key file has version " + std::to_string(version) + ", this program knows 1",
              "use a newer gapstow");
}

/// A key file has one spelling.
void check_spelling(const json::Value& value, base::ByteView text) {
  std::string again = json::serialize(value) + "\n";
  const bool same = again == base::as_text(text);
  wipe_text(again);
  if (!same) refuse("key file is not in its canonical form");
}

/// Moves the secret of an unencrypted file into guarded memory and wipes where it stood.
SecretBytes take_secret(const json::Cursor& cursor) {
  auto bytes = read_bytes(cursor, kSecretBytes);
  auto secret = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return secret;
}

void wipe_member(json::Value& file, std::string_view name) {
  auto* object = file.get_if<json::Object>();
  const auto* member = object == nullptr ? nullptr : object->find(name);
  const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
  // The value is ours and not const; only Object's way to it is.
  if (text != nullptr) wipe_text(const_cast<std::string&>(*text));
}

}  // namespace

base::Bytes write_key_file(const SecretKey& key, const std::optional<SecretBytes>& passphrase, const KdfCost& cost) {
  if (!passphrase) {
    auto object = head(key.public_key());
    object.set("secret", base::base64(key.secret().view()));
    json::Value value(std::move(object));
    std::string text = json::serialize(value) + "\n";
    auto bytes = base::to_bytes(text);
    wipe_text(text);
    wipe_member(value, "secret");
    return bytes;
  }
  if (passphrase->empty()) throw Error(ErrorCode::usage, "the passphrase is empty");
  check_cost_to_write(cost);
  const auto salt = random_bytes(kSaltBytes);
  const auto nonce = random_bytes(kNonceBytes);
  auto object = sealed_head(key.public_key(), cost, salt, nonce);
  const std::string associated = json::serialize(object);
  const auto sealed = seal_secret(key.secret(), *passphrase, {cost, salt, nonce, base::as_bytes(associated)});
  object.set("sealed", base::base64(sealed));
  return base::to_bytes(json::serialize(std::move(object)) + "\n");
}

KeyFile KeyFile::parse(base::ByteView text) {
  base::check_limit(text.size(), kMaxKeyFileBytes, "length of a key file");
  json::Value value = json::parse(text, {.bytes = kMaxKeyFileBytes, .depth = 3, .reals = false});
  const json::Cursor cursor(value);
  check_version(cursor);
  KeyFile file(read_public_key(cursor));
  file.encrypted_ = !cursor.maybe("secret").has_value();
  if (!file.encrypted_) {
    cursor.only({"algorithm", "gapstowKey", "publicKey", "secret"});
    file.clear_ = take_secret(cursor.at("secret"));
    check_spelling(value, text);
    wipe_member(value, "secret");
    return file;
  }
  cursor.only({"algorithm", "cipher", "gapstowKey", "kdf", "nonce", "publicKey", "sealed"});
  const auto kdf = cursor.at("kdf");
  kdf.only({"memoryBytes", "name", "operations", "salt"});
  if (kdf.at("name").string(64) != kKdfName) throw Error(ErrorCode::unsupported, "kdf: unknown key derivation");
  if (cursor.at("cipher").string(64) != kCipherName) throw Error(ErrorCode::unsupported, "cipher: unknown cipher");
  file.cost_ = read_cost(kdf);
  file.salt_ = read_bytes(kdf.at("salt"), kSaltBytes);
  file.nonce_ = read_bytes(cursor.at("nonce"), kNonceBytes);
  file.sealed_ = read_bytes(cursor.at("sealed"), kSecretBytes + kSealTagBytes);
  check_spelling(value, text);
  return file;
}

SecretKey KeyFile::open(const std::optional<SecretBytes>& passphrase) const {
  if (encrypted_ && (!passphrase || passphrase->empty())) {
    throw Error(ErrorCode::key_unusable, "the key file is encrypted and no passphrase was given");
  }
  SecretBytes opened;
  if (encrypted_) {
    const std::string associated = json::serialize(sealed_head(public_key_, cost_, salt_, nonce_));
    opened = open_secret(sealed_, *passphrase, {cost_, salt_, nonce_, base::as_bytes(associated)});
  }
  auto key = SecretKey::from_secret(public_key_.type(), encrypted_ ? opened.view() : clear_.view());
  if (!(key.public_key() == public_key_)) {
    throw Error(ErrorCode::key_unusable, "the private key does not belong to the public key beside it");
  }
  return key;
}

}  // namespace gapstow::sign
