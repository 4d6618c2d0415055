// Every named spoiling of every role of a TUF 1.0 repository, for a fresh chain and for a client that has been there.
#include <catch2/catch.hpp>

#include "gapstow/tuf/inspect.h"
#include "support/tuf_spoiler.h"
#include "support/tuf_updates.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::error_of;
using test::TufRepository;

namespace {

const std::vector<std::string> kRoles{"root", "timestamp", "snapshot", "targets", "releases"};

const TufRepository& good() {
  static const TufRepository repository = TufRepository::standard();
  return repository;
}

/// What a chain gives when it is verified and asked for a target of the delegated role.
std::optional<ErrorCode> verdict(const tuf::ChainFiles& files) {
  return error_of(
      [&] { tuf::verify_chain(files, tuf::tuf_v1(), "example", {good().pin()}, test::kWhen).find("app/1.0"); });
}

/// Other keys of a role make a client forget what it had by the old ones; else it is still there.
bool is_kept(const test::MapStore& store, const test::MapStore& before, const std::string& role) {
  const auto now = store.files.find(role);
  return now == store.files.end() || now->second == before.files.at(role);
}

}  // namespace

TEST_CASE("each spoiling of each role of TUF 1.0 gets the class that the table says") {
  for (const auto& role : kRoles) {
    const auto spoilings = test::v1_spoilings_for(role);
    CHECK(spoilings.size() >= 25);
    for (const auto& spoiling : spoilings) {
      TufRepository repository = good();
      spoiling.apply(repository, role);
      const auto files = repository.build();
      CAPTURE(role, spoiling.name);
      CHECK(verdict(files) == spoiling.expected(role));
      CHECK_NOTHROW(tuf::inspect_chain(files, tuf::tuf_v1()));
    }
  }
}

TEST_CASE("a client that has been there refuses the same, and keeps what it had") {
  test::MapStore known;
  tuf::Updater::init(known, good().build().roots.at(1));
  test::MapFetcher honest(good().served());
  tuf::Updater(honest, known, test::kWhen).find("app/1.0");
  for (const auto& role : kRoles) {
    for (const auto& spoiling : test::v1_spoilings_for(role)) {
      TufRepository repository = good();
      repository.add_root(3, repository.top_roles());
      repository.publish_again(role);
      spoiling.apply(repository, role);
      test::MapStore store = known;
      test::MapFetcher fetcher(repository.served());
      const auto got = error_of([&] { tuf::Updater(fetcher, store, test::kWhen).find("app/1.0"); });
      CAPTURE(role, spoiling.name);
      CHECK(got.has_value() == spoiling.expected(role).has_value());
      if (spoiling.expected(role)) CHECK(is_kept(store, known, role));
    }
  }
}
