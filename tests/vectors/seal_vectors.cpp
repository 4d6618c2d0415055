// Faults of the envelope: signatures, keys, spelling, padding.
#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "vectors/bundle_forge.h"
#include "vectors/fixed_signatures.h"

namespace gapstow::test {
namespace {

using Signers = std::vector<const sign::Signer*>;

BundleVector sealed(std::string name, std::string expect, std::string comment, const Signers& signers,
                    const Signers& trusted, unsigned threshold) {
  const Forge forge(small_content());
  BundleVector vector{std::move(name), std::move(expect), "Signatures", std::move(comment),
                      forge.assemble(forge.signed_envelope(signers))};
  vector.keys = trusted;
  vector.threshold = threshold;
  return vector;
}

/// The envelope's text edited after signing.
BundleVector edited(std::string name, std::string expect, std::string spec, std::string comment,
                    const std::function<void(std::string&)>& edit, const Signers& signers = {&alice()}) {
  const Forge forge(small_content());
  std::string envelope = forge.signed_envelope(signers);
  edit(envelope);
  return {std::move(name), std::move(expect), std::move(spec), std::move(comment), forge.assemble(envelope)};
}

BundleVector padded(std::string name, std::string comment, char last) {
  const Forge forge(small_content());
  base::Bytes bytes = forge.assemble(forge.signed_envelope({&alice()}));
  bytes[forge.seal_header.size() + forge.seal_size - 1] = static_cast<std::byte>(last);
  return {std::move(name), "malformed", "Seal", std::move(comment), std::move(bytes)};
}

std::string key_text(const sign::Signer& signer) { return base::base64(signer.public_key().spki_der()); }

/// The signature of one signer, as the envelope spells it.
std::string signature_text(const sign::Signer& signer) {
  const Forge forge(small_content());
  const base::Bytes message = sign::pre_authentication_encoding(bundle::kPayloadType, base::as_bytes(forge.payload));
  return base::base64(signer.sign(message));
}

std::string entry_text(const sign::Signer& signer) {
  return R"({"keyid":")" + signer.public_key().fingerprint() + R"(","publicKey":")" + key_text(signer) +
         R"(","sig":")" + signature_text(signer) + R"("})";
}

/// Another text of the same length in which one bit of the first byte is other.
std::string flipped_base64(const std::string& text) {
  base::Bytes bytes = base::from_base64(text);
  bytes[0] ^= std::byte{1};
  return base::base64(bytes);
}

std::vector<BundleVector> signer_ones() {
  return {
      sealed("ok-two-signers", "ok", "two trusted signers, two required", {&alice(), &bob()}, {&alice(), &bob()}, 2),
      sealed("ok-unknown-co-signer", "ok", "an unknown signer beside a trusted one", {&alice(), &bob()}, {&alice()}, 1),
      sealed("ok-one-of-three", "ok", "one of three trusted signers", {&carol()}, {&alice(), &bob(), &carol()}, 1),
      sealed("ok-p256", "ok", "a signer with an ECDSA P-256 key", {&p256_signer()}, {&p256_signer()}, 1),
      sealed("ok-rsa-pss", "ok", "a signer with an RSA key of 2048 bits", {&rsa_signer()}, {&rsa_signer()}, 1),
      sealed("wrong-key", "untrusted_key", "sealed by another key than the trusted one", {&bob()}, {&alice()}, 1),
      sealed("no-trusted-key", "untrusted_key", "nobody is trusted", {&alice()}, {}, 1),
      sealed("too-few-signers", "threshold_unmet", "one trusted signer, two required", {&alice()}, {&alice(), &bob()},
             2),
      sealed("unknown-signer-counts-not", "threshold_unmet", "a trusted and an unknown signer, two required",
             {&alice(), &carol()}, {&alice(), &bob()}, 2),
      sealed("threshold-beyond-keys", "threshold_unmet", "more signers required than there are trusted keys",
             {&alice(), &bob()}, {&alice(), &bob()}, 3),
  };
}

std::vector<BundleVector> signature_ones() {
  const auto swap_signatures = [](std::string& text) {
    replace_once(text, signature_text(alice()), "@");
    replace_once(text, signature_text(bob()), signature_text(alice()));
    replace_once(text, "@", signature_text(bob()));
  };
  const auto change_statement = [](std::string& text) {
    const Forge forge(small_content());
    std::string payload = forge.payload;
    replace_once(payload, "2026-11-22T17:00:00Z", "2026-11-23T17:00:00Z");
    replace_once(text, base::base64(base::as_bytes(forge.payload)), base::base64(base::as_bytes(payload)));
  };
  BundleVector two_thresholds =
      edited("signer-twice", "malformed", "Signatures", "one signer twice, two required", [](std::string& text) {
        replace_once(text, entry_text(alice()), entry_text(alice()) + "," + entry_text(alice()));
      });
  two_thresholds.threshold = 2;
  return {
      edited("statement-changed", "signature_invalid", "Signatures", "the statement changed after signing",
             change_statement),
      edited("signature-flipped", "signature_invalid", "Signatures", "a bit of a trusted signature",
             [](std::string& text) {
               replace_once(text, signature_text(alice()), flipped_base64(signature_text(alice())));
             }),
      edited(
          "unknown-signature-flipped", "signature_invalid", "Signatures", "a bit of an unknown key's signature",
          [](std::string& text) { replace_once(text, signature_text(bob()), flipped_base64(signature_text(bob()))); },
          {&alice(), &bob()}),
      edited("signatures-swapped", "signature_invalid", "Signatures", "two signers, each with the other's signature",
             swap_signatures, {&alice(), &bob()}),
      edited("signature-short", "signature_invalid", "Signatures", "a signature of 63 bytes",
             [](std::string& text) {
               base::Bytes bytes = base::from_base64(signature_text(alice()));
               bytes.pop_back();
               replace_once(text, signature_text(alice()), base::base64(bytes));
             }),
      edited("keyid-flipped", "malformed", "Signatures", "a keyid that is not that of its key",
             [](std::string& text) {
               const std::string id = alice().public_key().fingerprint();
               replace_once(text, id, (id[0] == '0' ? "1" : "0") + id.substr(1));
             }),
      edited("public-key-of-another", "malformed", "Signatures", "another public key beside a trusted keyid",
             [](std::string& text) { replace_once(text, key_text(alice()), key_text(bob())); }),
      edited("no-signature", "malformed", "Signatures", "an empty list of signatures",
             [](std::string& text) { replace_once(text, entry_text(alice()), ""); }),
      edited("signatures-unsorted", "malformed", "Signatures", "signatures not in the order of key IDs",
             [](std::string& text) {
               const std::string a = entry_text(alice());
               const std::string b = entry_text(bob());
               const bool rising = alice().public_key().fingerprint() < bob().public_key().fingerprint();
               replace_once(text, rising ? a + "," + b : b + "," + a, rising ? b + "," + a : a + "," + b);
             },
             {&alice(), &bob()}),
      std::move(two_thresholds),
  };
}

/// The last digit of base64 carries bits that no byte has.
BundleVector unused_bits() {
  BundleContent content = small_content();
  content.statement.tool = "gapstow 0.10.0";
  const Forge forge(content);
  std::string envelope = forge.signed_envelope({&alice()});
  const std::size_t end = envelope.find("=\",\"payloadType");
  if (end == std::string::npos) throw std::logic_error("the statement must not be a multiple of 3 bytes");
  ++envelope[envelope.find_last_not_of('=', end)];
  return {"payload-base64-unused-bits", "malformed", "Seal", "base64 whose unused bits are not zero",
          forge.assemble(envelope)};
}

std::vector<BundleVector> envelope_ones() {
  const std::string type = R"("payloadType":"application/vnd.in-toto+json")";
  return {
      edited("payload-type", "unsupported", "Versions", "another type of payload",
             [&](std::string& text) { replace_once(text, type, R"("payloadType":"application/vnd.in-toto+yaml")"); }),
      edited("envelope-duplicate-member", "malformed", "Seal", "a member twice",
             [&](std::string& text) { replace_once(text, type, type + "," + type); }),
      edited("envelope-unknown-member", "malformed", "Seal", "a member that is not known",
             [&](std::string& text) { replace_once(text, type, type + R"(,"signature":"")"); }),
      edited("envelope-space", "malformed", "Seal", "a space between members",
             [&](std::string& text) { replace_once(text, type, " " + type); }),
      edited("envelope-leading-space", "malformed", "Seal", "padding in front",
             [](std::string& text) { text.insert(0, " "); }),
      edited("envelope-two-values", "malformed", "Seal", "a second envelope", [](std::string& text) { text += "{}"; }),
      unused_bits(),
      edited("payload-base64-line-feed", "malformed", "Seal", "base64 with a line feed",
             [](std::string& text) { text.insert(60, "\\n"); }),
      padded("padding-zero", "the last byte of the padding is NUL", '\0'),
      padded("padding-line-feed", "the last byte of the padding is a line feed", '\n'),
      padded("padding-text", "the last byte of the padding is a brace", '}'),
      [] {
        Forge forge(small_content());
        forge.seal_padding = '\0';
        return BundleVector{"padding-zeros", "malformed", "Seal", "zeros instead of spaces",
                            forge.assemble(forge.signed_envelope({&alice()}))};
      }(),
  };
}

}  // namespace

std::vector<BundleVector> seal_vectors() {
  std::vector<BundleVector> all;
  for (auto part : {signer_ones(), signature_ones(), envelope_ones()}) {
    for (BundleVector& vector : part) all.push_back(std::move(vector));
  }
  return all;
}

}  // namespace gapstow::test
