// Thresholds: k distinct keys pass, k-1 do not, and nothing else helps.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::NotaryRepository;
using test::PublishedKey;

namespace {

const std::vector<PublishedKey>& pool() {
  static const std::vector<PublishedKey> keys = [] {
    std::vector<PublishedKey> made;
    for (int i = 0; i < 6; ++i) made.push_back(test::make_ed25519_key());
    return made;
  }();
  return keys;
}

/// The standard repository with releases delegated to `keys`.
NotaryRepository delegated_to(const std::vector<PublishedKey>& keys, unsigned threshold) {
  static const NotaryRepository good = NotaryRepository::standard();
  auto repository = good;
  repository.add_targets("targets", 3, {repository.keys.at("targets")});
  repository.delegate("targets", "targets/releases", {keys, threshold}, {""});
  repository.targets.erase("targets/alice");
  return repository;
}

}  // namespace

TEST_CASE("the verdict is that of the number of distinct signers") {
  REQUIRE(rc::check("thresholds", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 6);
    const auto threshold = *rc::gen::inRange<unsigned>(1, static_cast<unsigned>(count) + 1);
    const auto chosen = *rc::gen::inRange<unsigned>(0, 1U << count);
    const std::vector<PublishedKey> keys(pool().begin(), pool().begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<PublishedKey> signers{pool().back()};  // a stranger never helps
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < count; ++i) {
      if ((chosen >> i & 1U) == 0) continue;
      signers.push_back(keys[i]);
      expected.push_back(keys[i].id);
    }
    auto repository = delegated_to(keys, threshold);
    repository.draft("targets/releases").signers = signers;
    if (expected.size() < threshold) {
      RC_ASSERT(test::refusal(repository) == ErrorCode::threshold_unmet);
      return;
    }
    const auto chain = test::proven(repository);
    RC_ASSERT(chain.find("1.0").signed_by == expected);
    RC_ASSERT(chain.roles().back().threshold == threshold);
  }));
}

TEST_CASE("a bad signature beside enough good ones does no harm, and is named where they are too few") {
  const std::vector<PublishedKey> keys(pool().begin(), pool().begin() + 3);
  auto repository = delegated_to(keys, 2);
  repository.draft("targets/releases").signers = keys;
  const auto spoil = [&](const char* which) {
    repository.draft("targets/releases").edit_envelope.push_back([=](json::Object& envelope) {
      test::set(envelope, {"signatures", which, "sig"}, "AAAA");
    });
  };
  spoil("0");
  CHECK(test::proven(repository).find("1.0").signed_by == std::vector<std::string>{keys[1].id, keys[2].id});
  spoil("2");
  CHECK(test::refusal(repository) == ErrorCode::signature_invalid);
}
