#include "support/tuf_spoiler.h"

#include <algorithm>
#include <iterator>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using json::Array;
using json::Object;
using json::Value;
using Expected = std::optional<ErrorCode>;
using Apply = std::function<void(TestRepository&, const std::string&)>;

auto always(Expected code) {
  return [code](const std::string&) { return code; };
}
bool is_hashed(const std::string& role) { return role != "timestamp"; }

Apply body(std::function<void(Object&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { repository.draft(role).edit_body.push_back(change); };
}
Apply envelope(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    repository.draft(role).edit_envelope.push_back(change);
  };
}
Apply text(std::function<void(std::string&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { repository.draft(role).edit_text.push_back(change); };
}
Apply tamper(std::function<void(std::string&)> change) {
  return [=](TestRepository& repository, const std::string& role) { repository.draft(role).tamper.push_back(change); };
}
Apply put(std::string name, Value value) {
  return body([=](Object& object) { object.set(name, value); });
}
/// Changes the first signature.
Apply signature(std::string member, std::function<Value(const Value&)> change) {
  return envelope(
      [=](Object& object) { edit(object, {"signatures", "0", member}, [&](Value& value) { value = change(value); }); });
}
Apply another_signature(Value value) {
  return envelope([=](Object& object) {
    edit(object, {"signatures"}, [&](Value& list) { list.get_if<Array>()->push_back(value); });
  });
}
Apply replace(std::string from, std::string to) {
  return text([=](std::string& all) {
    const auto at = all.find(from);
    if (at != std::string::npos) all.replace(at, from.size(), to);
  });
}

/// Changes what the delegating file says of the role: keys and threshold.
Apply mandate(std::function<void(Object& holder, const std::vector<std::string>& role_path,
                                 const std::vector<std::string>& keys_path)>
                  change) {
  return [=](TestRepository& repository, const std::string& role) {
    if (role != "targets" && repository.targets.contains(role)) {
      repository.draft("targets").edit_body.push_back(
          [=](Object& holder) { change(holder, {"delegations", "roles", "0"}, {"delegations", "keys"}); });
    } else {
      repository.draft("root").edit_body.push_back([=](Object& holder) { change(holder, {"roles", role}, {"keys"}); });
    }
  };
}
std::vector<std::string> below(std::vector<std::string> path, const std::string& name) {
  path.push_back(name);
  return path;
}
Apply threshold(Value value) {
  return mandate([=](Object& holder, const auto& role, const auto&) { set(holder, below(role, "threshold"), value); });
}

/// Changes the entry by which another file promises this one.
Apply promise(std::function<void(Object&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    auto& holder = role == "snapshot" ? repository.timestamp : repository.snapshot;
    const std::string name = repository.listed_name(role);
    holder.edit_body.push_back(
        [=](Object& object) { edit(object, {"meta", name}, [&](Value& entry) { change(*entry.get_if<Object>()); }); });
  };
}
void unpromise(TestRepository& repository, const std::string& role) {
  auto& holder = role == "snapshot" ? repository.timestamp : repository.snapshot;
  const std::string name = repository.listed_name(role);
  holder.edit_body.push_back([=](Object& object) { erase(object, {"meta", name}); });
}

std::string flipped(const std::string& base64) {
  auto bytes = base::from_base64(base64);
  bytes.back() ^= std::byte{1};
  return base::base64(bytes);
}
Object stray_signature() {
  return Object{{"keyid", Value(std::string(64, '0'))}, {"method", Value("ecdsa")}, {"sig", Value("AAAA")}};
}
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// The file that is not the promised one fails by its digest; the timestamp, which nothing promises, otherwise; a root
/// is read before the snapshot that promises it.
auto after_hashing(ErrorCode unpromised) {
  return [=](const std::string& role) {
    return role == "timestamp" || role == "root" ? unpromised : ErrorCode::digest_mismatch;
  };
}

std::vector<Spoiling> form() {
  return {
      {"wrong type", put("_type", "Mirror"), always(ErrorCode::role_invalid)},
      {"type in lower case", replace("\"_type\":\"", "\"_type\":\"x"), always(ErrorCode::role_invalid)},
      {"no type", body([](Object& o) { erase(o, {"_type"}); }), always(ErrorCode::malformed)},
      {"version zero", put("version", 0), always(ErrorCode::role_invalid)},
      {"version negative", put("version", -1), always(ErrorCode::role_invalid)},
      {"version fraction", replace("\"version\":", "\"version\":0."), always(ErrorCode::malformed)},
      {"version exponent", replace("\"version\":", "\"version\":1e"), always(ErrorCode::malformed)},
      {"version beyond 2^53", put("version", Value((std::int64_t{1} << 53) + 1)), always(ErrorCode::malformed)},
      {"version text", put("version", "1"), always(ErrorCode::malformed)},
      {"version missing", body([](Object& o) { erase(o, {"version"}); }), always(ErrorCode::malformed)},
      {"expiry missing", body([](Object& o) { erase(o, {"expires"}); }), always(ErrorCode::malformed)},
      {"expiry without zone", put("expires", "2099-01-02T03:04:05"), always(ErrorCode::malformed)},
      {"expiry null", put("expires", Value()), always(ErrorCode::malformed)},
      {"member in another case", put("Version", 9), always(ErrorCode::malformed)},
      {"signed null", envelope([](Object& o) { o.set("signed", Value()); }), always(ErrorCode::malformed)},
      {"signatures null", envelope([](Object& o) { o.set("signatures", Value()); }), always(ErrorCode::malformed)},
      {"envelope member in another case", envelope([](Object& o) { o.set("Signed", Value(Object{})); }),
       always(ErrorCode::malformed)},
      {"duplicate member", replace("{\"signatures\":", "{\"signatures\":[],\"signatures\":"),
       always(ErrorCode::malformed)},
      {"trailing data", text([](std::string& t) { t += "{}"; }), always(ErrorCode::malformed)},
      {"byte order mark", text([](std::string& t) { t.insert(0, "\xEF\xBB\xBF"); }), always(ErrorCode::malformed)},
      {"bad UTF-8", replace("\"_type\":\"", "\"_type\":\"\xFF"), always(ErrorCode::malformed)},
      {"lone surrogate", replace("\"_type\":\"", "\"_type\":\"\\ud800"), always(ErrorCode::malformed)},
      {"depth bomb", replace("\"signed\":", "\"bomb\":" + nested(100) + ",\"signed\":"),
       always(ErrorCode::limit_exceeded)},
      {"not an object", text([](std::string& t) { t = "[]"; }), always(ErrorCode::malformed)},
  };
}

std::vector<Spoiling> harmless() {
  return {
      {"unknown signed member", put("x-note", "kept"), always({})},
      {"unsigned envelope member", envelope([](Object& o) { o.set("extra", Value(1)); }), always({})},
      {"another signature by a stranger", another_signature(Value(stray_signature())), always({})},
      {"method in upper case",
       signature("method",
                 [](const Value& v) {
                   std::string upper = *v.get_if<std::string>();
                   std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
                   return Value(upper);
                 }),
       always({})},
      {"indented before it was hashed",
       text([](std::string& t) { t.insert(t.find(",\"signed\""), "\n  "), t.insert(t.size() - 1, " \t\r\n"); }),
       always({})},
      {"control character in a signed text", put("x-note", std::string("a\x01\x7F\n\"\\\xC3\xA9<&>")), always({})},
  };
}

std::vector<Spoiling> signing() {
  return {
      {"unsigned", [](TestRepository& r, const std::string& role) { r.draft(role).signers.clear(); },
       always(ErrorCode::threshold_unmet)},
      {"signed by a stranger",
       [](TestRepository& r, const std::string& role) { r.draft(role).signers = {r.keys.at("stranger")}; },
       always(ErrorCode::threshold_unmet)},
      {"body changed after signing", envelope([](Object& o) { set(o, {"signed", "expires"}, "2199-01-02T03:04:05Z"); }),
       always(ErrorCode::signature_invalid)},
      {"signature bit flipped", signature("sig", [](const Value& v) { return flipped(*v.get_if<std::string>()); }),
       always(ErrorCode::signature_invalid)},
      {"signature empty", signature("sig", [](const Value&) { return ""; }), always(ErrorCode::signature_invalid)},
      {"signature short", signature("sig", [](const Value&) { return "AAAA"; }), always(ErrorCode::signature_invalid)},
      {"signature zero", signature("sig", [](const Value&) { return base::base64(base::Bytes(64)); }),
       always(ErrorCode::signature_invalid)},
      {"signature not base64", signature("sig", [](const Value&) { return "!!!!"; }), always(ErrorCode::malformed)},
      {"signature without padding", signature("sig", [](const Value&) { return "AA"; }), always(ErrorCode::malformed)},
      {"signature null", signature("sig", [](const Value&) { return Value(); }), always(ErrorCode::malformed)},
      {"method unknown", signature("method", [](const Value&) { return "rot13"; }), always(ErrorCode::threshold_unmet)},
      {"method of another family", signature("method", [](const Value&) { return "rsapss"; }),
       always(ErrorCode::signature_invalid)},
      {"method missing", envelope([](Object& o) {
         edit(o, {"signatures", "0"}, [](Value& v) { erase(*v.get_if<Object>(), {"method"}); });
       }),
       always(ErrorCode::malformed)},
      {"same signature twice", envelope([](Object& o) {
         edit(o, {"signatures"}, [](Value& v) { v.get_if<Array>()->push_back(Value(v.get_if<Array>()->front())); });
       }),
       always(ErrorCode::role_invalid)},
      {"too many signatures", envelope([](Object& o) {
         Array many;
         for (int i = 0; i < 1001; ++i) many.emplace_back(stray_signature());
         o.set("signatures", Value(many));
       }),
       always(ErrorCode::limit_exceeded)},
  };
}

std::vector<Spoiling> mandates() {
  return {
      {"threshold zero", threshold(0), always(ErrorCode::role_invalid)},
      {"threshold negative", threshold(-1), always(ErrorCode::role_invalid)},
      {"threshold text", threshold("1"), always(ErrorCode::malformed)},
      {"threshold above the number of keys", threshold(2), always(ErrorCode::role_invalid)},
      {"threshold beyond 32 bits", threshold(Value((std::int64_t{1} << 32) + 1)), always(ErrorCode::role_invalid)},
      {"key listed twice to meet a threshold", mandate([](Object& holder, const auto& role, const auto&) {
         edit(holder, below(role, "keyids"),
              [](Value& v) { v.get_if<Array>()->push_back(Value(v.get_if<Array>()->front())); });
         set(holder, below(role, "threshold"), 2);
       }),
       always(ErrorCode::role_invalid)},
      {"key not defined", mandate([](Object& holder, const auto& role, const auto&) {
         set(holder, below(role, "keyids"), Value(Array{Value(std::string(64, 'b'))}));
       }),
       always(ErrorCode::role_invalid)},
      {"no keys", mandate([](Object& holder, const auto& role, const auto&) {
         set(holder, below(role, "keyids"), Value(Array{}));
       }),
       always(ErrorCode::role_invalid)},
      {"key ID of another key", mandate([](Object& holder, const auto& role, const auto& keys) {
         edit(holder, keys, [](Value& v) {
           Object renamed;
           renamed.set(std::string(64, 'c'), v.get_if<Object>()->members().front().second);
           v = Value(renamed);
         });
         set(holder, below(role, "keyids"), Value(Array{Value(std::string(64, 'c'))}));
       }),
       always(ErrorCode::role_invalid)},
  };
}

std::vector<Spoiling> promises() {
  const auto listed_elsewhere = [](const std::string&) { return Expected(ErrorCode::role_invalid); };
  return {
      {"promised length one more",
       promise([](Object& o) { edit(o, {"length"}, [](Value& v) { v = Value(*v.get_if<std::int64_t>() + 1); }); }),
       always(ErrorCode::digest_mismatch), is_hashed},
      {"promised SHA-256 of other bytes",
       promise([](Object& o) { set(o, {"hashes", "sha256"}, base::base64(base::Bytes(32))); }),
       always(ErrorCode::digest_mismatch), is_hashed},
      {"promised SHA-512 of other bytes",
       promise([](Object& o) { set(o, {"hashes", "sha512"}, base::base64(base::Bytes(64))); }),
       always(ErrorCode::digest_mismatch), is_hashed},
      {"promised hash too short", promise([](Object& o) { set(o, {"hashes", "sha256"}, "AAAA"); }),
       always(ErrorCode::malformed), is_hashed},
      {"no hashes promised", promise([](Object& o) { set(o, {"hashes"}, Value(Object{})); }),
       always(ErrorCode::role_invalid), is_hashed},
      {"only an unknown hash promised",
       promise([](Object& o) { set(o, {"hashes"}, Value(Object{{"blake3", Value("AAAA")}})); }),
       always(ErrorCode::role_invalid), is_hashed},
      {"hashes null", promise([](Object& o) { set(o, {"hashes"}, Value()); }), always(ErrorCode::malformed), is_hashed},
      {"length negative", promise([](Object& o) { set(o, {"length"}, -1); }), always(ErrorCode::malformed), is_hashed},
      {"not promised at all", unpromise, listed_elsewhere, is_hashed},
      {"space added after it was hashed", tamper([](std::string& t) { t += "\n"; }),
       [](const std::string& role) { return role == "timestamp" ? Expected() : Expected(ErrorCode::digest_mismatch); }},
      {"last byte lost", tamper([](std::string& t) { t.pop_back(); }), after_hashing(ErrorCode::malformed)},
      {"empty file", tamper([](std::string& t) { t.clear(); }),
       [](const std::string& role) {
         if (role == "root") return ErrorCode::malformed;
         return role.starts_with("targets") ? ErrorCode::digest_mismatch : ErrorCode::chain_incomplete;
       }},
      {"too large", tamper([](std::string& t) { t.append((64U << 20) + 1, ' '); }), always(ErrorCode::limit_exceeded)},
      {"unsigned member added after it was hashed", tamper([](std::string& t) { t.insert(t.size() - 1, ",\"x\":1"); }),
       [](const std::string& role) { return role == "timestamp" ? Expected() : Expected(ErrorCode::digest_mismatch); }},
  };
}

}  // namespace

const std::vector<std::string>& spoilable_roles() {
  static const std::vector<std::string> roles{"root", "timestamp", "snapshot", "targets", "targets/releases"};
  return roles;
}

std::vector<Spoiling> spoilings_for(const std::string& role) {
  std::vector<Spoiling> all;
  for (auto& group : {form(), harmless(), signing(), mandates(), promises()}) {
    std::ranges::copy_if(group, std::back_inserter(all),
                         [&](const Spoiling& one) { return one.applies == nullptr || one.applies(role); });
  }
  return all;
}

}  // namespace gapstow::test
