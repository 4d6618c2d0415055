// Group 2: signatures and keys that do not fit each other, or are not in their one form.
#include <algorithm>
#include <array>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using base::Bytes;
using base::ByteView;
using json::Object;
using json::Value;

constexpr std::size_t kHalf = 32;  ///< of a raw P-256 signature
constexpr unsigned char kSpare = 0x24;

const std::vector<std::string> kNotRoot{"timestamp", "snapshot", "targets", "delegated"};

Bytes joined(ByteView a, ByteView b) {
  Bytes all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

/// An integer of DER: no needless zeros in front, one where the sign bit would be set.
Bytes der_integer(ByteView number) {
  while (number.size() > 1 && number.front() == std::byte{0}) number = number.subspan(1);
  Bytes content = base::to_bytes(number);
  if ((content.front() & std::byte{0x80}) != std::byte{0}) content.insert(content.begin(), std::byte{0});
  return joined(Bytes{std::byte{2}, static_cast<std::byte>(content.size())}, content);
}
Bytes der_pair(ByteView r, ByteView s) {
  return joined(Bytes{std::byte{0x30}, static_cast<std::byte>(r.size() + s.size())}, joined(r, s));
}

/// r and s of the signature that the role's P-256 key makes.
struct Pair {
  Bytes r;
  Bytes s;
};
Pair pair_of(VectorDraft& draft, const Object& envelope) {
  const std::string canonical = json::canonical(*envelope.find("signed"));
  const auto raw = role_key(draft).key.sign("ecdsa", base::as_bytes(canonical));
  return {Bytes(raw.begin(), raw.begin() + kHalf), Bytes(raw.begin() + kHalf, raw.end())};
}

/// A P-256 key signs; `change` makes the bytes of the signature anew.
Spoil ecdsa(std::function<Bytes(const VectorDraft&, Pair)> change) {
  return [=](VectorDraft& draft) {
    use_p256(draft);
    auto* made = &draft;
    draft.draft().edit_envelope.push_back([=](Object& envelope) {
      set(envelope, {"signatures", "0", "sig"}, made->forge().text(change(*made, pair_of(*made, envelope))));
    });
  };
}
/// As before, of other numbers in the dialect's own form.
Spoil ecdsa_numbers(std::function<Pair(Pair)> change) {
  return ecdsa([=](const VectorDraft& draft, Pair pair) {
    const Pair other = change(std::move(pair));
    return draft.is_notary() ? joined(other.r, other.s) : der_pair(der_integer(other.r), der_integer(other.s));
  });
}

Bytes p256_order() { return base::from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"); }

/// a - b, both big-endian of the same length, a the greater.
Bytes difference(Bytes a, const Bytes& b) {
  int borrow = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = std::to_integer<int>(a[i]) - std::to_integer<int>(b[i]) - borrow;
    borrow = digit < 0 ? 1 : 0;
    a[i] = static_cast<std::byte>(digit + 256 * borrow);
  }
  return a;
}

/// The signature with the order of the group added to S (RFC 8032, section 8.4).
Bytes with_order_added(Bytes signature) {
  const auto order = base::from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  int carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const int digit = std::to_integer<int>(signature[kHalf + i]) + std::to_integer<int>(order[i]) + carry;
    signature[kHalf + i] = static_cast<std::byte>(digit % 256);
    carry = digit / 256;
  }
  return signature;
}

/// The same signature, named as of another method.
Spoil method(const char* name) {
  return edit_envelope([=](Object& envelope) { set(envelope, {"signatures", "0", "method"}, name); });
}
/// The key says that it signs otherwise; in the TUF dialect its ID need not follow.
Spoil key_says(const char* member, const char* value) {
  return [=](VectorDraft& draft) {
    const std::string id = role_key(draft).id;
    draft.mandate(
        [=](Object& holder, const Path&, const Path& keys) { set(holder, below(below(keys, id), member), value); });
  };
}

Bytes with_last(Bytes bytes, int behind) {
  bytes.push_back(static_cast<std::byte>(behind));
  return bytes;
}
Bytes shortened(Bytes bytes) {
  bytes.pop_back();
  return bytes;
}

/// A key of any type and value for the role.
void appoint_key(VectorDraft& draft, const TestKey& key, const std::string& type, ByteView value) {
  appoint(draft, {{republished(draft.forge(), key, type, value)}, 1});
}

std::string pem_of(ByteView spki) {
  return "-----BEGIN PUBLIC KEY-----\n" + base::base64(spki) + "\n-----END PUBLIC KEY-----\n";
}

/// An EC key with another SubjectPublicKeyInfo; a root key of Notary stays out, as it is a certificate.
Spoil ec_value(std::function<Bytes(Bytes)> change) {
  return [=](VectorDraft& draft) {
    const auto key = p256_key(kSpare);
    const Bytes spki = change(key.spki());
    const std::string pem = pem_of(spki);
    appoint_key(draft, key, "ecdsa", draft.is_notary() ? ByteView(spki) : base::as_bytes(pem));
  };
}
Spoil ed25519_value(std::size_t size, int fill) {
  return [=](VectorDraft& draft) {
    appoint_key(draft, ed25519_key(kSpare), "ed25519", Bytes(size, static_cast<std::byte>(fill)));
  };
}

/// PEM text of the role's key, and something behind it.
void pem_with_trailer(VectorDraft& draft) {
  const auto key = p256_key(kSpare);
  std::string pem = key.pem();
  if (draft.is_notary()) pem = make_certificate(key, {.common_name = draft.forge().gun});
  pem += "and more\n";
  appoint_key(draft, key, draft.is_notary() ? "ecdsa-x509" : "ecdsa", base::as_bytes(pem));
}

Spoil key_of(TestKind kind) {
  return [=](VectorDraft& draft) { appoint(draft, {{draft.forge().key_for(draft.role, TestKey::fixed(kind, 1))}, 1}); };
}

/// PKCS #1 v1.5 by a key that is said to sign PSS.
void pkcs1_for_pss(VectorDraft& draft) {
  const auto key = TestKey::fixed(TestKind::rsa2048, 1);
  appoint(draft, {{draft.forge().publish(key)}, 1});
  const auto text = [forge = &draft.forge()](const Bytes& bytes) { return forge->text(bytes); };
  edit_envelope([=](Object& envelope) {
    const std::string canonical = json::canonical(*envelope.find("signed"));
    set(envelope, {"signatures", "0", "sig"}, text(key.sign("rsapkcs1v15", base::as_bytes(canonical))));
  })(draft);
}

}  // namespace

Faults signature_faults() {
  const auto bad = both("signature_invalid");
  const auto raw = [](const VectorDraft&, Pair pair) { return joined(pair.r, pair.s); };
  const auto der = [](const VectorDraft&, Pair pair) { return der_pair(der_integer(pair.r), der_integer(pair.s)); };
  return {
      {2,
       "method-of-another-family",
       "the method named is not one of the key's type (CVE-2015-9258)",
       method("rsapss"),
       {"signature_invalid", nullptr}},
      {2, "method-unknown", "the method named is not known", method("rot13"), {"threshold_unmet", nullptr}},
      {2,
       "scheme-of-another-family",
       "the key's scheme is not one of its type",
       key_says("scheme", "rsassa-pss-sha256"),
       {nullptr, "role_invalid"}},
      {2, "scheme-unknown", "the key's scheme is not known", key_says("scheme", "rot13"), {nullptr, "threshold_unmet"}},
      {2,
       "keytype-of-another-family",
       "the key's type is not one of its scheme",
       key_says("keytype", "rsa"),
       {nullptr, "role_invalid"}},
      {2, "flipped", "the last bit of the signature is another", signature([](VectorDraft&, Bytes bytes) {
         bytes.back() ^= std::byte{1};
         return bytes;
       }),
       bad},
      {2, "body-changed", "the body is not the one that was signed",
       edit_envelope([](Object& envelope) { set(envelope, {"signed", "expires"}, "2199-01-02T03:04:05Z"); }), bad},
      {2, "ecdsa-byte-short", "an ECDSA signature lacks its last byte", ecdsa([=](const VectorDraft& draft, Pair pair) {
         return shortened(draft.is_notary() ? raw(draft, pair) : der(draft, pair));
       }),
       bad},
      {2, "ecdsa-byte-more", "an ECDSA signature has a byte behind it", ecdsa([=](const VectorDraft& draft, Pair pair) {
         return with_last(draft.is_notary() ? raw(draft, pair) : der(draft, pair), 0);
       }),
       bad, kFew},
      {2, "ecdsa-other-form", "an ECDSA signature in the form of the other dialect",
       ecdsa([=](const VectorDraft& draft, Pair pair) {
         return draft.is_notary() ? der(draft, pair) : raw(draft, pair);
       }),
       bad},
      {2, "ecdsa-r-zero", "r of an ECDSA signature is 0",
       ecdsa_numbers([](Pair pair) { return Pair{Bytes(kHalf), pair.s}; }), bad, kFew},
      {2, "ecdsa-s-zero", "s of an ECDSA signature is 0",
       ecdsa_numbers([](Pair pair) { return Pair{pair.r, Bytes(kHalf)}; }), bad, kFew},
      {2, "ecdsa-r-order", "r of an ECDSA signature is the order of the group",
       ecdsa_numbers([](Pair pair) { return Pair{p256_order(), pair.s}; }), bad, kFew},
      {2, "ecdsa-s-order", "s of an ECDSA signature is the order of the group",
       ecdsa_numbers([](Pair pair) { return Pair{pair.r, p256_order()}; }), bad, kFew},
      {2,
       "ecdsa-der-padded",
       "a number in the DER of an ECDSA signature has a zero too many",
       ecdsa([](const VectorDraft&, Pair pair) {
         auto r = der_integer(pair.r);
         r[1] = static_cast<std::byte>(std::to_integer<int>(r[1]) + 1);
         r.insert(r.begin() + 2, std::byte{0});
         return der_pair(r, der_integer(pair.s));
       }),
       {nullptr, "signature_invalid"},
       kFew},
      {2,
       "ecdsa-der-long-length",
       "the DER of an ECDSA signature writes its length in two bytes",
       ecdsa([=](const VectorDraft& draft, Pair pair) {
         auto bytes = der(draft, pair);
         bytes.insert(bytes.begin() + 1, std::byte{0x81});
         return bytes;
       }),
       {nullptr, "signature_invalid"},
       kFew},
      {2, "ecdsa-negated", "s of an ECDSA signature is replaced by its negative, which is as good",
       ecdsa_numbers([](Pair pair) { return Pair{pair.r, difference(p256_order(), pair.s)}; }), both("ok"), kFew},
      {2, "ed25519-byte-short", "an Ed25519 signature lacks its last byte",
       signature([](VectorDraft&, Bytes bytes) { return shortened(std::move(bytes)); }), bad, kNotRoot},
      {2, "ed25519-s-above-order", "the order of the group is added to S of an Ed25519 signature",
       signature([](VectorDraft&, Bytes bytes) { return with_order_added(std::move(bytes)); }), bad, kNotRoot},
      {2, "rsa-pkcs1-for-pss", "a PKCS #1 v1.5 signature where PSS is said", pkcs1_for_pss, bad, kFew},
  };
}

Faults key_faults() {
  const auto bad = both("malformed");
  return {
      {2, "rsa-1024", "the key is RSA of 1024 bits", key_of(TestKind::rsa1024), both("unsupported")},
      {2, "ed25519-key-short", "the Ed25519 key has 31 bytes (go-tuf #739)", ed25519_value(31, 1), bad, kFew},
      {2, "ed25519-key-long", "the Ed25519 key has 33 bytes", ed25519_value(33, 1), bad, kFew},
      {2, "ed25519-key-small-order", "the Ed25519 key is a point of small order", ed25519_value(32, 0), bad, kFew},
      {2, "pem-trailing-data", "behind the PEM block of the key stands something else", pem_with_trailer, bad},
      {2, "key-trailing-byte", "behind the SubjectPublicKeyInfo of the key stands a byte",
       ec_value([](Bytes spki) { return with_last(std::move(spki), 0); }), bad, kFew},
      {2, "key-off-curve", "the point of the key is not on its curve", ec_value([](Bytes spki) {
         spki.back() ^= std::byte{1};
         return spki;
       }),
       bad, kFew},
      {2,
       "key-of-another-type",
       "the key is said to be RSA and is a point of P-256",
       [](VectorDraft& draft) {
         const auto key = p256_key(kSpare);
         appoint_key(draft, key, "rsa", key.spki());
       },
       {"role_invalid", nullptr},
       kFew},
      {2,
       "key-of-another-curve",
       "the scheme is that of P-256 and the key is on P-384",
       [](VectorDraft& draft) {
         const std::string pem = TestKey::fixed(TestKind::p384, kSpare).pem();
         appoint_key(draft, p256_key(kSpare), "ecdsa", base::as_bytes(pem));
       },
       {nullptr, "role_invalid"},
       kFew},
      {2,
       "private-key",
       "the metadata holds a private key",
       [](VectorDraft& draft) {
         const std::string id = role_key(draft).id;
         draft.mandate([=](Object& holder, const Path&, const Path& keys) {
           set(holder, below(below(below(keys, id), "keyval"), "private"), "c2VjcmV0");
         });
       },
       {"malformed", nullptr}},
  };
}

}  // namespace gapstow::test
