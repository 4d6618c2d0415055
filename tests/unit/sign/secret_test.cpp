#include "gapstow/sign/secret.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow;
using base::as_bytes;
using sign::SecretBytes;

TEST_CASE("secret bytes hold what was put in and start as zeros") {
  const auto secret = SecretBytes::copy_of(as_bytes("passphrase"));
  CHECK(base::as_text(secret.view()) == "passphrase");
  CHECK_FALSE(secret.empty());
  const SecretBytes zeros(100);
  CHECK(zeros.view().size() == 100);
  CHECK(std::ranges::all_of(zeros.view(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST_CASE("empty secrets") {
  CHECK(SecretBytes().empty());
  CHECK(SecretBytes(0).empty());
  CHECK(SecretBytes::copy_of({}).view().empty());
}

TEST_CASE("secrets move and leave nothing behind") {
  auto first = SecretBytes::copy_of(as_bytes("one"));
  SecretBytes second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): the state after a move is part of the contract
  CHECK(base::as_text(second.view()) == "one");
  auto third = SecretBytes::copy_of(as_bytes("three"));
  third = std::move(second);
  CHECK(base::as_text(third.view()) == "one");
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  static_assert(!std::is_copy_assignable_v<SecretBytes>);
}

TEST_CASE("no guarded memory is an error") {
  REQUIRE_ERROR(internal, SecretBytes(std::size_t{1} << 62));
  REQUIRE_ERROR(internal, SecretBytes(~std::size_t{0}));
}

TEST_CASE("wiping overwrites") {
  auto bytes = base::to_bytes("secret");
  sign::wipe(bytes);
  CHECK(bytes == base::Bytes(6));
  sign::wipe({});
}
