// Break-glass tokens. As a whole: nobody but the operator can have signed one. As a payload that the operator signs:
// what is taken has one form and stays within its bounds.
#include "fuzz/fuzz.h"
#include "gapstow/base/encoding.h"
#include "gapstow/enforce/break_glass.h"
#include "gapstow/sign/dsse.h"

using namespace gapstow;

namespace {

const sign::SecretKey& key() {
  static const auto made = sign::SecretKey::from_secret(sign::KeyType::ed25519, base::Bytes(32, std::byte{7}));
  return made;
}

std::string signed_token(base::ByteView payload) {
  sign::Envelope envelope{std::string(enforce::kBreakGlassType), base::to_bytes(payload), {}};
  const auto message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  envelope.signatures.push_back({key().public_key(), key().sign(message)});
  return base::base64(base::as_bytes(sign::write_envelope(envelope)));
}

}  // namespace

FUZZ_TARGET(input) {
  static const std::vector<trust::Operator> operators{{"duty", key().public_key(), false, true}};
  const auto whole = fuzz::accepted([&] { return enforce::prove_token(base::as_text(input), operators); });
  fuzz::require(!whole || enforce::issue_token(whole->content, key()) == base::as_text(input),
                "a token that is taken is one that was made");
  const std::string token = signed_token(input);
  const auto proven = fuzz::accepted([&] { return enforce::prove_token(token, operators); });
  if (!proven) return;
  const auto& content = proven->content;
  fuzz::require(enforce::issue_token(content, key()) == token, "a token has one form");
  fuzz::require(!content.digests.empty() && content.digests.size() <= enforce::kMaxTokenDigests, "it names digests");
  fuzz::require(content.not_before < content.not_after, "it ends after it begins");
  fuzz::require(content.not_after.seconds - content.not_before.seconds <= enforce::kMaxTokenSeconds, "it ends");
}
