// Every named spoiling of every role, in one table: expected class, and that a good chain stays good.
#include <catch2/catch.hpp>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/inspect.h"
#include "support/error_of.h"
#include "support/tuf_spoiler.h"

using namespace gapstow;
using test::NotaryRepository;

namespace {

const base::Time kWhen = base::parse_time("2026-11-23T00:00:00Z");

const NotaryRepository& good() {
  static const NotaryRepository repository = NotaryRepository::standard();
  return repository;
}

}  // namespace

TEST_CASE("an unspoiled repository verifies") {
  const auto chain = tuf::verify_chain(good().build(), tuf::notary_v1(), good().gun, {good().pin()}, kWhen);
  CHECK(chain.find("1.0").role == "targets/releases");
}

TEST_CASE("each spoiling of each role gets the class that the table says") {
  for (const auto& role : test::spoilable_roles()) {
    const auto spoilings = test::spoilings_for(role);
    CHECK(spoilings.size() >= 25);
    for (const auto& spoiling : spoilings) {
      NotaryRepository repository = good();
      spoiling.apply(repository, role);
      const auto files = repository.build();
      const auto got = test::error_of(
          [&] { tuf::verify_chain(files, tuf::notary_v1(), repository.gun, {repository.pin()}, kWhen); });
      CAPTURE(role, spoiling.name);
      CHECK(got == spoiling.expected(role));
      CHECK_NOTHROW(tuf::inspect_chain(files, tuf::notary_v1()));
    }
  }
}
