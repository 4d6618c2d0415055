#include "gapstow/sign/dsse.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace gapstow::sign {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxPayloadType = 256;
/// A signature by an RSA key of 16384 bits.
constexpr std::size_t kMaxSignatureBytes = 2048;
constexpr std::size_t kMaxKeyText = 32 << 10;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

void check_count(std::size_t count) {
  if (count == 0) refuse("envelope has no signature");
  base::check_limit(count, kMaxEnvelopeSignatures, "signatures of an envelope");
}

void check_type(std::string_view type) {
  if (type.empty() || type.size() > kMaxPayloadType) refuse("payload type of an envelope is empty or too long");
}

json::Object signature_object(const EnvelopeSignature& signature) {
  if (signature.value.empty() || signature.value.size() > kMaxSignatureBytes) {
    refuse("signature of an envelope has " + std::to_string(signature.value.size()) + " bytes");
  }
  return {{"keyid", signature.key.fingerprint()},
          {"publicKey", base::base64(signature.key.spki_der())},
          {"sig", base::base64(signature.value)}};
}

EnvelopeSignature read_signature(const json::Cursor& cursor) {
  cursor.only({"keyid", "publicKey", "sig"});
  const auto& key_id = cursor.at("keyid").string(64);
  const auto& key = cursor.at("publicKey").string(kMaxKeyText);
  const auto& value = cursor.at("sig").string(kMaxSignatureBytes * 2);
  return base::with_context(cursor.path(), [&] {
    EnvelopeSignature signature{PublicKey::from_spki_der(base::from_base64(key)), base::from_base64(value)};
    if (key_id != signature.key.fingerprint()) refuse("keyid is not that of its publicKey");
    return signature;
  });
}

}  // namespace

base::Bytes pre_authentication_encoding(std::string_view payload_type, base::ByteView payload) {
  std::string head = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  head.append(payload_type);
  head += " " + std::to_string(payload.size()) + " ";
  base::Bytes encoded;
  encoded.reserve(head.size() + payload.size());
  base::append(encoded, base::as_bytes(head));
  base::append(encoded, payload);
  return encoded;
}

std::string write_envelope(const Envelope& envelope) {
  check_type(envelope.payload_type);
  check_count(envelope.signatures.size());
  std::vector<const EnvelopeSignature*> sorted;
  for (const auto& signature : envelope.signatures) sorted.push_back(&signature);
  const auto fingerprint = [](const EnvelopeSignature* signature) { return signature->key.fingerprint(); };
  std::ranges::sort(sorted, {}, fingerprint);
  if (std::ranges::adjacent_find(sorted, {}, fingerprint) != sorted.end())
    refuse("envelope has two signatures of one key");
  json::Array signatures;
  for (const auto* signature : sorted) signatures.emplace_back(signature_object(*signature));
  return json::serialize(json::Object{{"payload", base::base64(envelope.payload)},
                                      {"payloadType", envelope.payload_type},
                                      {"signatures", std::move(signatures)}});
}

Envelope parse_envelope(base::ByteView text) {
  const json::Value value = json::parse(text, {.bytes = 64ULL << 20, .depth = 4, .reals = false});
  const json::Cursor cursor(value);
  cursor.only({"payload", "payloadType", "signatures"});
  Envelope envelope;
  envelope.payload_type = cursor.at("payloadType").string(kMaxPayloadType);
  envelope.payload = base::from_base64(cursor.at("payload").string(text.size()));
  const json::Cursor list = cursor.at("signatures");
  if (const auto* items = list.value().get_if<json::Array>()) check_count(items->size());
  for (const auto& item : list.array(kMaxEnvelopeSignatures)) envelope.signatures.push_back(read_signature(item));
  // One spelling: what was not written by write_envelope() differs from what it writes.
  if (write_envelope(envelope) != base::as_text(text)) refuse("envelope is not in its canonical form");
  return envelope;
}

void check_all_signatures(const Envelope& envelope) {
  if (envelope.signatures.empty()) throw Error(ErrorCode::signature_invalid, "envelope has no signature");
  const auto message = pre_authentication_encoding(envelope.payload_type, envelope.payload);
  for (const auto& [key, value] : envelope.signatures) {
    if (!key.verify(key.seal_scheme(), message, value)) {
      throw Error(ErrorCode::signature_invalid,
                  "signature by key " + key.fingerprint() + " (" + std::string(name(key.type())) + ") does not verify");
    }
  }
}

}  // namespace gapstow::sign
