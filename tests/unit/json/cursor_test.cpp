#include "gapstow/json/cursor.h"

#include <catch2/catch.hpp>

#include "gapstow/json/parse.h"
#include "support/error_of.h"

using namespace gapstow;
using json::Cursor;
using json::Value;

namespace {

const Value& document() {
  static const Value kDocument = json::parse(base::as_bytes(R"({
    "signed": {"roles": {"root": {"threshold": 2, "keyids": ["aa", "bb"]}}, "version": -1, "flag": true, "none": null},
    "meta": {"targets/releases.json": {"length": 9007199254740992}},
    "real": "1.5"
  })"));
  return kDocument;
}

Cursor root() { return Cursor(document()); }

}  // namespace

TEST_CASE("a cursor knows the way") {
  const Cursor role = root().at("signed").at("roles").at("root");
  CHECK(role.path() == "signed.roles.root");
  CHECK(role.at("threshold").path() == "signed.roles.root.threshold");
  CHECK(role.at("keyids").array()[1].path() == "signed.roles.root.keyids[1]");
  CHECK(root().at("meta").at("targets/releases.json").path() == "meta[\"targets/releases.json\"]");
  CHECK(Cursor(document(), "root.json").at("signed").path() == "root.json.signed");
  CHECK(root().at("meta").members()[0].second.path() == "meta[\"targets/releases.json\"]");
}

TEST_CASE("refusals name the place, on one line") {
  try {
    root().at("signed").at("roles").at("root").at("threshold").integer(3, 9);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.why().rfind("signed.roles.root.threshold: ", 0) == 0);
  }
  const Value hostile(json::Object{{"a\n\x1b[2J", 1}});
  const auto why = [&] {
    try {
      Cursor(hostile).only({});
    } catch (const base::Error& error) {
      return error.why();
    }
    return std::string("\n");
  }();
  CHECK(why.find_first_of("\n\x1b") == std::string::npos);
}

TEST_CASE("typed readers give the value") {
  const Cursor top = root().at("signed");
  CHECK(top.at("version").integer(-1, 1) == -1);
  CHECK(top.at("flag").boolean());
  CHECK(top.at("roles").at("root").at("threshold").unsigned_integer() == 2);
  CHECK(top.at("roles").at("root").at("keyids").strings() == std::vector<std::string>{"aa", "bb"});
  CHECK(root().at("meta").at("targets/releases.json").at("length").unsigned_integer() == 1ULL << 53);
  CHECK(root().at("real").string() == "1.5");
  CHECK(top.members().size() == 4);
  CHECK(top.members()[0].first == "flag");
}

TEST_CASE("typed readers refuse other kinds") {
  const Cursor top = root().at("signed");
  REQUIRE_ERROR(malformed, top.boolean());
  REQUIRE_ERROR(malformed, top.integer(0, 9));
  REQUIRE_ERROR(malformed, top.string());
  REQUIRE_ERROR(malformed, top.array());
  REQUIRE_ERROR(malformed, top.at("flag").integer(0, 1));
  REQUIRE_ERROR(malformed, top.at("flag").members());
  REQUIRE_ERROR(malformed, top.at("flag").at("x"));
  REQUIRE_ERROR(malformed, top.at("flag").maybe("x"));
  REQUIRE_ERROR(malformed, top.at("none").string());
  REQUIRE_ERROR(malformed, root().at("real").unsigned_integer());
  const Value mixed(json::Array{"a", 1});
  REQUIRE_ERROR(malformed, Cursor(mixed).strings());
  const Value real(1.0);
  REQUIRE_ERROR(malformed, Cursor(real).integer(0, 9));
}

TEST_CASE("typed readers have bounds") {
  const Cursor role = root().at("signed").at("roles").at("root");
  CHECK(role.at("threshold").integer(2, 2) == 2);
  REQUIRE_ERROR(malformed, role.at("threshold").integer(0, 1));
  REQUIRE_ERROR(malformed, role.at("threshold").unsigned_integer(1));
  REQUIRE_ERROR(malformed, root().at("signed").at("version").unsigned_integer());
  CHECK(role.at("keyids").array(2).size() == 2);
  REQUIRE_ERROR(malformed, role.at("keyids").array(1));
  REQUIRE_ERROR(malformed, role.at("keyids").strings(1));
  REQUIRE_ERROR(malformed, root().members(2));
  CHECK(root().at("real").string(3) == "1.5");
  REQUIRE_ERROR(malformed, root().at("real").string(2));
  const Value most(INT64_MAX);
  CHECK(Cursor(most).unsigned_integer(UINT64_MAX) == static_cast<std::uint64_t>(INT64_MAX));
}

TEST_CASE("members are needed, optional or unknown") {
  const Cursor top = root().at("signed");
  REQUIRE_ERROR(malformed, top.at("missing"));
  CHECK_FALSE(top.maybe("missing").has_value());
  CHECK(top.maybe("none").has_value());
  CHECK(top.maybe("none")->value().is_null());
  top.only({"roles", "version", "flag", "none", "more"});
  REQUIRE_ERROR(malformed, top.only({"roles", "version", "flag"}));
  REQUIRE_ERROR(malformed, top.at("flag").only({}));
}

TEST_CASE("names that differ only in ASCII case are refused where asked") {
  const Value value = json::parse(base::as_bytes(R"({"version":1,"Version":2,"other":3})"));
  REQUIRE_ERROR(malformed, Cursor(value).no_case_variants({"version"}));
  REQUIRE_ERROR(malformed, Cursor(value).no_case_variants({"oTher"}));
  Cursor(value).no_case_variants({"other", "expires"});
}

TEST_CASE("a copied cursor reads the same") {
  const Cursor first = root().at("signed");
  const Cursor second = first;
  CHECK(&second.value() == &first.value());
  CHECK(second.path() == first.path());
}
