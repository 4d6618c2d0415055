#include "gapstow/trust/store.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/temp_folder.h"
#include "support/trust_samples.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using trust::ExpiryRule;
using trust::Pattern;
using trust::RootEntry;
using trust::Rule;
using trust::TrustStore;

/// Text as a JSON string.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

const std::string kHex = test::sample_hex(7);

/// The parts of a store file, to be spoiled one at a time.
struct Parts {
  std::string version = "1";
  std::string threshold = "1";
  std::string signer_time = "true";
  std::string signers = "";
  std::string roots = "";
  std::string rules = "";
  std::string more = "";

  std::string text() const {
    return "{\"gapstowTrust\":" + version + ",\"threshold\":" + threshold + ",\"signerTime\":" + signer_time +
           ",\"signers\":[" + signers + "],\"roots\":[" + roots + "],\"rules\":[" + rules + "]" + more + "}";
  }
};

std::string signer_json(const std::string& name, const std::string& key) {
  return "{\"name\":" + quoted(name) + ",\"key\":" + quoted(test::data_text("keys/" + key + ".pub")) + "}";
}

TrustStore parse(const std::string& text) { return trust::parse_store(base::as_bytes(text)); }

std::optional<ErrorCode> error_for(const Parts& parts) {
  return error_of([&] { parse(parts.text()); });
}

Rule rule_for_pattern(const std::string& pattern) {
  Rule rule;
  rule.pattern = Pattern::parse(pattern);
  return rule;
}

/// A store that uses everything there is.
TrustStore full_store() {
  TrustStore store = test::store_of_three();
  store.threshold = 2;
  store.signer_time = false;
  const auto add = [&](const char* pattern, RootEntry::Kind kind, std::string value) {
    store.roots.push_back({Pattern::parse(pattern), kind, std::move(value)});
  };
  add("a.test/*", RootEntry::Kind::key_id, kHex);
  add("a.test/*", RootEntry::Kind::spki, kHex);
  add("b.test/app", RootEntry::Kind::ca, test::data_text("certs/ca.crt"));
  add("c.test/app", RootEntry::Kind::root, "{\"signed\": {},\n \"signatures\":[]}\n");
  store.rules.push_back(rule_for_pattern("*"));
  Rule rule = rule_for_pattern("a.test/*");
  rule.signers = {"alice", "bob"};
  rule.threshold = 2;
  rule.roles = {"targets", "targets/releases"};
  rule.expiry = ExpiryRule::now;
  rule.max_age_seconds = 36 * 3600;
  store.rules.push_back(rule);
  rule = rule_for_pattern("b.test/app");
  rule.chain_required = false;
  rule.deny = "withdrawn, see notice 7";
  store.rules.push_back(rule);
  return store;
}

TEST_CASE("patterns are exact texts or prefixes") {
  REQUIRE(Pattern::parse("a/b").matches("a/b"));
  REQUIRE_FALSE(Pattern::parse("a/b").matches("a/bc"));
  REQUIRE_FALSE(Pattern::parse("a/b").matches("a/"));
  REQUIRE(Pattern::parse("a/*").matches("a/"));
  REQUIRE(Pattern::parse("a/*").matches("a/b/c"));
  REQUIRE_FALSE(Pattern::parse("a/*").matches("a"));
  REQUIRE(Pattern::parse("*").matches("anything"));
  REQUIRE_FALSE(Pattern::parse("A/b").matches("a/b"));
  REQUIRE_FALSE(Pattern().matches(""));
  REQUIRE_FALSE(Pattern().matches("a"));
}

TEST_CASE("bad patterns are refused") {
  for (const std::string text : {"", "**", "a*b", "*a", "a b", "a\tb", "a\nb", "a\x01", "a\xff", "\u202Ea"}) {
    CAPTURE(text);
    REQUIRE_ERROR(usage, Pattern::parse(text));
  }
  REQUIRE_ERROR(usage, Pattern::parse(std::string(trust::kMaxPatternBytes + 1, 'a')));
  REQUIRE(Pattern::parse(std::string(trust::kMaxPatternBytes, 'a')).text().size() == trust::kMaxPatternBytes);
}

TEST_CASE("exact beats prefix and longer beats shorter") {
  const auto weight = [](const char* text) { return Pattern::parse(text).specificity(); };
  REQUIRE(weight("a") > weight("aaaaaaaa*"));
  REQUIRE(weight("ab*") > weight("a*"));
  REQUIRE(weight("a*") > weight("*"));
}

TEST_CASE("expiry rules have one word each") {
  for (const auto rule : {ExpiryRule::now, ExpiryRule::sealed, ExpiryRule::ignore}) {
    REQUIRE(trust::parse_expiry_rule(trust::name(rule)) == rule);
  }
  for (const char* text : {"", "Now", "never", "sealed "}) REQUIRE_ERROR(usage, trust::parse_expiry_rule(text));
}

TEST_CASE("the most specific rule and pins count alone") {
  TrustStore store = test::store_of_three();
  for (const char* pattern : {"*", "a.test/*", "a.test/team/*", "a.test/team/app"}) {
    store.rules.push_back(rule_for_pattern(pattern));
  }
  const auto pattern_for = [&](const std::string& gun) { return store.rule_for(gun)->pattern.text(); };
  REQUIRE(pattern_for("a.test/team/app") == "a.test/team/app");
  REQUIRE(pattern_for("a.test/team/app2") == "a.test/team/*");
  REQUIRE(pattern_for("a.test/x") == "a.test/*");
  REQUIRE(pattern_for("b.test/x") == "*");
  store.rules.clear();
  REQUIRE(store.rule_for("a.test/x") == nullptr);

  store.roots = {{Pattern::parse("*"), RootEntry::Kind::key_id, kHex},
                 {Pattern::parse("a.test/*"), RootEntry::Kind::key_id, kHex},
                 {Pattern::parse("a.test/*"), RootEntry::Kind::spki, kHex}};
  REQUIRE(store.pins_for("a.test/x").size() == 2);
  REQUIRE(store.pins_for("b.test/x").size() == 1);
  store.roots.erase(store.roots.begin());
  REQUIRE(store.pins_for("b.test/x").empty());
}

TEST_CASE("root entries become pins of their kind") {
  const TrustStore store = full_store();
  const auto pins = store.pins_for("a.test/x");
  REQUIRE(std::get<tuf::KeyIdPin>(pins.at(0)).key_id == kHex);
  REQUIRE(std::get<tuf::SpkiPin>(pins.at(1)).fingerprint == kHex);
  REQUIRE(std::get<tuf::CaPin>(store.pins_for("b.test/app").at(0)).authorities.size() == 1);
  const auto root = std::get<tuf::RootFilePin>(store.pins_for("c.test/app").at(0));
  REQUIRE(base::as_text(root.bytes) == "{\"signed\": {},\n \"signatures\":[]}\n");
}

TEST_CASE("signers are found by name and fingerprint") {
  const TrustStore store = test::store_of_three();
  REQUIRE(store.find_signer("bob")->name == "bob");
  REQUIRE(store.find_signer("Bob") == nullptr);
  REQUIRE(store.find_signer_by_fingerprint(store.signers[2].key.fingerprint())->name == "carol");
  REQUIRE(store.find_signer_by_fingerprint("") == nullptr);
}

TEST_CASE("what is written is read back, in one spelling") {
  const TrustStore store = full_store();
  const auto text = trust::write_store(store);
  REQUIRE(trust::parse_store(text) == store);
  REQUIRE(trust::write_store(trust::parse_store(text)) == text);
  const TrustStore none;
  REQUIRE(trust::parse_store(trust::write_store(none)) == none);
}

TEST_CASE("the example of the format document is a store as gapstow writes it") {
  base::SystemFs fs;
  const auto document = base::read_file(fs, std::string(GAPSTOW_SOURCE_DIR) + "/formats/trust-store.md", 1 << 20);
  std::string_view text = base::as_text(document);
  const std::string_view begin = "```json\n";
  text.remove_prefix(text.find(begin) + begin.size());
  text = text.substr(0, text.find("```"));
  const TrustStore store = trust::parse_store(base::as_bytes(text));
  REQUIRE(store.rules.size() == 3);
  const auto written = trust::write_store(store);
  REQUIRE(base::as_text(written) == text);
}

TEST_CASE("order and white space of the file do not matter") {
  TrustStore store = full_store();
  const auto text = trust::write_store(store);
  std::reverse(store.signers.begin(), store.signers.end());
  std::reverse(store.roots.begin(), store.roots.end());
  std::reverse(store.rules.begin(), store.rules.end());
  for (auto& rule : store.rules) std::reverse(rule.roles.begin(), rule.roles.end());
  REQUIRE(trust::write_store(store) == text);

  Parts parts;
  parts.signers = signer_json("bob", "p256") + " ,\n\t" + signer_json("alice", "ed25519");
  parts.roots = R"( {"keyId":")" + kHex + R"(", "pattern":"b/*"},{"pattern":"a/*","keyId":")" + kHex + R"("})";
  parts.rules = R"({"chain":true,"pattern":"b","maxAge":"129600s"},{"pattern":"a","chain":false})";
  const TrustStore read = parse(parts.text());
  REQUIRE(read.signers[0].name == "alice");
  REQUIRE(read.roots[0].pattern.text() == "a/*");
  REQUIRE(read.rules[0].pattern.text() == "a");
  REQUIRE(base::as_text(trust::write_store(read)).find("\"36h\"") != std::string_view::npos);
}

TEST_CASE("ages are written in the largest unit that fits") {
  const std::pair<std::int64_t, const char*> rows[] = {
      {90 * 86400, "\"90d\""}, {36 * 3600, "\"36h\""}, {5400, "\"90m\""}, {61, "\"61s\""}, {1, "\"1s\""}};
  for (const auto& [seconds, text] : rows) {
    TrustStore store;
    store.rules.push_back(rule_for_pattern("a"));
    store.rules[0].max_age_seconds = seconds;
    const auto bytes = trust::write_store(store);
    CAPTURE(text);
    REQUIRE(base::as_text(bytes).find(text) != std::string_view::npos);
    REQUIRE(trust::parse_store(bytes) == store);
  }
}

TEST_CASE("the version decides first") {
  REQUIRE(error_for({}) == std::nullopt);
  REQUIRE(error_for({.version = "2", .more = ",\"future\":1"}) == ErrorCode::unsupported);
  REQUIRE(error_for({.version = "9007199254740992"}) == ErrorCode::unsupported);
  for (const char* version : {"0", "-1", "\"1\"", "1.0", "null", "true", "[1]", "9007199254740993"}) {
    CAPTURE(version);
    REQUIRE(error_for({.version = version}) == ErrorCode::malformed);
  }
}

TEST_CASE("frames of the file that are refused") {
  for (const char* text : {"", " ", "{", "[]", "null", "1", "{}", "{\"gapstowTrust\":1}", "{} {}", "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    REQUIRE_ERROR(malformed, parse(text));
  }
  REQUIRE(error_for({.more = ",\"extra\":1"}) == ErrorCode::malformed);
  REQUIRE(error_for({.more = ",\"threshold\":1"}) == ErrorCode::malformed);
  REQUIRE(error_for({.more = ",\"Threshold\":1"}) == ErrorCode::malformed);
  REQUIRE(error_for({.more = " x"}) == ErrorCode::malformed);
  REQUIRE(error_for({.threshold = "1.5"}) == ErrorCode::malformed);
  for (const char* threshold : {"0", "-1", "65", "\"1\"", "null", "1e0"}) {
    CAPTURE(threshold);
    REQUIRE(error_for({.threshold = threshold}) == ErrorCode::malformed);
  }
  REQUIRE(error_for({.threshold = "64"}) == std::nullopt);
  for (const char* value : {"1", "null", "\"true\""}) {
    REQUIRE(error_for({.signer_time = value}) == ErrorCode::malformed);
  }
  for (const char* member : {"threshold", "signerTime", "signers", "roots", "rules"}) {
    std::string text = Parts{}.text();
    text.replace(text.find(member), 1, "X");
    CAPTURE(text);
    REQUIRE_ERROR(malformed, parse(text));
  }
  REQUIRE_ERROR(limit_exceeded, parse(Parts{.more = std::string(trust::kMaxStoreBytes, ' ')}.text()));
  REQUIRE_ERROR(limit_exceeded, parse(Parts{.rules = std::string(40, '[') + std::string(40, ']')}.text()));
}

TEST_CASE("signers that are refused") {
  const std::string alice = signer_json("alice", "ed25519");
  REQUIRE(error_for({.signers = alice}) == std::nullopt);
  const std::string key = quoted(test::data_text("keys/ed25519.pub"));
  const std::vector<std::string> bad{
      alice + "," + signer_json("alice", "p256"),
      alice + "," + signer_json("bob", "ed25519"),
      R"({"name":"a"})",
      R"({"key":)" + key + "}",
      R"({"name":"a","key":)" + key + R"(,"more":1})",
      R"({"name":"","key":)" + key + "}",
      R"({"name":" a","key":)" + key + "}",
      R"({"name":"a\n","key":)" + key + "}",
      R"({"name":"a\u0000b","key":)" + key + "}",
      R"({"name":"a\u202eb","key":)" + key + "}",
      R"({"name":1,"key":)" + key + "}",
      R"({"name":")" + std::string(256, 'n') + R"(","key":)" + key + "}",
      R"({"name":"a","key":""})",
      R"({"name":"a","key":"alice.pub"})",
      R"({"name":"a","key":null})",
      R"({"name":"a","key":)" + quoted(test::data_text("keys/ed25519.pub") + test::data_text("keys/p256.pub")) + "}",
      R"({"name":"a","key":)" + quoted(test::data_text("certs/ca.crt")) + "}",
      "\"alice\"",
      "null"};
  for (const auto& signers : bad) {
    CAPTURE(signers);
    REQUIRE(error_for({.signers = signers}) == ErrorCode::malformed);
  }
  for (const char* name : {"p384", "p521", "rsa1024", "secp256k1", "x25519"}) {
    CAPTURE(name);
    REQUIRE(error_for({.signers = signer_json("a", name)}) == ErrorCode::unsupported);
  }
}

TEST_CASE("roots that are refused") {
  const auto with = [](const std::string& members) { return "{\"pattern\":\"a/*\"" + members + "}"; };
  const std::string id = ",\"keyId\":\"" + kHex + "\"";
  REQUIRE(error_for({.roots = with(id)}) == std::nullopt);
  const std::string ca = test::data_text("certs/ca.crt");
  const std::vector<std::string> bad{with(""),
                                     with(id + ",\"spki\":\"" + kHex + "\""),
                                     with(id) + "," + with(id),
                                     with(id + ",\"more\":1"),
                                     "{\"keyId\":\"" + kHex + "\"}",
                                     "{\"pattern\":\"a*b\"" + id + "}",
                                     "{\"pattern\":\"\"" + id + "}",
                                     with(",\"keyId\":\"" + kHex.substr(1) + "\""),
                                     with(",\"keyId\":\"" + kHex + "0\""),
                                     with(",\"keyId\":\"" + std::string(64, 'A') + "\""),
                                     with(",\"keyId\":\"" + std::string(64, 'g') + "\""),
                                     with(",\"keyId\":7"),
                                     with(",\"spki\":\"sha256:" + kHex + "\""),
                                     with(",\"ca\":\"\""),
                                     with(",\"ca\":\"ca.pem\""),
                                     with(",\"ca\":" + quoted(test::data_text("certs/ca-leaf.crt").substr(0, 100))),
                                     with(",\"ca\":" + quoted(ca + test::data_text("certs/leaf-code.crt"))),
                                     with(",\"root\":\"\""),
                                     with(",\"root\":\"{}\""),
                                     with(",\"root\":{}"),
                                     with(R"(,"root":"{\"signed\":1,\"signatures\":[]}")"),
                                     with(R"(,"root":"{\"signed\":{},\"signed\":{},\"signatures\":[]}")"),
                                     "[]"};
  for (const auto& roots : bad) {
    CAPTURE(roots);
    REQUIRE(error_for({.roots = roots}) == ErrorCode::malformed);
  }
  REQUIRE(error_for({.roots = with(",\"ca\":" + quoted(ca))}) == std::nullopt);
  REQUIRE(error_for({.roots = with(id) + "," + with(",\"spki\":\"" + kHex + "\"")}) == std::nullopt);
}

TEST_CASE("rules that are refused") {
  const std::string signers = signer_json("alice", "ed25519") + "," + signer_json("bob", "p256");
  const auto error_with = [&](const std::string& rules) { return error_for({.signers = signers, .rules = rules}); };
  const auto with = [](const std::string& members) { return R"({"pattern":"a","chain":true)" + members + "}"; };
  for (const char* good :
       {"", R"(,"deny":"no")", R"(,"signers":["alice"])", R"(,"signers":["bob","alice"],"threshold":2)",
        R"(,"threshold":3)", R"(,"roles":["targets"])", R"(,"expiry":"ignore")", R"(,"maxAge":"1s")"}) {
    CAPTURE(good);
    REQUIRE(error_with(with(good)) == std::nullopt);
  }
  const std::vector<std::string> bad{with("") + "," + with(R"(,"deny":"x")"),
                                     R"({"pattern":"a"})",
                                     R"({"chain":true})",
                                     R"({"pattern":"a","chain":1})",
                                     R"({"pattern":"a","chain":false,"roles":["targets"]})",
                                     with(R"(,"more":1)"),
                                     with(R"(,"Deny":"x")"),
                                     with(R"(,"deny":"")"),
                                     with(R"(,"deny":true)"),
                                     with(R"(,"deny":null)"),
                                     with(R"(,"deny":"a\nb")"),
                                     with(R"(,"signers":[])"),
                                     with(R"(,"signers":"alice")"),
                                     with(R"(,"signers":["carol"])"),
                                     with(R"(,"signers":["alice","alice"])"),
                                     with(R"(,"signers":["alice"],"threshold":2)"),
                                     with(R"(,"threshold":0)"),
                                     with(R"(,"threshold":65)"),
                                     with(R"(,"roles":[])"),
                                     with(R"(,"roles":[""])"),
                                     with(R"(,"roles":["timestamp"])"),
                                     with(R"(,"roles":["targets","targets"])"),
                                     with(R"(,"expiry":"later")"),
                                     with(R"(,"expiry":1)"),
                                     with(R"(,"maxAge":"0d")"),
                                     with(R"(,"maxAge":"90")"),
                                     with(R"(,"maxAge":"-1d")"),
                                     with(R"(,"maxAge":90)"),
                                     with(R"(,"maxAge":"9223372036854775807d")"),
                                     "7"};
  for (const auto& rules : bad) {
    CAPTURE(rules);
    REQUIRE(error_with(rules) == ErrorCode::malformed);
  }
}

TEST_CASE("refusals name the place") {
  try {
    parse(Parts{.roots = R"({"pattern":"a","keyId":"12"})"}.text());
    FAIL("accepted");
  } catch (const base::Error& error) {
    REQUIRE(error.line().find("roots[0].keyId") != std::string::npos);
  }
}

TEST_CASE("no cut or changed byte makes another store") {
  const auto text = trust::write_store(full_store());
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    REQUIRE(error_of([&] { trust::parse_store(base::ByteView(text).first(length)); }));
  }
  rc::check("a changed byte is refused or read, never a crash", [&] {
    auto changed = text;
    changed[*rc::gen::inRange<std::size_t>(0, text.size())] = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
    try {
      const TrustStore store = trust::parse_store(changed);
      RC_ASSERT(trust::parse_store(trust::write_store(store)) == store);
    } catch (const base::Error& error) {
      RC_ASSERT(error.code() == ErrorCode::malformed || error.code() == ErrorCode::unsupported);
    }
  });
}

TEST_CASE("stores are kept in a folder") {
  const test::TempFolder folder;
  base::SystemFs fs;
  const std::string place = folder / "deep/store";
  REQUIRE_ERROR(not_found, trust::load_store(fs, place));
  trust::save_store(fs, place, full_store());
  REQUIRE(trust::load_store(fs, place) == full_store());
  REQUIRE(trust::load_store(fs, place + "/") == full_store());
  trust::save_store(fs, place, TrustStore{});
  REQUIRE(trust::load_store(fs, place) == TrustStore{});
  REQUIRE(fs.list(place) == std::vector<std::string>{"trust.json"});
  REQUIRE((fs.status(place)->mode & 0077U) <= 0055U);
}

TEST_CASE("a store that could not be read back is not written") {
  const test::TempFolder folder;
  base::SystemFs fs;
  trust::save_store(fs, folder.path(), TrustStore{});
  std::vector<TrustStore> bad(6, full_store());
  bad[0].signers.pop_back();
  bad[0].rules[1].signers.push_back("carol");
  bad[1].signers.push_back(bad[1].signers[0]);
  bad[2].threshold = 0;
  bad[3].rules.push_back(bad[3].rules[0]);
  bad[4].roots[0].value = "12";
  bad[5].roots[0].pattern = Pattern();
  for (const auto& store : bad) REQUIRE_ERROR(usage, trust::save_store(fs, folder.path(), store));
  REQUIRE(trust::load_store(fs, folder.path()) == TrustStore{});
}

TEST_CASE("what everybody may write is not trusted") {
  namespace stdfs = std::filesystem;
  const test::TempFolder folder;
  base::SystemFs fs;
  const std::string place = folder / "store";
  trust::save_store(fs, place, TrustStore{});
  const auto write_for_all = stdfs::perms::others_write;
  stdfs::permissions(place + "/trust.json", write_for_all, stdfs::perm_options::add);
  REQUIRE_ERROR(denied, trust::load_store(fs, place));
  stdfs::permissions(place + "/trust.json", write_for_all, stdfs::perm_options::remove);
  REQUIRE_NOTHROW(trust::load_store(fs, place));
  stdfs::permissions(place, write_for_all, stdfs::perm_options::add);
  REQUIRE_ERROR(denied, trust::load_store(fs, place));
  stdfs::permissions(place, stdfs::perms::sticky_bit, stdfs::perm_options::add);
  REQUIRE_NOTHROW(trust::load_store(fs, place));
}

/// Where each folder that is about to be made has been made, or taken by a file, by somebody else meanwhile.
class RacingFs final : public base::WriteFs {
 public:
  using Rival = std::function<void(base::WriteFs&, const std::string&)>;
  explicit RacingFs(Rival rival) : rival_(std::move(rival)) {}

  std::unique_ptr<base::File> open(const std::string& path) override { return inner_.open(path); }
  std::optional<base::FileStatus> status(const std::string& path) override { return inner_.status(path); }
  std::vector<std::string> list(const std::string& folder) override { return inner_.list(folder); }
  std::unique_ptr<base::File> create(const std::string& path, std::uint32_t mode) override {
    return inner_.create(path, mode);
  }
  std::unique_ptr<base::File> open_for_update(const std::string& path) override { return inner_.open_for_update(path); }
  void rename(const std::string& from, const std::string& to) override { inner_.rename(from, to); }
  void remove(const std::string& path) override { inner_.remove(path); }
  void make_folder(const std::string& path, std::uint32_t mode) override {
    rival_(inner_, path);
    inner_.make_folder(path, mode);
  }
  void sync_folder(const std::string& path) override { inner_.sync_folder(path); }

 private:
  base::SystemFs inner_;
  Rival rival_;
};

TEST_CASE("a store's folder may be made by two at once") {
  const test::TempFolder folder;
  RacingFs same([](base::WriteFs& fs, const std::string& path) { fs.make_folder(path, 0755); });
  trust::save_store(same, folder / "a/b", full_store());
  REQUIRE(trust::load_store(same, folder / "a/b") == full_store());

  RacingFs other([](base::WriteFs& fs, const std::string& path) { base::write_file(fs, path, {}); });
  REQUIRE_ERROR(conflict, trust::save_store(other, folder / "c", full_store()));
  RacingFs failing([](base::WriteFs&, const std::string&) { throw base::Error(ErrorCode::io_write, "disk full"); });
  REQUIRE_ERROR(io_write, trust::save_store(failing, folder / "d", full_store()));
}

TEST_CASE("things in the way of a store") {
  const test::TempFolder folder;
  base::SystemFs fs;
  base::write_file(fs, folder / "file", {});
  REQUIRE_ERROR(conflict, trust::save_store(fs, folder / "file", TrustStore{}));
  REQUIRE_ERROR(not_found, trust::load_store(fs, folder / "file"));
  fs.make_folder(folder / "trust.json", 0755);
  REQUIRE_ERROR(malformed, trust::load_store(fs, folder.path()));
}

}  // namespace
