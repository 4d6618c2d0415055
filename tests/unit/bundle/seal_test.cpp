#include "gapstow/bundle/seal.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "gapstow/base/error.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using test::error_of;

struct Keys {
  sign::SecretKey alice = test::seeded_key(1);
  sign::SecretKey bob = test::seeded_key(2);
  sign::SecretKey carol = test::seeded_key(3);
};

/// A signer whose signatures are of another key or message.
class WrongSigner final : public sign::Signer {
 public:
  explicit WrongSigner(const sign::SecretKey& key) : key_(key) {}
  const sign::PublicKey& public_key() const override { return key_.public_key(); }
  base::Bytes sign(base::ByteView) const override { return key_.sign(base::as_bytes("something else")); }

 private:
  const sign::SecretKey& key_;
};

TEST_CASE("A made seal is read as it was made and has room for co-signers") {
  const Keys keys;
  const auto seal = bundle::Seal::make(test::small_content().statement, {&keys.alice});
  const base::Bytes entry = seal.entry_bytes();
  CHECK(entry.size() == seal.claimed().seal_size);
  CHECK(entry.size() % 512 == 0);
  const auto again = bundle::Seal::parse(entry);
  CHECK(again.claimed() == seal.claimed());
  CHECK(again.entry_bytes() == entry);
  CHECK(again.bundle_id() == seal.bundle_id());
  CHECK(seal.bundle_id() == digest::sha256(seal.envelope().payload));
  const std::size_t text = sign::write_envelope(seal.envelope()).size();
  CHECK(entry.size() - text >= bundle::kSealReserve);
  CHECK(entry.size() - text < bundle::kSealReserve + 512 + 16);
}

TEST_CASE("The same statement and keys give the same seal, in any order of keys") {
  const Keys keys;
  const auto statement = test::small_content().statement;
  const auto one = bundle::Seal::make(statement, {&keys.alice, &keys.bob});
  const auto two = bundle::Seal::make(statement, {&keys.bob, &keys.alice});
  CHECK(one.entry_bytes() == two.entry_bytes());
}

TEST_CASE("The seal size is right at every length of the statement") {
  const Keys keys;
  auto statement = test::small_content().statement;
  for (std::size_t length = 1; length <= bundle::kMaxTextBytes; length += 7) {
    statement.tool = std::string(length, 't');
    const auto seal = bundle::Seal::make(statement, {&keys.alice});
    const std::size_t text = sign::write_envelope(seal.envelope()).size();
    REQUIRE(seal.claimed().seal_size >= text + bundle::kSealReserve);
    REQUIRE(seal.claimed().seal_size < text + bundle::kSealReserve + 512 + 16);
  }
}

TEST_CASE("P-256 signers fit the size that was set before they signed") {
  const sign::SecretKey key = sign::SecretKey::generate(sign::KeyType::ecdsa_p256);
  const auto seal = bundle::Seal::make(test::small_content().statement, {&key});
  CHECK(bundle::Seal::parse(seal.entry_bytes()).prove({{key.public_key()}, 1}).trusted.size() == 1);
}

TEST_CASE("Seals are not made of what a reader would refuse") {
  const Keys keys;
  auto statement = test::small_content().statement;
  CHECK(error_of([&] { bundle::Seal::make(statement, {}); }) == ErrorCode::usage);
  CHECK(error_of([&] { bundle::Seal::make(statement, {&keys.alice, &keys.alice}); }) == ErrorCode::conflict);
  statement.entries[0].name = "../x";
  CHECK(error_of([&] { bundle::Seal::make(statement, {&keys.alice}); }) == ErrorCode::malformed);
}

TEST_CASE("Padding is spaces, and the size is the stated one") {
  const Keys keys;
  const auto seal = bundle::Seal::make(test::small_content().statement, {&keys.alice});
  const base::Bytes entry = seal.entry_bytes();
  for (const char c : {'\0', '\n', '\t', '}', 'x'}) {
    for (const std::size_t at : {entry.size() - 1, entry.size() - 1000, sign::write_envelope(seal.envelope()).size()}) {
      base::Bytes spoiled = entry;
      spoiled[at] = static_cast<std::byte>(c);
      CHECK(error_of([&] { bundle::Seal::parse(spoiled); }) == ErrorCode::malformed);
    }
  }
  base::Bytes longer = entry;
  longer.resize(longer.size() + 512, std::byte{' '});
  CHECK(error_of([&] { bundle::Seal::parse(longer); }) == ErrorCode::malformed);
  CHECK(error_of([&] { bundle::Seal::parse(base::ByteView(entry).first(entry.size() - 512)); }) ==
        ErrorCode::malformed);
  CHECK(error_of([&] { bundle::Seal::parse({}); }) == ErrorCode::malformed);
  CHECK(error_of([&] { bundle::Seal::parse(base::Bytes(512, std::byte{' '})); }) == ErrorCode::malformed);
}

TEST_CASE("An envelope of another payload type is unsupported") {
  const Keys keys;
  sign::Envelope envelope{"application/json", base::to_bytes("{}"), {}};
  const auto message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  envelope.signatures.push_back({keys.alice.public_key(), keys.alice.sign(message)});
  base::Bytes entry = base::to_bytes(sign::write_envelope(envelope));
  entry.resize(1024, std::byte{' '});
  CHECK(error_of([&] { bundle::Seal::parse(entry); }) == ErrorCode::unsupported);
}

TEST_CASE("Trusted keys are counted, unknown ones are listed") {
  const Keys keys;
  const auto seal = bundle::Seal::make(test::small_content().statement, {&keys.alice, &keys.bob});
  const auto alice = keys.alice.public_key();
  const auto bob = keys.bob.public_key();
  const auto carol = keys.carol.public_key();

  const auto signers = seal.prove({{alice, carol}, 1});
  CHECK(signers.trusted == std::vector{alice.fingerprint()});
  CHECK(signers.unknown == std::vector{bob.fingerprint()});
  CHECK(seal.prove({{alice, bob, carol}, 2}).trusted.size() == 2);
  CHECK(error_of([&] { seal.prove({{alice, bob, carol}, 3}); }) == ErrorCode::threshold_unmet);
  CHECK(error_of([&] { seal.prove({{alice, carol}, 2}); }) == ErrorCode::threshold_unmet);
  CHECK(error_of([&] { seal.prove({{alice, alice}, 2}); }) == ErrorCode::threshold_unmet);
  CHECK(error_of([&] { seal.prove({{carol}, 1}); }) == ErrorCode::untrusted_key);
  CHECK(error_of([&] { seal.prove({{}, 1}); }) == ErrorCode::untrusted_key);
  CHECK(error_of([&] { seal.prove({{alice}, 0}); }) == ErrorCode::internal);
}

TEST_CASE("Thresholds count distinct keys") {
  const Keys keys;
  const std::vector<const sign::SecretKey*> all{&keys.alice, &keys.bob, &keys.carol};
  rc::check([&] {
    const auto subset = [&](const std::string&) {
      std::vector<const sign::SecretKey*> out;
      for (const auto* key : all) {
        if (*rc::gen::arbitrary<bool>()) out.push_back(key);
      }
      return out;
    };
    auto signing = subset("signing");
    if (signing.empty()) signing.push_back(all.front());
    const auto trusted = subset("trusted");
    const auto threshold = *rc::gen::inRange(1U, 4U);
    const auto seal = bundle::Seal::make(test::tiny_content().statement, {signing.begin(), signing.end()});
    bundle::SealPolicy policy{{}, threshold};
    std::size_t both = 0;
    for (const auto* key : trusted) {
      policy.trusted.push_back(key->public_key());
      both += static_cast<std::size_t>(std::ranges::count(signing, key));
    }
    const auto code = error_of([&] { seal.prove(policy); });
    if (both == 0) {
      RC_ASSERT(code == ErrorCode::untrusted_key);
    } else {
      RC_ASSERT(code == (both < threshold ? std::optional(ErrorCode::threshold_unmet) : std::nullopt));
    }
  });
}

TEST_CASE("A bad signature is a failure whoever made it") {
  const Keys keys;
  auto seal = bundle::Seal::make(test::small_content().statement, {&keys.alice});
  seal.add_signature(WrongSigner(keys.bob));
  CHECK(error_of([&] { seal.prove({{keys.alice.public_key()}, 1}); }) == ErrorCode::signature_invalid);
  CHECK(error_of([&] { seal.prove({{keys.alice.public_key(), keys.bob.public_key()}, 1}); }) ==
        ErrorCode::signature_invalid);
}

TEST_CASE("Co-signing keeps the identity, the statement and the size") {
  const Keys keys;
  const auto first = bundle::Seal::make(test::small_content().statement, {&keys.alice});
  auto second = first;
  second.add_signature(keys.bob);
  CHECK(second.bundle_id() == first.bundle_id());
  CHECK(second.entry_bytes().size() == first.entry_bytes().size());
  CHECK(second.prove({{keys.alice.public_key(), keys.bob.public_key()}, 2}).trusted.size() == 2);
  CHECK(error_of([&] { second.add_signature(keys.bob); }) == ErrorCode::conflict);
  CHECK(second.envelope().signatures.size() == 2);
}

TEST_CASE("Co-signing stops when the padding is used up, and leaves the seal as it was") {
  const Keys keys;
  auto seal = test::make_tight_seal(test::small_content().statement, {&keys.alice});
  std::optional<ErrorCode> code;
  for (unsigned char fill = 10; fill < 40 && !code; ++fill) {
    const base::Bytes before = seal.entry_bytes();
    code = error_of([&] { seal.add_signature(test::seeded_key(fill)); });
    if (code) CHECK(seal.entry_bytes() == before);
  }
  CHECK(code == ErrorCode::limit_exceeded);
  CHECK_NOTHROW(bundle::Seal::parse(seal.entry_bytes()));

  auto roomy = bundle::Seal::make(test::small_content().statement, {&keys.alice});
  code.reset();
  for (unsigned char fill = 10; fill < 200 && !code; ++fill) {
    code = error_of([&] { roomy.add_signature(test::seeded_key(fill)); });
  }
  CHECK(code == ErrorCode::limit_exceeded);
  CHECK(roomy.envelope().signatures.size() > 8);
  CHECK_NOTHROW(bundle::Seal::parse(roomy.entry_bytes()));
}

}  // namespace
}  // namespace gapstow
