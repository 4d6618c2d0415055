// What a trust store says about the site itself: operators and relocations.
#include <catch2/catch.hpp>

#include "gapstow/json/value.h"
#include "gapstow/json/write.h"
#include "gapstow/trust/store.h"
#include "support/error_of.h"
#include "support/trust_samples.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using json::Array;
using json::Object;
using trust::TrustStore;

trust::Operator sample_operator(const std::string& name, const std::string& key, bool snapshot, bool break_glass) {
  return {name, test::sample_signer(name, key).key, snapshot, break_glass};
}

TrustStore site_store() {
  TrustStore store = test::store_of_three();
  store.operators = {sample_operator("duty", "p256", false, true), sample_operator("ops", "ed25519", true, true)};
  store.relocations = {{"docker.io/library", "registry.test/mirror", {}},
                       {"quay.io/acme/api", "registry.test:5000/api", {{"1.4.2", "stable"}, {"2", "next"}}}};
  return store;
}

/// A store with these members besides the ones that must be there.
std::optional<ErrorCode> error_for(const std::string& member, json::Value value) {
  Object file{{"gapstowTrust", 1},  {"threshold", 1},   {"signerTime", true},
              {"signers", Array{}}, {"roots", Array{}}, {"rules", Array{}}};
  file.set(member, std::move(value));
  return test::error_of([&] { trust::parse_store(base::as_bytes(json::serialize(file))); });
}

Object operator_with(const std::string& member, json::Value value) {
  Object entry{{"name", "ops"}, {"key", test::data_text("keys/ed25519.pub")}, {"may", Array{"snapshot"}}};
  entry.set(member, std::move(value));
  return entry;
}

Object relocation_with(const std::string& member, json::Value value) {
  Object entry{{"from", "docker.io/library"}, {"to", "registry.test/mirror"}};
  entry.set(member, std::move(value));
  return entry;
}

TEST_CASE("operators and relocations are read back as they were written") {
  const TrustStore store = site_store();
  const auto text = trust::write_store(store);
  const TrustStore again = trust::parse_store(text);
  REQUIRE(again == store);
  REQUIRE(again.operators.size() == 2);
  REQUIRE(again.operators[0].may_break_glass);
  REQUIRE_FALSE(again.operators[0].may_snapshot);
  REQUIRE(again.relocations[1].tags.at("1.4.2") == "stable");
  REQUIRE(again.find_operator("ops")->may_snapshot);
  REQUIRE(again.find_operator("nobody") == nullptr);
  TrustStore turned = store;
  std::ranges::reverse(turned.operators);
  std::ranges::reverse(turned.relocations);
  REQUIRE(trust::write_store(turned) == text);
}

TEST_CASE("a site without operators and relocations is written as ever") {
  const auto text = trust::write_store(test::store_of_three());
  REQUIRE(base::as_text(text).find("operators") == std::string_view::npos);
  REQUIRE(base::as_text(text).find("relocations") == std::string_view::npos);
  REQUIRE(error_for("operators", Array{}) == std::nullopt);
  REQUIRE(error_for("relocations", Array{}) == std::nullopt);
}

TEST_CASE("operators that are refused") {
  const auto one = [](const std::string& member, json::Value value) {
    return error_for("operators", Array{json::Value(operator_with(member, std::move(value)))});
  };
  REQUIRE(one("name", "ops") == std::nullopt);
  REQUIRE(one("may", Array{"break-glass", "snapshot"}) == std::nullopt);
  for (const auto& may : {Array{}, Array{"everything"}, Array{"snapshot", "snapshot"}, Array{1},
                          Array{"break-glass", "snapshot", "snapshot"}}) {
    REQUIRE(one("may", may) == ErrorCode::malformed);
  }
  REQUIRE(one("may", "snapshot") == ErrorCode::malformed);
  REQUIRE(one("name", "") == ErrorCode::malformed);
  REQUIRE(one("key", "") == ErrorCode::malformed);
  REQUIRE(one("key", test::data_text("keys/p384.pub")) == ErrorCode::unsupported);
  REQUIRE(one("more", 1) == ErrorCode::malformed);
  REQUIRE(error_for("operators", Array{json::Value(Object{{"name", "a"}})}) == ErrorCode::malformed);
  REQUIRE(error_for("operators", "ops") == ErrorCode::malformed);
  const json::Value same(operator_with("name", "ops"));
  REQUIRE(error_for("operators", Array{same, operator_with("key", test::data_text("keys/p256.pub"))}) ==
          ErrorCode::malformed);
  REQUIRE(error_for("operators", Array{same, operator_with("name", "other")}) == ErrorCode::malformed);
}

TEST_CASE("relocations that are refused") {
  const auto one = [](const std::string& member, json::Value value) {
    return error_for("relocations", Array{json::Value(relocation_with(member, std::move(value)))});
  };
  REQUIRE(one("to", "registry.test") == std::nullopt);
  REQUIRE(one("to", "localhost/mirror") == std::nullopt);
  REQUIRE(one("to", "[::1]:5000/mirror") == std::nullopt);
  REQUIRE(one("tags", Object{{"1", "one"}}) == std::nullopt);
  for (const char* name :
       {"", "registry", "registry.test/", "/registry.test", "registry.test//x", "registry.test/X", "Registry.test/x",
        "registry.test/*", "registry.test/x:1", "registry.test/-x", "registry.test/x@sha256", "registry .test",
        "docker.io/library", "docker.io", "docker.io/library/redis"}) {
    CAPTURE(name);
    REQUIRE(one("to", name) == ErrorCode::malformed);
  }
  REQUIRE(one("to", "a.test/" + std::string(300, 'x')) == ErrorCode::malformed);
  REQUIRE(one("from", "registry.test/mirror/x") == ErrorCode::malformed);
  REQUIRE(one("tags", Object{}) == ErrorCode::malformed);
  REQUIRE(one("tags", Object{{"1", "one"}, {"2", "one"}}) == ErrorCode::malformed);
  REQUIRE(one("tags", Object{{"-1", "one"}}) == ErrorCode::malformed);
  REQUIRE(one("tags", Object{{"1", ""}}) == ErrorCode::malformed);
  REQUIRE(one("tags", Object{{"1", std::string(129, 'a')}}) == ErrorCode::malformed);
  REQUIRE(one("tags", Array{}) == ErrorCode::malformed);
  REQUIRE(one("more", 1) == ErrorCode::malformed);
  const auto two = [](const char* from, const char* to) {
    return error_for("relocations", Array{json::Value(relocation_with("from", "docker.io/library")),
                                          json::Value(Object{{"from", from}, {"to", to}})});
  };
  REQUIRE(two("quay.io", "registry.test/other") == std::nullopt);
  REQUIRE(two("quay.io", "registry.test/mirror") == ErrorCode::malformed);
  REQUIRE(two("registry.test/mirror", "other.test") == ErrorCode::malformed);
  REQUIRE(two("registry.test", "other.test") == ErrorCode::malformed);
  REQUIRE(two("quay.io", "docker.io") == ErrorCode::malformed);
  REQUIRE(two("registry.test/mirrors", "other.test") == std::nullopt);
}

}  // namespace
