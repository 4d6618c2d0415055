// The spoilings of TUF 1.0: those of Notary v1 with what this dialect expects of them, and its own.
#include <algorithm>

#include "gapstow/base/encoding.h"
#include "support/tuf_spoiler.h"
#include "support/tuf_v1_repository.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using json::Array;
using json::Object;
using json::Value;
using Expected = std::optional<ErrorCode>;
using Expect = std::function<Expected(const std::string&)>;

Expect always(Expected code) {
  return [code](const std::string&) { return code; };
}

std::function<void(TestRepository&, const std::string&)> body(std::function<void(Object&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { repository.draft(role).edit_body.push_back(change); };
}

std::function<void(TestRepository&, const std::string&)> first_signature(std::function<Value(const Value&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    repository.draft(role).edit_envelope.push_back([=](Object& object) {
      edit(object, {"signatures", "0", "sig"}, [&](Value& value) { value = change(value); });
    });
  };
}

bool is_listed(const std::string& role) { return role != "timestamp" && role != "root"; }
bool is_top(const std::string& role) { return role != "releases"; }

std::string flipped(const std::string& hex) {
  auto bytes = base::from_hex(hex);
  bytes.back() ^= std::byte{1};
  return base::hex(bytes);
}

/// Changes an entry of meta.
std::function<void(TestRepository&, const std::string&)> promise(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    auto& holder = role == "snapshot" ? repository.timestamp : repository.snapshot;
    const std::string name = repository.listed_name(role);
    holder.edit_body.push_back(
        [=](Object& object) { edit(object, {"meta", name}, [&](Value& entry) { change(*entry.get_if<Object>()); }); });
  };
}

/// Spoilings of Notary v1 that say nothing here: there is no method beside a signature, values are not base64, the root
/// is not listed, key IDs are free.
bool is_foreign(const Spoiling& spoiling, const std::string& role) {
  static const std::vector<std::string> kForeign{"method in upper case",
                                                 "method unknown",
                                                 "method of another family",
                                                 "method missing",
                                                 "signature not base64",
                                                 "signature without padding",
                                                 "signature bit flipped",
                                                 "signature empty",
                                                 "signature short",
                                                 "signature zero",
                                                 "promised SHA-256 of other bytes",
                                                 "promised SHA-512 of other bytes",
                                                 "promised hash too short",
                                                 "only an unknown hash promised",
                                                 "too large"};
  const bool about_listing = spoiling.applies != nullptr;
  return std::ranges::find(kForeign, spoiling.name) != kForeign.end() || (about_listing && !is_listed(role));
}

/// Where this dialect expects something else. A threshold that cannot be met, and keys that are not there, are a matter
/// of the role they are asked for, not of the file that asks for them.
Expect expectation(const Spoiling& spoiling) {
  static const std::map<std::string, Expect> kOther{
      {"threshold above the number of keys", always(ErrorCode::threshold_unmet)},
      {"key not defined", always(ErrorCode::threshold_unmet)},
      {"no keys", always(ErrorCode::threshold_unmet)},
      {"key ID of another key", always(ErrorCode::threshold_unmet)},
      {"space added after it was hashed",
       [](const std::string& role) { return is_listed(role) ? Expected(ErrorCode::digest_mismatch) : Expected(); }},
      {"unsigned member added after it was hashed",
       [](const std::string& role) { return is_listed(role) ? Expected(ErrorCode::digest_mismatch) : Expected(); }},
      {"empty file",
       [](const std::string& role) {
         if (role == "root") return ErrorCode::malformed;
         return role == "timestamp" || role == "snapshot" ? ErrorCode::chain_incomplete : ErrorCode::digest_mismatch;
       }},
  };
  const auto other = kOther.find(spoiling.name);
  return other == kOther.end() ? Expect(spoiling.expected) : other->second;
}

std::vector<Spoiling> own_form() {
  return {
      {"no version of the specification", body([](Object& o) { erase(o, {"spec_version"}); }),
       always(ErrorCode::malformed)},
      {"another specification", body([](Object& o) { o.set("spec_version", Value("2.0.0")); }),
       always(ErrorCode::unsupported)},
      {"a later specification", body([](Object& o) { o.set("spec_version", Value("1.99")); }), always({})},
      {"specification in words", body([](Object& o) { o.set("spec_version", Value("one.zero")); }),
       always(ErrorCode::malformed)},
      {"specification without a minor number", body([](Object& o) { o.set("spec_version", Value("1")); }),
       always(ErrorCode::malformed)},
      {"specification as a number", body([](Object& o) { o.set("spec_version", Value(1)); }),
       always(ErrorCode::malformed)},
      {"type of Notary", body([](Object& o) {
         edit(o, {"_type"}, [](Value& v) {
           std::string text = *v.get_if<std::string>();
           text.front() = static_cast<char>(text.front() - 32);
           v = Value(text);
         });
       }),
       always(ErrorCode::role_invalid)},
  };
}

std::vector<Spoiling> own_signatures() {
  const auto bad = always(ErrorCode::signature_invalid);
  return {
      {"signature bit flipped", first_signature([](const Value& v) { return flipped(*v.get_if<std::string>()); }), bad},
      {"signature empty", first_signature([](const Value&) { return ""; }), bad},
      {"signature short", first_signature([](const Value&) { return "3006020101020101"; }), bad},
      {"signature zero", first_signature([](const Value&) { return base::hex(base::Bytes(64)); }), bad},
      {"signature no hexadecimal", first_signature([](const Value&) { return "not hex"; }), bad},
      {"signature with a byte behind it",
       first_signature([](const Value& v) { return *v.get_if<std::string>() + "00"; }), bad},
      {"an empty signature of a stranger beside",
       [](TestRepository& repository, const std::string& role) {
         repository.draft(role).edit_envelope.push_back([](Object& object) {
           edit(object, {"signatures"}, [](Value& list) {
             list.get_if<Array>()->emplace_back(Object{{"keyid", Value("nobody")}, {"sig", Value("")}});
           });
         });
       },
       always({})},
  };
}

std::vector<Spoiling> own_promises() {
  const auto other = [](std::size_t size) { return Value(base::hex(base::Bytes(size))); };
  return {
      {"promised SHA-256 of other bytes", promise([=](Object& o) { set(o, {"hashes", "sha256"}, other(32)); }),
       always(ErrorCode::digest_mismatch), is_listed},
      {"promised SHA-512 of other bytes", promise([=](Object& o) { set(o, {"hashes", "sha512"}, other(64)); }),
       always(ErrorCode::digest_mismatch), is_listed},
      {"promised hash too short", promise([=](Object& o) { set(o, {"hashes", "sha256"}, other(31)); }),
       always(ErrorCode::malformed), is_listed},
      {"only an unknown hash promised",
       promise([=](Object& o) { set(o, {"hashes"}, Value(Object{{"blake3", Value("00")}})); }),
       always(ErrorCode::role_invalid), is_listed},
      {"no version promised", promise([](Object& o) { erase(o, {"version"}); }), always(ErrorCode::malformed),
       is_listed},
      {"another version promised", promise([](Object& o) { set(o, {"version"}, Value(4711)); }),
       always(ErrorCode::role_invalid), is_listed},
      {"version zero promised", promise([](Object& o) { set(o, {"version"}, Value(0)); }),
       always(ErrorCode::role_invalid), is_listed},
      {"neither length nor hashes promised", promise([](Object& o) {
         erase(o, {"length"});
         erase(o, {"hashes"});
       }),
       always({}), is_listed},
  };
}

/// Changes the key of a top role.
Spoiling key_spoiling(std::string name, std::string member, Value value, ErrorCode code) {
  const auto change = [=](TestRepository& repository, const std::string& role) {
    const std::string id = repository.keys.at(role).id;
    for (auto& [version, draft] : repository.roots) {
      draft.edit_body.push_back([=](Object& o) {
        if (member == "public") {
          set(o, {"keys", id, "keyval", member}, value);
        } else {
          set(o, {"keys", id, member}, value);
        }
      });
    }
  };
  return {std::move(name), change, always(code), is_top};
}

std::vector<Spoiling> own_keys() {
  return {
      key_spoiling("scheme of another family", "scheme", "rsassa-pss-sha256", ErrorCode::role_invalid),
      key_spoiling("key type of another family", "keytype", "rsa", ErrorCode::role_invalid),
      key_spoiling("scheme missing", "scheme", Value(), ErrorCode::malformed),
      key_spoiling("public value empty", "public", "", ErrorCode::malformed),
      key_spoiling("public value null", "public", Value(), ErrorCode::malformed),
      key_spoiling("public value of the wrong length (go-tuf #739)", "public", std::string(62, 'a'),
                   ErrorCode::malformed),
      key_spoiling("PEM with trailing data", "public", publish_v1(TestKey::shared_rsa()).value + "x",
                   ErrorCode::malformed),
  };
}

}  // namespace

std::vector<Spoiling> v1_spoilings_for(const std::string& role) {
  std::vector<Spoiling> all;
  for (auto& spoiling : spoilings_for(role == "releases" ? "targets/releases" : role)) {
    if (is_foreign(spoiling, role)) continue;
    spoiling.expected = expectation(spoiling);
    all.push_back(std::move(spoiling));
  }
  for (auto& group : {own_form(), own_signatures(), own_promises(), own_keys()}) {
    std::ranges::copy_if(group, std::back_inserter(all),
                         [&](const Spoiling& one) { return one.applies == nullptr || one.applies(role); });
  }
  return all;
}

}  // namespace gapstow::test
