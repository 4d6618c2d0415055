#include "gapstow/enforce/break_glass.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/json/value.h"
#include "gapstow/json/write.h"
#include "gapstow/sign/dsse.h"
#include "support/error_of.h"
#include "support/known_images.h"
#include "support/transfer_samples.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using enforce::BreakGlass;
using test::kDay;
using test::numbered_digest;

std::vector<trust::Operator> operators() { return {{"duty", test::sample_key(3).public_key(), false, true}}; }

BreakGlass sample() {
  BreakGlass content{"shop", {numbered_digest(1), numbered_digest(2)}, kDay, kDay.plus_seconds(4 * 3600), "incident 7"};
  std::ranges::sort(content.digests);
  return content;
}

/// A payload of any text, signed by the key that may.
std::string token_of(const std::string& payload, const std::string& type = std::string(enforce::kBreakGlassType),
                     std::vector<unsigned char> keys = {3}) {
  sign::Envelope envelope{type, base::to_bytes(payload), {}};
  const auto message = sign::pre_authentication_encoding(type, envelope.payload);
  for (const auto number : keys) {
    const auto key = test::sample_key(number);
    envelope.signatures.push_back({key.public_key(), key.sign(message)});
  }
  return base::base64(base::as_bytes(sign::write_envelope(envelope)));
}

std::string payload_with(const std::string& member, json::Value value) {
  json::Object payload{{"gapstowBreakGlass", 1},
                       {"place", "shop"},
                       {"digests", json::Array{numbered_digest(1).text()}},
                       {"notBefore", "2026-11-23T00:00:00Z"},
                       {"notAfter", "2026-11-23T04:00:00Z"},
                       {"reason", "incident 7"}};
  payload.set(member, std::move(value));
  return json::serialize(payload);
}

std::optional<ErrorCode> error_for(const std::string& token) {
  return test::error_of([&] { enforce::prove_token(token, operators()); });
}

TEST_CASE("a token says what it was made for") {
  const auto token = enforce::issue_token(sample(), test::sample_key(3));
  REQUIRE(token.size() < 2000);
  const auto proven = enforce::prove_token(token, operators());
  REQUIRE(proven.signer == "duty");
  REQUIRE(proven.content.place == "shop");
  REQUIRE(proven.content.digests == sample().digests);
  REQUIRE(proven.content.not_before == kDay);
  REQUIRE(proven.content.not_after == kDay.plus_seconds(4 * 3600));
  REQUIRE(proven.content.reason == "incident 7");
}

TEST_CASE("tokens that no reader would take are not made") {
  const auto refused = [](auto change) {
    BreakGlass content = sample();
    change(content);
    return test::error_of([&] { enforce::issue_token(content, test::sample_key(3)); });
  };
  for (const char* place : {"", "*", "Shop", "a.b", "-a", "a-", "a b", "a\n"}) {
    CAPTURE(place);
    REQUIRE(refused([&](auto& content) { content.place = place; }) == ErrorCode::usage);
  }
  REQUIRE(refused([](auto& content) { content.place = std::string(64, 'a'); }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) { content.digests.clear(); }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) { std::ranges::reverse(content.digests); }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) { content.digests.assign(2, numbered_digest(1)); }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) {
            content.digests.clear();
            for (unsigned i = 0; i <= enforce::kMaxTokenDigests; ++i) content.digests.push_back(numbered_digest(i));
            std::ranges::sort(content.digests);
          }) == ErrorCode::usage);
  for (const char* reason : {"", " ", "a ", "a\nb", "\u202Ea"}) {
    REQUIRE(refused([&](auto& content) { content.reason = reason; }) == ErrorCode::usage);
  }
  REQUIRE(refused([](auto& content) { content.not_after = content.not_before; }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) { content.not_after = kDay.plus_seconds(8 * 86400); }) == ErrorCode::usage);
  REQUIRE(refused([](auto& content) { content.not_before.nanoseconds = 1; }) == ErrorCode::usage);
  REQUIRE(refused([](auto&) {}) == std::nullopt);
}

TEST_CASE("only those who may are heard") {
  const auto token = enforce::issue_token(sample(), test::sample_key(3));
  REQUIRE_ERROR(untrusted_key, enforce::prove_token(token, {}));
  REQUIRE_ERROR(untrusted_key, enforce::prove_token(token, {{"ops", test::sample_key(3).public_key(), true, false}}));
  REQUIRE_ERROR(untrusted_key, enforce::prove_token(token, {{"duty", test::sample_key(4).public_key(), true, true}}));
}

TEST_CASE("tokens have one form") {
  REQUIRE(error_for(token_of(payload_with("reason", "incident 7"))) == std::nullopt);
  const auto malformed = [](const std::string& member, json::Value value) {
    return error_for(token_of(payload_with(member, std::move(value))));
  };
  REQUIRE(malformed("more", 1) == ErrorCode::malformed);
  REQUIRE(malformed("gapstowBreakGlass", 2) == ErrorCode::unsupported);
  REQUIRE(malformed("gapstowBreakGlass", "1") == ErrorCode::malformed);
  REQUIRE(malformed("place", "*") == ErrorCode::malformed);
  REQUIRE(malformed("digests", json::Array{}) == ErrorCode::malformed);
  REQUIRE(malformed("digests", json::Array{"sha256:abc"}) == ErrorCode::malformed);
  REQUIRE(malformed("notAfter", "2026-11-23T05:00:00+01:00") == ErrorCode::malformed);
  REQUIRE(malformed("notAfter", "2026-12-23T00:00:00Z") == ErrorCode::malformed);
  REQUIRE(malformed("notAfter", "never") == ErrorCode::malformed);
  REQUIRE(malformed("reason", "") == ErrorCode::malformed);
  REQUIRE(error_for(token_of(" " + payload_with("reason", "x"))) == ErrorCode::malformed);
  REQUIRE(error_for(token_of("{}")) == ErrorCode::malformed);
  REQUIRE(error_for(token_of(payload_with("reason", "x"), "application/vnd.in-toto+json")) == ErrorCode::malformed);
  REQUIRE(error_for(token_of(payload_with("reason", "x"), std::string(enforce::kBreakGlassType), {3, 4})) ==
          ErrorCode::malformed);
  REQUIRE(error_for("") == ErrorCode::malformed);
  REQUIRE(error_for("true") == ErrorCode::malformed);
  REQUIRE(error_for(std::string(enforce::kMaxTokenBytes + 4, 'A')) == ErrorCode::limit_exceeded);
}

TEST_CASE("every bit of a token matters, and it cannot be cut", "[exhaustive]") {
  const auto token = enforce::issue_token(sample(), test::sample_key(3));
  for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
    std::string spoiled = token;
    spoiled[bit / 8] = static_cast<char>(static_cast<unsigned char>(spoiled[bit / 8]) ^ (1U << (bit % 8)));
    if (!error_for(spoiled)) FAIL("bit " << bit << " can be turned");
  }
  for (std::size_t length = 0; length < token.size(); ++length) {
    if (!error_for(token.substr(0, length))) FAIL("can be cut at " << length);
  }
  REQUIRE(error_for(token + "AAAA"));
  REQUIRE(error_for(token + "\n"));
}

}  // namespace
