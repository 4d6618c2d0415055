// Group 12: the text of a file before anything in it is believed. Chains without fault.
#include <algorithm>

#include "gapstow/base/encoding.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// Spaces until the file is one byte longer than the limit of its role.
void too_large(VectorDraft& draft) {
  const std::uint64_t limit = draft.role == "root"        ? tuf::kMaxRootBytes
                              : draft.role == "timestamp" ? tuf::kMaxTimestampBytes
                              : draft.role == "snapshot"  ? tuf::kMaxSnapshotBytes
                                                          : tuf::kMaxTargetsBytes;
  auto* made = &draft;
  edit_text([=](std::string& text) {
    made->vector.repeated = {{" ", limit + 1 - text.size()}};
    text.resize(limit + 1, ' ');
  })(draft);
}

void many_signatures(VectorDraft& draft) {
  Array many;
  for (std::size_t i = 0; i <= tuf::kMaxSignatures; ++i) {
    many.push_back(signature_entry(draft, std::to_string(i), {}));
  }
  std::string one = json::serialize(many.front()) + ",";
  one.replace(one.find("\"0\""), 3, "\"{n}\"");
  draft.vector.repeated = {{one, tuf::kMaxSignatures}};
  edit_envelope([=](Object& envelope) { envelope.set("signatures", Value(many)); })(draft);
}

void many_keys(VectorDraft& draft) {
  Object keys;
  for (std::size_t i = 0; i <= tuf::kMaxKeys; ++i) keys.set(std::to_string(i), Value(1));
  put(draft.role == "root" ? Path{"keys"} : Path{"delegations", "keys"}, Value(keys))(draft);
}

/// Null in the place of the object that a role is about.
void null_inside(VectorDraft& draft) {
  const bool lists = draft.role == "timestamp" || draft.role == "snapshot";
  put({draft.role == "root" ? "roles" : lists ? "meta" : "targets"}, Value())(draft);
}
void null_entry(VectorDraft& draft) {
  put({"meta", draft.forge().listed(draft.role == "timestamp" ? "snapshot" : "targets")}, Value())(draft);
}
void null_key(VectorDraft& draft) {
  const std::string id = draft.forge().roles.at("timestamp").keys.front().id;
  put({"keys", id}, Value())(draft);
}
void other_case_inside(VectorDraft& draft) {
  const bool lists = draft.role == "timestamp" || draft.role == "snapshot";
  put({draft.role == "root" ? "Roles" : lists ? "Meta" : "Targets"}, Value(Object{}))(draft);
}

Faults text_faults() {
  const Expect bad = both("malformed");
  return {
      {12, "duplicate-member", "the envelope has a member twice",
       replace("{\"signatures\":", "{\"signatures\":[],\"signatures\":"), bad},
      {12, "duplicate-member-escaped", "the body has a member twice, once with an escaped letter",
       replace("\"version\":", "\"v\\u0065rsion\":1,\"version\":"), bad, kFew},
      {12, "member-in-other-case", "the body has a member that differs from a known one in case only",
       put({"Version"}, 9), bad},
      {12, "member-in-other-case-inside", "the body has its main part twice, once in another case", other_case_inside,
       bad},
      {12, "envelope-in-other-case", "the envelope has a second body, in another case",
       edit_envelope([](Object& envelope) { envelope.set("Signed", Value(Object{})); }), bad, kFew},
      {12, "depth", "arrays lie 65 deep in the envelope",
       replace("\"signed\":", "\"bomb\":" + nested(65) + ",\"signed\":"), both("limit_exceeded")},
      {12, "null-signed", "the body is null", edit_envelope([](Object& envelope) { envelope.set("signed", Value()); }),
       bad},
      {12, "null-signatures", "the list of signatures is null",
       edit_envelope([](Object& envelope) { envelope.set("signatures", Value()); }), bad},
      {12, "null-signature", "a signature is null",
       edit_envelope([](Object& envelope) { envelope.set("signatures", Value(Array{Value()})); }), bad, kFew},
      {12, "null-inside", "the object that the role is about is null", null_inside, bad},
      {12, "null-entry", "an entry of meta is null (go-tuf #749)", null_entry, bad, {"timestamp", "snapshot"}},
      {12, "null-key", "a key is null", null_key, bad, {"root"}},
      {12, "not-utf8", "a text is not UTF-8", replace("\"_type\":\"", "\"x\":\"\xFF\",\"_type\":\""), bad},
      {12, "utf8-overlong", "a text has an overlong form", replace("\"_type\":\"", "\"x\":\"\xC0\xAF\",\"_type\":\""),
       bad, kFew},
      {12, "lone-surrogate", "a text has half of a surrogate pair",
       replace("\"_type\":\"", "\"x\":\"\\ud800\",\"_type\":\""), bad, kFew},
      {12, "byte-order-mark", "a byte order mark stands in front",
       edit_text([](std::string& text) { text.insert(0, "\xEF\xBB\xBF"); }), bad, kFew},
      {12, "trailing-data", "a second document stands behind", edit_text([](std::string& text) { text += "{}"; }), bad},
      {12, "trailing-nul", "a NUL byte stands behind", edit_text([](std::string& text) { text += '\0'; }), bad, kFew},
      {12, "cut-short", "the last byte is missing, and was when it was hashed",
       edit_text([](std::string& text) { text.pop_back(); }), bad, kFew},
      {12, "exponent", "a number has an exponent", replace("\"version\":", "\"version\":1e"), bad, kFew},
      {12, "real", "an unknown member holds a number with a fraction",
       replace("\"_type\":\"", "\"x\":1.5,\"_type\":\""), bad, kFew},
      {12, "minus-zero", "an unknown member holds -0", replace("\"_type\":\"", "\"x\":-0,\"_type\":\""), bad, kFew},
      {12, "not-an-object", "the document is an array", edit_text([](std::string& text) { text = "[" + text + "]"; }),
       bad, kFew},
      {12, "comment", "the text holds a comment", edit_text([](std::string& text) { text.insert(1, "/* */"); }), bad,
       kFew},
  };
}

}  // namespace

Faults json_faults() {
  Faults all = text_faults();
  const Expect limit = both("limit_exceeded");
  const Faults more{
      {12, "too-many-signatures", "there are 1001 signatures", many_signatures, limit},
      {12, "too-many-keys", "there are 1001 keys", many_keys, limit, {"root", "targets"}},
      {12, "too-large", "the file is one byte longer than its limit", too_large, limit},
      {12,
       "key-id-long",
       "the ID of a signature's key has 129 bytes",
       [](VectorDraft& draft) {
         const auto entry = signature_entry(draft, std::string(129, 'k'), {});
         edit_envelope([=](Object& envelope) { add_signature(envelope, entry); })(draft);
       },
       both("malformed"),
       {"timestamp", "targets"}},
      {12,
       "signature-not-encoded",
       "a signature is not in its encoding",
       edit_envelope([](Object& envelope) { set(envelope, {"signatures", "0", "sig"}, "!!!!"); }),
       {"malformed", "signature_invalid"}},
      {12,
       "base64-without-padding",
       "the base64 of a signature lacks its padding",
       edit_envelope([](Object& envelope) {
         edit(envelope, {"signatures", "0", "sig"}, [](Value& value) {
           std::string text = *value.get_if<std::string>();
           text.erase(text.find('='));
           value = Value(text);
         });
       }),
       {"malformed", nullptr},
       {"timestamp", "delegated"}},
      {12,
       "spec-version-missing",
       "there is no version of the specification",
       edit_body([](Object& body) { erase(body, {"spec_version"}); }),
       {nullptr, "malformed"}},
      {12,
       "spec-version-2",
       "the metadata is of specification 2",
       put({"spec_version"}, "2.0.0"),
       {nullptr, "unsupported"}},
  };
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

namespace {

Spoil key_kinds(TestKind kind) {
  return [=](VectorDraft& draft) {
    draft.remake([&](Forge& forge) {
      const auto key = TestKey::fixed(kind, kind == TestKind::rsa2048 ? 1 : 0x71);
      forge.roles[forge.delegated()] = {{forge.publish(key)}, 1};
    });
  };
}

/// Members in another order and with white space, as other writers have them.
void written_otherwise(VectorDraft& draft) {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    draft.forge().draft(role).edit_text.push_back([](std::string& text) {
      const std::size_t body = text.find(",\"signed\":");
      const std::string signatures = text.substr(1, body - 1);
      text = "{\n \"signed\": " + text.substr(body + 10, text.size() - body - 11) + ",\n " + signatures + "\n}\n";
    });
  }
}

/// What canonical JSON leaves as it is and JSON escapes.
void odd_texts(VectorDraft& draft) {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    const std::string odd = "\x01\x1F\x7F\n\t\"\\/<>&\xC3\xA9\xE2\x80\xA8";
    draft.forge().draft(role).edit_body.push_back([=](Object& body) { body.set("x-" + odd, odd); });
    draft.forge().draft(role).edit_text.push_back([](std::string& text) {
      const auto at = text.find('<');
      text.replace(at, 1, "\\u003c");
    });
  }
}

void three_roots(VectorDraft& draft) {
  draft.remake([](Forge& forge) { forge.root_versions = 3; });
}
void pin_fingerprint(VectorDraft& draft) {
  draft.vector.pins = {{"spki", digest::sha256(p256_key(0x11).spki()).hex()}};
}
void pin_canonical_id(VectorDraft& draft) { draft.vector.pins = {{"keyId", publish(p256_key(0x11)).id}}; }
void pin_file(VectorDraft& draft) {
  draft.vector.pins = {{"root", std::string(base::as_text(draft.forge().build().roots.at(1)))}};
}
void quorums(VectorDraft& draft) {
  draft.remake([](Forge& forge) {
    unsigned char number = 0x72;
    for (auto& [role, by] : forge.roles) {
      for (int i = 0; i < 2; ++i) by.keys.push_back(forge.key_for(role, p256_key(number++)));
      by.threshold = 2;
    }
  });
  for (const auto& [role, by] : draft.forge().roles) {
    draft.forge().draft(role).signers = {by.keys[0], by.keys[2]};
    draft.vector.report.signed_by[role] = {by.keys[0].id, by.keys[2].id};
  }
}
void hash_prefixes(VectorDraft& draft) {
  auto& made = dynamic_cast<TufRepository&>(draft.forge().repository());
  const auto by = draft.forge().roles.at(draft.forge().delegated());
  made.delegate_hashes("targets", "A", by, {digest::sha256(base::as_bytes("deep")).hex().substr(0, 2)});
  made.add_targets("A", 1, by.keys);
  made.put("A", "deep", "one");
  draft.vector.target = "deep";
  draft.vector.report.role = "A";
}
void unknown_members(VectorDraft& draft) {
  for (const auto* role : {"root", "timestamp", "snapshot", "targets"}) {
    draft.forge().draft(role).edit_body.push_back(
        [](Object& body) { body.set("x-note", Value(Object{{"kept", Value(Array{Value(1), Value()})}})); });
  }
}
void nothing(VectorDraft&) {}

}  // namespace

Faults good_chains() {
  const Expect ok = both("ok");
  Faults all{
      {0, "plain", "root, timestamp, snapshot, targets and a delegated role", nothing, ok, kWhole},
      {0, "three-roots", "three roots by one key", three_roots, ok, kWhole},
      {0, "quorums", "two of three keys sign each role", quorums, ok, kWhole},
      {0, "unknown-members", "signed members that are not known", unknown_members, ok, kWhole},
      {0, "written-otherwise", "another order of members, and white space", written_otherwise, ok, kWhole},
      {0, "odd-texts", "control characters, quotes and what writers escape, in signed texts", odd_texts, ok, kWhole},
      {0, "pinned-fingerprint", "the root key is pinned by its fingerprint", pin_fingerprint, ok, kWhole},
      {0,
       "pinned-canonical-id",
       "the root key is pinned by the ID of its bare key",
       pin_canonical_id,
       {"ok", nullptr},
       kWhole},
      {0, "pinned-file", "the first root is pinned as a file", pin_file, ok, kWhole},
      {0, "first-use", "the first root is trusted on first use",
       [](VectorDraft& draft) { draft.vector.pins = {{"firstUse", ""}}; }, ok, kWhole},
      {0, "hash-prefixes", "a delegation by prefixes of hashes", hash_prefixes, {nullptr, "ok"}, kWhole},
      {0, "key-p256", "the delegated role is signed by a P-256 key", key_kinds(TestKind::p256), ok, kWhole},
      {0, "key-p384", "the delegated role is signed by a P-384 key", key_kinds(TestKind::p384), ok, kWhole},
      {0,
       "key-p224",
       "the delegated role is signed by a P-224 key",
       key_kinds(TestKind::p224),
       {"ok", nullptr},
       kWhole},
      {0,
       "key-p521",
       "the delegated role is signed by a P-521 key",
       key_kinds(TestKind::p521),
       {"ok", nullptr},
       kWhole},
      {0, "key-rsa", "the delegated role is signed by an RSA key", key_kinds(TestKind::rsa2048), ok, kWhole},
  };
  return all;
}

}  // namespace gapstow::test
