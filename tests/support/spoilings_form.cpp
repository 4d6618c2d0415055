// Spoilings of what every file has (type, version, expiry) and of JSON itself.
#include "support/spoiling_means.h"

namespace gapstow::test {
namespace {

using namespace spoil;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// The type of another role in the dialect's own spelling.
void type_of_another_role(TestRepository& repository, const std::string& role) {
  const bool is_top = role == "root" || role == "timestamp" || role == "snapshot";
  const Object other = repository.new_body(is_top ? "targets" : "snapshot", 1);
  put("_type", *other.find("_type"))(repository, role);
}

void type_in_other_case(Object& signed_part) {
  edit(signed_part, {"_type"}, [](Value& value) {
    std::string name = *value.get_if<std::string>();
    name.front() = static_cast<char>(name.front() ^ 0x20);
    value = Value(name);
  });
}

/// The version is changed where others list it too.
Apply version(std::uint64_t (*choose)(std::uint64_t)) {
  return [=](TestRepository& repository, const std::string& role) {
    auto& draft = repository.draft(role);
    draft.body.set("version", Value(choose(version_of(draft))));
  };
}

void other_bytes_of_version_before(TestRepository& repository, const std::string& role) {
  version([](std::uint64_t version) { return version - 1; })(repository, role);
  put("x-note", "other")(repository, role);
}

/// The signed part's own version, not those that it lists, as it is written in the file.
Apply version_text(std::string (*write)(const std::string& number)) {
  return text([=](std::string& all) {
    const auto at = all.rfind("\"version\":") + std::string("\"version\":").size();
    const auto size = all.find_first_of(",}", at) - at;
    all.replace(at, size, write(all.substr(at, size)));
  });
}

std::vector<Spoiling> type_spoilings() {
  return {
      {"type of another role", type_of_another_role},
      {"type unknown", put("_type", "Mirror")},
      {"type in other case", body(type_in_other_case)},
      {"type missing", without({"_type"})},
      {"type null", put("_type", Value())},
      {"type a number", put("_type", 1)},
      {"specification missing", without({"spec_version"}), is_v1},
      {"specification of another major number", put("spec_version", "2.0.0"), is_v1},
      {"specification of a later minor number", put("spec_version", "1.99"), is_v1},
      {"specification in words", put("spec_version", "one.zero"), is_v1},
      {"specification without a minor number", put("spec_version", "1"), is_v1},
      {"specification a number", put("spec_version", 1), is_v1},
  };
}

std::vector<Spoiling> version_spoilings() {
  return {
      {"version zero", put("version", 0)},
      {"version negative", put("version", -1)},
      {"version minus zero", version_text([](const std::string&) { return std::string("-0"); })},
      {"version with a leading zero", version_text([](const std::string& n) { return "0" + n; })},
      {"version with a fraction", version_text([](const std::string& n) { return n + ".5"; })},
      {"version with a fraction of zero", version_text([](const std::string& n) { return n + ".0"; })},
      {"version with an exponent", version_text([](const std::string& n) { return n + "e0"; })},
      {"version beyond 2^53", put("version", Value((std::int64_t{1} << 53) + 1))},
      {"version beyond 64 bits", version_text([](const std::string&) { return std::string("18446744073709551617"); })},
      {"version a text", put("version", "7")},
      {"version null", put("version", Value())},
      {"version missing", without({"version"})},
      {"version far ahead", version([](std::uint64_t version) { return version + 1'000'000; })},
      {"version of the publication before, other bytes", other_bytes_of_version_before},
      {"version older than the publication before", version([](std::uint64_t version) { return version - 2; })},
  };
}

std::vector<Spoiling> expiry_spoilings() {
  return {
      {"expiry in the past", put("expires", "2020-01-01T00:00:00Z")},
      {"expiry missing", without({"expires"})},
      {"expiry null", put("expires", Value())},
      {"expiry a number", put("expires", 4070908800)},
      {"expiry empty", put("expires", "")},
      {"expiry in words", put("expires", "never")},
      {"expiry without zone", put("expires", "2099-01-02T03:04:05")},
      {"expiry on an impossible day", put("expires", "2099-02-30T03:04:05Z")},
      {"expiry at an impossible hour", put("expires", "2099-01-02T24:04:05Z")},
      {"expiry in a year of five digits", put("expires", "12099-01-02T03:04:05Z")},
      {"expiry with a space behind", put("expires", "2099-01-02T03:04:05Z ")},
  };
}

}  // namespace

std::vector<Spoiling> form_spoilings() {
  std::vector<Spoiling> all;
  for (const auto& group : {type_spoilings(), version_spoilings(), expiry_spoilings()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

std::vector<Spoiling> json_spoilings() {
  const auto bomb = nested(100);
  return {
      {"member in another case", put("Version", 9)},
      {"expiry also in another case", put("EXPIRES", "2199-01-02T03:04:05Z")},
      {"signed also in another case", envelope([](Object& o) { o.set("Signed", Value(Object{})); })},
      {"signatures also in another case", envelope([](Object& o) { o.set("Signatures", Value(Array{})); })},
      {"signed missing", envelope([](Object& o) { erase(o, {"signed"}); })},
      {"signed null", envelope([](Object& o) { o.set("signed", Value()); })},
      {"signed an array", envelope([](Object& o) { o.set("signed", Value(Array{})); })},
      {"signatures missing", envelope([](Object& o) { erase(o, {"signatures"}); })},
      {"signatures null", envelope([](Object& o) { o.set("signatures", Value()); })},
      {"signatures an object", envelope([](Object& o) { o.set("signatures", Value(Object{})); })},
      {"duplicate member of the envelope", replace("{\"signatures\":", "{\"signatures\":[],\"signatures\":")},
      {"duplicate member of the signed part", replace("\"signed\":{", "\"signed\":{\"_type\":\"Mirror\",")},
      {"duplicate member, spelled by an escape", replace("\"signed\":{", "\"signed\":{\"\\u005ftype\":\"Mirror\",")},
      {"data behind the file", text([](std::string& t) { t += "{}"; })},
      {"NUL behind the file", text([](std::string& t) { t += '\0'; })},
      {"comma behind the last member", text([](std::string& t) { t.insert(t.size() - 1, ","); })},
      {"comment", text([](std::string& t) { t.insert(1, "/**/"); })},
      {"byte order mark", text([](std::string& t) { t.insert(0, "\xEF\xBB\xBF"); })},
      {"invalid UTF-8", replace("\"_type\":\"", "\"_type\":\"\xFF")},
      {"invalid UTF-8 in an unsigned member", replace("{\"signatures\":", "{\"a\":\"\xFF\",\"signatures\":")},
      {"overlong UTF-8", replace("\"signed\":{", "\"signed\":{\"x-note\":\"\xC0\xAF\",")},
      {"lone surrogate", replace("\"_type\":\"", "\"_type\":\"\\ud800")},
      {"lone surrogate in an unsigned member", replace("{\"signatures\":", "{\"a\":\"\\udc00\",\"signatures\":")},
      {"raw control character", replace("{\"signatures\":", "{\"a\":\"\n\",\"signatures\":")},
      {"deep nesting", replace("{\"signatures\":", "{\"bomb\":" + bomb + ",\"signatures\":")},
      {"deep nesting in the signed part", replace("\"signed\":{", "\"signed\":{\"bomb\":" + bomb + ",")},
      {"number with a fraction in an unknown signed member", replace("\"signed\":{", "\"signed\":{\"x-note\":1.5,")},
      {"number beyond 2^53 in an unknown signed member", put("x-note", Value((std::int64_t{1} << 53) + 1))},
      {"not an object", text([](std::string& t) { t = "[]"; })},
      {"null", text([](std::string& t) { t = "null"; })},
      {"cut in the middle", text([](std::string& t) { t.resize(t.size() / 2); })},
      {"unknown signed member", put("x-note", "kept")},
      {"unknown signed member with all kinds of characters",
       put("x-note", std::string("a\x01\x7F\n\"\\\xC3\xA9\xE2\x80\xA8<&>\xF0\x9F\x94\x91"))},
      {"unknown unsigned member", envelope([](Object& o) { o.set("extra", Value(1)); })},
      {"unknown member of a signature", signature("x-note", "kept")},
      {"name of a member spelled by an escape", replace("\"_type\":", "\"\\u005ftype\":")},
      {"members in another order", text([](std::string& t) {
         const auto at = t.find(",\"signed\":");
         t = "{" + t.substr(at + 1, t.size() - at - 2) + "," + t.substr(1, at - 1) + "}";
       })},
      {"indented before it was hashed",
       text([](std::string& t) { t.insert(t.find(",\"signed\""), "\n  "), t.insert(t.size() - 1, " \t\r\n"); })},
  };
}

}  // namespace gapstow::test
