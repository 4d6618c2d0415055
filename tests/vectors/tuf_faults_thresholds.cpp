// Group 1: who is counted, and how many are needed. Group 3: which key a signature or a role speaks of.
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr unsigned char kSecond = 0x22;
constexpr unsigned char kThird = 0x23;
constexpr unsigned char kStranger = 0x2F;
const std::string kNobody(64, '0');

PublishedKey second_key(VectorDraft& draft) { return draft.forge().key_for(draft.role, p256_key(kSecond)); }

void repeat_signature(VectorDraft& draft) {
  edit_envelope([](Object& envelope) {
    edit(envelope, {"signatures"},
         [](Value& list) { list.get_if<Array>()->push_back(Value(list.get_if<Array>()->front())); });
  })(draft);
}

/// The role has two keys and needs both; only the first signs.
void need_two(VectorDraft& draft) {
  const auto first = role_key(draft);
  appoint(draft, {{first, second_key(draft)}, 2});
  draft.draft().signers = {first};
}

/// One public key under two IDs.
std::vector<PublishedKey> twins(VectorDraft& draft) {
  const auto key = p256_key(kSecond);
  if (!draft.is_notary()) return {publish_v1(key), publish_v1_point(key)};
  const auto x509 = publish_x509(key, make_certificate(key, {.common_name = kGun}));
  const auto other = publish_x509(key, make_certificate(key, {.common_name = "example.test/*"}));
  return {x509, draft.role == "root" ? other : publish(key)};
}

void sign_with_twins(VectorDraft& draft, bool with_third) {
  auto keys = twins(draft);
  const auto signers = keys;
  if (with_third) keys.push_back(draft.forge().key_for(draft.role, p256_key(kThird)));
  const auto before = role_key(draft);
  appoint(draft, {keys, 2});
  draft.draft().signers = signers;
  if (draft.role == "root") draft.draft().signers.push_back(before);
}

/// Not to be written as a JSON value of ours: the holder's text is changed instead.
void fractional_threshold(VectorDraft& draft) {
  constexpr int kPlaceholder = 987654321;
  mandate("threshold", kPlaceholder)(draft);
  auto& holder = draft.forge().draft(draft.is_delegated() ? "targets" : "root");
  holder.edit_text.push_back([](std::string& text) {
    const std::string number = std::to_string(kPlaceholder);
    text.replace(text.find(number), number.size(), "1.5");
  });
}

void list_key_twice(VectorDraft& draft) {
  draft.mandate([](Object& holder, const Path& role, const Path&) {
    edit(holder, below(role, "keyids"),
         [](Value& ids) { ids.get_if<Array>()->push_back(Value(ids.get_if<Array>()->front())); });
    set(holder, below(role, "threshold"), 2);
  });
}

void drop_threshold(VectorDraft& draft) {
  draft.mandate([](Object& holder, const Path& role, const Path&) { erase(holder, below(role, "threshold")); });
}

/// The first key signs, and beside it there is an entry with these bytes by `id`.
Spoil beside(std::function<std::string(VectorDraft&)> id, base::Bytes value) {
  return [=](VectorDraft& draft) {
    const auto entry = signature_entry(draft, id(draft), value);
    draft.vector.report.signed_by[draft.role] = {role_key(draft).id};
    edit_envelope([=](Object& envelope) { add_signature(envelope, entry); })(draft);
  };
}
std::string nobody(VectorDraft&) { return kNobody; }

/// Two keys are appointed; the second's signature is rubbish.
Spoil second_bad(unsigned threshold, base::Bytes value) {
  return [=](VectorDraft& draft) {
    const auto first = role_key(draft);
    const auto second = second_key(draft);
    appoint(draft, {{first, second}, threshold});
    draft.draft().signers = {first};
    auto entry = signature_entry(draft, second.id, value);
    if (draft.is_notary()) entry.get_if<Object>()->set("method", "ecdsa");
    if (threshold == 1) draft.vector.report.signed_by[draft.role] = {first.id};
    edit_envelope([=](Object& envelope) { add_signature(envelope, entry); })(draft);
  };
}

void rename_key(VectorDraft& draft) {
  auto key = role_key(draft);
  key.id = std::string(64, 'c');
  appoint(draft, {{key}, 1});
}

void sign_by(VectorDraft& draft, const PublishedKey& key) { draft.draft().signers = {key}; }

}  // namespace

Faults threshold_faults() {
  const auto big = Value((std::int64_t{1} << 32) + 1);
  return {
      {1, "duplicate-keyid", "one signature stands twice in the list", repeat_signature, both("role_invalid")},
      {1, "duplicate-keyid-for-threshold-2", "a threshold of two is met by one signature given twice (CVE-2020-6174)",
       in_order({need_two, repeat_signature}), both("role_invalid")},
      {1, "one-signature-for-threshold-2", "a threshold of two, and one key has signed", need_two,
       both("threshold_unmet")},
      {1,
       "one-key-two-ids",
       "both keys of a threshold of two are one public key under two IDs",
       [](VectorDraft& draft) { sign_with_twins(draft, false); },
       {"role_invalid", "threshold_unmet"}},
      {1, "one-key-two-ids-beside-another",
       "a threshold of two of three keys is met by one public key under two IDs (GHSA-3633-5h82-39pq)",
       [](VectorDraft& draft) { sign_with_twins(draft, true); }, both("threshold_unmet")},
      {1, "threshold-zero", "the threshold is 0 (CVE-2026-23992)", mandate("threshold", 0), both("role_invalid")},
      {1, "threshold-negative", "the threshold is -1", mandate("threshold", -1), both("role_invalid"), kFew},
      {1, "threshold-fraction", "the threshold is 1.5", fractional_threshold, both("malformed")},
      {1, "threshold-text", "the threshold is the text \"1\"", mandate("threshold", "1"), both("malformed"), kFew},
      {1, "threshold-missing", "there is no threshold", drop_threshold, both("malformed"), kFew},
      {1,
       "threshold-above-keys",
       "the threshold is 2, and there is one key",
       mandate("threshold", 2),
       {"role_invalid", "threshold_unmet"}},
      {1, "threshold-beyond-32-bits", "the threshold is 2^32 + 1, which is 1 in 32 bits", mandate("threshold", big),
       both("role_invalid"), kFew},
      {1, "key-listed-twice", "the threshold is 2, and the one key is listed twice", list_key_twice,
       both("role_invalid")},
      {1,
       "key-undefined",
       "the role names a key that is not there",
       mandate("keyids", Value(Array{Value(std::string(64, 'b'))})),
       {"role_invalid", "threshold_unmet"}},
  };
}

Faults key_id_faults() {
  const base::Bytes rubbish(64, std::byte{0x5A});
  return {
      {3,
       "keyid-of-another-key",
       "the key's ID is not the hash of the key; the TUF dialect does not ask for that",
       rename_key,
       {"role_invalid", "ok"}},
      {3, "extra-signature-by-nobody", "beside the right signature stands one by a key that nobody knows",
       beside(nobody, rubbish), both("ok")},
      {3, "extra-signature-empty", "beside the right signature stands an empty one by an unknown key",
       beside(nobody, {}), both("ok"), kFew},
      {3, "extra-signature-bad", "one of two keys suffices; the other's signature does not verify",
       second_bad(1, rubbish), both("ok")},
      {3, "second-signature-bad", "both of two keys are needed; the second's signature does not verify",
       second_bad(2, rubbish), both("signature_invalid")},
      {3, "second-signature-empty", "both of two keys are needed; the second's signature is empty", second_bad(2, {}),
       both("signature_invalid")},
      {3, "signed-by-stranger", "only a key that is not appointed has signed",
       [](VectorDraft& draft) { sign_by(draft, draft.forge().publish(ed25519_key(kStranger))); },
       both("threshold_unmet")},
      {3, "signed-by-other-role", "only the key of another role has signed",
       [](VectorDraft& draft) {
         const auto& other = draft.role == "snapshot" ? "targets" : "snapshot";
         sign_by(draft, draft.forge().roles.at(other).keys.front());
       },
       both("threshold_unmet")},
      {3, "keyid-of-nobody", "the right key's signature stands under the ID of nobody",
       edit_envelope([](Object& envelope) { set(envelope, {"signatures", "0", "keyid"}, kNobody); }),
       both("threshold_unmet"), kFew},
      {3, "unsigned", "the list of signatures is empty", [](VectorDraft& draft) { draft.draft().signers.clear(); },
       both("threshold_unmet")},
  };
}

}  // namespace gapstow::test
